#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_advice.py - the five ways to wait, each in its program: the answer, and who is served meanwhile.

Nothing here depends on a clock: what is waited for ends when the test lets it."""
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
from program import PATIENCE, Program, Wire, until  # noqa: E402


def request(target, method="GET"):
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode()


class Advice(unittest.TestCase):
    def serve(self, name, *args):
        self.program = Program("advice/" + name, *args)
        self.addCleanup(self.program.stop)

    def ask(self, target, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=PATIENCE)
        try:
            connection.request(method, target)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, target, method="GET"):
        status, body = self.ask(target, method)
        return status, json.loads(body)

    def wire(self):
        wire = Wire(self.program)
        self.addCleanup(wire.socket.close)
        return wire

    def pipe(self):
        """A file whose reader blocks until somebody writes."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "file")
        os.mkfifo(path)
        return path

    def open_when_read(self, path):
        def open_it():
            try:
                return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                return None
        return until(open_it, "somebody who reads")

    def let_read(self, path, text):
        writer = self.open_when_read(path)
        os.write(writer, text)
        os.close(writer)


class Async(Advice):
    """The server that is asked is this test: it answers when others have been served."""

    def setUp(self):
        self.upstream = socket.create_server(("127.0.0.1", 0))
        self.upstream.settimeout(PATIENCE)
        self.addCleanup(self.upstream.close)
        self.serve("async", f"--upstream=http://127.0.0.1:{self.upstream.getsockname()[1]}/")

    def question(self):
        asked, _ = self.upstream.accept()
        asked.settimeout(PATIENCE)
        self.addCleanup(asked.close)
        head = b""
        while b"\r\n\r\n" not in head:
            head += asked.recv(4096)
        return asked

    def test_others_are_served_while_it_waits(self):
        wire = self.wire()
        wire.send(request("/one"))
        asked = self.question()
        for _ in range(3):
            self.assertEqual(self.ask("/now"), (200, b"now\n"))
        asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        said = json.loads(wire.answer().body)
        self.assertEqual((said["status"], said["bytes"]), (200, 5))

    def test_ten_are_asked_at_once(self):
        wire = self.wire()
        wire.send(request("/ten"))
        asked = [self.question() for _ in range(10)]  # all before one is answered
        self.assertEqual(self.ask("/now"), (200, b"now\n"))
        for one in asked:
            one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
        said = json.loads(wire.answer().body)
        self.assertEqual((said["answers"], said["bytes"]), (10, 30))

    def test_nobody_to_ask(self):
        self.upstream.close()
        self.assertEqual(self.ask("/one")[0], 502)
        self.assertEqual(self.ask("/ten")[0], 502)


class Fast(Advice):
    def test_an_index_looks_at_few(self):
        self.serve("fast")
        for number, scanned in ((777777, 111112), (0, 1), (7, 2), (999993, 1000000)):
            _, by_scan = self.json(f"/scan/{number}")
            _, by_index = self.json(f"/index/{number}")
            self.assertEqual(by_scan["points"], by_index["points"])
            self.assertEqual(by_scan["looked_at"], scanned)
            self.assertLessEqual(by_index["looked_at"], 20)
        for way in "scan", "index":
            self.assertEqual(self.ask(f"/{way}/1000000")[0], 404)

    def test_what_was_made_is_kept(self):
        self.serve("fast")
        said = [self.json("/report")[1] for _ in range(20)]
        self.assertEqual({one["points"] for one in said}, {49500000})
        made = [one["made"] for one in said]
        self.assertEqual(made, sorted(made))
        self.assertLess(len(set(made)), 20)


class Threads(Advice):
    def test_others_are_served_while_a_thread_blocks(self):
        path = self.pipe()
        self.serve("threads", f"--file={path}")
        wire = self.wire()
        wire.send(request("/file"))
        for _ in range(3):
            self.assertEqual(self.ask("/now"), (200, b"now\n"))
        self.let_read(path, b"from afar\n")
        self.assertEqual(wire.answer().body, b"from afar\n")

    def test_not_everybody_may_wait(self):
        path = self.pipe()
        self.serve("threads", f"--file={path}", "--threads=1", "--line=1")
        first, *others = [self.wire() for _ in range(3)]
        first.send(request("/file"))
        writer = self.open_when_read(path)  # the only thread is busy now
        for wire in others:
            wire.send(request("/file"))
        refused = until(lambda: self.who_was_answered(others), "one that is refused")
        self.assertEqual(refused.answer().status, 503)
        others.remove(refused)
        os.write(writer, b"one")
        os.close(writer)
        self.assertEqual(first.answer().body, b"one")
        self.let_read(path, b"two")
        self.assertEqual(others[0].answer().body, b"two")

    def who_was_answered(self, wires):
        for wire in wires:
            wire.socket.setblocking(False)
            try:
                if wire.socket.recv(1, socket.MSG_PEEK):
                    return wire
            except BlockingIOError:
                pass
            finally:
                wire.socket.settimeout(PATIENCE)
        return None

    def test_no_file(self):
        self.serve("threads", "--file=/nowhere/at/all")
        self.assertEqual(self.ask("/file")[0], 404)


class Processes(Advice):
    def setUp(self):
        self.serve("processes")

    def test_the_answer(self):
        self.assertEqual(self.json("/primes/10000"), (200, {"below": 10000, "primes": 1229}))
        self.assertEqual(self.ask("/primes/100000001")[0], 400)

    def test_a_crash_costs_one_answer(self):
        status, _ = self.ask("/primes/13")
        self.assertEqual(status, 500)
        until(lambda: self.program.says(rb"SIGSEGV"), "a line that names the signal")
        self.assertEqual(self.json("/primes/14")[1]["primes"], 6)

    def test_others_are_served_while_it_counts(self):
        """This would take minutes; when who asked leaves, nobody counts any more."""
        with Wire(self.program) as wire:
            wire.send(request("/primes/100000000"))
            until(lambda: self.counting(), "a process that counts")
            self.assertEqual(self.ask("/now"), (200, b"now\n"))
        until(lambda: not self.counting(), "nobody who counts")

    def counting(self):
        """Processes below the program's that run, and do not wait."""
        rows = [row.split() for row in subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True).stdout.splitlines()]
        family, grown = {str(self.program.pid)}, 0
        while grown != len(family):
            grown = len(family)
            family |= {pid for pid, parent, _ in rows if parent in family}
        return [pid for pid, _, stat in rows if pid in family - {str(self.program.pid)} and stat[0] == "R"]

    def test_orders(self):
        for number, below in enumerate((10000, 13, 100)):
            self.assertEqual(self.json(f"/orders/{below}", "POST"), (202, {"order": number}))
        until(lambda: self.json("/orders/2")[1]["done"], "the last order")
        self.assertEqual(self.json("/orders/0")[1], {"order": 0, "done": True, "primes": 1229})
        self.assertIn("SIGSEGV", self.json("/orders/1")[1]["failed"])
        self.assertEqual(self.json("/orders/2")[1]["primes"], 25)
        self.assertEqual(self.ask("/orders/3")[0], 404)

    def test_an_order_waits_and_its_client_does_not(self):
        self.assertEqual(self.json("/orders/100000000", "POST")[0], 202)
        self.assertEqual(self.json("/orders/5", "POST")[0], 202)
        self.assertEqual(self.json("/orders/1")[1], {"order": 1, "done": False})
        self.assertEqual(self.ask("/now"), (200, b"now\n"))


class Blocking(Advice):
    def test_one_worker_serves_nobody_else(self):
        path = self.pipe()
        self.serve("blocking", f"--file={path}")
        slow, other = self.wire(), self.wire()
        for wire in slow, other:  # both are known to the server
            wire.send(request("/now"))
            wire.answer()
        slow.send(request("/file"))
        writer = self.open_when_read(path)  # now it blocks
        other.send(request("/now"))
        os.write(writer, b"text")
        os.close(writer)
        first, second = json.loads(slow.answer().body), json.loads(other.answer().body)
        self.assertEqual((first["bytes"], first["served"], second["served"]), (4, 3, 4))

    def test_with_several_the_others_do(self):
        path = self.pipe()
        self.serve("blocking", f"--file={path}", "--workers=2")
        of = {}

        def both():
            wire = self.wire()
            wire.send(request("/now"))
            of[json.loads(wire.answer().body)["worker"]] = wire
            return len(of) == 2
        until(both, "a connection to each worker")
        of[0].send(request("/file"))
        writer = self.open_when_read(path)
        for _ in range(3):
            of[1].send(request("/now"))
            self.assertEqual(json.loads(of[1].answer().body)["worker"], 1)
        os.write(writer, b"text")
        os.close(writer)
        self.assertEqual(json.loads(of[0].answer().body)["worker"], 0)

    def test_the_answer(self):
        self.serve("blocking", "--file=/nowhere/at/all")
        self.assertEqual(self.ask("/file")[0], 404)


class Chapter(unittest.TestCase):
    def test_what_it_shows_is_in_the_programs(self):
        source = pathlib.Path(__file__).parent.parent.parent
        code = "".join(p.read_text() for p in sorted(source.glob("examples/advice/*.c")))
        chapter = (source / "docs/guide/06-which-way-to-wait.md").read_text()
        shown = re.findall(r"^```c\n(.*?)^```", chapter, re.S | re.M)
        self.assertGreaterEqual(len(shown), 8)
        for part in shown:
            self.assertIn(part, code)


if __name__ == "__main__":
    unittest.main()
