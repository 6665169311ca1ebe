#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
"""make demo judges requests by when they began: one that fails a second after the filter is up may have been lost before."""
import importlib.machinery
import importlib.util
import json
import pathlib
import shutil
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True


def load_demo():
    loader = importlib.machinery.SourceFileLoader("demo", str(ROOT / "tools/demo"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("demo", loader))
    loader.exec_module(module)
    return module


class Client:
    """Has said all that it will say, one line per request (due, ok), and is gone."""

    def __init__(self, requests):
        self.changed = threading.Condition()
        self.said = [json.dumps({"due_s": due, "ok": ok}) for due, ok in requests]
        self.process = self

    def poll(self):
        return 0


SPANS = [(10, 20), (30, 40)]
LAST = (43, True)  # nobody of before 41 is under way any more

CASES = [
    ("lost before the filter, given up behind it", [(9.9, False), (10.1, True), LAST], 100),
    ("lost behind the filter, given up when the table is over", [(15, True), (19.9, False), LAST], 50),
    ("between the tables", [(15, True), (25, False), (35, True), LAST], 100),
    ("in the second table", [(15, True), (31, False), (35, True), (39.9, False), LAST], 50),
    ("one of the last is still under way", [(15, True), (41.9, True)], None),
]


def answered(demo, requests):
    stage = demo.Stage()
    stage.client = Client(requests)
    try:
        return stage.answered(SPANS)
    except demo.Failure:
        return None
    finally:
        shutil.rmtree(stage.dir)


def main():
    demo, failed = load_demo(), 0
    for name, requests, expected in CASES:
        got = answered(demo, requests)
        failed += got != expected
        print(f"ok {name}" if got == expected else f"not ok {name}: expected {expected}, got {got}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
