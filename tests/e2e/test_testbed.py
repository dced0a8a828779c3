#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_testbed.py - every route of the testbed to the byte; what no client may bring about.

GYRE_FUZZ_SECONDS and GYRE_FUZZ_SEED lengthen and vary the broken requests.
"""
import base64
import json
import os
import random
import socket
import struct
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from program import Program, Wire, until  # noqa: E402

SECONDS = float(os.environ.get("GYRE_FUZZ_SECONDS", "3"))
SEED = int(os.environ.get("GYRE_FUZZ_SEED", "1"))


def request(target):
    return f"GET {target} HTTP/1.1\r\nHost: t\r\n\r\n".encode()


def cut(rng, data, times):
    at = sorted(rng.randrange(len(data)) for _ in range(times))
    return [data[a:b] for a, b in zip([0, *at], [*at, len(data)])]


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program("testbed")
        cls.addClassCleanup(cls.program.stop)

    def wire(self):
        wire = Wire(self.program)
        self.addCleanup(wire.socket.close)
        return wire


class Routes(Base):
    """Framing is the matter of test_smuggling.py."""

    def get(self, target, method="GET", *fields, body=b""):
        wire = self.wire()
        lines = [f"{method} {target} HTTP/1.1", "Host: t", *fields]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        wire.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        return wire.answer(head=method == "HEAD")

    def test_root(self):
        one = self.get("/")
        self.assertEqual((one.raw, one.body), (b"HTTP/1.1 200 OK", b"Hello, world"))
        self.assertEqual([name for name, _ in one.headers],
                         ["Server", "Date", "Content-Type", "Content-Length"])
        self.assertEqual((one["Content-Type"], one["Content-Length"]), ("text/plain", "12"))
        self.assertRegex(one["Date"], r"\A(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} "
                                      r"\d\d:\d\d:\d\d GMT\Z")
        self.assertEqual(self.get("/", "HEAD")["Content-Length"], "12")
        for method in "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO":
            one = self.get("/", method)
            self.assertIn(one.status, (405, 501) if method == "FOO" else (405,), method)
            self.assertTrue({"GET", "HEAD"} <= set(one["Allow"].split(", ")), one)

    def test_echo(self):
        one = self.get("/echo?a=%20b&&c?d", "GET", "X-A: 1", "x-b:  two words ", "x-a: 3")
        self.assertEqual(one["Content-Type"], "application/json; charset=UTF-8")
        self.assertEqual(json.loads(one.body), {
            "method": "GET", "path": "/echo", "query": "a=%20b&&c?d", "body": "",
            "headers": {"host": "t", "x-a": "1, 3", "x-b": "two words"}})
        one = self.get("/echo?", "PUT", 'X: "\\\t\xc3\xa9</script>', body=b"\0\xff")
        seen = json.loads(one.body)
        self.assertEqual((seen["method"], seen["query"], seen["body"]), ("PUT", "", "AP8="))
        self.assertEqual(seen["headers"]["x"], '"\\\t\u00e9</script>')
        for method in "POST", "DELETE", "PATCH", "TRACE", "BREW":
            self.assertEqual(json.loads(self.get("/echo", method).body)["method"], method)
        self.assertEqual(json.loads(self.get("http://h/echo?q").body)["path"], "/echo")
        self.assertEqual(self.get("/%65cho").status, 200)
        self.assertEqual(json.loads(self.get("/%65cho").body)["path"], "/%65cho")

    def test_echo_of_bytes_that_are_no_text(self):
        one = self.get("/echo", "GET", "X: \xff\xfe")
        self.assertEqual(one.status, 200)
        self.assertIn("x", json.loads(one.body)["headers"])

    def test_upload(self):
        form = "Content-Type: application/x-www-form-urlencoded"
        for body, want in ((b"a=b&a=c&d=%C3%A9", {"a": ["b", "c"], "d": ["\u00e9"]}),
                           (b"a=", {"a": [""]}), (b"a+b=c+d", {"a b": ["c d"]}),
                           (b"a=%&b=%zz", {"a": ["%"], "b": ["%zz"]})):
            one = self.get("/upload", "POST", form, body=body)
            self.assertEqual(one.status, 200)
            self.assertEqual(json.loads(one.body), {"fields": want, "files": []})
        for body in b"a=%ff", b"a=%00", b"%ff=a":
            self.assertEqual(self.get("/upload", "POST", form, body=body).status, 400, body)
        one = self.get("/upload", "POST", form, "Content-Length: 0")
        self.assertEqual((one.status, json.loads(one.body)), (200, {"fields": {}, "files": []}))
        one = self.get("/upload", "POST", form.upper(), body=b"a=b")
        self.assertEqual((one.status, json.loads(one.body)["fields"]), (200, {"a": ["b"]}))
        one = self.get("/upload", "POST", "Content-Type: text/plain", body=b"a")
        self.assertEqual(one.status, 415)
        self.assertEqual(self.get("/upload").status, 405)

    def test_sleep(self):
        for seconds in "0", "0.01", "1e-2":
            one = self.get("/sleep/" + seconds)
            self.assertEqual((one.status, one.body), (200, b"slept\n"), seconds)
        for bad in "x", "-1x", "", "1,5":
            self.assertEqual(self.get("/sleep/" + bad).status, 404, bad)
        with self.wire() as slow, self.wire() as quick:
            slow.send(request("/sleep/3600"))
            quick.send(request("/"))
            self.assertEqual(quick.answer().status, 200)

    def test_text(self):
        one = self.get("/text")
        self.assertEqual(one["Content-Type"], "text/plain")
        self.assertEqual(one.body, b"All work and no play.\n" * 1000)

    def test_stream(self):
        wire = self.wire()
        wire.send(request("/stream"))
        self.assertEqual(wire.take_line(), b"HTTP/1.1 200 OK")
        self.assertIn(("Transfer-Encoding", "chunked"), wire.take_fields())
        for i in range(10):
            self.assertEqual(wire.take(13), b"8\r\nchunk %d\n\r\n" % i)
        self.assertEqual(wire.take(5), b"0\r\n\r\n")

    def test_status(self):
        for n in 204, 304:
            for method in "GET", "POST":
                one = self.get(f"/status/{n}", method)
                self.assertEqual((one.status, one.body, one["Content-Type"]), (n, b"", None))
                self.assertIn(one["Content-Length"], (None, "0") if n == 304 else (None,))
        for bad in "200", "999999999999999999999", "x", "-204", "0":
            self.assertEqual(self.get("/status/" + bad).status, 404, bad)

    def test_boom(self):
        one = self.get("/boom")
        self.assertEqual(one.status, 500)
        self.assertNotIn(b"secret", one.body)

    def test_redirect(self):
        for to, want in (("/x", "/x"), ("http://a/b%3Fc%26d", "http://a/b?c&d"),
                         ("/a%20b", "/a%20b"), ("%2F%2Fa", "//a"), ("a", "a")):
            one = self.get("/redirect?to=" + to)
            self.assertEqual((one.status, one["Location"]), (302, want))
        self.assertEqual(self.get("/redirect").status, 400)

    def test_load(self):
        for target in "/async", "/fan":
            one = self.get(target)
            self.assertEqual((one.status, one.body), (200, b"Hello, world"))

    def test_fifty_fans_at_once(self):
        wires = [self.wire() for _ in range(50)]
        for wire in wires:
            wire.send(request("/fan"))
        for wire in wires:
            self.assertEqual(wire.answer().body, b"Hello, world")

    def test_nothing_else(self):
        for target in "/nowhere", "/Echo", "//", "/echo/", "/../", "/%2e%2e/", "/%00", "/%":
            self.assertIn(self.get(target).status, (404, 400), target)


class Good(Base):
    """Requests of every size and framing, many behind one another, in any pieces: exact answers."""

    def framed(self, rng, body):
        """Fields and bytes of a body."""
        if rng.random() < 0.5:
            return ([b"Content-Length: %d" % len(body)] if body or rng.random() < 0.5 else []), body
        out, at = [], 0
        while at < len(body):
            n = rng.choice((1, 2, 15, 16, 17, 100, 4095, 4096, 70000))
            part = body[at:at + n]
            out.append(b"%s%x%s\r\n%s\r\n" % (b"0" * rng.randrange(3), len(part),
                                           rng.choice((b"", b";a", b";a=\"b\"")), part))
            at += n
        trailers = b"".join(b"X-T%d: %s\r\n" % (i, b"t" * rng.randrange(300))
                            for i in range(rng.choice((0, 0, 1, 5))))
        return [b"Transfer-Encoding: chunked"], b"".join(out) + b"0\r\n" + trailers + b"\r\n"

    def one(self, rng):
        """A request and a check of its answer."""
        size = rng.choice((0, 0, 1, 5, 100, 4000, 4096, 16384, 30000, 100_000))
        body = rng.randbytes(rng.randrange(size + 1))
        method, path, status = rng.choice([("PUT", "/echo", 200)] * 6 +
                                          [("POST", "/", 405), ("PUT", "/nowhere", 404),
                                           ("POST", "/status/204", 204)])
        fields = [b"Host: t"]
        most = rng.choice((50, 50, 1000, 15000, 60000))
        used = 0
        for i in range(rng.choice((0, 2, 10, 40, 90))):
            value = b"v" * rng.randrange(rng.choice((2, 20, 2000)))
            used += len(value) + 10
            if used > most:
                break
            fields.append(b"X-%d:%s%s" % (i, b" " * rng.randrange(3), value))
        extra, data = self.framed(rng, body)
        fields += extra
        rng.shuffle(fields)
        query = "q" * rng.choice((0, 1, 30, 3000))
        target = f"{path}?{query}" if query else path
        whole = b"\r\n".join([f"{method} {target} HTTP/1.1".encode(), *fields, b"", b""]) + data

        def check(answer):
            self.assertEqual(answer.status, status)
            if path != "/echo":
                return answer["Connection"] != "close"
            seen = json.loads(answer.body)
            self.assertEqual((seen["method"], seen["path"], seen["query"]), (method, path, query))
            self.assertTrue(base64.b64decode(seen["body"]) == body)
            told = {name.decode().lower(): value.decode().strip() for name, value in
                    (field.split(b":", 1) for field in fields)}
            self.assertEqual(seen["headers"], told)
            return True
        return whole, check

    def run_one(self, seed, end):
        rng, count = random.Random(seed), 0
        while time.monotonic() < end:
            requests = [self.one(rng) for _ in range(rng.choice((1, 2, 8)))]
            data = b"".join(whole for whole, _ in requests)
            parts = cut(rng, data, rng.choice((0, 0, 1, 5, 50)))
            with Wire(self.program) as wire, ThreadPoolExecutor(1) as sender:
                sender.submit(lambda: [wire.send(part) for part in parts])
                for n, (whole, check) in enumerate(requests):
                    try:
                        stays = check(wire.answer())
                    except Exception as e:
                        raise AssertionError(f"seed {seed}, connection {count}, request {n}: "
                                             f"{whole[:300]!r}") from e
                    if not stays:  # a body that nobody wanted
                        self.assertTrue(wire.closed())
                        break
            count += 1
        return count

    def test_exact_answers(self):
        end = time.monotonic() + SECONDS
        with ThreadPoolExecutor(3) as pool:
            runs = [pool.submit(self.run_one, SEED * 1000 + i, end) for i in range(3)]
            count = sum(run.result() for run in runs)
        if "GYRE_FUZZ_SECONDS" in os.environ:
            print(f"{count} good connections")
        self.assertGreater(count, 10)


class Broken(Base):
    """Requests that were good once, in pieces, cut off, reset; the next is always served."""

    SEEDS = [
        request("/"), request("/echo?a=b&c=%20"), request("/text"), request("/stream"),
        request("/status/204"), request("/boom"), request("/redirect?to=/x"),
        request("/sleep/0.01"), request("/fan"), request("/nowhere"),
        b"HEAD / HTTP/1.1\r\nHost: t\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n",
        b"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        b"GET http://a:1/echo HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 11\r\n\r\nhello world",
        b"POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
        b"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5;a=\"b\"\r\nhello\r\n6\r\n world\r\n0\r\nX-T: y\r\n\r\n",
        b"POST /upload HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 15\r\n\r\na=b&a=%C3%A9&c+",
        b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 300000\r\n\r\n" + b"x" * 2000,
        b"GET /echo HTTP/1.1\r\nHost: t\r\nConnection: close, x\r\n" + b"X: y\r\n" * 40 + b"\r\n",
    ]
    WORDS = [b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"\r\n\r\n", b"HTTP/1.1", b"%", b"0\r\n\r\n",
             b"Content-Length: 1\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: x\r\n", b"-1",
             b"Connection: close\r\n", b"ffffffffffffffff", b";", b",", b"\t", b"\xff", b"a" * 3000,
             b"\x80" * 40]

    def mutate(self, rng):
        data = bytearray(b"".join(rng.choice(self.SEEDS) for _ in range(rng.choice((1, 1, 2, 5)))))
        for _ in range(rng.choice((0, 1, 1, 2, 4, 10))):
            at = rng.randrange(len(data) + 1)
            kind = rng.randrange(6)
            if kind == 0 and at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            elif kind == 1 and at < len(data):
                data[at] = rng.randrange(256)
            elif kind == 2:
                data[at:at] = rng.choice(self.WORDS)
            elif kind == 3:
                del data[at:at + rng.randrange(1, 20)]
            elif kind == 4:
                end = at + rng.randrange(1, 60)
                data[at:at] = data[at:end]
            else:
                del data[at:]
        return bytes(data) or b"G"

    def send(self, rng, data):
        """On a connection of its own; gone about in one of several ways."""
        with Wire(self.program) as wire:
            for part in cut(rng, data, rng.choice((0, 0, 0, 1, 5))):
                wire.send(part)
            way = rng.randrange(4)
            try:
                if way == 0:  # read what there is, which may be nothing
                    wire.socket.settimeout(0.02)
                    while wire.more():
                        pass
                elif way == 1:
                    wire.socket.shutdown(socket.SHUT_WR)
                    wire.socket.settimeout(0.2)
                    while wire.more():
                        pass
                elif way == 2:  # a reset
                    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                           struct.pack("ii", 1, 0))
            except OSError:
                pass

    def run_one(self, seed, end):
        rng, count = random.Random(seed), 0
        while time.monotonic() < end:
            data = self.mutate(rng)
            try:
                self.send(rng, data)
                if count % 10 == 0:
                    with Wire(self.program) as wire:
                        wire.send(request("/"))
                        self.assertEqual(wire.answer().body, b"Hello, world")
            except (OSError, AssertionError) as e:
                raise AssertionError(f"seed {seed}, request {count}: {data!r}") from e
            count += 1
        return count

    def test_no_fault_and_nothing_left(self):
        files = self.program.files()
        end = time.monotonic() + SECONDS
        with ThreadPoolExecutor(4) as pool:
            runs = [pool.submit(self.run_one, SEED * 1000 + i, end) for i in range(4)]
            count = sum(run.result() for run in runs)
        if "GYRE_FUZZ_SECONDS" in os.environ:
            print(f"{count} broken connections")
        self.assertGreater(count, 20)
        until(lambda: self.program.files() <= files, "all connections to be closed")
        with self.wire() as wire:
            wire.send(request("/"))
            self.assertEqual(wire.answer().body, b"Hello, world")


class Crowds(Base):
    def test_a_thousand_that_come_and_go(self):
        files = self.program.files()
        wires = [Wire(self.program) for _ in range(500)]
        for wire in wires[::2]:
            wire.send(request("/"))
        for wire in wires[::2]:
            self.assertEqual(wire.answer().body, b"Hello, world")
        for i, wire in enumerate(wires):
            if i % 3 == 0:
                wire.send(b"GET / HT")
            wire.socket.close()
        until(lambda: self.program.files() <= files, "all connections to be closed")

    def test_clients_that_do_not_read(self):
        """Their answers wait for them; nobody else does."""
        deaf = [self.wire() for _ in range(20)]
        for wire in deaf:
            wire.send(request("/text") * 1000)  # more than fits on the way
        with self.wire() as wire:
            wire.send(request("/"))
            self.assertEqual(wire.answer().body, b"Hello, world")
        for _ in range(1000):
            self.assertEqual(len(deaf[0].answer().body), 22000)


if __name__ == "__main__":
    unittest.main()
