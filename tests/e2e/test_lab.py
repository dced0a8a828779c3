#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_lab.py - the lab: every work in every way, the stream of points, runs, and what it leaves."""
import http.client
import json
import os
import pathlib
import re
import socket
import sys
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from program import PATIENCE, Program, until  # noqa: E402

WORKS = ("hello", "delay", "fetch", "cluster", "burn")
WAYS = ("task", "thread", "process", "block")
QUICK = ("--delay=30ms", "--lookup=2ms", "--burn=2ms", "--threads=8", "--processes=2", "--many=2",
         "--watchdog=0")  # a thread, which TSan does not bear in a process of a pool
POINT = {"system": "gyre task", "work": "fetch", "concurrency": 1000, "rps": 12345.5,
         "p50_ms": 1.25, "p99_ms": 40, "failed": 0}


def parents():
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            rest = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if rest[0] != "Z":
                found[int(pid)] = int(rest[1])
        except (OSError, IndexError):
            pass  # it has ended meanwhile
    return found


def descendants(pid):
    of, found, more = parents(), set(), {pid}
    while more:
        more = {child for child, parent in of.items() if parent in more} - found
        found |= more
    return found


class Events:
    """A stream of server-sent events."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.connection.request("GET", "/lab/points")
        self.answer = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.answer.close()
        self.connection.close()

    def next(self):
        name, data = None, None
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if not line and name:
                return name, json.loads(data)
            field, _, value = line.partition(": ")
            name, data = (value if field == "event" else name), (value if field == "data" else data)

    def until(self, name):
        """What comes, up to the first of that name."""
        seen = []
        while not seen or seen[-1][0] != name:
            seen.append(self.next())
        return seen


class Served(unittest.TestCase):
    args = ()

    @classmethod
    def setUpClass(cls):
        cls.upstream = Program("lab/upstream", "--lookup=1ms")
        cls.addClassCleanup(cls.upstream.stop)
        cls.program = Program("lab/lab", f"--upstream=http://127.0.0.1:{cls.upstream.port}/", *QUICK,
                              *cls.args)
        cls.addClassCleanup(cls.end)

    @classmethod
    def end(cls):
        """It leaves nobody behind."""
        family = descendants(cls.program.pid)
        cls.program.stop()
        until(lambda: not family & set(parents()), f"the end of {family}")

    def ask(self, target, method="GET", body=None, headers=None, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.program.port,
                                                timeout=PATIENCE)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def json(self, target, method="GET", body=None, headers=None):
        status, _, said = self.ask(target, method, body, headers)
        return status, json.loads(said)

    def post_point(self, headers=None, **changes):
        return self.json("/lab/points", "POST", json.dumps({**POINT, **changes}), headers)

    def post_run(self, **form):
        return self.json("/lab/run", "POST", urllib.parse.urlencode(form, doseq=True),
                         {"Content-Type": "application/x-www-form-urlencoded"})


class Works(Served):
    def expect(self, work, way):
        status, headers, body = self.ask(f"/{work}/{way}")
        self.assertEqual(status, 200, (work, way, body))
        if work == "cluster":
            self.assertEqual(json.loads(body), {"look_ups": 32,
                                                "found": [{"id": i} for i in range(1, 33)]})
            return
        self.assertEqual(headers["Content-Type"], "text/plain; charset=UTF-8")
        want = {"hello": rb"Hello, world\n", "delay": rb"slept 0\.03 s\n",
                "fetch": rb"Hello from upstream\n", "burn": rb"burned 2 ms \([0-9a-f]{4}\)\n"}[work]
        self.assertRegex(body, rb"\A" + want + rb"\Z", (work, way))

    def test_every_work_in_every_way(self):
        for work in WORKS:
            for way in WAYS:
                self.expect(work, way)
        self.assertEqual(self.ask("/hello/magic")[0], 404)
        self.assertEqual(self.ask("/hello/task", "POST")[0], 405)

    def test_all_of_them_at_once(self):
        with ThreadPoolExecutor(20) as pool:
            jobs = [pool.submit(self.expect, work, way)
                    for _ in range(3) for work in WORKS for way in WAYS]
            for job in jobs:
                job.result()

    def test_the_upstream(self):
        port = self.upstream.port
        self.assertEqual(self.ask("/", port=port)[2], b"Hello from upstream\n")
        self.assertEqual(self.ask("/lookup", port=port)[2], b'{"found":42}')

    def test_no_line_for_a_request(self):
        self.expect("hello", "task")
        self.assertFalse(self.program.says(rb"GET /hello"))


class Page(Served):
    def test_it_is_whole(self):
        status, headers, body = self.ask("/")
        self.assertEqual(status, 200)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertTrue(body.startswith(b"<!doctype html>") and body.endswith(b"</html>\n"))
        self.assertNotRegex(body, rb"(?:src|href)=['\"](?:https?:)?//")
        for path in set(re.findall(rb"/lab/[a-z]+", body)):
            self.assertNotEqual(self.ask(path.decode(), "PUT")[0], 404, path)

    def test_what_the_page_has_to_know(self):
        status, about = self.json("/lab/about")
        self.assertEqual((status, about["upstream_fails"]), (200, None))
        self.assertEqual([about[k] for k in ("delay", "lookup", "burn", "threads", "processes",
                                             "workers")], [0.03, 0.002, 0.002, 8, 2, 2])

    def test_trying(self):
        ports = set()
        for way in ("task", "thread", "process", "block-one", "block-many"):
            status, said = self.json(f"/lab/try?work=hello&way={way}")
            self.assertEqual((status, said["status"], said["answer"]), (200, 200, "Hello, world\n"))
            ports.add(said["url"].split("/")[2])
        self.assertEqual(len(ports), 2)  # one with a worker, one with several
        for query in "work=hello&way=magic", "work=magic&way=task", "":
            self.assertEqual(self.json(f"/lab/try?{query}")[0], 404)

    def test_those_who_try_first_share_the_server_that_is_started(self):
        with ThreadPoolExecutor(8) as pool:
            urls = {said["url"] for _, said in
                    pool.map(self.json, ["/lab/try?work=delay&way=block-one"] * 4)}
        self.assertEqual(len(urls), 1)


class Points(Served):
    def setUp(self):
        self.assertEqual(self.json("/lab/clear", "POST"), (200, {"kept": 0}))

    def test_who_looks_on_is_told(self):
        with Events(self.program.port) as events:
            self.assertEqual(events.answer.getheader("Content-Type"), "text/event-stream")
            self.assertEqual(events.next()[0], "clear")
            self.assertEqual(self.post_point(), (201, {"kept": 1}))
            self.assertEqual(events.until("point")[-1][1], POINT)
            self.assertEqual(self.json("/lab/clear", "POST")[0], 200)
            self.assertEqual(events.until("clear")[-1], ("clear", {}))

    def test_who_comes_later_gets_what_there_is(self):
        self.post_point(concurrency=10)
        self.post_point(concurrency=20)
        self.assertEqual(self.post_point(concurrency=10, rps=7), (201, {"kept": 2}))
        with Events(self.program.port) as events:
            points = []
            while len(points) < 2:
                name, data = events.next()
                points += [(data["concurrency"], data["rps"])] if name == "point" else []
        self.assertEqual(points, [(20, 12345.5), (10, 7)])

    def test_points_are_bounded(self):
        body = [json.dumps({**POINT, "concurrency": i}) for i in range(1, 2102)]
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=PATIENCE)
        for one in body:
            connection.request("POST", "/lab/points", one)
            said = json.loads(connection.getresponse().read())
        connection.close()
        self.assertEqual(said, {"kept": 2000})

    def test_what_is_no_point(self):
        for changes in ({"concurrency": 0}, {"concurrency": 1.5}, {"concurrency": 10 ** 7},
                        {"rps": -1}, {"rps": "NaN"}, {"rps": "inf"}, {"p99_ms": 1e300},
                        {"system": ""}, {"system": "x" * 64}, {"system": "<b>"}, {"work": "a b"},
                        {"work": 'a"'}, {"failed": -1}, {"rps": "fast"}):
            status, said = self.post_point(**changes)
            self.assertEqual((status, next(iter(changes)) in said["error"]), (400, True), changes)
        for body in ("", "null", "[]", "{", '{"a"}', '{"a":}', '{"a":1,}', '{"a":[]}', '{"a":"\\x"}',
                     '{"a":"\\ud800"}', '{"a":"\n"}', "{}{}", '{"a":"', '{"a":"\\u12', "\0",
                     "{" + ",".join(f'"{i}":1' for i in range(17)) + "}"):
            status, said = self.json("/lab/points", "POST", body)
            self.assertEqual((status, "JSON" in said["error"]), (400, True), body)
        for missing in ("system", "work", "concurrency", "rps", "p50_ms", "p99_ms"):
            body = json.dumps({k: v for k, v in POINT.items() if k != missing})
            self.assertEqual(self.json("/lab/points", "POST", body)[0], 400)
        self.assertEqual(self.ask("/lab/points", "POST", b"x" * 4097)[0], 413)
        self.assertEqual(self.ask("/lab/points", "PUT")[0], 405)
        self.assertEqual(self.ask("/lab/points", "HEAD")[0], 200)  # and ends

    def test_texts_may_be_escaped(self):
        body = json.dumps({**POINT, "more": "\u20ac\U0001f30a\n\"", "system": "nginx"})
        body = body.replace('"nginx"', '"ngi\\u006ex \\/ 4"')
        self.assertEqual(self.json("/lab/points", "POST", body)[0], 201)
        with Events(self.program.port) as events:
            self.assertEqual(events.until("point")[-1][1]["system"], "nginx / 4")

    def test_other_pages_may_not(self):
        mine = f"127.0.0.1:{self.program.port}"
        for origin, host, want in ((f"http://{mine}", mine, 201), ("http://evil.example", mine, 403),
                                   ("null", mine, 403), ("http://evil.example", "evil.example", 403),
                                   ("http://localhost:1", "localhost:1", 201),
                                   ("http://[::1]:1", "[::1]:1", 201),
                                   (f"http://{mine}.evil.example", mine, 403), ("", mine, 403)):
            headers = {"Origin": origin, "Host": host}
            status = self.post_point(headers)[0]
            self.assertEqual(status, want, (origin, host))
            if want == 403:
                for path in "/lab/run", "/lab/stop", "/lab/clear":
                    self.assertEqual(self.ask(path, "POST", headers=headers)[0], 403)

    def test_so_many_may_look_on(self):
        streams = [Events(self.program.port) for _ in range(51)]
        try:
            self.assertEqual(sorted(s.answer.status for s in streams), [200] * 50 + [503])
        finally:
            for stream in streams:
                stream.__exit__()
        until(lambda: self.can_look_on(), "those who left to be forgotten")

    def can_look_on(self):
        self.post_point()  # something to say, so that it is noticed who has left
        with Events(self.program.port) as events:
            return events.answer.status == 200


class Runs(Served):
    def setUp(self):
        self.assertEqual(self.json("/lab/clear", "POST"), (200, {"kept": 0}))

    def test_a_run(self):
        with Events(self.program.port) as events:
            self.assertEqual(self.post_run(work="hello", way=["task", "block-one", "block-many"],
                                           steps="1, 4", seconds="0.3"), (202, {"steps": 6}))
            self.assertEqual(self.post_run(work="hello", way="task", steps="1")[0], 409)
            seen = self.to_the_end(events)
        self.assertEqual(seen[-1][1]["doing"], "finished", seen[-1])
        points = [data for name, data in seen if name == "point"]
        self.assertEqual([(p["system"], p["concurrency"]) for p in points],
                         [(f"gyre {way}", n) for n in (1, 4)
                          for way in ("task", "block, 1 worker", "block, 2 workers")])
        for p in points:
            self.assertEqual((p["work"], p["failed"]), ("hello", 0))
            self.assertTrue(p["rps"] > 0 and 0 < p["p50_ms"] <= p["p99_ms"], p)

    def to_the_end(self, events):
        """What comes of the run that is under way; who looks on first hears of the one before."""
        seen = []
        while not seen or not seen[-1][1].get("running"):
            seen = [events.next()]
        while seen[-1][1].get("running", True):
            seen.append(events.next())
        return seen

    def test_who_never_answers_does_not_look_fast(self):
        """30 ms each, one after another: of 100 at once most wait for as long as the step lasts, and the
        median of those who were answered would be half of that."""
        with Events(self.program.port) as events:
            self.assertEqual(self.post_run(work="delay", way="block-one", steps="100",
                                           seconds="1")[0], 202)
            (point,) = [data for name, data in self.to_the_end(events) if name == "point"]
        self.assertGreater(point["p50_ms"], 700)
        self.assertEqual(self.json("/lab/try?work=hello&way=block-one")[0], 200)

    def test_a_run_is_stopped(self):
        with Events(self.program.port) as events:
            self.assertEqual(self.post_run(work="hello", way="task", steps="1,2,3",
                                           seconds="30")[0], 202)
            events.until("sofar")
            self.assertEqual(self.json("/lab/stop", "POST"), (200, {"stopped": True}))
            self.assertEqual(events.until("run")[-1][1]["doing"], "stopped")
        self.assertEqual(self.json("/lab/stop", "POST"), (200, {"stopped": False}))

    def test_what_is_no_run(self):
        good = {"work": "hello", "way": "task", "steps": "1", "seconds": "1"}
        for changes in ({"work": "x"}, {"work": ""}, {"way": "x"}, {"way": ["task"] * 9}, {"way": []},
                        {"steps": ""}, {"steps": "0"}, {"steps": "1,,2"}, {"steps": "10001"},
                        {"steps": "1," * 17}, {"seconds": "0"}, {"seconds": "31"}, {"seconds": "nan"},
                        {"seconds": "x"}):
            self.assertEqual(self.post_run(**{**good, **changes})[0], 400, changes)
        self.assertEqual(self.ask("/lab/run")[0], 405)

    def test_it_may_end_within_a_run(self):
        other = Program("lab/lab", f"--upstream=http://127.0.0.1:{self.upstream.port}/", *QUICK)
        try:
            self.ask("/lab/run", "POST", "work=delay&way=task&way=thread&steps=20&seconds=30",
                     {"Content-Type": "application/x-www-form-urlencoded"}, port=other.port)
            with Events(other.port) as events:
                events.until("sofar")
                family = descendants(other.pid)
        finally:
            other.stop()
        self.assertGreaterEqual(len(family), 2)
        until(lambda: not family & set(parents()), f"the end of {family}")


class Workers(Served):
    args = ("--workers=2",)

    def test_works_are_served_and_the_page_is_not(self):
        for way in WAYS:
            self.assertEqual(self.ask(f"/hello/{way}")[0], 200)
        self.assertEqual(self.ask("/fetch/task")[2], b"Hello from upstream\n")
        for target in "/", "/lab/about", "/lab/points", "/lab/try?work=hello&way=task":
            status, said = self.json(target)
            self.assertEqual((status, "--workers" in said["error"]), (503, True))


class Upstream(unittest.TestCase):
    def test_none(self):
        with socket.socket() as s:  # nobody listens there
            s.bind(("127.0.0.1", 0))
            lab = Program("lab/lab", f"--upstream=http://127.0.0.1:{s.getsockname()[1]}/", *QUICK)
            try:
                for way in WAYS:
                    connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=PATIENCE)
                    connection.request("GET", f"/fetch/{way}")
                    answer = connection.getresponse()
                    self.assertEqual(answer.status, 502)
                    self.assertIn("refused", json.loads(answer.read())["error"], way)
                    connection.close()
                connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=PATIENCE)
                connection.request("GET", "/lab/about")
                about = json.loads(connection.getresponse().read())
                connection.close()
                self.assertIn("refused", about["upstream_fails"])
                self.assertTrue(about["upstream_program"].endswith("lab/upstream"))
            finally:
                lab.stop()

    def test_its_own(self):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", 9000))
            except OSError:
                self.skipTest("port 9000 has another use here")
        lab = Program("lab/lab", *QUICK)
        try:
            family = descendants(lab.pid)
            self.assertEqual(len(family), 1)
            connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=PATIENCE)
            connection.request("GET", "/fetch/task")
            self.assertEqual(connection.getresponse().read(), b"Hello from upstream\n")
            connection.close()
        finally:
            lab.stop()
        until(lambda: not family & set(parents()), "the end of the upstream")


if __name__ == "__main__":
    unittest.main()
