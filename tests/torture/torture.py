# SPDX-License-Identifier: MIT
"""torture - what the torments share: the server they aim at, the load beside them, the verdict.

Needs GYRE_BUILD, the folder of a build; GYRE_SANITIZE names its sanitizers.
"""
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import time
import traceback

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "bench"))
import measuring
from measuring import children  # noqa: F401, for the torments

BUILD = pathlib.Path(os.environ.get("GYRE_BUILD", SOURCE / "build"))
SANITIZED = bool(os.environ.get("GYRE_SANITIZE"))
LIMIT = 2  # seconds: the time limits of bench/target.c
SLACK = 20 if SANITIZED else 5  # seconds until what must happen counts as missing


def start(*options, program="bench/target", files=None):
    """The server, on any CPU. A sanitizer must not keep freed memory that the tests look for."""
    if SANITIZED:
        os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    port = measuring.free_port()
    command = [BUILD / program, "--port", str(port), "--log-level", "off", *options]
    return measuring.Server("gyre", command, port, set(measuring.CPUS), files)


def load(server, *options, path="/", wait=True):
    """loadgen beside the torment: its figures, or the process that will print them."""
    command = [BUILD / "bench/loadgen", "-p", str(server.port), "-u", path, *map(str, options)]
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return figures(p) if wait else p


def figures(process):
    return json.loads(process.communicate()[0].splitlines()[-1])


def connect(server, receive_buffer=None):
    s = socket.socket()
    if receive_buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.settimeout(30)
    s.connect(("127.0.0.1", server.port))
    return s


def reset(s):
    """Close with RST."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def until(condition, what, patience=SLACK):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.02)


def assert_hello(server):
    answer = server.get()
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"Hello, world\n"), answer[:200]


def assert_all_answered(found):
    assert found["requests"] > 0 and not found["errors"] and not found["non_2xx"], found


def torment(function):
    """Run it and say in one line how it went."""
    name = function.__name__
    measuring.all_files()
    begin = time.monotonic()
    try:
        told = function()
    except Exception as e:
        if not isinstance(e, AssertionError):
            traceback.print_exc()
        print(f"FAIL {name}: {e}", flush=True)
        sys.exit(1)
    print(f"PASS {name}: {told} ({time.monotonic() - begin:.0f} s)", flush=True)
