/* SPDX-License-Identifier: MIT */
/* client_env.c - the proxies that the environment names, and who is asked without one. */

#include <gyre/error.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/cidr.h"
#include "http/client.h"

/* -- The variables ------------------------------------------------------------------------------- */

static const char *look(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *either(const char *name, const char *other)
{
    const char *value = look(name);
    return value ? value : look(other);
}

static char *put(char **at, const char *text)
{
    char *copy = *at;
    size_t size = text ? strlen(text) + 1 : 0;
    if (!text)
        return NULL;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* A program behind a web server finds the header "Proxy" of whoever asks in HTTP_PROXY: it is never looked
 * at, and the one in small letters only where there is no such server (CVE-2016-5385). */
static const char *for_http(void)
{
    return look("REQUEST_METHOD") ? NULL : look("http_proxy");
}

int gy__proxy_env_new(struct gy__proxy_env **out)
{
    const char *all = either("all_proxy", "ALL_PROXY"), *http = for_http(),
               *https = either("https_proxy", "HTTPS_PROXY"), *no = either("no_proxy", "NO_PROXY");
    http = http ? http : all;
    https = https ? https : all;
    *out = NULL;
    if (!http && !https)
        return 0;
    struct gy__proxy_env *env =
        gy__alloc(sizeof *env + size_of(http) + size_of(https) + size_of(no));
    if (!env)
        return GY_ENOMEM;
    char *at = (char *)(env + 1);
    env->http = put(&at, http);
    env->https = put(&at, https);
    env->no = put(&at, no);
    *out = env;
    return 0;
}

const char *gy__proxy_env_find(const struct gy__proxy_env *env, const struct gy__url *url)
{
    bool secure = gy_str_eq(url->scheme, gy_str_of("https"));
    const char *proxy = secure ? env->https : env->http;
    return proxy && !gy__no_proxy_has(gy_str_of(env->no), url) ? proxy : NULL;
}

/* -- Who is asked without ------------------------------------------------------------------------ */

static bool is_number(gy_str s, uint64_t most, uint64_t *out)
{
    return gy_str_uint(s, out) == 0 && *out <= most;
}

/* Take ":80" off "host:80" and "[::1]:80", and the brackets. False when the port is another than [port]. */
static bool take_port(gy_str *item, uint16_t port)
{
    uint64_t said;
    gy_str host = *item;
    size_t colon = gy_str_find(host, ':');
    if (host.len && host.ptr[0] == '[') {
        size_t end = gy_str_find(host, ']');
        if (end == SIZE_MAX)
            return false;
        *item = gy_str_n(host.ptr + 1, end - 1);
        host = gy_str_n(host.ptr + end, host.len - end);
        colon = gy_str_find(host, ':');
    } else if (colon != SIZE_MAX &&
               gy_str_find(gy_str_n(host.ptr + colon + 1, host.len - colon - 1), ':') == SIZE_MAX) {
        *item = gy_str_n(host.ptr, colon);
    } else {
        return true;
    }
    if (colon == SIZE_MAX)
        return true;
    return is_number(gy_str_n(host.ptr + colon + 1, host.len - colon - 1), 65535, &said) &&
           said == port;
}

/* "10.0.0.0/8", "10.1.2.3/8" too, or an address. */
static bool has_address(gy_str item, const struct gy__ip *ip)
{
    struct gy__cidr net = {.bits = 128};
    gy_str address, rest = item;
    uint64_t bits;
    if (!gy_str_cut(&rest, '/', &address) || gy__ip_parse(address, &net.base))
        return false;
    unsigned most = gy_str_find(address, ':') == SIZE_MAX ? 32 : 128;
    if (rest.ptr) {
        if (!is_number(rest, most, &bits))
            return false;
        net.bits = (unsigned)bits + 128 - most;
    }
    return gy__cidr_has(&net, ip);
}

static gy_str without_dot(gy_str name)
{
    return name.len && name.ptr[name.len - 1] == '.' ? gy_str_n(name.ptr, name.len - 1) : name;
}

/* The name itself and all below it, with or without a dot in front. */
static bool has_name(gy_str item, gy_str host)
{
    if (item.len > 1 && item.ptr[0] == '*' && item.ptr[1] == '.')
        item = gy_str_n(item.ptr + 1, item.len - 1);
    if (item.len && item.ptr[0] == '.')
        item = gy_str_n(item.ptr + 1, item.len - 1);
    item = without_dot(item);
    host = without_dot(host);
    if (!item.len || item.len > host.len)
        return false;
    size_t before = host.len - item.len;
    return gy_str_ieq(gy_str_n(host.ptr + before, item.len), item) &&
           (before == 0 || host.ptr[before - 1] == '.');
}

static bool is_without(gy_str item, const struct gy__url *url)
{
    struct gy__ip ip;
    if (gy_str_eq(item, gy_str_of("*")))
        return true;
    if (!take_port(&item, url->port))
        return false;
    return gy__ip_parse(url->host, &ip) == 0 ? has_address(item, &ip) : has_name(item, url->host);
}

bool gy__no_proxy_has(gy_str list, const struct gy__url *url)
{
    size_t at = 0, begin;
    while (at < list.len) {
        begin = at;
        while (at < list.len && list.ptr[at] != ',' && list.ptr[at] != ' ')
            at++;
        if (at > begin && is_without(gy_str_n(list.ptr + begin, at - begin), url))
            return true;
        at++;
    }
    return false;
}
