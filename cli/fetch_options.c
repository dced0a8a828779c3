/* SPDX-License-Identifier: MIT */
/* fetch_options.c - the options of gyre fetch. */

#include <gyre/error.h>
#include <gyre/options.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fetch.h"

struct settings fetch_settings = {
    .body = true,
    .follow = true,
    .compressed = true,
    .progress = true,
    .max_redirects = 5,
    .parallel = 1,
    .connect_timeout = 20,
};

/* Commas and all: a list would be split at them. */
static const char *collect(const gy_option *o)
{
    struct many *m = o->value; /* its first member is the value of the row */
    if (m->count == MANY)
        return "an option that is not repeated so often";
    m->items[m->count++] = m->last;
    return NULL;
}

/* NAME and something behind the sign that the row's meta text has there. */
static const char *collect_pair(const gy_option *o)
{
    struct many *m = o->value;
    char sign = strchr(o->meta, ':') ? ':' : '=';
    const char *found = strchr(m->last, sign);
    return found && found != m->last ? collect(o) : o->meta;
}

static const char *check_user(const gy_option *o)
{
    const char *user = *(const char **)o->value;
    return strchr(user, ':') ? NULL : o->meta;
}

static const gy_option_name engines[] = {
    {"gyre", GY_ENGINE_GYRE}, {"curl", GY_ENGINE_CURL}, {NULL, 0}};

static bool wants_help; /* found out before the options are read */
#define YEAR (365 * 86400.0)
#define S(member_) (&fetch_settings.member_)
/* clang-format off */
static const gy_option request_rows[] = {
    GY_OPT_TEXT("method", S(method), "instead of GET, or of POST with a body", .meta = "METHOD"),
    GY_OPT_BOOL("head", S(head), "ask for the head only, and print it"),
    GY_OPT_TEXT("header", S(headers.last), "send this header too; repeatable",
                .meta = "NAME:VALUE", .check = collect_pair),
    GY_OPT_TEXT("data", S(data), "send this body, or the file behind @ (@- is standard input)",
                .meta = "TEXT|@FILE"),
    GY_OPT_TEXT("json", S(json), "the same, as application/json", .meta = "TEXT|@FILE"),
    GY_OPT_TEXT("form", S(forms.last), "send this field of a form; repeatable",
                .meta = "NAME=VALUE", .check = collect_pair),
    GY_OPT_TEXT("file", S(files.last), "send this file in a form; repeatable",
                .meta = "NAME=@PATH", .check = collect_pair),
    GY_OPT_TEXT("user", S(user), "who asks (basic authentication)", .meta = "NAME:PASSWORD",
                .check = check_user),
    GY_OPT_BOOL("digest", S(digest), "with --user: digest authentication"),
    GY_OPT_TEXT("bearer", S(bearer), "who asks, by a token", .meta = "TOKEN"),
    GY_OPT_BOOL("cookies", S(cookies), "send the cookies back that came with earlier answers"),
    GY_OPT_END,
};
static const gy_option answer_rows[] = {
    GY_OPT_TEXT("output", S(output), "save the body to this file, or in this folder, under the"
                " last part of the URL; - is standard output", .meta = "FILE|FOLDER/|-"),
    GY_OPT_BOOL("continue", S(resume),
                "keep what came of a file when it breaks off, and go on from there"),
    GY_OPT_BOOL("include", S(include), "print the heads of answers too"),
    GY_OPT_BOOL("body", S(body), "forget the body"),
    GY_OPT_BOOL("fail", S(fail), "a status of 400 or more is a failure: exit status 22, no body"),
    GY_OPT_BOOL("follow", S(follow), "take a redirect as the answer"),
    GY_OPT_INT("max-redirects", S(max_redirects), "follow at most so many", .min = 1, .max = 1000),
    GY_OPT_BOOL("compressed", S(compressed), "do not ask for gzip, br and zstd"),
    GY_OPT_SIZE("max-body", S(max_body), "give up on a larger body; 0: none is too large",
                .max = (double)((size_t)1 << 50)),
    GY_OPT_INT("retry", S(retry), "try so often again, when a connection fails, and after the"
               " statuses 408, 429, 500, 502, 503 and 504", .max = 1000),
    GY_OPT_INT("parallel", S(parallel), "fetch so many URLs at the same time, into a folder",
               .min = 1, .max = 1000),
    GY_OPT_BOOL("progress", S(progress), "no line about how far it is"),
    GY_OPT_BOOL("verbose", S(verbose), "tell what is sent and received, and how long it took"),
    GY_OPT_END,
};
static const gy_option connection_rows[] = {
    GY_OPT_TIME("timeout", S(timeout), "seconds for each answer in all; 0 is no limit", .max = YEAR),
    GY_OPT_TIME("connect-timeout", S(connect_timeout), "for the name, connecting and TLS; 0 is no limit",
                .max = YEAR),
    GY_OPT_TIME("first-byte-timeout", S(first_byte_timeout),
                "until an answer begins; 0 is no limit", .max = YEAR),
    GY_OPT_BOOL("insecure", S(insecure), "take any certificate"),
    GY_OPT_PATH("ca-file", S(ca_file), "certificates (PEM) to trust instead of the system's"),
    GY_OPT_PATH("certificate", S(certificate), "our own (PEM), for servers that ask for one"),
    GY_OPT_PATH("key", S(key), "its key, if that is another file"),
    GY_OPT_TEXT("proxy", S(proxy), "http://, https://, socks5:// or socks5h://HOST:PORT instead of the"
                " environment's; empty: none", .meta = "URL"),
    GY_OPT_PATH("unix", S(unix_path), "connect to this unix socket, whatever the URL's host"),
    GY_OPT_TEXT("resolve", S(resolve.last), "NAME, or NAME:PORT, is at this address; repeatable",
                .meta = "NAME=ADDRESS", .check = collect_pair),
    GY_OPT_TEXT("dns-servers", S(dns_servers), "ask these name servers (by c-ares)",
                .meta = "ADDRESS,..."),
    GY_OPT_TEXT("source", S(source_address), "connect from this address or interface",
                .meta = "ADDRESS"),
    GY_OPT_CHOICE("engine", S(engine), engines, "who does the work"),
    GY_OPT_CONFIG("config", S(config), "read options from this file: lines name = value"),
    GY_OPT_BOOL("help", &wants_help, "print this text"),
    GY_OPT_END,
};
/* clang-format on */
static const gy_option rows[] = {GY_OPT_GROUP("what is asked", request_rows),
                                 GY_OPT_GROUP("what becomes of the answer", answer_rows),
                                 GY_OPT_GROUP("how it is reached", connection_rows), GY_OPT_END};

static const char *check_all(void *arg)
{
    const struct settings *s = arg;
    int bodies = (s->data != NULL) + (s->json != NULL) + (s->forms.count || s->files.count);
    if (bodies > 1)
        return "--data, --json, and --form with --file are three bodies; one can be sent";
    if (s->head && bodies)
        return "--head asks without a body";
    if (s->resume && (!s->output || strcmp(s->output, "-") == 0))
        return "--continue needs --output FILE or FOLDER/";
    if (s->resume && (bodies || s->head || s->method))
        return "--continue is for GET";
    if (s->user && s->bearer)
        return "--user and --bearer both tell who asks";
    if (s->digest && !s->user)
        return "--digest needs --user";
    if (s->key && !s->certificate)
        return "--key needs --certificate";
    if (s->proxy && s->unix_path)
        return "--proxy and --unix both tell where to connect";
    return NULL;
}

bool fetch_options_ask_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int fetch_options_parse(gy_options *options, int *argc, char **argv, char *why, size_t size)
{
    *options = (gy_options){.table = rows, .check = check_all, .arg = &fetch_settings};
    int urls = gy_options_parse(options, argc, argv, why, size);
    if (urls != 0)
        return urls;
    snprintf(why, size, "which URL? gyre fetch --help lists the options");
    return GY_EINVAL;
}

void fetch_options_help(void)
{
    printf("usage: gyre fetch [options] URL...\n\n"
           "A URL without a scheme is one of http.\n\n");
    gy_options_help(rows, 0, stdout);
    printf(
        "\nExit status: 0; 1 could not fetch or save; 2 usage; 22 a status of 400 or more, with\n"
        "--fail; 130 Ctrl-C. man gyre tells more.\n");
}
