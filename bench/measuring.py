# SPDX-License-Identifier: MIT
"""measuring - servers on one CPU, load on the other, and what the kernel counts for them."""
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, LOAD_CPU = {CPUS[0]}, {CPUS[-1]}
PATIENCE = 10  # seconds for a server to start or to end


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def all_files(at_most=None):
    """Open as many files as is allowed."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (at_most or hard, hard))


def prepare(cpus, files=None):
    def in_child():
        all_files(files)
        os.sched_setaffinity(0, cpus)
    return in_child


def children(pid):
    """The process and all that descend from it."""
    found = [pid]
    for tasks in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in tasks.read_text().split():
                found += children(int(child))
        except OSError:
            pass
    return found


class Server:
    """A server in the background, from its first answered connect to its end."""

    def __init__(self, name, command, port, cpus=SERVER_CPU, files=None):
        self.name, self.port = name, port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                        preexec_fn=prepare(cpus, files))
        self.pid = self.process.pid
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    raise RuntimeError(f"{name} does not start") from None
                time.sleep(0.02)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def cpu(self):
        """Seconds on a CPU so far, of all threads of all processes, and of those that have ended."""
        total, tick = 0, 1e9 / os.sysconf("SC_CLK_TCK")
        for pid in children(self.pid):
            try:    # one may end meanwhile
                for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
                    total += int(path.read_text().split()[0])
                ended = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += (int(ended[13]) + int(ended[14])) * tick
            except OSError:
                pass
        return total / 1e9

    def rss(self):
        """Bytes of memory that its processes hold."""
        total = 0
        for pid in children(self.pid):
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
            total += int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) * 1024
        return total

    def files(self):
        """Descriptors that its processes hold."""
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in children(self.pid))

    def get(self, path="/"):
        """One answer as raw bytes."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            data = b""
            while b"\r\n\r\n" not in data:
                piece = s.recv(65536)
                if not piece:
                    raise ConnectionError("no answer")
                data += piece
            head, body = data.split(b"\r\n\r\n", 1)
            length = re.search(rb"content-length: *(\d+)", head, re.I)
            while length and len(body) < int(length.group(1)):
                piece = s.recv(65536)
                if not piece:
                    raise ConnectionError("half an answer")
                body += piece
            return head + b"\r\n\r\n" + body


class Table:
    """Rows of named figures, and how they are printed."""

    def __init__(self, title, columns):
        self.title, self.columns, self.rows = title, columns, []

    def add(self, **row):
        self.rows.append(row)

    def markdown(self):
        head = [label for label, _, _ in self.columns]
        lines = ["| " + " | ".join(head) + " |",
                 "|" + "|".join("--:" if form else "---" for _, _, form in self.columns) + "|"]
        for row in self.rows:
            cells = []
            for _, key, form in self.columns:
                value = row.get(key)
                cells.append("" if value is None else format(value, form))
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"


class Lab:
    """The servers that can be started here, and the ways to load them."""

    def __init__(self, args):
        self.build, self.runs, self.seconds = args.build.resolve(), args.runs, args.seconds
        self.quick = args.quick
        self.only = args.servers.split(",") if args.servers else None
        self.folder = tempfile.TemporaryDirectory(prefix="gyre-bench-")
        self.loadgen = str(self.build / "bench/loadgen")
        if not os.path.exists(self.loadgen):
            raise SystemExit(f"bench/run: no {self.loadgen}; run make first")
        os.sched_setaffinity(0, LOAD_CPU)
        all_files()
        with self.start("gyre") as gyre:
            self.answer_size = len(gyre.get())

    def done(self):
        self.folder.cleanup()

    # -- Servers ----------------------------------------------------------------------------------

    def gyre(self, program, *options):
        def command(port):
            return [str(self.build / program), "--port", str(port), "--log-level", "warning",
                    *options]
        return command

    def command(self, name, port):
        """How to start the server of that name; None where it is not installed."""
        bench = self.build / "bench"
        if name == "bare":
            return [str(bench / "bare"), "--port", str(port), "--size", str(self.answer_size)]
        if name == "bare closing":
            return self.command("bare", port) + ["--close"]
        if name == "gyre":
            return self.gyre("examples/hello")(port)
        if name == "gyre HTTP floor":
            return [str(bench / "http_hello"), "--port", str(port)]
        if name == "libmicrohttpd" and (bench / "mhd_hello").exists():
            return [str(bench / "mhd_hello"), "--port", str(port)]
        if name == "nginx" and (program := shutil.which("nginx", path="/usr/sbin:/usr/bin")):
            folder = self.folder.name
            text = pathlib.Path("bench/nginx.conf").read_text()
            conf = pathlib.Path(folder) / "nginx.conf"
            conf.write_text(text.replace("@PORT@", str(port)).replace("@FOLDER@", folder))
            return [program, "-p", folder, "-c", str(conf)]
        if name == "Tornado":
            python = "/usr/bin/python3"
            ask = [python, "-c", "import tornado"]
            if subprocess.run(ask, stderr=subprocess.DEVNULL).returncode:
                return None
            return [python, "bench/tornado_hello.py", str(port)]
        return None

    def start(self, name, command=None, cpus=SERVER_CPU):
        port = free_port()
        line = command(port) if command else self.command(name, port)
        return Server(name, line, port, cpus)

    def there(self, *names):
        """Those of the names that can be started and were asked for."""
        return [n for n in names if self.command(n, 1) and (not self.only or n in self.only)]

    # -- Load -------------------------------------------------------------------------------------

    def load(self, server, *options, path="/", on_ready=None, program="loadgen"):
        """Run loadgen, or what speaks like it; its figures, and the CPU time of the server from its
        begin to its end."""
        command = [str(self.build / "bench" / program), "-p", str(server.port), "-u", path,
                   *map(str, options)]
        p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             preexec_fn=prepare(LOAD_CPU))
        begin = end = 0
        for line in p.stdout:
            if line == "begin\n":
                begin = server.cpu()
            elif line == "end\n":
                end = server.cpu()
            elif line == "ready\n":
                on_ready()
                p.send_signal(signal.SIGTERM)
            else:
                found = json.loads(line)
        p.wait()
        return self.figures(found["requests"], end - begin, found["wall_s"], found)

    def wrk(self, server, connections, *options, path="/", scheme="http"):
        url = f"{scheme}://127.0.0.1:{server.port}{path}"
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(self.seconds))}s",
                   "--latency", *options, url]
        begin, clock = server.cpu(), time.monotonic()
        p = subprocess.run(command, capture_output=True, text=True, check=True,
                           preexec_fn=prepare(LOAD_CPU))
        cpu, clock = server.cpu() - begin, time.monotonic() - clock
        out = p.stdout
        count, wall = re.search(r"(\d+) requests in ([\d.]+)s", out).groups()
        unit = {"us": 1, "ms": 1e3, "s": 1e6}

        def quantile(q):
            value, name = re.search(rf"^ +{q}% +([\d.]+)(us|ms|s)$", out, re.M).groups()
            return float(value) * unit[name]
        failed = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", out)))
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
        return self.figures(int(count), cpu, float(wall), {
            "requests": int(count), "rps": int(count) / float(wall), "p50_us": quantile(50),
            "p99_us": quantile(99), "errors": failed, "non_2xx": int(bad.group(1)) if bad else 0})

    @staticmethod
    def figures(requests, cpu, wall, found):
        found["cpu_us"] = cpu / requests * 1e6 if requests else None
        found["busy"] = cpu / wall
        found["bad"] = found["errors"] + found["non_2xx"]
        return found

    def in_turn(self, names, measure, runs=None, start=None):
        """Measure each server [runs] times, in alternation; the median of each figure. What [start]
        gives needs no first request."""
        found = {name: [] for name in names}
        for _ in range(runs or self.runs):
            for name in names:
                with start(name) if start else self.start(name) as server:
                    if not start:
                        server.get()
                    found[name].append(measure(server))
        rows = []
        for name, all_runs in found.items():
            row = {"server": name, "runs": len(all_runs)}
            for key, value in all_runs[0].items():
                if isinstance(value, (int, float)):
                    row[key] = statistics.median(run[key] for run in all_runs)
            row["bad"] = sum(run["bad"] for run in all_runs)
            row["cpu_us_all"] = [run["cpu_us"] for run in all_runs]
            rows.append(row)
        bare = next((r["cpu_us"] for r in rows if r["server"].startswith("bare")), None)
        for row in rows:
            row["ratio"] = row["cpu_us"] / bare if bare else None
        return rows
