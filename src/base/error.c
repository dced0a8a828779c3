/* SPDX-License-Identifier: MIT */
/* error.c - names and texts of error codes. */
#include <gyre/error.h>
#include <stdbool.h>
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

enum { SIGNALS = 64, STATUSES = 256 };

static bool is_signal(int code)
{
    return code < GY_EJOB_SIGNAL && code >= GY_EJOB_SIGNAL - SIGNALS;
}

static bool is_exit(int code)
{
    return code <= GY_EJOB_EXIT && code > GY_EJOB_EXIT - STATUSES;
}

/* How a job died, as a text with a number or a name in it; NULL when it is not about that. */
static const char *job_text(int code, char *out, size_t size)
{
    const char *name = is_signal(code) ? sigabbrev_np(GY_EJOB_SIGNAL - code) : NULL;
    if (name)
        snprintf(out, size, "the job was killed by SIG%s", name);
    else if (is_signal(code))
        snprintf(out, size, "the job was killed by signal %d", GY_EJOB_SIGNAL - code);
    else if (is_exit(code))
        snprintf(out, size, "the job exited with status %d", GY_EJOB_EXIT - code);
    else
        return NULL;
    return out;
}

const char *gy_strerror(int code)
{
    static _Thread_local char unknown[48];

    if (code == 0)
        return "no error";
    const struct entry *e = find(code);
    if (e)
        return e->text;
    if (job_text(code, unknown, sizeof unknown))
        return unknown;
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
    if (is_signal(code))
        return "GY_EJOB_SIGNAL";
    if (is_exit(code))
        return "GY_EJOB_EXIT";
    const char *name = code < 0 && code > -4096 ? strerrorname_np(-code) : NULL;
    return name ? name : "E?";
}
