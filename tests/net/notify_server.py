# SPDX-License-Identifier: Apache-2.0
"""A little HTTP(S) server that does what is asked of it by path, and writes every request down.

usage: notify_server.py LOG PORT [CERT KEY]     one JSON line a request in LOG: path, headers, body
"""
import http.server
import json
import ssl
import sys
import time

failures = {"flaky": 2}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"{}", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(sys.argv[1], "a", encoding="utf-8") as log:
            log.write(json.dumps({"path": self.path, "headers": dict(self.headers), "body": json.loads(body), "at": time.time()}) + "\n")
        what = self.path.strip("/").split("/")[0]
        if what == "slow":
            time.sleep(2)
            self.answer(200)
        elif what == "hang":
            time.sleep(60)
        elif what == "error":
            self.answer(500, b"\x1b[31mbroken\n")
        elif what == "refuse":
            self.answer(403, b"no such hook")
        elif what == "flaky" and failures["flaky"]:
            failures["flaky"] -= 1
            self.answer(503)
        elif what == "away":
            self.answer(307, headers=[("Location", "http://127.0.0.2:8080/ok")])
        elif what == "moved":
            self.answer(307, headers=[("Location", "/ok")])
        elif what == "endless":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                self.close_connection = True
        else:
            self.answer(200)


http.server.ThreadingHTTPServer.daemon_threads = True
http.server.ThreadingHTTPServer.request_queue_size = 64
server = http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[2])), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
