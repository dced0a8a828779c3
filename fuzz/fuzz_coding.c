/* SPDX-License-Identifier: MIT */
/* Content codings: in whatever pieces it comes, a body is the same, and never larger than its limit. The
 * first byte chooses the coding and the size of the pieces. */
#include "base/buf.h"
#include "codec/coding.h"
#include "fuzz.h"

#include <stdlib.h>

enum { LIMIT = 20000 };

static void must(bool held)
{
    if (!held)
        abort();
}

static int decode(const char *coding, gy_str bytes, size_t piece, size_t room, struct gy__buf *out)
{
    char some[4096];
    struct gy__decoder *d;
    ssize_t n = gy__decoder_new(gy_str_of(coding), LIMIT, &d);
    must(n == 0 || n == GY_ECODING);
    if (n)
        return (int)n;
    while (bytes.len && n == 0) {
        gy_str in = gy_str_n(bytes.ptr, bytes.len < piece ? bytes.len : piece);
        bytes = gy_str_n(bytes.ptr + in.len, bytes.len - in.len);
        while ((n = gy__decode(d, &in, some, room)) > 0) {
            must((size_t)n <= room && gy__buf_add(out, some, (size_t)n) == 0);
        }
        must(n < 0 || in.len == 0);
    }
    int e = n < 0 ? (int)n : gy__decoder_finish(d);
    must(e == 0 || e == GY_ECODING || e == GY_ETOOBIG);
    gy__decoder_free(d);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const codings[] = {"gzip",       "deflate",         "br",
                                          "zstd",       "gzip, br",        "deflate, zstd",
                                          "zstd, gzip", "gzip, gzip, gzip"};
    if (size == 0)
        return 0;
    struct gy__buf whole, pieces;
    gy_str bytes = gy_str_n((const char *)data + 1, size - 1);
    gy__buf_init(&whole, LIMIT);
    gy__buf_init(&pieces, LIMIT);
    int e = decode(codings[data[0] & 7], bytes, size, 4096, &whole);
    int again = decode(codings[data[0] & 7], bytes, (size_t)(data[0] >> 3) + 1, 7, &pieces);
    must((e == 0) == (again == 0));
    if (e == 0)
        must(gy_str_eq(gy__buf_str(&whole), gy__buf_str(&pieces)));
    gy__buf_done(&whole);
    gy__buf_done(&pieces);
    return 0;
}
