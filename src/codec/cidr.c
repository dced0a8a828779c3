/* SPDX-License-Identifier: MIT */
/* cidr.c - networks such as 10.0.0.0/8, and whether an address is in one. */
#include "codec/cidr.h"

#include <arpa/inet.h>
#include <gyre/error.h>

enum { V4_OFFSET = 12, V4_BITS = 96 };

int gy__ip_parse(gy_str text, struct gy__ip *out)
{
    static const unsigned char mapped[V4_OFFSET] = {[10] = 0xff, [11] = 0xff};
    char copy[INET6_ADDRSTRLEN];

    /* A NUL within would hide what is behind it. */
    if (text.len >= sizeof copy || gy_str_find(text, '\0') != SIZE_MAX)
        return GY_EINVAL;
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (strchr(copy, ':'))
        return inet_pton(AF_INET6, copy, out->bytes) == 1 ? 0 : GY_EINVAL;
    memcpy(out->bytes, mapped, sizeof mapped);
    return inet_pton(AF_INET, copy, out->bytes + V4_OFFSET) == 1 ? 0 : GY_EINVAL;
}

/* The bits of byte [i] that lie within a prefix of [bits]. */
static unsigned mask_of(unsigned i, unsigned bits)
{
    if (bits >= 8 * (i + 1))
        return 0xff;
    return bits <= 8 * i ? 0 : 0xff00u >> (bits - 8 * i) & 0xff;
}

int gy__cidr_parse(gy_str text, struct gy__cidr *out)
{
    gy_str address, rest = text;
    uint64_t bits;

    if (!gy_str_cut(&rest, '/', &address) || gy__ip_parse(address, &out->base))
        return GY_EINVAL;
    unsigned skipped = gy_str_find(address, ':') == SIZE_MAX ? V4_BITS : 0;
    if (!rest.ptr) {
        out->bits = 128;
        return 0;
    }
    bool padded = rest.len > 1 && rest.ptr[0] == '0';
    if (padded || gy_str_uint(rest, &bits) || bits > 128 - skipped)
        return GY_EINVAL;
    out->bits = (unsigned)bits + skipped;
    for (unsigned i = 0; i < 16; i++) {
        if (out->base.bytes[i] & ~mask_of(i, out->bits))
            return GY_EINVAL;
    }
    return 0;
}

int gy__cidrs_parse(gy_arena *a, gy_str text, struct gy__cidrs *out)
{
    size_t room = 1;
    for (size_t i = 0; i < text.len; i++)
        room += text.ptr[i] == ',';
    *out = (struct gy__cidrs){.items = gy_zalloc(a, room * sizeof *out->items)};
    if (!out->items)
        return GY_ENOMEM;
    if (gy_str_trim(text).len == 0)
        return 0;
    for (gy_str part, rest = text; gy_str_cut(&rest, ',', &part);) {
        struct gy__cidr *net = &out->items[out->len];
        part = gy_str_trim(part);
        bool all = gy_str_eq(part, (gy_str)GY_STR("*"));
        int e = all ? 0 : gy__cidr_parse(part, net);
        if (e)
            return e;
        out->len++;
    }
    return 0;
}

bool gy__cidr_has(const struct gy__cidr *net, const struct gy__ip *ip)
{
    unsigned whole = net->bits / 8;
    if (memcmp(net->base.bytes, ip->bytes, whole) != 0)
        return false;
    unsigned mask = whole < 16 ? mask_of(whole, net->bits) : 0;
    return mask == 0 || ((net->base.bytes[whole] ^ ip->bytes[whole]) & mask) == 0;
}

bool gy__cidrs_have(const struct gy__cidrs *nets, const struct gy__ip *ip)
{
    for (size_t i = 0; i < nets->len; i++) {
        if (gy__cidr_has(&nets->items[i], ip))
            return true;
    }
    return false;
}
