# SPDX-License-Identifier: MIT
"""lab_work.py - the work of examples/lab as Python does it when it blocks, for the peers."""
import collections
import http.client
import threading
import time
import urllib.parse

DELAY = 1  # seconds
LOOK_UPS, LOOK_UP = 32, 0.05
BURN = 0.01  # seconds of CPU
AT_MOST = 100  # connections to the upstream: more made all of them slower
FOUND = f"{LOOK_UPS} found\n".encode()
HELLO = b"Hello, world\n"


def burn():
    """So much CPU time of this thread."""
    end = time.thread_time() + BURN
    while time.thread_time() < end:
        pass
    return b"burnt\n"


class Upstream:
    """Keep-alive connections to one address, for threads; patched by gevent for greenlets."""

    def __init__(self, url):
        url = urllib.parse.urlsplit(url)
        self.address, self.path = (url.hostname, url.port or 80), url.path or "/"
        self.idle, self.room = collections.deque(), threading.BoundedSemaphore(AT_MOST)

    def get(self):
        with self.room:
            try:
                connection = self.idle.pop()
            except IndexError:
                connection = http.client.HTTPConnection(*self.address, timeout=20)
            try:
                connection.request("GET", self.path)
                body = connection.getresponse().read()
            except BaseException:
                connection.close()
                raise
            self.idle.append(connection)
            return body
