/* SPDX-License-Identifier: MIT */
/* fetch_request.c - from what gyre fetch was told to what gy_fetch is asked. */

#include <errno.h>
#include <gyre/error.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "fetch.h"

static int no_memory(struct fetch *f)
{
    complain(f, "out of memory");
    return EXIT_FAILED;
}

static gy_str upto(const char *text, const char *end)
{
    return gy_str_n(text, (size_t)(end - text));
}

/* -- Headers ------------------------------------------------------------------------------------- */

static int add_header(struct fetch *f, gy_headers *h, gy_str name, gy_str value)
{
    int e = gy_headers_add_str(h, name, gy_str_trim(value));
    if (!e)
        return 0;
    if (e == GY_ENOMEM)
        return no_memory(f);
    complain(f, "--header: '%.*s' is no name of a header, or its value has control characters",
             GY_FMT(name));
    return EXIT_USAGE;
}

static int add_headers(struct fetch *f, gy_headers *h)
{
    const struct many *given = &f->given->headers;
    int status = 0;
    for (size_t i = 0; i < given->count && !status; i++) {
        const char *colon = strchr(given->items[i], ':');
        status = add_header(f, h, upto(given->items[i], colon), gy_str_of(colon + 1));
    }
    if (!status && f->given->json && !gy_headers_has(h, "Content-Type"))
        status = add_header(f, h, gy_str_of("Content-Type"), gy_str_of("application/json"));
    if (!status && f->given->json && !gy_headers_has(h, "Accept"))
        status = add_header(f, h, gy_str_of("Accept"), gy_str_of("application/json"));
    return status;
}

static int put_headers(struct fetch *f)
{
    gy_headers h = {.arena = &f->arena};
    int status = add_headers(f, &h);
    if (status || !h.count)
        return status;
    gy_field *fields = gy_zalloc(&f->arena, (h.count + 1) * sizeof *fields);
    if (!fields)
        return no_memory(f);
    memcpy(fields, h.items, h.count * sizeof *fields);
    f->opts.headers = fields;
    return 0;
}

/* -- Bodies -------------------------------------------------------------------------------------- */

ssize_t fetch_read_body(void *arg, void *buf, size_t size)
{
    const struct download *d = arg;
    /* A pipe has nothing yet, perhaps; a file on the disk cannot be waited for. */
    int e = gy_wait_fd(d->body_fd, GY_READABLE, GY_FOREVER);
    if (e < 0 && e != -EPERM)
        return e;
    ssize_t n = read(d->body_fd, buf, size);
    return n < 0 ? -errno : n;
}

static int check_file(struct fetch *f, const char *path)
{
    struct stat st;
    int e = stat(path, &st) || access(path, R_OK) ? -errno : S_ISDIR(st.st_mode) ? -EISDIR : 0;
    if (e)
        complain(f, "%s: %s", path, gy_strerror(e));
    return e ? EXIT_USAGE : 0;
}

static int put_data(struct fetch *f, const char *data)
{
    if (data[0] != '@') {
        f->opts.body = gy_str_of(data);
        return 0;
    }
    f->body_path = data + 1;
    f->opts.read_body = fetch_read_body;
    return strcmp(f->body_path, "-") == 0 ? 0 : check_file(f, f->body_path);
}

static int put_form(struct fetch *f, const struct many *given)
{
    gy_field *form = gy_zalloc(&f->arena, (given->count + 1) * sizeof *form);
    if (!form)
        return no_memory(f);
    for (size_t i = 0; i < given->count; i++) {
        const char *equals = strchr(given->items[i], '=');
        form[i] = (gy_field){upto(given->items[i], equals), gy_str_of(equals + 1)};
    }
    f->opts.form = form;
    return 0;
}

static int put_file(struct fetch *f, const char *given, gy_form_part *part)
{
    const char *equals = strchr(given, '=');
    const char *path = equals + 1 + (equals[1] == '@');
    int status = check_file(f, path);
    part->path = path;
    part->name = gy_str_copy(&f->arena, upto(given, equals)).ptr;
    return status || part->name ? status : no_memory(f);
}

static int put_parts(struct fetch *f, const struct many *forms, const struct many *files)
{
    int status = 0;
    size_t count = forms->count + files->count;
    gy_form_part *parts = gy_zalloc(&f->arena, (count + 1) * sizeof *parts);
    if (!parts)
        return no_memory(f);
    for (size_t i = 0; i < forms->count; i++) {
        const char *equals = strchr(forms->items[i], '=');
        parts[i].name = gy_str_copy(&f->arena, upto(forms->items[i], equals)).ptr;
        parts[i].value = gy_str_of(equals + 1);
        if (!parts[i].name)
            return no_memory(f);
    }
    for (size_t i = 0; i < files->count && !status; i++)
        status = put_file(f, files->items[i], &parts[forms->count + i]);
    f->opts.parts = parts;
    return status;
}

static int put_body(struct fetch *f)
{
    const struct settings *s = f->given;
    if (s->data || s->json)
        return put_data(f, s->data ? s->data : s->json);
    if (s->files.count)
        return put_parts(f, &s->forms, &s->files);
    return s->forms.count ? put_form(f, &s->forms) : 0;
}

/* -- Who asks ------------------------------------------------------------------------------------ */

static int put_user(struct fetch *f)
{
    const struct settings *s = f->given;
    if (s->bearer) {
        f->opts.auth = GY_AUTH_BEARER;
        f->opts.password = s->bearer;
    }
    if (!s->user)
        return 0;
    const char *colon = strchr(s->user, ':');
    f->opts.auth = s->digest ? GY_AUTH_DIGEST : GY_AUTH_BASIC;
    f->opts.user = gy_str_copy(&f->arena, upto(s->user, colon)).ptr;
    f->opts.password = colon + 1;
    return f->opts.user ? 0 : no_memory(f);
}

/* -- How ----------------------------------------------------------------------------------------- */

/* In options 0 is no limit, in gy_fetch_opts the default. */
static double limit(double seconds)
{
    return seconds > 0 ? seconds : -1;
}

static int put_connection(struct fetch *f)
{
    const struct settings *s = f->given;
    f->opts.timeout = limit(s->timeout);
    f->opts.connect_timeout = limit(s->connect_timeout);
    f->opts.first_byte_timeout = s->first_byte_timeout;
    f->opts.source_address = s->source_address;
    f->opts.proxy = s->proxy;
    if (!s->unix_path)
        return 0;
    f->opts.proxy = gy_strf(&f->arena, "unix:%s", s->unix_path).ptr;
    return f->opts.proxy ? 0 : no_memory(f);
}

static int put_tls(struct fetch *f)
{
    const struct settings *s = f->given;
    char why[300];
    const gy_tls_certificate own[] = {{.certificate_file = s->certificate, .key_file = s->key},
                                      {0}};
    gy_tls_opts opts = {.certificates = s->certificate ? own : NULL,
                        .ca_file = s->ca_file,
                        .insecure = s->insecure};
    if (!s->certificate && !s->ca_file && !s->insecure)
        return 0;
    f->opts.tls = f->tls = gy_tls_client_new(&opts, why, sizeof why);
    if (f->tls)
        return 0;
    complain(f, "%s", why);
    return EXIT_USAGE;
}

static int put_table(struct fetch *f, gy_resolver_opts *opts)
{
    const struct many *given = &f->given->resolve;
    gy_resolver_entry *table = gy_zalloc(&f->arena, (given->count + 1) * sizeof *table);
    for (size_t i = 0; table && i < given->count; i++) {
        const char *equals = strchr(given->items[i], '=');
        table[i].name = gy_str_copy(&f->arena, upto(given->items[i], equals)).ptr;
        table[i].to = equals + 1;
        if (!table[i].name)
            return no_memory(f);
    }
    opts->table = table;
    return table ? 0 : no_memory(f);
}

static int refuse_resolver(struct fetch *f)
{
    if (errno == ENOTSUP) {
        complain(f, "--dns-servers: c-ares is not there, or gyre was built without it");
        return EXIT_FAILED;
    }
    if (errno != EINVAL)
        return no_memory(f);
    complain(f, f->given->dns_servers
                    ? "--dns-servers: ADDRESS,..., or --resolve: NAME=ADDRESS is malformed"
                    : "--resolve: NAME=ADDRESS, such as example.org=127.0.0.1:8888");
    return EXIT_USAGE;
}

static int put_resolver(struct fetch *f)
{
    const struct settings *s = f->given;
    gy_resolver_opts opts = {.cares.servers = s->dns_servers};
    if (s->dns_servers)
        opts.engine = GY_RESOLVER_CARES;
    if (!s->dns_servers && !s->resolve.count)
        return 0;
    int status = put_table(f, &opts);
    if (status)
        return status;
    f->resolver = gy_resolver_new(&opts);
    return f->resolver ? 0 : refuse_resolver(f);
}

static int make_client(struct fetch *f)
{
    enum gy_engine engine = (enum gy_engine)f->given->engine;
    size_t most = (size_t)f->given->parallel;
    f->client = gy_client_new(
        &(gy_client_opts){.resolver = f->resolver, .engine = engine, .max_per_host = most});
    f->opts.client = f->client;
    if (f->client)
        return 0;
    if (errno != ENOTSUP)
        return no_memory(f);
    complain(f, "--engine curl: libcurl is not there, or gyre was built without it");
    return EXIT_FAILED;
}

int fetch_prepare(struct fetch *f)
{
    const struct settings *s = f->given;
    f->opts = (gy_fetch_opts){.method = s->head ? "HEAD" : s->method,
                              .any_method = true,
                              .max_body = s->max_body ? s->max_body : SIZE_MAX / 2,
                              .no_redirects = !s->follow,
                              .max_redirects = s->max_redirects,
                              .no_decompress = !s->compressed};
    int (*const steps[])(struct fetch * f) = {put_headers, put_body,     put_user,   put_connection,
                                              put_tls,     put_resolver, make_client};
    int status = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !status; i++)
        status = steps[i](f);
    if (!status && s->cookies && !(f->opts.cookies = gy_cookie_jar_new()))
        status = no_memory(f);
    return status;
}

void fetch_done(struct fetch *f)
{
    gy_client_free(f->client);
    gy_resolver_free(f->resolver);
    gy_tls_free(f->tls);
    gy_cookie_jar_free(f->opts.cookies);
    gy_arena_done(&f->arena);
}
