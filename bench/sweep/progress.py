# SPDX-License-Identifier: MIT
"""progress - what is being measured and how long it takes yet; and points for the lab's page."""
import json
import sys
import time
import urllib.request


def minutes(seconds):
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"


class Progress:
    """One line that changes on a terminal, and a line for each run elsewhere."""

    def __init__(self, runs, seconds, out=sys.stderr):
        self.runs, self.left, self.out = runs, seconds, out
        self.done, self.begin, self.expected = 0, time.monotonic(), 0.0
        self.live = out.isatty()

    def pace(self):
        """By how much longer than expected it took so far."""
        return (time.monotonic() - self.begin) / self.expected if self.expected > 20 else 1.0

    def show(self, group, step):
        if self.live:
            self.out.write(f"\r\033[K[{self.done + 1}/{self.runs}] {group.kind}: {group.work}, "
                           f"{group.name}, {step:,} at once; about "
                           f"{minutes(self.left * self.pace())} left")
            self.out.flush()

    def tell(self, row):
        if not self.live:
            p99 = f", p99 {row['p99_ms']:,.1f} ms" if row["p99_ms"] is not None else ""
            print(f"[{self.done}/{self.runs}] {row['kind']}: {row['work']}, {row['system']}, "
                  f"{row['concurrency']:,} at once: {row['rps']:,.0f} requests/s{p99}, "
                  f"{row['failed']} failed; about {minutes(self.left * self.pace())} left",
                  file=self.out, flush=True)

    def passed(self, seconds, runs=0):
        """Runs that are over, or that will not be made."""
        self.left -= seconds
        self.expected += seconds
        self.done += runs

    def say(self, sentence):
        print(("\r\033[K" if self.live else "") + sentence, file=self.out, flush=True)

    def end(self):
        if self.live:
            self.out.write("\r\033[K")
        self.say(f"{self.done} runs in {minutes(time.monotonic() - self.begin)}")


class Page:
    """A running lab that plots each point as it is found; without it the sweep goes on."""

    def __init__(self, url):
        self.url = url.rstrip("/") + "/lab/points" if url else None

    def post(self, row):
        """None, or a sentence about what went wrong; then nothing more is posted."""
        if not self.url or row["kind"] not in ("sweep", "ways"):
            return None
        point = {key: row[key] for key in ("system", "work", "concurrency", "rps", "p50_ms",
                                           "p99_ms", "failed")}
        point = {key: 0 if value is None else value for key, value in point.items()}
        point["system"] = point["system"].replace("×", "x")  # its names are ASCII
        ask = urllib.request.Request(self.url, json.dumps(point).encode(),
                                     {"Content-Type": "application/json"})
        try:
            urllib.request.urlopen(ask, timeout=2).close()
            return None
        except OSError as e:
            sentence, self.url = f"{self.url} takes no points: {e}", None
            return sentence
