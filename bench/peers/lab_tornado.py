#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""lab_tornado.py PORT UPSTREAM [simple|curl] - the work of examples/lab by Tornado.

/WORK/task is a coroutine, /WORK/thread a pool of 30 threads, /WORK/block the loop's own thread; the
last word names the client that /fetch/task asks with.
"""
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tornado import gen, httpclient, ioloop, netutil, web, wsgi
from tornado.httpserver import HTTPServer

sys.dont_write_bytecode = True
import lab_work  # noqa: E402
from lab_work import DELAY, FOUND, HELLO, LOOK_UP, LOOK_UPS  # noqa: E402


class Works:
    """Each work as a coroutine, and as a plain function that blocks."""

    def __init__(self, url, client):
        self.url, self.blocking_upstream = url, lab_work.Upstream(url)
        self.threads = ThreadPoolExecutor(30)
        if client == "curl":
            httpclient.AsyncHTTPClient.configure("tornado.curl_httpclient.CurlAsyncHTTPClient")
        self.client_there = None

    def client(self):
        """Made in the loop that uses it: gunicorn forks between."""
        if not self.client_there:
            self.client_there = httpclient.AsyncHTTPClient(max_clients=lab_work.AT_MOST)
        return self.client_there

    async def hello(self):
        return HELLO

    async def delay(self):
        await gen.sleep(DELAY)
        return b"slept\n"

    async def fetch(self):
        answer = await self.client().fetch(self.url, connect_timeout=30, request_timeout=30)
        return answer.body

    async def cluster(self):
        await gen.multi([gen.sleep(LOOK_UP) for _ in range(LOOK_UPS)])
        return FOUND

    async def burn(self):
        return lab_work.burn()

    def hello_blocking(self):
        return HELLO

    def delay_blocking(self):
        time.sleep(DELAY)
        return b"slept\n"

    def fetch_blocking(self):
        return self.blocking_upstream.get()

    def cluster_blocking(self):
        for _ in range(LOOK_UPS):
            time.sleep(LOOK_UP)
        return FOUND

    def burn_blocking(self):
        return lab_work.burn()

    async def cluster_on_threads(self):
        loop = ioloop.IOLoop.current()
        await gen.multi([loop.run_in_executor(self.threads, time.sleep, LOOK_UP)
                         for _ in range(LOOK_UPS)])
        return FOUND

    async def do(self, work, way):
        if way == "task":
            return await getattr(self, work)()
        if way == "block":
            return getattr(self, work + "_blocking")()
        if work == "cluster":
            return await self.cluster_on_threads()
        blocking = getattr(self, work + "_blocking")
        return await ioloop.IOLoop.current().run_in_executor(self.threads, blocking)


class Work(web.RequestHandler):
    def initialize(self, works):
        self.works = works

    async def get(self, work, way):
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write(await self.works.do(work, way))


class Application(web.Application, wsgi.WSGIContainer):
    """gunicorn 20 takes what is no WSGIContainer for a WSGI application."""


def application_for(url, client="simple"):
    return Application([
        (r"/(hello|delay|fetch|cluster|burn)/(task|thread|block)", Work,
         {"works": Works(url, client)})], log_function=lambda handler: None)


if __name__ == "__main__":
    server = HTTPServer(application_for(*sys.argv[2:]))
    server.add_sockets(netutil.bind_sockets(int(sys.argv[1]), "127.0.0.1", backlog=4096))
    ioloop.IOLoop.current().start()
