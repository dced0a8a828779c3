/* SPDX-License-Identifier: MIT */
/* regex.c - expressions that must match a whole path. */
#include "web/regex.h"

#include "codec/pcre.h"
#include "web/router.h"

#include <gyre/error.h>

struct gy__regex {
    pcre2_code *code;
    const gy_str *names; /* of groups 1.. */
    unsigned groups;
    bool refers_back;
};

static void *take_from_arena(size_t size, void *arena)
{
    return gy_alloc(arena, size);
}

static void leave_in_arena(void *p, void *arena)
{
    (void)p;
    (void)arena;
}

static void free_code(void *code)
{
    pcre2_code_free(code);
}

static int compile(gy_str text, pcre2_code **out, struct gy__fault *why)
{
    char text_of_why[GY__PCRE_WHY];
    int e = gy__pcre_compile(
        text, PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C,
        PCRE2_JIT_COMPLETE, out, text_of_why);
    return e == GY_EINVAL ? gy__fault_say(why, "%s", text_of_why) : e;
}

/* The table holds, for each name, the group's number in two bytes and the name. */
static int read_names(gy_arena *a, struct gy__regex *re)
{
    gy_str *names = gy_zalloc(a, (re->groups + 1) * sizeof *names);
    PCRE2_SPTR entry = NULL;
    uint32_t count = 0, size = 0;
    if (!names)
        return GY_ENOMEM;
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &entry);
    for (; count; count--, entry += size)
        names[entry[0] * 256 + entry[1]] = gy_str_of((const char *)entry + 2);
    re->names = names;
    return 0;
}

int gy__regex_compile(gy_arena *a, gy_str text, struct gy__regex **out, struct gy__fault *why)
{
    struct gy__regex *re = gy_zalloc(a, sizeof *re);
    if (!re)
        return GY_ENOMEM;
    int e = compile(text, &re->code, why);
    if (!e)
        e = gy_defer(a, free_code, re->code);
    if (e)
        return e;

    uint32_t back = 0;
    pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &re->groups);
    pcre2_pattern_info(re->code, PCRE2_INFO_BACKREFMAX, &back);
    re->refers_back = back > 0;
    if (re->groups > GY__PARTS_MAX)
        return gy__fault_say(why, "regular expression: more than %d groups", GY__PARTS_MAX);
    *out = re;
    return read_names(a, re);
}

unsigned gy__regex_groups(const struct gy__regex *re)
{
    return re->groups;
}

gy_str gy__regex_name(const struct gy__regex *re, unsigned group)
{
    return re->names[group];
}

bool gy__regex_refers_back(const struct gy__regex *re)
{
    return re->refers_back;
}

static int prepare_room(struct gy__regex_room *room)
{
    pcre2_general_context *memory =
        pcre2_general_context_create(take_from_arena, leave_in_arena, room->arena);
    room->limits = memory ? gy__pcre_limits(memory) : NULL;
    if (!room->limits)
        return GY_ENOMEM;
    room->data = pcre2_match_data_create(GY__PARTS_MAX + 1, memory);
    return room->data ? 0 : GY_ENOMEM;
}

int gy__regex_match(const struct gy__regex *re, struct gy__regex_room *room, gy_str subject,
                    gy_str *groups)
{
    int e = room->data ? 0 : prepare_room(room);
    if (e)
        return e;
    int count = pcre2_match(re->code, (PCRE2_SPTR)subject.ptr, subject.len, 0, PCRE2_NO_UTF_CHECK,
                            room->data, room->limits);
    if (count == PCRE2_ERROR_NOMATCH)
        return 0;
    if (count == PCRE2_ERROR_NOMEMORY)
        return GY_ENOMEM;
    if (count < 0)
        return GY_ETOOBIG;

    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(room->data);
    for (unsigned i = 1; i <= re->groups; i++) {
        bool set =
            i < (unsigned)count && ends[2 * i] != PCRE2_UNSET && ends[2 * i] <= ends[2 * i + 1];
        groups[i - 1] = set ? gy_str_n(subject.ptr + ends[2 * i], ends[2 * i + 1] - ends[2 * i])
                            : gy_str_n(NULL, 0);
    }
    return 1;
}
