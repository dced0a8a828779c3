# SPDX-License-Identifier: MIT
"""scenarios_tls - what bench/run measures of TLS: requests, handshakes, idle connections.

All servers have the same ECDSA certificate and ciphers, and resume by tickets. The load is wrk, or
bench/tlsgen, which verifies nothing.
"""
import pathlib
import shutil
import subprocess

from measuring import Table
from scenarios import requests_table, scenario

PEERS = ("gyre", "nginx")
SUITES = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"


class Stage:
    """A certificate, and the servers that show it."""

    def __init__(self, lab):
        self.lab, folder = lab, pathlib.Path(lab.folder.name)
        self.certificate, self.key = folder / "tls.pem", folder / "tls.key"
        self.nginx_conf = folder / "nginx_tls.conf"
        if not self.certificate.exists():
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-keyout", self.key, "-out", self.certificate, "-days", "2",
                 "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                check=True, stderr=subprocess.DEVNULL)
        self.commands = {
            "gyre": lab.gyre("examples/hello", "--tls-certificate", str(self.certificate),
                             "--tls-key", str(self.key)),
            "nginx": self.nginx}

    def nginx(self, port):
        folder = self.lab.folder.name
        listen = f"listen 127.0.0.1:{port} ssl backlog=4096;"
        text = pathlib.Path("bench/nginx.conf").read_text()
        text = text.replace("listen 127.0.0.1:@PORT@ backlog=4096;", "\n        ".join((
            listen, f"ssl_certificate {self.certificate};", f"ssl_certificate_key {self.key};",
            "ssl_protocols TLSv1.2 TLSv1.3;", "ssl_session_tickets on;",
            f"ssl_conf_command Ciphersuites {SUITES};")))
        self.nginx_conf.write_text(text.replace("@FOLDER@", folder))
        return ["/usr/sbin/nginx", "-p", folder, "-c", str(self.nginx_conf)]

    def names(self):
        return [n for n in self.lab.there(*PEERS)
                if (self.lab.build / "bench/tlsgen").exists() and shutil.which("openssl")]

    def start(self, name):
        server = self.lab.start(name, self.commands[name])
        self.load(server, "full", "-c4", "-n8")
        return server

    def load(self, server, mode, *options, on_ready=None):
        return self.lab.load(server, "-m", mode, *options, program="tlsgen", on_ready=on_ready)

    def table(self, title, measure):
        names = self.names()
        if not names:
            return None
        table = requests_table(title, self.lab.in_turn(names, measure, start=self.start))
        table.columns = [("× nginx", "ratio", ".2f") if key == "ratio" else (head, key, form)
                         for head, key, form in table.columns]
        nginx = next((row["cpu_us"] for row in table.rows if row["server"] == "nginx"), None)
        for row in table.rows:
            row["ratio"] = row["cpu_us"] / nginx if nginx else None
        return table


@scenario
def tls_hello(lab):
    """Keep-alive, by wrk."""
    return Stage(lab).table("hello over TLS 1.3, 64 keep-alive connections (wrk)",
                            lambda s: lab.wrk(s, 64, scheme="https"))


@scenario
def tls_handshakes(lab):
    stage = Stage(lab)
    return stage.table("hello over TLS 1.3, a full handshake for each request, 64 at once (tlsgen)",
                       lambda s: stage.load(s, "full", "-c64", "-d", lab.seconds))


@scenario
def tls_handshakes_12(lab):
    stage = Stage(lab)
    return stage.table("hello over TLS 1.2, a full handshake for each request, 64 at once (tlsgen)",
                       lambda s: stage.load(s, "full", "-2", "-c64", "-d", lab.seconds))


@scenario
def tls_resumed(lab):
    stage = Stage(lab)
    return stage.table("hello over TLS 1.3, a resumed handshake for each, 64 at once (tlsgen)",
                       lambda s: stage.load(s, "resumed", "-c64", "-d", lab.seconds))


@scenario
def tls_idle(lab):
    """What a TLS connection costs that has had one request and waits for the next."""
    stage, count = Stage(lab), 1000 if lab.quick else 5000
    table = Table(f"{count:,} idle keep-alive connections of TLS 1.3", [
        ("server", "server", ""), ("bytes a connection", "bytes", ",.0f"),
        ("RSS before, MB", "before", ".1f"), ("RSS with them, MB", "after", ".1f"),
        ("failed", "bad", ".0f")])
    for name in stage.names():
        with stage.start(name) as server:
            before, after = server.rss(), []
            found = stage.load(server, "idle", "-c", count,
                               on_ready=lambda s=server: after.append(s.rss()))
            table.add(server=name, bytes=(after[0] - before) / count, before=before / 1e6,
                      after=after[0] / 1e6, bad=found["bad"] + count - found["open"])
    return table if table.rows else None
