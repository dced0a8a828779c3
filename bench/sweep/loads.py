# SPDX-License-Identifier: MIT
"""loads - those who ask: wrk, ab, and so many requests at once; each ends in a known time."""
import re
import selectors
import socket
import subprocess
import time

TIMES = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 60e3, "h": 3600e3}  # in ms
GRACE = 30  # seconds that a tool may take longer than it was told


def milliseconds(text):
    value, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m|h)", text).groups()
    return float(value) * TIMES[unit]


def parse_wrk(text):
    """The figures in what wrk --latency prints."""
    count, wall = re.search(r"(\d+) requests in ([\d.]+\w+)", text).groups()
    quantiles = {q: milliseconds(t)
                 for q, t in re.findall(r"^ +(\d+)% +([\d.]+[a-z]+) *$", text, re.M)}
    failed = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", text)))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    refused = int(refused.group(1)) if refused else 0
    return {"requests": int(count) - refused, "wall_s": milliseconds(wall) / 1e3,
            "failed": failed + refused, "p50_ms": quantiles.get("50"),
            "p99_ms": quantiles.get("99")}


def parse_ab(text):
    """The figures in what ab prints. Answers of another length are no failures."""
    def figure(name):
        found = re.search(rf"^{name}: +([\d.]+)", text, re.M)
        return float(found.group(1)) if found else 0.0
    lengths = re.search(r"Failed requests: .*\n +\(.*Length: (\d+)", text)
    quantiles = dict(re.findall(r"^ +(\d+)% +(\d+)", text, re.M))
    bad = int(figure("Failed requests") - (int(lengths.group(1)) if lengths else 0)
              + figure("Non-2xx responses"))
    return {"requests": int(figure("Complete requests")) - bad, "failed": bad,
            "wall_s": figure("Time taken for tests"),
            "p50_ms": float(quantiles["50"]) if "50" in quantiles else None,
            "p99_ms": float(quantiles["99"]) if "99" in quantiles else None}


def wrk(url, connections, seconds):
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s",
               url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + GRACE,
                          check=True)
    return parse_wrk(done.stdout)


def ab(url, requests, at_once):
    command = ["ab", "-q", "-n", str(requests), "-c", str(at_once), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 + GRACE, check=True)
    return parse_ab(done.stdout)


def quantile(sorted_times, share):
    if not sorted_times:
        return None
    return sorted_times[min(len(sorted_times) - 1, int(share * len(sorted_times)))] * 1e3


def all_at_once(port, path, count, patience):
    """[count] connections with one request each; what has not been answered in time is given up."""
    ask = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    begin, times, failed = time.monotonic(), [], 0
    with selectors.DefaultSelector() as waiting:
        for _ in range(count):
            s = socket.create_connection(("127.0.0.1", port), patience)
            s.sendall(ask)
            s.setblocking(False)
            waiting.register(s, selectors.EVENT_READ)
        while waiting.get_map() and (left := begin + patience - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                try:
                    first = key.fileobj.recv(65536)
                except OSError:
                    first = b""
                good = re.match(rb"HTTP/1\.[01] 2", first)
                times += [time.monotonic() - begin] if good else []
                failed += not good
                waiting.unregister(key.fileobj)
                key.fileobj.close()
        for key in list(waiting.get_map().values()):
            key.fileobj.close()
    wall = max(times) if len(times) == count else time.monotonic() - begin
    return {"requests": len(times), "failed": failed, "wall_s": wall,
            "p50_ms": quantile(times, .5), "p99_ms": quantile(times, .99)}
