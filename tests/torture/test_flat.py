#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""100,000 requests leave the memory of a server as it was."""
from torture import SANITIZED, assert_all_answered, load, start, torment


def flat():
    with start() as server:
        for options in (["-c64", "-n20000"], ["-c64", "-P8", "-n20000"], ["-c64", "-m", "churn", "-n2000"]):
            load(server, *options)
        before, files = server.rss(), server.files()
        for options in (["-c64", "-n50000"], ["-c64", "-P8", "-n40000"], ["-c64", "-m", "churn", "-n10000"]):
            assert_all_answered(load(server, *options))
        growth = server.rss() - before
        assert growth <= (4 << 20 if SANITIZED else 128 << 10), f"{growth} bytes more than before"
        assert server.files() <= files + 64
    assert server.process.returncode == 0
    return f"100000 requests, {growth / 1024:+.0f} KiB"


torment(flat)
