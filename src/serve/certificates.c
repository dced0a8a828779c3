/* SPDX-License-Identifier: MIT */
/* certificates.c - what a server needs for TLS, read from files, and again when these change. */
#include "serve/certificates.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <stdio.h>
#include <string.h>

#include "net/tls_lifetime.h"
#include "serve/tls_files.h"

/* A warning for a person: nobody's client trusts such a certificate, but the server has to start so
 * that it can be replaced. */
static void tell_doubts(struct gy__certificates *c)
{
    char text[512];
    if (c->doubted || !gy__tls_doubts(c->tls, text, sizeof text))
        return;
    c->doubted = true;
    gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "%s", text);
}

static int make_tickets(struct gy__certificates *c, int64_t rotation, char *why, size_t size)
{
    c->tickets = gy__ticket_keys_new(rotation);
    if (c->tickets)
        return 0;
    int e = -errno;
    snprintf(why, size, "no keys for session tickets: %s", gy_strerror(e));
    return e;
}

int gy__certificates_open(struct gy__certificates *c, const gy_tls_opts *opts, int64_t rotation,
                          char *why, size_t size)
{
    *c = (struct gy__certificates){.opts = opts};
    if (!opts)
        return 0;
    c->read = c->seen = gy__tls_files_state(opts);
    c->tls = gy_tls_server_new(opts, why, size);
    if (!c->tls) {
        gy__tls_files_explain(opts, why, size);
        return GY_ETLS;
    }
    int e = opts->no_tickets ? 0 : make_tickets(c, rotation, why, size);
    if (e) {
        gy__certificates_close(c);
        return e;
    }
    tell_doubts(c);
    return 0;
}

void gy__certificates_close(struct gy__certificates *c)
{
    gy_tls_free(c->tls);
    gy__ticket_keys_free(c->tickets);
    *c = (struct gy__certificates){.opts = NULL};
}

bool gy__certificates_renew(struct gy__certificates *c)
{
    char why[512];
    c->read = c->seen = gy__tls_files_state(c->opts);
    if (gy_tls_reload(c->tls, why, sizeof why)) {
        gy__tls_files_explain(c->opts, why, sizeof why);
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "the certificates stay as they were: %s", why);
        return false;
    }
    c->renewals++;
    c->doubted = false;
    tell_doubts(c);
    return true;
}

bool gy__certificates_look(struct gy__certificates *c)
{
    uint64_t now = gy__tls_files_state(c->opts);
    bool at_rest = now == c->seen;
    c->seen = now;
    tell_doubts(c);
    return at_rest && now != c->read;
}

int64_t gy__certificates_rotate(struct gy__certificates *c)
{
    unsigned char keys[GY__TICKET_KEYS_SIZE];
    if (!c->tickets)
        return INT64_MAX;
    int64_t next = gy__ticket_keys_take(c->tickets, keys);
    int e = gy_tls_set_ticket_keys(c->tls, keys, sizeof keys);
    explicit_bzero(keys, sizeof keys);
    if (e)
        gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "no new key of session tickets: %s", gy_strerror(e));
    return next;
}
