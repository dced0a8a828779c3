/* SPDX-License-Identifier: MIT */
/* digest_auth.c - the client's side of Digest authentication (RFC 7616). */
#include "codec/digest_auth.h"

#include "base/buf.h"
#include "codec/digest_hash.h"
#include "codec/parameter.h"

#include <gyre/error.h>

enum { ANSWER_MAX = 64 * 1024 };

static const struct {
    const char *name;
    enum gy__digest_algorithm algorithm;
    bool sess;
} algorithms[] = {
    {"MD5", GY__DIGEST_MD5, false},
    {"MD5-sess", GY__DIGEST_MD5, true},
    {"SHA-256", GY__DIGEST_SHA256, false},
    {"SHA-256-sess", GY__DIGEST_SHA256, true},
    {"SHA-512-256", GY__DIGEST_SHA512_256, false},
    {"SHA-512-256-sess", GY__DIGEST_SHA512_256, true},
};
enum { ALGORITHMS = sizeof algorithms / sizeof algorithms[0] };

/* -- Challenges ---------------------------------------------------------------------------------- */

/* A challenge being read. */
struct reading {
    struct gy__digest_challenge c;
    bool is_digest, realm, nonce;
    bool unknown; /* something in it makes it one that cannot be answered */
};

static void set_algorithm(struct reading *r, gy_str value)
{
    r->c.named = true;
    for (int i = 0; i < ALGORITHMS; i++) {
        if (gy_str_ieq(value, gy_str_of(algorithms[i].name))) {
            r->c.algorithm = algorithms[i].algorithm;
            r->c.sess = algorithms[i].sess;
            return;
        }
    }
    r->unknown = true;
}

static void set_qop(struct reading *r, gy_str value)
{
    for (gy_str one; gy_str_cut(&value, ',', &one);)
        r->c.qop = r->c.qop || gy_str_ieq(gy_str_trim(one), gy_str_of("auth"));
    r->unknown = r->unknown || !r->c.qop;
}

static void set_parameter(struct reading *r, gy_str name, gy_str value)
{
    if (gy_str_ieq(name, gy_str_of("realm"))) {
        r->c.realm = value;
        r->realm = true;
    } else if (gy_str_ieq(name, gy_str_of("nonce"))) {
        r->c.nonce = value;
        r->nonce = true;
    } else if (gy_str_ieq(name, gy_str_of("opaque"))) {
        r->c.opaque = value;
    } else if (gy_str_ieq(name, gy_str_of("stale"))) {
        r->c.stale = gy_str_ieq(value, gy_str_of("true"));
    } else if (gy_str_ieq(name, gy_str_of("algorithm"))) {
        set_algorithm(r, value);
    } else if (gy_str_ieq(name, gy_str_of("qop"))) {
        set_qop(r, value);
    }
}

static bool can_be_answered(const struct reading *r)
{
    char hash[GY__DIGEST_HEX];
    return r->is_digest && r->realm && r->nonce && !r->unknown &&
           gy__digest_hash(r->c.algorithm, NULL, 0, hash) == 0;
}

/* "name = value" behind a token that was read; what is no parameter but a token68 is passed over. */
static int read_value(gy_arena *a, gy_str *rest, gy_str name, struct reading *r)
{
    gy_str value, behind = gy_str_n(rest->ptr + 1, rest->len - 1);
    int e = gy__parameter_value(a, &behind, &value);
    if (e == GY_ENOMEM || (e && r->is_digest))
        return e;
    if (e) {
        size_t comma = gy_str_find(*rest, ',');
        size_t n = comma == SIZE_MAX ? rest->len : comma;
        *rest = gy_str_n(rest->ptr + n, rest->len - n);
        return 0;
    }
    *rest = behind;
    set_parameter(r, name, value);
    return 0;
}

int gy__digest_challenge_parse(gy_arena *a, gy_str field, struct gy__digest_challenge *out)
{
    struct reading r = {.is_digest = false};
    while (gy__parameter_skip(&field, ", \t"), field.len) {
        gy_str token = gy__parameter_token(&field);
        if (token.len == 0)
            return GY_EPROTO;
        gy__parameter_skip(&field, " \t");
        if (field.len && field.ptr[0] == '=') {
            int e = read_value(a, &field, token, &r);
            if (e)
                return e;
            continue;
        }
        if (can_be_answered(&r))
            break;
        r = (struct reading){.is_digest = gy_str_ieq(token, gy_str_of("digest"))};
    }
    if (!can_be_answered(&r))
        return GY_ENOTFOUND;
    *out = r.c;
    return 0;
}

/* -- Answers ------------------------------------------------------------------------------------- */

static int hash_secret(const struct gy__digest_challenge *c, const struct gy__digest_request *r,
                       char out[GY__DIGEST_HEX])
{
    gy_str parts[] = {r->user, c->realm, r->password};
    int e = gy__digest_hash(c->algorithm, parts, 3, out);
    if (e || !c->sess)
        return e;
    char inner[GY__DIGEST_HEX];
    memcpy(inner, out, sizeof inner);
    gy_str session[] = {gy_str_of(inner), c->nonce, r->cnonce};
    return gy__digest_hash(c->algorithm, session, 3, out);
}

static int hash_answer(const struct gy__digest_challenge *c, const struct gy__digest_request *r,
                       gy_str count, char out[GY__DIGEST_HEX])
{
    char secret[GY__DIGEST_HEX], request[GY__DIGEST_HEX];
    gy_str asked[] = {r->method, r->target};
    int e = hash_secret(c, r, secret);
    if (!e)
        e = gy__digest_hash(c->algorithm, asked, 2, request);
    if (e)
        return e;
    gy_str old[] = {gy_str_of(secret), c->nonce, gy_str_of(request)};
    gy_str all[] = {gy_str_of(secret), c->nonce,          count,
                    r->cnonce,         gy_str_of("auth"), gy_str_of(request)};
    return c->qop ? gy__digest_hash(c->algorithm, all, 6, out)
                  : gy__digest_hash(c->algorithm, old, 3, out);
}

static const char *algorithm_name(const struct gy__digest_challenge *c)
{
    for (int i = 0; i < ALGORITHMS; i++) {
        if (algorithms[i].algorithm == c->algorithm && algorithms[i].sess == c->sess)
            return algorithms[i].name;
    }
    return "";
}

static int add_quoted(struct gy__buf *b, const char *before, gy_str value)
{
    int e = gy__buf_add(b, before, strlen(before));
    return e ? e : gy__parameter_quote(b, value);
}

static int write_answer(struct gy__buf *b, const struct gy__digest_challenge *c,
                        const struct gy__digest_request *r)
{
    char count[9], hash[GY__DIGEST_HEX];
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 8; i++)
        count[i] = digits[r->count >> (28 - 4 * i) & 15];
    count[8] = '\0';
    int e = hash_answer(c, r, gy_str_of(count), hash);
    if (!e)
        e = add_quoted(b, "Digest username=", r->user);
    if (!e)
        e = add_quoted(b, ", realm=", c->realm);
    if (!e)
        e = add_quoted(b, ", nonce=", c->nonce);
    if (!e)
        e = add_quoted(b, ", uri=", r->target);
    if (!e && c->named)
        e = gy__buf_addf(b, ", algorithm=%s", algorithm_name(c));
    if (!e)
        e = gy__buf_addf(b, ", response=\"%s\"", hash);
    if (!e && c->opaque.ptr)
        e = add_quoted(b, ", opaque=", c->opaque);
    if (!e && c->qop)
        e = gy__buf_addf(b, ", qop=auth, nc=%s", count);
    if (!e && (c->qop || c->sess))
        e = add_quoted(b, ", cnonce=", r->cnonce);
    return e;
}

int gy__digest_answer(gy_arena *a, const struct gy__digest_challenge *c,
                      const struct gy__digest_request *r, gy_str *out)
{
    struct gy__buf b;
    gy__buf_init(&b, ANSWER_MAX);
    int e = write_answer(&b, c, r);
    if (!e) {
        *out = gy_str_copy(a, gy__buf_str(&b));
        e = out->ptr ? 0 : GY_ENOMEM;
    }
    gy__buf_done(&b);
    return e;
}
