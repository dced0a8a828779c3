/* SPDX-License-Identifier: MIT */
/* client_curl_none.c - clients where libcurl was not there to build with. */

#include <errno.h>

#include "http/client.h"

int gy__curl_new(gy_client *c)
{
    (void)c;
    return -ENOTSUP;
}

void gy__curl_free(gy_client *c)
{
    (void)c;
}

/* Never called: no client gets as far. */
int gy__curl_begin(struct gy__fetch *f)
{
    (void)f;
    return -ENOTSUP;
}

int gy__curl_ask(struct gy__fetch *f)
{
    (void)f;
    return -ENOTSUP;
}

int gy__curl_read_body(struct gy__fetch *f)
{
    (void)f;
    return -ENOTSUP;
}

void gy__curl_end(struct gy__fetch *f)
{
    (void)f;
}
