#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server that may open 64 files, and 200 clients: it waits without spinning, and serves again."""
import time

from torture import SANITIZED, assert_hello, connect, start, torment

CLIENTS = 200


def few_files():
    with start(files=64) as server:
        assert_hello(server)
        sockets = [connect(server) for _ in range(CLIENTS)]
        for s in sockets:
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.5)
        begin = server.cpu()
        time.sleep(1)
        spent = server.cpu() - begin
        assert spent < 0.3, f"{spent:.2f} s of CPU in a second of waiting"
        served = 0
        for s in sockets:  # each that leaves makes room for one that waits
            s.settimeout(20)
            served += s.recv(4096).startswith(b"HTTP/1.1 200 ")
            s.close()
        assert served == CLIENTS, f"{served} of {CLIENTS} served"
        assert_hello(server)
    assert server.process.returncode == 0
    return (f"{served} clients served by 64 descriptors; "
            f"{spent * 1e3:.0f} ms of CPU in a second of waiting")


torment(few_files)
