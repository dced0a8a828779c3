/* SPDX-License-Identifier: MIT */
/* http_site.h - a server of exchanges with a handler for each thing that can happen. */
#ifndef GYRE_TESTS_SUPPORT_HTTP_SITE_H
#define GYRE_TESTS_SUPPORT_HTTP_SITE_H

#include <gyre/http_server.h>
#include <gyre/testing.h>

enum { SITE_PIECE = 1000 };

/* What the handlers saw. */
struct site {
    gy_http_server *server;
    gy_test *test;
    int began, ended; /* handlers */
    int code;         /* of the last wait, read or write that failed, else 0 */
    long pieces;      /* written by the last /stream */
};

/* The targets:
 *    /            "hello\n"
 *    /echo        the body that was sent, whole; /pieces the same, read in pieces of 7 bytes
 *    /ignore      "ignored" without reading
 *    /late        the same, after a second
 *    /sleep/N     sleeps N seconds, then "slept"
 *    /forever     waits until it is cancelled
 *    /stream/N    N pieces of SITE_PIECE bytes, chunked; /length/N the same with Content-Length
 *    /big/N       N bytes at once
 *    /long /short a body that is longer, shorter than was said
 *    /half        begins an answer and fails
 *    /nothing     returns 0 without an answer; /broken returns a failure, /memory GY_ENOMEM
 *    /status/N    that status, and a body
 *    /trailers    reads all, sends back the trailers it got, as trailers
 *    /detach      takes the connection over and sends back what comes, until the end
 *    /detached    the same, and leaves at once with "bye"
 *    /close       asks for Connection: close
 * Anything else is a 404. */
void site_begin(struct site *s, gy_test *t, const gy_http_opts *opts);
void site_close(struct site *s);

#endif
