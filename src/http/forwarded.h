/* SPDX-License-Identifier: MIT */
/* forwarded.h - what trusted proxies say about the client (RFC 7239 and the X- fields). */
#ifndef GYRE_HTTP_FORWARDED_H
#define GYRE_HTTP_FORWARDED_H

#include <gyre/http.h>
#include <stdbool.h>

/* Is the proxy at this numeric address ("192.0.2.1", "2001:db8::1") one of ours? */
typedef bool gy__forwarded_trust(void *arg, const char *address);

struct gy__forwarded {
    gy_str address; /* numeric; ptr NULL when nothing valid was said */
    gy_str scheme;  /* "http" or "https", static; ptr NULL when nothing valid was said */
};

/* The client's address and scheme as the proxies tell them. From the right of X-Forwarded-For
 * trusted addresses are skipped and the first other is taken; X-Real-Ip, when there, wins over it;
 * X-Scheme wins over the last of X-Forwarded-Proto. Forwarded counts for what the X- fields leave
 * open. Values that are no numeric address, or no scheme of HTTP, are ignored. [trust] may be
 * NULL: nobody is skipped. GY_ENOMEM, else 0. Texts lie in the arena. */
int gy__forwarded_eval(gy_arena *a, const gy_headers *h, gy__forwarded_trust *trust, void *arg,
                       struct gy__forwarded *out);

#endif
