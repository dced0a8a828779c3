/* SPDX-License-Identifier: MIT */
/* disposition.c - Content-Disposition fields (RFC 6266, 8187, 2231). */
#include "codec/disposition.h"

#include "codec/parameter.h"
#include "codec/percent.h"
#include "codec/utf8.h"

#include <gyre/error.h>

enum { NAME_MAX_LEN = 64 * 1024 };

/* What was found of the file's name, by the ways to write it. */
struct reading {
    struct gy__disposition *out;
    gy_str extended;       /* filename* */
    struct gy__buf pieces; /* filename*0, filename*1 ... */
    int next_piece;        /* -1: something was wrong with them */
    bool pieces_encoded;   /* the first one names a charset */
    bool latin_1;          /* and this is it */
};

/* -- Charsets ------------------------------------------------------------------------------------ */

static gy_str from_latin_1(gy_arena *a, gy_str s)
{
    char *text = gy_alloc(a, 2 * s.len + 1), *at = text;
    if (!text)
        return gy_str_n(NULL, 0);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x80)
            *at++ = (char)(0xc0 | c >> 6);
        *at++ = (char)(c < 0x80 ? c : 0x80 | (c & 0x3f));
    }
    *at = '\0';
    return gy_str_n(text, (size_t)(at - text));
}

/* Cut "charset'language'" off; false for what is not known. */
static bool cut_charset(gy_str *value, bool *latin_1)
{
    gy_str charset, language;
    if (!gy_str_cut(value, '\'', &charset) || !value->ptr || !gy_str_cut(value, '\'', &language) ||
        !value->ptr)
        return false;
    *latin_1 = gy_str_ieq(charset, gy_str_of("iso-8859-1"));
    return *latin_1 || gy_str_ieq(charset, gy_str_of("utf-8"));
}

/* Decode a value of that charset: ptr NULL and 0 when it is not what it says it is. */
static int decode(gy_arena *a, gy_str value, bool percent, bool latin_1, gy_str *out)
{
    bool malformed = false;
    gy_str text =
        percent ? gy__percent_decoded(a, value, GY__PERCENT_COMPONENT, &malformed) : value;
    if (text.ptr && latin_1)
        text = from_latin_1(a, text);
    if (!text.ptr)
        return GY_ENOMEM;
    *out = malformed || !gy__utf8_valid(text.ptr, text.len) ? gy_str_n(NULL, 0) : text;
    return 0;
}

/* -- Parameters ---------------------------------------------------------------------------------- */

static int take_plain(gy_arena *a, gy_str value, gy_str *out)
{
    if (out->ptr)
        return GY_EPROTO;
    *out = gy__utf8_valid(value.ptr, value.len) ? value : from_latin_1(a, value);
    return out->ptr ? 0 : GY_ENOMEM;
}

static int take_extended(gy_arena *a, gy_str value, struct reading *r)
{
    bool latin_1;
    if (r->extended.ptr)
        return GY_EPROTO;
    return cut_charset(&value, &latin_1) ? decode(a, value, true, latin_1, &r->extended) : 0;
}

/* [number] is what stands behind "filename*": "1", or "1*" when escapes are to be decoded. */
static int take_piece(gy_arena *a, gy_str number, gy_str value, struct reading *r)
{
    uint64_t n = 0;
    bool encoded = gy_str_ends(number, gy_str_of("*")), malformed = false;
    if (encoded)
        number.len--;
    bool right = gy_str_uint(number, &n) == 0 && r->next_piece >= 0 &&
                 n == (uint64_t)r->next_piece && (number.len == 1 || number.ptr[0] != '0');
    if (right && encoded && n == 0) {
        r->pieces_encoded = true;
        right = cut_charset(&value, &r->latin_1);
    }
    right = right && (!encoded || r->pieces_encoded);
    if (right && encoded) {
        value = gy__percent_decoded(a, value, GY__PERCENT_COMPONENT, &malformed);
        if (!value.ptr)
            return GY_ENOMEM;
    }
    r->next_piece = right && !malformed ? r->next_piece + 1 : -1;
    return r->next_piece < 0 ? 0 : gy__buf_add(&r->pieces, value.ptr, value.len);
}

static int take_parameter(gy_arena *a, gy_str name, gy_str value, struct reading *r)
{
    static const gy_str filename = GY_STR("filename");
    if (gy_str_ieq(name, gy_str_of("name")))
        return take_plain(a, value, &r->out->name);
    if (name.len < filename.len || !gy_str_ieq(gy_str_n(name.ptr, filename.len), filename))
        return 0;
    gy_str rest = gy_str_n(name.ptr + filename.len, name.len - filename.len);
    if (rest.len == 0)
        return take_plain(a, value, &r->out->filename);
    if (rest.ptr[0] != '*')
        return 0;
    rest = gy_str_n(rest.ptr + 1, rest.len - 1);
    return rest.len ? take_piece(a, rest, value, r) : take_extended(a, value, r);
}

static int read_parameters(gy_arena *a, gy_str rest, struct reading *r)
{
    while (gy__parameter_skip(&rest, "; \t"), rest.len) {
        gy_str value, name = gy__parameter_token(&rest);
        gy__parameter_skip(&rest, " \t");
        if (name.len == 0 || rest.len == 0 || rest.ptr[0] != '=')
            return GY_EPROTO;
        rest = gy_str_n(rest.ptr + 1, rest.len - 1);
        int e = gy__parameter_value(a, &rest, &value);
        if (!e)
            e = take_parameter(a, name, value, r);
        if (e)
            return e;
        gy__parameter_skip(&rest, " \t");
        if (rest.len && rest.ptr[0] != ';')
            return GY_EPROTO;
    }
    return 0;
}

/* Which of the ways wins. */
static int choose(gy_arena *a, struct reading *r)
{
    if (r->extended.ptr) {
        r->out->filename = r->extended;
        return 0;
    }
    if (r->next_piece <= 0)
        return 0;
    gy_str joined = gy_str_copy(a, gy__buf_str(&r->pieces)), decoded;
    int e = joined.ptr ? decode(a, joined, false, r->latin_1, &decoded) : GY_ENOMEM;
    if (!e && decoded.ptr)
        r->out->filename = decoded;
    return e;
}

int gy__disposition_parse(gy_arena *a, gy_str field, struct gy__disposition *out)
{
    struct reading r = {.out = out};
    *out = (struct gy__disposition){.type = {NULL, 0}};
    gy__buf_init(&r.pieces, NAME_MAX_LEN);
    gy__parameter_skip(&field, " \t");
    gy_str type = gy__parameter_token(&field);
    gy__parameter_skip(&field, " \t");
    if (type.len == 0 || (field.len && field.ptr[0] != ';'))
        return GY_EPROTO;
    out->type = gy_str_copy(a, type);
    if (!out->type.ptr)
        return GY_ENOMEM;
    for (char *p = (char *)out->type.ptr; *p; p++)
        *p = (char)((unsigned)*p - 'A' < 26u ? *p | 0x20 : *p);
    int e = read_parameters(a, field, &r);
    if (!e)
        e = choose(a, &r);
    gy__buf_done(&r.pieces);
    return e == GY_ETOOBIG ? GY_EPROTO : e;
}

/* -- File names ---------------------------------------------------------------------------------- */

static bool has_control(gy_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
    }
    return false;
}

gy_str gy__disposition_base(gy_str filename)
{
    size_t start = filename.len;
    while (start > 0 && filename.ptr[start - 1] != '/' && filename.ptr[start - 1] != '\\')
        start--;
    gy_str base = gy_str_n(filename.ptr + start, filename.len - start);
    bool dots = gy_str_eq(base, gy_str_of(".")) || gy_str_eq(base, gy_str_of(".."));
    return dots || has_control(base) ? gy_str_n("", 0) : base;
}

/* For those who do not know filename*: ASCII, and nothing that anybody could unescape. */
static int add_fallback(struct gy__buf *out, gy_str s, bool *exact)
{
    *exact = true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool plain = (unsigned char)c < 0x80 && !strchr("\"\\%", c);
        *exact = *exact && plain;
        if (((unsigned char)c & 0xc0) == 0x80)
            continue; /* one sign for each character */
        int e = gy__buf_add(out, plain ? &c : "_", 1);
        if (e)
            return e;
    }
    return 0;
}

static int write_name(struct gy__buf *out, const char *type, gy_str filename)
{
    bool exact;
    int e = gy__buf_addf(out, "%s; filename=\"", type);
    if (!e)
        e = add_fallback(out, filename, &exact);
    if (!e)
        e = gy__buf_add(out, "\"", 1);
    if (e || exact)
        return e;
    e = gy__buf_addf(out, "; filename*=UTF-8''");
    return e ? e : gy__percent_encode(out, filename, GY__PERCENT_COMPONENT);
}

int gy__disposition_write(struct gy__buf *out, const char *type, gy_str filename)
{
    size_t before = out->len;
    if (has_control(filename) || !gy__utf8_valid(filename.ptr, filename.len))
        return GY_EINVAL;
    int e = write_name(out, type, filename);
    if (e)
        gy__buf_cut(out, before);
    return e;
}
