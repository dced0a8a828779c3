/* SPDX-License-Identifier: MIT */
/* client_options.c - what a fetch is asked to do: defaults, and what is refused. */

#include <gyre/error.h>
#include <gyre/version.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/percent.h"
#include "http/client.h"
#include "http/message.h"

enum { TIMEOUT = 20, MAX_HEAD = 64 * 1024, MAX_REDIRECTS = 5 };
#define MAX_BODY ((size_t)100 * 1024 * 1024)

/* -- Defaults ------------------------------------------------------------------------------------ */

#define TAKE(member_) (o->member_ = o->member_ ? o->member_ : d->member_)

static void take_request(gy_fetch_opts *o, const gy_fetch_opts *d)
{
    bool has_body = o->body.ptr || o->form || o->parts || o->read_body;
    TAKE(method);
    TAKE(headers);
    if (!has_body) {
        o->body = d->body;
        o->form = d->form;
        o->parts = d->parts;
        o->read_body = d->read_body;
        o->read_arg = d->read_arg;
        o->body_length = d->body_length;
    }
    TAKE(expect_continue);
    TAKE(any_method);
    TAKE(if_modified_since);
    TAKE(user_agent);
    if (!o->user && !o->password) {
        o->auth = d->auth;
        o->user = d->user;
        o->password = d->password;
    }
    TAKE(cookies);
}

static void take_response(gy_fetch_opts *o, const gy_fetch_opts *d)
{
    if (!o->write_body) {
        o->write_body = d->write_body;
        o->write_arg = d->write_arg;
    }
    if (!o->on_head) {
        o->on_head = d->on_head;
        o->head_arg = d->head_arg;
    }
    TAKE(max_body);
    TAKE(max_head);
    TAKE(no_redirects);
    TAKE(max_redirects);
    TAKE(no_decompress);
}

static void take_connection(gy_fetch_opts *o, const gy_fetch_opts *d)
{
    if (o->timeout == 0)
        o->timeout = d->timeout;
    if (o->connect_timeout == 0)
        o->connect_timeout = d->connect_timeout;
    if (o->first_byte_timeout == 0)
        o->first_byte_timeout = d->first_byte_timeout;
    TAKE(proxy);
    TAKE(source_address);
    TAKE(family);
    TAKE(tls);
    if (!o->prepare_curl) {
        o->prepare_curl = d->prepare_curl;
        o->prepare_arg = d->prepare_arg;
    }
}

void gy__fetch_merge(struct gy__fetch *f, const gy_fetch_opts *opts)
{
    static const gy_fetch_opts none;
    gy_fetch_opts *o = &f->o;
    *o = opts ? *opts : none;
    take_request(o, &f->client->opts.defaults);
    take_response(o, &f->client->opts.defaults);
    take_connection(o, &f->client->opts.defaults);
    if (o->timeout == 0)
        o->timeout = TIMEOUT;
    if (o->connect_timeout == 0)
        o->connect_timeout = TIMEOUT;
    if (!o->max_body)
        o->max_body = MAX_BODY;
    if (!o->max_head)
        o->max_head = MAX_HEAD;
    if (!o->max_redirects)
        o->max_redirects = MAX_REDIRECTS;
    if (!o->user_agent)
        o->user_agent = "gyre/" GY_VERSION;
}

/* -- What is refused ----------------------------------------------------------------------------- */

/* The ones that say where the message ends, or what becomes of the connection, are ours to write. */
static bool is_ours(gy_str name)
{
    static const char *const ours[] = {
        "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection",
        "Expect",         "Upgrade",           "TE",         "Trailer"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (gy_str_ieq(name, gy_str_of(ours[i])))
            return true;
    return false;
}

static int check_headers(struct gy__fetch *f)
{
    for (const gy_field *h = f->o.headers; h && h->name.len; h++) {
        if (!gy__token_valid(h->name))
            return gy__fetch_fail(f, GY_EINVAL, "a header's name is malformed");
        if (!gy__value_valid(h->value))
            return gy__fetch_fail(f, GY_EINVAL, "the value of the header %.*s is malformed",
                                  GY_FMT(h->name));
        if (is_ours(h->name) || (f->o.parts && gy_str_ieq(h->name, gy_str_of("Content-Type"))))
            return gy__fetch_fail(f, GY_EINVAL, "the header %.*s is not for the caller to set",
                                  GY_FMT(h->name));
    }
    if (!gy__value_valid(gy_str_of(f->o.user_agent)))
        return gy__fetch_fail(f, GY_EINVAL, "the user agent is malformed");
    return 0;
}

static int check_body(struct gy__fetch *f)
{
    const gy_fetch_opts *o = &f->o;
    int sources =
        (o->body.ptr != NULL) + (o->form != NULL) + (o->parts != NULL) + (o->read_body != NULL);
    f->with_body = sources > 0;
    if (sources > 1)
        return gy__fetch_fail(f, GY_EINVAL, "more than one body");
    if (o->body_length < 0)
        return gy__fetch_fail(f, GY_EINVAL, "a body of a negative length");
    return 0;
}

static bool may_have_body(enum gy_method verb)
{
    return gy__method_has_body(verb) || verb == GY_METHOD_OPTIONS;
}

static int check_method(struct gy__fetch *f)
{
    f->method = gy_str_of(f->o.method ? f->o.method : f->with_body ? "POST" : "GET");
    f->verb = gy_method_of(f->method);
    if (!gy__token_valid(f->method))
        return gy__fetch_fail(f, GY_EINVAL, "the method is malformed");
    if (f->verb == GY_METHOD_CONNECT)
        return gy__fetch_fail(f, GY_EINVAL, "CONNECT makes a tunnel, which a fetch cannot give");
    if (f->verb == GY_METHOD_OTHER && !f->o.any_method)
        return gy__fetch_fail(f, GY_EINVAL, "%s is no method of HTTP", f->method.ptr);
    if (f->with_body && !f->o.any_method && !may_have_body(f->verb))
        return gy__fetch_fail(f, GY_EINVAL, "%s has no body", f->method.ptr);
    return 0;
}

/* -- Forms --------------------------------------------------------------------------------------- */

static int put_form(const gy_field *form, struct gy__buf *b)
{
    int e = gy__buf_need(b, 1);
    for (const gy_field *it = form; it->name.len && !e; it++) {
        if (it != form)
            e = gy__buf_add(b, "&", 1);
        if (!e)
            e = gy__percent_encode(b, it->name, GY__PERCENT_FORM);
        if (!e)
            e = gy__buf_add(b, "=", 1);
        if (!e)
            e = gy__percent_encode(b, it->value, GY__PERCENT_FORM);
    }
    return e;
}

static int encode_body(struct gy__fetch *f)
{
    struct gy__buf b;
    f->body = f->o.body;
    if (f->o.parts)
        return gy__form_begin(f);
    if (!f->o.form)
        return 0;
    gy__buf_init(&b, SIZE_MAX / 2);
    int e = put_form(f->o.form, &b);
    if (!e) {
        f->body = gy_str_copy(f->arena, gy__buf_str(&b));
        f->body_type = "application/x-www-form-urlencoded";
        e = f->body.ptr ? 0 : GY_ENOMEM;
    }
    gy__buf_done(&b);
    return e;
}

static int check_engine(struct gy__fetch *f)
{
    if (f->o.prepare_curl && !f->client->curl)
        return gy__fetch_fail(f, GY_EINVAL, "prepare_curl is for clients of libcurl");
    return 0;
}

int gy__fetch_check(struct gy__fetch *f)
{
    int e = check_engine(f);
    if (!e)
        e = check_body(f);
    if (!e)
        e = check_method(f);
    if (!e)
        e = check_headers(f);
    if (!e)
        e = gy__fetch_check_credentials(f);
    return e ? e : encode_body(f);
}
