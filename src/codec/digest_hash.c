/* SPDX-License-Identifier: MIT */
/* digest_hash.c - the hashes of Digest authentication, through OpenSSL. */
#include "codec/digest_hash.h"

#include "codec/hex.h"

#include <gyre/error.h>
#include <openssl/evp.h>

static const EVP_MD *find(enum gy__digest_algorithm algorithm)
{
    switch (algorithm) {
    case GY__DIGEST_MD5:
        return EVP_md5();
    case GY__DIGEST_SHA256:
        return EVP_sha256();
    case GY__DIGEST_SHA512_256:
        return EVP_sha512_256();
    }
    return NULL;
}

static bool add_all(EVP_MD_CTX *c, const gy_str *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((i > 0 && !EVP_DigestUpdate(c, ":", 1)) ||
            !EVP_DigestUpdate(c, texts[i].ptr, texts[i].len))
            return false;
    }
    return true;
}

int gy__digest_hash(enum gy__digest_algorithm algorithm, const gy_str *texts, size_t count,
                    char out[GY__DIGEST_HEX])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (!c)
        return GY_ENOMEM;
    /* A provider may refuse MD5. */
    bool done = EVP_DigestInit_ex(c, find(algorithm), NULL) && add_all(c, texts, count) &&
                EVP_DigestFinal_ex(c, hash, &len) && 2 * len < GY__DIGEST_HEX;
    EVP_MD_CTX_free(c);
    if (!done)
        return GY_ENOTFOUND;
    gy__hex_encode(out, hash, len);
    return 0;
}
