#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""100,000 requests leave the memory of a server as it was."""
from torture import SANITIZED, assert_all_answered, load, start, torment

KINDS = [(), ("-P8",), ("-m", "churn")]
REQUESTS = 50000, 40000, 10000
ROUNDS = 5
MOST = 4 << 20 if SANITIZED else 128 << 10


def one_round(server):
    before = server.rss()
    for requests, options in zip(REQUESTS, KINDS):
        assert_all_answered(load(server, "-c64", "-n", requests, *options))
    return server.rss() - before


def flat():
    """How much 64 connections need at their busiest is soon found; what leaks grows in each round."""
    with start() as server:
        one_round(server)
        files = server.files()
        for _ in range(ROUNDS):
            growth = one_round(server)
            if growth <= MOST:
                break
        assert growth <= MOST, f"{growth} bytes more than before, after {ROUNDS} rounds"
        assert server.files() <= files + 64
    assert server.process.returncode == 0
    return f"100000 requests, {growth / 1024:+.0f} KiB"


torment(flat)
