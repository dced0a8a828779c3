#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_smuggling.py - the testbed against clients that bend the protocol, byte by byte.

What is refused must be refused with exactly one answer and the end of the connection, and nothing
behind it may be taken for a request.
"""
import base64
import json
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from program import CLOSED, Program, Wire, until  # noqa: E402
from smuggling_cases import (HELLO, PROBE, REFUSED, SERVED, SMUGGLED,  # noqa: E402
                             chunks, get, post, sized)

MIB = 1 << 20


class Case(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.testbed = Program("testbed", *cls.options)
        cls.files = cls.testbed.files()

    @classmethod
    def tearDownClass(cls):
        try:
            until(lambda: cls.testbed.files() <= cls.files, "all connections to be closed")
        finally:
            cls.testbed.stop()

    def wire(self):
        wire = Wire(self.testbed)
        self.addCleanup(wire.socket.close)
        return wire

    def refused(self, data, status, slowly=False):
        """One answer with that status, the end, and no other request seen."""
        with self.wire() as wire:
            (wire.send_slowly if slowly else wire.send)(data + SMUGGLED)
            one = wire.answer()
            self.assertNotEqual(one, CLOSED, "no answer")
            statuses = status if isinstance(status, tuple) else (status,)
            self.assertIn(one.status, statuses)
            self.assertEqual(one["Connection"], "close")
            self.assertTrue(wire.closed(), "not closed")
            return one

    def echoed(self, data, body, slowly=False):
        """Served by /echo with that body; the next request on the connection is served too."""
        with self.wire() as wire:
            (wire.send_slowly if slowly else wire.send)(data)
            one = wire.answer()
            self.assertNotEqual(one, CLOSED, "no answer")
            self.assertEqual(one.status, 200)
            self.assertNotEqual(one["Connection"], "close")
            seen = json.loads(one.body)
            self.assertEqual(base64.b64decode(seen["body"]), body)
            wire.send(PROBE)
            self.assertEqual(wire.answer().status, 204)
            return seen


class Lines(Case):
    """A program that nobody else asks: all its lines are of this."""

    def test_refused_whole(self):
        before = len(self.testbed.lines)
        for name, data, status in REFUSED:
            with self.subTest(name):
                self.refused(data, status)
        until(lambda: len(self.testbed.lines) >= before + len(REFUSED), "a line for each")
        self.assertEqual(len(self.testbed.lines), before + len(REFUSED))
        for line in self.testbed.lines:
            self.assertRegex(line, rb"\A[\x20-\x7e]+\Z")
            self.assertLess(len(line), 4096)
        self.assertEqual(self.testbed.says(rb"smuggled"), [])


class Table(Case):
    def tearDown(self):
        self.assertEqual(self.testbed.says(rb"smuggled"), [])

    def test_refused_byte_by_byte(self):
        for name, data, status in REFUSED:
            if len(data) < 400:
                with self.subTest(name):
                    self.refused(data, status, slowly=True)

    def test_refused_behind_a_good_request(self):
        for name, data, status in REFUSED:
            with self.subTest(name), self.wire() as wire:
                wire.send(PROBE + get() + data + SMUGGLED)
                self.assertEqual(wire.answer().status, 204)
                self.assertEqual(wire.answer().body, b"Hello, world")
                one = wire.answer()
                self.assertIn(one.status, status if isinstance(status, tuple) else (status,))
                self.assertTrue(wire.closed(), "not closed")

    def test_served_whole(self):
        for name, data, body in SERVED:
            with self.subTest(name):
                self.echoed(data, body)

    def test_served_byte_by_byte(self):
        for name, data, body in SERVED:
            if len(data) < 400:
                with self.subTest(name):
                    self.echoed(data, body, slowly=True)

    def test_served_with_the_next_behind_it(self):
        for name, data, body in SERVED:
            with self.subTest(name), self.wire() as wire:
                wire.send(data * 3 + PROBE)
                for _ in range(3):
                    one = wire.answer()
                    self.assertEqual(one.status, 200)
                    self.assertEqual(base64.b64decode(json.loads(one.body)["body"]), body)
                self.assertEqual(wire.answer().status, 204)


class Requests(Case):
    def test_methods_that_a_path_does_not_know(self):
        for method in b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE":
            with self.subTest(method), self.wire() as wire:
                wire.send(get(method=method) + PROBE)
                one = wire.answer()
                self.assertEqual(one.status, 405)
                self.assertIn("GET", one["Allow"])
                self.assertEqual(wire.answer().status, 204)

    def test_unknown_methods_are_501_and_the_connection_stays(self):
        for method in b"BREW", b"M-SEARCH", b"get", b"!#$%&'*+-.^_`|~":
            with self.subTest(method), self.wire() as wire:
                wire.send(get(method=method) + PROBE)
                self.assertIn(wire.answer().status, (405, 501))
                self.assertEqual(wire.answer().status, 204)

    def test_connect_is_no_tunnel(self):
        with self.wire() as wire:
            wire.send(get(method=b"CONNECT", target=b"x:80"))
            self.assertIn(wire.answer().status, (400, 405, 501))

    def test_options_of_the_server(self):
        with self.wire() as wire:
            wire.send(get(method=b"OPTIONS", target=b"*") + PROBE)
            self.assertEqual(wire.answer().status, 204)
            self.assertEqual(wire.answer().status, 204)

    def test_head_has_the_head_of_get(self):
        for target in b"/", b"/text", b"/nowhere", b"/echo", b"/stream", b"/boom":
            with self.subTest(target), self.wire() as wire:
                wire.send(get(method=b"HEAD", target=target))
                head = wire.answer(head=True)
                wire.send(get(target=target))
                whole = wire.answer()
                self.assertEqual(head.status, whole.status)
                if target != b"/echo":
                    self.assertEqual(*(tuple(f for f in one.headers if f[0] != "Date")
                                       for one in (head, whole)))

    def test_an_absolute_target_is_the_host(self):
        seen = self.echoed(post(target=b"http://other:81/echo?a=%20b"), b"")
        self.assertEqual((seen["path"], seen["query"]), ("/echo", "a=%20b"))

    def test_trailers_are_no_headers(self):
        seen = self.echoed(post(b"X-One: 1", b"Transfer-Encoding: chunked",
                                body=b"0\r\nX-One: 2\r\nX-Two: 2\r\n\r\n"), b"")
        self.assertEqual(seen["headers"]["x-one"], "1")
        self.assertNotIn("x-two", seen["headers"])

    def test_pipelined_answers_come_in_order(self):
        waits = b"".join(get(target=b"/sleep/%s" % s) + get(target=b"/status/304")
                         for s in (b"0.05", b"0.01", b"0"))
        with self.wire() as wire:
            wire.send(waits + post(b"Content-Length: 5", body=HELLO) + get())
            for _ in range(3):
                self.assertEqual(wire.answer().body, b"slept\n")
                self.assertEqual(wire.answer().status, 304)
            self.assertEqual(base64.b64decode(json.loads(wire.answer().body)["body"]), HELLO)
            self.assertEqual(wire.answer().body, b"Hello, world")

    def test_many_pipelined(self):
        with self.wire() as wire, ThreadPoolExecutor(1) as pool:
            pool.submit(wire.send, get() * 3000)
            for _ in range(3000):
                self.assertEqual(wire.answer().body, b"Hello, world")

    def test_nothing_behind_a_close(self):
        for first in (get(b"Connection: close"), get(version=b"HTTP/1.0"),
                      get(b"Connection: x, CLOSE"),
                      get(b"Connection: keep-alive", b"Connection: close"),
                      get(b"Connection: close", version=b"HTTP/1.0")):
            with self.subTest(first), self.wire() as wire:
                wire.send(first + SMUGGLED)
                self.assertEqual(wire.answer().body, b"Hello, world")
                self.assertTrue(wire.closed())
        self.assertEqual(self.testbed.says(rb"smuggled"), [])

    def test_http_1_0_gets_no_chunks(self):
        with self.wire() as wire:
            wire.send(get(b"Connection: keep-alive", version=b"HTTP/1.0", target=b"/stream"))
            one = wire.answer()
            self.assertEqual(one["Transfer-Encoding"], None)
            self.assertEqual(one["Connection"], "close")
            self.assertEqual(one.body, b"".join(b"chunk %d\n" % i for i in range(10)))

    def test_http_1_0_is_told_that_it_stays(self):
        with self.wire() as wire:
            for _ in range(3):
                wire.send(get(b"Connection: keep-alive", version=b"HTTP/1.0"))
                self.assertEqual(wire.answer()["Connection"], "keep-alive")

    def test_a_redirect_cannot_be_split(self):
        for value in (b"/%0d%0aX-Evil:%20yes", b"/%0aX-Evil:yes", b"/%0dX-Evil:yes", b"/a%00b",
                      b"/a%7fb", b"/%c0%8aX-Evil:yes", b"%0d%0aX-Evil:yes%0d%0a"):
            with self.subTest(value), self.wire() as wire:
                wire.send(get(target=b"/redirect?to=" + value))
                one = wire.answer()
                self.assertEqual((one.status, one["Location"], one["X-Evil"]), (400, None, None))
        with self.wire() as wire:  # outer spaces are no part of an argument
            wire.send(get(target=b"/redirect?to=%20/x%20"))
            self.assertEqual(wire.answer()["Location"], "/x")
        with self.wire() as wire:
            body = b"to=%0d%0aX-Evil:yes%0d%0a"
            wire.send(get(b"Content-Type: application/x-www-form-urlencoded",
                          b"Content-Length: %d" % len(body), target=b"/redirect") + body)
            one = wire.answer()
            self.assertEqual((one["Location"], one["X-Evil"]), ("X-Evil:yes", None))
        with self.wire() as wire:
            wire.send(get(target=b"/redirect?to=/a%20b%22c%C4%8D%C4%8A"))
            one = wire.answer()
            self.assertEqual((one.status, one["Location"]), (302, "/a%20b%22c%C4%8D%C4%8A"))

    def test_the_log_shows_no_controls(self):
        with self.wire() as wire:
            wire.send(get(target=b"/%1b[2J%0a[I 261122 fake]") + PROBE)
        with self.wire() as wire:
            wire.send(get(target=b"/nowhere?a=%1b%0d%0a[fake]") +
                      get(target=b"/redirect?to=/%0a/") + PROBE)
            for status in 404, 400, 204:
                self.assertEqual(wire.answer().status, status)
        for line in self.testbed.lines:
            self.assertRegex(line, rb"\A[\x20-\x7e]+\Z")

    def test_a_secret_of_a_failure_stays_in_the_log(self):
        with self.wire() as wire:
            wire.send(get(target=b"/boom") + PROBE)
            one = wire.answer()
            self.assertEqual(one.status, 500)
            self.assertNotIn(b"secret", one.body)
            self.assertEqual(wire.answer().status, 204)
        until(lambda: self.testbed.says(rb"500 GET /boom .*ms"), "the line of the request")
        self.assertEqual(len(self.testbed.says(rb"boom-secret")), 1)


class Bodies(Case):
    def test_a_body_as_large_as_may_be(self):
        body = bytes(range(256)) * (8 * MIB // 256)
        for data in (post(b"Content-Length: %d" % len(body), body=body),
                     chunks(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))):
            with self.wire() as wire, ThreadPoolExecutor(1) as pool:
                pool.submit(wire.send, data + PROBE)
                self.assertEqual(base64.b64decode(json.loads(wire.answer().body)["body"]), body)
                self.assertEqual(wire.answer().status, 204)

    def test_a_body_that_is_announced_too_large(self):
        with self.wire() as wire:
            wire.send(post(b"Content-Length: %d" % (8 * MIB + 1)))  # and none of it
            one = wire.answer()
            self.assertEqual((one.status, one["Connection"]), (413, "close"))
            self.assertTrue(wire.closed())

    def test_a_body_that_becomes_too_large(self):
        piece = b"100000\r\n" + b"x" * MIB + b"\r\n"
        with self.wire() as wire, ThreadPoolExecutor(1) as pool:
            pool.submit(wire.send, chunks(piece * 8) + b"1\r\nx\r\n")
            one = wire.answer()
            self.assertEqual((one.status, one["Connection"]), (413, "close"))
            self.assertTrue(wire.closed())

    def test_an_early_answer_can_be_read(self):
        """Ten megabytes to a route that does not read them: the answer comes before or after."""
        body = b"x" * 10_000_000
        for target, status in ((b"/", 405), (b"/nowhere", 404), (b"/echo", 413)):
            for data in (post(b"Content-Length: %d" % len(body), target=target, body=body),
                         post(b"Transfer-Encoding: chunked", target=target,
                              body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))):
                with self.subTest(target), self.wire() as wire:
                    wire.socket.sendall(data)  # all of it goes out, nothing is reset
                    one = wire.answer()
                    self.assertEqual((one.status, one["Connection"]), (status, "close"))
                    self.assertTrue(wire.closed())

    def test_a_small_unread_body_does_not_cost_the_connection(self):
        for target, status in ((b"/", 405), (b"/nowhere", 404)):
            with self.wire() as wire:
                wire.send(post(b"Content-Length: %d" % len(SMUGGLED * 26), target=target,
                               body=SMUGGLED * 26) + PROBE)
                self.assertEqual(wire.answer().status, status)
                self.assertEqual(wire.answer().status, 204)
        self.assertEqual(self.testbed.says(rb"smuggled"), [])

    def test_expectations(self):
        with self.wire() as wire:
            wire.send(post(b"Expect: 100-Continue", b"Content-Length: 5"))
            self.assertEqual(wire.answer().status, 100)
            wire.send(HELLO)
            self.assertEqual(base64.b64decode(json.loads(wire.answer().body)["body"]), HELLO)
            wire.send(post(b"Expect: 100-continue", b"Transfer-Encoding: chunked"))
            self.assertEqual(wire.answer().status, 100)
            wire.send(b"5\r\nhello\r\n0\r\n\r\n" + PROBE)
            self.assertEqual(base64.b64decode(json.loads(wire.answer().body)["body"]), HELLO)
            self.assertEqual(wire.answer().status, 204)

    def test_no_body_is_asked_for_that_is_not_wanted(self):
        for target, length, status in ((b"/nowhere", 5, 404), (b"/", 5, 405),
                                       (b"/echo", 9 * MIB, 413)):
            with self.subTest(target), self.wire() as wire:
                wire.send(post(b"Expect: 100-continue", b"Content-Length: %d" % length,
                               target=target))
                one = wire.answer()
                self.assertEqual((one.status, one["Connection"]), (status, "close"))
                self.assertTrue(wire.closed())

    def test_the_client_leaves_within_a_body(self):
        for data in (post(b"Content-Length: 5", body=b"he"), chunks(b"5\r\nhe"),
                     b"GET / HTTP/1.1\r\nHo"):
            with self.wire() as wire:
                wire.send(data)
                wire.socket.shutdown(1)
                one = wire.answer()
                self.assertTrue(one == CLOSED or one.status == 400, one)
                self.assertTrue(one == CLOSED or wire.closed())

    def test_a_half_closed_client_gets_its_answers(self):
        with self.wire() as wire:
            wire.send(get() * 2 + get(target=b"/stream"))
            wire.socket.shutdown(1)
            self.assertEqual(wire.answer().body, b"Hello, world")
            self.assertEqual(wire.answer().body, b"Hello, world")
            self.assertEqual(wire.answer().status, 200)
            self.assertTrue(wire.closed())


class SmallLimits(Case):
    options = "--max-head=512", "--max-body=1000"

    def test_a_head_to_the_byte(self):
        def head(size, **more):
            return get(b"X: " + b"a" * (size - len(get(b"X: ", **more))), **more)
        for slowly in False, True:
            self.assertEqual(len(head(512)), 512)
            with self.wire() as wire:
                (wire.send_slowly if slowly else wire.send)(head(512) * 3 + PROBE)
                for _ in range(3):
                    self.assertEqual(wire.answer().body, b"Hello, world")
                self.assertEqual(wire.answer().status, 204)
            self.refused(head(513), 431, slowly)
            self.refused(head(2000), 431, slowly)
            self.refused(get(target=b"/" + b"a" * 600), 414, slowly)

    def test_a_body_to_the_byte(self):
        body = b"x" * 1000
        for slowly in False, True:
            self.echoed(sized(b"1000", body), body, slowly)
            self.echoed(chunks(b"3e8\r\n" + body + b"\r\n0\r\n\r\n"), body, slowly)
            self.echoed(chunks(b"1\r\nx\r\n" * 1000 + b"0\r\n\r\n"), body, slowly)
            self.refused(sized(b"1001", b""), 413, slowly)
            self.refused(chunks(b"3e9\r\n"), 413, slowly)
            self.refused(chunks(b"1\r\nx\r\n" * 1000 + b"1\r\n"), 413, slowly)

    def test_a_body_larger_than_the_head_may_be(self):
        body = bytes(range(256)) * 3
        with self.wire() as wire:
            wire.send(sized(b"768", body) * 20 + PROBE)
            for _ in range(20):
                self.assertEqual(base64.b64decode(json.loads(wire.answer().body)["body"]), body)
            self.assertEqual(wire.answer().status, 204)


class Slow(Case):
    """All at once, because each takes as long as its limit."""
    options = "--head-timeout=1", "--idle-timeout=1", "--body-stall=1"

    def wait(self, *data):
        with self.wire() as wire:
            for part in data:
                wire.send(part)
            answers = []
            while (one := wire.answer()) != CLOSED:
                answers.append(one)
            return [one.status for one in answers]

    def test_time_runs_out(self):
        cases = [
            ("a head without an end", [408], b"GET / HTTP/1.1\r\nHost: x\r\n"),
            ("one byte", [408], b"G"),
            ("half a body", [408], post(b"Content-Length: 5", body=b"he")),
            ("half a chunk", [408], chunks(b"5\r\nhe")),
            ("no body after 100", [100, 408], post(b"Expect: 100-continue", b"Content-Length: 5")),
            ("nothing", []),
            ("an idle connection", [204], PROBE),
            ("an empty line", [408], b"\r\n"),
            ("half a head behind a request", [204, 408], PROBE + b"GET"),
        ]
        with ThreadPoolExecutor(len(cases)) as pool:
            found = [(name, want, pool.submit(self.wait, *data)) for name, want, *data in cases]
        for name, want, future in found:
            with self.subTest(name):
                self.assertEqual(future.result(), want)


if __name__ == "__main__":
    unittest.main()
