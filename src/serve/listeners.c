/* SPDX-License-Identifier: MIT */
/* listeners.c - the sockets that a server listens on. */
#include "serve/listeners.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/socket.h"
#include "serve/serving.h"

enum { TRIES = 16 };

static int open_one(struct gy__listeners *l, const gy_listen_opts *opts, char *why, size_t size)
{
    int fd = gy_listen(opts, why, size);
    if (fd < 0)
        return fd;
    l->fds[l->count++] = fd;
    return 0;
}

/* A browser that is told "localhost" may try ::1 first, so somebody else must not be there. */
static int open_localhost(struct gy__listeners *l, gy_listen_opts opts, char *why, size_t size)
{
    bool any = opts.port == 0;
    for (int tries = 0;; tries++) {
        opts.address = "127.0.0.1";
        int e = open_one(l, &opts, why, size);
        if (e)
            return e;
        gy_listen_opts six = opts;
        six.address = "::1";
        six.port = gy_local_port(l->fds[0]);
        e = open_one(l, &six, why, size);
        if (!e || e == -EADDRNOTAVAIL || e == -EAFNOSUPPORT)
            return 0;
        gy__listeners_close(l);
        if (e != -EADDRINUSE || !any || tries == TRIES)
            return e;
    }
}

static void name_url(struct gy__listeners *l, const gy_serve_opts *opts)
{
    char address[GY_ADDRESS_MAX];
    bool all = opts->address && (!*opts->address || strcmp(opts->address, "*") == 0);
    if (opts->unix_path)
        snprintf(l->url, sizeof l->url, "unix:%s", opts->unix_path);
    else if (all)
        snprintf(l->url, sizeof l->url, "http://0.0.0.0:%d", gy_local_port(l->fds[0]));
    else if (gy_local_address(l->fds[0], address) == 0)
        snprintf(l->url, sizeof l->url, "http://%s", address);
}

static void remember_file(struct gy__listeners *l, const char *path)
{
    struct stat st;
    if (!path || path[0] == '@' || lstat(path, &st))
        return;
    l->unix_path = path;
    l->unix_dev = st.st_dev;
    l->unix_ino = st.st_ino;
}

int gy__listeners_open(struct gy__listeners *l, const gy_serve_opts *opts, char *why, size_t size)
{
    *l = (struct gy__listeners){.count = 0};
    gy_listen_opts lo = {
        .address = opts->address,
        .port = opts->port == GY_PORT_ANY ? 0
                : opts->port              ? opts->port
                                          : GY__DEFAULT_PORT,
        .unix_path = opts->unix_path,
        .unix_mode = opts->unix_mode,
        .backlog = opts->backlog,
    };
    bool localhost =
        !opts->unix_path && (!opts->address || strcmp(opts->address, "localhost") == 0);
    int e = localhost ? open_localhost(l, lo, why, size) : open_one(l, &lo, why, size);
    if (e)
        return e;
    name_url(l, opts);
    remember_file(l, opts->unix_path);
    return 0;
}

static void remove_file(struct gy__listeners *l)
{
    struct stat st;
    if (l->unix_path && lstat(l->unix_path, &st) == 0 && st.st_dev == l->unix_dev &&
        st.st_ino == l->unix_ino)
        unlink(l->unix_path);
    l->unix_path = NULL;
}

void gy__listeners_hide(struct gy__listeners *l)
{
    remove_file(l);
    for (int i = 0; i < l->count; i++)
        gy__socket_deafen(l->fds[i]);
}

void gy__listeners_close(struct gy__listeners *l)
{
    for (int i = 0; i < l->count && !l->given; i++)
        close(l->fds[i]);
    l->count = 0;
}
