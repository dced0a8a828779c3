/* SPDX-License-Identifier: MIT */
/* hosts_file.c - the format of /etc/hosts: an address and its names in each line (pure). */
#include "net/hosts_file.h"

#include <string.h>

#include "net/host_name.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Cut the next word off [line]; an empty one at its end. */
static gy_str next_word(gy_str *line)
{
    size_t from = 0;
    while (from < line->len && is_space(line->ptr[from]))
        from++;
    size_t to = from;
    while (to < line->len && !is_space(line->ptr[to]))
        to++;
    gy_str word = gy_str_n(line->ptr + from, to - from);
    *line = gy_str_n(line->ptr + to, line->len - to);
    return word;
}

static int parse_ip(gy_str word, struct gy__inet *out)
{
    char text[GY__HOST_ROOM];
    if (word.len >= sizeof text || memchr(word.ptr, 0, word.len))
        return GY_EINVAL;
    memcpy(text, word.ptr, word.len);
    text[word.len] = 0;
    return gy__inet_parse(text, out);
}

static int parse_line(gy_str line, gy__hosts_fn *fn, void *arg)
{
    struct gy__inet ip;
    char plain[GY__HOST_ROOM];
    gy_str word = next_word(&line);
    if (word.len == 0 || parse_ip(word, &ip))
        return 0;
    int e = 0;
    while (!e && (word = next_word(&line)).len > 0) {
        if (!gy__host_name_valid(word))
            continue;
        gy__host_name_plain(word, plain);
        e = fn(arg, &ip, plain);
    }
    return e;
}

int gy__hosts_parse(gy_str text, gy__hosts_fn *fn, void *arg)
{
    gy_str line;
    int e = 0;
    while (!e && gy_str_cut(&text, '\n', &line)) {
        size_t comment = gy_str_find(line, '#');
        if (comment < line.len)
            line.len = comment;
        e = parse_line(line, fn, arg);
    }
    return e;
}
