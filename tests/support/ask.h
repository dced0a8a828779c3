/* SPDX-License-Identifier: MIT */
/* ask.h - one client on a connection in memory to an application, parser and all. */
#ifndef GYRE_TESTS_ASK_H
#define GYRE_TESTS_ASK_H

#include <gyre/http_server.h>
#include <gyre/log.h>
#include <gyre/web.h>

/* What came back, without the fields Server and Date, and what was logged, a line each. Valid until
 * the next one. */
struct answer {
    const char *text;   /* all of it, as sent */
    const char *logged; /* "app W text\n": a letter for the level; access lines too */
    int result;         /* of the exchange; 0, or what the client's side failed with */
};

/* Send [request] as it is and read to the close of the connection; the request should ask for that.
 * Fails the test on a leak of ours. */
struct answer ask(const gy_app *app, const char *request);

/* Send [request] and leave as soon as the server waits for something; wait until it has let go of
 * the connection. */
struct answer ask_and_leave(const gy_app *app, const char *request);

/* The same as ask with "METHOD PATH HTTP/1.1", Host and Connection: close. */
struct answer ask_get(const gy_app *app, const char *path);
struct answer ask_verb(const gy_app *app, const char *verb, const char *path, const char *body);

/* The body alone, and the status. */
const char *body_of(struct answer a);
int status_of(struct answer a);

#endif
