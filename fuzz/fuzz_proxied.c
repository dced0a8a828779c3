/* SPDX-License-Identifier: MIT */
/* The PROXY header: what a prefix of it makes, the whole does not contradict. */
#include "codec/proxied.h"
#include "fuzz.h"

#include <stdlib.h>

static void must(bool held)
{
    if (!held)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *p = (const char *)data;
    struct gy__proxied whole, part;
    long n = gy__proxied_parse(p, size, &whole);
    must(n <= (long)size && n <= GY__PROXIED_MAX);
    for (size_t i = 0; i < size && i < 300; i++) {
        long few = gy__proxied_parse(p, i, &part);
        must(few == 0 || few == n);
        if (n > 0 && i < (size_t)n)
            must(few == 0);
    }
    if (n > 0 && whole.family == GY__PROXIED_UNIX)
        must(whole.source.path.len <= 108 && whole.destination.path.len <= 108);
    return 0;
}
