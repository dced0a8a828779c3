#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""lab_gevent.py PORT UPSTREAM - the work of examples/lab by gevent's own WSGI server.

/WORK/task is a greenlet under the patched library, /WORK/block the same without the patch. gunicorn
with its gevent worker serves the same application.
"""
if __name__ == "__main__":
    from gevent import monkey
    monkey.patch_all()

import sys
import time

import gevent
from gevent.monkey import get_original

sys.dont_write_bytecode = True
import lab_work  # noqa: E402
from lab_work import DELAY, FOUND, HELLO, LOOK_UP, LOOK_UPS  # noqa: E402


def hello():
    return HELLO


def delay():
    time.sleep(DELAY)
    return b"slept\n"


def cluster():
    gevent.joinall([gevent.spawn(time.sleep, LOOK_UP) for _ in range(LOOK_UPS)])
    return FOUND


def delay_blocking():
    get_original("time", "sleep")(DELAY)
    return b"slept\n"


def cluster_blocking():
    for _ in range(LOOK_UPS):
        get_original("time", "sleep")(LOOK_UP)
    return FOUND


def application_for(url):
    """The WSGI application. To be called after the library is patched."""
    works = {
        "/hello/task": hello, "/hello/block": hello, "/delay/task": delay,
        "/delay/block": delay_blocking, "/fetch/task": lab_work.Upstream(url).get,
        "/cluster/task": cluster, "/cluster/block": cluster_blocking, "/burn/task": lab_work.burn,
        "/burn/block": lab_work.burn}

    def application(environ, start_response):
        work = works.get(environ["PATH_INFO"])
        body = work() if work else b"not here\n"
        start_response("200 OK" if work else "404 Not Found",
                       [("Content-Type", "text/plain; charset=utf-8"),
                        ("Content-Length", str(len(body)))])
        return [body]
    return application


if __name__ == "__main__":
    from gevent.pywsgi import WSGIServer
    WSGIServer(("127.0.0.1", int(sys.argv[1])), application_for(sys.argv[2]), log=None,
               backlog=4096).serve_forever()
