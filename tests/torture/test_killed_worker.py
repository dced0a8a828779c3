#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""kill -9 of one of two workers under load: only what it held is lost, and it is replaced."""
import os
import signal
import time

from torture import assert_all_answered, children, figures, load, start, torment, until

CLIENTS = 32


def killed_worker():
    with start("--workers", "2") as server:
        until(lambda: len(children(server.pid)) == 3, "two workers")
        time.sleep(1.2)  # one that lived for a second is replaced at once
        workers = children(server.pid)[1:]
        beside = load(server, "-m", "churn", "-c", CLIENTS, "-d3", wait=False)
        time.sleep(1)
        os.kill(workers[0], signal.SIGKILL)
        pressed = figures(beside)
        until(lambda: len(children(server.pid)) == 3 and workers[0] not in children(server.pid),
              "a new worker")
        assert pressed["requests"] > 0 and not pressed["non_2xx"], pressed
        assert pressed["errors"] <= CLIENTS, f"{pressed['errors']} of {pressed['requests']} lost"
        after = load(server, "-m", "churn", "-c", CLIENTS, "-n", 2000)
        assert_all_answered(after)
        answers = {server.get("/pid").split(b"\r\n\r\n")[1] for _ in range(100)}
        assert len(answers) == 2, f"{len(answers)} workers answer"
    assert server.process.returncode == 0
    return (f"{pressed['errors']} of {pressed['requests']} lost with the worker, "
            f"none of {after['requests']} after")


torment(killed_worker)
