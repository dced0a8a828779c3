#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""cluster_tornado.py PORT SECONDS - the look-ups of examples/cluster.c by Tornado: with coroutines at
/tasks, on 30 threads at /threads."""
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tornado import gen, ioloop, netutil, web
from tornado.httpserver import HTTPServer

sys.dont_write_bytecode = True
from cluster import envelope, places  # noqa: E402

lookup = float(sys.argv[2])
threads = ThreadPoolExecutor(30)


async def look_up(place):
    await gen.sleep(lookup)
    return place[2]


def look_up_blocking(place):
    time.sleep(lookup)
    return place[2]


class Envelope(web.RequestHandler):
    def answer(self, found):
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.set_header("Access-Control-Allow-Origin", "*")
        self.write(envelope(found))


class Tasks(Envelope):
    async def get(self):
        self.answer(await gen.multi([look_up(place) for place in places()]))


class Threads(Envelope):
    async def get(self):
        loop = ioloop.IOLoop.current()
        self.answer(await gen.multi([loop.run_in_executor(threads, look_up_blocking, place)
                                     for place in places()]))


if __name__ == "__main__":
    server = HTTPServer(web.Application([("/tasks", Tasks), ("/threads", Threads)],
                                        log_function=lambda handler: None))
    server.add_sockets(netutil.bind_sockets(int(sys.argv[1]), "127.0.0.1", backlog=4096))
    ioloop.IOLoop.current().start()
