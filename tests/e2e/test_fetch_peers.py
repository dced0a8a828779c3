#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_fetch_peers.py - the client and servers that others wrote: nginx, Node, Python's, Tornado, OpenSSL;
certificates that are not good; and curl through a handler that asks them.

What is not installed is skipped. Needs GYRE_SOURCE, GYRE_BUILD and CC, as ctest sets them.
"""
import contextlib
import gzip
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.dont_write_bytecode = True
from program import BUILD, FAULT, PATIENCE, SANITIZE, WITH_TLS, free_port, until  # noqa: E402

SOURCE = pathlib.Path(os.environ.get("GYRE_SOURCE", "."))
BIG = random.Random(1).randbytes(8 << 20)
TEXT = b"All work and no play.\n" * 1000

folder = tempfile.TemporaryDirectory(prefix="gyre-fetch-")
HERE = pathlib.Path(folder.name)
APP = HERE / "fetch_app"


def setUpModule():
    command = [os.environ.get("CC", "cc"), "-g", "-o", APP, SOURCE / "tests/e2e/fetch_app.c",
               f"-I{SOURCE / 'include'}", f"-L{BUILD}", f"-Wl,-rpath,{BUILD.resolve()}", "-lgyre"]
    if SANITIZE:
        command.append(f"-fsanitize={SANITIZE}")
    subprocess.run(command, check=True)
    (HERE / "files").mkdir()
    (HERE / "files/big").write_bytes(BIG)
    (HERE / "files/text.txt").write_bytes(TEXT)


def tearDownModule():
    folder.cleanup()


def needs(tool):
    return unittest.skipUnless(shutil.which(tool), f"{tool} is not installed")


def has_tornado():
    done = subprocess.run(["/usr/bin/python3", "-c", "import tornado"], capture_output=True)
    return done.returncode == 0


def environment(**more):
    keep = {k: v for k, v in os.environ.items()
            if not k.startswith("GYRE_") and not k.lower().endswith("_proxy")}
    return {**keep, **more}


class Peer:
    """Another's server in the background, ended by its id."""

    def __init__(self, port, *command, **more):
        self.port = port
        with open(HERE / "peer.log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log,
                                            start_new_session=True, **more)
        try:
            until(self.answers, f"{command[0]} to listen")
        except BaseException:
            self.stop()
            raise

    def answers(self):
        assert self.process.poll() is None, (HERE / "peer.log").read_text()[-2000:]
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()


class Peers(unittest.TestCase):
    def fetch(self, *args, code=0):
        """What the client tells of each URL; all have this code."""
        done = subprocess.run([APP, *args], capture_output=True, timeout=PATIENCE * 2,
                              env=environment())
        self.assertEqual(done.returncode, 0, done)
        self.assertNotRegex(done.stderr, FAULT)
        told = [json.loads(line) for line in done.stdout.decode().splitlines()]
        for one in told:
            self.assertEqual(one["code"], code, one)
            self.assertEqual(bool(one["why"]), code != 0, one)
        return told

    def fetch_one(self, *args, code=0):
        return self.fetch(*args, code=code)[0]

    def fetch_file(self, *args):
        out = HERE / "out"
        one = self.fetch_one("--out", out, *args)
        return one, out.read_bytes()


# -- Certificates ----------------------------------------------------------------------------------

class Authority:
    """Makes certificates with OpenSSL's program."""

    def __init__(self, name):
        self.name = name
        self.make(f"{name}.pem", "-x509", subject=f"/CN={name} root", days=10)

    def path(self, name):
        return str(HERE / name)

    def run(self, *command):
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)

    def make(self, out, *args, subject, days=10, names=None):
        more = ["-addext", f"subjectAltName={names}"] if names else []
        if "-x509" in args:
            more += ["-days", str(days)]
        self.run("req", *args, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-subj", subject, "-keyout", self.path(out + ".key"), "-out", self.path(out), *more)

    def sign(self, out, names="DNS:localhost,IP:127.0.0.1", subject="/CN=localhost", days=10):
        """Gives the file with the certificate and its key."""
        self.make(out + ".csr", subject=subject)
        (HERE / "ext").write_text(f"subjectAltName={names}\n")
        self.run("x509", "-req", "-in", self.path(out + ".csr"), "-CA", self.path(f"{self.name}.pem"),
                 "-CAkey", self.path(f"{self.name}.pem.key"), "-CAcreateserial",
                 "-extfile", self.path("ext"), "-days", str(days), "-out", self.path(out))
        return self.join(out, out + ".csr.key")

    def revoke(self, *certificates):
        """Gives the file with the list of these."""
        (HERE / "index").write_text("")
        (HERE / "number").write_text("01\n")
        (HERE / "ca.conf").write_text(
            f"[ca]\ndefault_ca = c\n[c]\ndatabase = {HERE}/index\ncrlnumber = {HERE}/number\n"
            "default_md = sha256\ndefault_crl_days = 10\n")
        ca = ("ca", "-config", self.path("ca.conf"), "-cert", self.path(f"{self.name}.pem"),
              "-keyfile", self.path(f"{self.name}.pem.key"))
        for certificate in certificates:
            self.run(*ca, "-revoke", certificate)
        self.run(*ca, "-gencrl", "-out", self.path(f"{self.name}.crl"))
        return self.path(f"{self.name}.crl")

    def join(self, out, key):
        both = HERE / (out + ".both")
        both.write_bytes((HERE / out).read_bytes() + (HERE / key).read_bytes())
        return str(both)


class SecurePeer:
    """Says hi over TLS, in this process."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"hi")

        def log_message(self, *args):
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request, address):
            pass  # clients that do not like the certificate leave

    def __init__(self, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server = self.Server(("127.0.0.1", 0), self.Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@needs("openssl")
class Certificates(Peers):
    @classmethod
    def setUpClass(cls):
        cls.ours, cls.theirs = Authority("ours"), Authority("theirs")
        cls.trust = cls.ours.path("ours.pem")

    def ask(self, certificate, *args, code=0, host="127.0.0.1"):
        peer = SecurePeer(certificate)
        self.addCleanup(peer.stop)
        done = subprocess.run([APP, *args, f"https://{host}:{peer.port}/"], capture_output=True,
                              timeout=PATIENCE, env=environment())
        self.assertEqual(done.returncode, 0, done)
        one = json.loads(done.stdout)
        self.assertEqual(one["code"] != 0, bool(one["why"]), one)
        return one

    def refused(self, certificate, why, *args, host="127.0.0.1"):
        one = self.ask(certificate, *args, host=host)
        self.assertEqual(one["status"], 0, one)
        self.assertRegex(one["why"], r"^no secure connection to " + re.escape(host) + r":\d+: ")
        self.assertRegex(one["why"], why)
        return one

    def test_good(self):
        one = self.ask(self.ours.sign("good.pem"), "--ca", self.trust)
        self.assertEqual((one["code"], one["body"], one["why"]), (0, "hi", ""))
        self.assertGreater(one["tls"], 0)

    def test_expired(self):
        both = self.ours.sign("expired.pem", days=-1)
        self.refused(both, r"the certificate of 127\.0\.0\.1 expired on \d+-\d+-\d+$", "--ca", self.trust)

    def test_wrong_host(self):
        both = self.ours.sign("other.pem", names="DNS:other.example", subject="/CN=other.example")
        self.refused(both, r"the certificate of 127\.0\.0\.1 is for other\.example$", "--ca", self.trust)

    def test_self_signed(self):
        self.ours.make("self.pem", "-x509", subject="/CN=localhost", names="IP:127.0.0.1")
        both = self.ours.join("self.pem", "self.pem.key")
        self.refused(both, r"the certificate of 127\.0\.0\.1 is signed by itself", "--ca", self.trust)

    def test_unknown_chain(self):
        both = self.theirs.sign("unknown.pem")
        why = r"the certificate of 127\.0\.0\.1 is signed by theirs root, who is not trusted"
        self.refused(both, why, "--ca", self.trust)
        self.refused(both, why)

    def test_revoked(self):
        revoked, good = self.ours.sign("revoked.pem"), self.ours.sign("not-revoked.pem")
        crl = "--ca", self.trust, "--crl", self.ours.revoke(self.ours.path("revoked.pem"))
        self.refused(revoked, r"the certificate of 127\.0\.0\.1 .*revoked", *crl)
        self.assertEqual(self.ask(good, *crl)["body"], "hi")
        self.assertEqual(self.ask(revoked, "--ca", self.trust)["body"], "hi")

    def test_each_refusal_is_told_apart(self):
        whys = {self.refused(both, ".", "--ca", self.trust)["why"].split(": ", 1)[1] for both in (
            self.ours.sign("a.pem", days=-1), self.theirs.sign("b.pem"),
            self.ours.sign("c.pem", names="DNS:other.example"))}
        self.assertEqual(len(whys), 3, whys)


# -- nginx -----------------------------------------------------------------------------------------

NGINX = """
worker_processes 1; master_process off; daemon off; pid {here}/nginx.pid;
error_log {here}/nginx.log info;
events {{ worker_connections 64; }}
http {{
    types {{ text/plain txt; }}
    default_type application/octet-stream;
    access_log off; client_max_body_size 1m;
    client_body_temp_path {here}/body; proxy_temp_path {here}/proxy;
    fastcgi_temp_path {here}/fastcgi; uwsgi_temp_path {here}/uwsgi; scgi_temp_path {here}/scgi;
    keepalive_requests 3; gzip on; gzip_types text/plain; gzip_min_length 1;
    server {{
        listen 127.0.0.1:{port};
        {tls}
        root {here}/files;
        location = /moved {{ return 302 /text.txt; }}
        location = /loop {{ return 302 /loop; }}
        location = /away {{ return 307 http://127.0.0.1:{port}/text.txt; }}
        location = /cookie {{ add_header Set-Cookie "a=1; Path=/"; return 302 /see; }}
        location = /see {{ return 200 "cookie: $http_cookie\\n"; }}
        location = /put {{ return 200 "$request_method $content_length\\n"; }}
        location = /users {{ auth_basic b; auth_basic_user_file {here}/users; root {here}; }}
    }}
}}
"""


@needs("nginx")
class Nginx(Peers):
    @classmethod
    def setUpClass(cls):
        ports = [free_port(), free_port()]
        servers = ["", ""]
        if shutil.which("openssl"):
            ca = Authority("nginx")
            both = ca.sign("nginx-server.pem")
            cls.trust = ca.path("nginx.pem")
            servers[0] = f"listen 127.0.0.1:{ports[1]} ssl; ssl_certificate {both}; " \
                         f"ssl_certificate_key {both};"
        conf = HERE / "nginx.conf"
        conf.write_text(NGINX.format(here=HERE, port=ports[0], tls=servers[0]))
        cls.peer = Peer(ports[0], "nginx", "-c", str(conf), "-p", str(HERE), "-e",
                        str(HERE / "nginx.log"))
        cls.addClassCleanup(cls.peer.stop)
        cls.url = f"http://127.0.0.1:{ports[0]}"
        cls.secure = f"https://127.0.0.1:{ports[1]}"

    def test_files(self):
        one, body = self.fetch_file(self.url + "/big")
        self.assertEqual((one["status"], one["version"]), (200, 11))
        self.assertTrue(body == BIG)
        self.assertEqual(self.fetch_one(self.url + "/missing")["status"], 404)

    def test_gzip(self):
        one, body = self.fetch_file(self.url + "/text.txt")
        self.assertEqual(one["coding"], "gzip")
        self.assertEqual(body, TEXT)
        one, body = self.fetch_file("--raw", "--header", "Accept-Encoding: gzip",
                                    self.url + "/text.txt")
        self.assertEqual(gzip.decompress(body), TEXT)

    def test_range(self):
        one, body = self.fetch_file("--header", "Range: bytes=5-104", self.url + "/big")
        self.assertEqual(one["status"], 206)
        self.assertEqual(body, BIG[5:105])

    def test_connections_that_serve_three(self):
        told = self.fetch(*[self.url + "/text.txt"] * 8)
        self.assertEqual([one["reused"] for one in told],
                         [False, True, True, False, True, True, False, True])

    def test_redirects(self):
        one, body = self.fetch_file(self.url + "/moved")
        self.assertEqual((one["redirects"], one["heads"], body), (1, 2, TEXT))
        one = self.fetch_one(self.url + "/away")
        self.assertEqual(one["url"], self.url + "/text.txt")
        done = subprocess.run([APP, self.url + "/loop"], capture_output=True, env=environment())
        self.assertRegex(json.loads(done.stdout)["why"], "more than 5 redirects")

    def test_cookies(self):
        self.assertEqual(self.fetch_one("--cookies", self.url + "/cookie")["body"],
                         "cookie: a=1.")

    def test_uploads(self):
        for args in ("--upload", "100000"), ("--upload", "100000", "--length", "100000"), \
                ("--upload", "100000", "--expect"):
            self.assertEqual(self.fetch_one(*args, self.url + "/put")["status"], 200, args)
        one = self.fetch_one("--upload", "3000000", "--length", "3000000", self.url + "/put")
        self.assertEqual(one["status"], 413)
        one = self.fetch_one("--expect", "--upload", "3000000", "--length", "3000000",
                             self.url + "/put")
        self.assertEqual(one["status"], 413)

    def test_basic(self):
        (HERE / "users").write_text("me:{PLAIN}secret\n")
        url, user = self.url + "/users", ("--user", "me", "--password")
        self.assertEqual(self.fetch_one(url)["status"], 401)
        self.assertEqual(self.fetch_one(*user, "other", url)["status"], 401)
        self.assertEqual(self.fetch_one(*user, "secret", url)["status"], 200)
        self.assertEqual(self.fetch_one(url.replace("//", "//me:secret@"))["status"], 200)

    @needs("openssl")
    def test_tls(self):
        told = self.fetch("--ca", self.trust, *[self.secure + "/text.txt"] * 4)
        self.assertEqual([one["reused"] for one in told], [False, True, True, False])
        one, body = self.fetch_file("--ca", self.trust, self.secure + "/big")
        self.assertTrue(body == BIG)

    @needs("openssl")
    def test_plain_text_to_a_tls_port(self):
        one = self.fetch_one(self.secure.replace("https:", "http:") + "/")
        self.assertEqual(one["status"], 400)


# -- Apache ----------------------------------------------------------------------------------------

MODULES = pathlib.Path("/usr/lib/apache2/modules")
APACHE = """
ServerRoot {here}
PidFile {here}/apache.pid
ErrorLog {here}/apache.log
Listen 127.0.0.1:{port}
ServerName localhost
User www-data
Group www-data
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authn_file_module {modules}/mod_authn_file.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_digest_module {modules}/mod_auth_digest.so
DocumentRoot {here}/files
<Location />
    AuthType Digest
    AuthName "realm of it"
    AuthDigestProvider file
    AuthUserFile {here}/digests
    Require valid-user
</Location>
"""


@needs("apache2")
@unittest.skipUnless((MODULES / "mod_auth_digest.so").exists(), "its Digest is not installed")
class Apache(Peers):
    @classmethod
    def setUpClass(cls):
        HERE.chmod(0o755)
        secret = hashlib.md5(b"me:realm of it:sec ret").hexdigest()
        (HERE / "digests").write_text(f"me:realm of it:{secret}\n")
        port = free_port()
        conf = HERE / "apache.conf"
        conf.write_text(APACHE.format(here=HERE, port=port, modules=MODULES))
        cls.peer = Peer(port, "apache2", "-X", "-f", str(conf))
        cls.addClassCleanup(cls.peer.stop)
        cls.url = f"http://127.0.0.1:{port}/text.txt"

    def test_digest(self):
        me = "--digest", "--user", "me", "--password"
        told = self.fetch(*me, "sec ret", self.url, self.url + "?a=%20b", self.url)
        self.assertEqual([(one["status"], one["heads"], one["length"]) for one in told],
                         [(200, 2, len(TEXT)), (200, 1, len(TEXT)), (200, 1, len(TEXT))])
        one = self.fetch_one(*me, "sec ret", "--data", "abc", self.url)
        self.assertEqual((one["status"], one["heads"]), (200, 2))
        one = self.fetch_one(*me, "other", self.url)
        self.assertEqual((one["status"], one["heads"]), (401, 2))


# -- Node ------------------------------------------------------------------------------------------

NODE = r"""
const http = require('http'), crypto = require('crypto');
const md5 = (t) => crypto.createHash('md5').update(t).digest('hex');
const sha = (t) => crypto.createHash('sha256').update(t).digest('hex');
let nonces = 0, valid = new Set();
function digest(req, res, hash, name) {
    const sent = req.headers.authorization || '', p = {};
    for (const m of sent.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]*))/g)) p[m[1]] = m[2] ?? m[3];
    const a1 = hash('me:realm of it:sec ret'), a2 = hash(req.method + ':' + req.url);
    const want = hash([a1, p.nonce, p.nc, p.cnonce, p.qop, a2].join(':'));
    req.resume();
    if (sent.startsWith('Digest ') && p.uri === req.url && p.response === want) {
        if (valid.has(p.nonce)) {
            if (req.url.includes('once')) valid.delete(p.nonce);
            return req.on('end', () => res.end('in ' + p.nc));
        }
        p.stale = true;
    }
    const nonce = 'n' + ++nonces;
    valid.add(nonce);
    res.writeHead(401, {'WWW-Authenticate': `Basic realm="b", Digest realm="realm of it", ` +
        `nonce="${nonce}", qop="auth,auth-int", opaque="op", algorithm=${name}` +
        (p.stale ? ', stale=true' : '')});
    req.on('end', () => res.end('out'));
}
http.createServer((req, res) => {
    const path = req.url.split('?')[0];
    if (path === '/chunked') {
        res.writeHead(200, {Trailer: 'X-After'});
        let n = 0;
        const more = () => n < 1000 ? (res.write('line ' + n++ + '\n'), setImmediate(more))
                                    : (res.addTrailers({'X-After': 'yes'}), res.end());
        more();
    } else if (path === '/early') {
        res.writeHead(413, {Connection: 'close'});
        res.end('too much');
    } else if (path === '/hints') {
        res.writeEarlyHints({link: '</a>; rel=preload'}, () => res.end('hinted'));
    } else if (path === '/cut') {
        res.writeHead(200, {'Content-Length': 1000});
        res.write('abc', () => res.destroy());
    } else if (path.startsWith('/md5')) {
        digest(req, res, md5, 'MD5');
    } else if (path.startsWith('/sha')) {
        digest(req, res, sha, 'SHA-256');
    } else {
        const all = crypto.createHash('sha256');
        let n = 0;
        req.on('data', (d) => { all.update(d); n += d.length; });
        req.on('end', () => res.end(JSON.stringify({method: req.method, n, sha: all.digest('hex'),
                                                    headers: req.headers})));
    }
}).listen(+process.argv[2], '127.0.0.1');
"""


def made(count):
    """What fetch_app uploads."""
    return (b"abcdefghijklmnopqrstuvwxyz" * (count // 26 + 1))[:count]


@needs("node")
class Node(Peers):
    @classmethod
    def setUpClass(cls):
        (HERE / "peer.js").write_text(NODE)
        port = free_port()
        cls.peer = Peer(port, "node", str(HERE / "peer.js"), str(port))
        cls.addClassCleanup(cls.peer.stop)
        cls.url = f"http://127.0.0.1:{port}"

    def test_chunks_and_trailers(self):
        out = b"".join(b"line %d\n" % i for i in range(1000))
        told = self.fetch(self.url + "/chunked", self.url + "/echo")
        self.assertEqual([one["length"] for one in told][0], len(out))
        self.assertTrue(told[1]["reused"])
        self.assertEqual(self.fetch_file(self.url + "/chunked")[1], out)

    def test_uploads(self):
        for args in ((), ("--length", "1000000"), ("--expect",)):
            one, body = self.fetch_file("--upload", "1000000", *args, self.url + "/echo")
            seen = json.loads(body)
            self.assertEqual((seen["method"], seen["n"]), ("POST", 1000000))
            self.assertEqual(seen["sha"], hashlib.sha256(made(1000000)).hexdigest())
            self.assertEqual("content-length" in seen["headers"], "--length" in args)

    def test_an_answer_before_the_end_of_the_upload(self):
        for args in ((), ("--expect",)):
            one = self.fetch_one("--upload", "300000000", *args, self.url + "/early")
            self.assertEqual((one["status"], one["body"]), (413, "too much"))
        one = self.fetch_one("--upload", "300000000", "--length", "300000000", self.url + "/early")
        self.assertEqual(one["status"], 413)

    def test_early_hints(self):
        one = self.fetch_one(self.url + "/hints")
        self.assertEqual((one["status"], one["body"]), (200, "hinted"))

    def test_an_answer_that_is_cut(self):
        done = subprocess.run([APP, self.url + "/cut"], capture_output=True, env=environment())
        self.assertRegex(json.loads(done.stdout)["why"], "closed the connection after 3 of 1000")

    def test_digest(self):
        me = "--digest", "--user", "me", "--password", "sec ret"
        for path in "/md5", "/sha":
            told = self.fetch(*me, *[self.url + path + "?a=b"] * 3)
            self.assertEqual([one["body"] for one in told],
                             ["in 00000001", "in 00000002", "in 00000003"])
            self.assertEqual([one["heads"] for one in told], [2, 1, 1])
            told = self.fetch(*me, *[self.url + path + "-once"] * 2)
            self.assertEqual([one["body"] for one in told], ["in 00000001", "in 00000001"])
            one = self.fetch_one("--digest", "--user", "me", "--password", "other",
                                 self.url + path)
            self.assertEqual((one["status"], one["heads"]), (401, 2))

    def test_digest_with_bodies(self):
        me = "--digest", "--user", "me", "--password", "sec ret", "--method", "PUT"
        for body in ("--data", "abc"), ("--upload", "300000"), \
                ("--part", f"f=@{HERE / 'files/text.txt'}"):
            one = self.fetch_one(*me, *body, self.url + "/sha")
            self.assertEqual((one["status"], one["body"], one["heads"]), (200, "in 00000001", 2),
                             body)
        # Node says 100 before anything else, and then has the body that cannot be sent again.
        one = self.fetch_one(*me, "--upload", "300000", "--expect", self.url + "/sha")
        self.assertEqual(one["status"], 401)


# -- Python ----------------------------------------------------------------------------------------

class PythonServer(Peers):
    """HTTP/1.0, whose bodies end with the connection."""

    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.peer = Peer(port, sys.executable, "-m", "http.server", "--bind", "127.0.0.1",
                        "--directory", str(HERE / "files"), str(port))
        cls.addClassCleanup(cls.peer.stop)
        cls.url = f"http://127.0.0.1:{port}"

    def test_files(self):
        one, body = self.fetch_file(self.url + "/big")
        self.assertEqual((one["status"], one["version"]), (200, 10))
        self.assertTrue(body == BIG)

    def test_no_connection_is_kept(self):
        told = self.fetch(*[self.url + "/text.txt"] * 3)
        self.assertEqual([one["reused"] for one in told], [False] * 3)

    def test_a_method_it_does_not_know(self):
        self.assertEqual(self.fetch_one("--data", "abc", self.url + "/")["status"], 501)


TORNADO = """
import asyncio, json, sys
import tornado.web

class Echo(tornado.web.RequestHandler):
    def answer(self):
        files = {name: [(f.filename, f.content_type, f.body.decode("latin-1")) for f in these]
                 for name, these in self.request.files.items()}
        fields = {name: [v.decode() for v in values]
                  for name, values in self.request.body_arguments.items()}
        self.write(json.dumps({"method": self.request.method, "n": len(self.request.body),
                               "files": files, "fields": fields}))
    get = post = put = answer

class Stream(tornado.web.RequestHandler):
    async def get(self):
        for i in range(50):
            self.write(b"x" * 1000)
            await self.flush()

class Again(tornado.web.RequestHandler):
    def post(self):
        self.redirect("/echo", status=307)

async def main():
    app = tornado.web.Application([("/echo", Echo), ("/stream", Stream), ("/again", Again)],
                                  compress_response=True)
    app.listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()

asyncio.run(main())
"""


@unittest.skipUnless(has_tornado(), "python3-tornado is not installed")
class Tornado(Peers):
    @classmethod
    def setUpClass(cls):
        (HERE / "peer.py").write_text(TORNADO)
        port = free_port()
        cls.peer = Peer(port, "/usr/bin/python3", str(HERE / "peer.py"), str(port))
        cls.addClassCleanup(cls.peer.stop)
        cls.url = f"http://127.0.0.1:{port}"

    def test_streams(self):
        told = self.fetch(*[self.url + "/stream"] * 3)
        self.assertEqual([(one["length"], one["reused"]) for one in told],
                         [(50000, False), (50000, True), (50000, True)])

    def test_uploads(self):
        for args in ((), ("--length", "1000000"), ("--expect",)):
            _, body = self.fetch_file("--upload", "1000000", *args, self.url + "/echo")
            self.assertEqual(json.loads(body)["n"], 1000000)

    def multipart(self, path):
        _, body = self.fetch_file("--part", "a=1 2", "--part", f"f=@{HERE / 'files/text.txt'}",
                                  "--part", "a=\u00e4 & \"b\"", self.url + path)
        seen = json.loads(body)
        self.assertEqual(seen["method"], "POST")
        self.assertEqual(seen["fields"], {"a": ["1 2", "\u00e4 & \"b\""]})
        self.assertEqual(seen["files"], {"f": [["text.txt", "application/octet-stream",
                                                TEXT.decode()]]})

    def test_multipart(self):
        self.multipart("/echo")
        self.multipart("/again")


# -- OpenSSL ---------------------------------------------------------------------------------------

@needs("openssl")
class OpenSsl(Peers):
    @classmethod
    def setUpClass(cls):
        ca = Authority("s-server")
        both = ca.sign("s-server-own.pem")
        cls.trust = ca.path("s-server.pem")
        cls.url = {}
        for version in "tls1_2", "tls1_3":
            port = free_port()
            peer = Peer(port, "openssl", "s_server", "-WWW", "-quiet", "-accept", f"127.0.0.1:{port}",
                        "-cert", both, "-key", both, "-" + version, cwd=HERE / "files")
            cls.addClassCleanup(peer.stop)
            cls.url[version] = f"https://127.0.0.1:{port}"

    def test_files(self):
        for url in self.url.values():
            one, body = self.fetch_file("--ca", self.trust, url + "/text.txt")
            self.assertEqual((one["status"], one["version"]), (200, 10))
            self.assertEqual(body, TEXT)


# -- Passing on ------------------------------------------------------------------------------------

class Passing:
    """The handler that asks another server."""

    def __init__(self, upstream):
        self.process = subprocess.Popen([APP, "serve", "--port=0", "--address=127.0.0.1"],
                                        stderr=subprocess.PIPE, text=True,
                                        env=environment(UPSTREAM=upstream))
        self.lines = []
        self.port = None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r"serving \S+ on (?:http://)?127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        assert self.port, self.lines
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stderr))
        self.reader.start()

    def memory(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) << 10

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        self.reader.join()
        self.process.stderr.close()
        assert status == 0 and not re.search(FAULT.pattern.decode(), "".join(self.lines)), \
            "".join(self.lines)[-3000:]


@needs("curl")
@needs("node")
class Curl(Peers):
    @classmethod
    def setUpClass(cls):
        (HERE / "peer.js").write_text(NODE)
        port = free_port()
        peer = Peer(port, "node", str(HERE / "peer.js"), str(port))
        cls.addClassCleanup(peer.stop)
        cls.passing = Passing(f"http://127.0.0.1:{port}")
        cls.addClassCleanup(cls.passing.stop)
        cls.url = f"http://127.0.0.1:{cls.passing.port}"

    def curl(self, *args, input=None):
        done = subprocess.run(["curl", "-sS", "--max-time", str(PATIENCE), *args], input=input,
                              capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_down(self):
        self.assertEqual(self.curl(self.url + "/chunked"),
                         b"".join(b"line %d\n" % i for i in range(1000)))

    def test_up(self):
        for args in ("-T", "-"), ("--data-binary", "@-"):
            seen = json.loads(self.curl(*args, self.url + "/echo", input=BIG))
            self.assertEqual((seen["n"], seen["sha"]), (len(BIG), hashlib.sha256(BIG).hexdigest()))

    def test_refusals_are_passed_on(self):
        out = self.curl("-o", os.devnull, "-w", "%{http_code}", "-T", "-", "-H", "Expect:",
                        self.url + "/early", input=BIG)
        self.assertEqual(out, b"413")

    def test_nobody_there(self):
        lonely = Passing(f"http://127.0.0.1:{free_port()}")
        self.addCleanup(lonely.stop)
        out = self.curl("-w", "[%{http_code}]", f"http://127.0.0.1:{lonely.port}/")
        self.assertRegex(out, rb"502")


class SlowReader(Peers):
    """A client that reads slowly holds up the server behind, not memory."""

    SIZE = 64 << 20

    def test_back_pressure(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            passing = Passing(f"http://127.0.0.1:{server.getsockname()[1]}")
            self.addCleanup(passing.stop)
            sent = [0]

            def serve():
                peer, _ = server.accept()
                with peer:
                    peer.recv(65536)
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % self.SIZE)
                    block = bytes(1 << 20)
                    while sent[0] < self.SIZE:
                        peer.sendall(block)
                        sent[0] += len(block)

            thread = threading.Thread(target=serve)
            thread.start()
            self.addCleanup(thread.join)
            with socket.create_connection(("127.0.0.1", passing.port)) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                before = passing.memory()
                until(lambda: self.at_rest(sent), "the server to be held up")
                self.assertLess(sent[0], self.SIZE // 2)
                left = self.SIZE
                data = client.recv(65536)
                left -= len(data) - data.index(b"\r\n\r\n") - 4
                while left:
                    data = client.recv(1 << 20)
                    self.assertTrue(data)
                    left -= len(data)
                self.assertEqual(sent[0], self.SIZE)
                if not SANITIZE:
                    self.assertLess(passing.memory() - before, 4 << 20)

    def at_rest(self, sent):
        """Nothing more for half a second: kernel buffers are full."""
        before = sent[0]
        time.sleep(0.5)
        return sent[0] == before and before > 0


if __name__ == "__main__":
    if not WITH_TLS:
        print("skipped: built without TLS")
        sys.exit(77)
    unittest.main()
