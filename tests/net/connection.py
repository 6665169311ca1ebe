# SPDX-License-Identifier: Apache-2.0
"""One HTTP connection, held open: `connection.py HOST PORT PATH READY GO` connects, writes its port to the file READY, waits for the
file GO, fetches PATH and prints the bytes per second of its body as one number."""
import os
import socket
import sys
import time


def main():
    host, port, path, ready, go = sys.argv[1:6]
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        with open(ready, "w", encoding="ascii") as file:
            file.write(f"{connection.getsockname()[1]}\n")
        while not os.path.exists(go):
            time.sleep(0.05)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        start, received, buffer = time.monotonic(), 0, bytearray(1 << 18)
        while count := connection.recv_into(buffer):
            received += count
        print(round(received / (time.monotonic() - start)), received)


main()
