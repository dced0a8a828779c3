/* SPDX-License-Identifier: MIT */
/* part.c - the types that a part of a path may have. */
#include "web/pattern.h"

#include <limits.h>

static const struct {
    gy_str name;
    const char *regex;
} types[] = {
    [GY__PART_STR] = {GY_STR("str"), "[^/]+"},
    [GY__PART_INT] = {GY_STR("int"), "-?[0-9]+"},
    [GY__PART_UINT] = {GY_STR("uint"), "[0-9]+"},
    [GY__PART_FLOAT] = {GY_STR("float"), "-?[0-9.]+(?:[eE][-+]?[0-9]+)?"},
    [GY__PART_SLUG] = {GY_STR("slug"), "[A-Za-z0-9_-]+"},
    [GY__PART_HEX] = {GY_STR("hex"), "[0-9A-Fa-f]+"},
    [GY__PART_UUID] = {GY_STR("uuid"), "[0-9A-Fa-f-]{36}"},
    [GY__PART_REST] = {GY_STR("rest"), "(?s:.*)"},
};

bool gy__part_type_of(gy_str name, enum gy__part_type *out)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (!gy_str_eq(name, types[i].name))
            continue;
        *out = (enum gy__part_type)i;
        return true;
    }
    return false;
}

const char *gy__part_type_name(enum gy__part_type type)
{
    return type == GY__PART_RE ? "re" : types[type].name.ptr;
}

const char *gy__part_regex(enum gy__part_type type)
{
    return types[type].regex;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_slug(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

static bool all(gy_str s, bool (*fits)(char))
{
    for (size_t i = 0; i < s.len; i++)
        if (!fits(s.ptr[i]))
            return false;
    return s.len > 0;
}

static bool is_uuid(gy_str s)
{
    if (s.len != 36)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.ptr[i] != '-' : !is_hex(s.ptr[i]))
            return false;
    }
    return true;
}

static bool is_long(gy_str s)
{
    int64_t value;
    return gy_str_int(s, &value) == 0 && value >= LONG_MIN && value <= LONG_MAX;
}

static bool is_unsigned_long(gy_str s)
{
    uint64_t value;
    return gy_str_uint(s, &value) == 0 && value <= ULONG_MAX;
}

static bool is_double(gy_str s)
{
    double value;
    return gy_str_double(s, &value) == 0;
}

bool gy__part_fits(enum gy__part_type type, gy_str value)
{
    switch (type) {
    case GY__PART_STR:
        return value.len > 0 && !memchr(value.ptr, '/', value.len);
    case GY__PART_INT:
        return is_long(value);
    case GY__PART_UINT:
        return is_unsigned_long(value);
    case GY__PART_FLOAT:
        return is_double(value);
    case GY__PART_SLUG:
        return all(value, is_slug);
    case GY__PART_HEX:
        return all(value, is_hex);
    case GY__PART_UUID:
        return is_uuid(value);
    case GY__PART_REST:
    case GY__PART_RE:
        break;
    }
    return true;
}
