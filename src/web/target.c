/* SPDX-License-Identifier: MIT */
/* target.c - a handler joined with its bases. */
#include "web/table.h"

#include <gyre/error.h>

enum { BASES_MAX = 32 };

static void fill(gy_handler_fn **to, gy_handler_fn *from)
{
    if (!*to)
        *to = from;
}

/* What [h] does not set comes from [base]. Both run with one r->self, so it must fit the larger. */
static void inherit(gy_handler *h, const gy_handler *base)
{
    fill(&h->get, base->get);
    fill(&h->head, base->head);
    fill(&h->post, base->post);
    fill(&h->put, base->put);
    fill(&h->del, base->del);
    fill(&h->patch, base->patch);
    fill(&h->options, base->options);
    fill(&h->any, base->any);
    fill(&h->prepare, base->prepare);
    fill(&h->on_finish, base->on_finish);
    fill(&h->write_error, base->write_error);
    if (h->self_size < base->self_size)
        h->self_size = base->self_size;
    if (h->max_body == 0)
        h->max_body = base->max_body;
    if (h->body_timeout <= 0)
        h->body_timeout = base->body_timeout;
    if (h->min_body_rate == 0)
        h->min_body_rate = base->min_body_rate;
    h->require_length |= base->require_length;
    h->stream_body |= base->stream_body;
    h->detach |= base->detach;
}

int gy__target_merge(struct gy__target *target, const gy_handler *handler, const gy_handler *last,
                     struct gy__fault *why)
{
    const gy_handler *at = handler ? handler : last;
    bool seen_last = at == last;

    target->handler = (gy_handler){.base = NULL};
    for (unsigned depth = 0; at; depth++) {
        if (depth == BASES_MAX)
            return gy__fault_say(why, "the bases of its handler form a circle");
        inherit(&target->handler, at);
        at = at->base;
        seen_last |= at == last;
        if (!at && !seen_last) {
            at = last;
            seen_last = true;
        }
    }
    return 0;
}

static gy_handler_fn *first_of(gy_handler_fn *a, gy_handler_fn *b)
{
    return a ? a : b;
}

void gy__target_set_verbs(struct gy__target *target)
{
    const gy_handler *h = &target->handler;
    gy_handler_fn **verbs = target->verbs;

    verbs[GY_METHOD_GET] = first_of(h->get, h->any);
    verbs[GY_METHOD_HEAD] = first_of(h->head, verbs[GY_METHOD_GET]);
    verbs[GY_METHOD_POST] = first_of(h->post, h->any);
    verbs[GY_METHOD_PUT] = first_of(h->put, h->any);
    verbs[GY_METHOD_DELETE] = first_of(h->del, h->any);
    verbs[GY_METHOD_PATCH] = first_of(h->patch, h->any);
    verbs[GY_METHOD_OPTIONS] = first_of(h->options, h->any);
    verbs[GY_METHOD_CONNECT] = h->any;
    verbs[GY_METHOD_TRACE] = h->any;
    verbs[GY_METHOD_OTHER] = h->any;
}

const struct gy__target *gy__target_for(const struct gy__target *target, enum gy_method verb)
{
    while (target && !target->verbs[verb])
        target = target->also;
    return target;
}

int gy__target_set_allow(gy_arena *a, struct gy__target *target)
{
    enum { LONGEST = sizeof "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS" };
    char *text = gy_alloc(a, LONGEST), *at = text;
    if (!text)
        return GY_ENOMEM;
    for (enum gy_method verb = GY_METHOD_GET; verb <= GY_METHOD_OPTIONS; verb++) {
        if (verb != GY_METHOD_OPTIONS && !gy__target_for(target, verb))
            continue;
        const char *name = gy_method_name(verb);
        if (at != text) {
            *at++ = ',';
            *at++ = ' ';
        }
        size_t len = strlen(name);
        memcpy(at, name, len);
        at += len;
    }
    *at = '\0';
    target->allow = gy_str_n(text, (size_t)(at - text));
    return 0;
}
