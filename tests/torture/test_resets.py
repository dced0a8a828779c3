#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""10,000 connections that are reset: before a request, in a head, before and in an answer."""
from torture import SANITIZED, assert_hello, connect, reset, start, torment, until

COUNT = 10000
STAGES = [b"", b"GET / HT",
          b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
          b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n",
          b"GET /sleep/30 HTTP/1.1\r\nHost: x\r\n\r\n"]


def storm(server, count):
    for i in range(0, count, 100):
        sockets = [connect(server) for _ in range(100)]
        for j, s in enumerate(sockets):
            s.sendall(STAGES[(i + j) % len(STAGES)])
        for s in sockets:
            reset(s)


def resets():
    with start() as server:
        assert_hello(server)
        files = server.files()
        storm(server, 2000)
        until(lambda: server.files() <= files, "descriptors of the first resets remain")
        before = server.rss()
        storm(server, COUNT)
        until(lambda: server.files() <= files, "descriptors of reset connections remain")
        growth = (server.rss() - before) / 1e6
        assert growth < (16 if SANITIZED else 2), f"{growth:.1f} MB more than before"
        assert_hello(server)
    assert server.process.returncode == 0
    return f"{COUNT} resets; {files} descriptors before and after, {growth:+.2f} MB"


torment(resets)
