/* SPDX-License-Identifier: MIT */
/* tls_none.c - TLS where OpenSSL was not there to build with. */

#include <gyre/error.h>
#include <stdio.h>

#include "net/transport_tls.h"

static gy_tls *refuse(char *why, size_t size)
{
    if (why && size)
        snprintf(why, size, "this library was built without TLS");
    return NULL;
}

gy_tls *gy_tls_server_new(const gy_tls_opts *opts, char *why, size_t size)
{
    (void)opts;
    return refuse(why, size);
}

gy_tls *gy_tls_client_new(const gy_tls_opts *opts, char *why, size_t size)
{
    (void)opts;
    return refuse(why, size);
}

void gy_tls_free(gy_tls *tls)
{
    (void)tls;
}

int gy_tls_reload(gy_tls *tls, char *why, size_t size)
{
    (void)tls;
    (void)refuse(why, size);
    return GY_ETLS;
}

int gy_tls_set_ticket_keys(gy_tls *tls, const void *keys, size_t len)
{
    (void)tls, (void)keys, (void)len;
    return GY_ETLS;
}

gy_tls *gy__tls_ref(gy_tls *tls)
{
    return tls;
}

bool gy__tls_is_server(const gy_tls *tls)
{
    (void)tls;
    return false;
}

const char *gy__tls_pick_ciphers(const char *all, bool of_13, char *out, size_t size)
{
    (void)all, (void)of_13, (void)out, (void)size;
    return "";
}

const gy_tls_opts *gy__tls_opts(const gy_tls *tls)
{
    (void)tls;
    return NULL;
}

int gy__transport_tls_new(gy_loop *loop, int fd, gy_tls *tls, struct gy__transport **out)
{
    (void)loop, (void)fd, (void)tls, (void)out;
    return GY_ETLS;
}

int gy__transport_tls_over(struct gy__transport *below, gy_tls *tls, struct gy__transport **out)
{
    (void)below, (void)tls, (void)out;
    return GY_ETLS;
}

int gy__transport_tls_handshake(struct gy__transport *t, const char *host, gy_str ahead,
                                int64_t deadline, struct gy__why why)
{
    (void)t, (void)host, (void)ahead, (void)deadline, (void)why;
    return GY_ETLS;
}

void gy__transport_tls_prefer(struct gy__transport *t, const char *const *alpn)
{
    (void)t, (void)alpn;
}

gy_str gy__transport_tls_certificate(const struct gy__transport *t, gy_arena *arena, bool pem)
{
    (void)t, (void)arena, (void)pem;
    return (gy_str){.ptr = NULL};
}

const char *gy__transport_tls_refusal(const struct gy__transport *t)
{
    (void)t;
    return NULL;
}

bool gy__transport_tls_info(const struct gy__transport *t, gy_tls_info *out)
{
    (void)t, (void)out;
    return false;
}
