/* SPDX-License-Identifier: MIT */
/* json_write.c - JSON piece by piece. */
#include "codec/json_write.h"

enum { DEEPEST = 64 };

void gy__json_begin(struct gy__json_out *o, struct gy__buf *buf)
{
    *o = (struct gy__json_out){.buf = buf, .start = buf->len, .first = true};
}

static void add(struct gy__json_out *o, const char *bytes, size_t len)
{
    if (!o->failure)
        o->failure = gy__buf_add(o->buf, bytes, len);
}

/* The comma and the key that stand before a value. */
static void before_value(struct gy__json_out *o, const char *key)
{
    bool in_object = o->depth && o->objects & 1;
    bool second_text = !o->depth && !o->first;
    if (!o->failure && (in_object != (key != NULL) || second_text))
        o->failure = GY_EINVAL;
    if (!o->first)
        add(o, ",", 1);
    o->first = false;
    if (key && !o->failure)
        o->failure = gy__json_string(o->buf, gy_str_of(key));
    if (key)
        add(o, ":", 1);
}

static void open_one(struct gy__json_out *o, const char *key, bool object)
{
    before_value(o, key);
    if (!o->failure && o->depth == DEEPEST)
        o->failure = GY_EINVAL;
    add(o, object ? "{" : "[", 1);
    if (o->failure)
        return;
    o->objects = o->objects << 1 | object;
    o->depth++;
    o->first = true;
}

void gy__json_object(struct gy__json_out *o, const char *key)
{
    open_one(o, key, true);
}

void gy__json_array(struct gy__json_out *o, const char *key)
{
    open_one(o, key, false);
}

void gy__json_close(struct gy__json_out *o)
{
    if (!o->failure && !o->depth)
        o->failure = GY_EINVAL;
    if (o->failure)
        return;
    add(o, o->objects & 1 ? "}" : "]", 1);
    o->objects >>= 1;
    o->depth--;
    o->first = false;
}

void gy__json_vput(struct gy__json_out *o, const char *key, const char *shape, va_list ap)
{
    before_value(o, key);
    if (!o->failure)
        o->failure = gy__json_vshape(o->buf, shape, ap);
}

void gy__json_put(struct gy__json_out *o, const char *key, const char *shape, ...)
{
    va_list ap;
    va_start(ap, shape);
    gy__json_vput(o, key, shape, ap);
    va_end(ap);
}

int gy__json_end(struct gy__json_out *o)
{
    while (!o->failure && o->depth)
        gy__json_close(o);
    if (!o->failure && o->first)
        o->failure = GY_EINVAL;
    if (o->failure)
        gy__buf_cut(o->buf, o->start);
    return o->failure;
}
