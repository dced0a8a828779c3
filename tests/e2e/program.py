# SPDX-License-Identifier: MIT
"""program.py - a built program in the background, and raw connections to it, for the tests here."""
import contextlib
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import threading
import time

BUILD = pathlib.Path(os.environ.get("GYRE_BUILD", "build"))
SANITIZE = os.environ.get("GYRE_SANITIZE", "")
PATIENCE = 60 if SANITIZE else 20  # seconds until something that must happen counts as missing
CLOSED = "closed"

# What no run may print, whatever it was fed.
WITH_TLS = os.environ.get("GYRE_WITH_TLS") != "0"
WITH_GZIP = os.environ.get("GYRE_WITH_GZIP") != "0"
FAULT = re.compile(rb"Sanitizer|runtime error|Assertion|core dumped")


def until(condition, what):
    """Wait for something that must come true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"in vain: {what}")


def free_port():
    """For a server that must be told its port. The kernel gives none of these to anybody who asks for any,
    so nobody else takes it meanwhile."""
    lowest = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10_000, max(lowest, 20_000))
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def find(name):
    path = BUILD / "examples" / name
    if not path.exists():
        print(f"{path} is not built")
        raise SystemExit(77)
    return path


class Program:
    """An example on a port of its own; its lines are read as they come."""

    def __init__(self, name, *args, port_args=("--port=0", "--address=127.0.0.1")):
        env = {k: v for k, v in os.environ.items() if not k.startswith("GYRE_")}
        self.process = subprocess.Popen([find(name), *port_args, *args], stderr=subprocess.PIPE,
                                        env=env)
        self.pid = self.process.pid
        self.lines = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        try:
            self.port = until(self.start_line, f"the line of {name}'s start")
        except BaseException:
            self.process.kill()
            raise

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip(b"\n"))

    def start_line(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.lines}"
        for line in list(self.lines):
            found = re.search(rb"(?:serving \S+|listening) on (?:http://)?127\.0\.0\.1:(\d+)", line)
            if found:
                return int(found.group(1))
        return None

    def says(self, pattern):
        return [line for line in list(self.lines) if re.search(pattern, line)]

    def files(self):
        """Its open file descriptors."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def connect(self, timeout=None):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=timeout or PATIENCE)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def stop(self):
        """Ask it to end; it must do so well, and must have been silent about faults."""
        alive = self.process.poll() is None
        if alive:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.reader.join(PATIENCE)
            self.process.stderr.close()
        faults = [line for line in self.lines if FAULT.search(line)]
        assert not faults, b"\n".join(self.lines[self.lines.index(faults[0]):][:60]).decode()
        assert alive and status == 0, f"ended with {status}: {self.lines[-20:]}"


class Answer:
    """One response as it came; everything about its form is checked on the way."""

    def __init__(self, status, headers, body, raw):
        self.status, self.headers, self.body, self.raw = status, headers, body, raw

    def __getitem__(self, name):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) < 2, f"{name} {len(found)} times: {self.headers}"
        return found[0] if found else None

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:80]!r}>"


class Wire:
    """One raw connection."""

    def __init__(self, program):
        self.socket = program.connect()
        self.data = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.socket.close()

    def send(self, data):
        """Send, unless the other side has had enough."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_slowly(self, data):
        for i in range(len(data)):
            self.send(data[i:i + 1])

    def more(self):
        part = self.socket.recv(1 << 20)
        self.data += part
        self.ended = not part
        return bool(part)

    def take(self, count):
        while len(self.data) < count:
            assert self.more(), f"ended within an answer: {self.data!r}"
        part, self.data = self.data[:count], self.data[count:]
        return part

    def take_line(self):
        while b"\r\n" not in self.data:
            assert self.more(), f"ended within a line: {self.data!r}"
        line, _, self.data = self.data.partition(b"\r\n")
        assert b"\n" not in line and b"\r" not in line, line
        return line

    def take_fields(self):
        fields = []
        while line := self.take_line():
            found = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\x21-\x7e\x80-\xff]"
                                 rb"(?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?", line)
            assert found, line
            fields.append((found[1].decode(), (found[2] or b"").decode("latin-1")))
        return fields

    def take_chunks(self):
        body = b""
        while True:
            line = self.take_line()
            assert re.fullmatch(rb"[0-9a-f]{1,8}", line), line
            size = int(line, 16)
            if size == 0:
                self.take_fields()
                return body
            body += self.take(size)
            assert self.take(2) == b"\r\n"

    def answer(self, head=False):
        """The next answer, or CLOSED at the end."""
        while not self.data:
            if not self.more():
                return CLOSED
        line = self.take_line()
        found = re.fullmatch(rb"HTTP/1\.1 ([1-9]\d\d) [\t\x20-\x7e]*", line)
        assert found, line
        status = int(found[1])
        one = Answer(status, self.take_fields(), b"", line)
        length, coding = one["Content-Length"], one["Transfer-Encoding"]
        assert length is None or coding is None, one
        assert one["Date"] or status < 200, one
        if head or status < 200 or status in (204, 304):
            return one
        if coding:
            assert coding == "chunked", one
            one.body = self.take_chunks()
        elif length is not None:
            assert length.isdigit(), one
            one.body = self.take(int(length))
        else:
            assert one["Connection"] == "close", one
            while self.more():
                pass
            one.body, self.data = self.data, b""
        return one

    def closed(self):
        """Whether the end comes now, without another byte."""
        return self.answer() == CLOSED
