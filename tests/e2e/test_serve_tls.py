#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_serve_tls.py - HTTPS as a process serves it: certificates, clients of all kinds, reloading, workers.

Needs GYRE_SOURCE, GYRE_BUILD and CC, as ctest sets them, and openssl and curl.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest

import test_serve
from program import free_port
from test_serve import BUILD, PATIENCE, Server, environment, read_all, until

SECURE = BUILD / "examples/secure"
folder = tempfile.TemporaryDirectory(prefix="gyre-tls-")
HERE = pathlib.Path(folder.name)


def openssl(*args):
    return subprocess.run(["openssl", *map(str, args)], check=True, cwd=HERE, capture_output=True,
                          text=True).stdout


def make(name, *, signer=None, names="DNS:localhost,IP:127.0.0.1", days=("-days", "30"), more=()):
    """NAME.pem and NAME.key, signed by itself or by the one called [signer]."""
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (HERE / f"{name}.ext").write_text("\n".join([f"subjectAltName={names}", *more]) + "\n")
    sign = ["-CA", f"{signer}.pem", "-CAkey", f"{signer}.key", "-CAcreateserial"] if signer else \
           ["-signkey", f"{name}.key"]
    openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", "-extfile", f"{name}.ext",
            *sign, *days)


def setUpModule():
    for tool in "openssl", "curl":
        if not shutil.which(tool):
            raise unittest.SkipTest(f"{tool} is not installed")
    if not SECURE.exists():
        raise unittest.SkipTest(f"{SECURE} is not built")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30")
    os.chmod(HERE, 0o755)
    make("server", signer="ca")
    make("second", signer="ca", names="DNS:second.test,DNS:*.wild.test")
    make("renewed", signer="ca")
    make("client", signer="ca")
    make("stranger")
    make("old", days=("-days", "-1"))
    openssl("ec", "-in", "server.key", "-out", "locked.key", "-aes256", "-passout", "pass:secret")
    (HERE / "whole.pem").write_text((HERE / "server.pem").read_text()
                                    + (HERE / "server.key").read_text())
    test_serve.setUpModule()
    done = subprocess.run([SECURE, f"--tls-certificate={HERE / 'whole.pem'}", "--unix=/"],
                          capture_output=True, text=True, env=environment(), timeout=PATIENCE)
    if "without TLS" in done.stderr:
        assert done.stderr == "secure: this library was built without TLS\n" and done.returncode == 1
        raise unittest.SkipTest("no TLS")


def tearDownModule():
    folder.cleanup()
    test_serve.tearDownModule()


def pair(name):
    return f"--tls-certificate={HERE / name}.pem", f"--tls-key={HERE / name}.key"


class Secure(Server):
    """The server of test_serve, which can sleep and tell its pid, with TLS."""

    def context(self):
        return ssl.create_default_context(cafile=HERE / "ca.pem")

    def shake(self, context=None, name="localhost"):
        # Without the last of these an end that was cut off would look like one that was announced.
        s = (context or self.context()).wrap_socket(self.connect(), server_hostname=name,
                                                    suppress_ragged_eofs=False)
        self.sockets.append(s)
        return s

    def ask(self, path="/", s=None):
        s = s or self.shake()
        s.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode())
        return read_all(s)

    def curl(self, path, *args):
        done = subprocess.run(["curl", "-sS", "--noproxy", "*", "--cacert", HERE / "ca.pem", *args,
                               f"https://localhost:{self.port}{path}"],
                              capture_output=True, text=True, timeout=PATIENCE)
        return done.stdout if done.returncode == 0 else f"curl: {done.stderr}"

    def serial(self, name="localhost", context=None):
        with self.shake(context, name) as s:
            return s.getpeercert()["serialNumber"]

    def files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class Example(Secure):
    program = SECURE


def serial_of(name):
    return openssl("x509", "-in", f"{name}.pem", "-noout", "-serial").strip().split("=")[1]


class Base(unittest.TestCase):
    def start(self, *args, kind=Secure, certificate="server", **how):
        server = kind("--port=0", *(pair(certificate) if certificate else ()), *args, **how)
        self.addCleanup(server.close)
        return server

    def example(self, *args, **how):
        return self.start(*args, kind=Example, **how)

    def fails(self, status, sentence, *args, preexec=None):
        done = subprocess.run([SECURE, "--port=0", *args], capture_output=True, text=True, cwd=HERE,
                              timeout=PATIENCE, env=environment(), preexec_fn=preexec)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertRegex(done.stderr, sentence)
        self.assertEqual((done.returncode, done.stdout), (status, ""))

    def ends_well(self, server):
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)


class Starting(Base):
    def test_the_line_of_the_start(self):
        for workers in "1", "2":
            server = self.example("--workers", workers)
            self.assertRegex(server.where, r"^https://127\.0\.0\.1:\d+$")
            self.assertEqual(server.curl("/"), "Hello, world\n")
            self.ends_well(server)

    def test_by_the_environment(self):
        server = self.example(certificate=None, env={
            "GYRE_TLS_CERTIFICATE": str(HERE / "whole.pem")})
        self.assertEqual(server.curl("/"), "Hello, world\n")

    def test_by_a_file(self):
        (HERE / "it.conf").write_text("tls-certificate = second.pem, server.pem\n"
                                      "tls-key = second.key, server.key\n")
        server = self.example("--config", str(HERE / "it.conf"), certificate=None)
        self.assertEqual(server.curl("/"), "Hello, world\n")

    def test_what_is_wrong(self):
        self.fails(1, "secure: .*nowhere.pem.*No such file", "--tls-certificate=nowhere.pem")
        self.fails(1, "secure: .*nowhere.key.*No such file", "--tls-certificate=server.pem",
                   "--tls-key=nowhere.key")
        self.fails(1, "key in .*second.key is not that of the certificate in .*server.pem",
                   "--tls-certificate=server.pem", "--tls-key=second.key")
        self.fails(1, "no good certificate in .*server.key: there is none as PEM", "--tls-certificate=server.key")
        self.fails(1, "no good key in .*server.pem: there is none as PEM", "--tls-certificate=server.pem")
        self.fails(1, "the key in .*locked.key is protected by a password, and there is none", "--tls-certificate=server.pem",
                   "--tls-key=locked.key")
        self.fails(1, "secure: .*nonsense", "--tls-certificate=whole.pem", "--tls-ciphers=nonsense")
        self.fails(1, "secure: .*nowhere.pem", "--tls-certificate=whole.pem",
                   "--tls-client-ca=nowhere.pem")
        self.fails(2, "--redirect-port needs --tls-certificate", "--redirect-port=1")

    def test_a_key_of_somebody_else(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        self.fails(1, "cannot read .*server.key: it belongs to root, has the mode 600, and this is ",
                   "--tls-certificate=server.pem", "--tls-key=server.key",
                   preexec=lambda: (os.setgid(65534), os.setuid(65534)))

    def test_an_old_certificate(self):
        server = self.example(certificate="old")
        self.assertEqual(len(server.says(r"W .*the certificate in .*old\.pem expired on \d{4}-\d\d-\d\d$")), 1)
        self.assertEqual(server.curl("/", "-k"), "Hello, world\n")


class Clients(Base):
    def test_versions(self):
        server = self.example()
        for version, wanted in ("1.2", "TLSv1.2"), ("1.3", "TLSv1.3"):
            told = json.loads(server.curl("/handshake", "--tls-max", version, f"--tlsv{version}"))
            self.assertEqual(told["version"], wanted)
            self.assertEqual((told["protocol"], told["asked_for"], told["client"]),
                             ("http/1.1", "localhost", None))
        self.assertIn("curl: ", server.curl("/", "--tls-max", "1.1", "--tlsv1.0", "--ciphers",
                                            "DEFAULT@SECLEVEL=0"))
        until(lambda: server.says(r"a connection from 127\.0\.0\.1 was closed: "), "a line about the old client")

    def test_who_is_not_trusted(self):
        server = self.example(certificate="stranger")
        self.assertRegex(server.curl("/"), "curl: .*certificate")

    def test_names(self):
        server = self.example(f"--tls-certificate={HERE}/server.pem,{HERE}/second.pem",
                              f"--tls-key={HERE}/server.key,{HERE}/second.key", certificate=None)
        self.assertEqual(server.serial("localhost"), serial_of("server"))
        self.assertEqual(server.serial("second.test"), serial_of("second"))
        self.assertEqual(server.serial("a.wild.test"), serial_of("second"))
        self.assertEqual(server.serial("127.0.0.1"), serial_of("server"))

    def test_clients_with_certificates(self):
        server = self.example(f"--tls-client-ca={HERE / 'ca.pem'}")
        for version in "1.2", "1.3":
            ours = "--cert", HERE / "client.pem", "--key", HERE / "client.key", "--tls-max", version
            self.assertEqual(server.curl("/", *ours), "Hello, CN=client\n")
            self.assertIn("curl: ", server.curl("/", "--tls-max", version))
            theirs = "--cert", HERE / "stranger.pem", "--key", HERE / "stranger.key"
            self.assertIn("curl: ", server.curl("/", *theirs, "--tls-max", version))
        until(lambda: server.says("has shown no certificate"), "a line about who has none")
        until(lambda: server.says("stranger"), "a line about the stranger")

    def revoke(self, *names):
        """A new list of the authority: its base of certificates holds those."""
        (HERE / "base").write_text("".join(
            f"R\t351122000000Z\t261122000000Z\t{serial_of(name)}\tunknown\t/CN={name}\n" for name in names))
        (HERE / "ca.conf").write_text("[ca]\ndefault_ca = it\n[it]\ndatabase = base\ndefault_md = sha256\n"
                                      "default_crl_days = 30\n")
        openssl("ca", "-config", "ca.conf", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.pem", "-out",
                "new.crl")
        os.replace(HERE / "new.crl", HERE / "ca.crl")

    def test_a_revoked_certificate(self):
        self.revoke()
        server = self.example(f"--tls-client-ca={HERE / 'ca.pem'}", f"--tls-crl={HERE / 'ca.crl'}")
        client = "--cert", HERE / "client.pem", "--key", HERE / "client.key"
        second = "--cert", HERE / "second.pem", "--key", HERE / "second.key"
        for ours in client, second:
            self.assertIn("Hello, ", server.curl("/", *ours))
        self.revoke("client")
        server.signal(signal.SIGUSR1)
        until(lambda: "curl: " in server.curl("/", *client), "the end of a client")
        until(lambda: server.says("was closed: .*client.* was revoked on [-0-9]{10}"), "a line about it")
        self.assertEqual(server.curl("/", *second), "Hello, CN=second\n")

    def test_ciphers(self):
        server = self.example("--tls-ciphers=ECDHE-ECDSA-AES128-GCM-SHA256")
        told = json.loads(server.curl("/handshake", "--tls-max", "1.2"))
        self.assertEqual(told["cipher"], "ECDHE-ECDSA-AES128-GCM-SHA256")
        self.assertIn("curl: ", server.curl("/", "--tls-max", "1.2", "--ciphers",
                                            "ECDHE-ECDSA-AES256-GCM-SHA384"))

    def test_the_scheme(self):
        port = free_port()
        server = self.example(f"--redirect-port={port}")
        until(lambda: server.says(rf"http://127\.0\.0\.1:{port} sends clients there$"), "a line about it")
        self.assertEqual(server.curl("/", "-L", f"http://localhost:{port}/"), "Hello, world\n" * 2)
        for path, args, status in (("/a?b=c", (), 301), ("/x", ("-d", "body"), 308)):
            head = subprocess.run(["curl", "-sSi", "--noproxy", "*", *args, f"http://localhost:{port}{path}"],
                                  capture_output=True, text=True).stdout
            self.assertIn(f"HTTP/1.1 {status} ", head)
            self.assertIn(f"\nLocation: https://localhost:{server.port}{path}\n", head)
        self.fails(1, f"port {port} is in use by secure .* with --redirect-port$",
                   "--tls-certificate=whole.pem", f"--redirect-port={port}")
        self.ends_well(server)

    def test_plain_http_is_answered(self):
        server = self.example()
        with server.connect() as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = read_all(s)
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "))
        self.assertTrue(answer.endswith(b"ask it with https:\n"))

    def test_wrk(self):
        if not shutil.which("wrk"):
            self.skipTest("wrk is not installed")
        server = self.example("--workers=2", "--log-level=warning")
        told = subprocess.run(["wrk", "-t1", "-c10", "-d1s", f"https://127.0.0.1:{server.port}/"],
                              capture_output=True, text=True, timeout=PATIENCE).stdout
        self.assertNotRegex(told, "Socket errors|Non-2xx")
        self.assertGreater(int(re.search(r"(\d+) requests in", told)[1]), 10)
        self.ends_well(server)


class Hostile(Base):
    def test_a_slow_handshake_is_cut_off(self):
        server = self.example("--head-timeout=300ms")
        hello = b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03"
        with server.connect() as s, server.connect() as silent:
            for byte in hello:
                s.sendall(bytes((byte,)))
            self.assertNotIn(b"HTTP", read_all(s))
            self.assertEqual(read_all(silent), b"")
        until(lambda: server.says("handshake took too long"), "the line about it")
        self.assertEqual(server.curl("/"), "Hello, world\n")

    def test_garbage(self):
        server = self.example("--log-level=error")
        self.assertEqual(server.curl("/"), "Hello, world\n")
        before = server.files()
        for i in range(200):
            with server.connect() as s:
                try:
                    s.sendall(os.urandom(i * 7 % 600 + 1) if i % 3 else b"\x16\x03\x01\x02\x00" + bytes(i))
                    if i % 2:
                        s.shutdown(socket.SHUT_WR)
                        read_all(s)
                except ConnectionError:
                    pass
        until(lambda: server.files() <= before, "descriptors to come back")
        self.assertEqual(server.curl("/"), "Hello, world\n")
        self.ends_well(server)


class Stopping(Base):
    kinds = (), ("--workers=2",)

    def test_in_flight_and_idle(self):
        for more in self.kinds:
            server = self.start(*more)
            idle, busy = server.shake(), server.shake()
            for s in idle, busy:
                s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertTrue(s.recv(4096).endswith(b"hello\n"))
            busy.sendall(b"GET /sleep/0.7 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            until(lambda: server.has_read(busy), "the request to be read")
            server.signal(signal.SIGTERM)
            self.assertEqual(idle.recv(4096), b"")
            answer = b""
            while more := busy.recv(4096):
                answer += more
            self.assertTrue(answer.endswith(b"slept\n"), answer)
            self.assertEqual(server.wait(), 0)


class Reloading(Base):
    kinds = (), ("--workers=2",)

    def setUp(self):
        self.use("server")

    def use(self, name):
        """As it is done well: a new file takes the place of the old one."""
        for end in "pem", "key":
            shutil.copy(HERE / f"{name}.{end}", HERE / f"new.{end}")
            os.replace(HERE / f"new.{end}", HERE / f"live.{end}")

    def serials(self, server, count=12):
        return {server.serial() for _ in range(count)}

    def test_by_signal(self):
        for more in self.kinds:
            for signo in signal.SIGUSR1, signal.SIGHUP:
                self.use("server")
                server = self.start(*more, certificate="live")
                old = server.shake()
                self.assertEqual(self.serials(server), {serial_of("server")})
                self.use("renewed")
                self.assertEqual(self.serials(server), {serial_of("server")})
                server.signal(signo)
                until(lambda: self.serials(server) == {serial_of("renewed")}, "the new one")
                self.assertEqual(len(server.says("the certificates were read again")), 1)
                self.assertTrue(server.ask(s=old).endswith(b"hello\n"))
                self.ends_well(server)

    def test_by_itself(self):
        for more in self.kinds:
            self.use("server")
            server = self.start("--tls-check=20ms", *more, certificate="live")
            self.assertEqual(self.serials(server), {serial_of("server")})
            self.use("renewed")
            until(lambda: self.serials(server) == {serial_of("renewed")}, "the new one")
            until(lambda: server.says("the certificates were read again"), "a line about it")
            self.ends_well(server)

    def test_a_broken_file(self):
        for more in self.kinds:
            for args, kick in (("--tls-check=20ms",), False), (("--tls-check=0",), True):
                self.use("server")
                server = self.start(*args, *more, certificate="live")
                (HERE / "live.pem").write_text("nothing of that kind\n")
                if kick:
                    server.signal(signal.SIGUSR1)
                until(lambda: server.says("the certificates stay as they were: .*live.pem"), "a line")
                self.assertEqual(self.serials(server), {serial_of("server")})
                self.assertEqual(len(server.says("certificates")), 1)
                self.use("renewed")
                if kick:
                    server.signal(signal.SIGUSR1)
                until(lambda: self.serials(server) == {serial_of("renewed")}, "the new one")
                self.ends_well(server)

    def test_a_program_keeps_its_signal(self):
        for how in "handled", "blocked":
            for more in self.kinds:
                self.use("server")
                server = self.start("--tls-check=0", *more, certificate="live",
                                    env={"TEST_USR1": how})
                self.use("renewed")
                for pid in (server.pid, *server.children()):
                    os.kill(pid, signal.SIGUSR1)
                self.assertEqual(self.serials(server), {serial_of("server")})
                if how == "handled":
                    until(lambda: len(server.says("SIGUSR1 handled by")) == 1 + len(server.children()),
                          "the program's own handler")
                server.signal(signal.SIGHUP)
                until(lambda: self.serials(server) == {serial_of("renewed")}, "the new one")
                self.ends_well(server)

    def test_a_new_worker_has_the_new_one(self):
        server = self.start("--workers=2", "--tls-check=0", certificate="live")
        self.use("renewed")
        server.signal(signal.SIGUSR1)
        until(lambda: self.serials(server) == {serial_of("renewed")}, "the new one")
        for pid in server.children():
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(server.says("was killed by SIGKILL")) == 2, "two deaths")
        until(lambda: len(server.children()) == 2, "two workers")
        self.assertEqual(self.serials(server), {serial_of("renewed")})


class Tickets(Base):
    def resume(self, server, file, version):
        """Whether a session in that file is resumed, and the worker that did it."""
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername",
             "localhost", "-CAfile", HERE / "ca.pem", version, "-sess_in", file, "-ign_eof"],
            input="GET /pid HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            capture_output=True, text=True, timeout=PATIENCE).stdout
        return "Reused, TLSv1" in done, int(re.search(r"\r?\n\r?\n(\d+)\n", done)[1])

    def save(self, server, file, version):
        subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername",
             "localhost", "-CAfile", HERE / "ca.pem", version, "-sess_out", file, "-ign_eof"],
            input="GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            capture_output=True, text=True, timeout=PATIENCE, check=True)

    def test_all_workers_resume(self):
        server = self.start("--workers=2")
        for version in "-tls1_2", "-tls1_3":
            file = HERE / f"session{version}"
            self.save(server, file, version)
            seen = set()

            def once_more():
                resumed, pid = self.resume(server, file, version)
                self.assertTrue(resumed)
                seen.add(pid)
                return len(seen) == 2
            until(once_more, "both workers to resume")

    def test_new_workers_resume(self):
        server = self.start("--workers=2")
        file = HERE / "session"
        self.save(server, file, "-tls1_3")
        before = set(server.children())
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(set(server.children()) - before) == 2, "two workers")
        resumed, pid = self.resume(server, file, "-tls1_3")
        self.assertTrue(resumed)
        self.assertNotIn(pid, before)

    def test_keys_wear_out(self):
        server = self.start("--tls-ticket-rotation=50ms", "--workers=2")
        file = HERE / "worn"
        self.save(server, file, "-tls1_3")
        until(lambda: not self.resume(server, file, "-tls1_3")[0], "the key to be forgotten")

    def test_another_server_does_not(self):
        first, second = self.start(), self.start()
        file = HERE / "foreign"
        self.save(first, file, "-tls1_3")
        self.assertTrue(self.resume(first, file, "-tls1_3")[0])
        self.assertFalse(self.resume(second, file, "-tls1_3")[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
