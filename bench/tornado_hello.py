#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tornado_hello.py PORT - the same hello and delay by Tornado, with coroutine handlers."""
import logging
import sys

from tornado import gen, ioloop, netutil, web
from tornado.httpserver import HTTPServer


class Hello(web.RequestHandler):
    async def get(self):
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write("Hello, world\n")


class Task(web.RequestHandler):
    async def get(self, seconds):
        await gen.sleep(float(seconds))
        self.write(f"slept {seconds} s\n")


if __name__ == "__main__":
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    server = HTTPServer(web.Application([("/", Hello), (r"/task/([\d.]+)", Task)]))
    server.add_sockets(netutil.bind_sockets(int(sys.argv[1]), "127.0.0.1", backlog=4096))
    ioloop.IOLoop.current().start()
