/* SPDX-License-Identifier: MIT */
/* fuzz_forwarded.c - fields of proxies, one a line: what comes out is an address or nothing. */
#include "fuzz.h"
#include "http/forwarded.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

static bool ours(void *arg, const char *address)
{
    unsigned char bytes[16];
    (void)arg;
    assert(inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1);
    return strncmp(address, "10.", 3) == 0;
}

static void check(const struct gy__forwarded *f)
{
    unsigned char bytes[16];
    if (f->address.ptr) {
        const char *text = f->address.ptr;
        assert(strlen(text) == f->address.len);
        assert(inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1);
    }
    if (f->scheme.ptr)
        assert(strcmp(f->scheme.ptr, "http") == 0 || strcmp(f->scheme.ptr, "https") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"Forwarded", "X-Forwarded-For", "X-Real-Ip", "X-Scheme",
                                        "X-Forwarded-Proto"};
    gy_arena a = {0};
    gy_headers h = {.arena = &a};
    /* The first character of a line says which field it is. */
    gy_str line, rest = gy_str_n((const char *)data, size);
    while (gy_str_cut(&rest, '\n', &line)) {
        if (line.len == 0)
            continue;
        gy_str name = gy_str_of(names[(unsigned char)line.ptr[0] % 5]);
        (void)gy_headers_add_str(&h, name, gy_str_n(line.ptr + 1, line.len - 1));
    }
    struct gy__forwarded out;
    assert(gy__forwarded_eval(&a, &h, ours, NULL, &out) == 0);
    check(&out);
    assert(gy__forwarded_eval(&a, &h, NULL, NULL, &out) == 0);
    check(&out);
    gy_arena_done(&a);
    return 0;
}
