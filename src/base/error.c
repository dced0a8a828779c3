/* SPDX-License-Identifier: MIT */
/* error.c - names and texts of error codes. */
#include <gyre/error.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct entry {
    int code;
    const char *name;
    const char *text;
};

#define ENTRY(name_, value_, text_) {(value_), "GY_" #name_, (text_)},
static const struct entry entries[] = {GY_ERROR_LIST(ENTRY)};
#undef ENTRY

static const struct entry *find(int code)
{
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        if (entries[i].code == code)
            return &entries[i];
    }
    return NULL;
}

const char *gy_strerror(int code)
{
    static _Thread_local char unknown[32];

    if (code == 0)
        return "no error";
    const struct entry *e = find(code);
    if (e)
        return e->text;
    /* strerrordesc_np knows neither locale nor buffer, so it is safe on any thread. */
    const char *text = code < 0 && code > -4096 ? strerrordesc_np(-code) : NULL;
    if (text)
        return text;
    snprintf(unknown, sizeof unknown, "unknown error %d", code);
    return unknown;
}

const char *gy_error_name(int code)
{
    const struct entry *e = find(code);
    if (e)
        return e->name;
    const char *name = code < 0 && code > -4096 ? strerrorname_np(-code) : NULL;
    return name ? name : "E?";
}
