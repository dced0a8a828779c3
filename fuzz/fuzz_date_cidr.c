/* SPDX-License-Identifier: MIT */
/* Dates, networks and numbers: what is read can be written and read again. */
#include "base/clock.h"
#include "codec/cidr.h"
#include "codec/date.h"
#include "codec/number.h"
#include "fuzz.h"

#include <stdlib.h>

static void must(bool held)
{
    if (!held)
        abort();
}

static void check_date(gy_str s)
{
    int64_t t, back;
    char text[30];
    if (gy__date_parse(s, 1767225600, &t) == 0 && t <= INT64_C(253402300799)) {
        must(t >= INT64_C(-62167219200));
        must(gy__date_parse(gy_str_of(gy__clock_date(t, text)), 0, &back) == 0 && back == t);
    }
    must(gy__date_parse(s, INT64_MAX, &t) <= 0);
    must(gy__date_parse(s, INT64_MIN, &t) <= 0);
}

static void check_cidr(gy_str s)
{
    gy_arena a = {0};
    struct gy__cidr net;
    struct gy__cidrs nets;
    if (gy__cidr_parse(s, &net) == 0) {
        must(net.bits <= 128 && gy__cidr_has(&net, &net.base));
        struct gy__ip other = net.base;
        if (net.bits > 0) {
            other.bytes[(net.bits - 1) / 8] ^= (unsigned char)(0x80 >> (net.bits - 1) % 8);
            must(!gy__cidr_has(&net, &other));
        }
    }
    if (gy__cidrs_parse(&a, s, &nets) == 0) {
        for (size_t i = 0; i < nets.len; i++)
            must(gy__cidrs_have(&nets, &nets.items[i].base));
    }
    gy_arena_done(&a);
}

static void check_number(gy_str s)
{
    char text[GY__NUMBER_ROOM];
    double d, d_back;
    int64_t i, i_back;
    uint64_t u, u_back;
    if (gy_str_double(s, &d) == 0) {
        gy_str again = gy_str_n(text, gy__number_shortest(text, d));
        must(gy_str_double(again, &d_back) == 0 && memcmp(&d, &d_back, sizeof d) == 0);
    }
    if (gy_str_int(s, &i) == 0) {
        gy_str again = gy_str_n(text, gy__number_int(text, i));
        must(gy_str_int(again, &i_back) == 0 && i == i_back);
    }
    if (gy_str_uint(s, &u) == 0) {
        gy_str again = gy_str_n(text, gy__number_uint(text, u));
        must(gy_str_uint(again, &u_back) == 0 && u == u_back);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gy_str s = gy_str_n((const char *)data, size);
    check_date(s);
    check_cidr(s);
    check_number(s);
    return 0;
}
