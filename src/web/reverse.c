/* SPDX-License-Identifier: MIT */
/* reverse.c - builds the path of a row from texts for its parts. */
#include "web/reverse.h"

#include "base/buf.h"
#include "codec/percent.h"
#include "web/path.h"

#include <gyre/error.h>
#include <gyre/log.h>

enum { LONGEST = 64 << 10 };

struct builder {
    const struct gy__row *row;
    const char *const *texts;
    size_t left;           /* of the texts */
    struct gy__buf url;    /* encoded */
    struct gy__buf path;   /* decoded, as a request for the url would have it */
    const char *complaint; /* NULL when it is a lack of memory */
};

static int refuse(struct builder *b, const char *complaint)
{
    b->complaint = complaint;
    return GY_EINVAL;
}

static int put_literal(struct builder *b, gy_str text)
{
    int e = gy__buf_add(&b->path, text.ptr, text.len);
    return e ? e : gy__percent_encode(&b->url, text, GY__PERCENT_PATH);
}

/* In a part of type rest a slash separates; elsewhere it belongs to the text. */
static int put_text(struct builder *b, bool keep_slash)
{
    if (b->left == 0)
        return refuse(b, "too few texts");
    b->left--;
    gy_str text = gy_str_of(*b->texts++);
    size_t before = b->path.len;
    int e = gy__buf_add(&b->path, text.ptr, text.len);
    for (size_t i = before; !e && !keep_slash && i < b->path.len; i++)
        if (b->path.data[i] == '/')
            b->path.data[i] = GY__PATH_SLASH;
    return e ? e
             : gy__percent_encode(&b->url, text,
                                  keep_slash ? GY__PERCENT_PATH : GY__PERCENT_COMPONENT);
}

static int put_part(struct builder *b, const struct gy__piece *part)
{
    size_t before = b->path.len;
    int e = put_text(b, part->type == GY__PART_REST);
    if (e)
        return e;
    gy_str value = gy_str_n(b->path.data + before, b->path.len - before);
    return gy__part_fits(part->type, value) ? 0 : refuse(b, "a text is not of its part's type");
}

/* The byte that stands for itself at [*at], which then is behind it; -1 for anything else. */
static int read_plain(gy_str re, size_t *at)
{
    char c = re.ptr[(*at)++];
    if (c == '\\') {
        if (*at == re.len)
            return -1;
        c = re.ptr[(*at)++];
        bool classy = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return classy ? -1 : (unsigned char)c;
    }
    return c && strchr(".^$*+?{}[]|()", c) ? -1 : (unsigned char)c;
}

/* A quantifier makes more or less of what stands before it. */
static bool is_quantified(gy_str re, size_t at)
{
    return at < re.len && memchr("?*+{", re.ptr[at], 4);
}

/* The position behind a group "(...)" or "(?P<name>...)" without a group inside; 0 if it is another
 * kind of group. */
static size_t skip_group(gy_str re, size_t at)
{
    size_t i = at + 1;
    if (i < re.len && re.ptr[i] == '?') {
        i += i + 1 < re.len && re.ptr[i + 1] == 'P' ? 2 : 1;
        const char *end =
            i < re.len && re.ptr[i] == '<' ? memchr(re.ptr + i, '>', re.len - i) : NULL;
        if (!end || re.ptr[i + 1] == '=' || re.ptr[i + 1] == '!')
            return 0;
        i = (size_t)(end - re.ptr) + 1;
    }
    bool in_class = false;
    for (; i < re.len; i++) {
        char c = re.ptr[i];
        if (c == '\\')
            i++;
        else if (c == '[')
            in_class = true;
        else if (c == ']')
            in_class = false;
        else if (c == '(' && !in_class)
            return 0;
        else if (c == ')' && !in_class)
            return i + 1;
    }
    return 0;
}

/* As in Tornado: text, escaped marks and simple groups can be turned round, nothing else. */
static int put_regex(struct builder *b, gy_str re)
{
    static const char *const complex = "its regular expression is too complex to turn round";
    size_t at = 0;
    if (re.len && re.ptr[0] == '^')
        re = gy_str_n(re.ptr + 1, re.len - 1);
    if (re.len && re.ptr[re.len - 1] == '$' && (re.len < 2 || re.ptr[re.len - 2] != '\\'))
        re.len--;
    while (at < re.len) {
        int e, byte = 0;
        bool group = re.ptr[at] == '(';
        if (group)
            at = skip_group(re, at);
        else
            byte = read_plain(re, &at);
        if (at == 0 || byte < 0 || is_quantified(re, at))
            return refuse(b, complex);
        char c = (char)byte;
        e = group ? put_text(b, false) : put_literal(b, gy_str_n(&c, 1));
        if (e)
            return e;
    }
    return 0;
}

static int put_row(struct builder *b)
{
    const struct gy__pattern *path = &b->row->path;
    int e = 0;
    for (size_t i = 0; !e && i < path->count; i++)
        e = path->pieces[i].is_part ? put_part(b, &path->pieces[i])
                                    : put_literal(b, path->pieces[i].text);
    if (!e && b->row->regex.ptr)
        e = put_regex(b, b->row->regex);
    if (!e && b->left)
        e = refuse(b, "too many texts");
    return e;
}

/* Would the path lead back to this row, with these parts? */
static int check_match(struct builder *b, gy_arena *a)
{
    gy_str parts[GY__PARTS_MAX];
    struct gy__regex_room room = {.arena = a};
    gy_str raw = gy__buf_str(&b->url), path;
    int status = gy__path_decode(a, raw, &path);
    if (status)
        return status == 503 ? GY_ENOMEM
                             : refuse(b, "a text is no UTF-8, or has control characters");
    if (!b->row->compiled)
        return 0;
    int found = gy__row_match(b->row, &room, path, parts);
    if (found == GY_ENOMEM)
        return found;
    return found == 1 ? 0 : refuse(b, "the texts do not match its regular expression");
}

gy_str gy__row_url(const struct gy__row *row, gy_arena *a, const char *const *texts, size_t count)
{
    struct builder b = {.row = row, .texts = texts, .left = count};
    gy__buf_init(&b.url, LONGEST);
    gy__buf_init(&b.path, LONGEST);

    gy_str url = gy_str_n(NULL, 0);
    int e = put_row(&b);
    if (!e)
        e = check_match(&b, a);
    if (!e)
        url = gy_str_copy(a, gy__buf_str(&b.url));
    if (!url.ptr)
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "no URL for %s: %s", row->where,
               b.complaint ? b.complaint : gy_strerror(e ? e : GY_ENOMEM));
    gy__buf_done(&b.url);
    gy__buf_done(&b.path);
    return url;
}
