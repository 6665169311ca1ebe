#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
"""Feeds end to end: a real agent in a lab, a real server that misbehaves, real packets.

Each drill keeps the last good copy in force (packets of a listed source are dropped, packets of never_block, of a live
SSH peer and of this machine's own addresses pass), says why in `feeds`, and locks nobody out.
usage: feed_drills.py [--million]      --million: only the list of a million entries, timed
"""
import contextlib
import ctypes
import gzip
import http.client
import json
import os
import pathlib
import random
import shlex
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import feeds
from feeds import BUILD, ROOT, Server, certificates, endless, redirect

CLONE_NEWNET = 0x40000000
PORT = 4000
LISTED, FREE, OFFICE, OWN, NEAR, PEER = "45.1.3.7", "45.99.0.1", "45.200.0.9", "45.7.3.9", "45.7.3.8", "45.8.0.5"
GOOD = "".join(f"45.1.{i}.0/24\n" for i in range(10)) + "45.200.0.0/16\n45.8.0.0/24\n"
LIBC = ctypes.CDLL(None, use_errno=True)


def result(name, good, detail=""):
    feeds.result("drill: " + name, good, detail)


class Lab:
    """tools/lab, with this process and its children inside the victim's network."""

    def __init__(self):
        self.id = f"t{os.getpid()}"
        self.run("up")
        words = dict(word.split("=", 1) for word in shlex.split(self.run("names")))
        self.names = words
        self.spaces = {"HOME": os.open("/proc/self/ns/net", os.O_RDONLY)}
        self.spaces |= {role: os.open(f"/run/netns/{words[role + '_NS']}", os.O_RDONLY) for role in ("ATTACKER", "CLIENT", "VICTIM")}
        self.enter("CLIENT")
        self.ip("addr add 45.8.0.5/24 dev eth0", "route add 198.18.0.0/24 dev eth0 src 45.8.0.5 metric 1")
        self.enter("ATTACKER")
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.wire.bind(("eth0", 0))
        self.enter("VICTIM")
        self.ip("addr add 45.7.3.9/32 dev eth0", "route add 45.8.0.0/24 dev eth0", "link set lo up")
        for key in ("all", "eth0"):
            for name, value in (("rp_filter", "0"), ("accept_local", "1")):
                pathlib.Path(f"/proc/sys/net/ipv4/conf/{key}/{name}").write_text(value)
        self.ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ear.bind(("0.0.0.0", PORT))
        self.ear.settimeout(0.25)
        self.number = 0

    def run(self, *words):
        done = subprocess.run([ROOT / "tools/lab", words[0], "--id", self.id, *words[1:]], check=True, capture_output=True, text=True)
        return done.stdout

    def enter(self, role):
        if LIBC.setns(self.spaces[role], CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    @staticmethod
    def ip(*commands):
        for command in commands:
            subprocess.run(["ip", *command.split()], check=False, capture_output=True)

    def frame(self, source, payload):
        mac = [bytes.fromhex(self.names[key].replace(":", "")) for key in ("VICTIM_MAC", "ATTACKER_MAC")]
        udp = struct.pack("!HHHH", 5000, PORT, 8 + len(payload), 0) + payload
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(source),
                           socket.inet_aton(self.names["VICTIM_IP4"]))
        total = sum(struct.unpack("!10H", head))
        total = (total & 0xffff) + (total >> 16)
        return mac[0] + mac[1] + b"\x08\x00" + head[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xffff) + head[12:] + udp

    def arrivals(self, *sources, count=3):
        """How many of `count` packets of each source reach a socket behind the filter."""
        self.number += 1
        word = struct.pack("!I", self.number)
        got = dict.fromkeys(sources, 0)
        for _ in range(count):
            for source in sources:
                self.wire.send(self.frame(source, word))
        with contextlib.suppress(socket.timeout):
            while True:
                data, peer = self.ear.recvfrom(64)
                if data == word and peer[0] in got:
                    got[peer[0]] += 1
        return got

    def judged(self, dropped=(), passed=()):
        """Whether exactly these are dropped and those pass, with what was seen."""
        got = self.arrivals(*dropped, *passed)
        return all(not got[s] for s in dropped) and all(got[s] == 3 for s in passed), got

    def live_session(self):
        """A TCP connection from PEER to port 22, as an operator would have."""
        listener = socket.create_server(("0.0.0.0", 22))
        self.enter("CLIENT")
        client = socket.socket()
        client.bind((PEER, 0))
        client.settimeout(5)
        client.connect((self.names["VICTIM_IP4"], 22))
        self.enter("VICTIM")
        return listener, client, listener.accept()

    def down(self):
        self.enter("HOME")  # what is in the lab's namespaces ends with them
        self.run("down")


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Agent:
    def __init__(self, work):
        self.work, self.process = work, None
        self.log = open(work / "agent.log", "a", encoding="utf-8")

    def policy(self, text):
        (self.work / "policy.yaml").write_text(text)

    def start(self):
        self.process = subprocess.Popen(
            [BUILD / "floodwalld", "--config", self.work / "policy.yaml", "--state-dir", self.work / "state", "--socket",
             self.work / "api.sock"], stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if line.strip() != "ready":
            result("the agent gets ready", False, (self.work / "agent.log").read_text()[-2000:])
            raise SystemExit(1)

    def stop(self, number=signal.SIGTERM):
        if self.process:
            self.process.send_signal(number)
            self.process.wait(timeout=30)
            self.process = None

    def ask(self, method, path, body=None):
        connection = Unix(self.work / "api.sock")
        connection.request(method, path, json.dumps(body) if body is not None else None)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def feed(self, name):
        return next(feed for feed in self.ask("GET", "/v1/feeds") if feed["name"] == name)

    def sync(self, name, **more):
        answer = self.ask("POST", "/v1/feeds/sync", {"name": name, **more})
        return answer[0] if isinstance(answer, list) else answer

    def rule(self, name):
        return next(rule for rule in self.ask("GET", "/v1/rules") if rule["name"] == name)

    def events(self, name):
        return [event for event in self.ask("GET", "/v1/events?last=1000")["events"] if event["event_type"] == "feed" and event["name"] == name]

    def wait(self, name, condition, seconds=15):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition(self.feed(name)):
                return True
            time.sleep(0.1)
        return False


HEAD = """
version: 1
interfaces: [{name: eth0, xdp: native}]
metrics: {listen: none}
sets: {office: [45.200.0.0/24]}
never_block: {sets: [office], limit: 1M packets/1s}
"""


class Drills:
    def __init__(self, work, lab):
        self.work, self.lab, self.agent = work, lab, Agent(work)
        self.server = Server()
        self.session = None

    def say(self, answer):
        self.server.answer, self.server.requests[:] = answer, []

    def serve(self, body, **headers):
        self.say(lambda h: h.send(body, headers=[(k.replace("_", "-"), v) for k, v in headers.items()]))

    def in_force(self):
        return self.lab.judged([LISTED, "45.200.1.1"], [FREE, OFFICE, PEER])

    def keeps(self, name, words, answer, state="failed", feed="bad"):
        """The attempt fails as it should, says why, and the filter does what it did before."""
        self.say(answer)
        got = self.agent.sync(feed)
        said = got.get("state") == state and words in (got.get("error") or "") and "last good copy stays in force" in got["error"]
        result(f"{name}: `feeds` says why", said, got)
        good, seen = self.in_force()
        result(f"{name}: the last good copy filters on, nobody is locked out", good and got.get("entries", 0) > 0, seen)
        return got

    def first(self):
        self.agent.policy(HEAD + f"""
feeds:
  bad: {{url: "{self.server.url}/list", every: 1h, timeout: 2s, max_bytes: 8MiB}}
rules:
  - {{name: known-bad, match: {{source: bad}}, action: block}}
""")
        self.serve(GOOD, ETag='"v1"')
        self.session = self.lab.live_session()
        self.agent.start()
        result("first: fetched at once after the start", self.agent.wait("bad", lambda f: f["state"] == "ok" and f["entries"] == 12),
               self.agent.feed("bad"))
        good, seen = self.in_force()
        result("first: listed sources are dropped, office and SSH peer pass", good, seen)
        got = self.agent.feed("bad")
        result("first: never_block and the SSH peer were cut out of the list", got["split"].get("never_block") == 1 and
               got["split"].get("ssh_peer") == 1 and got["last_success"] and got["error"] is None, got)
        status = pathlib.Path(f"/proc/{self.agent.process.pid}/status").read_text()
        caps = int(next(line for line in status.splitlines() if line.startswith("CapEff")).split()[1], 16)
        result("first: the agent holds three capabilities while it fetches", bin(caps).count("1") == 3, hex(caps))

    def answers(self):
        before = self.agent.ask("GET", "/v1/status")["generation"]

        def not_modified(handler):
            handler.send_response(304 if handler.headers.get("If-None-Match") == '"v1"' else 500)
            handler.end_headers()
        self.say(not_modified)
        got = self.agent.sync("bad")
        result("304: current, and nothing is published", got["state"] == "ok" and got["worker"]["http"] == 304 and
               self.agent.ask("GET", "/v1/status")["generation"] == before, got)
        self.serve(GOOD, ETag='"v1"')
        got = self.agent.sync("bad")
        result("the same list again: nothing is published", got["state"] == "ok" and got["worker"]["http"] == 200 and
               self.agent.ask("GET", "/v1/status")["generation"] == before, got)
        packed = gzip.compress(GOOD.encode())
        self.keeps("truncated gzip", "it was cut off", lambda h: h.send(packed[:-12], headers=[("Content-Encoding", "gzip")]))
        self.keeps("500", "the server answered 500", lambda h: h.send("45.9.9.9\n", 500))
        start = time.monotonic()
        self.keeps("hang", "no complete answer from 127.0.0.1 within 2 s", lambda h: time.sleep(20))
        result("hang: given up in time", time.monotonic() - start < 8, time.monotonic() - start)
        self.keeps("redirect loop", "more than 5 redirects", redirect("/list"))
        start = time.monotonic()
        self.keeps("1 GB body", "larger than 8388608 bytes", endless(1 << 30))
        result("1 GB body: the transfer ends at the cap", self.server.sent < 64 << 20 and time.monotonic() - start < 15, self.server.sent)
        self.keeps("HTML", "HTML or XML instead of a list", lambda h: h.send("<!DOCTYPE html><title>Log in</title>"))

    def lists(self):
        self.keeps("0.0.0.0/0", "lists 0.0.0.0/0, everybody", lambda h: h.send(GOOD + "0.0.0.0/0\n"), state="held")
        self.keeps("0.0.0.0/0: force is not advised", "no --force lets it pass", lambda h: h.send(GOOD + "0.0.0.0/0\n"), state="held")
        self.serve(GOOD + "45.7.0.0/16\n192.168.0.0/16\n")
        got = self.agent.sync("bad")
        good, seen = self.lab.judged([LISTED, NEAR], [OWN, PEER, OFFICE])
        result("own address: it passes, its neighbour is dropped", good, seen)
        result("own address: `feeds` says what was left out", got["split"].get("own_address") == 1 and got["refused"].get("bogon") == 1, got)
        half = "".join((GOOD + "45.7.0.0/16\n192.168.0.0/16\n").splitlines(True)[:6])
        self.keeps("half gone", "shrank from", lambda h: h.send(half), state="held")
        self.keeps("half gone: force is advised", "floodwall feeds sync --force bad", lambda h: h.send(half), state="held")
        changes = [event["change"] for event in self.agent.events("bad")]
        result("events: updated, failed, held and recovered are there", {"updated", "failed", "held", "recovered"} <= set(changes), changes)
        self.say(lambda h: h.send("no", 500))
        for _ in range(2):
            self.agent.sync("bad")
        again = [event["change"] for event in self.agent.events("bad")]
        result("events: the same failure twice is told once", len(again) == len(changes) + 1, again[len(changes):])
        self.serve(half)
        got = self.agent.sync("bad", force=True)
        good, seen = self.lab.judged([LISTED], [FREE, NEAR])
        result("half gone: with force it is taken", got["state"] == "ok" and got["entries"] == 6 and good, (got, seen))

    def survives(self):
        """kill -9, and a start without the server: the copy filters from the first packet on."""
        self.serve(GOOD)
        self.agent.sync("bad", force=True)
        self.agent.stop(signal.SIGKILL)
        good, seen = self.in_force()
        result("kill -9: the filter goes on", good, seen)
        self.say(lambda h: h.send("gone", 500))
        self.agent.start()
        got = self.agent.feed("bad")
        good, seen = self.in_force()
        result("kill -9: started again without the server, the copy is in force", good and got["entries"] == 12 and got["last_success"], (got, seen))
        self.agent.stop()
        self.agent.policy((self.work / "policy.yaml").read_text().replace("rules:", "on_exit: detach\nrules:"))
        self.agent.start()
        self.agent.stop()
        result("detached in between: nothing is dropped", self.lab.judged([], [LISTED, FREE])[0])
        self.agent.start()
        good, seen = self.in_force()
        result("a fresh start: the copy filters at once", good, seen)
        os.utime(self.work / "state/feeds/bad.feed", (0, time.time() - 3 * 86400))
        self.agent.stop()
        self.agent.start()
        got = self.agent.wait("bad", lambda f: f["stale"] and f["state"] == "stale", 5)
        result("stale: said in `feeds` and once as an event", got and
               [event["change"] for event in self.agent.events("bad")].count("stale") == 1, self.agent.feed("bad"))
        self.serve(GOOD)
        got = self.agent.sync("bad")
        result("stale: over with the next success", not got["stale"] and got["state"] == "ok", got)
        self.agent.stop()

    def reputation(self):
        """Trial, tiers and score, expiry, cloud ranges as an exception, a second thought about the definition."""
        ranges = json.loads((ROOT / "tests/data/feeds/ip-ranges.json").read_text())
        lists = {"/trial": "45.3.0.0/24\n", "/hosting": "52.0.0.0/8\n", "/scored": "ip,score\n45.4.0.1,90\n45.4.0.2,10\n",
                 "/short": "45.5.0.1\n", "/aws": json.dumps(ranges)}
        self.say(lambda h: h.send(lists[h.path]))
        url = self.server.url
        text = HEAD + f"""
feeds:
  tried:   {{url: "{url}/trial", every: 1h, trial: 5s}}
  hosting: {{url: "{url}/hosting", every: 1h}}
  scored:  {{url: "{url}/scored", every: 1h, format: csv, column: ip, score: score}}
  short:   {{url: "{url}/short", every: 1h, ttl: 4s}}
  cdn:     {{url: "{url}/aws", every: 1h, format: aws-ip-ranges, services: CLOUDFRONT}}
rules:
  - {{name: on-trial, match: {{source: tried}}, action: block}}
  - {{name: no-hosting, match: {{source: hosting, source_not: cdn}}, action: block}}
  - {{name: soon-over, match: {{source: short}}, action: block}}
  - {{name: known-bad-rate, match: {{tier: high}}, limit: 2 packets/1m, action: block}}
"""
        self.agent.policy(text)
        self.agent.start()
        for name in ("tried", "hosting", "scored", "short", "cdn"):
            if not self.agent.wait(name, lambda f: f["state"] == "ok"):
                result(f"{name} is fetched", False, self.agent.feed(name))
        got, seen = self.agent.feed("tried"), self.lab.arrivals("45.3.0.1", "45.5.0.1")
        result("trial: counts and drops nothing", seen["45.3.0.1"] == 3 and got["trial"] and got["trial_until"] and
               self.agent.rule("on-trial")["would_drop"] == 3 and self.agent.rule("on-trial")["dropped"] == 0,
               (seen, self.agent.rule("on-trial")))
        result("expiry: a fresh entry is dropped", seen["45.5.0.1"] == 0, seen)
        good, seen = self.lab.judged(["52.1.2.3"], ["52.46.0.9", FREE])
        result("cloud ranges: hosting is blocked except the CDN's ranges", good, seen)
        seen = self.lab.arrivals("45.4.0.1", "45.4.0.2", count=6)
        result("tier: high gets a lower limit, low does not", seen == {"45.4.0.1": 2, "45.4.0.2": 6}, seen)
        end = time.monotonic() + 15
        while time.monotonic() < end:
            seen = self.lab.arrivals("45.3.0.1", "45.5.0.1")
            if not seen["45.3.0.1"] and seen["45.5.0.1"]:
                break
        result("trial: over by itself, with an event", seen["45.3.0.1"] == 0 and not self.agent.feed("tried")["trial"] and
               [e["change"] for e in self.agent.events("tried")].count("trial_over") == 1, (seen, self.agent.events("tried")))
        result("expiry: what ended is let in without an update", seen["45.5.0.1"] == 3, (seen, self.agent.feed("short")))
        self.older_token(lists, ranges)
        self.definitions(text, lists)
        self.agent.stop()

    def older_token(self, lists, ranges):
        lists["/aws"] = json.dumps(dict(ranges, syncToken=str(int(ranges["syncToken"]) - 1), prefixes=[]))
        got = self.agent.sync("cdn")
        good, seen = self.lab.judged(["52.1.2.3"], ["52.46.0.9"])
        result("older syncToken: refused, the ranges stay", got["state"] == "failed" and "is older than" in got["error"] and good, (got, seen))

    def definitions(self, text, lists):
        """A reload keeps what did not change, and begins anew where the list would be another one."""
        fetched = self.agent.feed("hosting")["attempts"]
        self.agent.policy(text.replace("every: 1h}", "every: 2h}").replace("45.200.0.0/24", "52.1.0.0/16"))
        self.agent.ask("POST", "/v1/reload", {})
        good, seen = self.lab.judged(["52.2.2.2"], ["52.1.2.3"])
        result("reload: the new never_block is cut out, the rest stays", good and self.agent.feed("hosting")["entries"] == 1, (seen, fetched))
        lists["/other"] = "45.6.0.0/24\n"
        self.agent.policy(text.replace("/hosting", "/other"))
        self.agent.ask("POST", "/v1/reload", {})
        result("reload: another URL is another list", self.agent.wait("hosting", lambda f: f["state"] == "ok") and
               self.lab.judged(["45.6.0.1"], ["52.2.2.2"])[0], self.agent.feed("hosting"))
        got = self.agent.ask("POST", "/v1/feeds/sync", {"name": "hostin"})
        result("sync: an unknown name is told, with the one that was meant", "hosting" in json.dumps(got), got)

    def workers(self):
        """Feed workers in this lab, by what they are and where."""
        found, here = [], os.stat("/proc/self/ns/net").st_ino
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() == b"floodwall-feed\0" and os.stat(f"/proc/{pid}/ns/net").st_ino == here:
                    found.append(int(pid))
        return found

    def workers_gone(self, seconds=3):
        end = time.monotonic() + seconds
        while self.workers() and time.monotonic() < end:
            time.sleep(0.05)
        return not self.workers()

    def hanging(self):
        """A sync whose worker waits for a server that says nothing: the thread that asks, and the worker."""
        got = {}

        def ask():
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                got.update(self.agent.sync("bad"))
        self.say(lambda h: time.sleep(40))
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        end = time.monotonic() + 5
        while not (self.server.requests and self.workers()) and time.monotonic() < end:
            time.sleep(0.02)
        return asking, got, self.workers()

    def rough(self):
        """A worker that is stuck, an agent that ends while it waits, a list that does not fit."""
        text = HEAD + f"""
feeds:
  bad: {{url: "{self.server.url}/list", every: 1h, timeout: 2s, growth: 100000%}}
rules:
  - {{name: known-bad, match: {{source: bad}}, action: block}}
"""
        self.agent.policy(text)
        self.serve(GOOD)
        self.agent.start()
        self.agent.sync("bad", force=True)
        asking, got, workers = self.hanging()
        user = os.stat(f"/proc/{workers[0]}").st_uid if workers else 0
        result("worker: runs as nobody or floodwall", user != 0, (workers, user))
        if workers:
            os.kill(workers[0], signal.SIGSTOP)
        asking.join(25)
        result("a stuck worker is killed, and `feeds` says so", "was killed" in (got.get("error") or "") and self.workers_gone(), got)
        good, seen = self.in_force()
        result("a stuck worker: the last good copy filters on", good, seen)
        self.hanging()
        start = time.monotonic()
        self.agent.stop()
        result("the agent ends at once while a feed hangs, its worker with it", time.monotonic() - start < 3 and self.workers_gone(),
               (time.monotonic() - start, self.workers()))
        self.agent.start()
        self.hanging()
        self.agent.stop(signal.SIGKILL)
        result("kill -9 while a feed hangs: its worker ends too", self.workers_gone(), self.workers())
        many = GOOD + "".join(f"46.{i >> 7}.{i * 2 & 255}.1\n" for i in range(3000))
        self.agent.policy(text + "capacity: {prefixes: 1024}\n")
        self.agent.start()
        self.does_not_fit(many)
        self.agent.policy(text)
        self.agent.stop()
        self.serve(many)
        self.agent.start()
        got = self.agent.sync("bad", force=True)
        result("with the capacity for it, it is taken", got["state"] == "ok" and got["entries"] == 3012, got)
        self.agent.stop()
        self.agent.policy(text + "capacity: {prefixes: 1024}\n")
        self.say(lambda h: h.send("no", 500))
        self.agent.start()
        result("a copy that does not fit any more: the agent starts without it and says so",
               "starting WITHOUT the entries of feeds" in (self.work / "agent.log").read_text() and self.agent.feed("bad")["entries"] == 0,
               self.agent.feed("bad"))
        self.agent.stop()

    def credential(self):
        """A key that only root may read reaches the server, and the command line of nobody."""
        secret = self.work / "key"
        secret.write_text("s3cret-key\n")
        secret.chmod(0o600)
        self.agent.policy(HEAD + f"""
feeds:
  keyed: {{url: "{self.server.url}/list", every: 1h, header: X-Api-Key, secret: key}}
rules:
  - {{name: known-bad, match: {{source: keyed}}, action: block}}
""")
        words = []

        def answer(handler):
            for pid in self.workers():
                words.append(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
            handler.send(GOOD)
        self.say(answer)
        self.agent.start()
        self.agent.wait("keyed", lambda f: f["state"] == "ok")
        result("credential: it reaches the server in its header", self.server.requests and
               self.server.requests[0][1].get("X-Api-Key") == "s3cret-key" and words and b"s3cret" not in b"".join(words), (words, self.agent.feed("keyed")))
        secret.chmod(0o644)
        got = self.agent.sync("keyed")
        result("credential: one that everybody can read is not used", got["state"] == "failed" and "chmod o-rwx" in got["error"], got)
        spawn = [int(pid) for pid in filter(str.isdigit, os.listdir("/proc")) if self.is_nursery(pid)]
        secret.chmod(0o600)
        for pid in spawn:
            os.kill(pid, signal.SIGKILL)
        got = self.agent.sync("keyed")
        good, seen = self.in_force()
        result("without the process that starts workers: said, and the filter goes on", len(spawn) == 1 and got["state"] == "failed" and
               "the process that starts workers is gone" in got["error"] and good, (spawn, got, seen))
        self.agent.stop()

    def is_nursery(self, pid):
        with contextlib.suppress(OSError, ValueError):
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
            return "(floodwall-spawn)" in stat and int(stat.rsplit(")", 1)[1].split()[1]) == self.agent.process.pid
        return False

    def does_not_fit(self, many):
        self.serve(many)
        got = self.agent.sync("bad")
        good, seen = self.in_force()
        result("a list that does not fit: the one before stays, `feeds` says why", got["state"] == "failed" and good and
               "cannot be put in force: the sets need 3" in got["error"] and got["entries"] == 12, (got, seen))
        self.agent.stop()
        self.say(lambda h: h.send("no", 500))
        self.agent.start()
        good, seen = self.in_force()
        result("a list that does not fit: nor is it there after a restart", good and self.agent.feed("bad")["entries"] == 12, seen)

    def certificate(self):
        context, ca = certificates(self.work)
        server = Server(context)
        server.answer = lambda h: h.send(GOOD)
        url = server.url.replace("127.0.0.1", "localhost")
        self.agent.policy(HEAD + f"""
feeds:
  bad: {{url: "{url}/list", every: 1h, ca_file: {ca.name}}}
rules:
  - {{name: known-bad, match: {{source: bad}}, action: block}}
""")
        self.agent.start()
        result("TLS: fetched", self.agent.wait("bad", lambda f: f["state"] == "ok"), self.agent.feed("bad"))
        context.load_cert_chain(ca, self.work / "ca-key.pem")
        self.keeps("certificate mismatch", "the certificate of localhost is not accepted", lambda h: None)
        self.agent.stop()
        server.shutdown()

    def million(self):
        """1 M entries of 15 MB over HTTP: seconds from asking to dropping, memory of the agent."""
        pick = random.Random(7)
        numbers = sorted(pick.sample(range(0x0b000000, 0x60000000), 1000000))
        body = "".join(f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}\n" for n in numbers).encode()
        first = socket.inet_ntoa(struct.pack("!I", numbers[500000]))
        self.agent.policy(HEAD + f"""
feeds:
  big: {{url: "{self.server.url}/list", every: 1h, growth: 100000%}}
rules:
  - {{name: known-bad, match: {{source: big}}, action: block}}
""")
        self.serve("45.1.3.7\n")
        self.agent.start()
        self.agent.wait("big", lambda f: f["state"] == "ok")
        self.serve(body)
        start = time.monotonic()
        got = self.agent.sync("big", force=True)
        seconds = time.monotonic() - start
        good, seen = self.lab.judged([first], [])
        memory = {}
        for line in pathlib.Path(f"/proc/{self.agent.process.pid}/status").read_text().splitlines():
            if line.startswith(("VmRSS", "VmHWM", "RssAnon")):
                memory[line.split(":")[0]] = int(line.split()[1]) // 1024
        print(f"# 1 M entries, {len(body) / 1e6:.1f} MB: live in {seconds:.2f} s (worker {got['worker']['milliseconds']} ms), MiB {memory}", flush=True)
        result("a million entries over HTTP are in force", got["entries"] == 1000000 and good, (seconds, seen))
        result("a million entries: the agent stays below 400 MiB", memory["VmHWM"] <= 400, memory)
        self.agent.stop()


def main():
    if os.geteuid():
        print("skip feed_drills needs root: network namespaces and XDP")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lab = Lab()
    drills = None
    try:
        with tempfile.TemporaryDirectory(prefix="fw-drills-") as folder:
            work = pathlib.Path(folder)
            work.chmod(0o755)
            drills = Drills(work, lab)
            if "--million" not in sys.argv:
                for drill in (drills.first, drills.answers, drills.lists, drills.survives, drills.reputation, drills.rough, drills.credential, drills.certificate):
                    drill()
            drills.million()
    finally:
        if drills and drills.agent.process:
            drills.agent.stop(signal.SIGKILL)
        if feeds.FAILED and drills:
            with contextlib.suppress(OSError):
                print("".join("# " + line for line in open(drills.work / "agent.log", encoding="utf-8").readlines()[-30:]))
        lab.down()
    return 1 if feeds.FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
