#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_logs.py - gy_main's options about the log and the configuration file, as a process.

Needs GYRE_BUILD, as ctest sets it.
"""
import datetime
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from program import PATIENCE, find, until

HELLO = find("hello")


class Base(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gyre-logs-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.log = self.folder / "log"

    def environment(self, env):
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith("GYRE_") and k not in ("NO_COLOR", "COLUMNS")}
        return {**clean, "TZ": "UTC0", **env}

    def start(self, *args, **env):
        """On a unix socket: nothing has to tell which port it is."""
        self.socket = self.folder / "socket"
        process = subprocess.Popen([HELLO, f"--unix={self.socket}", *args], stderr=subprocess.PIPE,
                                   env=self.environment(env), start_new_session=True)
        self.addCleanup(self.end, process)
        process.said = b""

        def read():
            for line in process.stderr:
                process.said += line
        process.reader = threading.Thread(target=read)
        process.reader.start()
        until(lambda: self.answers() or process.poll() is not None, "an answer")
        self.assertIsNone(process.poll(), process.said)
        return process

    def end(self, process):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
        process.reader.join(PATIENCE)
        process.stderr.close()

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)
        process.reader.join(PATIENCE)
        return process.said.decode()

    def get(self, path="/", **headers):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE)
        try:
            connection.sock.connect(str(self.socket))
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer
        finally:
            connection.close()

    def answers(self):
        try:
            return self.get("/ready").status
        except OSError:
            return None

    def run_it(self, *args, **env):
        return subprocess.run([HELLO, *args], capture_output=True, text=True, timeout=PATIENCE,
                              env=self.environment(env))

    def lines(self, path=None):
        return (path or self.log).read_text().splitlines()


class Files(Base):
    def test_file(self):
        process = self.start(f"--log-file={self.log}")
        self.get("/in-the-file")
        self.assertEqual(self.stop(process), "")
        text = self.log.read_text()
        self.assertRegex(text, r"(?m)^\[I \d{6} [\d:.]{12} general\] gyre \S+ serving hello on unix:")
        self.assertRegex(text, r"(?m)^\[W \d{6} [\d:.]{12} access\] 404 GET /in-the-file \(unix\)")
        self.assertRegex(text, r"(?m) hello is stopping; ")

    def test_rotation_by_workers(self):
        """Each line is in one file, whoever wrote it; sizes are as asked for, within reason."""
        process = self.start(f"--log-file={self.log}", "--log-file-size=1K", "--workers=2",
                             "--log-file-backups=50")
        for i in range(200):
            self.get(f"/number-{i}-")
        self.stop(process)
        text = "".join(path.read_text() for path in self.folder.glob("log*"))
        self.assertTrue((self.folder / "log.1").exists())
        for i in range(200):
            self.assertEqual(text.count(f"/number-{i}-"), 1)
        for line in text.splitlines():
            self.assertRegex(line, r"^\[[IW] ")

    def test_moved_away_and_reopened(self):
        for workers in "1", "2":
            process = self.start(f"--log-file={self.log}", "--log-rotate=never",
                                 f"--workers={workers}")
            self.log.rename(self.folder / "moved")
            process.send_signal(signal.SIGUSR1)

            def in_the_new_one():
                self.get("/again")
                return self.log.exists() and "/again" in self.log.read_text()
            until(in_the_new_one, "a line in the new file")
            self.stop(process)
            self.log.unlink()

    def test_cannot_be_opened(self):
        done = self.run_it(f"--log-file={self.folder}", "--port=0")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, f"hello: the log {self.folder} cannot be opened: "
                                      "Is a directory\n")

    def test_full_disk(self):
        process = self.start("--log-file=/dev/full")
        for _ in range(20):
            self.assertEqual(self.get().status, 200)
        said = self.stop(process).splitlines()
        self.assertEqual(len(said), 1, said)
        self.assertIn("the log /dev/full: No space left on device; lines are lost", said[0])


class Lines(Base):
    def test_json(self):
        process = self.start("--log-format=json", "--request-ids")
        given = self.get("/\x7f\"x\"".replace("\x7f", "")).getheader("X-Request-Id")
        lines = [json.loads(line) for line in self.stop(process).splitlines()]
        self.assertRegex(given, "^[0-9a-f]{32}$")
        self.assertEqual(lines[0]["channel"], "general")
        self.assertNotIn("request_id", lines[0])
        mine, = [line for line in lines if line.get("request_id") == given]
        self.assertEqual(list(mine),
                         ["time", "level", "channel", "pid", "request_id", "message"])
        self.assertEqual((mine["level"], mine["channel"], mine["pid"]),
                         ("warning", "access", process.pid))
        self.assertIn('404 GET /"x" (unix)', mine["message"])
        time = datetime.datetime.fromisoformat(mine["time"].replace("Z", "+00:00"))
        age = datetime.datetime.now(datetime.timezone.utc) - time
        self.assertLess(abs(age.total_seconds()), 3600)

    def test_request_ids(self):
        process = self.start("--request-ids", "--xheaders")
        headers = {"X-Request-Id": "from/the+proxy"}
        self.assertEqual(self.get(**headers).getheader("X-Request-Id"), "from/the+proxy")
        for bad in "two words", "x" * 129, "", "\xe4":
            made = self.get(**{"X-Request-Id": bad}).getheader("X-Request-Id")
            self.assertRegex(made, "^[0-9a-f]{32}$")
        self.assertRegex(self.stop(process), r" access from/the\+proxy\] 200 GET / ")

    def test_request_ids_of_strangers(self):
        process = self.start("--request-ids")
        made = self.get(**{"X-Request-Id": "mine"}).getheader("X-Request-Id")
        self.assertRegex(made, "^[0-9a-f]{32}$")
        self.assertIn(f" access {made}] 200 GET / ", self.stop(process))

    def test_no_request_ids(self):
        self.start()
        self.assertIsNone(self.get().getheader("X-Request-Id"))

    def test_color(self):
        said = self.stop(self.start("--log-color=always"))
        self.assertIn("\033[32m[I ", said)
        for args in (), ("--log-color=never",):
            self.assertNotIn("\033", self.stop(self.start(*args)))

    def on_a_terminal(self, **env):
        try:
            ours, theirs = os.openpty()
        except OSError as e:
            self.skipTest(f"this system has no pseudo-terminals: {e}")
        process = subprocess.Popen([HELLO, f"--unix={self.folder / 'terminal'}"], stderr=theirs,
                                   env=self.environment(env))
        os.close(theirs)
        said = os.read(ours, 4096)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)
        os.close(ours)
        return said

    def test_color_on_a_terminal(self):
        self.assertIn(b"\033[32m", self.on_a_terminal())
        self.assertNotIn(b"\033", self.on_a_terminal(NO_COLOR="1"))

    def test_channels(self):
        process = self.start("--log-level=info,access=off")
        self.get("/nobody-logs-this")
        said = self.stop(process)
        self.assertIn("is stopping", said)
        self.assertNotIn(" access] ", said)

    def test_wrong_options(self):
        for arg, sentence in (
                ("--log-level=info,web=off", "is not one of debug, info, warning, error or off"),
                ("--log-rotate=noon", "is not size, midnight, a weekday such as monday, a time"),
                ("--log-to=stdout", "is not a list of stderr, syslog, journald or none"),
                ("--log-format=xml", "is not one of text or json"),
                ("--log-color=red", "is not one of auto, always or never"),
                ("--log-file-backups=0", "is not a whole number from 1 to 1000")):
            done = self.run_it(arg)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(sentence, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1)


class Configuration(Base):
    def test_file(self):
        conf = self.folder / "hello.conf"
        conf.write_text("# the log\nlog-file = here.log\n[more]\nlog_level = warning\n")
        process = self.start(f"--config={conf}")
        self.get("/missing")
        self.get("/")
        self.stop(process)
        text = (self.folder / "here.log").read_text()
        self.assertIn("404 GET /missing", text)
        self.assertNotIn("200 GET / ", text)
        self.assertIn(" serving hello on ", text)

    def test_environment_and_command_line(self):
        conf = self.folder / "hello.conf"
        conf.write_text("log-format = json\nlog-level = off\n")
        process = self.start("--log-level=info", GYRE_CONFIG=str(conf), GYRE_LOG_FORMAT="text")
        self.assertIn("[I ", self.stop(process))

    def test_mistakes(self):
        conf = self.folder / "hello.conf"
        conf.write_text("\nprot = 80\n")
        done = self.run_it(f"--config={conf}")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, f"hello: {conf}:2: unknown option prot; did you mean port?\n")
        done = self.run_it("--config=/no/such/file")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr,
                         "hello: cannot read /no/such/file: No such file or directory\n")

    def test_help_fits_the_terminal(self):
        for columns in 60, 72, 100:
            done = self.run_it("--help", COLUMNS=str(columns))
            widths = [len(line) for line in done.stdout.splitlines()]
            self.assertLessEqual(max(widths), columns)
            self.assertGreater(max(widths), columns - 10)
            self.assertIn("\nof the log:\n  --log-level=LEVEL", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
