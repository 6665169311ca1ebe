# SPDX-License-Identifier: Apache-2.0
"""Debian's kernels and a static busybox, downloaded with apt (nothing is installed) and unpacked under the build directory."""
import glob
import lzma
import pathlib
import re
import shutil
import subprocess


class Unavailable(Exception):
    """Why a kernel cannot be had here: the reason of a skip."""


def natural(name):
    return [int(word) if word.isdigit() else word for word in re.split(r"(\d+)", name)]


def newest_package(series):
    """The newest cloud kernel of a series such as 6.1 that apt knows."""
    if not shutil.which("apt-cache"):
        raise Unavailable("needs apt-cache: not a Debian system")
    known = subprocess.run(["apt-cache", "pkgnames", f"linux-image-{series}."], capture_output=True, text=True, check=False).stdout
    names = [name for name in known.split() if re.fullmatch(rf"linux-image-{re.escape(series)}\.[0-9][^ ]*-cloud-amd64", name)]
    if not names:
        raise Unavailable(f"apt offers no linux-image-{series}.*-cloud-amd64: apt-get update, or add its suite to the sources")
    return max(names, key=natural)


def unpacked(package, folder):
    """The package's files, fetched once. Whatever was left half done by an interrupted run is done again."""
    target, fresh = folder / package, folder / f"{package}.new"
    if target.is_dir():
        return target
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    got = subprocess.run(["apt-get", "-qq", "download", package], cwd=fresh, capture_output=True, text=True, check=False)
    archives = glob.glob(str(fresh / "*.deb"))
    if got.returncode or not archives:
        said = (got.stderr.strip().splitlines() or ["no words of apt-get"])[-1]
        raise Unavailable(f"apt-get download {package}: {said}")
    subprocess.run(["dpkg-deb", "-x", archives[0], str(fresh)], check=True)
    pathlib.Path(archives[0]).unlink()
    fresh.rename(target)
    return target


class Kernel:
    def __init__(self, series, folder):
        self.package = newest_package(series)
        self.root = unpacked(self.package, folder)
        self.release = self.package.removeprefix("linux-image-")
        self.image = self.root / "boot" / f"vmlinuz-{self.release}"

    def module(self, name):
        """A module's bytes, unpacked; None when it is built in."""
        found = glob.glob(f"{self.root}/**/modules/{self.release}/kernel/**/{name}.ko*", recursive=True)
        if not found:
            return None
        content = pathlib.Path(found[0]).read_bytes()
        return lzma.decompress(content) if found[0].endswith(".xz") else content


def busybox(folder):
    return unpacked("busybox-static", folder) / "bin" / "busybox"
