#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""SIGTERM under load: whoever was connected gets an answer; later ones are refused."""
import collections
import errno
import signal
import threading
import time

from torture import SLACK, connect, start, torment

REQUEST = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
CLIENTS = 16


class Client(threading.Thread):
    """Connects, asks and reads to the end, until it is refused."""

    def __init__(self, server, path):
        super().__init__()
        self.server, self.path, self.outcomes, self.failures = server, path, 0, []

    def run(self):
        while not self.failures:
            try:
                s = connect(self.server)
            except OSError as e:
                # A reset of the handshake reaches connect too; either way nothing was promised.
                if e.errno not in (errno.ECONNREFUSED, errno.ECONNRESET):
                    self.failures.append(f"connect: {e}")
                return
            try:
                s.sendall(REQUEST % self.path)
                data = b""
                while piece := s.recv(4096):
                    data += piece
                if not data.startswith(b"HTTP/1.1 200 ") or not data.endswith(b"\n"):
                    self.failures.append(f"answer {data[:60]!r}")
                self.outcomes += 1
            except OSError as e:
                self.failures.append(f"after connect: {e}")
            s.close()


def once(workers):
    with start("--workers", str(workers)) as server:
        clients = [Client(server, path) for path in (b"/", b"/spin/500", b"/sleep/0.3")
                   for _ in range(CLIENTS)]
        for c in clients:
            c.start()
        time.sleep(1)
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(SLACK + 30)
        for c in clients:
            c.join()
    failures = collections.Counter(f for c in clients for f in c.failures)
    answered = sum(c.outcomes for c in clients)
    assert not failures, f"with {workers} workers: {dict(failures)} beside {answered} answers"
    assert answered > len(clients) and code == 0, f"{answered} answers, exit status {code}"
    return answered


def sigterm():
    answered = [once(workers) for workers in (1, 1, 1, 2, 2, 2)]
    return f"{sum(answered)} requests in {len(answered)} ends of a server, none failed"


torment(sigterm)
