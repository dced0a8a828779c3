/* SPDX-License-Identifier: MIT */
/* URLs: what was taken apart and written is the same URL again, and holds nothing that could end a
 * line of a request. The first line is a URL, the rest a reference. */
#include "codec/url.h"
#include "fuzz.h"

#include <gyre/error.h>
#include <stdlib.h>

static void must(bool held)
{
    if (!held)
        abort();
}

static void check_text(gy_str s)
{
    must(s.ptr && s.ptr[s.len] == '\0');
    for (size_t i = 0; i < s.len; i++)
        must(s.ptr[i] > 0x20 && s.ptr[i] < 0x7f);
}

static void check(gy_arena *a, const struct gy__url *u)
{
    struct gy__url again;
    gy_str text = gy__url_text(a, u);
    check_text(text);
    check_text(u->authority);
    check_text(u->target);
    must(u->host.len && u->target.ptr[0] == '/' && u->path.len <= u->target.len);
    must(gy__url_parse(a, text, &again) == 0);
    must(gy__url_same_origin(u, &again) && gy_str_eq(u->target, again.target));
    must(gy_str_eq(gy__url_text(a, &again), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gy_arena a = {0};
    gy_str text, rest = gy_str_n((const char *)data, size);
    struct gy__url base, u;
    if (!gy_str_cut(&rest, '\n', &text))
        return 0;
    int e = gy__url_parse(&a, text, &base);
    must(e == 0 || e == GY_EURL);
    if (e == 0) {
        check(&a, &base);
        e = gy__url_join(&a, &base, rest, &u);
        must(e == 0 || e == GY_EURL);
        if (e == 0)
            check(&a, &u);
    }
    gy_arena_done(&a);
    return 0;
}
