/* SPDX-License-Identifier: MIT */
/* client_curl.h - what the tests of clients by libcurl share. */
#ifndef GYRE_TESTS_CLIENT_CURL_H
#define GYRE_TESTS_CLIENT_CURL_H

#include "client_party.h"
#include "http/client_curl.h"

#define OK "HTTP/1.1 200 OK\r\n"

#define SAY(text_)                                                                                 \
    {                                                                                              \
        "" text_, sizeof(text_) - 1                                                                \
    }

/* A client of it; NULL only when out of memory. */
static inline gy_client *curl_new(void)
{
    return gy_client_new(&(gy_client_opts){.engine = GY_ENGINE_CURL});
}

/* A party, a client and a question. */
struct scene {
    struct party p;
    struct ask a;
};

static inline void open_scene(struct scene *s)
{
    party_open(&s->p);
    s->a.opts.client = curl_new();
    if (!s->a.url)
        s->a.url = s->p.url;
}

static inline void close_scene(struct scene *s)
{
    gy_client_free(s->a.opts.client);
    gy_arena_done(&s->a.arena);
    party_close(&s->p);
}

static inline gy_str seen(const struct scene *s)
{
    return gy_str_n(s->p.seen, s->p.seen_len);
}

/* Loaded before the first test, whose memory it would seem to be. */
static inline int curl_main(int argc, char **argv)
{
    if (gy__libcurl_load())
        return gy_test_main(argc, argv);
    puts("there is no libcurl here");
    return 77;
}

#endif
