#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""cluster_gevent.py PORT SECONDS - the look-ups of examples/cluster.c with greenlets."""
import sys

import gevent
from gevent.pywsgi import WSGIServer

sys.dont_write_bytecode = True
from cluster import envelope, places  # noqa: E402

lookup = float(sys.argv[2])


def look_up(place):
    gevent.sleep(lookup)
    return place[2]


def application(environ, start_response):
    jobs = [gevent.spawn(look_up, place) for place in places()]
    gevent.joinall(jobs)
    body = envelope([job.value for job in jobs])
    start_response("200 OK", [("Content-Type", "application/json; charset=UTF-8"),
                              ("Content-Length", str(len(body))),
                              ("Access-Control-Allow-Origin", "*")])
    return [body]


if __name__ == "__main__":
    WSGIServer(("127.0.0.1", int(sys.argv[1])), application, log=None, backlog=4096).serve_forever()
