/* SPDX-License-Identifier: MIT */
/* fetch_app.c - the client that test_fetch_peers.py runs: asks what its arguments say and tells what came,
 * a line of JSON each; or, as "fetch_app serve ...", a server that asks $UPSTREAM and passes all on. */
#include <gyre.h>
#include <gyre/client.h>
#include <gyre/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS = 8, PARTS = 8 };

/* -- Asking -------------------------------------------------------------------------------------- */

struct asking {
    gy_fetch_opts opts;
    gy_field headers[HEADERS + 1];
    size_t header_count;
    gy_form_part parts[PARTS + 1];
    size_t part_count;
    gy_tls_opts tls;
    long long upload, left;
    size_t heads;
    FILE *out;
    gy_arena arena;
    char **urls;
};

static ssize_t make_bytes(void *arg, void *buf, size_t size)
{
    struct asking *a = arg;
    size_t n = a->left < (long long)size ? (size_t)a->left : size;
    for (size_t i = 0; i < n; i++)
        ((char *)buf)[i] = (char)('a' + (a->upload - a->left + (long long)i) % 26);
    a->left -= (long long)n;
    return (ssize_t)n;
}

static int write_out(void *arg, const void *data, size_t len)
{
    struct asking *a = arg;
    return fwrite(data, 1, len, a->out) == len ? 0 : -EIO;
}

static int count_head(void *arg, int status, const gy_headers *headers)
{
    struct asking *a = arg;
    (void)status, (void)headers;
    a->heads++;
    return 0;
}

/* In quotes; what would need an escape becomes a dot. */
static void put_text(const char *name, const char *text)
{
    printf(", \"%s\": \"", name);
    for (const char *at = text ? text : ""; *at; at++)
        putchar(*at == '"' || *at == '\\' || (unsigned char)*at < 0x20 ? '.' : *at);
    putchar('"');
}

static void tell(const struct asking *a, int e, const gy_response *r)
{
    printf("{\"code\": %d, \"status\": %d, \"version\": %d, \"redirects\": %d, \"reused\": %s, "
           "\"heads\": %zu, \"length\": %zu, \"total\": %g, \"tls\": %g",
           e, r->status, r->version, r->redirects, r->reused ? "true" : "false", a->heads,
           r->body.len, r->times.total, r->times.tls);
    put_text("name", e ? gy_strerror(e) : "");
    put_text("why", r->why);
    put_text("url", r->url);
    put_text("type", gy_headers_get(&r->headers, "Content-Type").ptr);
    put_text("coding", gy_headers_get(&r->headers, "Content-Encoding").ptr);
    put_text("body", r->body.len < 2000 ? r->body.ptr : "");
    printf("}\n");
    fflush(stdout);
}

static int ask_all(void *arg)
{
    struct asking *a = arg;
    for (char **url = a->urls; *url; url++) {
        gy_response res;
        a->left = a->upload;
        a->heads = 0;
        if (a->out)
            rewind(a->out);
        int e = gy_fetch(&a->arena, *url, &a->opts, &res);
        if (a->out)
            fflush(a->out);
        tell(a, e, &res);
        gy_arena_reset(&a->arena);
    }
    return 0;
}

static void add_header(struct asking *a, const char *text)
{
    const char *colon = strstr(text, ": ");
    if (colon && a->header_count < HEADERS)
        a->headers[a->header_count++] =
            (gy_field){gy_str_n(text, (size_t)(colon - text)), gy_str_of(colon + 2)};
}

/* "name=value" or "name=@path". */
static void add_part(struct asking *a, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals || a->part_count == PARTS)
        return;
    *equals = '\0';
    gy_form_part *p = &a->parts[a->part_count++];
    *p = (gy_form_part){.name = text};
    if (equals[1] == '@')
        p->path = equals + 2;
    else
        p->value = gy_str_of(equals + 1);
}

static bool take_text(struct asking *a, const char *name, char *value)
{
    gy_fetch_opts *o = &a->opts;
    if (!strcmp(name, "--method"))
        o->method = value;
    else if (!strcmp(name, "--header"))
        add_header(a, value);
    else if (!strcmp(name, "--data"))
        o->body = gy_str_of(value);
    else if (!strcmp(name, "--part"))
        add_part(a, value);
    else if (!strcmp(name, "--user"))
        o->user = value;
    else if (!strcmp(name, "--password"))
        o->password = value;
    else if (!strcmp(name, "--ca"))
        a->tls.ca_file = value;
    else if (!strcmp(name, "--crl"))
        a->tls.crl_file = value;
    else if (!strcmp(name, "--out"))
        a->out = fopen(value, "w");
    else
        return false;
    return true;
}

static bool take_number(struct asking *a, const char *name, const char *value)
{
    long long n = strtoll(value, NULL, 10);
    if (!strcmp(name, "--upload"))
        a->upload = n;
    else if (!strcmp(name, "--length"))
        a->opts.body_length = n;
    else if (!strcmp(name, "--max-body"))
        a->opts.max_body = (size_t)n;
    else if (!strcmp(name, "--timeout"))
        a->opts.timeout = strtod(value, NULL);
    else
        return false;
    return true;
}

static bool take_flag(struct asking *a, const char *name)
{
    if (!strcmp(name, "--digest"))
        a->opts.auth = GY_AUTH_DIGEST;
    else if (!strcmp(name, "--expect"))
        a->opts.expect_continue = true;
    else if (!strcmp(name, "--raw"))
        a->opts.no_decompress = true;
    else if (!strcmp(name, "--cookies"))
        a->opts.cookies = gy_cookie_jar_new();
    else
        return false;
    return true;
}

static int usage(const char *what)
{
    fprintf(stderr, "fetch_app: %s?\n", what);
    return 2;
}

static int ask(int argc, char **argv)
{
    static struct asking a;
    char why[200];
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (take_flag(&a, argv[i]))
            continue;
        if (i + 1 == argc ||
            !(take_text(&a, argv[i], argv[i + 1]) || take_number(&a, argv[i], argv[i + 1])))
            return usage(argv[i]);
        i++;
    }
    a.urls = argv + i;
    a.opts.headers = a.header_count ? a.headers : NULL;
    a.opts.parts = a.part_count ? a.parts : NULL;
    a.opts.read_body = a.upload ? make_bytes : NULL;
    a.opts.write_body = a.out ? write_out : NULL;
    a.opts.read_arg = a.opts.write_arg = a.opts.head_arg = &a;
    a.opts.on_head = count_head;
    a.opts.proxy = "";
    if (a.tls.ca_file && !(a.opts.tls = gy_tls_client_new(&a.tls, why, sizeof why)))
        return usage(why);
    int e = gy_run(ask_all, &a);
    gy_tls_free(a.opts.tls);
    gy_cookie_jar_free(a.opts.cookies);
    gy_arena_done(&a.arena);
    return e ? 1 : 0;
}

/* -- Passing on ---------------------------------------------------------------------------------- */

static ssize_t pass_up(void *arg, void *buf, size_t size)
{
    return gy_body_read(arg, buf, size);
}

static int pass_down(void *arg, const void *data, size_t len)
{
    int e = gy_write_n(arg, data, len);
    return e ? e : gy_flush(arg);
}

static int pass_head(void *arg, int status, const gy_headers *headers)
{
    static const char *const names[] = {"Content-Type", "Content-Encoding", "Content-Length",
                                        "Location"};
    if (status < 200)
        return 0;
    int e = gy_set_status(arg, status);
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !e; i++)
        if (gy_headers_has(headers, names[i]))
            e = gy_set_header(arg, names[i], gy_headers_get(headers, names[i]).ptr);
    return e;
}

static int pass_on(gy_request *r)
{
    gy_response res;
    const char *length = gy_header(r, "Content-Length", NULL);
    bool chunked = gy_header(r, "Transfer-Encoding", NULL) != NULL;
    gy_fetch_opts opts = {.method = r->method.ptr,
                          .no_redirects = true,
                          .no_decompress = true,
                          .proxy = "",
                          .max_body = SIZE_MAX / 2,
                          .timeout = 60,
                          .on_head = pass_head,
                          .head_arg = r,
                          .write_body = pass_down,
                          .write_arg = r};
    if (chunked || (length && strcmp(length, "0") != 0)) {
        opts.read_body = pass_up;
        opts.read_arg = r;
        opts.body_length = length ? strtoll(length, NULL, 10) : 0;
    }
    gy_str url = gy_strf(r->arena, "%s%s", getenv("UPSTREAM"), r->target.ptr);
    if (!url.ptr)
        return GY_ENOMEM;
    gy_set_max_body(r, SIZE_MAX / 2);
    int e = gy_fetch(r->arena, url.ptr, &opts, &res);
    if (e && !gy_head_is_sent(r) && e != GY_ECANCELED)
        return gy_fail(r, 502, "%s", res.why);
    return e;
}

static const gy_route routes[] = {GY_ANY("/{path:rest}", pass_on, .stream_body = true), GY_END};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "serve") == 0)
        return gy_main(&(gy_app){.routes = routes, .name = "fetch_app"}, argc - 1, argv + 1);
    return ask(argc, argv);
}
