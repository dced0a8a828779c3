/* SPDX-License-Identifier: MIT */
/* Content-Disposition: file names are UTF-8, what is written is read as the same, and what is taken for
 * a file's name is no path. Challenges of Digest authentication too, which are made of the same pieces. */
#include "codec/digest_auth.h"
#include "codec/disposition.h"
#include "codec/utf8.h"
#include "fuzz.h"

#include <gyre/error.h>
#include <stdlib.h>

static void must(bool held)
{
    if (!held)
        abort();
}

static void check_again(gy_arena *a, gy_str filename)
{
    struct gy__disposition again;
    struct gy__buf b;
    gy__buf_init(&b, SIZE_MAX / 2);
    int e = gy__disposition_write(&b, "attachment", filename);
    must(e == 0 || e == GY_EINVAL);
    if (e == 0) {
        must(gy__disposition_parse(a, gy__buf_str(&b), &again) == 0);
        must(gy_str_eq(again.filename, filename));
    }
    gy__buf_done(&b);
}

static void check_filename(gy_arena *a, gy_str filename)
{
    must(filename.ptr[filename.len] == '\0' && gy__utf8_valid(filename.ptr, filename.len));
    gy_str base = gy__disposition_base(filename);
    must(gy_str_find(base, '/') == SIZE_MAX && gy_str_find(base, '\\') == SIZE_MAX &&
         gy_str_find(base, '\0') == SIZE_MAX && !gy_str_eq(base, gy_str_of("..")));
    check_again(a, filename);
}

static void check_challenge(gy_arena *a, gy_str text)
{
    static const struct gy__digest_request r = {GY_STR("u"), GY_STR("p"), GY_STR("GET"),
                                                GY_STR("/"), GY_STR("c"), 1};
    struct gy__digest_challenge c;
    gy_str answer;
    int e = gy__digest_challenge_parse(a, text, &c);
    must(e == 0 || e == GY_EPROTO || e == GY_ENOTFOUND);
    if (e)
        return;
    must(gy__digest_answer(a, &c, &r, &answer) == 0);
    for (size_t i = 0; i < answer.len; i++)
        must(answer.ptr[i] == '\t' || (unsigned char)answer.ptr[i] >= 0x20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gy_arena a = {0};
    struct gy__disposition d;
    gy_str text = gy_str_n((const char *)data, size < 8192 ? size : 8192);
    int e = gy__disposition_parse(&a, text, &d);
    must(e == 0 || e == GY_EPROTO);
    if (e == 0 && d.filename.ptr)
        check_filename(&a, d.filename);
    check_challenge(&a, text);
    gy_arena_done(&a);
    return 0;
}
