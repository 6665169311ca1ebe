# SPDX-License-Identifier: Apache-2.0
"""Whether one kind of connection is slower than another: `transfers.py HOST PORT PATH FOLDER CONNECTIONS BYTES` opens so many connections
when FOLDER/peace.open appears and as many when FOLDER/challenged.open does, and writes their ports to FOLDER/<kind>.ports. When FOLDER/go
appears, each fetches BYTES of PATH in slices, one connection of each kind in turn, and a line of JSON says what came of it: a neighbour of
the machine who takes the CPU for a moment spoils a pair of slices, or both sides of it."""
import json
import os
import socket
import statistics
import sys
import time

SLICE = 8 << 20


def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.05)


def open_when_told(folder, kind, count, address):
    wait_for(f"{folder}/{kind}.open")
    connections = [socket.create_connection(address, timeout=10) for _ in range(count)]
    with open(f"{folder}/{kind}.ports.new", "w", encoding="ascii") as file:
        file.write("".join(f"{connection.getsockname()[1]}\n" for connection in connections))
    os.rename(file.name, f"{folder}/{kind}.ports")
    return connections


class Fetcher:
    def __init__(self, host, path):
        self.request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nRange: bytes=%d-%d\r\n\r\n"
        self.buffer = bytearray(1 << 18)

    def fetch(self, connection, start):
        """Bytes of one slice's body that came, and the seconds that it took."""
        began = time.monotonic()
        connection.sendall((self.request % (start, start + SLICE - 1)).encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(1 << 16)
        head, body = received.split(b"\r\n\r\n", 1)
        if b" 206 " not in head.split(b"\r\n")[0]:
            sys.exit(f"expected 206, got {head!r}")
        count = len(body)
        while count < SLICE:
            more = connection.recv_into(self.buffer)
            if not more:
                break
            count += more
        return count, time.monotonic() - began


def main():
    host, port, path, folder, count, wanted = sys.argv[1:7]
    fetcher, size = Fetcher(host, path), os.path.getsize(f"{folder}/www{path}")
    kinds = {kind: open_when_told(folder, kind, int(count), (host, int(port))) for kind in ("peace", "challenged")}
    received = {kind: [0] * int(count) for kind in kinds}
    seconds = {kind: [] for kind in kinds}
    wait_for(f"{folder}/go")
    for i in range(int(wanted) // SLICE):
        for place in range(int(count)):
            for kind in sorted(kinds, reverse=(i + place) % 2 == 1):
                got, took = fetcher.fetch(kinds[kind][place], i * SLICE % size)
                received[kind][place] += got
                seconds[kind].append(took)
    pairs = [p / c for p, c in zip(seconds["peace"], seconds["challenged"])]
    print(json.dumps({
        "ratio": round(statistics.median(pairs), 3), "pairs": len(pairs), "bytes": sorted(set(sum(received.values(), []))),
        "MB/s": {kind: round(SLICE / statistics.median(took) / 10**6) for kind, took in seconds.items()},
    }))


main()
