/* SPDX-License-Identifier: MIT */
/* option_file.c - reading options from a file of lines `name = value`. */
#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "serve/option_name.h"
#include "serve/option_setting.h"

enum { FILE_MAX = 1 << 20, WHERE = 128 };

struct reading {
    struct gy__option_source *source;
    char where[WHERE]; /* "gyre.conf:3: " */
};

static int load(const char *path, struct gy__buf *b)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int e = 0;
    ssize_t n = 1;
    while (!e && n != 0) {
        e = gy__buf_need(b, 4096);
        n = e ? 0 : read(fd, b->data + b->len, 4096);
        if (n < 0 && errno != EINTR)
            e = -errno;
        b->len += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    return e;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cut the blanks off both ends, in place. */
static char *trim(char *text, char *end)
{
    while (text < end && is_blank(*text))
        text++;
    while (end > text && is_blank(end[-1]))
        end--;
    *end = 0;
    return text;
}

static char unescaped(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '"':
    case '\\':
        return c;
    default:
        return 0;
    }
}

static bool is_quoted(const char *text)
{
    return *text == '"' || *text == '\'';
}

/* Does what begins with a quote end with it, and hold nothing unknown? */
static bool quotes_fit(const char *text)
{
    const char *at = text + 1;
    for (; *at && *at != *text; at++)
        if (*at == '\\' && *text == '"' && !unescaped(*++at))
            return false;
    return *at && !at[1];
}

/* Take the quotes off, in place. */
static void unquote(char *text)
{
    char quote = *text, *to = text, *from = text + 1;
    while (*from != quote) {
        char c = *from++;
        *to++ = c == '\\' && quote == '"' ? unescaped(*from++) : c;
    }
    *to = 0;
}

static int complain_value(struct reading *r, const char *name, const char *value)
{
    char shown[64];
    return gy__complain(&r->source->complaint,
                        "%s%.60s: the quotes of %s do not fit; within \"\" there is \\\" \\\\ \\n "
                        "\\t",
                        r->where, name, gy__option_shown(value, shown));
}

static int assign(struct reading *r, const gy_option *o, bool off, const char *name, char *value)
{
    char from[WHERE + 64];
    snprintf(from, sizeof from, "%s%.60s", r->where, name);
    if (o->kind == GY_OPTION_CONFIG || o->no_env)
        return gy__complain(&r->source->complaint, "%s stands only on the command line%s", from,
                            o->no_env ? "" : " or in the environment");
    const struct gy__option_note *note = gy__option_note(r->source->parser, o);
    if (note->spoken_for || note->origin == GY__FROM_CALL)
        return 0;
    if (o->kind == GY_OPTION_BOOL)
        return gy__option_assign_bool(r->source, o, off, from, value);
    if (!value)
        return gy__complain(&r->source->complaint, "%s needs a value: %.60s = ...", from, name);
    return gy__option_assign(r->source, o, from, value);
}

/* One line, which may be changed. */
static int read_line(struct reading *r, char *line, char *end)
{
    if (memchr(line, 0, (size_t)(end - line)))
        return gy__complain(&r->source->complaint, "%sa NUL byte; this is no text", r->where);
    char *name = trim(line, end);
    if (!*name || *name == '#' || *name == ';' || (*name == '[' && name[strlen(name) - 1] == ']'))
        return 0;
    char *value = strchr(name, '=');
    if (value) {
        char *name_end = value++;
        value = trim(value, value + strlen(value));
        name = trim(name, name_end);
    }
    bool off;
    const gy_option *o = gy__option_find(r->source->parser->table, gy_str_of(name), &off);
    if (!o)
        return gy__option_unknown(r->source, r->where, name);
    if (value && is_quoted(value)) {
        if (!quotes_fit(value))
            return complain_value(r, name, value);
        unquote(value);
    }
    return assign(r, o, off, name, value);
}

static int read_lines(struct reading *r, const char *path, struct gy__buf *b)
{
    char shown[64];
    char *at = b->data, *end = at + b->len;
    int e = 0;
    gy__option_shown(path, shown);
    if (b->len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    for (unsigned line = 1; !e && at < end; line++) {
        char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            stop = end;
        snprintf(r->where, sizeof r->where, "%s:%u: ", shown, line);
        e = read_line(r, at, stop);
        at = stop + 1;
    }
    return e;
}

/* "" for the root, NULL for where we are. */
static const char *folder_of(const char *path, struct gy__option_state *s, int *e)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    const char *folder = gy__option_keep(s, path, slash == path ? 1 : (size_t)(slash - path));
    if (!folder)
        *e = GY_ENOMEM;
    return folder;
}

int gy__option_read_file(struct gy__option_source *source, const char *path, bool must_exist)
{
    struct gy__buf b;
    char shown[64];
    gy__buf_init(&b, FILE_MAX);
    int e = load(path, &b);
    if (e == -ENOENT && !must_exist)
        return 0;
    struct reading r = {.source = source};
    if (!e)
        source->folder = folder_of(path, source->parser->state, &e);
    if (e)
        gy__complain(&source->complaint, "cannot read %s: %s", gy__option_shown(path, shown),
                     gy_strerror(e));
    if (!e && b.len > 0)
        e = read_lines(&r, path, &b);
    gy__buf_done(&b);
    source->folder = NULL;
    return e;
}
