# SPDX-License-Identifier: MIT
"""gyre fetch against a server of Python's: what it sends, prints, saves and says, and how it ends."""
import base64
import fcntl
import hashlib
import http.server
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import termios
import threading
import time

from program import BUILD, FAULT, PATIENCE, WITH_GZIP, WITH_TLS, Program, until

GYRE = BUILD / "bin" / "gyre"
BIG = bytes(range(256)) * 12000  # 3 MB
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    flaky = 0
    retried = 0
    asked = []
    version = '"1"'
    gates = {}

    def log_message(self, *args):
        pass

    def answer(self, status=200, body=b"", length=None, **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def read_body(self):
        if self.headers["Transfer-Encoding"] == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def echo(self, rest):
        body = self.read_body()
        what = {"method": self.command, "path": self.path, "headers": list(self.headers.items()),
                "body": body.decode("latin-1") if len(body) < 5000 else "",
                "length": len(body), "sum": hashlib.sha256(body).hexdigest()}
        self.answer(body=json.dumps(what).encode())

    def rude(self, rest):
        """What steers terminals that read UTF-8, and others."""
        self.answer(body=b"x", X_Rude="\xc2\x9b2J\x9b3J\t\xc2\xa9")

    def big(self, rest):
        self.answer(body=BIG)

    def unknown_length(self, rest):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(BIG)
        self.close_connection = True

    def cut(self, rest):
        self.answer(body=b"half of it", length=20)
        self.close_connection = True

    def status(self, rest):
        self.answer(int(rest), b"status " + rest.encode())

    def redirect(self, rest):
        n = int(rest)
        self.answer(302, Location=f"/redirect/{n - 1}" if n > 1 else "/echo",
                    Set_Cookie=f"hop{n}=yes; Path=/")

    def flaky_one(self, rest):
        Site.retried += 1
        if Site.retried <= int(rest):
            return self.answer(503, b"not yet", Retry_After="0")
        return self.answer(body=b"at last")

    def gated(self, rest):
        """Half of it, then nothing until the gate [rest] is opened."""
        gate = Site.gates.setdefault(rest, threading.Event())
        self.answer(body=b"x" * 500_000, length=1_000_000)
        self.wfile.flush()
        if gate.wait(PATIENCE):
            self.wfile.write(b"y" * 500_000)

    def ranged(self, rest):
        """BIG, in a version; it breaks off after a megabyte, once, if [rest] says so."""
        Site.asked.append((self.headers["Range"], self.headers["If-Range"]))
        start = 0
        if self.headers["Range"] and self.headers["If-Range"] in (None, Site.version):
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        if start >= len(BIG):
            return self.answer(416, b"no", Content_Range=f"bytes */{len(BIG)}")
        part = BIG[start:]
        fields = {"ETag": Site.version}
        if start:
            shown = start + (rest == "wrong")
            fields["Content-Range"] = f"bytes {shown}-{len(BIG) - 1}/{len(BIG)}"
        if rest == "breaks" and len(Site.asked) == 1:
            self.close_connection = True
            return self.answer(206 if start else 200, part[:1 << 20], len(part), **fields)
        self.answer(206 if start else 200, part, **fields)

    def basic(self, rest):
        if self.headers["Authorization"] == "Basic " + base64.b64encode(b"ann:a:b").decode():
            return self.answer(body=b"welcome")
        return self.answer(401, b"who?", WWW_Authenticate='Basic realm="x"')

    def digest(self, rest):
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', self.headers["Authorization"] or ""))
        if not fields:
            return self.answer(401, b"who?", WWW_Authenticate='Digest realm="r", nonce="n", qop="auth"')
        digest = lambda *parts: hashlib.md5(":".join(parts).encode()).hexdigest()
        right = digest(digest("ann", "r", "secret"), "n", fields["nc"], fields["cnonce"], "auth",
                       digest(self.command, self.path))
        if fields["response"] == right:
            return self.answer(body=b"welcome")
        return self.answer(403, b"no")

    def do(self):
        self.path = re.sub("^http://[^/]*", "", self.path)  # as a proxy is asked
        first, _, rest = self.path.lstrip("/").partition("/")
        name = first.partition("?")[0].replace("-", "_").removesuffix(".bin") or "echo"
        getattr(self, name)(rest)

    do_GET = do_POST = do_HEAD = do_PUT = do_PURGE = do


class Threads(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Who has enough leaves."""


class Server:
    def __init__(self, context=None):
        self.http = Threads(("127.0.0.1", 0), Site)
        self.http.daemon_threads = True
        if context:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def url(self, path, scheme="http"):
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


def environment():
    """Without proxies."""
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return env | {"TERM": "xterm"}


def run(*args, stdin=b"", **more):
    done = subprocess.run([GYRE, *args], input=stdin, stdout=more.pop("stdout", subprocess.PIPE),
                          stderr=subprocess.PIPE, env=environment(), timeout=PATIENCE, **more)
    assert not FAULT.search(done.stderr), done.stderr.decode()
    return done


def fetch(*args, status=0, says=None, **more):
    """Its standard output; [says] must be in a line of standard error, which else is empty."""
    done = run("fetch", *args, **more)
    assert done.returncode == status, (done.returncode, done.stderr)
    if says is None:
        assert done.stderr == b"", done.stderr
    else:
        assert re.search(says, done.stderr), done.stderr
        assert done.stderr.startswith(b"gyre fetch: "), done.stderr
    return done.stdout


def listens(path):
    """A socket is there before it takes anybody."""
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(str(path)) == 0


def field(seen, name):
    found = [value for key, value in seen["headers"] if key.lower() == name.lower()]
    assert len(found) < 2, found
    return found[0] if found else None


# -- The command ----------------------------------------------------------------------------------

def test_command():
    assert run("--version").stdout.startswith(b"gyre 0.")
    for ask in ("--help", "-h", "help"):
        done = run(ask)
        assert done.returncode == 0 and b"  fetch " in done.stdout, done
    done = run()
    assert done.returncode == 2 and b"usage:" in done.stderr and not done.stdout, done
    done = run("fecth")
    assert done.returncode == 2 and b"no command 'fecth'" in done.stderr, done


def test_help():
    text = fetch("--help", "--nonsense").decode()
    for name in ("header", "data", "output", "no-body", "no-follow", "insecure", "proxy", "help, -h"):
        assert f"--{name}" in text, name


def test_usage(server):
    url = server.url("/echo")
    for args, says in [
        ([], b"which URL"),
        (["--nonsense", url], b"nonsense"),
        (["--header", "foo", url], b"'foo' is not NAME:VALUE"),
        (["--header", ":x", url], b"NAME:VALUE"),
        (["--header", "a b:x", url], b"'a b' is no name"),
        (["--header", "a:x\ny", url], b"control characters"),
        (["--header", "Content-Length:5", url], b"Content-Length"),
        (["--form", "x", url], b"NAME=VALUE"),
        (["--data", "a", "--json", "b", url], b"one can be sent"),
        (["--data", "@/nonexistent", url], b"/nonexistent: No such file"),
        (["--data", "@/", url], b"Is a directory"),
        (["--file", "x=@/nonexistent", url], b"/nonexistent: No such file"),
        (["--user", "ann", url], b"NAME:PASSWORD"),
        (["--digest", url], b"--digest needs --user"),
        (["--parallel", "0", url], b"parallel"),
        (["--parallel", "2", url, url], b"mixed"),
        (["--engine", "wget", url], b"one of gyre or curl"),
        (["--resolve", "x=y=z:", url], b"--resolve"),
        (["--ca-file", "/nonexistent", url],
         b"/nonexistent" if WITH_TLS else b"without TLS"),
        (["--output", "x", url, url], b"is no folder"),
        (["--method", "A B", url], b"method"),
        (["ftp://localhost/"], b"neither http nor https"),
        (["http://"], b"no URL"),
    ]:
        fetch(*args, status=2, says=says)


# -- What is sent ---------------------------------------------------------------------------------

def test_request(server):
    ask = lambda *args, **more: json.loads(fetch(*args, server.url("/echo"), **more))
    seen = ask()
    assert seen["method"] == "GET" and field(seen, "User-Agent").startswith("gyre/"), seen
    assert not WITH_GZIP or "gzip" in field(seen, "Accept-Encoding"), seen
    assert not field(ask("--no-compressed"), "Accept-Encoding")
    seen = ask("--header", "X-List: a, b,c", "--header=X-Empty:", "--header", "User-Agent: me")
    assert field(seen, "X-List") == "a, b,c" and field(seen, "X-Empty") == "", seen
    assert field(seen, "User-Agent") == "me", seen
    assert ask("--method", "PURGE")["method"] == "PURGE"
    seen = ask("--data", "a=1&b=ü")
    assert seen["method"] == "POST" and seen["body"].encode("latin-1").decode() == "a=1&b=ü", seen
    seen = ask("--json", '{"a": 1}', "--method", "PUT")
    assert seen["method"] == "PUT" and field(seen, "Content-Type") == "application/json", seen
    seen = ask("--form", "a=1,2", "--form", "b=x&y=ü")
    assert seen["body"] == "a=1%2C2&b=x%26y%3D%C3%BC", seen
    assert field(seen, "Content-Type") == "application/x-www-form-urlencoded", seen
    seen = json.loads(fetch(server.url("/echo").removeprefix("http://")))
    assert seen["path"] == "/echo", seen


def test_bodies_from_files(server, folder):
    whole = hashlib.sha256(BIG).hexdigest()
    (folder / "body").write_bytes(BIG)
    (folder / "empty").touch()
    url = server.url("/echo")
    seen = json.loads(fetch("--data", f"@{folder}/body", url))
    assert seen["sum"] == whole and field(seen, "Content-Length") == str(len(BIG)), seen
    seen = json.loads(fetch("--data", "@-", url, stdin=BIG))
    assert seen["sum"] == whole and field(seen, "Transfer-Encoding") == "chunked", seen
    seen = json.loads(fetch("--data", f"@{folder}/empty", url))
    assert seen["method"] == "POST" and seen["length"] == 0, seen
    seen = json.loads(fetch("--form", "a=1", "--file", f"up=@{folder}/body", url))
    assert field(seen, "Content-Type").startswith("multipart/form-data; boundary="), seen
    assert seen["length"] > len(BIG), seen


def test_who_asks(server):
    assert fetch("--user", "ann:a:b", server.url("/basic")) == b"welcome"
    if WITH_TLS:    # its hashes are OpenSSL's
        assert fetch("--user", "ann:secret", "--digest", server.url("/digest")) == b"welcome"
        assert fetch("--user", "ann:wrong", "--digest", "--fail", server.url("/digest"), status=22,
                     says=b"403 Forbidden") == b""
    seen = json.loads(fetch("--bearer", "t0ken", server.url("/echo")))
    assert field(seen, "Authorization") == "Bearer t0ken", seen
    fetch("--bearer", "t\n", server.url("/echo"), status=2, says=b"token|control characters")


# -- What becomes of the answer -------------------------------------------------------------------

def test_heads(server):
    url = server.url("/status/201")
    both = fetch("--include", url)
    assert both.startswith(b"HTTP/1.1 201 Created\n") and both.endswith(b"\n\nstatus 201"), both
    head = fetch("--head", url)
    assert head.startswith(b"HTTP/1.1 201 Created\n") and head.endswith(b"10\n\n"), head
    assert fetch("--include", "--no-body", url) == head
    assert fetch("--no-body", url) == b""


def test_heads_that_would_steer_a_terminal(server):
    url = server.url("/rude")
    told = run("fetch", "--verbose", "--head", url)
    assert b"< X-Rude: ??2J?3J\t\xc2\xa9\n" in told.stderr, told.stderr
    assert b"\nX-Rude: \xc2\x9b2J\x9b3J\t\xc2\xa9\n" in told.stdout, told.stdout


def test_redirects(server):
    url = server.url("/redirect/2")
    assert json.loads(fetch(url))["path"] == "/echo"
    assert fetch("--include", url).count(b"HTTP/1.1 302 Found\n") == 2
    assert fetch("--include", "--no-follow", url).startswith(b"HTTP/1.1 302")
    fetch("--max-redirects", "1", url, status=1, says=b"more than 1 redirect")
    assert field(json.loads(fetch(url)), "Cookie") is None
    assert field(json.loads(fetch("--cookies", url)), "Cookie") == "hop2=yes; hop1=yes"


def test_failures(server, folder):
    url = server.url("/status/404")
    assert fetch(url) == b"status 404"
    fetch("--fail", url, status=22, says=b"/status/404: 404 Not Found")
    fetch("--fail", server.url("/status/399"))
    target = folder / "missing"
    fetch("--fail", "--output", target, url, status=22, says=b"404")
    assert not target.exists()
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        fetch(f"http://ann:secret@127.0.0.1:{port}/", status=1,
              says=rb"^gyre fetch: http://127.0.0.1:\d+/: .*Connection refused\n$")
    fetch("http://nowhere.invalid/", status=1, says=b"nowhere.invalid")
    fetch("--max-body", "1K", server.url("/big"), status=1, says=b"longer than 1024 bytes")
    fetch("--timeout", "0.05", server.url("/gated/never"), status=1, says=b"0.05 seconds")
    Site.gates["never"].set()


def test_retry(server):
    Site.retried = 0
    got = fetch("--retry", "3", server.url("/flaky-one/2"), says=b"503 Service Unavailable; again in 0 s")
    assert got == b"at last" and Site.retried == 3, (got, Site.retried)
    Site.retried = 0
    got = fetch("--retry", "1", server.url("/flaky-one/2"), says=b"again")
    assert got == b"not yet" and Site.retried == 2, (got, Site.retried)
    Site.retried = 0
    fetch("--retry", "1", "--data", "@-", "--fail", server.url("/flaky-one/2"), status=22, says=b"503")
    assert Site.retried == 1, "what came from standard input is gone"


def test_files(server, folder):
    url = server.url("/big.bin")
    there = folder / "there"
    fetch("--output", there, url)
    assert there.read_bytes() == BIG
    fetch("--output", there, server.url("/status/200"))
    assert there.read_bytes() == b"status 200", "it is replaced"
    fetch("--output", folder, url + "?a=/b", server.url("/echo/"), server.url("/status/200"))
    assert (folder / "big.bin").read_bytes() == BIG
    assert (folder / "index.html").exists() and (folder / "200").exists()
    fetch("--output", there, server.url("/cut"), status=1, says=b"after 10 of 20 bytes")
    assert there.read_bytes() == b"status 200", "what was there stays"
    link = folder / "link"
    link.symlink_to(there)
    fetch("--output", link, url)
    assert link.is_symlink() and there.read_bytes() == BIG
    fetch("--output", folder / "empty", "--method", "HEAD", url)
    assert (folder / "empty").read_bytes() == b""
    assert not list(folder.glob("*.part")), "nothing is left behind"
    assert fetch("--output", "-", url) == BIG
    fetch("--output", "/dev/null", url)
    fetch("--output", folder, server.url("/echo/.."), status=2, says=b"no name to save it under")
    fetch("--output", folder, url, url, status=2, says=b"two of the URLs")


def test_continue(server, folder):
    there, part = folder / "there", folder / "there.part"
    args = ("--continue", "--output", there)

    def again(path, *more, **expected):
        Site.asked.clear()
        got = fetch(*args, *more, server.url(path), **expected)
        assert got == b"", got
        return Site.asked

    fetch(*args[:1], server.url("/ranged"), status=2, says=b"--continue needs --output")
    fetch(*args, "--data", "x", server.url("/ranged"), status=2, says=b"--continue is for GET")
    # Within one run, by itself.
    asked = again("/ranged/breaks", "--retry", "1", says=b"again in 1 s")
    assert asked[0] == (None, None) and asked[1][0] == f"bytes={1 << 20}-", asked
    assert there.read_bytes() == BIG and not part.exists()
    # Another time; of the same version where that can be noted, else in good faith.
    there.unlink()
    again("/ranged/breaks", status=1, says=b"of 3072000 bytes")
    assert part.read_bytes() == BIG[:1 << 20] and not there.exists()
    noted = "user.gyre.version" in os.listxattr(part)
    asked = again("/ranged")
    assert asked == [(f"bytes={1 << 20}-", '"1"' if noted else None)], asked
    assert there.read_bytes() == BIG and not os.listxattr(there)
    # There is a newer one.
    again("/ranged/breaks", status=1, says=b"of 3072000 bytes")
    Site.version = '"2"'
    part.write_bytes(b"x" * 1000)
    if noted:
        os.setxattr(part, "user.gyre.version", b'"1"')
        asked = again("/ranged")
        assert there.read_bytes() == BIG, asked
    # All was there; more than all was; a server that knows no parts, and one that sends others.
    part.write_bytes(BIG)
    again("/ranged")
    assert there.read_bytes() == BIG and not part.exists()
    part.write_bytes(BIG + b"x")
    asked = again("/ranged")
    assert len(asked) == 2 and asked[1][0] is None, asked
    assert there.read_bytes() == BIG and not part.exists()
    part.write_bytes(b"x" * 1000)
    again("/big")
    assert there.read_bytes() == BIG
    part.write_bytes(b"x" * 1000)
    again("/ranged/wrong", status=1, says=b"a part came that was not asked for")
    part.unlink()
    again("/status/404", "--fail", status=22, says=b"404")
    assert os.listdir(folder) == ["there"], os.listdir(folder)


def test_passwords_are_not_told(server, folder):
    url = "http://ann:secret@127.0.0.1:1/"
    for args in ["--output", f"{folder}/", url + ".."], [url], [url + ".."], ["--verbose", url]:
        told = run("fetch", *args).stderr
        assert b"127.0.0.1" in told and b"secret" not in told, told


def test_places_that_cannot_be_written(server, folder):
    url = server.url("/big")
    fetch("--output", "/dev/full", url, status=1, says=b"/dev/full: No space left")
    fetch("--output", folder / "no" / "such", url, status=1, says=b"such: No such file")
    with open("/dev/full", "wb") as full:
        fetch(url, status=1, says=b"standard output: No space left", stdout=full)
    closed = subprocess.run(f"'{GYRE}' fetch {url} | head -c 1; exit ${{PIPESTATUS[0]}}", shell=True,
                            executable="/bin/bash", capture_output=True, env=environment())
    assert (closed.returncode, closed.stdout, closed.stderr) == (1, BIG[:1], b""), closed
    if os.geteuid() == 0:
        return
    locked = folder / "locked"
    locked.mkdir(mode=0o500)
    fetch("--output", locked / "x", url, status=1, says=b"Permission denied")


def test_several(server, folder):
    fetch("--parallel", "3", "--output", folder, server.url("/big.bin"), server.url("/status/200"),
          server.url("/status/404"), server.url("/cut"), server.url("/echo"), status=1, says=b"/cut: ")
    assert sorted(os.listdir(folder)) == ["200", "404", "big.bin", "echo"], os.listdir(folder)
    assert fetch(server.url("/status/200"), server.url("/status/404")) == b"status 200status 404"


def test_verbose(server):
    done = run("fetch", "--verbose", "--header", "X: y", server.url("/redirect/1"))
    lines = done.stderr.decode().splitlines()
    assert lines[0] == f"> GET {server.url('/redirect/1')}" and lines[1] == "> X: y", lines
    assert "< HTTP/1.1 302 Found" in lines and "< HTTP/1.1 200 OK" in lines, lines
    assert re.fullmatch(r"\* seconds until: .* total [\d.]+; \d+ bytes; 1 redirect.*", lines[-1]), lines
    done = run("fetch", "--verbose", server.url("/status/200"))
    last = done.stderr.decode().splitlines()[-1]
    assert re.fullmatch(r"\* seconds until: (queue [\d.]+ )?(dns [\d.]+ )?connect [\d.]+ "
                        r"first byte [\d.]+ total [\d.]+; 10 bytes", last), last


# -- How it is reached ----------------------------------------------------------------------------

def test_reached(server, folder):
    seen = json.loads(fetch("--resolve", "example.test=127.0.0.1",
                            f"http://example.test:{server.port}/echo"))
    assert field(seen, "Host") == f"example.test:{server.port}", seen
    seen = json.loads(fetch("--proxy", server.url(""), "http://elsewhere.test/echo"))
    assert field(seen, "Host") == "elsewhere.test" and seen["path"] == "/echo", seen
    fetch("--proxy", "gopher://x", server.url("/echo"), status=2, says=b"proxy")
    path = folder / "socket"
    hello = Program("hello", port_args=("--port=0", "--address=127.0.0.1"))
    try:
        assert fetch(f"http://127.0.0.1:{hello.port}/") == b"Hello, world\n"
    finally:
        hello.stop()
    process = subprocess.Popen([BUILD / "examples" / "hello", "--unix", path],
                               stderr=subprocess.DEVNULL)
    try:
        until(lambda: listens(path), "the socket")
        assert fetch("--unix", path, "http://localhost/") == b"Hello, world\n"
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_name_servers(server):
    """One that knows a single address, for every name; one that is silent, until Ctrl-C."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    udp.settimeout(PATIENCE)
    where = f"127.0.0.1:{udp.getsockname()[1]}"

    def serve():
        while True:
            data, sender = udp.recvfrom(2000)
            if data[13:].startswith(b"end"):
                return
            question = data[12:data.index(b"\0", 12) + 5]
            if b"silent" in question:
                asked.set()
                continue
            answer = b"\xc0\x0c\0\1\0\1\0\0\1\0\0\4\x7f\0\0\1" if question[-3] == 1 else b""
            udp.sendto(data[:2] + b"\x81\x80\0\1\0" + bytes([len(answer) > 0]) + b"\0\0\0\0"
                       + question + answer, sender)

    asked = threading.Event()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    done = run("fetch", "--dns-servers", where, f"http://any.test:{server.port}/status/200")
    if b"without it" not in done.stderr:
        assert (done.returncode, done.stdout) == (0, b"status 200"), done
        fetch("--dns-servers", "nonsense", "http://a.test/", status=2, says=b"--dns-servers")
        process = subprocess.Popen([GYRE, "fetch", "--dns-servers", where, "http://silent.test/"],
                                   env=environment(), stderr=subprocess.DEVNULL)
        assert asked.wait(PATIENCE)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"." * 13 + b"end", udp.getsockname())
    thread.join(PATIENCE)
    udp.close()


def test_options_from_a_file(server, folder):
    (folder / "conf").write_text("header = A: 1, 2\nheader = B: 3\ndata = x\n")
    seen = json.loads(fetch("--config", folder / "conf", server.url("/echo")))
    assert field(seen, "A") == "1, 2" and field(seen, "B") == "3" and seen["body"] == "x", seen


def test_tls(folder):
    made = shutil.which("openssl") and subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
         "-keyout", folder / "key", "-out", folder / "cert"], capture_output=True)
    if not made or made.returncode:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    server = Server(context)
    url = server.url("/status/200", "https")
    try:
        done = run("fetch", "--insecure", url)
        if b"built without" in done.stderr:
            return
        assert done.stdout == b"status 200", done
        fetch(url, status=1, says=b"no secure connection")
        assert fetch("--ca-file", folder / "cert", url) == b"status 200"
    finally:
        server.stop()


# -- A terminal -----------------------------------------------------------------------------------

class Terminal:
    """A program with a terminal as its standard error, and what is on it."""

    def __init__(self, *args, columns=80, stdout=subprocess.DEVNULL):
        self.master, self.slave = pty.openpty()
        self.resize(columns)
        self.process = subprocess.Popen(
            [GYRE, "fetch", *args], stdin=subprocess.DEVNULL, stderr=self.slave, env=environment(),
            stdout=self.slave if stdout == "terminal" else stdout)
        self.data = b""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            try:
                part = os.read(self.master, 4096)
            except OSError:
                return
            if not part:
                return
            self.data += part

    def resize(self, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def lines(self):
        return [ESCAPES.sub(b"", line) for line in re.split(rb"[\r\n]+", self.data)]

    def shows(self, pattern, since=0):
        data = self.data[since:]
        return any(re.search(pattern, ESCAPES.sub(b"", x)) for x in re.split(rb"[\r\n]+", data))

    def end(self):
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        os.close(self.slave)
        self.reader.join(PATIENCE)
        os.close(self.master)
        assert not FAULT.search(self.data), self.data.decode()
        return status


def test_progress(server, folder):
    begun = time.monotonic()
    t = Terminal("--output", folder / "half", server.url("/gated/progress"))
    until(lambda: t.shows(rb"^half   50%  \[=+> +\]  488 KiB of 977 KiB  .*/s  .* left$"), "half of it")
    before = len(t.data)
    t.resize(35)
    t.process.send_signal(signal.SIGWINCH)
    until(lambda: t.shows(rb"^half   50%  488 KiB of 977 KiB$", before), "a shorter line")
    wide = [x for x in t.lines() if b"%" in x]
    narrow = ESCAPES.sub(b"", t.data[before:].split(b"\r")[-1])
    assert all(len(x) < 80 for x in wide) and len(narrow) < 35, (wide, narrow)
    assert (folder / "half.part").exists() and not (folder / "half").exists()
    Site.gates["progress"].set()
    assert t.end() == 0
    took = time.monotonic() - begun
    assert t.data.count(b"50%") <= took * 10 + 2, "more often than ten times a second"
    assert t.data.endswith(b"\r\n") and t.lines()[-2].startswith(b"half  977 KiB  in "), t.data
    assert (folder / "half").stat().st_size == 1_000_000 and not (folder / "half.part").exists()


def test_progress_that_would_steer_it(server, folder):
    t = Terminal("--include", server.url("/rude"), stdout="terminal")
    assert t.end() == 0 and b"X-Rude: ??2J?3J\t\xc2\xa9\r\n" in t.data, t.data
    t = Terminal("--output", f"{folder}/", server.url("/status/200#\x9b2J"), "http://127.0.0.1:1/\x9b2J")
    assert t.end() == 1 and b"\x9b" not in t.data, t.data


def test_progress_of_several(server, folder):
    t = Terminal("--parallel", "2", "--output", folder, server.url("/gated/one"),
                 server.url("/gated/two"), server.url("/status/200"))
    until(lambda: t.shows(rb"^0 of 3  977 KiB"), "two halves")
    Site.gates["one"].set()
    until(lambda: t.shows(rb"^one  977 KiB  in "), "one of them")
    until(lambda: t.shows(rb"^2 of 3 "), "two of them")
    Site.gates["two"].set()
    assert t.end() == 0
    assert sorted(os.listdir(folder)) == ["200", "one", "two"]


def test_no_progress(server, folder):
    for args, stdout in [(("--no-progress", "--output", folder / "x"), None), ((), "terminal")]:
        t = Terminal(*args, server.url("/unknown-length"), stdout=stdout)
        assert t.end() == 0
        assert b"\x1b[K" not in t.data, t.data[-200:]


def test_interrupted(server, folder):
    for signo in (signal.SIGINT, signal.SIGTERM):
        gate = f"interrupted{signo}"
        t = Terminal("--output", folder / "x", server.url(f"/gated/{gate}"))
        until(lambda: t.shows(rb" 50% "), "half of it")
        t.process.send_signal(signo)
        assert t.end() == 128 + signo
        assert t.data.endswith(b"\r\x1b[K"), t.data[-100:]
        assert not os.listdir(folder), os.listdir(folder)
        Site.gates[gate].set()


def test_interrupted_while_nobody_reads(server):
    read, write = os.pipe()
    process = subprocess.Popen([GYRE, "fetch", server.url("/big")], stdout=write,
                               stderr=subprocess.PIPE, env=environment())
    os.close(write)
    try:
        capacity = fcntl.fcntl(read, 1032)  # F_GETPIPE_SZ
        # Half: what is written in pieces does not fill each page.
        until(lambda: struct.unpack("i", fcntl.ioctl(read, termios.FIONREAD, b"\0" * 4))[0] >
              capacity // 2, "a full pipe")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    finally:
        process.kill()
        os.close(read)
        process.stderr.close()


def main():
    if not GYRE.exists():
        print(f"{GYRE} is not built")
        raise SystemExit(77)
    try:
        for fd in pty.openpty():
            os.close(fd)
        terminals = True
    except OSError:
        terminals = False
    server = Server()
    given = {"server": server}
    try:
        for name, test in sorted(globals().items()):
            if not name.startswith("test_") or (not terminals and "progress" in name):
                continue
            if name == "test_interrupted" and not terminals:
                continue
            with tempfile.TemporaryDirectory() as folder:
                given["folder"] = pathlib.Path(folder)
                wanted = test.__code__.co_varnames[:test.__code__.co_argcount]
                print(name, flush=True)
                test(*[given[x] for x in wanted])
    finally:
        for gate in Site.gates.values():
            gate.set()
        server.stop()


if __name__ == "__main__":
    main()
