/* SPDX-License-Identifier: MIT */
/* client_curl_setup.c - a fetch in libcurl's words. */

#include <gyre/error.h>
#include <string.h>

#include "base/clock.h"
#include "http/client_curl.h"
#include "loop/timer.h"

int gy__transfer_code(CURLcode code)
{
    return !code ? 0 : code == CURLE_OUT_OF_MEMORY ? GY_ENOMEM : GY_EINVAL;
}

int gy__transfer_set(struct gy__transfer *x, CURLoption option, long value)
{
    return gy__transfer_code(gy__libcurl.easy_setopt(x->easy, option, value));
}

int gy__transfer_set_pointer(struct gy__transfer *x, CURLoption option, const void *value)
{
    return gy__transfer_code(gy__libcurl.easy_setopt(x->easy, option, value));
}

/* -- Headers ------------------------------------------------------------------------------------- */

static int add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *all = line ? gy__libcurl.slist_append(*list, line) : NULL;
    if (!all)
        return GY_ENOMEM;
    *list = all;
    return 0;
}

/* Libcurl writes the framing itself, as the version of HTTP wants it, and what the proxy is told. */
static bool is_theirs(gy_str name)
{
    return gy_str_ieq(name, gy_str_of("Content-Length")) ||
           gy_str_ieq(name, gy_str_of("Transfer-Encoding")) ||
           gy_str_ieq(name, gy_str_of("Proxy-Authorization"));
}

/* "Name: value", which is overwritten; an empty value is "Name;" to libcurl. */
static int add_field(struct gy__transfer *x, char *line)
{
    char *colon = strchr(line, ':');
    if (!colon || is_theirs(gy_str_n(line, (size_t)(colon - line))))
        return 0;
    if (colon[1 + strspn(colon + 1, " ")] == '\0')
        memcpy(colon, ";", 2);
    return add_line(&x->headers, line);
}

/* The lines of a head that our own engine would send, without the first one. */
static int set_headers(struct gy__transfer *x)
{
    int e = 0;
    char *line = strstr(x->peer.out.data, "\r\n"), *end;
    while (line && !e && (end = strstr(line += 2, "\r\n")) && end > line) {
        *end = '\0';
        e = add_field(x, line);
        line = end;
    }
    if (!e)
        e = add_line(&x->headers, "Accept:");
    if (!e && (!x->fetch->with_body || !x->fetch->o.expect_continue || x->fetch->probe))
        e = add_line(&x->headers, "Expect:");
    return e ? e : gy__transfer_set_pointer(x, CURLOPT_HTTPHEADER, x->headers);
}

/* -- What is asked for --------------------------------------------------------------------------- */

void gy__transfer_rewind(struct gy__transfer *x)
{
    struct gy__fetch *f = x->fetch;
    bool in_memory = f->with_body && !x->streamed && !f->probe;
    x->next = in_memory ? f->body : gy_str_n("", 0);
    x->left = x->streamed ? (uint64_t)f->o.body_length : x->next.len;
    if (x->streamed && !f->o.body_length)
        x->left = UINT64_MAX;
    x->read_over = false;
    x->sent = 0;
}

static int set_length(struct gy__transfer *x)
{
    struct gy__fetch *f = x->fetch;
    x->streamed = f->with_body && f->o.read_body && !f->probe;
    gy__transfer_rewind(x);
    curl_off_t length = x->left == UINT64_MAX ? -1 : (curl_off_t)x->left;
    return gy__transfer_code(gy__libcurl.easy_setopt(x->easy, CURLOPT_INFILESIZE_LARGE, length));
}

static int set_method(struct gy__transfer *x)
{
    struct gy__fetch *f = x->fetch;
    x->brings_body = f->with_body || gy__method_has_body(f->verb);
    if (f->verb == GY_METHOD_HEAD && x->brings_body)
        return gy__fetch_fail(f, GY_EINVAL, "libcurl sends no body with HEAD");
    if (f->verb == GY_METHOD_HEAD)
        return gy__transfer_set(x, CURLOPT_NOBODY, 1);
    int e = gy__transfer_set(x, x->brings_body ? CURLOPT_UPLOAD : CURLOPT_HTTPGET, 1);
    if (!e)
        e = gy__transfer_set_pointer(x, CURLOPT_CUSTOMREQUEST, f->method.ptr);
    return e || !x->brings_body ? e : set_length(x);
}

static int set_url(struct gy__transfer *x)
{
    gy_str url = gy__url_text(x->fetch->arena, &x->fetch->url);
    return url.ptr ? gy__transfer_set_pointer(x, CURLOPT_URL, url.ptr) : GY_ENOMEM;
}

/* -- The connection ------------------------------------------------------------------------------ */

static int set_source(struct gy__transfer *x)
{
    const char *from = x->fetch->o.source_address;
    if (!from)
        return 0;
    gy_str text = gy_strf(x->fetch->arena, gy_is_ip(from) ? "host!%s" : "if!%s", from);
    return text.ptr ? gy__transfer_set_pointer(x, CURLOPT_INTERFACE, text.ptr) : GY_ENOMEM;
}

static int set_family(struct gy__transfer *x)
{
    int family = x->fetch->o.family;
    long which = family == AF_INET    ? CURL_IPRESOLVE_V4
                 : family == AF_INET6 ? CURL_IPRESOLVE_V6
                                      : CURL_IPRESOLVE_WHATEVER;
    return gy__transfer_set(x, CURLOPT_IPRESOLVE, which);
}

/* What the caller himself tells the proxy. */
static int set_proxy_headers(struct gy__transfer *x)
{
    struct gy__fetch *f = x->fetch;
    for (const gy_field *h = f->o.headers; h && h->name.len; h++) {
        if (!gy_str_ieq(h->name, gy_str_of("Proxy-Authorization")))
            continue;
        int e = add_line(&x->proxy_headers,
                         gy_strf(f->arena, "%.*s: %.*s", GY_FMT(h->name), GY_FMT(h->value)).ptr);
        if (e)
            return e;
    }
    bool tunnel = !gy__fetch_is_forwarded(f) && *f->o.user_agent;
    gy_str agent =
        tunnel ? gy_strf(f->arena, "User-Agent: %s", f->o.user_agent) : (gy_str){NULL, 0};
    int e = tunnel ? add_line(&x->proxy_headers, agent.ptr) : 0;
    return e ? e : gy__transfer_set_pointer(x, CURLOPT_PROXYHEADER, x->proxy_headers);
}

static int set_proxy_url(struct gy__transfer *x)
{
    const struct gy__url *proxy = &x->fetch->via.url;
    gy_str url = gy_strf(x->fetch->arena, "%s://%s", proxy->scheme.ptr, x->proxy.ptr);
    int e = url.ptr ? gy__transfer_set_pointer(x, CURLOPT_PROXY, url.ptr) : GY_ENOMEM;
    if (!e && proxy->user.ptr)
        e = gy__transfer_set_pointer(x, CURLOPT_PROXYUSERNAME, proxy->user.ptr);
    if (!e && proxy->user.ptr)
        e = gy__transfer_set_pointer(x, CURLOPT_PROXYPASSWORD,
                                     proxy->password.ptr ? proxy->password.ptr : "");
    return e ? e : set_proxy_headers(x);
}

/* What the environment says has been seen to: neither its proxies nor its exceptions count here. */
static int set_proxy(struct gy__transfer *x)
{
    const struct gy__proxy *via = &x->fetch->via;
    int e = gy__transfer_set_pointer(x, CURLOPT_NOPROXY, "");
    if (e)
        return e;
    if (via->way == GY__WAY_HTTP || via->way == GY__WAY_SOCKS)
        return set_proxy_url(x);
    e = gy__transfer_set_pointer(x, CURLOPT_PROXY, "");
    if (e || via->way != GY__WAY_UNIX)
        return e;
    const char *path = via->text + sizeof "unix:" - 1;
    if (*path == '@')
        return gy__transfer_set_pointer(x, CURLOPT_ABSTRACT_UNIX_SOCKET, path + 1);
    return gy__transfer_set_pointer(x, CURLOPT_UNIX_SOCKET_PATH, path);
}

static long milliseconds(double seconds)
{
    return seconds < INT32_MAX / 1000.0 ? (long)(seconds * 1000) + 1 : INT32_MAX;
}

static int set_times(struct gy__transfer *x)
{
    double connect = x->fetch->o.connect_timeout;
    int64_t idle = x->fetch->client->idle_ns / GY__NS_PER_S + 1;
    int e = gy__transfer_set(x, CURLOPT_MAXAGE_CONN, idle < INT32_MAX ? (long)idle : INT32_MAX);
    return e ? e
             : gy__transfer_set(x, CURLOPT_CONNECTTIMEOUT_MS,
                                connect > 0 ? milliseconds(connect) : INT32_MAX);
}

/* -- All of it ----------------------------------------------------------------------------------- */

static int set_always(struct gy__transfer *x)
{
    static const struct {
        CURLoption option;
        long value;
    } always[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
        {CURLOPT_PATH_AS_IS, 1},
        {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    };
    int e = gy__transfer_set_pointer(x, CURLOPT_PROTOCOLS_STR, "http,https");
    if (!e)
        e = gy__transfer_set_pointer(x, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    for (size_t i = 0; i < sizeof always / sizeof always[0] && !e; i++)
        e = gy__transfer_set(x, always[i].option, always[i].value);
    return e;
}

/* Whoever asks for the same place while the first connects waits to learn whether one connection does for
 * all; without HTTP/2 in libcurl nobody does. */
static int set_version(struct gy__transfer *x)
{
    if (!gy_str_eq(x->fetch->url.scheme, gy_str_of("https")))
        return 0;
    if (gy__transfer_set(x, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS))
        return 0;
    return gy__transfer_set(x, CURLOPT_PIPEWAIT, 1);
}

int gy__transfer_set_up(struct gy__transfer *x)
{
    static int (*const steps[])(struct gy__transfer * x) = {
        set_always, set_url,   set_method, set_headers, set_source,
        set_family, set_proxy, set_times,  set_version, gy__transfer_set_tls};
    int e = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && !e; i++)
        e = steps[i](x);
    return e;
}
