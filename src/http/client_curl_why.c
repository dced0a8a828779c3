/* SPDX-License-Identifier: MIT */
/* client_curl_why.c - how a transfer of libcurl ended, in our words. */

#include <gyre/error.h>
#include <string.h>

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

/* What libcurl could not read: it broke off, or it is no HTTP. */
static int code_of(struct gy__transfer *x)
{
    long tunnel = number(x, CURLINFO_HTTP_CONNECTCODE), system = number(x, CURLINFO_OS_ERRNO);
    if (!x->reached && tunnel && tunnel / 100 != 2)
        return GY_EPROXY;
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

static int explain(struct gy__transfer *x, int e)
{
    struct gy__fetch *f = x->fetch;
    const char *who = f->url.authority.ptr;
    const char *text = x->error[0] ? x->error : gy__libcurl.easy_strerror(x->result);
    if (e == GY_ETLS)
        return gy__fetch_fail(f, e, "no secure connection to %.80s: %.190s", who, text);
    if (e == GY_ETIMEDOUT && !x->reached)
        return gy__fetch_fail(f, e, "no connection to %.80s within %g seconds", who,
                              f->o.connect_timeout);
    if (x->reached)
        return gy__fetch_fail(f, e, "%.60s gives no whole answer: %.100s", who, text);
    if (e == GY_ENOTFOUND || e > GY_ECLOSED)
        return gy__fetch_fail(f, e, "cannot connect to %.60s: %.100s", who, gy_strerror(e));
    return gy__fetch_fail(f, e, "cannot connect to %.60s: %.100s", who, text);
}

int gy__transfer_judge(struct gy__transfer *x)
{
    if (x->code)
        return gy__fetch_fail(x->fetch, x->code, "the fetch was given up: %s",
                              gy_strerror(x->code));
    bool refused_to_repeat = x->result == CURLE_ABORTED_BY_CALLBACK && x->heads_over;
    return !x->result || refused_to_repeat ? 0 : explain(x, code_of(x));
}
