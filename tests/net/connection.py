# SPDX-License-Identifier: Apache-2.0
"""One HTTP connection, held open: `connection.py HOST PORT PATH READY GO TIMES` connects, writes its port to the file READY, waits for
the file GO, fetches PATH so many times and then prints a line for each: the bytes per second of the answer, and its bytes."""
import os
import socket
import sys
import time


def fetch(connection, host, path, buffer):
    """Bytes of the answer, head included."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1 << 16)
    fields = head.split(b"\r\n\r\n")[0].lower().split(b"\r\n")
    body = next(int(field.split(b":")[1]) for field in fields if field.startswith(b"content-length:"))
    wanted, received = head.index(b"\r\n\r\n") + 4 + body, len(head)
    while received < wanted:
        count = connection.recv_into(buffer)
        if not count:
            break
        received += count
    return received


def main():
    host, port, path, ready, go, times = sys.argv[1:7]
    speeds, buffer = [], bytearray(1 << 18)
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        with open(ready, "w", encoding="ascii") as file:
            file.write(f"{connection.getsockname()[1]}\n")
        while not os.path.exists(go):
            time.sleep(0.05)
        for _ in range(int(times)):
            start = time.monotonic()
            received = fetch(connection, host, path, buffer)
            speeds.append(f"{round(received / (time.monotonic() - start))} {received}")
    print("\n".join(speeds))


main()
