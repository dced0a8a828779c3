# SPDX-License-Identifier: MIT
"""scenarios - what bench/run measures: each a function of the lab that gives a table, or None."""
import collections
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import measuring
from measuring import Table

ALL = {}
PEERS = ("bare", "gyre", "gyre HTTP floor", "nginx", "libmicrohttpd", "Tornado")
REQUESTS = [
    ("server", "server", ""), ("CPU µs a request", "cpu_us", ".2f"), ("× bare", "ratio", ".2f"),
    ("requests/s", "rps", ",.0f"), ("busy", "busy", ".2f"), ("p50 µs", "p50_us", ",.0f"),
    ("p99 µs", "p99_us", ",.0f"), ("failed", "bad", ".0f")]


def scenario(function):
    ALL[function.__name__] = function
    return function


def requests_table(title, rows):
    table = Table(title, REQUESTS)
    table.rows = rows
    return table


@scenario
def hello(lab):
    """Keep-alive, by wrk."""
    rows = lab.in_turn(lab.there(*PEERS), lambda s: lab.wrk(s, 64))
    return requests_table("hello, 64 keep-alive connections (wrk)", rows)


@scenario
def fast(lab):
    """The same by a generator that costs less."""
    rows = lab.in_turn(lab.there(*PEERS[:-1]), lambda s: lab.load(s, "-c64", "-d", lab.seconds))
    return requests_table("hello, 64 keep-alive connections (loadgen)", rows)


@scenario
def pipelined_wrk(lab):
    names = lab.there("bare", "gyre", "nginx", "libmicrohttpd")
    rows = lab.in_turn(names, lambda s: lab.wrk(s, 64, "-s", "bench/pipeline.lua"))
    return requests_table("hello, 64 connections, 16 requests in a packet (wrk)", rows)


@scenario
def pipelined(lab):
    names = lab.there("bare", "gyre", "gyre HTTP floor", "nginx", "libmicrohttpd")
    rows = lab.in_turn(names, lambda s: lab.load(s, "-c64", "-P16", "-d", lab.seconds))
    return requests_table("hello, 64 connections, 16 requests in a packet (loadgen)", rows)


@scenario
def many(lab):
    names = lab.there(*PEERS[:-1])
    rows = lab.in_turn(names, lambda s: lab.load(s, "-c1000", "-d", lab.seconds))
    return requests_table("hello, 1,000 keep-alive connections (loadgen)", rows)


@scenario
def crowd(lab):
    count = 2000 if lab.quick else 10000
    names = lab.there("bare", "gyre", "nginx", "libmicrohttpd")
    rows = lab.in_turn(names, lambda s: lab.load(s, f"-c{count}", "-d", lab.seconds))
    return requests_table(f"hello, {count:,} keep-alive connections (loadgen)", rows)


@scenario
def closing(lab):
    names = lab.there("bare closing", "gyre", "nginx", "libmicrohttpd")
    rows = lab.in_turn(names, lambda s: lab.load(s, "-m", "churn", "-c64", "-d", lab.seconds))
    return requests_table("hello, a connection for each request, 64 at once (loadgen)", rows)


@scenario
def idle(lab):
    """What a connection costs that has had one request and waits for the next."""
    count = 2000 if lab.quick else 10000
    table = Table(f"{count:,} idle keep-alive connections", [
        ("server", "server", ""), ("bytes a connection", "bytes", ",.0f"),
        ("RSS before, MB", "before", ".1f"), ("RSS with them, MB", "after", ".1f"),
        ("failed", "bad", ".0f")])
    for name in lab.there(*PEERS):
        with lab.start(name) as server:
            for _ in range(3):
                server.get()
            before, after = server.rss(), []
            found = lab.load(server, "-m", "idle", "-c", count,
                             on_ready=lambda s=server: after.append(s.rss()))
            table.add(server=name, bytes=(after[0] - before) / count, before=before / 1e6,
                      after=after[0] / 1e6, bad=found["bad"] + count - found["open"])
    return table


class Watch:
    """The most memory that a server held while something went on."""

    def __init__(self, server):
        self.server, self.most, self.over = server, 0, threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.over.wait(0.1):
            self.most = max(self.most, self.server.rss())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


@scenario
def sleepers(lab):
    """All at once, each on a connection of its own, each asking for a second of sleep."""
    count = 2000 if lab.quick else 10000
    table = Table(f"{count:,} requests at once that sleep 1 s each; bare only answers", [
        ("server", "server", ""), ("first connect to last answer, s", "wall_s", ".2f"),
        ("CPU µs a request", "cpu_us", ".1f"), ("KiB a sleeper", "kib", ".1f"),
        ("failed", "bad", ".0f")])
    kinds = {"bare": None, "gyre": lab.gyre("examples/delay"), "Tornado": None}
    for name in lab.there(*kinds):
        with lab.start(name, kinds[name]) as server:
            server.get("/now" if name == "gyre" else "/")
            before = server.rss()
            with Watch(server) as watch:
                found = lab.load(server, "-m", "once", "-c", count,
                                 path="/" if name == "bare" else "/task/1")
            table.add(server=name, wall_s=found["wall_s"], cpu_us=found["cpu_us"], bad=found["bad"],
                      kib=None if name == "bare" else (watch.most - before) / count / 1024)
    return table


def ab(server, path, requests, at_once):
    url = f"http://127.0.0.1:{server.port}{path}"
    out = subprocess.run(["ab", "-q", "-n", str(requests), "-c", str(at_once), url],
                         capture_output=True, text=True, check=True).stdout

    def figure(name):
        found = re.search(rf"^{name}: +([\d.]+)", out, re.M)
        return float(found.group(1)) if found else 0
    wall = figure("Time taken for tests")
    return {"wall": wall, "rps": requests / wall,
            "bad": figure("Failed requests") + figure("Non-2xx responses") +
            requests - figure("Complete requests")}


@scenario
def delay(lab):
    """A second of sleep in a task, on the loop's thread, in a pool of threads."""
    table = Table("a second of sleep in each request, three ways", [
        ("what", "what", ""), ("requests", "n", "d"), ("at once", "c", "d"),
        ("wall s", "wall", ".2f"),
        ("requests/s", "rps", ".2f"), ("failed", "bad", ".0f")])
    if not lab.there("gyre"):
        return None
    with lab.start("gyre", lab.gyre("examples/delay", "--threads", "30")) as server:
        for what, path, n, c in (("task", "/task/1", 200, 40), ("blocking", "/blocking/1", 5, 5)):
            table.add(what=what + " (ab)", n=n, c=c, **ab(server, path, n, c))
        found = lab.load(server, "-m", "once", "-c20", path="/thread/1")
        table.add(what="pool of 30 threads (loadgen)", n=20, c=20, wall=found["wall_s"],
                  rps=found["rps"], bad=found["bad"])
    return table


def peer(lab, program, *options):
    """A program of bench/peers on a port, or None where its language is not installed."""
    path = f"bench/peers/{program}"
    if program.endswith(".go"):
        go, out = shutil.which("go"), os.path.join(lab.folder.name, program[:-3])
        env = dict(os.environ, GOCACHE=os.path.join(lab.folder.name, "go"), GOFLAGS="-buildvcs=false")
        if not go or subprocess.run([go, "build", "-o", out, path], env=env).returncode:
            return None
        return lambda port: [out, str(port), *options]
    module = program.split("_")[1].removesuffix(".py")
    python = "/usr/bin/python3"
    if subprocess.run([python, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode:
        return None
    return lambda port: [python, path, str(port), *options]


@scenario
def cluster(lab):
    """32 look-ups of 50 ms for each answer, all at once: the ideal is 50 ms, and 20 answers a second
    for each connection."""
    table = Table("32 look-ups of 50 ms at once for each answer", [
        ("server", "server", ""), ("way", "way", ""), ("one alone, ms", "alone", ".1f"),
        ("requests/s, 100 at once", "rps", ",.0f"), ("of the ideal", "share", ".0%"),
        ("CPU µs a request", "cpu_us", ",.0f"), ("failed", "bad", ".0f")])
    if not lab.there("gyre"):
        return None
    gyre = lab.gyre("examples/cluster", "--lookup", "50ms")
    rows = [("gyre", "tasks", "/tasks", gyre), ("gyre", "32 threads", "/threads", gyre),
            ("gyre", "32 processes", "/processes", gyre)]
    for name, way, path, program in (
            ("Go", "goroutines", "/tasks", "cluster.go"),
            ("gevent", "greenlets", "/tasks", "cluster_gevent.py"),
            ("Tornado", "coroutines", "/tasks", "cluster_tornado.py"),
            ("Tornado", "30 threads", "/threads", "cluster_tornado.py")):
        command = None if lab.only else peer(lab, program, "0.05")
        if command:
            rows.append((name, way, path, command))
    seconds = min(1, lab.seconds) if lab.quick else max(4, lab.seconds)
    for name, way, path, command in rows:
        found = []
        for _ in range(1 if lab.quick else lab.runs):
            with lab.start(name, command) as server:
                server.get(path)
                alone = lab.load(server, "-c1", "-d1", path=path)
                found.append((lab.load(server, "-c100", "-d", seconds, path=path), alone))
        found.sort(key=lambda pair: pair[0]["rps"])
        many, alone = found[len(found) // 2]
        table.add(server=name, way=way, alone=alone["p50_us"] / 1e3, rps=many["rps"],
                  share=many["rps"] / 2000, cpu_us=many["cpu_us"],
                  bad=sum(a["bad"] + b["bad"] for a, b in found))
    return table


@scenario
def workers(lab):
    """Nothing is pinned: the load costs little beside requests of 2 ms of CPU."""
    table = Table("requests of 2 ms of CPU each, by worker processes", [
        ("workers", "workers", "d"), ("requests/s", "rps", ",.0f"), ("× one", "ratio", ".2f"),
        ("p99 ms", "p99_ms", ",.0f"), ("failed", "bad", ".0f")])
    everywhere = set(measuring.CPUS)
    if not lab.there("gyre"):
        return None
    found = {n: [] for n in (1, 2)}
    for _ in range(lab.runs):
        for n, runs in found.items():
            command = lab.gyre("bench/target", "--workers", str(n))
            with lab.start("gyre", command, everywhere) as server:
                runs.append(lab.wrk(server, 16, path="/spin/2000"))
    for n, runs in found.items():
        rps = sorted(r["rps"] for r in runs)[len(runs) // 2]
        one = rps if n == 1 else one
        table.add(workers=n, rps=rps, ratio=rps / one, bad=sum(r["bad"] for r in runs),
                  p99_ms=sorted(r["p99_us"] for r in runs)[len(runs) // 2] / 1e3)
    return table


@scenario
def syscalls(lab):
    """Counted by strace: of requests, and beside them what a connection costs once."""
    table = Table("system calls (strace), 64 connections", [
        ("server", "server", ""), ("a request", "all", ".2f"), ("of which", "what", ""),
        ("epoll_ctl a connection", "ctl", ".2f")])
    count = 20000
    for name in lab.there(*PEERS[:-1]):
        with lab.start(name) as server:
            server.get()
            out = os.path.join(lab.folder.name, "strace")
            tracer = subprocess.Popen(
                ["strace", "-qq", "-c", "-f", "-o", out, "-p", str(server.pid)],
                stderr=subprocess.DEVNULL)
            time.sleep(0.3)
            found = lab.load(server, "-c64", "-n", count)
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        calls = collections.Counter()
        for line in open(out):
            row = re.match(r" *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", line)
            if row and row.group(2) != "total":
                calls[row.group(2)] += int(row.group(1))
        ctl = calls.pop("epoll_ctl", 0)
        table.add(server=name, all=sum(calls.values()) / found["requests"], ctl=ctl / 64,
                  what=", ".join(f"{call} {n / found['requests']:.2f}"
                                 for call, n in calls.most_common(4) if n >= count / 200))
    return table


class Text:
    """The words of another program in the place of a table."""

    def __init__(self, title, text):
        self.title, self.text, self.rows = title, text, text.splitlines()

    def markdown(self):
        return f"```\n{self.text.rstrip()}\n```\n"


def words_of(lab, name, cpus=measuring.SERVER_CPU, options=()):
    """What a program of bench/ prints of itself."""
    program = lab.build / "bench" / name
    if not program.exists() or lab.only:
        return None
    out = subprocess.run([program, *options], capture_output=True, text=True, timeout=300,
                         preexec_fn=measuring.prepare(set(cpus)))
    return Text(name, out.stdout)


@scenario
def tasks(lab):
    """Switches, spawns and joins."""
    return words_of(lab, "tasks")


@scenario
def waiting(lab):
    """Locks, events and their kin that nobody else wants."""
    return words_of(lab, "waiting")


@scenario
def queues(lab):
    """Queues, alone and between two tasks."""
    return words_of(lab, "queues")


@scenario
def timers(lab):
    """Timers, from a thousand to a million."""
    return words_of(lab, "timers")


@scenario
def offload(lab):
    """Pools and the mailbox, beside a bare eventfd. It binds its threads itself."""
    return words_of(lab, "offload", measuring.CPUS)
