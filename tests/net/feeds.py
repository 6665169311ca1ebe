#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
"""Feeds against a real HTTP server that misbehaves: each drill keeps the last good copy and says why.

Runs floodwall-feed --try as the agent runs an attempt: worker process, judgement, store. The server listens on
loopback only; no root needed (as root the worker is also seen to give it up).
"""
import contextlib
import gzip
import hashlib
import http.server
import ipaddress
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
FEED = BUILD / "floodwall-feed"
GOOD = "".join(f"45.1.{i}.0/24\n" for i in range(10))
FAILED = []


def result(name, good, detail=""):
    print(("ok " if good else "not ok ") + "feeds: " + name, flush=True)
    if not good:
        FAILED.append(name)
        for line in str(detail).splitlines()[:12]:
            print("#   " + line[:400], flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with what the drill put into server.answer: a function of the handler."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.requests.append((self.path, dict(self.headers)))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.server.answer(self)

    def send(self, body, status=200, headers=(), length=None):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.answer = [], None
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A client that ends a connection is what the drills are about."""


class Drill:
    """A feed with a directory of its own; good() puts a first copy into it."""

    def __init__(self, work, name, server, **job):
        self.dir, self.server, self.name = pathlib.Path(tempfile.mkdtemp(dir=work)), server, name
        self.job = {"url": server.url + "/list", "max_seconds": 30, **job}

    def attempt(self, answer, *options):
        self.server.answer, self.server.requests[:] = answer, []
        done = subprocess.run([FEED, "--try", self.dir, "--list", self.dir / "list", *options], input=json.dumps(self.job),
                              capture_output=True, text=True, timeout=60, check=False)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {"state": "none", "error": done.stdout + done.stderr, "entries": -1, "exit": done.returncode}

    def listed(self):
        return (self.dir / "list").read_text().split()

    def good(self, body=GOOD, **headers):
        got = self.attempt(lambda h: h.send(body, headers=[(k.replace("_", "-"), v) for k, v in headers.items()]))
        if got["state"] != "updated":
            result(f"{self.name}: the good copy first", False, got)
        return got

    def keeps(self, words, answer, *options, state="failed"):
        """The attempt must end in `state`, say the words, and leave the copy, also for the next start."""
        before = self.listed()
        got = self.attempt(answer, *options)
        good = got["state"] == state and words in got["error"] and "last good copy stays in force" in got["error"]
        result(f"{self.name}: the last good copy stays, and the error says why", good and self.listed() == before != [], got)
        return got


def cached(handler):
    if handler.headers.get("If-None-Match") == '"v1"':
        handler.send_response(304)
        handler.end_headers()
    else:
        handler.send(GOOD, headers=[("ETag", '"v1"'), ("Last-Modified", "Fri, 20 Nov 2026 18:34:12 GMT")])


def endless(total):
    """A body of `total` bytes made as it goes, chunked: no length is announced."""
    def answer(handler):
        chunk = ("45.1.1.1\n" * 8000).encode()
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.server.sent = 0
        while handler.server.sent < total:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            handler.server.sent += len(chunk)
        handler.wfile.write(b"0\r\n\r\n")
    return answer


def cut(handler):
    """Less than announced, and then the connection ends."""
    handler.send(GOOD, length=len(GOOD) + 100)
    handler.close_connection = True


def redirect(to):
    def answer(handler):
        handler.send("", 302, [("Location", to)])
    return answer


def conditional(work, server):
    drill = Drill(work, "304", server)
    drill.attempt(cached)
    got = drill.attempt(cached)
    headers = server.requests[0][1]
    result("304: unchanged, by both validators", got["state"] == "unchanged" and got["http"] == 304 and got["entries"] == 10 and
           headers.get("If-None-Match") == '"v1"' and headers.get("If-Modified-Since", "").startswith("Fri, 20 Nov"), (got, headers))
    drill.job["services"] = ["S3"]
    got = drill.attempt(cached)
    result("304: another definition of the feed asks without validators", got["http"] == 200 and
           "If-None-Match" not in server.requests[0][1], got)


def compressed(work, server):
    packed = gzip.compress(GOOD.encode())
    drill = Drill(work, "gzip", server)
    got = drill.good(packed, Content_Encoding="gzip")
    result("gzip: read", got["entries"] == 10 and "gzip" in server.requests[0][1].get("Accept-Encoding", ""), got)
    drill.keeps("it was cut off", lambda h: h.send(packed[:-12], headers=[("Content-Encoding", "gzip")]))
    got = drill.attempt(lambda h: h.send(zlib.compress(GOOD.encode()), headers=[("Content-Encoding", "deflate")]))
    result("deflate: read", got["state"] == "unchanged" and got["entries"] == 10, got)
    bomb = gzip.compress(b"#" * (80 << 20))
    Drill.keeps(drill, "larger than 67108864 bytes", lambda h: h.send(bomb, headers=[("Content-Encoding", "gzip")]))
    drill.keeps("expects gzip or deflate", lambda h: h.send("x", headers=[("Content-Encoding", "br")]))


def broken_answers(work, server):
    drill = Drill(work, "500", server)
    drill.good()
    drill.keeps("the server answered 500", lambda h: h.send("45.9.9.9\n", 500))
    got = drill.keeps("the server answered 429", lambda h: h.send("slow down", 429, [("Retry-After", "120")]))
    result("429: the server's patience is passed on", got.get("retry_after") == 120, got)
    drill.name = "cut body"
    drill.keeps("ends in the middle", cut)
    drill.name = "HTML"
    drill.keeps("HTML or XML instead of a list", lambda h: h.send("<!DOCTYPE html><title>Log in</title>"))
    drill.name = "empty"
    drill.keeps("the list is empty", lambda h: h.send(""))
    drill.name = "hang"
    drill.job["max_seconds"] = 2
    start = time.monotonic()
    drill.keeps("no complete answer from 127.0.0.1 within 2 s", lambda h: time.sleep(20))
    result("hang: given up in time", time.monotonic() - start < 12, time.monotonic() - start)
    drill.name = "no server"
    drill.job["url"] = "http://127.0.0.1:1/"
    got = drill.attempt(lambda h: None)
    result("no server: another URL has no copy, and says so", got["state"] == "failed" and "this feed lists nobody" in got["error"], got)


def redirects(work, server):
    drill = Drill(work, "redirect", server)
    drill.good()
    drill.keeps("more than 5 redirects", redirect("/list"))
    result("redirect loop: six requests, not more", len(server.requests) == 6, len(server.requests))
    drill.keeps("redirects to neither http nor https", redirect("file:///etc/passwd"))
    got = drill.attempt(lambda h: h.send(GOOD) if h.path == "/there" else redirect("/there")(h))
    result("redirect: one is followed", got["state"] == "unchanged" and got["http"] == 200, got)


def huge(work, server):
    drill = Drill(work, "1 GB body", server, max_bytes=8 << 20)
    drill.good()
    start = time.monotonic()
    drill.keeps("larger than 8388608 bytes", endless(1 << 30))
    result("1 GB body: the transfer ends at the cap", server.sent < 64 << 20 and time.monotonic() - start < 30, server.sent)
    drill.keeps("larger than 8388608 bytes", lambda h: h.send("", length=1 << 30))
    drill.job.update(max_bytes=1 << 30, max_entries=1000)
    drill.keeps("more than 1000 entries", endless(1 << 30))


def lists(work, server):
    drill = Drill(work, "0.0.0.0/0", server)
    drill.good()
    drill.keeps("line 11 lists 0.0.0.0/0, everybody", lambda h: h.send(GOOD + "0.0.0.0/0\n"), state="held")
    drill.keeps("lists ::/0", lambda h: h.send(GOOD + "::/0\n"), "--force", state="held")
    drill.name = "half gone"
    half = "".join(GOOD.splitlines(True)[:5])
    drill.keeps("shrank from 10 to 5 entries", lambda h: h.send(half), state="held")
    got = drill.attempt(lambda h: h.send(half), "--force")
    result("half gone: the operator may insist", got["state"] == "updated" and len(drill.listed()) == 5, got)
    drill = Drill(work, "own address", server)
    drill.good()
    got = drill.attempt(lambda h: h.send(GOOD + "45.7.0.0/16\n10.0.0.0/8\n"), "--protect", "45.7.3.9/32", "--protect", "45.1.4.0/24")
    listed = [ipaddress.ip_network(entry) for entry in drill.listed()]
    own, near = ipaddress.ip_address("45.7.3.9"), ipaddress.ip_address("45.7.3.8")
    result("own address: cut out exactly, the rest is in force", not any(own in n for n in listed) and any(near in n for n in listed) and
           ipaddress.ip_network("45.1.4.0/24") not in listed and ipaddress.ip_network("45.1.5.0/24") in listed, got)
    result("own address: the report says whose it is", "line 11: 45.7.0.0/16 contains 45.7.3.9, an address of this machine" in got["guard"] and
           "bogon" in got["guard"], got)


def aws(work, server):
    ranges = json.loads((ROOT / "tests/data/feeds/ip-ranges.json").read_text())
    drill = Drill(work, "syncToken", server, format="aws-ip-ranges", services=["CLOUDFRONT"], regions=["all"])
    got = drill.good(json.dumps(ranges))
    result("aws: the services asked for", drill.listed() == ["52.46.0.0/18", "2600:9000:5380::/41"] or
           sorted(drill.listed()) == sorted(["52.46.0.0/18", "2600:9000:5380::/41"]), got)
    older = dict(ranges, syncToken=str(int(ranges["syncToken"]) - 1))
    drill.keeps("is older than 1795200000", lambda h: h.send(json.dumps(older)))
    newer = json.dumps(dict(ranges, syncToken=str(int(ranges["syncToken"]) + 1)))
    drill.name, drill.job["md5"] = "md5", hashlib.md5(newer.encode()).hexdigest()
    drill.keeps("not the copy that was announced", lambda h: h.send(newer.replace("52.46.0.0", "52.47.0.0")))
    got = drill.attempt(lambda h: h.send(newer))
    result("md5: the announced copy is taken", got["state"] == "unchanged" and got["http"] == 200, got)


def crowdsec(work, server):
    stream = {"new": [], "deleted": []}

    def decision(value, **more):
        return dict({"value": value, "scope": "Ip", "type": "ban", "duration": "4h", "origin": "CAPI"}, **more)

    drill = Drill(work, "crowdsec", server, format="crowdsec", header="X-Api-Key")
    secret = drill.dir / "key"
    secret.write_text("s3cret-key\n")
    secret.chmod(0o600)
    stream["new"] = [decision(f"45.2.0.{i}") for i in range(8)]
    drill.attempt(lambda h: h.send(json.dumps(stream)), "--secret", secret)
    first = server.requests[0]
    result("crowdsec: everything at first, with the key", first[0].endswith("?startup=true") and
           first[1].get("X-Api-Key") == "s3cret-key" and len(drill.listed()) == 8, first)
    stream["new"], stream["deleted"] = [decision("45.2.1.1")], [decision(f"45.2.0.{i}", duration="-1m") for i in range(6)]
    got = drill.attempt(lambda h: h.send(json.dumps(stream)), "--secret", secret)
    result("crowdsec: then what changed", server.requests[0][0].endswith("?startup=false") and
           sorted(drill.listed()) == ["45.2.0.6", "45.2.0.7", "45.2.1.1"], (got, drill.listed()))
    drill.keeps("no CrowdSec stream", lambda h: h.send('{"message":"access forbidden"}'), "--secret", secret)
    secret.chmod(0o644)
    drill.keeps("everybody can read the credential", lambda h: h.send(json.dumps(stream)), "--secret", secret)


def credentials(work, server):
    """The key stays with the host it is for, and shows in no argument and no environment."""
    other = Server()
    drill = Drill(work, "credential", server, header="X-Api-Key")
    secret = drill.dir / "key"
    secret.write_text("s3cret-key")
    secret.chmod(0o600)
    other.answer = lambda h: h.send(GOOD)
    got = drill.attempt(redirect(other.url + "/x"), "--secret", secret)
    result("credential: sent to its host, not to where that redirects", got["state"] == "updated" and
           server.requests[0][1].get("X-Api-Key") == "s3cret-key" and "X-Api-Key" not in other.requests[0][1], (got, other.requests))
    other.shutdown()
    seen = {}

    def look(handler):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                if words == b"floodwall-feed\0":
                    seen["environment"] = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
                    status = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                    seen.update(line.split(":\t") for line in status if line.startswith(("Uid", "Groups", "NoNewPrivs", "CapEff")))
                    seen["words"] = words
        handler.send(GOOD)

    drill.attempt(look, "--secret", secret)
    result("credential: in no argument and no environment of the worker", seen.get("words") == b"floodwall-feed\0" and
           b"s3cret" not in seen["environment"], seen)
    if os.geteuid() == 0:
        result("worker: no root, no groups, no capabilities, no way back", not seen["Uid"].startswith("0") and not seen["Groups"].strip() and
               int(seen["CapEff"], 16) == 0 and seen["NoNewPrivs"].strip() == "1", seen)
    else:
        print("skip feeds: worker leaves root: needs root")


def certificates(work):
    ca, key, request, cert = (work / name for name in ("ca.pem", "key.pem", "request.pem", "cert.pem"))
    openssl = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj"]
    quiet = {"check": True, "capture_output": True}
    subprocess.run([*openssl, "/CN=drill CA", "-x509", "-days", "2", "-keyout", work / "ca-key.pem", "-out", ca], **quiet)
    subprocess.run([*openssl, "/CN=localhost", "-keyout", key, "-out", request], **quiet)
    (work / "names").write_text("subjectAltName=DNS:localhost\n")
    subprocess.run(["openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", work / "ca-key.pem", "-CAcreateserial",
                    "-days", "1", "-extfile", work / "names", "-out", cert], **quiet)
    work.chmod(0o755)
    ca.chmod(0o644)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, ca


def tls(work):
    context, ca = certificates(work)
    server, plain = Server(context), Server()
    drill = Drill(work, "TLS", server, ca_file=str(ca))
    drill.job["url"] = server.url.replace("127.0.0.1", "localhost") + "/list"
    drill.good()
    drill.keeps("redirects from https to something else", redirect(plain.url))
    drill.name = "unknown certificate"
    del drill.job["ca_file"]
    drill.keeps("the certificate of localhost is not accepted", lambda h: h.send(GOOD))
    drill.name = "certificate mismatch"
    drill.job.update(ca_file=str(ca), url=server.url + "/list")
    got = drill.attempt(lambda h: h.send(GOOD))
    result("certificate mismatch: another name is not accepted", got["state"] == "failed" and not server.requests and
           "the certificate of 127.0.0.1 is not accepted" in got["error"], got)
    swapped = Drill(work, "certificate changes", server, ca_file=str(ca))
    swapped.job["url"] = drill.job["url"].replace("127.0.0.1", "localhost")
    swapped.good()
    other_ca = work / "other-ca.pem"
    shutil.copy(work / "cert.pem", other_ca)
    other_ca.chmod(0o644)
    context.load_cert_chain(ca, work / "ca-key.pem")
    swapped.keeps("the certificate of localhost is not accepted", lambda h: h.send(GOOD))
    server.shutdown()
    plain.shutdown()


def files(work, server):
    drill = Drill(work, "file", server)
    source = work / "source.txt"
    source.write_text(GOOD)
    source.chmod(0o644)
    drill.job["url"] = f"file://{source}"
    got = [drill.attempt(None)["state"] for _ in range(2)]
    result("file: read once, then unchanged", got == ["updated", "unchanged"], got)
    source.unlink()
    drill.keeps("cannot open", None)
    os.mkfifo(source)
    source.chmod(0o644)
    drill.keeps("not a regular file", None)


def crash(work, server):
    """kill -9 at any moment leaves a copy that is whole: the old or the new one."""
    drill = Drill(work, "kill -9", server)
    big = ["".join(f"45.{i >> 8}.{i & 255}.{n}/32\n" for i in range(40000)) for n in (1, 2)]
    drill.good(big[0])
    whole = []
    for i in range(12):
        server.answer = lambda h, body=big[(i + 1) % 2]: h.send(body)
        with subprocess.Popen([FEED, "--try", drill.dir], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as running:
            running.stdin.write(json.dumps(drill.job))
            running.stdin.close()
            time.sleep(0.02 * i)
            running.send_signal(signal.SIGKILL)
        got = drill.attempt(lambda h: h.send("no", 500))
        whole.append(got["entries"] == 40000 and len({entry[-2:] for entry in drill.listed()}) == 1)
    result("kill -9: the copy is whole every time", all(whole), whole)


def main():
    if not FEED.exists():
        result("floodwall-feed is built", False, FEED)
        return 1
    with tempfile.TemporaryDirectory(prefix="fw-feeds-") as folder:
        work, server = pathlib.Path(folder), Server()
        work.chmod(0o755)
        for drill in (conditional, compressed, broken_answers, redirects, huge, lists, aws, crowdsec, credentials, files, crash):
            drill(work, server)
        tls(work)
        server.shutdown()
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
