/* SPDX-License-Identifier: MIT */
/* siphash.c - a keyed hash that a sender of colliding names cannot foresee. */
#include "base/siphash.h"

struct state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static inline void rounds(struct state *s, int n)
{
    while (n--) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotl(s->v1, 13) ^ s->v0;
        s->v3 = rotl(s->v3, 16) ^ s->v2;
        s->v0 = rotl(s->v0, 32) + s->v3;
        s->v2 += s->v1;
        s->v1 = rotl(s->v1, 17) ^ s->v2;
        s->v3 = rotl(s->v3, 21) ^ s->v0;
        s->v2 = rotl(s->v2, 32);
    }
}

/* Compilers turn this into one load where bytes lie that way round. */
static inline uint64_t little_endian(const unsigned char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static inline void absorb(struct state *s, uint64_t word, int per_word)
{
    s->v3 ^= word;
    rounds(s, per_word);
    s->v0 ^= word;
}

static inline uint64_t siphash(const void *bytes, size_t len, const uint64_t key[2], int per_word,
                               int at_end)
{
    const unsigned char *p = bytes;
    struct state s = {
        .v0 = key[0] ^ UINT64_C(0x736f6d6570736575),
        .v1 = key[1] ^ UINT64_C(0x646f72616e646f6d),
        .v2 = key[0] ^ UINT64_C(0x6c7967656e657261),
        .v3 = key[1] ^ UINT64_C(0x7465646279746573),
    };
    size_t left = len;
    for (; left >= 8; p += 8, left -= 8)
        absorb(&s, little_endian(p, 8), per_word);
    absorb(&s, little_endian(p, left) | (uint64_t)len << 56, per_word);
    s.v2 ^= 0xff;
    rounds(&s, at_end);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t gy__siphash(const void *bytes, size_t len, const uint64_t key[2])
{
    return siphash(bytes, len, key, 1, 3);
}

uint64_t gy__siphash24(const void *bytes, size_t len, const uint64_t key[2])
{
    return siphash(bytes, len, key, 2, 4);
}
