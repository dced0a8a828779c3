#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server tells which handler holds it up, and on SIGQUIT what its handlers wait for.

Needs GYRE_SOURCE, GYRE_BUILD and CC, as ctest sets them.
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

SOURCE = pathlib.Path(os.environ.get("GYRE_SOURCE", "."))
BUILD = pathlib.Path(os.environ.get("GYRE_BUILD", "build"))
SANITIZE = os.environ.get("GYRE_SANITIZE", "")
PATIENCE = 60 if SANITIZE else 20  # seconds until something that must happen counts as missing

folder = tempfile.TemporaryDirectory(prefix="gyre-watchdog-")
APP = os.path.join(folder.name, "watchdog_app")
FILE = pathlib.Path(folder.name, "go-on")


def setUpModule():
    command = [os.environ.get("CC", "cc"), "-g", "-O1", "-D_GNU_SOURCE", "-o", APP,
               SOURCE / "tests/e2e/watchdog_app.c", f"-I{SOURCE / 'include'}", f"-L{BUILD}",
               f"-Wl,-rpath,{BUILD.resolve()}", "-lgyre"]
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


class Server:
    """A server in the background; its lines are read as they come."""

    def __init__(self, *args):
        env = {k: v for k, v in os.environ.items() if not k.startswith("GYRE_")}
        env["TEST_FILE"] = str(FILE)
        FILE.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [APP, "--port=0", "--address=127.0.0.1", "--grace=0.1", *args],
            stderr=subprocess.PIPE, text=True, start_new_session=True, env=env)
        self.lines = []
        self.sockets = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        line = self.expect(r"serving watchdog_app on http://127\.0\.0\.1:\d+")
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", line).group(1))

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def says(self, pattern):
        return [line for line in list(self.lines) if re.search(pattern, line)]

    def expect(self, pattern):
        try:
            return until(lambda: self.says(pattern), f"a line with {pattern}")[0]
        except AssertionError:
            print("\n".join(self.lines))
            raise

    def ask(self, path):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.sockets.append(s)
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return s

    def get(self, path):
        return read_all(self.ask(path))

    def stop(self):
        FILE.touch()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            for s in self.sockets:
                s.close()
            self.reader.join(PATIENCE)
            self.process.stderr.close()
        assert status == 0, f"ended with {status}: {self.lines}"


def read_all(s):
    got = b""
    while piece := s.recv(4096):
        got += piece
    return got.decode()


class TestWatchdog(unittest.TestCase):
    def serve(self, *args):
        server = Server(*args)
        self.addCleanup(server.stop)
        return server

    def holds(self, path, route, *functions):
        server = self.serve("--watchdog=0.2")
        held = server.ask(path)
        line = server.expect(rf'\[W .*"{re.escape(route)}", which began [\d.]+ s ago, has held its '
                             r"loop for [\d.]+ s: ")
        FILE.touch()
        self.assertRegex(read_all(held), "^HTTP/1.1 200 OK")
        server.expect(rf'\[W .*the loop goes on: task \d+ "{re.escape(route)}" held it for [\d.]+ s')
        if server_has_names():
            for function in functions:
                self.assertIn(f"{function}+", line)
                self.assertRegex(line, r"\(watchdog_app\.c:\d+\)")

    @unittest.skipIf(SANITIZE == "thread", "the tool holds back signals while nothing is called")
    def test_a_handler_that_computes_is_told(self):
        self.holds("/spin/1", "/spin/{what}", "count_the_stars", "spin")

    def test_a_handler_that_blocks_is_told(self):
        self.holds("/block/1", "/block/{what}", "ask_the_oracle", "block")

    def test_a_quiet_server_is_silent(self):
        server = self.serve("--watchdog=0.001")
        for _ in range(3):
            self.assertRegex(server.get("/"), "hello")
        self.assertEqual(server.says("held its loop"), [])

    def tasks(self, server, pids):
        server.process.send_signal(signal.SIGQUIT)
        for pid in pids:
            server.expect(rf"^process {pid}: \d+ tasks?$")

    def test_tasks_are_printed(self):
        server = self.serve()
        for path in ("/nap/1", "/nap/2"):
            server.ask(path)
        until(lambda: waits(server) >= 2, "two handlers that wait, printed")
        self.assertRegex(server.get("/"), "hello")
        if server_has_names() and server.says(r"gy_sleep\+"):
            server.expect(r"^ +wait_for_rain\+\d+ \(watchdog_app\.c:\d+\)$")
            server.expect(r"^ +nap\+\d+ ")

    def test_workers_are_told_by_their_master(self):
        server = self.serve("--workers=2")
        pid = server.process.pid
        path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        workers = until(lambda: [int(p) for p in path.read_text().split()], "workers")
        self.assertEqual(len(workers), 2)
        server.get("/")
        self.tasks(server, workers)
        self.assertEqual(server.says(f"^process {pid}:"), [])
        self.assertRegex(server.get("/"), "hello")

    def test_switched_off(self):
        server = self.serve("--watchdog=0")
        threads = os.listdir(f"/proc/{server.process.pid}/task")
        self.assertEqual(len(threads), 1 if SANITIZE != "thread" else len(threads))


def waits(server):
    """Ask again until both have come so far."""
    del server.lines[:]
    server.process.send_signal(signal.SIGQUIT)
    server.expect(r"^process \d+: \d+ tasks?$")
    time.sleep(0.05)
    return len(server.says(r'^\d+ "/nap/\{what\}" waiting for sleep, [\d.]+ s old$'))


def server_has_names():
    """Whether the library was built for one that reads debug information."""
    return b"libdw.so" in (BUILD / "libgyre.so").read_bytes()


if __name__ == "__main__":
    unittest.main()
