# SPDX-License-Identifier: MIT
"""scenarios_fetch - what bench/run measures of handlers that ask another server and then answer."""
import collections
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import measuring
from measuring import Table
from scenarios import scenario, words_of
from sweep import systems

CROWDS = (100, 1000, 10000)


def asks_itself(lab):
    """gyre's program that fetches: the command of it after the port, and the path."""
    target = lab.build / "bench/target"
    if target.exists() and "--upstream" in subprocess.run(
            [target, "--help"], capture_output=True, text=True, check=False).stdout:
        return "bench/target", "/fetch"
    return "examples/lab/lab", "/fetch/task"


class Stage:
    """An upstream next to the load, which costs the servers nothing, and those that ask it."""

    def __init__(self, lab):
        self.lab, self.url = lab, None
        self.commands = systems.Stage(lab.build)

    def __enter__(self):
        port = measuring.free_port()
        command = self.lab.command("bare", port)
        self.upstream = measuring.Server("upstream", command, port, measuring.LOAD_CPU)
        self.commands.upstream, self.url = self.upstream, f"http://127.0.0.1:{port}/"
        return self

    def __exit__(self, *_):
        self.upstream.stop()
        self.commands.__exit__()

    def servers(self):
        """Name, command and path of each that is there and was asked for."""
        program, path = asks_itself(self.lab)
        make, work = self.commands, "/fetch/task"
        nginx, nothing = systems.find("nginx"), lambda port: None
        known = [
            ("gyre", self.lab.gyre(program, "--upstream", self.url)
             if (self.lab.build / program).exists() else nothing, path),
            ("nginx proxy_pass", make.nginx(self.upstream.port, [
                (work, "proxy_pass http://there/;")]) if nginx else nothing, work),
            ("Go", make.go() if systems.find("go") else nothing, work),
            ("node", lambda port: systems.find("node") and [
                systems.find("node"), "bench/peers/lab_node.js", str(port), self.url], work),
            ("Tornado", nothing if systems.no_module("tornado")
             else make.python("lab_tornado.py"), work),
            ("Tornado curl", nothing if systems.no_module("tornado", "pycurl")
             else make.python("lab_tornado.py", "curl"), work),
            ("gunicorn gevent", nothing if systems.no_module("gunicorn", "gevent")
             else make.gunicorn("gevent", "lab_gevent"), work)]
        return [(name, command, path) for name, command, path in known
                if command(1) and (not self.lab.only or name in self.lab.only)]

    def start(self, name, command, path):
        """It has to have asked once: gunicorn's listener is there before its worker."""
        server = self.lab.start(name, command)
        try:
            server.get(path)
            return server
        except OSError:
            server.stop()
            raise


def median(runs):
    """Of each figure; failures are counted over all."""
    row = {key: statistics.median(run[key] for run in runs)
           for key, value in runs[0].items() if isinstance(value, (int, float))}
    row["bad"] = sum(run["bad"] for run in runs)
    return row


def compare(rows):
    """Beside nginx in CPU, and by how many times gyre answers more, with as many connections."""
    for row in rows:
        kin = [r for r in rows if r["connections"] == row["connections"]]
        nginx = next((r["cpu_us"] for r in kin if r["server"].startswith("nginx")), None)
        gyre = next((r["rps"] for r in kin if r["server"] == "gyre"), None)
        row["ratio"] = row["cpu_us"] / nginx if nginx and row["cpu_us"] else None
        row["less"] = gyre / row["rps"] if gyre and row["rps"] else None


@scenario
def fetch_then_answer(lab):
    """The server alone on its CPU; the upstream shares that of the load."""
    table = Table("fetch from an upstream, then answer (loadgen)", [
        ("connections", "connections", ",d"), ("server", "server", ""),
        ("CPU µs a request", "cpu_us", ",.1f"), ("× nginx", "ratio", ".2f"),
        ("requests/s", "rps", ",.0f"), ("gyre answers × as many", "less", ".1f"),
        ("busy", "busy", ".2f"), ("p50 ms", "p50_ms", ",.1f"), ("p99 ms", "p99_ms", ",.1f"),
        ("failed", "bad", ".0f")])
    crowds = CROWDS[:2] if lab.quick else CROWDS
    found = collections.defaultdict(list)
    for sentence in why_not():
        print(sentence, file=sys.stderr)
    with Stage(lab) as stage:
        there = stage.servers()
        for _ in range(lab.runs):
            for name, command, path in there:
                for count in crowds:
                    seconds = max(lab.seconds, count / 2500)  # the slow have to come round once
                    with stage.start(name, command, path) as server:
                        found[count, name].append(
                            lab.load(server, f"-c{count}", "-d", seconds, path=path))
    for count in crowds:
        for name, _, _ in there:
            row = median(found[count, name])
            table.add(connections=count, server=name, p50_ms=row["p50_us"] / 1e3,
                      p99_ms=row["p99_us"] / 1e3,
                      **{key: row.get(key) for key in ("cpu_us", "rps", "busy", "bad")})
    compare(table.rows)
    return table if table.rows else None


def calls_of(lab, server, path, count):
    """How often each system call was made for so many requests; and how many were answered."""
    with tempfile.NamedTemporaryFile(dir=lab.folder.name) as out:
        tracer = subprocess.Popen(["strace", "-qq", "-c", "-f", "-o", out.name, "-p",
                                   str(server.pid)], stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        answered = lab.load(server, "-c64", "-n", count, path=path)["requests"]
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        calls = collections.Counter()
        for line in open(out.name):
            row = re.match(r" *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", line)
            if row and row.group(2) != "total":
                calls[row.group(2)] += int(row.group(1))
    return calls, answered


@scenario
def fetch_syscalls(lab):
    """A fetch may cost the two calls that speak with the upstream, and no more."""
    table = Table("system calls (strace) of a hello and of a fetch, 64 connections", [
        ("server", "server", ""), ("hello", "hello", ".2f"), ("fetch", "fetch", ".2f"),
        ("more", "more", ".2f"), ("of which, in a fetch", "what", "")])
    count = 1000 if lab.quick else 5000
    with Stage(lab) as stage:
        for name, command, path in stage.servers()[:2]:
            hello = "/" if name == "gyre" and path == "/fetch" else "/hello/task"
            found = {}
            for what, at in (("hello", hello if name == "gyre" else "/"), ("fetch", path)):
                with stage.start(name, command, at) as server:
                    lab.load(server, "-c64", "-n", 1000, path=at)  # connections are there
                    found[what] = calls_of(lab, server, at, count)
            each = {what: sum(calls.values()) / n for what, (calls, n) in found.items()}
            calls, n = found["fetch"]
            table.add(server=name, more=each["fetch"] - each["hello"], **each,
                      what=", ".join(f"{call} {times / n:.2f}" for call, times in
                                     calls.most_common(7) if times >= n / 100))
    return table if table.rows else None


@scenario
def flow(lab):
    """Bodies larger than the memory. The processes share both CPUs."""
    return words_of(lab, "flow", measuring.CPUS, ["1" if lab.quick else "10"])


def why_not():
    """Sentences about the peers that are not there."""
    asked = (("nginx", systems.no_program("nginx", "nginx")),
             ("Go", systems.no_program("go", "Go")), ("node", systems.no_program("node", "node")),
             ("Tornado", systems.no_module("tornado")),
             ("Tornado curl", systems.no_module("tornado", "pycurl")),
             ("gunicorn gevent", systems.no_module("gunicorn", "gevent")))
    return [f"{name} is left out: {why}" for name, why in asked if why]
