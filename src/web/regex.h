/* SPDX-License-Identifier: MIT */
/* regex.h - regular expressions that must match a whole path, in bounded time. */
#ifndef GYRE_WEB_REGEX_H
#define GYRE_WEB_REGEX_H

#include "web/pattern.h"

struct gy__regex;

/* What one request needs to try expressions; {.arena = a}. */
struct gy__regex_room {
    gy_arena *arena;
    void *data, *limits;
};

/* 0, GY_ENOMEM, or GY_EINVAL with [why]. The expression lives as long as the arena. */
int gy__regex_compile(gy_arena *a, gy_str text, struct gy__regex **out, struct gy__fault *why);

/* How many groups it has, GY__PARTS_MAX at most; the name of one, from 1, or {NULL, 0}; and whether
 * the text refers back to its groups by number. */
unsigned gy__regex_groups(const struct gy__regex *re);
gy_str gy__regex_name(const struct gy__regex *re, unsigned group);
bool gy__regex_refers_back(const struct gy__regex *re);

/* 1 with groups[0..groups of re), views into [subject], ptr NULL for one that took no part; 0 for
 * no match; GY_ENOMEM; GY_ETOOBIG when it gave up. [subject] is UTF-8. */
int gy__regex_match(const struct gy__regex *re, struct gy__regex_room *room, gy_str subject,
                    gy_str *groups);

#endif
