# SPDX-License-Identifier: Apache-2.0
"""A root file system for a guest, made of files of this machine: programs come with their libraries, at the same paths."""
import os
import pathlib
import stat
import subprocess

MERGED = ("bin", "sbin", "lib", "lib64")  # links into /usr, as on every Debian since 12


class Initramfs:
    def __init__(self):
        self.entries = {}  # path without leading slash -> (mode, bytes, (major, minor))
        for name in MERGED:
            self.entries[name] = (stat.S_IFLNK | 0o777, f"usr/{name}".encode(), (0, 0))
            self._directories(f"usr/{name}/x")
        self._directories("dev/x")
        self.entries["dev/console"] = (stat.S_IFCHR | 0o600, b"", (5, 1))

    def _directories(self, path):
        for parent in reversed(pathlib.PurePosixPath(path).parents):
            if str(parent) != ".":
                self.entries.setdefault(str(parent), (stat.S_IFDIR | 0o755, b"", (0, 0)))

    def directory(self, path):
        self._directories(path.strip("/") + "/x")

    def data(self, path, content, mode=0o755):
        path = path.strip("/")
        if path.split("/")[0] in MERGED:
            path = f"usr/{path}"
        self._directories(path)
        self.entries[path] = (stat.S_IFREG | mode, content, (0, 0))

    def file(self, source, path=None):
        """Copies a file; without a path it goes where it is on this machine. Links on the way are resolved."""
        source = os.path.realpath(source) if path else os.path.join(os.path.realpath(os.path.dirname(source)), os.path.basename(source))
        content = pathlib.Path(source).read_bytes()
        self.data(path or source, content, 0o755 if os.access(source, os.X_OK) else 0o644)

    def program(self, source, path=None):
        self.file(source, path)
        found = subprocess.run(["ldd", source], capture_output=True, text=True, check=False).stdout
        for line in found.splitlines():
            words = line.split()
            library = words[2] if "=>" in words and len(words) > 2 else words[0]
            if library.startswith("/"):
                self.file(library)
            elif library == "not":
                raise FileNotFoundError(f"{source} needs {words[0]}, which is not installed")

    def tree(self, source):
        for folder, _, names in os.walk(source):
            self.directory(os.path.realpath(folder))
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    self.file(path)

    def write(self, path):
        """The cpio format "newc" that the kernel unpacks."""
        with open(path, "wb") as out:
            for number, name in enumerate(sorted(self.entries), 1):
                self._write_entry(out, number, name, *self.entries[name])
            self._write_entry(out, 0, "TRAILER!!!", 0, b"", (0, 0))

    @staticmethod
    def _write_entry(out, number, name, mode, content, device):
        encoded = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        out.write(head + b"\0" * (-len(head) % 4))
        out.write(content + b"\0" * (-len(content) % 4))
