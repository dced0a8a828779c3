#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_foreign_loops.py - gyre in the loops of libuv and GLib, and these in gyre's."""
import http.client
import json
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from program import BUILD, PATIENCE, Program, Wire, until  # noqa: E402


class Foreign(unittest.TestCase):
    name, args = None, {}

    @classmethod
    def setUpClass(cls):
        if not (BUILD / "examples" / cls.name).exists():
            raise unittest.SkipTest(f"{cls.name} is not built: its library is not installed")
        cls.program = Program(cls.name, **cls.args)
        cls.addClassCleanup(cls.program.stop)

    def ask(self, target):
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=PATIENCE)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def naps(self):
        """None too short, also after a pause; several at once; a client that leaves while it waits."""
        paused = time.monotonic() + 0.2
        until(lambda: time.monotonic() > paused, "a pause")
        before = time.monotonic()
        self.assertEqual(self.ask("/sleep/0.2")[0], 200)
        self.assertGreater(time.monotonic() - before, 0.19)
        with ThreadPoolExecutor(8) as pool:
            for status, body in pool.map(self.ask, ["/sleep/0.05"] * 8):
                self.assertEqual((status, body), (200, b'{"slept":"0.05"}'))
        with Wire(self.program) as wire:
            wire.send(b"GET /sleep/1000 HTTP/1.1\r\nHost: x\r\n\r\n")
            with Wire(self.program) as other:   # sent later, so the first is under way
                other.send(b"GET /sleep/0.01 HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertEqual(other.answer().status, 200)
        self.assertEqual(self.ask("/sleep/0.01")[0], 200)


class Host(Foreign):
    """Theirs waits, gyre serves."""
    args = {"port_args": ("0",)}

    def both_live(self):
        ticks = lambda: json.loads(self.ask("/")[1])["ticks"]  # noqa: E731
        first = ticks()
        until(lambda: ticks() > first + 2, "ticks of the host's timer")
        self.naps()


class UvHost(Host):
    name = "uv_host"

    def test_both_live(self):
        self.both_live()


class GlibHost(Host):
    name = "glib_host"

    def test_both_live(self):
        self.both_live()


class UvGuest(Foreign):
    name = "uv_guest"

    def test_timers_call_back(self):
        self.naps()

    def test_threads_call_back(self):
        status, body = self.ask("/version")
        self.assertEqual(status, 200)
        with open("/proc/version", "rb") as f:
            self.assertEqual(body, f.read(256))


class GlibGuest(Foreign):
    name = "glib_guest"

    def test_timers_call_back(self):
        self.naps()

    def test_threads_call_back(self):
        with ThreadPoolExecutor(8) as pool:
            for i, answer in enumerate(pool.map(self.ask, [f"/sum/{n}" for n in range(50)])):
                self.assertEqual(answer, (200, b'{"sum":%d}' % (i * (i + 1) // 2)))


if __name__ == "__main__":
    unittest.main()
