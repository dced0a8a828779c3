/* SPDX-License-Identifier: MIT */
/* test_wire.c - the cases of tests/http/cases, fed whole, byte by byte and cut at every byte.
 *
 * A case is a heading, a block of bytes (request, response, or response-to-head) and a block of
 * events (log). Line ends inside the bytes are not part of them: \r \n \t \\ and \xNN are. A line
 * "limits: head=N target=N fields=N bare-lf" before the bytes changes the limits.
 *
 *     test_wire --events < messages     prints the events of raw bytes, see print_events
 *     test_wire --write FILE            prints a file of cases with the logs that come out */
#include "http/chunked.h"
#include "http/framing.h"
#include "http/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 100, LOG_SIZE = 1 << 18 };

struct text {
    char *ptr;
    size_t len;
};

struct wire {
    struct gy__limits_head lim;
    const char *kind;
    char *bytes; /* what has arrived, and padding */
    size_t len, at;
    bool in_body, stopped;
    struct gy__body body;
    struct gy__chunked chunked;
    struct gy__head_reader reader;
    gy_headers trailers;
    gy_arena arena;
    size_t data_len;
    char log[LOG_SIZE], data[LOG_SIZE];
    size_t log_len;
};

static void say(struct wire *w, const char *fmt, ...) GY_PRINTF(2, 3);

static void say(struct wire *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(w->log + w->log_len, sizeof w->log - w->log_len, fmt, ap);
    va_end(ap);
    assert_in_range(n, 0, sizeof w->log - w->log_len - 1);
    w->log_len += (size_t)n;
}

static const char *shown(gy_str s)
{
    static char ring[4][LOG_SIZE];
    static unsigned turn;
    char *out = ring[turn++ % 4], *at = out;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool plain = c >= 0x20 && c < 0x7f && c != '\\';
        at += snprintf(at, 5, plain ? "%c" : c == '\\' ? "\\%c" : "\\x%02x", c);
    }
    *at = '\0';
    return out;
}

/* What the parser promises of its views. */
static const char *view(gy_str s)
{
    assert_non_null(s.ptr);
    assert_int_equal(s.ptr[s.len], 0);
    return shown(s);
}

static void say_request(struct wire *w, const struct gy__head *h)
{
    assert_int_equal(h->verb, gy_method_of(h->method));
    say(w, "request %s %s", view(h->method), view(h->path));
    if (h->query.ptr) {
        say(w, " ?%s", view(h->query));
    }
    say(w, " 1.%d\n", h->minor);
    assert_int_equal(h->escaped, memchr(h->path.ptr, '%', h->path.len) != NULL);
    if (h->scheme.ptr) {
        say(w, "scheme %s\n", view(h->scheme));
    }
    if (h->authority.ptr) {
        say(w, "authority %s\n", view(h->authority));
    }
    if (h->host.ptr) {
        say(w, "host %s\n", view(h->host));
    }
}

static void say_head(struct wire *w, const struct gy__head *h)
{
    static const char *const kinds[] = {"none", "length", "chunked", "close", "tunnel"};
    if (w->kind[2] == 'q') {
        say_request(w, h);
        w->body = gy__body_of_request(h);
    } else {
        say(w, "response %d %s 1.%d\n", h->status, view(h->reason), h->minor);
        bool head = strcmp(w->kind, "response-to-head") == 0;
        w->body = gy__body_of_response(h, head ? GY_METHOD_HEAD : GY_METHOD_GET);
    }
    for (size_t i = 0; i < h->field_count; i++) {
        say(w, "field %s: %s\n", view(h->fields[i].name), view(h->fields[i].value));
    }
    say(w, "%s%s%s\n", h->keep_alive ? "keep-alive" : "close", h->upgrade ? ", upgrade" : "",
        h->expect_continue ? ", expects 100" : "");
    say(w, "body %s", kinds[w->body.kind]);
    say(w, w->body.kind == GY__BODY_LENGTH ? " %llu\n" : "\n", (unsigned long long)w->body.length);
}

static void refuse(struct wire *w, long status, const char *reason)
{
    assert_non_null(reason);
    say(w, "refuse %ld %s\n", -status, reason);
    w->stopped = true;
}

static void end_body(struct wire *w)
{
    if (w->data_len) {
        say(w, "data %s\n", shown(gy_str_n(w->data, w->data_len)));
    }
    gy_headers_each(f, &w->trailers)
    {
        say(w, "trailer %s: %s\n", view(f->name), view(f->value));
    }
    say(w, "end\n");
    w->data_len = 0;
    w->in_body = false;
}

static bool take_head(struct wire *w)
{
    gy_field fields[FIELDS];
    struct gy__head h;
    const char *reason = NULL;
    char *from = w->bytes + w->at;
    size_t len = w->len - w->at;
    bool ready = gy__head_ready(&w->reader, from, len), request = w->kind[2] == 'q';
    long n = request ? gy__parse_request(from, len, &w->lim, fields, &h, &reason)
                     : gy__parse_response(from, len, &w->lim, fields, &h, &reason);
    /* The reader may be late with a refusal, but not with a complete head. */
    assert_true(n <= 0 || ready);
    if (n == 0) {
        return false;
    }
    w->reader = (struct gy__head_reader){0, 0};
    if (n < 0) {
        refuse(w, n, reason);
        return false;
    }
    say_head(w, &h);
    w->at += (size_t)n;
    w->in_body = true;
    w->trailers = (gy_headers){.arena = &w->arena};
    gy__chunked_init(&w->chunked, &w->trailers, 0);
    return true;
}

static void take_data(struct wire *w, gy_str data)
{
    memcpy(w->data + w->data_len, data.ptr, data.len);
    w->data_len += data.len;
}

static bool take_chunked(struct wire *w)
{
    gy_str data;
    size_t used;
    int n = gy__chunked_step(&w->chunked, w->bytes + w->at, w->len - w->at, &used, &data);
    w->at += used;
    if (n < 0) {
        refuse(w, n, w->chunked.reason);
    } else if (n == GY__CHUNKED_DATA) {
        take_data(w, data);
    } else if (n == GY__CHUNKED_END) {
        end_body(w);
    }
    return n > 0;
}

static bool take_body(struct wire *w)
{
    size_t there = w->len - w->at;
    switch (w->body.kind) {
    case GY__BODY_CHUNKED:
        return take_chunked(w);
    case GY__BODY_NONE:
        end_body(w);
        return true;
    case GY__BODY_LENGTH:
        there = there < w->body.length ? there : (size_t)w->body.length;
        w->body.length -= there;
        break;
    default:
        break;
    }
    take_data(w, gy_str_n(w->bytes + w->at, there));
    w->at += there;
    if (w->body.kind == GY__BODY_LENGTH && w->body.length == 0) {
        end_body(w);
        return true;
    }
    return false;
}

/* [len] bytes of [text] are there now. */
static void arrive(struct wire *w, const struct text *text, size_t len)
{
    memcpy(w->bytes + w->len, text->ptr + w->len, len - w->len);
    memset(w->bytes + len, len % 3 ? 'a' : '\n', GY__PARSE_PADDING);
    w->len = len;
    while (!w->stopped && w->at < w->len && (w->in_body ? take_body(w) : take_head(w))) {
    }
    /* A message without a body ends with its head. */
    if (w->in_body && w->body.kind == GY__BODY_NONE) {
        end_body(w);
    }
}

struct one {
    char name[256], kind[32];
    struct gy__limits_head lim;
    struct text bytes, log;
};

/* Feed [cut] bytes and then the rest; or, for SIZE_MAX, each byte by itself. */
static const char *events(struct wire *w, const struct one *c, size_t cut)
{
    memset(w, 0, offsetof(struct wire, log));
    w->log_len = 0;
    w->lim = c->lim;
    w->kind = c->kind;
    w->bytes = malloc(c->bytes.len + GY__PARSE_PADDING);
    assert_non_null(w->bytes);
    for (size_t n = cut == SIZE_MAX ? 1 : cut; n < c->bytes.len; n++) {
        arrive(w, &c->bytes, n);
        if (cut != SIZE_MAX) {
            break;
        }
    }
    arrive(w, &c->bytes, c->bytes.len);
    if (!w->stopped && w->body.kind == GY__BODY_CLOSE && w->in_body) {
        end_body(w);
    } else if (!w->stopped && w->in_body) {
        say(w, "more of the body\n");
    } else if (!w->stopped && w->at < w->len) {
        say(w, "more of the head\n");
    }
    free(w->bytes);
    gy_arena_done(&w->arena);
    return w->log;
}

static void append(struct text *t, char c)
{
    t->ptr = realloc(t->ptr, t->len + 2);
    assert_non_null(t->ptr);
    t->ptr[t->len++] = c;
    t->ptr[t->len] = '\0';
}

static void append_bytes(struct text *t, const char *line)
{
    for (const char *p = line; *p && *p != '\n'; p++) {
        if (*p != '\\') {
            append(t, *p);
            continue;
        }
        char hex[3] = {0};
        switch (*++p) {
        case 'x':
            hex[0] = p[1];
            hex[1] = p[2];
            append(t, (char)strtol(hex, NULL, 16));
            p += 2;
            break;
        case '+': { /* \+N*c: N times the character c */
            char *c;
            long n = strtol(p + 1, &c, 10);
            while (n-- > 0) {
                append(t, c[1]);
            }
            p = c + 1;
            break;
        }
        default:
            append(t, (char)(*p == 'r' ? '\r' : *p == 'n' ? '\n' : *p == 't' ? '\t' : *p));
        }
    }
}

static void set_limits(struct gy__limits_head *lim, const char *line)
{
    const char *at;
    if ((at = strstr(line, "head="))) {
        lim->max_head = strtoul(at + 5, NULL, 10);
    }
    if ((at = strstr(line, "target="))) {
        lim->max_line = strtoul(at + 7, NULL, 10);
    }
    if ((at = strstr(line, "fields="))) {
        lim->max_fields = strtoul(at + 7, NULL, 10);
    }
    lim->allow_bare_lf = strstr(line, "bare-lf") != NULL;
}

static void start_case(struct one *c, const char *line)
{
    free(c->bytes.ptr);
    free(c->log.ptr);
    memset(c, 0, sizeof *c);
    c->lim = (struct gy__limits_head){65536, 8192, FIELDS, false};
    snprintf(c->name, sizeof c->name, "%.*s", (int)strcspn(line, "\n"), line);
    append(&c->log, '\0');
    c->log.len = 0;
}

static void end_cases(struct one *c)
{
    free(c->bytes.ptr);
    free(c->log.ptr);
}

/* The next case of [f] with a log; the lines read are also written to [copy], the log's apart. */
static bool next_case(FILE *f, struct one *c, FILE *copy)
{
    char line[8192];
    enum { PROSE, BYTES, LOG } in = PROSE;
    while (fgets(line, sizeof line, f)) {
        bool fence = strncmp(line, "```", 3) == 0, opens = fence && in == PROSE;
        if (copy && (in != LOG)) {
            fputs(line, copy);
        }
        if (in == PROSE && strncmp(line, "## ", 3) == 0) {
            start_case(c, line + 3);
        } else if (in == PROSE && strncmp(line, "limits:", 7) == 0) {
            set_limits(&c->lim, line);
        } else if (opens && strncmp(line, "```log", 6) == 0) {
            in = LOG;
        } else if (opens) {
            sscanf(line, "```%31s", c->kind);
            in = BYTES;
        } else if (fence && in == LOG) {
            return true;
        } else if (fence) {
            in = PROSE;
        } else if (in == BYTES) {
            append_bytes(&c->bytes, line);
        } else if (in == LOG) {
            for (const char *p = line; *p; p++) {
                append(&c->log, *p);
            }
        }
    }
    return false;
}

static struct wire wire;

static void check(const struct one *c)
{
    const char *log = events(&wire, c, 0);
    if (strcmp(log, c->log.ptr) != 0) {
        fail_msg("%s:\n--- expected\n%s--- came\n%s", c->name, c->log.ptr, log);
    }
    /* Every cut of 16 KiB would take its time. */
    size_t step = c->bytes.len > 2048 ? 61 : 1;
    for (size_t cut = 1; cut < c->bytes.len + step; cut += step) {
        bool each = cut >= c->bytes.len;
        log = events(&wire, c, each ? SIZE_MAX : cut);
        if (strcmp(log, c->log.ptr) != 0) {
            fail_msg("%s: %s %zu:\n--- expected\n%s--- came\n%s", c->name,
                     each ? "byte by byte" : "cut at", cut, c->log.ptr, log);
        }
    }
}

static void test_file(void **state)
{
    FILE *f = fopen(*state, "r");
    assert_non_null(f);
    struct one c;
    memset(&c, 0, sizeof c);
    size_t count = 0;
    for (; next_case(f, &c, NULL); count++) {
        check(&c);
    }
    end_cases(&c);
    fclose(f);
    assert_true(count > 0);
}

static int write_logs(const char *path)
{
    FILE *f = fopen(path, "r");
    struct one c;
    memset(&c, 0, sizeof c);
    while (f && next_case(f, &c, stdout)) {
        printf("%s```\n", events(&wire, &c, 0));
    }
    end_cases(&c);
    return f ? fclose(f) : 1;
}

/* "KIND LENGTH\n" and the bytes, again and again; a line of dashes behind the events of each. */
static int print_events(void)
{
    struct one c;
    size_t len;
    memset(&c, 0, sizeof c);
    start_case(&c, "");
    while (scanf("%31s %zu", c.kind, &len) == 2 && getchar() == '\n') {
        c.bytes.len = 0;
        append(&c.bytes, '\0');
        c.bytes.len = 0;
        while (c.bytes.len < len) {
            append(&c.bytes, (char)getchar());
        }
        printf("%s---\n", events(&wire, &c, 0));
    }
    end_cases(&c);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--write") == 0) {
        return write_logs(argv[2]);
    }
    if (argc > 1) {
        return print_events();
    }
    glob_t files;
    if (glob("tests/http/cases/*.md", 0, NULL, &files) != 0) {
        fputs("no cases: run this in the source directory\n", stderr);
        return 1;
    }
    struct CMUnitTest tests[16];
    size_t count = 0;
    for (; count < files.gl_pathc && count < 16; count++) {
        tests[count] = (struct CMUnitTest){files.gl_pathv[count], test_file, NULL, NULL,
                                           files.gl_pathv[count]};
    }
    int failed = _cmocka_run_group_tests("wire", tests, count, NULL, NULL);
    globfree(&files);
    return failed;
}
