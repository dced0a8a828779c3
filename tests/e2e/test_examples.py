#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_examples.py - each example as a program on a port: what it answers, how it shares time."""
import http.client
import json
import re
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from program import PATIENCE, Program, Wire, until  # noqa: E402


def request(target, version="1.1"):
    return f"GET {target} HTTP/{version}\r\nHost: x\r\n\r\n".encode()


class Example(unittest.TestCase):
    name, args = None, {}

    @classmethod
    def setUpClass(cls):
        cls.program = Program(cls.name, **cls.args)
        cls.addClassCleanup(cls.program.stop)

    def ask(self, target, method="GET", body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=PATIENCE)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def wire(self):
        wire = Wire(self.program)
        self.addCleanup(wire.socket.close)
        return wire

    def requested(self, pattern, count=1):
        until(lambda: len(self.program.says(pattern)) >= count, f"{count} lines {pattern}")


class Hello(Example):
    name = "hello"

    def test_answers(self):
        self.assertEqual(self.ask("/"), (200, b"Hello, world\n"))
        self.assertEqual(self.ask("/x")[0], 404)
        self.assertEqual(self.ask("/", "POST")[0], 405)
        self.requested(rb"I .* 200 GET / \(127\.0\.0\.1\) \d+\.\d\dms")


class Delay(Example):
    """Who waits for whom is seen from the order of the answers, not from a clock."""
    name = "delay"

    def in_order(self, *targets):
        """All asked at once in this order; the targets in the order of their answers."""
        done, wires = [], [self.wire() for _ in targets]

        def wait(target, wire):
            answer = wire.answer()
            done.append(target)
            self.assertEqual(answer.status, 200)

        with ThreadPoolExecutor(len(targets)) as pool:
            waits = []
            for target, wire in zip(targets, wires):
                waits.append(pool.submit(wait, target, wire))
                wire.send(request(target))
            for one in waits:
                one.result()
        return done

    def test_answers(self):
        self.assertEqual(self.ask("/now"), (200, b"now\n"))
        for way in "task", "thread", "blocking":
            self.assertEqual(self.ask(f"/{way}/0.01"), (200, b"slept 0.01 s\n"))
            self.assertEqual(self.ask(f"/{way}/0"), (200, b"slept 0 s\n"))
            for bad in "", "x", "-", "1s", "0x1", "nan", "inf", "1/2":
                self.assertEqual(self.ask(f"/{way}/{bad}")[0], 404, bad)

    def test_twenty_tasks_sleep_together(self):
        wires = [self.wire() for _ in range(20)]
        for wire in wires:
            wire.send(request("/task/1"))
        began = time.monotonic()
        for wire in wires:
            self.assertEqual(wire.answer().body, b"slept 1 s\n")
        self.assertLess(time.monotonic() - began, 15)  # one after another: 20

    def test_nobody_waits_for_a_task(self):
        self.assertEqual(self.in_order("/task/2", "/now")[0], "/now")

    def test_nobody_waits_for_a_thread(self):
        self.assertEqual(self.in_order("/thread/2", "/now")[0], "/now")

    def test_everybody_waits_for_a_blocked_loop(self):
        slow, quick = self.wire(), self.wire()
        quick.send(request("/now"))
        self.assertEqual(quick.answer().status, 200)
        slow.send(request("/blocking/1") + request("/now"))
        # Both answers of the first connection leave together, when the loop goes on.
        self.assertEqual(slow.answer().body, b"slept 1 s\n")
        self.assertEqual(slow.answer().body, b"now\n")

    def test_a_sleeper_whose_client_left_is_woken(self):
        with self.wire() as wire:
            wire.send(request("/task/3600"))
            other = self.wire()
            other.send(request("/now"))
            self.assertEqual(other.answer().status, 200)
        self.requested(rb" 499 GET /task/3600 ")


class DelayOfOneThread(Example):
    name, args = "delay", {}

    @classmethod
    def setUpClass(cls):
        cls.program = Program("delay", "--threads=1")
        cls.addClassCleanup(cls.program.stop)

    def test_one_after_another(self):
        wires = [self.wire() for _ in range(3)]
        began = time.monotonic()
        for wire in wires:
            wire.send(request("/thread/0.2"))
        for wire in wires:
            self.assertEqual(wire.answer().status, 200)
        self.assertGreaterEqual(time.monotonic() - began, 0.6)


class Ticker(Example):
    name = "ticker"

    def test_lines_come_one_by_one(self):
        wire = self.wire()
        wire.send(request("/"))
        self.assertEqual(wire.take_line(), b"HTTP/1.1 200 OK")
        fields = dict(wire.take_fields())
        self.assertEqual(fields["Content-Type"], "text/plain; charset=UTF-8")
        self.assertEqual(fields["Transfer-Encoding"], "chunked")
        for i in (1, 2):
            self.assertEqual(wire.take(10 + len(str(i)) + 1),
                             b"%x\r\ntick %d\n\r\n" % (6 + len(str(i)), i))
            self.assertEqual(wire.data, b"")  # the next is not there yet

    def test_one_that_leaves(self):
        with self.wire() as wire:
            wire.send(request("/?leaves"))
            self.assertEqual(wire.take_line(), b"HTTP/1.1 200 OK")
        self.requested(rb"GET /\?leaves \(127\.0\.0\.1\)")


class Story(Example):
    name = "story"

    def test_answers(self):
        one, seven = ({"id": 1, "title": "The Second Coming"},
                      {"id": 7, "title": "Sailing to Byzantium"})
        for target, want in (("/stories", {"stories": [one, seven]}), ("/story/1", one),
                             ("/story/007", seven), ("/search?q=Byz", seven),
                             ("/search?q=to+Byz", seven), ("/search?q=%54he", one),
                             ("/search?q=", one)):
            status, body = self.ask(target)
            self.assertEqual((status, json.loads(body)), (200, want), target)
        for target, want in (("/story/8", 404), ("/story/-1", 404), ("/story/x", 404),
                             ("/story/", 404), ("/story/99999999999999999999", 404),
                             ("/search", 400),
                             ("/search?p=Byz", 400), ("/search?q=%00", 400), ("/search?q=%ff", 400),
                             ("/search?q=Circus", 404), ("/", 404)):
            self.assertEqual(self.ask(target)[0], want, target)
        self.requested(rb"404 GET /story/8 .*no story 8")


class Demo(Example):
    name = "demo"

    def test_every_link(self):
        status, page = self.ask("/")
        self.assertEqual(status, 200)
        links = re.findall(r"(?:href|data-path)=['\"](/[^'\"]*)['\"]", page.decode())
        self.assertGreaterEqual(len(links), 10)
        wanted = {"/nowhere": 404, "/books/story/8": 404, "/books/search": 400}
        self.assertLessEqual(set(wanted), set(links))
        with ThreadPoolExecutor(len(links)) as pool:
            found = [(link, pool.submit(self.ask, link)) for link in links]
        for link, answer in found:
            self.assertEqual(answer.result()[0], wanted.get(link, 200), link)
            if link == "/ticker/":
                self.assertEqual(answer.result()[1],
                                 b"".join(b"tick %d\n" % i for i in range(1, 11)))

    def test_the_examples_have_prefixes(self):
        self.assertEqual(self.ask("/hello/"), (200, b"Hello, world\n"))
        self.assertEqual(self.ask("/delay/task/0.1"), (200, b"slept 0.1 s\n"))
        self.assertEqual(json.loads(self.ask("/books/story/7")[1])["id"], 7)
        self.assertEqual(self.ask("/story/7")[0], 404)


class Echo(Example):
    name, args = "echo", {"port_args": ("0",)}

    def test_lines_come_back(self):
        with self.wire() as wire, self.wire() as other:
            for line in b"hello\n", b"\n", b"a\0b\r\n", b"x" * 4095 + b"\n":
                wire.send(line)
                self.assertEqual(wire.take(len(line)), line)
            wire.send(b"no end")
            other.send(b"mine\n" * 3)
            self.assertEqual(other.take(15), b"mine\n" * 3)
            wire.send(b" yet\n")
            self.assertEqual(wire.take(11), b"no end yet\n")
            wire.socket.shutdown(1)
            self.assertFalse(wire.more())

    def test_a_line_that_is_too_long(self):
        with self.wire() as wire:
            wire.send(b"x" * 10000)
            try:
                self.assertFalse(wire.more())
            except ConnectionResetError:
                pass
        with self.wire() as wire:
            wire.send(b"still here\n")
            self.assertEqual(wire.take(11), b"still here\n")

    def test_many_at_once(self):
        wires = [self.wire() for _ in range(200)]
        for i, wire in enumerate(wires):
            wire.send(b"%d\n" % i)
        for i, wire in enumerate(wires):
            self.assertEqual(wire.take(len(b"%d\n" % i)), b"%d\n" % i)


del Example

if __name__ == "__main__":
    unittest.main()
