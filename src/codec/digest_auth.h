/* SPDX-License-Identifier: MIT */
/* digest_auth.h - the client's side of Digest authentication (RFC 7616). */
#ifndef GYRE_CODEC_DIGEST_AUTH_H
#define GYRE_CODEC_DIGEST_AUTH_H

#include <gyre/arena.h>

enum gy__digest_algorithm { GY__DIGEST_MD5, GY__DIGEST_SHA256, GY__DIGEST_SHA512_256 };

struct gy__digest_challenge {
    gy_str realm, nonce;
    gy_str opaque; /* ptr NULL: none */
    enum gy__digest_algorithm algorithm;
    bool sess;  /* a "-sess" algorithm */
    bool qop;   /* "auth" was offered; otherwise the answer is as in RFC 2069 */
    bool named; /* the algorithm was named, and is so in the answer */
    bool stale; /* only the nonce was too old: the password is right */
};

/* Find the first Digest challenge that can be answered in a WWW-Authenticate or Proxy-Authenticate field,
 * which may hold several of several schemes. Texts are in the arena. 0; GY_ENOTFOUND when there is
 * none, as when only auth-int is offered or this build has no hashes; GY_EPROTO for what is malformed;
 * GY_ENOMEM. */
GY_CHECKED int gy__digest_challenge_parse(gy_arena *a, gy_str field,
                                          struct gy__digest_challenge *out);

/* What is asked for. */
struct gy__digest_request {
    gy_str user, password;
    gy_str method, target;
    gy_str cnonce;  /* of the client: random, made of letters, digits and + / = */
    unsigned count; /* of requests with this nonce and cnonce: 1 for the first */
};

/* The value of an Authorization field: "Digest username=...". 0; GY_EINVAL when the name holds control
 * characters; GY_ENOTFOUND; GY_ENOMEM. */
GY_CHECKED int gy__digest_answer(gy_arena *a, const struct gy__digest_challenge *c,
                                 const struct gy__digest_request *r, gy_str *out);

#endif
