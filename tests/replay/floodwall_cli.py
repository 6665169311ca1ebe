# SPDX-License-Identifier: Apache-2.0
"""Runs the product's `floodwall --json replay` and prints test results; knows only its command line."""
import csv
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Results:
    """Prints `ok NAME` / `not ok NAME` lines and remembers whether any failed."""

    def __init__(self):
        self.failed = 0

    def check(self, name, faults):
        """One test; faults: list of texts, empty means passed."""
        if not faults:
            print(f"ok {name}", flush=True)
            return
        self.failed += 1
        print(f"not ok {name}")
        for fault in faults[:8]:
            print(f"#   {fault}")
        if len(faults) > 8:
            print(f"#   and {len(faults) - 8} more")
        sys.stdout.flush()


def binary(name="floodwall"):
    build = pathlib.Path(os.environ.get("BUILD", "build"))
    return (build if build.is_absolute() else ROOT / build) / name


def skip_unless_runnable(name):
    """Ends the script with a skip line where the kernel would refuse us, with a failure where nothing is built."""
    if os.geteuid() != 0:
        print(f"skip {name} needs root: replay loads the real program into the kernel")
        sys.exit(0)
    if not binary().exists():
        print(f"not ok {name}\n#   {binary()} is not built; run make")
        sys.exit(1)


def has_verdicts():
    """Whether replay can write one line per packet (--verdicts FILE)."""
    run = subprocess.run([binary(), "replay", "--help"], capture_output=True, text=True, check=False)
    return "--verdicts" in run.stdout + run.stderr


def replay(capture, policy, verdicts=None):
    """(result object, rows of the verdict file or None); raises RuntimeError with the product's words."""
    command = [binary(), "--json", "replay", str(capture), "--policy", str(policy)]
    if verdicts:
        command += ["--verdicts", str(verdicts)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"replay {capture} exited {run.returncode}: {run.stderr.strip()[-800:]}")
    rows = None
    if verdicts:
        with open(verdicts, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    return json.loads(run.stdout), rows


def refusal(capture, policy):
    """(exit code, words on stderr) of a replay that should be refused."""
    command = [binary(), "replay", str(capture), "--policy", str(policy)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return run.returncode, run.stderr.strip()


def total_faults(result, packets):
    """What must hold of every replay: reasons cover every packet, passed and dropped add up."""
    faults = []
    if result["packets"] != packets:
        faults.append(f"packets: expects {packets}, got {result['packets']}")
    if sum(result["reasons"].values()) != result["packets"]:
        faults.append(f"reasons sum to {sum(result['reasons'].values())} of {result['packets']} packets")
    if result["passed"] + result["dropped"] != result["packets"]:
        faults.append(f"passed {result['passed']} + dropped {result['dropped']} is not {result['packets']}")
    if result["reasons"].get("internal", 0):
        faults.append(f"{result['reasons']['internal']} packets with reason internal")
    return faults
