/* SPDX-License-Identifier: MIT */
/* resolver.c - the addresses of names: table, hosts file, what is known, and then the engine. */
#include "net/resolver.h"

#include <gyre/error.h>
#include <string.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "net/host_name.h"
#include "net/hosts.h"
#include "net/lookup.h"
#include "net/resolver_table.h"

enum { PORT_MOST = 65535 };

struct gy_resolver {
    struct gy__resolver_table table;
    struct gy__hosts hosts;
    struct gy__asker asker;
    char *path; /* of the hosts file */
};

/* -- The resolver -------------------------------------------------------------------------------- */

static int copy_path(gy_resolver *r, const char *path)
{
    size_t size = strlen(path) + 1;
    r->path = gy__alloc(size);
    if (!r->path)
        return GY_ENOMEM;
    r->hosts.path = memcpy(r->path, path, size);
    return 0;
}

static int configure(gy_resolver *r, const gy_resolver_opts *opts)
{
    int e = gy__asker_init(&r->asker, opts);
    if (!e)
        e = gy__resolver_table_init(&r->table, opts->table);
    if (!e && !opts->hosts_file)
        r->hosts.path = "/etc/hosts";
    else if (!e && *opts->hosts_file)
        e = copy_path(r, opts->hosts_file);
    return e;
}

gy_resolver *gy_resolver_new(const gy_resolver_opts *opts)
{
    static const gy_resolver_opts none;
    gy_resolver *r = gy__zalloc(sizeof *r);
    if (!r)
        return errno = ENOMEM, NULL;
    int e = configure(r, opts ? opts : &none);
    if (e) {
        gy_resolver_free(r);
        return errno = -e, NULL;
    }
    return r;
}

void gy_resolver_free(gy_resolver *r)
{
    if (!r)
        return;
    gy__asker_done(&r->asker);
    gy__resolver_table_done(&r->table);
    gy__hosts_done(&r->hosts);
    gy__free(r->path);
    gy__free(r);
}

/* The one that is always there: each loop's own, from its first use to the loop's end. */
struct always {
    struct gy__loop_end end;
    gy_resolver *resolver;
};

static void end_always(struct gy__loop_end *e)
{
    struct always *a = gy_of(e, struct always, end);
    gy_resolver_free(a->resolver);
    gy__free(a);
}

static gy_resolver *find_always(gy_loop *loop)
{
    for (struct gy__loop_end *e = loop->ends; e; e = e->next)
        if (e->fn == end_always)
            return gy_of(e, struct always, end)->resolver;
    return NULL;
}

static gy_resolver *always(gy_loop *loop)
{
    gy_resolver *r = find_always(loop);
    if (r)
        return r;
    struct always *a = gy__alloc(sizeof *a);
    if (!a)
        return NULL;
    a->resolver = gy_resolver_new(NULL);
    if (!a->resolver) {
        gy__free(a);
        return NULL;
    }
    a->end = (struct gy__loop_end){.next = loop->ends, .fn = end_always};
    loop->ends = &a->end;
    return a->resolver;
}

void gy_resolver_flush(gy_resolver *r)
{
    gy_loop *loop = gy_loop_current();
    if (!r && loop)
        r = find_always(loop);
    if (r)
        gy__resolver_cache_flush(&r->asker.cache);
}

/* -- Known without asking ------------------------------------------------------------------------ */

static int give_ip(const struct gy__inet *ip, int family, struct gy__targets *out)
{
    if (family && ip->family != family)
        return GY_ENOTFOUND;
    gy__targets_set(out, ip, 1);
    return 0;
}

/* Never a question to the network, whatever it would say (RFC 6761 6.3). */
static int give_loopback(int family, struct gy__targets *out)
{
    static const struct gy__inet both[] = {{.family = AF_INET6, .bytes = {[15] = 1}},
                                           {.family = AF_INET, .bytes = {127, 0, 0, 1}}};
    if (family == AF_INET6)
        gy__targets_set(out, both, 1);
    else
        gy__targets_set(out, family ? both + 1 : both, family ? 1 : 2);
    return 0;
}

static int resolve_name(gy_resolver *r, const char *name, int family, int64_t until,
                        struct gy__targets *out)
{
    char key[GY__KEY_ROOM], *plain = key + 1;
    size_t len = strlen(name);
    gy__host_name_plain(gy_str_n(name, len), plain);
    if (gy__host_name_is_local(plain))
        return give_loopback(family, out);
    if (!r && gy_loop_current() && !(r = always(gy_loop_current())))
        return GY_ENOMEM;
    int n = r ? gy__hosts_find(&r->hosts, plain, family, out->ips, out->max) : 0;
    if (n > 0)
        out->count = (size_t)n;
    if (n != 0)
        return n < 0 ? n : 0;
    /* With the dot the system does not try the domains it would otherwise append. */
    if (name[len - 1] == '.')
        memcpy(plain + strlen(plain), ".", 2);
    key[0] = family == AF_INET ? '4' : family == AF_INET6 ? '6' : '0';
    return gy__asker_ask(r ? &r->asker : NULL, key, until, out);
}

static int resolve_row(gy_resolver *r, const struct gy__resolver_row *row, int family,
                       int64_t until, struct gy__targets *out)
{
    struct gy__inet ip;
    if (row->to_port >= 0)
        out->port = row->to_port;
    if (gy__inet_parse(row->to, &ip) == 0)
        return give_ip(&ip, family, out);
    return resolve_name(r, row->to, family, until, out);
}

static int resolve_host(gy_resolver *r, const char *host, int family, int64_t until,
                        struct gy__targets *out)
{
    struct gy__inet ip;
    char plain[GY__HOST_ROOM];
    const struct gy__resolver_row *row = NULL;
    bool is_ip = gy__inet_parse(host, &ip) == 0;
    if (!is_ip && !gy__host_name_valid(gy_str_of(host)))
        return GY_EINVAL;
    if (r && r->table.count) {
        gy__host_name_plain(gy_str_of(host), plain);
        row = gy__resolver_table_find(&r->table, is_ip ? host : plain, out->port);
    }
    if (row)
        return resolve_row(r, row, family, until, out);
    return is_ip ? give_ip(&ip, family, out) : resolve_name(r, host, family, until, out);
}

int gy__resolve(gy_resolver *r, const char *host, int family, int64_t until,
                struct gy__targets *out)
{
    char bare[GY__HOST_ROOM];
    int port;
    out->count = 0;
    if (family && family != AF_INET && family != AF_INET6)
        return GY_EINVAL;
    if (out->port < 0 || out->port > PORT_MOST || out->max == 0)
        return GY_EINVAL;
    if (gy__addr_split(host, bare, &port) || port >= 0)
        return GY_EINVAL;
    return resolve_host(r, bare, family, until, out);
}

int gy_resolve(gy_resolver *r, const char *host, int port, int family, gy_address *out, size_t max)
{
    struct gy__inet ips[GY__IPS_MAX];
    struct gy__targets found = {
        .ips = ips, .max = max < GY__IPS_MAX ? max : GY__IPS_MAX, .port = port};
    int e = gy__resolve(r, host, family, INT64_MAX, &found);
    if (e)
        return e;
    for (size_t i = 0; i < found.count; i++) {
        struct gy__addr a;
        gy__addr_of_inet(&ips[i], found.port, &a);
        gy__addr_print(&a, out[i].text);
        out[i].family = out[i].text[0] == '[' ? AF_INET6 : AF_INET;
    }
    return (int)found.count;
}

bool gy_is_ip(const char *text)
{
    struct gy__inet ip;
    return text && gy__inet_parse(text, &ip) == 0;
}
