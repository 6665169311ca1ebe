# SPDX-License-Identifier: Apache-2.0
"""What the log tests need on the wire and in files.

logs.py login IP PORT COUNT PATH [XFF]   requests over TLS, one connection; prints {"answered", "last", "after"}: when the
                                         last answer came, and what one more request 100 ms later met
logs.py latency FILE EVENTS              appends lines of 20 clients that cross 5 requests/1m, then reads events (JSON
                                         from a command) and prints the milliseconds from line to ban
"""
import json
import socket
import ssl
import subprocess
import sys
import time
from datetime import datetime, timezone


def connect(host, port):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection((host, port), timeout=2))


def ask(connection, path, forwarded):
    header = f"X-Forwarded-For: {forwarded}\r\n" if forwarded else ""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: shop.example\r\n{header}\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(4096)
        if not part:
            raise OSError("closed")
        head += part
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    body = head.split(b"\r\n\r\n", 1)[1]
    while len(body) < length:
        body += connection.recv(4096)


def login(host, port, count, path, forwarded=""):
    answered, last, after = 0, 0.0, "answered"
    connection = connect(host, int(port))
    try:
        for _ in range(int(count)):
            ask(connection, path, forwarded)
            answered += 1
            last = time.time()
    except OSError as error:
        after = type(error).__name__
    time.sleep(0.1)
    try:
        connection.settimeout(0.7)
        ask(connection, "/other", forwarded)
    except OSError as error:
        after = type(error).__name__
    print(json.dumps({"answered": answered, "last": last, "after": after}))


def latency(path, *events):
    written = {}
    with open(path, "a", buffering=1, encoding="ascii") as log:
        for i in range(20):
            address = f"203.0.113.{i + 1}"
            for n in range(6):
                log.write(f'{address} - - [25/Nov/2026:00:00:00 +0000] "POST /wp-login.php HTTP/2.0" 401 {n} "-" "-"\n')
            written[address] = time.time()
            time.sleep(0.037)
    time.sleep(0.5)
    took = []
    for event in json.loads(subprocess.run(events, capture_output=True, text=True, check=True).stdout)["events"]:
        if event.get("event_type") == "ban" and event.get("src_ip") in written:
            at = datetime.strptime(event["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
            took.append((at.timestamp() - written[event["src_ip"]]) * 1000)
    print(json.dumps({"bans": len(took), "worst_ms": round(max(took or [9999]), 1),
                      "median_ms": round(sorted(took or [9999])[len(took) // 2], 1)}))


if __name__ == "__main__":
    {"login": login, "latency": latency}[sys.argv[1]](*sys.argv[2:])
