/* SPDX-License-Identifier: MIT */
/* client_curl_why.c - how a transfer of libcurl ended, in our words. */

#include <gyre/error.h>
#include <string.h>

#include "base/utf8_step.h"
#include "http/client_curl.h"

/* CURLE_TOO_LARGE of later versions: of a head. */
enum { TOO_LARGE = 100 };

static const struct {
    CURLcode theirs;
    int ours;
} codes[] = {
    {CURLE_OUT_OF_MEMORY, GY_ENOMEM},
    {CURLE_COULDNT_RESOLVE_HOST, GY_ENOTFOUND},
    {CURLE_COULDNT_RESOLVE_PROXY, GY_ENOTFOUND},
    {CURLE_COULDNT_CONNECT, -ECONNREFUSED},
    {CURLE_INTERFACE_FAILED, GY_EINVAL},
    {CURLE_OPERATION_TIMEDOUT, GY_ETIMEDOUT},
    {CURLE_URL_MALFORMAT, GY_EURL},
    {CURLE_PROXY, GY_EPROXY},
    {CURLE_SSL_CONNECT_ERROR, GY_ETLS},
    {CURLE_PEER_FAILED_VERIFICATION, GY_ETLS},
    {CURLE_SSL_CERTPROBLEM, GY_ETLS},
    {CURLE_SSL_CIPHER, GY_ETLS},
    {CURLE_SSL_CACERT_BADFILE, GY_ETLS},
    {CURLE_SSL_CLIENTCERT, GY_ETLS},
    {CURLE_SSL_ISSUER_ERROR, GY_ETLS},
    {CURLE_SSL_CRL_BADFILE, GY_ETLS},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, GY_ETLS},
    {CURLE_SSL_INVALIDCERTSTATUS, GY_ETLS},
    {CURLE_SSL_ENGINE_NOTFOUND, GY_ETLS},
    {CURLE_SSL_ENGINE_SETFAILED, GY_ETLS},
    {CURLE_USE_SSL_FAILED, GY_ETLS},
    {CURLE_GOT_NOTHING, GY_ECLOSED},
    {CURLE_PARTIAL_FILE, GY_ECLOSED},
    {CURLE_SEND_ERROR, GY_ECLOSED},
    {CURLE_SEND_FAIL_REWIND, GY_ECLOSED},
    {CURLE_HTTP2_STREAM, GY_ECLOSED},
    {CURLE_UNKNOWN_OPTION, GY_EINVAL},
    {CURLE_NOT_BUILT_IN, GY_EINVAL},
    {CURLE_BAD_FUNCTION_ARGUMENT, GY_EINVAL},
};

static long number(struct gy__transfer *x, CURLINFO what)
{
    long n = 0;
    return gy__libcurl.easy_getinfo(x->easy, what, &n) ? 0 : n;
}

/* What the proxy said instead of making a tunnel, or 0. */
static long tunnel_status(struct gy__transfer *x)
{
    long status = number(x, CURLINFO_HTTP_CONNECTCODE);
    return x->reached || status / 100 == 2 ? 0 : status;
}

/* What libcurl could not read: it broke off, or it is no HTTP. */
static int code_of(struct gy__transfer *x)
{
    long system = number(x, CURLINFO_OS_ERRNO);
    if (tunnel_status(x))
        return GY_EPROXY;
    if (x->result == CURLE_PROXY && system > 0)
        return GY_ECLOSED;
    if (x->result == CURLE_COULDNT_CONNECT && system > 0)
        return (int)-system;
    if (x->result == CURLE_RECV_ERROR)
        return system > 0 || !x->reached ? GY_ECLOSED : GY_EPROTO;
    if ((int)x->result == TOO_LARGE)
        return GY_ETOOBIG;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].theirs == x->result && (!x->reached || codes[i].ours != GY_EINVAL))
            return codes[i].ours;
    return GY_EPROTO;
}

static int explain_connecting(struct gy__transfer *x, int e, const char *text)
{
    struct gy__fetch *f = x->fetch;
    const char *proxy = x->proxy.ptr ? "the proxy " : "";
    const char *who = x->proxy.ptr ? x->proxy.ptr : f->url.authority.ptr;
    if (tunnel_status(x))
        return gy__fetch_fail(f, e, "the proxy %.80s refuses the tunnel: %ld", who,
                              tunnel_status(x));
    if (e == GY_ETIMEDOUT)
        return gy__fetch_fail(f, e, "no connection to %.80s within %g seconds",
                              f->url.authority.ptr, f->o.connect_timeout);
    bool known = e == GY_ENOTFOUND || e > GY_ECLOSED;
    return gy__fetch_fail(f, e, "cannot connect to %s%.80s: %.100s", proxy, who,
                          known ? gy_strerror(e) : text);
}

static int explain(struct gy__transfer *x, int e)
{
    struct gy__fetch *f = x->fetch;
    const char *who = f->url.authority.ptr;
    gy__utf8_tame(x->error, strlen(x->error)); /* names in certificates are anybody's */
    const char *text = x->error[0] ? x->error : gy__libcurl.easy_strerror(x->result);
    if (e == GY_ETLS)
        return gy__fetch_fail(f, e, "no secure connection to %.80s: %.190s", who, text);
    if (!x->reached)
        return explain_connecting(x, e, text);
    return gy__fetch_fail(f, e, "%.60s gives no whole answer: %.100s", who, text);
}

/* The server has said what it had to before it was told all; libcurl has not seen to whether that was
 * whole. */
static int judge_early(struct gy__transfer *x)
{
    struct gy__fetch *f = x->fetch;
    struct gy__body b = gy__body_of_response(&f->head, f->verb);
    if (x->heads_over &&
        (b.kind == GY__BODY_NONE || (b.kind == GY__BODY_LENGTH && f->body_got == b.length)))
        return 0;
    return gy__fetch_fail(f, GY_ECLOSED, "%s closed the connection %s", f->url.authority.ptr,
                          x->heads_over ? "within an answer" : "without an answer");
}

int gy__transfer_judge(struct gy__transfer *x)
{
    if (x->code)
        return gy__fetch_fail(x->fetch, x->code, "the fetch was given up: %s",
                              gy_strerror(x->code));
    if (!x->result || x->stopped)
        return 0;
    bool unasked = x->result == CURLE_ABORTED_BY_CALLBACK && x->deaf;
    return unasked ? judge_early(x) : explain(x, code_of(x));
}
