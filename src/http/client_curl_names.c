/* SPDX-License-Identifier: MIT */
/* client_curl_names.c - names are looked up by the client's resolver, and libcurl is told. */

#include <gyre/error.h>

#include "base/clock.h"
#include "http/client_curl.h"
#include "net/resolver.h"

enum { MOST = 16 };

static int add(struct curl_slist **list, gy_str row)
{
    struct curl_slist *all = row.ptr ? gy__libcurl.slist_append(*list, row.ptr) : NULL;
    if (!all)
        return GY_ENOMEM;
    *list = all;
    return 0;
}

/* "address,[address]", of the first [count]. */
static gy_str text_of(gy_arena *a, const struct gy__targets *t, size_t count)
{
    gy_str all = gy_str_n("", 0);
    for (size_t i = 0; i < count && all.ptr; i++) {
        struct gy__addr at;
        char text[GY_ADDRESS_MAX];
        gy__addr_of_inet(&t->ips[i], t->port, &at);
        gy__addr_host(&at, text);
        all = gy_strf(a, t->ips[i].family == AF_INET6 ? "%s%s[%s]" : "%s%s%s", all.ptr,
                      i ? "," : "", text);
    }
    return all;
}

/* What libcurl is to be asked for instead of [to]: the name, for which its own cache has a row now; or an
 * address, of which the resolver's table may have made another. */
static int place_of(struct gy__transfer *x, const struct gy__url *to, const struct gy__targets *t,
                    gy_str *out)
{
    gy_arena *a = x->fetch->arena;
    bool is_name = !gy_is_ip(to->host.ptr);
    gy_str all = text_of(a, t, is_name ? t->count : 1);
    *out = gy_strf(a, "%s:%d", is_name ? to->host.ptr : all.ptr, t->port);
    if (!all.ptr || !out->ptr)
        return GY_ENOMEM;
    return is_name ? add(&x->addresses, gy_strf(a, "+%s:%s", out->ptr, all.ptr)) : 0;
}

static int look_up(struct gy__transfer *x, const struct gy__url *to, int64_t until, gy_str *out)
{
    struct gy__fetch *f = x->fetch;
    struct gy__inet ips[MOST];
    struct gy__targets t = {.ips = ips, .max = MOST, .port = to->port};
    int e = gy__resolve(f->client->opts.resolver, to->host.ptr, f->o.family, until, &t);
    if (e)
        return gy__fetch_fail(f, e, "cannot connect to %s: %s", to->authority.ptr, gy_strerror(e));
    if (!gy_is_ip(to->host.ptr))
        f->times.resolved = gy__clock_now();
    return place_of(x, to, &t, out);
}

/* Libcurl thinks of the server by its own name and port, wherever they lead. */
static int look_up_server(struct gy__transfer *x, int64_t until)
{
    const struct gy__url *to = &x->fetch->url;
    gy_str at = {NULL, 0}, own = gy_strf(x->fetch->arena, to->ip6 ? "[%s]:%d" : "%s:%d",
                                         to->host.ptr, (int)to->port);
    int e = own.ptr ? look_up(x, to, until, &at) : GY_ENOMEM;
    if (e || gy_str_eq(own, at))
        return e;
    return add(&x->detours, gy_strf(x->fetch->arena, "%s:%s", own.ptr, at.ptr));
}

int gy__transfer_resolve(struct gy__transfer *x, int64_t until)
{
    const struct gy__proxy *via = &x->fetch->via;
    int e = 0;
    if (via->way == GY__WAY_HTTP || via->way == GY__WAY_SOCKS)
        e = look_up(x, &via->url, until, &x->proxy);
    if (!e && (via->way == GY__WAY_DIRECT || (via->way == GY__WAY_SOCKS && !via->resolves)))
        e = look_up_server(x, until);
    if (!e && x->addresses)
        e = gy__transfer_set_pointer(x, CURLOPT_RESOLVE, x->addresses);
    if (!e && x->detours)
        e = gy__transfer_set_pointer(x, CURLOPT_CONNECT_TO, x->detours);
    return e;
}
