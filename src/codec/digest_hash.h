/* SPDX-License-Identifier: MIT */
/* digest_hash.h - the hashes of Digest authentication. */
#ifndef GYRE_CODEC_DIGEST_HASH_H
#define GYRE_CODEC_DIGEST_HASH_H

#include "codec/digest_auth.h"

enum { GY__DIGEST_HEX = 65 };

/* The hash of [count] texts with colons between, as small hexadecimal digits and a NUL. 0; GY_ENOTFOUND
 * where there is no such hash, as in a build without OpenSSL; GY_ENOMEM. [count] 0 asks whether there is
 * one. */
GY_CHECKED int gy__digest_hash(enum gy__digest_algorithm algorithm, const gy_str *texts,
                               size_t count, char out[GY__DIGEST_HEX]);

#endif
