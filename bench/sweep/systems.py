# SPDX-License-Identifier: MIT
"""systems - the servers that do the lab's work: how each is started, and why one is left out."""
import contextlib
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import measuring

WORKERS = 4  # where a system is shown with several
PYTHON = "/usr/bin/python3"  # the system's: its packages are the ones that are compared
PEERS = "bench/peers"
WORKS = ("hello", "delay", "fetch", "cluster", "burn")
WAYS = ("task", "thread", "process", "block")


class Party(measuring.Server):
    """A server in a session of its own: Ctrl-C reaches the lab alone, and nothing outlives it."""

    def __init__(self, name, command, port, log):
        self.name, self.port, self.log = name, port, log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                preexec_fn=measuring.all_files)
        self.pid = self.process.pid
        try:
            self.wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def wait_until_it_answers(self):
        """A worker may start after the listener: only an answer tells."""
        end = time.monotonic() + measuring.PATIENCE
        while True:
            try:
                self.get("/hello/task")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    last = pathlib.Path(self.log).read_text(errors="replace").strip()[-300:]
                    raise RuntimeError(f"{self.name} does not start: {last}") from None
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # what it left behind
        self.process.wait()


class Together:
    """The parties of one system; the first takes the requests."""

    def __init__(self, parties):
        self.parties, self.port = parties, parties[0].port

    def url(self, work, way="task"):
        return f"http://127.0.0.1:{self.port}/{work}/{way}"

    def cpu(self):
        return sum(party.cpu() for party in self.parties)

    def settle(self, patience=3):
        """Wait until what the last run left behind has been dealt with."""
        end, before = time.monotonic() + patience, self.cpu()
        while time.monotonic() < end:
            time.sleep(0.1)
            now = self.cpu()
            if now - before < 0.01:
                return
            before = now


class System:
    """[start] is given the stage and [workers], and starts the parties on it."""

    def __init__(self, name, works, start, ways=("task",), missing=""):
        self.name, self.works, self.start, self.ways = name, works, start, ways
        self.missing = missing


class Stage:
    """What all systems share: the build, the upstream that /fetch asks, a folder for logs."""

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.stack = contextlib.ExitStack()
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="gyre-lab-"))
        self.upstream, self.count = None, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def open(self):
        """Start the upstream, which stays for all."""
        program = self.build / "examples/lab/upstream"
        if not program.exists():
            program = self.build / "bench/bare"
        if not program.exists():
            raise SystemExit(f"bench/lab: no {program}; run make first")
        self.upstream = self.stack.enter_context(
            self.party("upstream", lambda port: [str(program), "--port", str(port)]))

    @property
    def upstream_url(self):
        return f"http://127.0.0.1:{self.upstream.port}/"

    def party(self, name, command):
        """Start a program on a free port; [command] makes its words from the port."""
        self.count += 1
        port = measuring.free_port()
        return Party(name, command(port), port, f"{self.folder}/{self.count}.log")

    @contextlib.contextmanager
    def running(self, system, workers=1):
        with contextlib.ExitStack() as stack:
            def start(name, command):
                return stack.enter_context(self.party(name, command))
            yield Together(system.start(self, start, workers))

    # -- Programs ---------------------------------------------------------------------------------

    def gyre(self, workers):
        program = str(self.build / "examples/lab/lab")
        return lambda port: [program, "--port", str(port), "--upstream", self.upstream_url,
                             "--workers", str(workers), "--log-level", "warning"]

    def nginx(self, to, locations):
        """nginx.conf with another server behind it; [locations]: pairs of path and what to do."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        upstream = (f"upstream there {{ server 127.0.0.1:{to}; keepalive 10000; "
                    "keepalive_requests 1000000000; keepalive_timeout 3600s; }")
        proxy = 'proxy_http_version 1.1; proxy_set_header Connection "";'
        places = "\n".join(f"location = {path} {{ {proxy} {do} }}" for path, do in locations)

        def command(port):
            text = pathlib.Path("bench/nginx.conf").read_text()
            for marker, value in (("# @UPSTREAM@", upstream), ("# @LOCATIONS@", places),
                                  ("@PORT@", str(port)), ("@FOLDER@", str(folder))):
                text = text.replace(marker, value)
            (folder / "nginx.conf").write_text(text)
            return [find("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        return command

    def python(self, program, *options):
        return lambda port: [PYTHON, f"{PEERS}/{program}", str(port), self.upstream_url, *options]

    def gunicorn(self, worker, module):
        return lambda port: [
            PYTHON, "-m", "gunicorn", "--chdir", PEERS, "--bind", f"127.0.0.1:{port}", "--workers",
            "1", "--worker-class", worker, "--worker-connections", "20000", "--backlog", "4096",
            "--keep-alive", "60", "--graceful-timeout", "1", "--log-level", "critical",
            f"{module}:application_for('{self.upstream_url}')"]

    def go(self):
        out = f"{self.folder}/lab_go"
        if not os.path.exists(out):
            env = dict(os.environ, GOFLAGS="-buildvcs=false", GOCACHE=str(self.build / "go-cache"))
            subprocess.run(["go", "build", "-o", out, f"{PEERS}/lab.go"], env=env, check=True)
        return lambda port: [out, str(port), self.upstream_url]


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")


def no_program(program, package):
    return "" if find(program) else f"{package} is not installed"


@functools.lru_cache(maxsize=None)
def no_module(*modules):
    ask = [PYTHON, "-c", "import " + ", ".join(modules)]
    there = os.path.exists(PYTHON) and not subprocess.run(
        ask, stderr=subprocess.DEVNULL, check=False).returncode
    return "" if there else f"{PYTHON} has no " + " and ".join(modules)


def in_front(workers):
    """nginx in front of so many workers of gyre."""
    def start(stage, begin, _):
        back = begin("gyre", stage.gyre(workers))
        paths = [(f"/{work}/{way}", "proxy_pass http://there;") for work in WORKS for way in WAYS]
        return [begin("nginx", stage.nginx(back.port, paths)), back]
    return start


def only_nginx(stage, begin, _):
    """What it can do of the work by itself."""
    return [begin("nginx", stage.nginx(stage.upstream.port, [
        ("/hello/task", 'return 200 "Hello, world\\n";'),
        ("/fetch/task", "proxy_pass http://there/;")]))]


def alone(command):
    """A system of one party."""
    return lambda stage, begin, workers: [begin("server", command(stage, workers))]


def everything(build):
    """All systems that the lab knows, there or not, in the order of its tables."""
    lab = pathlib.Path(build) / "examples/lab/lab"
    gyre = "" if lab.exists() else f"no {lab}; run make first"
    nginx, python = no_program("nginx", "nginx"), no_module("tornado")
    gevent = no_module("gevent")
    waits = ("hello", "delay", "fetch")
    return [
        System("gyre task", WORKS, alone(lambda s, n: s.gyre(n)), WAYS, gyre),
        System(f"gyre ×{WORKERS}", waits, alone(lambda s, _: s.gyre(WORKERS)), WAYS, gyre),
        System("nginx", ("hello", "fetch"), only_nginx, missing=nginx),
        System("nginx + gyre", waits, in_front(1), missing=nginx or gyre),
        System(f"nginx + gyre ×{WORKERS}", waits, in_front(WORKERS), missing=nginx or gyre),
        System("Go", WORKS, alone(lambda s, _: s.go()), missing=no_program("go", "Go")),
        System("node", WORKS, alone(lambda s, _: lambda port: [
            find("node"), f"{PEERS}/lab_node.js", str(port), s.upstream_url]),
            missing=no_program("node", "node")),
        System("Tornado", WORKS, alone(lambda s, _: s.python("lab_tornado.py")),
               ("task", "thread", "block"), python),
        System("Tornado curl", ("fetch",), alone(lambda s, _: s.python("lab_tornado.py", "curl")),
               missing=no_module("tornado", "pycurl")),
        System("gunicorn tornado", WORKS, alone(lambda s, _: s.gunicorn("tornado", "lab_tornado")),
               missing=no_module("gunicorn", "tornado")),
        System("gunicorn gevent", WORKS, alone(lambda s, _: s.gunicorn("gevent", "lab_gevent")),
               missing=no_module("gunicorn", "gevent")),
        System("gevent", WORKS, alone(lambda s, _: s.python("lab_gevent.py")), missing=gevent),
    ]
