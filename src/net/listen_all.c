/* SPDX-License-Identifier: MIT */
/* listen_all.c - listening on all addresses of a name, on one port. */
#include <gyre/error.h>
#include <gyre/net.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/lookup.h"
#include "net/resolver.h"

enum { TRIES = 16 };

struct listeners {
    int *fds;
    size_t count, max;
    char *why;
    size_t size;
};

static int open_one(struct listeners *l, const gy_listen_opts *opts)
{
    int fd = gy_listen(opts, l->why, l->size);
    if (fd < 0)
        return fd;
    l->fds[l->count++] = fd;
    return 0;
}

static void close_all(struct listeners *l)
{
    while (l->count)
        close(l->fds[--l->count]);
}

/* What this machine does not have: IPv6, and with it ::1. */
static bool may_be_missing(const char *host, int e)
{
    return e == -EAFNOSUPPORT || (e == -EADDRNOTAVAIL && strcmp(host, "::1") == 0);
}

static bool seen_before(const struct gy__inet *ips, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (ips[k].family == ips[i].family && ips[k].scope == ips[i].scope &&
            memcmp(ips[k].bytes, ips[i].bytes, sizeof ips[i].bytes) == 0)
            return true;
    return false;
}

static int open_each(struct listeners *l, gy_listen_opts opts, const struct gy__targets *to)
{
    int e = 0, missing = GY_ENOTFOUND;
    for (size_t i = 0; i < to->count && l->count < l->max && !e; i++) {
        struct gy__addr a;
        char host[GY_ADDRESS_MAX];
        if (seen_before(to->ips, i))
            continue;
        gy__addr_of_inet(&to->ips[i], 0, &a);
        gy__addr_host(&a, host);
        opts.address = host;
        if (opts.port == 0 && l->count)
            opts.port = gy_local_port(l->fds[0]);
        e = open_one(l, &opts);
        if (e && may_be_missing(host, e)) {
            missing = e;
            e = 0;
        }
    }
    return !e && l->count == 0 ? missing : e;
}

static void tell_why(const struct listeners *l, const char *address, int e)
{
    if (e == GY_EINVAL)
        snprintf(
            l->why, l->size,
            "%s is neither an IP address nor a name; such are 127.0.0.1, ::1, localhost, and * "
            "for all of this machine",
            address);
    else
        snprintf(l->why, l->size, "no address of %s: %s", address, gy_strerror(e));
}

static int listen_to_name(struct listeners *l, const gy_listen_opts *opts)
{
    struct gy__inet ips[GY__IPS_MAX];
    struct gy__targets to = {.ips = ips, .max = GY__IPS_MAX};
    int e = gy__resolve(NULL, opts->address, 0, INT64_MAX, &to);
    if (e && l->size > 0)
        tell_why(l, opts->address, e);
    if (e)
        return e;
    /* A port that is free on the first address may be taken on another. */
    for (int tries = 0; tries < TRIES; tries++) {
        e = open_each(l, *opts, &to);
        if (e)
            close_all(l);
        if (e != -EADDRINUSE || opts->port)
            break;
    }
    return e;
}

static bool is_name(const gy_listen_opts *opts)
{
    const char *a = opts->address;
    return !opts->unix_path && a && *a && strcmp(a, "*") != 0 && !gy_is_ip(a);
}

int gy_listen_all(const gy_listen_opts *opts, int fds[], size_t max, char *why, size_t size)
{
    struct listeners l = {.fds = fds, .max = max, .why = why, .size = size};
    if (size > 0)
        why[0] = 0;
    if (max == 0)
        return GY_EINVAL;
    int e = is_name(opts) ? listen_to_name(&l, opts) : open_one(&l, opts);
    if (!e && size > 0)
        why[0] = 0; /* of an address that may be missing */
    return e ? e : (int)l.count;
}
