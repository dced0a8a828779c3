/* SPDX-License-Identifier: MIT */
/* listeners.h - the sockets that a server listens on. */
#ifndef GYRE_SERVE_LISTENERS_H
#define GYRE_SERVE_LISTENERS_H

#include <gyre/net.h>
#include <gyre/serve.h>

#include "net/unix_file.h"

enum { GY__LISTENERS_MAX = 16 };

struct gy__listeners {
    int fds[GY__LISTENERS_MAX]; /* a name has several addresses: localhost has two */
    int count;
    bool given;                    /* a server has taken the descriptors and will close them */
    char url[GY_ADDRESS_MAX + 16]; /* for people: "http://127.0.0.1:8888" */
    struct gy__unix_file file;     /* to remove in the end, if there is one */
};

/* Open what [opts] asks for. 0 or a negative code; then [why] says what to do. */
GY_CHECKED int gy__listeners_open(struct gy__listeners *l, const gy_serve_opts *opts, char *why,
                                  size_t size);

/* Nobody finds us from now on, but what has connected can still be accepted: comes before the
 * sockets are closed. The file of a unix socket is removed, unless another server has put its own in
 * its place. */
void gy__listeners_hide(struct gy__listeners *l);

/* Close what is still open and ours. */
void gy__listeners_close(struct gy__listeners *l);

#endif
