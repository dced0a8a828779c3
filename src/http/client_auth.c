/* SPDX-License-Identifier: MIT */
/* client_auth.c - who asks: Basic, Bearer and Digest credentials, and what servers challenged with. */

#include <gyre/error.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "codec/base64.h"
#include "codec/digest_auth.h"
#include "codec/digest_hash.h"
#include "codec/hex.h"
#include "http/client.h"
#include "http/message.h"

enum { KNOWN_MOST = 100, ANSWERS_MOST = 2, CNONCE_BYTES = 16 };

/* -- What servers have challenged with ----------------------------------------------------------- */

struct known {
    gy_list link;
    struct gy__digest_challenge c;
    char cnonce[2 * CNONCE_BYTES + 1];
    unsigned count; /* of answers */
    gy_str key;     /* its texts follow in memory */
};

static struct known *find(gy_client *c, gy_str key)
{
    gy_list_each (it, &c->digests) {
        struct known *k = gy_of(it, struct known, link);
        if (!gy_str_eq(k->key, key))
            continue;
        gy_list_del(&k->link);
        gy_list_add_front(&c->digests, &k->link);
        return k;
    }
    return NULL;
}

static void forget(gy_client *c, struct known *k)
{
    if (!k)
        return;
    gy_list_del(&k->link);
    c->digest_count--;
    gy__free(k);
}

void gy__client_forget_digests(gy_client *c)
{
    while (!gy_list_empty(&c->digests))
        forget(c, gy_of(c->digests.next, struct known, link));
}

static char *keep(gy_str *s, char *at)
{
    if (!s->ptr)
        return at;
    memcpy(at, s->ptr, s->len);
    at[s->len] = '\0';
    s->ptr = at;
    return at + s->len + 1;
}

static int remember(gy_client *c, gy_str key, const struct gy__digest_challenge *challenge)
{
    const struct gy__digest_challenge *d = challenge;
    unsigned char random[CNONCE_BYTES];
    struct known *k =
        gy__zalloc(sizeof *k + key.len + d->realm.len + d->nonce.len + d->opaque.len + 4);
    int e = k ? gy__random(random, sizeof random) : GY_ENOMEM;
    if (e) {
        gy__free(k);
        return e;
    }
    gy__hex_encode(k->cnonce, random, sizeof random);
    k->c = *d;
    k->key = key;
    char *at = keep(&k->key, (char *)(k + 1));
    at = keep(&k->c.realm, at);
    at = keep(&k->c.nonce, at);
    keep(&k->c.opaque, at);
    forget(c, find(c, key));
    if (c->digest_count == KNOWN_MOST)
        forget(c, gy_of(c->digests.prev, struct known, link));
    gy_list_add_front(&c->digests, &k->link);
    c->digest_count++;
    return 0;
}

/* -- Who asks ------------------------------------------------------------------------------------ */

/* The URL's own wins. False: nobody in particular. */
static bool find_user(const struct gy__fetch *f, gy_str *user, gy_str *password)
{
    bool in_url = f->url.user.ptr != NULL;
    if (!in_url && (f->foreign || (!f->o.user && !f->o.password)))
        return false;
    *user = in_url ? f->url.user : gy_str_of(f->o.user ? f->o.user : "");
    *password = in_url ? f->url.password : gy_str_of(f->o.password);
    if (!password->ptr)
        *password = gy_str_n("", 0);
    return true;
}

static bool wants_digest(const struct gy__fetch *f, gy_str *user, gy_str *password)
{
    return f->o.auth == GY_AUTH_DIGEST && find_user(f, user, password) &&
           !gy__fetch_has_header(f, "Authorization");
}

/* Where a challenge holds, and for whom. */
static gy_str key_of(struct gy__fetch *f, gy_str user)
{
    return gy_strf(f->arena, "%s %s %u %s %s", f->url.scheme.ptr, f->url.host.ptr,
                   (unsigned)f->url.port, f->o.proxy ? f->o.proxy : "", user.ptr);
}

static bool has_control(const char *text)
{
    while (text && *text && (unsigned char)*text >= 0x20 && *text != 0x7f)
        text++;
    return text && *text;
}

int gy__fetch_check_credentials(struct gy__fetch *f)
{
    char hash[GY__DIGEST_HEX];
    if (has_control(f->o.user) || has_control(f->o.password))
        return gy__fetch_fail(f, GY_EINVAL, "the user or the password has control characters");
    if (f->o.auth == GY_AUTH_DIGEST && gy__digest_hash(GY__DIGEST_SHA256, NULL, 0, hash))
        return gy__fetch_fail(f, GY_EINVAL, "Digest needs OpenSSL, which this build is without");
    return 0;
}

/* -- Fields -------------------------------------------------------------------------------------- */

int gy__fetch_put_basic(struct gy__fetch *f, const char *field, gy_str user, gy_str password)
{
    size_t len = user.len + 1 + password.len;
    char *plain = gy_alloc(f->arena, len + 1);
    char *coded = gy_alloc(f->arena, gy__base64_room(len) + sizeof "Basic ");
    if (!plain || !coded)
        return GY_ENOMEM;
    if (gy_str_find(user, ':') != SIZE_MAX)
        return gy__fetch_fail(f, GY_EINVAL, "a user's name with a colon");
    char *at = gy__put_str(plain, user);
    *at++ = ':';
    gy__put_str(at, password);
    at = gy__put_lit(coded, "Basic ");
    at += gy__base64_encode(at, plain, len, GY__BASE64);
    return gy__fetch_put_field(f, field, gy_str_n(coded, (size_t)(at - coded)));
}

static int put_bearer(struct gy__fetch *f, gy_str token)
{
    gy_str value = gy_strf(f->arena, "Bearer %s", token.ptr);
    if (!value.ptr)
        return GY_ENOMEM;
    if (!token.len || !gy__value_valid(token))
        return gy__fetch_fail(f, GY_EINVAL, "the token is malformed");
    return gy__fetch_put_field(f, "Authorization", value);
}

/* With what the server has challenged before. If nothing is known, a body that can be sent only once
 * stays back until there is. */
static int put_digest(struct gy__fetch *f, gy_str user, gy_str password)
{
    gy_str key = key_of(f, user), value;
    struct known *k = key.ptr && !f->unasked ? find(f->client, key) : NULL;
    if (!k) {
        f->probe = f->with_body && f->o.read_body && !f->form && !f->body_begun && !f->unasked &&
                   !f->o.expect_continue;
        return key.ptr ? 0 : GY_ENOMEM;
    }
    struct gy__digest_request r = {.user = user,
                                   .password = password,
                                   .method = f->method,
                                   .target = f->url.target,
                                   .cnonce = gy_str_of(k->cnonce),
                                   .count = ++k->count};
    int e = gy__digest_answer(f->arena, &k->c, &r, &value);
    if (e == GY_EINVAL)
        return gy__fetch_fail(f, e, "the user's name is malformed");
    return e ? e : gy__fetch_put_field(f, "Authorization", value);
}

int gy__fetch_put_credentials(struct gy__fetch *f)
{
    gy_str user, password;
    if (gy__fetch_has_header(f, "Authorization") || !find_user(f, &user, &password))
        return 0;
    if (f->o.auth == GY_AUTH_DIGEST)
        return put_digest(f, user, password);
    if (f->o.auth == GY_AUTH_BEARER && !f->url.user.ptr)
        return put_bearer(f, password);
    return gy__fetch_put_basic(f, "Authorization", user, password);
}

/* -- Challenges ---------------------------------------------------------------------------------- */

/* Once; a nonce that only was too old, once more. */
static bool may_answer(const struct gy__fetch *f, const struct gy__digest_challenge *c)
{
    return f->answers == 0 || (c->stale && f->answers < ANSWERS_MOST);
}

static int see(struct gy__fetch *f, gy_str user)
{
    struct gy__digest_challenge c;
    gy_str key = key_of(f, user);
    gy_str field = gy_headers_all(f->arena, &f->out->headers, "WWW-Authenticate");
    bool challenged = gy_headers_has(&f->out->headers, "WWW-Authenticate");
    if (!key.ptr || (challenged && !field.ptr))
        return GY_ENOMEM;
    int e = challenged ? gy__digest_challenge_parse(f->arena, field, &c) : GY_ENOTFOUND;
    if (e == GY_ENOMEM)
        return e;
    if (e || !may_answer(f, &c)) {
        forget(f->client, find(f->client, key));
        return 0;
    }
    f->ask_again = gy__fetch_is_repeatable(f);
    f->answers += f->ask_again;
    return remember(f->client, key, &c);
}

int gy__fetch_see_challenge(struct gy__fetch *f)
{
    gy_str user, password;
    if (f->o.auth != GY_AUTH_DIGEST || !wants_digest(f, &user, &password))
        return 0;
    if (f->head.status == 401)
        return see(f, user);
    f->unasked = f->ask_again = f->probe && f->head.status < 300;
    return 0;
}
