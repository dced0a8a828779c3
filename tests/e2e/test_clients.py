#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_clients.py - the testbed and clients that others wrote: curl, ab, wrk, Python, Node.

What is not installed is skipped.
"""
import base64
import contextlib
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from program import PATIENCE, SANITIZE, Program, until  # noqa: E402

SLOWER = 5 if SANITIZE else 1
BIG = random.Random(1).randbytes(8 << 20)
METHODS = "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"


def needs(tool):
    return unittest.skipUnless(shutil.which(tool), f"{tool} is not installed")


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.testbed = Program("testbed")
        cls.addClassCleanup(cls.testbed.stop)
        cls.folder = tempfile.TemporaryDirectory(prefix="gyre-clients-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.big = os.path.join(cls.folder.name, "big")
        with open(cls.big, "wb") as f:
            f.write(BIG)
        cls.files = cls.testbed.files()

    def tearDown(self):
        until(lambda: self.testbed.files() <= self.files, "all connections to be closed")

    def url(self, path):
        return f"http://127.0.0.1:{self.testbed.port}{path}"

    def run_tool(self, *command, **more):
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE * 2, **more)
        self.assertEqual(done.returncode, 0, (command, done.stdout[-500:], done.stderr[-500:]))
        return done.stdout

    def seen(self, text):
        """What /echo saw, its body decoded."""
        seen = json.loads(text)
        seen["body"] = base64.b64decode(seen["body"])
        return seen


@needs("curl")
class Curl(Clients):
    def curl(self, path, *args, **more):
        return self.run_tool("curl", "-sS", "--max-time", str(PATIENCE), *args, self.url(path),
                             **more)

    def test_versions(self):
        for version in "--http1.0", "--http1.1":
            self.assertEqual(self.curl("/", version), b"Hello, world")
            self.assertEqual(self.curl("/stream", version),
                             b"".join(b"chunk %d\n" % i for i in range(10)))
            self.assertEqual(len(self.curl("/text", version)), 22000)

    def test_keep_alive(self):
        """Three transfers by one connection."""
        url = self.url("/")
        out = self.curl("/", "-w", "[%{num_connects}]", url, url)
        self.assertEqual(out, b"Hello, world[1]Hello, world[0]Hello, world[0]")

    def test_http_1_0_keep_alive(self):
        url = self.url("/")
        out = self.curl("/", "--http1.0", "-H", "Connection: keep-alive",
                        "-w", "[%{num_connects}]", url)
        self.assertEqual(out, b"Hello, world[1]Hello, world[0]")

    def test_every_method(self):
        for method in METHODS:
            args = ("-I",) if method == "HEAD" else ("-X", method)
            out = self.curl("/echo?q", *args)
            if method == "HEAD":
                self.assertRegex(out, rb"\AHTTP/1\.1 200 OK\r\n(?s:.*)Content-Length: [1-9]\d*\r\n")
            else:
                self.assertEqual(self.seen(out)["method"], method)

    def test_head(self):
        self.assertRegex(self.curl("/", "-I"), rb"(?m)^Content-Length: 12\r$")
        self.assertRegex(self.curl("/stream", "-I"), rb"\AHTTP/1\.1 200 OK\r\n")
        self.assertRegex(self.curl("/status/204", "-i"), rb"\AHTTP/1\.1 204 No Content\r\n")
        self.assertRegex(self.curl("/status/304", "-i"), rb"\AHTTP/1\.1 304 Not Modified\r\n")

    def test_path_as_is(self):
        self.assertEqual(self.seen(self.curl("/a/../echo"))["path"], "/echo")
        for path in "/../echo", "/./echo", "/a/%2e%2e/echo", "/echo/..", "//echo":
            out = self.curl(path, "--path-as-is", "-o", os.devnull, "-w", "%{http_code}")
            self.assertIn(out, (b"404", b"400"), path)

    def test_large_bodies(self):
        for args in (("--data-binary", f"@{self.big}"), ("-T", self.big),
                     ("-T", self.big, "--expect100-timeout", "60"),
                     ("-T", self.big, "-H", "Expect:"),
                     ("-T", self.big, "-H", "Transfer-Encoding: chunked")):
            seen = self.seen(self.curl("/echo", *args))
            self.assertTrue(seen["body"] == BIG, args)

    def test_a_chunked_upload_of_a_pipe(self):
        seen = self.seen(self.curl("/echo", "-T", "-", "--expect100-timeout", "60", input=BIG))
        self.assertEqual(seen["headers"]["transfer-encoding"], "chunked")
        self.assertTrue(seen["body"] == BIG)
        seen = self.seen(self.curl("/echo", "-T", "-", input=b""))
        self.assertEqual(seen["body"], b"")

    def test_a_body_that_is_too_large(self):
        for args in (("-H", "Expect:"), ("--expect100-timeout", "60"),
                     ("-H", "Transfer-Encoding: chunked")):
            out = self.curl("/echo", "-T", "-", "-o", os.devnull, "-w", "%{http_code}", *args,
                            input=BIG + b"x")
            self.assertEqual(out, b"413", args)

    def test_a_body_that_nobody_reads(self):
        for path, status in (("/", b"405"), ("/nowhere", b"404")):
            out = self.curl(path, "--data-binary", f"@{self.big}", "-H", "Expect:",
                            "-o", os.devnull, "-w", "%{http_code}")
            self.assertEqual(out, status)

    def test_forms(self):
        out = self.curl("/upload", "-d", "a=1", "--data-urlencode", "b=x & y", "-d", "a=2")
        self.assertEqual(json.loads(out)["fields"], {"a": ["1", "2"], "b": ["x & y"]})

    def test_compressed(self):
        self.assertEqual(self.curl("/text", "--compressed"), b"All work and no play.\n" * 1000)

    def test_redirects(self):
        out = self.curl("/redirect?to=/echo%3Fa", "-L", "-w", "\n%{num_redirects}")
        self.assertEqual(self.seen(out.splitlines()[0])["query"], "a")
        self.assertEqual(out.splitlines()[1], b"1")

    def test_together(self):
        """Twenty sleeps at once."""
        self.curl("/sleep/0.1?[1-20]", "-Z", "--parallel-immediate", "-f", "-o", os.devnull)


class Load(Clients):
    """All answered, none failed; how fast is not the question here."""

    @needs("ab")
    def test_ab(self):
        for args in (), ("-k",):
            out = self.run_tool("ab", "-q", "-n", str(2000 // SLOWER), "-c", "50", *args,
                                self.url("/")).decode()
            self.assertRegex(out, rf"Complete requests: +{2000 // SLOWER}\n")
            self.assertRegex(out, r"Failed requests: +0\n")
            self.assertNotIn("Non-2xx", out)
            if args:
                self.assertRegex(out, rf"Keep-Alive requests: +{2000 // SLOWER}\n")

    @needs("ab")
    def test_ab_posts(self):
        body = os.path.join(self.folder.name, "body")
        with open(body, "wb") as f:
            f.write(b"x" * 1000)
        out = self.run_tool("ab", "-q", "-k", "-n", "500", "-c", "20", "-p", body,
                            "-T", "text/plain", self.url("/echo")).decode()
        self.assertRegex(out, r"Complete requests: +500\n")
        self.assertRegex(out, r"Failed requests: +0\n")

    @needs("wrk")
    def test_wrk(self):
        for path in "/", "/text", "/stream":
            out = self.run_tool("wrk", "-t1", "-c40", "-d1s", self.url(path)).decode()
            self.assertNotIn("Socket errors", out)
            self.assertNotIn("Non-2xx", out)
            self.assertGreater(int(re.search(r"(\d+) requests in", out)[1]), 10)

    @needs("slowhttptest")
    def test_slowhttptest(self):
        """Slow heads, slow bodies and slow readers together: others are served all the while."""
        kinds = [("/text", "-H"), ("/echo", "-B"),
                 ("/text", "-X", "-w", "1", "-y", "2", "-k", "3")]
        with ThreadPoolExecutor(len(kinds)) as pool:
            runs = [pool.submit(self.run_tool, "slowhttptest", "-c", "100", *how, "-i", "1",
                                "-r", "100", "-l", "3", "-p", "2", "-u", self.url(path))
                    for path, *how in kinds]
        for run in runs:
            out = re.sub(r"\x1b\[[\d;]*m", "", run.result().decode())
            states = set(re.findall(r"service available: +(\w+)", out))
            self.assertEqual(states, {"YES"}, out[-800:])


class Python(Clients):
    def test_one_connection(self):
        c = http.client.HTTPConnection("127.0.0.1", self.testbed.port, timeout=PATIENCE)
        with contextlib.closing(c):
            c.connect()
            socket = c.sock
            for method in METHODS:
                for path in "/echo", "/echo?a=%20", "/echo?" + "x" * 4000:
                    for body in None, b"", b"x" * 100_000:
                        c.request(method, path, body, {"X-A": "b"})
                        answer = c.getresponse()
                        text = answer.read()
                        self.assertEqual(answer.status, 200)
                        if method != "HEAD":
                            seen = self.seen(text)
                            self.assertEqual((seen["method"], seen["body"]), (method, body or b""))
                            self.assertEqual(seen["headers"]["x-a"], "b")
                        self.assertIs(c.sock, socket)

    def test_chunks(self):
        c = http.client.HTTPConnection("127.0.0.1", self.testbed.port, timeout=PATIENCE)
        with contextlib.closing(c):
            for size in 1, 7, 4096, 100_000:
                parts = [BIG[i:i + size] for i in range(0, min(size * 50, len(BIG)), size)]
                c.request("POST", "/echo", iter(parts), encode_chunked=True,
                          headers={"Transfer-Encoding": "chunked"})
                self.assertTrue(self.seen(c.getresponse().read())["body"] == b"".join(parts))

    def test_urllib(self):
        with urllib.request.urlopen(self.url("/redirect?to=/text"), timeout=PATIENCE) as answer:
            self.assertEqual(len(answer.read()), 22000)
        for path, status in ("/nowhere", 404), ("/boom", 500):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(self.url(path), timeout=PATIENCE)
            caught.exception.close()
            self.assertEqual(caught.exception.code, status)


NODE = r"""
const http = require('http'), assert = require('assert');
const base = process.argv[1];
const agent = new http.Agent({keepAlive: true, maxSockets: 2});
const ask = (path, options, body) => new Promise((resolve, reject) => {
  const req = http.request(base + path, {agent, ...options}, res => {
    const parts = [];
    res.on('data', d => parts.push(d));
    res.on('end', () => resolve({status: res.statusCode, headers: res.headers,
                                 reused: req.reusedSocket, body: Buffer.concat(parts)}));
    res.on('error', reject);
  });
  req.on('error', reject);
  for (const part of body || []) req.write(part);
  req.end();
});
(async () => {
  assert.equal((await ask('/')).body.toString(), 'Hello, world');
  assert.ok((await ask('/')).reused);
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'REPORT']) {
    const res = await ask('/echo?x', {method});
    assert.equal(res.status, 200);
    if (method !== 'HEAD') assert.equal(JSON.parse(res.body).method, method);
  }
  const res = await ask('/echo', {method: 'POST'}, ['one', 'two', Buffer.alloc(100000, 'x')]);
  const seen = JSON.parse(res.body);
  assert.equal(seen.headers['transfer-encoding'], 'chunked');
  assert.equal(Buffer.from(seen.body, 'base64').length, 100006);
  const all = await Promise.all(Array.from({length: 200}, () => ask('/text')));
  for (const one of all) assert.equal(one.body.length, 22000);
  assert.equal((await ask('/stream')).body.length, 80);
  assert.equal((await ask('/status/204')).status, 204);
  assert.equal((await ask('/status/304')).status, 304);
  if (globalThis.fetch) {
    assert.equal(await (await fetch(base + '/')).text(), 'Hello, world');
    const sent = await fetch(base + '/echo', {method: 'POST', body: 'x'.repeat(1e6)});
    assert.equal((await sent.json()).body.length, Math.ceil(1e6 / 3) * 4);
    assert.equal((await fetch(base + '/redirect?to=/text')).url, base + '/text');
    const gone = new AbortController();
    setTimeout(() => gone.abort(), 50);
    await assert.rejects(fetch(base + '/sleep/3600', {signal: gone.signal}));
  }
  agent.destroy();
  console.log('fine');
  process.exit(0);
})();
"""


@needs("node")
class Node(Clients):
    def test_agent_and_fetch(self):
        out = self.run_tool("node", "-e", NODE, self.url(""))
        self.assertEqual(out, b"fine\n")


del Clients

if __name__ == "__main__":
    unittest.main()
