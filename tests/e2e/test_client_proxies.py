#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_client_proxies.py - gyre's client through proxies that others wrote: tinyproxy and microsocks.

What is not installed is skipped.
"""
import contextlib
import hashlib
import http.server
import os
import random
import select
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
from program import BUILD, FAULT, PATIENCE, WITH_TLS, free_port, until  # noqa: E402

GYRE = BUILD / "bin" / "gyre"
BIG = random.Random(1).randbytes(3 << 20)


def needs(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    return unittest.skipIf(missing, f"{' and '.join(missing)}: not installed")


class Site(http.server.BaseHTTPRequestHandler):
    """Tells what it was sent."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def give(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/big":
            return self.give(BIG)
        fields = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        return self.give(f"{self.requestline}\n{fields}".encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.give(hashlib.sha256(body).hexdigest().encode())


class Server:
    def __init__(self, context=None):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_: None
        if context:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


class TlsInFront:
    """TLS, as another program ends it, in front of a port."""

    def __init__(self, context, port):
        self.context, self.to = context, port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                threading.Thread(target=self.serve, args=[client], daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(OSError), client, \
                self.context.wrap_socket(client, server_side=True) as near, \
                socket.create_connection(("127.0.0.1", self.to)) as far:
            near.setblocking(False)
            lock = threading.Lock()  # OpenSSL bears no two threads at one connection
            back = threading.Thread(target=self.pump_back, args=[far, near, lock], daemon=True)
            back.start()
            while data := self.read(near, lock):
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)
            back.join(PATIENCE)

    @staticmethod
    def read(near, lock):
        while True:
            with lock, contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return near.recv(65536)
            select.select([near], [], [], 0.01)

    @staticmethod
    def pump_back(far, near, lock):
        with contextlib.suppress(OSError):
            while data := far.recv(65536):
                view = memoryview(data)
                while view:
                    with lock, contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                        view = view[near.send(view):]
                        continue
                    select.select([], [near], [], 0.01)

    def stop(self):
        self.listener.close()


def is_open(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Proxies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not GYRE.exists():
            print(f"{GYRE} is not built")
            raise SystemExit(77)
        cls.folder = tempfile.TemporaryDirectory(prefix="gyre-proxies-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.plain = Server()
        cls.addClassCleanup(cls.plain.stop)
        cls.context = cls.make_context() if shutil.which("openssl") else None
        if cls.context:
            cls.secure = Server(cls.context)
            cls.addClassCleanup(cls.secure.stop)

    @classmethod
    def make_context(cls):
        cls.pem = os.path.join(cls.folder.name, "own.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", cls.pem, "-out", cls.pem + ".c"],
            check=True, capture_output=True)
        with open(cls.pem, "a") as f, open(cls.pem + ".c") as certificate:
            f.write(certificate.read())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cls.pem)
        return context

    # -- Proxies -----------------------------------------------------------------------------------

    def start(self, *command, port):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(process.kill)
        until(lambda: is_open(port), f"{command[0]} on port {port}")
        return port

    def tinyproxy(self, *lines):
        port = free_port()
        path = os.path.join(self.folder.name, f"tinyproxy-{port}")
        with open(path, "w") as f:
            f.write("\n".join([f"Port {port}", "Listen 127.0.0.1", "Timeout 60", "MaxClients 50",
                               f'LogFile "{path}.log"', f'PidFile "{path}.pid"', *lines, ""]))
        return self.start("tinyproxy", "-d", "-c", path, port=port)

    def microsocks(self, *args):
        port = free_port()
        return self.start("microsocks", "-i", "127.0.0.1", "-p", str(port), *args, port=port)

    # -- Asking ------------------------------------------------------------------------------------

    def fetch(self, url, *args, status=0, env=(), stdin=b""):
        clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        if url.startswith("https"):
            args = "--ca-file", self.pem, *args
        done = subprocess.run([GYRE, "fetch", *args, url], capture_output=True, input=stdin,
                              timeout=PATIENCE, env=clean | dict(env))
        self.assertNotRegex(done.stderr, FAULT)
        self.assertEqual(done.returncode == 0, status == 0, done.stderr.decode())
        return done.stdout if status == 0 else done.stderr.decode()

    def goes(self, proxy, secure=False):
        """All that is asked for comes; gives what the server has seen."""
        scheme, server = ("https", self.secure) if secure else ("http", self.plain)
        url = f"{scheme}://127.0.0.1:{server.port}"
        self.assertEqual(self.fetch(url + "/big", "--proxy", proxy), BIG)
        body = os.path.join(self.folder.name, "body")
        with open(body, "wb") as f:
            f.write(BIG)
        self.assertEqual(self.fetch(url + "/post", "--proxy", proxy, "--data", f"@{body}"),
                         hashlib.sha256(BIG).hexdigest().encode())
        seen = self.fetch(url + "/a?b", "--proxy", proxy).decode()
        self.assertIn("GET /a?b HTTP/1.", seen)
        self.assertNotIn("proxy-authorization", seen.lower())
        return seen

    @needs("tinyproxy")
    def test_http(self):
        port = self.tinyproxy("BasicAuth ann secret")
        seen = self.goes(f"http://ann:secret@127.0.0.1:{port}")
        self.assertIn("tinyproxy", seen)
        seen = self.fetch(f"http://127.0.0.1:{self.plain.port}/", "--proxy",
                          f"http://127.0.0.1:{port}", "--include").decode()
        self.assertIn(" 407 ", seen.splitlines()[0])

    @needs("tinyproxy", "openssl")
    def test_tunnel(self):
        port = self.tinyproxy("BasicAuth ann secret")
        self.goes(f"http://ann:secret@127.0.0.1:{port}", secure=True)
        url = f"https://127.0.0.1:{self.secure.port}/"
        self.assertIn(f"the proxy 127.0.0.1:{port} refuses the tunnel: 407 ",
                      self.fetch(url, "--proxy", f"http://127.0.0.1:{port}", status=1))

    @needs("tinyproxy", "openssl")
    def test_tunnel_that_is_not_allowed(self):
        port = self.tinyproxy("ConnectPort 1")
        url = f"https://127.0.0.1:{self.secure.port}/"
        self.assertIn(f"the proxy 127.0.0.1:{port} refuses the tunnel: 403 ",
                      self.fetch(url, "--proxy", f"http://127.0.0.1:{port}", status=1))

    @needs("tinyproxy", "openssl")
    def test_tls_in_tls(self):
        front = TlsInFront(self.context, self.tinyproxy())
        self.addCleanup(front.stop)
        self.goes(f"https://localhost:{front.port}", secure=True)

    @needs("microsocks", "openssl")
    def test_socks(self):
        open_port = self.microsocks()
        port = self.microsocks("-u", "ann", "-P", "secret")
        for secure in False, True:
            self.goes(f"socks5://127.0.0.1:{open_port}", secure)
            self.goes(f"socks5h://ann:secret@127.0.0.1:{port}", secure)
        url = f"http://localhost:{self.plain.port}/"
        for scheme in "socks5", "socks5h":
            self.fetch(url, "--proxy", f"{scheme}://ann:secret@127.0.0.1:{port}")

    @needs("microsocks")
    def test_socks_refuses(self):
        port = self.microsocks("-u", "ann", "-P", "secret")
        url = f"http://127.0.0.1:{self.plain.port}/"
        gone = f"http://127.0.0.1:{free_port()}/"
        cases = [(f"socks5://127.0.0.1:{port}", url, "wants a user and a password"),
                 (f"socks5://ann:no@127.0.0.1:{port}", url, "refuses the user ann"),
                 (f"socks5://ann:secret@127.0.0.1:{port}", gone, "the connection was refused")]
        for proxy, target, why in cases:
            said = self.fetch(target, "--proxy", proxy, status=1)
            self.assertIn(f"the proxy 127.0.0.1:{port} ", said)
            self.assertIn(why, said)

    @needs("tinyproxy")
    def test_environment(self):
        port = self.tinyproxy()
        url = f"http://127.0.0.1:{self.plain.port}/"
        proxy = f"http://127.0.0.1:{port}"
        for env, through in [({"http_proxy": proxy}, True),
                             ({"HTTP_PROXY": proxy}, False),
                             ({"ALL_PROXY": proxy}, True),
                             ({"http_proxy": proxy, "REQUEST_METHOD": "GET"}, False),
                             ({"http_proxy": proxy, "no_proxy": "a.test, 127.0.0.0/8"}, False)]:
            seen = self.fetch(url, env=env).decode()
            self.assertEqual("tinyproxy" in seen, through, (env, seen))


if __name__ == "__main__":
    if not WITH_TLS:
        print("skipped: built without TLS")
        sys.exit(77)
    unittest.main(verbosity=2)
