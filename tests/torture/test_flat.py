#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""100,000 requests leave the memory of a server as it was."""
from torture import SANITIZED, assert_all_answered, load, start, torment

KINDS = [(), ("-P8",), ("-m", "churn")]


def flat():
    with start() as server:
        for options in KINDS:
            load(server, "-c64", "-n20000", *options)
        before, files = server.rss(), server.files()
        for requests, options in zip((50000, 40000, 10000), KINDS):
            assert_all_answered(load(server, "-c64", "-n", requests, *options))
        growth = server.rss() - before
        assert growth <= (4 << 20 if SANITIZED else 128 << 10), f"{growth} bytes more than before"
        assert server.files() <= files + 64
    assert server.process.returncode == 0
    return f"100000 requests, {growth / 1024:+.0f} KiB"


torment(flat)
