/* SPDX-License-Identifier: MIT */
/* digest_hash_none.c - no hashes: a build without OpenSSL. */
#include "codec/digest_hash.h"

#include <gyre/error.h>

int gy__digest_hash(enum gy__digest_algorithm algorithm, const gy_str *texts, size_t count,
                    char out[GY__DIGEST_HEX])
{
    (void)algorithm;
    (void)texts;
    (void)count;
    out[0] = '\0';
    return GY_ENOTFOUND;
}
