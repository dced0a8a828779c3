/* SPDX-License-Identifier: MIT */
/* test_connection_wire.c - the cases of tests/http/wire: bytes to a server, and what comes of them.
 *
 * A case is a heading, perhaps a line of options, a block of bytes (send) and a block of results
 * (come), a line each: for every answer its status, how its body is delimited, "close" when it says
 * so, and the body; then whether the connection is kept; then what was logged. Line ends inside the
 * bytes are not part of them: \r \n \t \\ \xNN and \+N*c are. Each case is sent whole, cut at every
 * byte and byte by byte.
 *
 *     options: max-body=N max-head=N max-fields=N drain=N bare-lf no-keep-alive
 *              head (the answers are to HEAD) whole (do not cut) end (the client ends its half)
 *
 *     test_connection_wire --write FILE    prints a file of cases with the results that come out */
#include "support/http_site.h"

#include "http/framing.h"
#include "testing/test.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE = 8192, TEXT = 1 << 20 };

struct text {
    char *ptr;
    size_t len;
};

struct one {
    char name[256], options[512];
    struct text bytes, come;
};

static void append(struct text *to, const char *bytes, size_t len)
{
    to->ptr = realloc(to->ptr, to->len + len + 1);
    memcpy(to->ptr + to->len, bytes, len);
    to->len += len;
    to->ptr[to->len] = '\0';
}

static bool has(const struct one *c, const char *word)
{
    return strstr(c->options, word) != NULL;
}

static size_t number(const struct one *c, const char *word)
{
    const char *at = strstr(c->options, word);
    return at ? strtoul(at + strlen(word), NULL, 10) : 0;
}

/* -- What comes of it ---------------------------------------------------------------------------- */

static void put_shown(struct text *out, gy_str s)
{
    char hex[8];
    for (size_t i = 0; i < s.len; i++) {
        unsigned char ch = (unsigned char)s.ptr[i];
        const char *as = ch == '\n' ? "\\n" : ch == '\r' ? "\\r" : ch == '\\' ? "\\\\" : hex;
        if (as == hex)
            snprintf(hex, sizeof hex, ch >= 0x20 && ch < 0x7f ? "%c" : "\\x%02x", ch);
        append(out, as, strlen(as));
    }
}

static void put_answer(struct text *out, const gy_test_response *res)
{
    char line[200];
    gy_str length = gy_test_header(res, "Content-Length");
    gy_str coding = gy_test_header(res, "Transfer-Encoding");
    gy_str connection = gy_test_header(res, "Connection");
    int n = snprintf(line, sizeof line, "%d %s%s%s", res->status,
                     coding.ptr   ? "chunked"
                     : length.ptr ? "length "
                                  : "none",
                     length.ptr ? length.ptr : "", "");
    append(out, line, (size_t)n);
    if (connection.ptr) {
        append(out, " ", 1);
        append(out, connection.ptr, connection.len);
    }
    if (res->body.len) {
        append(out, " | ", 3);
        put_shown(out, res->body);
    }
    gy_headers_each(f, &res->trailers)
    {
        n = snprintf(line, sizeof line, " | %s: %s", f->name.ptr, f->value.ptr);
        append(out, line, (size_t)n);
    }
    append(out, "\n", 1);
}

static void put_answers(struct text *out, gy_test_client *c, bool head)
{
    gy_str rest = gy_test_received(c);
    const char *why = NULL;
    while (rest.len) {
        gy_arena a = {0};
        gy_test_response res;
        enum gy_method verb = head ? GY_METHOD_HEAD : GY_METHOD_GET;
        long n = gy__test_answer_parse(&a, rest, verb, gy_test_closed(c), &res, &why);
        if (n > 0)
            put_answer(out, &res);
        gy_arena_done(&a);
        if (n <= 0) {
            append(out, "part: ", 6);
            put_shown(out, rest);
            append(out, "\n", 1);
            return;
        }
        rest.ptr += n;
        rest.len -= (size_t)n;
    }
}

static void put_log(struct text *out, gy_str log)
{
    gy_str line;
    for (gy_str rest = log; gy_str_cut(&rest, '\n', &line);)
        if (line.len) {
            append(out, "log: ", 5);
            append(out, line.ptr, line.len);
            append(out, "\n", 1);
        }
}

/* [cut]: SIZE_MAX is whole, 0 byte by byte. */
static struct text run(const struct one *one, size_t cut)
{
    struct text out = {NULL, 0};
    struct site s;
    gy_test *t = gy_test_begin(one->name, NULL, NULL);
    gy_test_allow_log(t, "*");
    site_begin(&s, t,
               &(gy_http_opts){.max_body = number(one, "max-body="),
                               .max_head = number(one, "max-head="),
                               .max_fields = number(one, "max-fields="),
                               .drain = number(one, "drain="),
                               .allow_bare_lf = has(one, "bare-lf"),
                               .no_keep_alive = has(one, "no-keep-alive")});
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_str bytes = gy_str_n(one->bytes.ptr, one->bytes.len);
    append(&out, "", 0);
    if (cut == SIZE_MAX)
        gy_test_send(c, bytes);
    else
        gy_test_send_cut(c, bytes, cut);
    if (has(one, "end"))
        gy_test_shut(c);
    put_answers(&out, c, has(one, "head "));
    if (gy_test_closed(c))
        append(&out, "closed\n", 7);
    else
        append(&out, "kept\n", 5);
    put_log(&out, gy_test_logged(t));
    gy_test_leave(c);
    site_close(&s);
    if (gy_test_end(t))
        append(&out, "failed\n", 7);
    return out;
}

/* -- Files of cases ------------------------------------------------------------------------------ */

static void append_repeated(struct text *to, const char **at)
{
    char *end;
    long n = strtol(*at + 1, &end, 10);
    while (n-- > 0)
        append(to, end + 1, 1);
    *at = end + 1;
}

static void append_bytes(struct text *to, const char *line)
{
    for (const char *p = line; *p && *p != '\n'; p++) {
        char ch = *p;
        if (ch == '\\' && p[1] == '+') {
            p++;
            append_repeated(to, &p);
            continue;
        }
        if (ch == '\\') {
            char hex[3] = {p[2], p[2] ? p[3] : '\0', '\0'};
            ch = *++p;
            if (ch == 'x')
                p += 2;
            ch = ch == 'r'   ? '\r'
                 : ch == 'n' ? '\n'
                 : ch == 't' ? '\t'
                 : ch == 'x' ? (char)strtol(hex, NULL, 16)
                             : ch;
        }
        append(to, &ch, 1);
    }
}

static void case_done(struct one *c)
{
    free(c->bytes.ptr);
    free(c->come.ptr);
    memset(c, 0, sizeof *c);
}

/* The next case of [f]; what is read is also written to [copy], but for the results. */
static bool next_case(FILE *f, struct one *c, FILE *copy)
{
    char line[LINE];
    enum { PROSE, SEND, COME } in = PROSE;
    while (fgets(line, sizeof line, f)) {
        bool fence = strncmp(line, "```", 3) == 0;
        if (copy && in != COME)
            fputs(line, copy);
        if (in == PROSE && strncmp(line, "## ", 3) == 0) {
            case_done(c);
            append(&c->bytes, "", 0);
            append(&c->come, "", 0);
            snprintf(c->name, sizeof c->name, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
        } else if (in == PROSE && strncmp(line, "options:", 8) == 0) {
            snprintf(c->options, sizeof c->options, "%.*s ", (int)strcspn(line + 8, "\n"),
                     line + 8);
        } else if (fence && in == COME) {
            return true;
        } else if (fence) {
            in = strncmp(line, "```send", 7) == 0 ? SEND : line[3] == 'c' ? COME : PROSE;
        } else if (in == SEND) {
            append_bytes(&c->bytes, line);
        } else if (in == COME) {
            append(&c->come, line, strlen(line));
        }
    }
    return false;
}

static void check(gy_test *t, const struct one *c)
{
    size_t step = c->bytes.len > 2000 ? 97 : 1, cut = SIZE_MAX;
    do {
        struct text got = run(c, cut);
        bool same = strcmp(got.ptr, c->come.ptr) == 0;
        if (!same)
            gy_test_fail(t, "%s, %s %zu:\n--- expected\n%s--- came\n%s", c->name,
                         cut == SIZE_MAX ? "whole"
                         : cut           ? "cut at"
                                         : "byte by byte",
                         cut, c->come.ptr, got.ptr);
        free(got.ptr);
        if (!same)
            return;
        cut = cut == SIZE_MAX ? 0 : cut + step;
    } while (cut < c->bytes.len && !has(c, "whole"));
}

GY_TEST(every_case_comes_out_as_written)
{
    glob_t files;
    int count = 0;
    GY_CHECK_INT(glob("tests/http/wire/*.md", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        FILE *f = fopen(files.gl_pathv[i], "r");
        struct one c = {.name = ""};
        for (; f && next_case(f, &c, NULL); count++)
            check(t, &c);
        case_done(&c);
        if (f)
            fclose(f);
    }
    globfree(&files);
    GY_CHECK(count > 0);
}

static int write_results(const char *path)
{
    FILE *f = fopen(path, "r");
    struct one c = {.name = ""};
    while (f && next_case(f, &c, stdout)) {
        struct text got = run(&c, SIZE_MAX);
        printf("%s```\n", got.ptr);
        free(got.ptr);
    }
    case_done(&c);
    return f ? fclose(f) : 1;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--write") == 0)
        return write_results(argv[2]);
    return gy_test_main(argc, argv);
}
