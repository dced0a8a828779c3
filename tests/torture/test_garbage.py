#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Connections that send anything at all, for TORTURE_SECONDS (5); the server stands."""
import os
import random
import socket
import threading
import time

from torture import SLACK, assert_hello, connect, reset, start, torment, until

SECONDS = float(os.environ.get("TORTURE_SECONDS", "5"))
WORDS = [b"GET ", b"POST ", b"/", b"/big", b" HTTP/1.1", b" HTTP/9.9", b"\r\n", b"\n", b"\r",
         b"\0", b": ", b"Host: x\r\n", b"Content-Length: ", b"Transfer-Encoding: chunked\r\n",
         b"5\r\nhello\r\n",
         b"0\r\n\r\n", b"-1", b"99999999999999999999", b"\xff\xfe", b"Expect: 100-continue\r\n",
         b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"Connection: close\r\n",
         b"\x16\x03\x01\x02\x00", b"A" * 9000]


def anything(rng):
    if rng.random() < 0.3:
        return rng.randbytes(rng.randrange(1, 3000))
    return b"".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 30)))


def throw(server, seed, end, counts):
    rng = random.Random(seed)
    while time.monotonic() < end:
        try:
            s = connect(server)
            s.settimeout(0.05)
            for _ in range(rng.randrange(1, 4)):
                s.sendall(anything(rng))
            if rng.random() < 0.5:
                s.shutdown(socket.SHUT_WR)
            s.recv(65536)
        except OSError:
            pass
        reset(s) if rng.random() < 0.5 else s.close()
        counts[seed % len(counts)] += 1


def garbage():
    seed = random.randrange(1 << 30)
    print(f"garbage: seed {seed}")
    with start() as server:
        assert_hello(server)
        files = server.files()
        counts = [0] * 8
        end = time.monotonic() + SECONDS
        threads = [threading.Thread(target=throw, args=(server, seed - seed % 8 + i, end, counts))
                   for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert server.process.poll() is None, f"the server ended with {server.process.returncode}"
        assert_hello(server)
        until(lambda: server.files() <= files, "descriptors remain", SLACK + 10)
    assert server.process.returncode == 0
    return f"{sum(counts)} connections, hello after them"


torment(garbage)
