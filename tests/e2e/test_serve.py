#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_serve.py - gy_main as a process: its command line, its workers, its signals and its end.

Needs GYRE_SOURCE, GYRE_BUILD and CC, as ctest sets them.
"""
import fcntl
import http.client
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import tempfile
import termios
import threading
import time
import unittest

SOURCE = pathlib.Path(os.environ.get("GYRE_SOURCE", "."))
BUILD = pathlib.Path(os.environ.get("GYRE_BUILD", "build"))
SANITIZE = os.environ.get("GYRE_SANITIZE", "")
PATIENCE = 60 if SANITIZE else 20  # seconds until something that must happen counts as missing

folder = tempfile.TemporaryDirectory(prefix="gyre-serve-")
APP = os.path.join(folder.name, "serve_app")


def setUpModule():
    command = [os.environ.get("CC", "cc"), "-g", "-o", APP, SOURCE / "tests/e2e/serve_app.c",
               f"-I{SOURCE / 'include'}", f"-L{BUILD}", f"-Wl,-rpath,{BUILD.resolve()}", "-lgyre"]
    if SANITIZE:
        command.append(f"-fsanitize={SANITIZE}")
    subprocess.run(command, check=True)


def tearDownModule():
    folder.cleanup()


def until(condition, what):
    """Wait for something that must come true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"in vain: {what}")


def environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("GYRE_")}
    env.update(more)
    return env


class Server:
    """A server in the background; its lines are read as they come."""
    program = APP

    def __init__(self, *args, env=None, preexec=None, ready=True):
        self.process = subprocess.Popen(
            [self.program, *args], stderr=subprocess.PIPE, text=True, start_new_session=True,
            env=environment(**(env or {})), preexec_fn=preexec)
        self.pid = self.process.pid
        self.lines = []
        self.sockets = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        self.port = None
        if ready:
            found = until(self.start_line, "the line of the start")
            self.where_line, self.where = found.string, found.group(1)
            port = re.search(r":(\d+)$", self.where)
            self.port = int(port.group(1)) if port else None

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def start_line(self):
        if self.process.poll() is not None:
            self.reader.join()
        for line in list(self.lines):
            found = re.search(r"gyre [\d.]+ serving \w+ on (\S+) \(pid (\d+)", line)
            if found:
                assert int(found.group(2)) == self.pid
                return found
        assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.lines}"
        return None

    def says(self, pattern):
        return [line for line in list(self.lines) if re.search(pattern, line)]

    def children(self):
        path = f"/proc/{self.pid}/task/{self.pid}/children"
        return [int(pid) for pid in pathlib.Path(path).read_text().split()]

    def connect(self, address="127.0.0.1"):
        s = socket.create_connection((address, self.port), timeout=PATIENCE)
        self.sockets.append(s)
        return s

    def get(self, path="/"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def slow(self, path):
        """A request in flight: gives its socket once the server has read it."""
        s = self.connect()
        s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
        until(lambda: self.has_read(s), "the request to be read")
        return s

    def has_read(self, s):
        """Nothing of what [s] sent waits in the server: its socket has an empty queue."""
        ours, theirs = (hex_address(a) for a in (s.getsockname(), s.getpeername()))
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            words = line.split()
            if words[1] == theirs and words[2] == ours:
                return words[4].endswith(":00000000") and words[9] != "0"
        return False

    def signal(self, signo):
        self.process.send_signal(signo)

    def wait(self):
        status = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stderr.close()
        return status

    def close(self):
        for s in self.sockets:
            s.close()
        if self.process.poll() is None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.wait()
        elif not self.process.stderr.closed:
            self.wait()


def hex_address(address):
    ip = socket.inet_aton(address[0])[::-1].hex().upper()
    return f"{ip}:{address[1]:04X}"


def read_all(s):
    """What comes until the end, or until the connection breaks."""
    parts = []
    try:
        while part := s.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def is_gone(pid):
    """Ended; a process that init has not yet buried counts too."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


class Base(unittest.TestCase):
    def start(self, *args, port=True, **more):
        server = Server(*(["--port=0"] if port else []), *args, **more)
        self.addCleanup(server.close)
        return server

    def run_app(self, *args, **env):
        return subprocess.run([APP, *args], capture_output=True, text=True, timeout=PATIENCE,
                              env=environment(**env))

    def fails(self, status, sentence, *args, **env):
        """It ends with that status, and one line on standard error."""
        done = self.run_app(*args, **env)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertRegex(done.stderr, sentence)
        self.assertEqual(done.returncode, status)

    def answering(self, server, count):
        """The processes that answer."""
        pids = set()

        def enough():
            pids.add(int(server.get("/pid")[1]))
            return len(pids) >= count
        until(enough, f"{count} workers to answer")
        return pids


class CommandLine(Base):
    def test_help(self):
        for arg in "--help", "-h":
            done = self.run_app("--no-such-option", arg)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for name in "--port=PORT", "--workers=N", "--unix=PATH", "--greeting", "(default 8888)":
                self.assertIn(name, done.stdout)
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)

    def test_version(self):
        done = self.run_app("--version", GYRE_VERSION="nonsense", GYRE_HELP="1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^serve_app \(gyre \d+\.\d+\.\d+\)\n$")

    def test_bad_options(self):
        self.fails(2, r"^serve_app: unknown option --prot; did you mean --port\?$", "--prot=1")
        self.fails(2, "--port: '65536' is not a whole number from 0 to 65535", "--port=65536")
        self.fails(2, "--workers needs a value", "--workers")
        self.fails(2, "unexpected argument 'more'", "more")
        self.fails(2, "one of debug, info, warning, error or off", "--log-level=loud")
        self.fails(2, "--unix-mode: 'rw' is not an octal mode", "--unix-mode=rw")
        self.fails(2, "GYRE_PORT: 'x' is not a whole number", GYRE_PORT="x")

    def test_bad_address(self):
        self.fails(1, "10.0.0.300 is neither an IP address nor a name", "--address=10.0.0.300",
                   "--port=0")
        self.fails(1, "no address 203.0.113.9", "--address=203.0.113.9", "--workers=2")

    def test_environment_and_options_of_the_application(self):
        server = self.start(port=False, env={"GYRE_PORT": "0", "GYRE_GREETING": "ahoy"})
        self.assertEqual(server.get(), (200, "ahoy\n"))
        server = self.start("--greeting", "moin", env={"GYRE_GREETING": "ahoy", "GYRE_PORT": "x"})
        self.assertEqual(server.get(), (200, "moin\n"))

    def test_reload(self):
        path = os.path.join(folder.name, "reload.conf")

        def says(text):
            with open(path, "w") as file:
                file.write(text)
        says("greeting = ahoy\nlog-level = warning\n")
        server = self.start("--config", path)
        self.assertEqual(server.get(), (200, "ahoy\n"))
        says("greeting = moin\nlog-level = info\n")
        self.assertEqual(server.get("/reload"), (200, "0 \n"))
        self.assertEqual(server.get(), (200, "moin\n"))
        until(lambda: server.says("200 GET / "), "a line at the new level")
        says("greeting = hi\nlog-level = loud\n")
        self.assertIn("reload.conf:2: log-level: 'loud' is not one of", server.get("/reload")[1])
        self.assertEqual(server.get(), (200, "moin\n"))

    def test_log_level(self):
        server = self.start("--log-level=error")
        self.assertEqual(server.get()[0], 200)
        server.signal(signal.SIGTERM)
        server.wait()
        # The chosen port is told all the same.
        self.assertEqual([line for line in server.lines if "on_stop" not in line],
                         [server.where_line])

    def test_log_off(self):
        server = self.start("--log-level=off", ready=False)
        until(lambda: not is_deadly(server.pid, signal.SIGTERM, False), "the signal's handler")
        server.signal(signal.SIGTERM)
        server.wait()
        self.assertEqual([line for line in server.lines if "on_stop" not in line], [])


class Addresses(Base):
    def test_busy_port(self):
        server = self.start()
        sentence = (f"^serve_app: port {server.port} is in use by serve_app \\(pid {server.pid}\\); "
                    "stop it or choose another port with --port$")
        self.fails(1, sentence, f"--port={server.port}")
        self.fails(1, sentence, f"--port={server.port}", "--workers=3")
        self.assertEqual(server.get()[0], 200)

    def test_localhost(self):
        server = self.start()
        self.assertTrue(server.where.startswith("http://127.0.0.1:"))
        server.connect().close()
        if os.path.exists("/proc/sys/net/ipv6"):
            with open("/proc/net/if_inet6") as file:
                if re.search("^0{31}1 ", file.read()):
                    server.connect("::1").close()

    def ask_through_a_proxy(self, server, header):
        """What comes back for a PROXY header and a request behind it."""
        answer = b""
        with server.connect() as s:
            s.settimeout(PATIENCE)
            s.sendall(header + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            try:
                while more := s.recv(4096):
                    answer += more
            except ConnectionResetError:
                pass
        return answer

    def test_proxy_protocol(self):
        server = self.start("--proxy-protocol")
        text = b"PROXY TCP4 192.0.2.7 192.0.2.1 50000 80\r\n"
        self.assertTrue(self.ask_through_a_proxy(server, text).endswith(b"hello\n"))
        until(lambda: server.says(r"200 GET / \(192\.0\.2\.7\)"), "the client's address in the log")
        binary = (b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24" + socket.inet_pton(socket.AF_INET6, "2001:db8::7")
                  + socket.inet_pton(socket.AF_INET6, "2001:db8::1") + b"\xc3\x50\0\x50")
        self.assertTrue(self.ask_through_a_proxy(server, binary).endswith(b"hello\n"))
        until(lambda: server.says(r"200 GET / \(2001:db8::7\)"), "the same in the second version")
        self.assertEqual(self.ask_through_a_proxy(server, b""), b"")
        until(lambda: server.says("did not begin with a PROXY header"), "a line about who sent none")

    def test_all_addresses(self):
        server = self.start("--address=*")
        server.connect("127.0.0.5").close()

    def test_unix_socket(self):
        path = os.path.join(folder.name, "socket")
        for workers in "1", "2":
            server = self.start("--unix", path, "--unix-mode=660", "--workers", workers, port=False)
            self.assertEqual(server.where, "unix:" + path)
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o660)
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(PATIENCE)
                s.connect(path)
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                self.assertTrue(read_all(s).endswith(b"\r\n\r\nhello\n"))
            self.fails(1, f"{path} is in use by serve_app", "--unix", path)
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)
            self.assertFalse(os.path.exists(path))

    def test_unix_socket_of_a_dead_server(self):
        path = os.path.join(folder.name, "stale")
        first = self.start("--unix", path, port=False)
        first.signal(signal.SIGKILL)
        first.wait()
        self.assertTrue(os.path.exists(path))
        self.start("--unix", path, port=False)


class Start(Base):
    def test_on_start_fails(self):
        for workers in "1", "3":
            for code, words in ("-12", "on_start failed: "), ("7", "on_start gave 7"):
                for level in "info", "off":
                    self.fails(1, f"serve_app cannot start: {words}", "--port=0", "--workers",
                               workers, "--log-level", level, TEST_START_CODE=code)

    def test_stopped_while_it_starts(self):
        for workers in "1", "2":
            server = self.start("--workers", workers, env={"TEST_START_SLOW": "1"}, ready=False)
            until(lambda: workers == "1" or len(server.children()) == 2, "the workers")
            for pid in server.children():
                until(lambda: not is_deadly(pid, signal.SIGTERM), "the signal's handler")
            if workers == "1":
                until(lambda: not is_deadly(server.pid, signal.SIGTERM, False), "the signal's handler")
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)


def is_deadly(pid, signo, may_be_held_back=True):
    """True while a signal does what it does by default. A master and its workers hold theirs back until they
    look at them; where there is no master that is only so for the moment in which a thread begins."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    taken = 0
    for kind in ("SigCgt", "SigIgn", "SigBlk")[:3 if may_be_held_back else 2]:
        taken |= int(re.search(rf"{kind}:\s*(\w+)", status).group(1), 16)
    return not taken >> (signo - 1) & 1


class Workers(Base):
    def test_all_answer(self):
        server = self.start("--workers=3")
        self.assertIn(", 3 workers)", server.says("serving")[0])
        self.assertEqual(len(server.says("serving")), 1)
        self.assertEqual(self.answering(server, 3), set(server.children()))
        self.assertNotIn(server.pid, server.children())

    def test_one_for_each_cpu(self):
        server = self.start("--workers=0", preexec=lambda: os.sched_setaffinity(
            0, list(os.sched_getaffinity(0))[:2]))
        cpus = min(2, len(os.sched_getaffinity(0)))
        until(lambda: len(server.children()) == (cpus if cpus > 1 else 0), "workers")

    def test_a_killed_worker_is_replaced(self):
        server = self.start("--workers=2")
        before = self.answering(server, 2)
        victim = min(before)
        stop, failed, good = threading.Event(), [], []

        def load():
            while not stop.is_set():
                try:
                    good.append(server.get("/pid")[1])
                except OSError as e:
                    failed.append(e)
                except http.client.HTTPException as e:
                    failed.append(e)
        threads = [threading.Thread(target=load) for _ in range(4)]
        for t in threads:
            t.start()
        try:
            until(lambda: len(good) > 50, "load")
            os.kill(victim, signal.SIGKILL)
            until(lambda: set(map(int, good[-40:])) - before, "a new worker to answer")
            others = len(good)
            until(lambda: len(good) > others + 50, "load afterwards")
        finally:
            stop.set()
            for t in threads:
                t.join()
        # Those that the victim had in hand, at most one for each client.
        self.assertLessEqual(len(failed), len(threads), failed)
        self.assertEqual(len(server.says(f"worker {victim} was killed by SIGKILL")), 1)
        self.assertNotIn(victim, server.children())
        until(lambda: len(server.children()) == 2, "a replacement")

    def test_a_crash_is_told(self):
        server = self.start("--workers=2")
        with self.assertRaises((OSError, http.client.HTTPException)):
            server.get("/crash")
        until(lambda: server.says("was killed by SIGABRT"), "the line about the crash")
        until(lambda: len(self.answering(server, 2) & set(server.children())) == 2, "two workers")

    def test_workers_end_with_their_master(self):
        server = self.start("--workers=2")
        children = until(lambda: len(server.children()) == 2 and server.children(), "the workers")
        server.signal(signal.SIGKILL)
        server.process.wait(PATIENCE)
        for pid in children:
            until(lambda: is_gone(pid), "an orphan's end")


class Stop(Base):
    kinds = (), ("--workers=2",)

    def setUp(self):
        self.terminal = os.openpty()

    def tearDown(self):
        for fd in self.terminal:
            os.close(fd)

    def each(self, *args, **how):
        for more in self.kinds:
            yield self.start(*args, *more, **how)

    def test_idle_connections_close(self):
        for server in self.each():
            count = 2 if "--workers=2" in server.process.args else 1
            self.answering(server, count)  # who has not begun has nothing to end
            s = server.connect()
            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200 OK", s.recv(4096))
            fresh = server.connect()
            server.signal(signal.SIGTERM)
            self.assertEqual(s.recv(4096), b"")
            self.assertEqual(read_all(fresh), b"")
            self.assertEqual(server.wait(), 0)
            self.assertEqual(len(server.says("is stopping")), 1)
            self.assertEqual(len(server.says("on_stop of")), count)

    def test_a_request_in_flight_is_finished(self):
        for signo in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
            for server in self.each(preexec=self.on_a_terminal):
                s = server.slow("/sleep/0.7")
                server.signal(signo)
                answer = read_all(s)
                self.assertIn(b"200 OK", answer)
                self.assertTrue(answer.endswith(b"slept\n"), answer)
                self.assertEqual(server.wait(), 0)

    def on_a_terminal(self):
        """In a child with a session of its own: as a shell in a window starts it."""
        fcntl.ioctl(self.terminal[1], termios.TIOCSCTTY, 0)

    def test_the_window_is_closed(self):
        for server in self.each(preexec=self.on_a_terminal):
            s = server.slow("/sleep/0.7")
            for fd in self.terminal:
                os.close(fd)
            self.terminal = os.openpty()
            self.assertTrue(read_all(s).endswith(b"slept\n"))
            self.assertEqual(server.wait(), 0)

    def test_control_c_reaches_all_processes(self):
        for signo in signal.SIGTERM, signal.SIGINT:
            server = self.start("--workers=2")
            s = server.slow("/sleep/0.7")
            os.killpg(server.pid, signo)
            self.assertTrue(read_all(s).endswith(b"slept\n"))
            self.assertEqual(server.wait(), 0)

    def test_a_body_in_flight_is_finished(self):
        for server in self.each():
            s = server.connect()
            s.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
            until(lambda: server.has_read(s), "the head to be read")
            server.signal(signal.SIGTERM)
            until(lambda: server.says("is stopping"), "the stop")
            s.sendall(b"67890")
            self.assertTrue(read_all(s).endswith(b"10\n"))
            self.assertEqual(server.wait(), 0)

    def test_a_daemon_reads_files_again_on_hangup(self):
        for server in self.each():
            for signo in signal.SIGHUP, signal.SIGUSR1:
                for pid in (server.pid, *server.children()):
                    os.kill(pid, signo)
                self.assertEqual(server.get()[0], 200)
            self.assertEqual(server.says("is stopping|another|starts in"), [])
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)

    def test_ignored_hangup_stays_ignored(self):
        for more in self.kinds:
            server = self.start(*more, preexec=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
            os.killpg(server.pid, signal.SIGHUP)
            for _ in range(20):
                self.assertEqual(server.get()[0], 200)
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)

    def test_the_second_signal_ends_at_once(self):
        for server in self.each():
            server.slow("/sleep/3600")
            server.signal(signal.SIGTERM)
            until(lambda: server.says("is stopping"), "the drain to begin")
            until(lambda: "workers" in server.where_line or is_deadly(
                server.pid, signal.SIGTERM), "the second signal to be deadly")
            server.signal(signal.SIGTERM)
            self.assertIn(server.wait(), (-signal.SIGTERM, 128 + signal.SIGTERM))

    def test_grace_runs_out(self):
        for server in self.each("--grace=200ms"):
            s = server.slow("/sleep/3600")
            server.signal(signal.SIGTERM)
            self.assertNotIn(b"200 OK", read_all(s))
            self.assertEqual(server.wait(), 0)

    def test_a_worker_that_does_not_listen_is_killed(self):
        server = self.start("--grace=200ms", "--workers=2")
        s = server.connect()
        s.sendall(b"GET /spin/999999999 HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: server.has_read(s), "the request to be read")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        self.assertEqual(len(server.says("are killed")), 1)

    def test_no_accepted_request_fails(self):
        for server in self.each():
            failed, refused, done = [], [], []

            def load():
                while True:
                    try:
                        s = server.connect()
                    except OSError:
                        refused.append(1)
                        return
                    with s:
                        try:
                            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                            answer = read_all(s)
                        except OSError as e:
                            answer = repr(e).encode()
                    (done if answer.endswith(b"\r\nhello\n") else failed).append(answer)
            threads = [threading.Thread(target=load) for _ in range(8)]
            for t in threads:
                t.start()
            until(lambda: len(done) > 300, "load")
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)
            for t in threads:
                t.join(PATIENCE)
            self.assertEqual(failed, [])
            self.assertEqual(len(refused), len(threads))


class Limits(Base):
    def test_out_of_descriptors(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        server = self.start(preexec=few)
        held = [server.connect() for _ in range(100)]
        until(lambda: server.says("cannot accept"), "the line about the shortage")
        for s in held:
            s.close()
        self.assertEqual(server.get(), (200, "hello\n"))
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)

    def test_the_soft_limit_is_raised(self):
        def low():
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (40, min(hard, 4096)))
        server = self.start(preexec=low)
        limits = pathlib.Path(f"/proc/{server.pid}/limits").read_text()
        soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)", limits).groups()
        self.assertEqual(soft, hard)


if __name__ == "__main__":
    unittest.main(verbosity=2)
