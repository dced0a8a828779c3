/* SPDX-License-Identifier: MIT */
/* host_name.c - what can be the name of a host, looked at before anybody is asked for it. */
#include "net/host_name.h"

#include <string.h>

enum { NAME_MAX_LEN = 253, LABEL_MAX = 63 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool fits_in_label(char c)
{
    char s = small(c);
    return (s >= 'a' && s <= 'z') || is_digit(c) || c == '-' || c == '_';
}

static bool is_hex(char c)
{
    char s = small(c);
    return is_digit(c) || (s >= 'a' && s <= 'f');
}

/* "12", "0x7f" and "0x": as the last label it would be read as a part of an IPv4 address. */
static bool is_number(gy_str label)
{
    size_t i = 0;
    bool hex = label.len >= 2 && label.ptr[0] == '0' && small(label.ptr[1]) == 'x';
    if (hex)
        i = 2;
    while (i < label.len && (hex ? is_hex(label.ptr[i]) : is_digit(label.ptr[i])))
        i++;
    return i == label.len;
}

static bool label_valid(gy_str label)
{
    if (label.len == 0 || label.len > LABEL_MAX)
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!fits_in_label(label.ptr[i]))
            return false;
    return true;
}

static gy_str without_dot(gy_str name)
{
    if (name.len > 1 && name.ptr[name.len - 1] == '.')
        name.len--;
    return name;
}

bool gy__host_name_valid(gy_str name)
{
    gy_str label = {NULL, 0}, rest = without_dot(name);
    if (rest.len == 0 || rest.len > NAME_MAX_LEN)
        return false;
    while (gy_str_cut(&rest, '.', &label)) {
        if (!label_valid(label))
            return false;
    }
    return !is_number(label);
}

void gy__host_name_plain(gy_str name, char out[GY__HOST_ROOM])
{
    name = without_dot(name);
    for (size_t i = 0; i < name.len; i++)
        out[i] = small(name.ptr[i]);
    out[name.len] = 0;
}

bool gy__host_name_is_local(const char *plain)
{
    gy_str name = gy_str_of(plain);
    return gy_str_eq(name, (gy_str)GY_STR("localhost")) ||
           gy_str_ends(name, (gy_str)GY_STR(".localhost"));
}
