/* SPDX-License-Identifier: MIT */
/* proxied.c - the header that a proxy puts before a connection's bytes: the PROXY protocol. */
#include "codec/proxied.h"

#include <gyre/error.h>
#include <string.h>

/* -- Version 1: a line of text ------------------------------------------------------------------- */

enum { LINE_MAX_1 = 107 };

static bool next_word(gy_str *rest, gy_str *out)
{
    const char *space = rest->len ? memchr(rest->ptr, ' ', rest->len) : NULL;
    size_t n = space ? (size_t)(space - rest->ptr) : rest->len;
    *out = gy_str_n(rest->ptr, n);
    *rest = gy_str_n(rest->ptr + n + (space != NULL), rest->len - n - (space != NULL));
    return n > 0;
}

static bool is_ip4(gy_str text)
{
    return text.len && !memchr(text.ptr, ':', text.len);
}

static int read_ip(gy_str *rest, bool ip4, struct gy__ip *out)
{
    gy_str word;
    if (!next_word(rest, &word) || is_ip4(word) != ip4)
        return GY_EPROTO;
    return gy__ip_parse(word, out) ? GY_EPROTO : 0;
}

/* Decimal without zeros in front. */
static int read_port(gy_str *rest, uint16_t *out)
{
    gy_str word;
    unsigned v = 0;
    if (!next_word(rest, &word) || word.len > 5 || (word.len > 1 && word.ptr[0] == '0'))
        return GY_EPROTO;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9')
            return GY_EPROTO;
        v = v * 10 + (unsigned)(word.ptr[i] - '0');
    }
    *out = (uint16_t)v;
    return v > 65535 ? GY_EPROTO : 0;
}

static int parse_line(gy_str rest, struct gy__proxied *out)
{
    gy_str kind;
    if (!next_word(&rest, &kind))
        return GY_EPROTO;
    if (gy_str_eq(kind, gy_str_of("UNKNOWN")))
        return 0;
    bool ip4 = gy_str_eq(kind, gy_str_of("TCP4"));
    if (!ip4 && !gy_str_eq(kind, gy_str_of("TCP6")))
        return GY_EPROTO;
    out->family = ip4 ? GY__PROXIED_IP4 : GY__PROXIED_IP6;
    if (read_ip(&rest, ip4, &out->source.ip) || read_ip(&rest, ip4, &out->destination.ip) ||
        read_port(&rest, &out->source.port) || read_port(&rest, &out->destination.port))
        return GY_EPROTO;
    return rest.len ? GY_EPROTO : 0;
}

static long parse_1(const char *data, size_t len, struct gy__proxied *out)
{
    size_t most = len < LINE_MAX_1 ? len : LINE_MAX_1;
    const char *end = memchr(data, '\n', most);
    if (!end)
        return len >= LINE_MAX_1 ? GY_EPROTO : 0;
    size_t n = (size_t)(end - data);
    /* A space before the line's end would be an empty word. */
    if (n < 7 || data[n - 1] != '\r' || data[n - 2] == ' ')
        return GY_EPROTO;
    int e = parse_line(gy_str_n(data + 6, n - 7), out);
    return e ? e : (long)n + 1;
}

/* -- Version 2: binary --------------------------------------------------------------------------- */

enum { HEAD_2 = 16, VERSION_2 = 0x20, TYPE_CRC32C = 0x03 };

static const char signature_2[] = "\r\n\r\n\0\r\nQUIT\n";

static unsigned big_16(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t crc32c(uint32_t crc, const unsigned char *p, size_t n)
{
    for (crc = ~crc; n--; p++) {
        crc ^= *p;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

/* Over the whole header, with zeros in the place of the sum. */
static bool sum_is_right(const unsigned char *data, size_t len, const unsigned char *sum)
{
    static const unsigned char zeros[4];
    uint32_t said = (uint32_t)big_16(sum) << 16 | big_16(sum + 2);
    uint32_t crc = crc32c(0, data, (size_t)(sum - data));
    crc = crc32c(crc, zeros, sizeof zeros);
    return crc32c(crc, sum + 4, (size_t)(data + len - sum - 4)) == said;
}

static int check_types(const unsigned char *data, size_t len, size_t at)
{
    while (at < len) {
        if (len - at < 3)
            return GY_EPROTO;
        size_t n = big_16(data + at + 1);
        if (n > len - at - 3)
            return GY_EPROTO;
        if (data[at] == TYPE_CRC32C && (n != 4 || !sum_is_right(data, len, data + at + 3)))
            return GY_EPROTO;
        at += 3 + n;
    }
    return 0;
}

static void read_ip4(const unsigned char *p, struct gy__ip *out)
{
    *out = (struct gy__ip){.bytes = {[10] = 0xff, [11] = 0xff}};
    memcpy(out->bytes + 12, p, 4);
}

static gy_str read_path(const unsigned char *p)
{
    size_t n = 108;
    if (p[0])
        n = strnlen((const char *)p, n);
    else
        while (n && !p[n - 1])
            n--;
    return gy_str_n((const char *)p, n);
}

/* How long the addresses are, and which; unknown families and datagrams say nothing of use. */
static size_t read_addresses(unsigned family, const unsigned char *p, size_t room,
                             struct gy__proxied *out)
{
    struct gy__proxied_end *from = &out->source, *to = &out->destination;
    switch (family) {
    case 0x11:
        if (room < 12)
            return SIZE_MAX;
        read_ip4(p, &from->ip);
        read_ip4(p + 4, &to->ip);
        from->port = (uint16_t)big_16(p + 8);
        to->port = (uint16_t)big_16(p + 10);
        out->family = GY__PROXIED_IP4;
        return 12;
    case 0x21:
        if (room < 36)
            return SIZE_MAX;
        memcpy(from->ip.bytes, p, 16);
        memcpy(to->ip.bytes, p + 16, 16);
        from->port = (uint16_t)big_16(p + 32);
        to->port = (uint16_t)big_16(p + 34);
        out->family = GY__PROXIED_IP6;
        return 36;
    case 0x31:
        if (room < 216)
            return SIZE_MAX;
        from->path = read_path(p);
        to->path = read_path(p + 108);
        out->family = GY__PROXIED_UNIX;
        return 216;
    default:
        return room; /* where its types begin, nobody knows */
    }
}

static long parse_2(const char *data, size_t len, struct gy__proxied *out)
{
    const unsigned char *p = (const unsigned char *)data;
    if (len < HEAD_2)
        return 0;
    unsigned command = p[12] & 0x0f;
    size_t whole = HEAD_2 + big_16(p + 14);
    if ((p[12] & 0xf0) != VERSION_2 || command > 1 || whole > GY__PROXIED_MAX)
        return GY_EPROTO;
    if (len < whole)
        return 0;
    struct gy__proxied said = {.family = GY__PROXIED_LOCAL};
    size_t addresses = read_addresses(p[13], p + HEAD_2, whole - HEAD_2, &said);
    if (command == 0)
        return (long)whole; /* the proxy's own: whatever the rest says is to be discarded */
    if (addresses == SIZE_MAX || check_types(p, whole, HEAD_2 + addresses))
        return GY_EPROTO;
    *out = said;
    return (long)whole;
}

long gy__proxied_parse(const char *data, size_t len, struct gy__proxied *out)
{
    size_t n = len < 12 ? len : 12;
    *out = (struct gy__proxied){.family = GY__PROXIED_LOCAL};
    if (memcmp(data, signature_2, n) == 0)
        return n < 12 ? 0 : parse_2(data, len, out);
    n = len < 6 ? len : 6;
    if (memcmp(data, "PROXY ", n) == 0)
        return n < 6 ? 0 : parse_1(data, len, out);
    return GY_EPROTO;
}
