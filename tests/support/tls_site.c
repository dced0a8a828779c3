/* SPDX-License-Identifier: MIT */
/* tls_site.c - a TLS server that sends back what it gets, and a client that asks it. */

#include "support/tls_site.h"

#include <gyre/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testing/test.h"

static void keep_pem(const gy_stream *s, char out[3000])
{
    gy_arena a = {0};
    gy_str pem = gy_stream_certificate(&a, s, true);
    snprintf(out, 3000, "%s", pem.ptr ? pem.ptr : "");
    gy_arena_done(&a);
}

int tls_site_echo(gy_stream *s, void *arg)
{
    struct tls_site *site = arg;
    gy_str some;
    int e;
    keep_pem(s, site->seen_pem);
    if (gy_stream_tls(s, &site->seen)) {
        snprintf(site->seen_peer, sizeof site->seen_peer, "%s",
                 site->seen.peer ? site->seen.peer : "");
        snprintf(site->seen_name, sizeof site->seen_name, "%s",
                 site->seen.server_name ? site->seen.server_name : "");
    }
    while ((e = gy_stream_read(s, 30000, &some)) == 0)
        if ((e = gy_stream_write_str(s, some)))
            break;
    site->served = e;
    return 0;
}

bool tls_site_open(struct tls_site *site, gy_test *t, const gy_tls_opts *server,
                   const gy_tls_opts *asker)
{
    *site = (struct tls_site){.test = t, .host = "localhost", .size = 6, .served = 1};
    site->server = gy_tls_server_new(server, site->why, sizeof site->why);
    if (!site->server)
        return gy_test_disturbed(t) ? false : (gy_test_fail(t, "%s", site->why), false);
    site->client = gy_tls_client_new(asker, site->why, sizeof site->why);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, site->why, sizeof site->why);
    if (fd >= 0 && gy_local_address(fd, site->address) == 0)
        site->tcp =
            gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = site->server}, tls_site_echo, site);
    if (!gy_test_disturbed(t) && !GY_CHECK(site->client && site->tcp))
        return false;
    return site->client && site->tcp;
}

void tls_site_close(struct tls_site *site)
{
    gy_tcp_server_close(site->tcp, 5);
    gy_tls_free(site->server);
    gy_tls_free(site->client);
}

int tls_site_enter(struct tls_site *site, gy_stream **s)
{
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, s);
    if (e)
        return e;
    e = gy_stream_start_tls(*s, site->client, site->host, 5, site->why, sizeof site->why);
    if (e)
        gy_stream_close(*s);
    return e;
}

int tls_site_hear_end(gy_stream *s)
{
    gy_str none;
    int e = gy_stream_read(s, 1, &none);
    return e == GY_EOF ? 0 : e ? e : GY_EPROTO;
}

int tls_site_exchange(struct tls_site *site, gy_stream *s)
{
    char *data = malloc(site->size);
    gy_str back;
    for (size_t i = 0; i < site->size; i++)
        data[i] = (char)('a' + i * 7 % 26);
    int e = gy_stream_write(s, data, site->size);
    if (!e)
        e = gy_stream_read_exact(s, site->size, &back);
    if (!e)
        GY_CHECK(memcmp(back.ptr, data, site->size) == 0);
    free(data);
    return e;
}

int tls_site_ask(void *arg)
{
    struct tls_site *site = arg;
    gy_stream *s;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, &s);
    if (e)
        return e;
    e = gy_stream_start_tls(s, site->client, site->host, 5, site->why, sizeof site->why);
    if (!e)
        e = tls_site_exchange(site, s);
    keep_pem(s, site->pem);
    if (!e && gy_stream_tls(s, &site->info)) {
        snprintf(site->alpn, sizeof site->alpn, "%s", site->info.alpn ? site->info.alpn : "");
        e = gy_stream_shutdown(s);
        if (!e)
            e = tls_site_hear_end(s);
    }
    gy_stream_close(s);
    return e;
}
