#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""200 clients that drip a head and 200 that do not read, beside clients that want a hello."""
import select
import time

from torture import (LIMIT, SANITIZED, SLACK, assert_all_answered, connect, figures, load, start,
                     torment, until)

COUNT = 200


def drip(sockets, seconds):
    """A byte of a head to each every tenth of a second. What the server sent back, by socket."""
    heads = {s: iter(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 10000) for s in sockets}
    answers = {s: b"" for s in sockets}
    end = time.monotonic() + seconds
    while heads and time.monotonic() < end:
        for s, head in list(heads.items()):
            try:
                s.send(bytes([next(head)]))
                if select.select([s], [], [], 0)[0]:
                    piece = s.recv(4096)
                    answers[s] += piece
                    if not piece:
                        del heads[s]
            except OSError:
                del heads[s]
        time.sleep(0.1)
    assert not heads, f"{len(heads)} of {COUNT} drips go on after {seconds} s"
    return answers


def slow_clients():
    with start() as server:
        calm = load(server, "-c16", "-d2")
        before = server.files()
        readers = [connect(server, receive_buffer=4096) for _ in range(COUNT)]
        for s in readers:
            s.sendall(b"GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
        dripping = [connect(server) for _ in range(COUNT)]
        beside = load(server, "-c16", "-d", LIMIT + (14 if SANITIZED else 4), wait=False)
        answers = drip(dripping, LIMIT + SLACK)
        told = sum(a.startswith(b"HTTP/1.1 408 ") for a in answers.values())
        assert told >= COUNT * 0.9, f"only {told} of {COUNT} were told 408"
        pressed = figures(beside)
        assert_all_answered(calm)
        assert_all_answered(pressed)
        until(lambda: server.files() <= before, "readers that do not read are still connected")
        for s in readers + dripping:
            s.close()
    assert server.process.returncode == 0
    return (f"hello p99 {calm['p99_us']:.0f} us without them, {pressed['p99_us']:.0f} us with, "
            f"at most {pressed['max_us'] / 1e3:.0f} ms; "
            f"{pressed['requests']} answered; {told} drips got 408, {COUNT} readers were cut off")


torment(slow_clients)
