/* SPDX-License-Identifier: MIT */
/* listeners.c - the sockets that a server listens on. */
#include "serve/listeners.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/socket.h"
#include "serve/serving.h"

/* Of several addresses one of IPv4, which is easier to type. */
static void pick_address(const struct gy__listeners *l, char out[GY_ADDRESS_MAX])
{
    for (int i = 0; i < l->count; i++)
        if (gy_local_address(l->fds[i], out) == 0 && out[0] != '[')
            return;
}

static void name_url(struct gy__listeners *l, const gy_serve_opts *opts)
{
    char address[GY_ADDRESS_MAX] = "";
    const char *scheme = opts->tls || (opts->http && opts->http->tls) ? "https" : "http";
    bool all = opts->address && (!*opts->address || strcmp(opts->address, "*") == 0);
    pick_address(l, address);
    if (opts->unix_path)
        snprintf(l->url, sizeof l->url, "unix:%s", opts->unix_path);
    else if (all)
        snprintf(l->url, sizeof l->url, "%s://0.0.0.0:%d", scheme, gy_local_port(l->fds[0]));
    else
        snprintf(l->url, sizeof l->url, "%s://%s", scheme, address);
}

int gy__listeners_open(struct gy__listeners *l, const gy_serve_opts *opts, char *why, size_t size)
{
    *l = (struct gy__listeners){.count = 0};
    struct gy__addr first;
    /* A browser that is told "localhost" may try ::1 first, so somebody else must not be there. */
    gy_listen_opts lo = {
        .address = opts->address ? opts->address : "localhost",
        .port = opts->port == GY_PORT_ANY ? 0
                : opts->port              ? opts->port
                                          : GY__DEFAULT_PORT,
        .unix_path = opts->unix_path,
        .unix_mode = opts->unix_mode,
        .backlog = opts->backlog,
    };
    int n = gy_listen_all(&lo, l->fds, GY__LISTENERS_MAX, why, size);
    if (n < 0)
        return n;
    l->count = n;
    name_url(l, opts);
    if (gy__addr_local(l->fds[0], &first) == 0)
        gy__unix_file_note(&l->file, &first);
    return 0;
}

void gy__listeners_hide(struct gy__listeners *l)
{
    gy__unix_file_remove(&l->file);
    for (int i = 0; i < l->count; i++)
        gy__socket_deafen(l->fds[i]);
}

void gy__listeners_close(struct gy__listeners *l)
{
    for (int i = 0; i < l->count && !l->given; i++)
        close(l->fds[i]);
    l->count = 0;
}
