#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_beside.py - the examples that wait for many things, compute beside the loop, and crawl."""
import http.client
import json
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from program import PATIENCE, Program, Wire, find, until  # noqa: E402


class Served(unittest.TestCase):
    name, args = None, ()

    @classmethod
    def setUpClass(cls):
        cls.program = Program(cls.name, *cls.args)
        cls.addClassCleanup(cls.program.stop)

    def ask(self, target, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=PATIENCE)
        try:
            connection.request(method, target)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def json(self, target):
        status, headers, body = self.ask(target)
        self.assertTrue(headers["Content-Type"].startswith("application/json"), headers)
        return status, json.loads(body)


def cluster(number):
    return {"cluster_id": number, "nodes": [{"node_id": i} for i in range(1, 5)],
            "switches": [{"switch_id": i} for i in range(1, 5)]}


class Cluster(Served):
    name, args = "cluster", ("--lookup=5ms", "--pool=8")

    def test_all_three_find_the_same(self):
        want = {"error_code": 0, "message": "", "data": [cluster(i) for i in range(1, 5)]}
        for way in "threads", "processes", "tasks":
            self.assertEqual(self.json(f"/{way}"), (200, want))
            self.assertEqual(self.json(f"/{way}?cluster=3"), (200, {**want, "data": [cluster(3)]}))

    def test_many_at_once(self):
        with ThreadPoolExecutor(16) as pool:
            for status, said in pool.map(self.json, ["/tasks", "/threads", "/processes"] * 10):
                self.assertEqual((status, len(said["data"])), (200, 4))

    def test_what_cannot_be_answered_ends_early(self):
        for target in "/tasks?cluster=5", "/threads?cluster=-1":
            status, said = self.json(target)
            self.assertEqual((status, said["error_code"], said["data"]), (404, 404, []))
            self.assertIn("from 1 to 4", said["message"])
        self.assertEqual(self.json("/tasks?cluster=x")[0], 400)
        self.assertEqual(self.ask("/tasks", "POST")[0], 405)

    def test_other_origins_may_ask(self):
        status, headers, body = self.ask("/tasks", "OPTIONS")
        self.assertEqual((status, body), (204, b""))
        self.assertEqual(headers["Access-Control-Allow-Methods"], "GET, OPTIONS")
        self.assertEqual(headers["Access-Control-Max-Age"], "600")
        self.assertEqual(self.ask("/tasks?cluster=1")[1]["Access-Control-Allow-Origin"], "*")


class Burn(Served):
    name = "burn"

    def test_all_three_count_the_same(self):
        for way in "inline", "thread", "process":
            status, said = self.json(f"/{way}/10000")
            self.assertEqual((status, said["primes"]), (200, 1229))
            self.assertEqual(said["pid"] == self.program.pid, way != "process")
        self.assertEqual(self.json("/process/2")[1]["primes"], 0)
        self.assertEqual(self.ask("/thread/100000001")[0], 400)

    def test_the_others_go_on(self):
        """These would take minutes; whoever leaves has nobody count for him any more."""
        with Wire(self.program) as one, Wire(self.program) as two, Wire(self.program) as now:
            for wire in one, two:
                wire.send(b"GET /process/100000000 HTTP/1.1\r\nHost: x\r\n\r\n")
            now.send(b"GET /now HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(now.answer().body, b"now\n")
            until(lambda: self.counting() == 2, "two processes that count")
        until(lambda: self.counting() == 0, "nobody who counts")

    def counting(self):
        """Processes below the program's that run, and do not wait."""
        found = subprocess.run(["ps", "-A", "-o", "sid=,stat=,pid="], capture_output=True, text=True)
        sid = subprocess.run(["ps", "-o", "sid=", "-p", str(self.program.pid)],
                             capture_output=True, text=True).stdout.split()[0]
        rows = [row.split() for row in found.stdout.splitlines()]
        tree = descendants(self.program.pid)
        return sum(row[1].startswith("R") and int(row[2]) in tree for row in rows if row[0] == sid)


def descendants(pid):
    rows = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True)
    parents = [tuple(map(int, row.split())) for row in rows.stdout.splitlines()]
    found, more = set(), {pid}
    while more:
        more = {child for child, parent in parents if parent in more} - found
        found |= more
    return found


class Consoles(unittest.TestCase):
    def run_it(self, name, *args):
        return subprocess.run([find(name), *args], capture_output=True, text=True, timeout=PATIENCE)

    def test_a_producer_is_held_back(self):
        done = self.run_it("producer", "30")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.endswith("30 of 30 done, never more than 4 waiting\n"))
        self.assertEqual(self.run_it("producer", "101").returncode, 2)

    def test_a_spider_sees_a_site_once(self):
        demo = Program("testbed")
        try:
            site = f"http://127.0.0.1:{demo.port}"
            seen = self.run_it("spider", site + "/", "20")
            self.assertEqual((seen.returncode, seen.stderr), (0, ""))
            self.assertIn("200  /\n", seen.stdout)
            self.assertIn("0 failed", seen.stdout)
        finally:
            demo.stop()
        gone = self.run_it("spider", site)
        self.assertEqual(gone.returncode, 1)
        self.assertRegex(gone.stdout, "/  .*Connection refused")
        self.assertEqual(self.run_it("spider", "ftp://a").returncode, 2)


class Site(unittest.TestCase):
    """A small site of links, in circles and out of it."""

    pages = {"/": '<a href="/a">a</a> <a href=\'/b#x\'>b</a> <a href="http://other.example/">o</a>',
             "/a": '<a href="/">home</a> <a href="/c?x=1">c</a>', "/b": '<a href="//evil/">e</a>',
             "/c?x=1": '<a href="/gone">gone</a>'}

    def test_all_pages_of_the_site_and_no_other(self):
        import http.server
        import threading
        pages, asked = self.pages, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                page = pages.get(self.path)
                self.send_response(200 if page else 404)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write((page or "").encode())

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/"
            done = subprocess.run([find("spider"), url], capture_output=True, text=True,
                                  timeout=PATIENCE)
            few = subprocess.run([find("spider"), url, "2"], capture_output=True, text=True,
                                 timeout=PATIENCE)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
        self.assertEqual(sorted(asked[:5]), ["/", "/a", "/b", "/c?x=1", "/gone"])
        self.assertTrue(done.stdout.endswith("5 pages, 0 failed\n"), done.stdout)
        self.assertIn("404  /gone", done.stdout)
        self.assertTrue(few.stdout.endswith("2 pages, 0 failed\n"), few.stdout)


if __name__ == "__main__":
    unittest.main()
