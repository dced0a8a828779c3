/* SPDX-License-Identifier: MIT */
/* cookie_jar.c - whose cookies are kept, and who gets them. */
#include "http/cookie_jar.h"

#include "base/clock.h"
#include "codec/cookie.h"
#include "codec/public_suffix.h"
#include "http/cookie_store.h"

#include <gyre/error.h>
#include <stdio.h>
#include <stdlib.h>

struct gy_cookie_jar {
    struct gy__cookie_store store;
};

static bool is_secure(const struct gy__url *u)
{
    return gy_str_eq(u->scheme, gy_str_of("https")) || gy_str_eq(u->scheme, gy_str_of("wss"));
}

static bool is_address(const struct gy__url *u)
{
    char last = u->host.ptr[u->host.len - 1];
    return u->ip6 ||
           (last >= '0' && last <= '9' && strspn(u->host.ptr, "0123456789.") == u->host.len);
}

/* Is [host] that domain or below it? */
static bool domain_matches(gy_str host, gy_str domain)
{
    if (!gy_str_ends(host, domain))
        return false;
    return host.len == domain.len || host.ptr[host.len - domain.len - 1] == '.';
}

static bool path_matches(gy_str path, gy_str of)
{
    if (!gy_str_starts(path, of))
        return false;
    return path.len == of.len || of.ptr[of.len - 1] == '/' || path.ptr[of.len] == '/';
}

static gy_str default_path(const struct gy__url *u)
{
    size_t n = u->path.len;
    while (n > 1 && u->path.ptr[n - 1] != '/')
        n--;
    return gy_str_n(u->path.ptr, n > 1 ? n - 1 : 1);
}

/* -- Setting ------------------------------------------------------------------------------------- */

/* A public suffix, with or without the last dot of a name? */
static bool is_everybodys(char room[256], size_t len)
{
    bool dotted = room[len - 1] == '.';
    room[len - dotted] = '\0';
    bool is = gy__public_suffix(room);
    if (dotted)
        room[len - 1] = '.';
    return is;
}

/* Whose cookie it becomes, in [room]; false when [u] has no right to that domain. */
static bool choose_domain(const struct gy__url *u, const struct gy__cookie *c, char room[256],
                          struct gy__kept_cookie *k)
{
    k->domain = u->host;
    k->host_only = c->domain.len == 0;
    if (k->host_only)
        return true;
    if (c->domain.len > 253)
        return false;
    for (size_t i = 0; i < c->domain.len; i++) {
        unsigned char b = (unsigned char)c->domain.ptr[i];
        room[i] = (char)((unsigned)b - 'A' < 26u ? b | 0x20 : b);
    }
    room[c->domain.len] = '\0';
    gy_str domain = gy_str_n(room, c->domain.len);
    if (is_address(u) || is_everybodys(room, domain.len)) {
        k->host_only = true;
        return gy_str_eq(domain, u->host);
    }
    k->domain = domain;
    return domain_matches(u->host, domain);
}

static bool has_prefix(gy_str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.len >= n && gy_str_ieq(gy_str_n(s.ptr, n), gy_str_of(prefix));
}

static bool prefix_is_earned(const struct gy__cookie *c)
{
    if (c->name.len == 0)
        return !has_prefix(c->value, "__Secure-") && !has_prefix(c->value, "__Host-");
    if (has_prefix(c->name, "__Host-"))
        return c->secure && c->domain.len == 0 && gy_str_eq(c->path, gy_str_of("/"));
    return c->secure || !has_prefix(c->name, "__Secure-");
}

/* Would a cookie that came in plain text stand before one that is sent only in secret? */
static bool hides_secure(struct gy__cookie_store *store, const struct gy__kept_cookie *k)
{
    struct gy__cookie_walk w = {.store = store};
    for (struct gy__kept_cookie *old; (old = gy__cookie_store_next(&w));) {
        if (old->secure && gy_str_eq(old->name, k->name) && path_matches(k->path, old->path) &&
            (domain_matches(old->domain, k->domain) || domain_matches(k->domain, old->domain)))
            return true;
    }
    return false;
}

int gy__cookie_jar_set(gy_cookie_jar *jar, const struct gy__url *url, gy_str field)
{
    struct gy__cookie c;
    char room[256];
    int64_t now = gy__clock_wall();
    int e = gy__cookie_parse(field, now, &c);
    if (e)
        return e;
    struct gy__kept_cookie k = {.name = c.name, .value = c.value, .expires = c.expires};
    k.path = c.path.len ? c.path : default_path(url);
    k.secure = c.secure;
    if (k.path.len > GY__COOKIE_ATTRIBUTE_MAX)
        return GY_EINVAL;
    if (!choose_domain(url, &c, room, &k) || !prefix_is_earned(&c))
        return GY_EINVAL;
    if (c.same_site == GY__SAME_SITE_NONE && !c.secure)
        return GY_EINVAL;
    if (!is_secure(url) && (c.secure || hides_secure(&jar->store, &k)))
        return GY_EINVAL;
    if (c.expires <= now) {
        gy__cookie_store_remove(&jar->store, &k);
        return 0;
    }
    return gy__cookie_store_put(&jar->store, &k, now);
}

/* -- Getting ------------------------------------------------------------------------------------- */

/* Longer paths first, then what has been there for longer. */
static int compare(const void *a, const void *b)
{
    const struct gy__kept_cookie *x = *(struct gy__kept_cookie *const *)a;
    const struct gy__kept_cookie *y = *(struct gy__kept_cookie *const *)b;
    if (x->path.len != y->path.len)
        return x->path.len > y->path.len ? -1 : 1;
    return x->created < y->created ? -1 : 1;
}

/* What [url] gets of the cookies of [domain], which is its host or a part of it. */
static size_t choose(struct gy__cookie_store *store, const struct gy__url *url, gy_str domain,
                     int64_t now, struct gy__kept_cookie **out)
{
    size_t n = 0;
    struct gy__cookie_walk w = {.store = store, .domain = domain};
    for (struct gy__kept_cookie *k; (k = gy__cookie_store_next(&w));) {
        if (k->expires > now && (!k->host_only || domain.len == url->host.len) &&
            (!k->secure || is_secure(url)) && path_matches(url->path, k->path))
            out[n++] = k;
    }
    return n;
}

static gy_str write_field(gy_arena *arena, struct gy__cookie_store *store,
                          struct gy__kept_cookie **chosen, size_t count)
{
    char *text = gy_alloc(arena, GY__JAR_FIELD_MAX + 1);
    size_t at = 0;
    if (!text)
        return gy_str_n(NULL, 0);
    for (size_t i = 0; i < count; i++) {
        struct gy__kept_cookie *k = chosen[i];
        size_t need = k->name.len + (k->name.len > 0) + k->value.len + (at ? 2 : 0);
        if (need > GY__JAR_FIELD_MAX - at)
            break;
        int n = snprintf(text + at, need + 1, "%s%.*s%s%.*s", at ? "; " : "", GY_FMT(k->name),
                         k->name.len ? "=" : "", GY_FMT(k->value));
        at += (size_t)n;
        gy__cookie_store_touch(store, k);
    }
    text[at] = '\0';
    return gy_str_n(text, at);
}

gy_str gy__cookie_jar_get(gy_arena *arena, gy_cookie_jar *jar, const struct gy__url *url)
{
    int64_t now = gy__clock_wall();
    size_t count = 0, most = 0;
    gy_str domain = url->host;
    do {
        most += gy__cookie_store_count(&jar->store, domain);
    } while (!is_address(url) && gy__cookie_parent(&domain));
    if (most == 0)
        return gy_str_n("", 0);
    struct gy__kept_cookie **chosen = gy_alloc(arena, most * sizeof(struct gy__kept_cookie *));
    if (!chosen)
        return gy_str_n(NULL, 0);
    domain = url->host;
    do {
        count += choose(&jar->store, url, domain, now, chosen + count);
    } while (!is_address(url) && gy__cookie_parent(&domain));
    if (count == 0)
        return gy_str_n("", 0);
    qsort(chosen, count, sizeof chosen[0], compare);
    return write_field(arena, &jar->store, chosen, count);
}

/* -- What programs call -------------------------------------------------------------------------- */

gy_cookie_jar *gy_cookie_jar_new(void)
{
    return gy__zalloc(sizeof(gy_cookie_jar));
}

void gy_cookie_jar_free(gy_cookie_jar *jar)
{
    if (!jar)
        return;
    gy__cookie_store_done(&jar->store);
    gy__free(jar);
}

int gy_cookie_jar_set(gy_cookie_jar *jar, const char *url, const char *set_cookie)
{
    gy_arena arena = {0};
    struct gy__url u;
    int e = gy__url_parse(&arena, gy_str_of(url), &u);
    if (!e)
        e = gy__cookie_jar_set(jar, &u, gy_str_of(set_cookie));
    gy_arena_done(&arena);
    return e;
}

gy_str gy_cookie_jar_get(gy_arena *arena, gy_cookie_jar *jar, const char *url)
{
    struct gy__url u;
    int e = gy__url_parse(arena, gy_str_of(url), &u);
    if (e)
        return gy_str_n(e == GY_ENOMEM ? NULL : "", 0);
    return gy__cookie_jar_get(arena, jar, &u);
}
