/* SPDX-License-Identifier: MIT */
/* resume.c - going on where a download broke off (RFC 9110 14). */

#include <gyre/error.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fetch.h"

static gy_field field(const char *name, gy_str value)
{
    return (gy_field){gy_str_of(name), value};
}

/* The headers, and which part is wanted: of the version that the first part is of, else all of it. */
static int ask_for_rest(struct download *d, gy_fetch_opts *o, const char *version)
{
    size_t count = 0;
    while (o->headers && o->headers[count].name.len)
        count++;
    gy_field *fields = gy_zalloc(d->arena, (count + 3) * sizeof *fields);
    gy_str range = gy_strf(d->arena, "bytes=%llu-", (unsigned long long)d->from);
    gy_str copy = gy_str_copy(d->arena, gy_str_of(version));
    if (!fields || !range.ptr || !copy.ptr)
        return GY_ENOMEM;
    if (count)
        memcpy(fields, o->headers, count * sizeof *fields);
    fields[count++] = field("Range", range);
    if (copy.len)
        fields[count++] = field("If-Range", copy);
    o->headers = fields;
    return 0;
}

int resume_ask(struct download *d, gy_fetch_opts *o)
{
    char version[OUTPUT_NOTE];
    d->from = 0;
    d->append = d->whole = d->anew = false;
    if (!d->fetch->given->resume || !d->out.path)
        return 0;
    o->no_decompress = true; /* a part of what is compressed is of no use */
    d->from = output_partial(&d->out, d->arena, version);
    return d->from ? ask_for_rest(d, o, version) : 0;
}

/* "bytes 500-999/1000", "bytes *" "/1000": the number behind [lead], where it ends with [end]. */
static bool read_range(gy_str range, const char *lead, char end, uint64_t *out)
{
    size_t len = strlen(lead);
    if (!gy_str_starts(range, gy_str_n(lead, len)))
        return false;
    gy_str digits, rest = gy_str_n(range.ptr + len, range.len - len);
    gy_str_cut(&rest, end, &digits);
    return gy_str_uint(digits, out) == 0;
}

/* What tells this version from others: a strong ETag, else the date. */
static void note_version(struct download *d, const gy_headers *h)
{
    gy_str version = gy_headers_get(h, "ETag");
    if (!version.len || version.ptr[0] != '"')
        version = gy_headers_get(h, "Last-Modified");
    size_t len = version.len < sizeof d->version ? version.len : 0;
    memcpy(d->version, version.ptr ? version.ptr : "", len);
    d->version[len] = 0;
}

int resume_head(struct download *d, int status, const gy_headers *h)
{
    uint64_t n;
    gy_str range = gy_headers_get(h, "Content-Range");
    d->append = d->whole = d->anew = false;
    if (!d->fetch->given->resume)
        return 0;
    note_version(d, h);
    if (status == 206) {
        d->append = d->from && read_range(range, "bytes ", '-', &n) && n == d->from;
        return d->append ? 0 : GY_EPROTO;
    }
    if (status == 416 && d->from) {
        d->whole = read_range(range, "bytes */", ' ', &n) && n == d->from;
        d->anew = !d->whole;
    }
    return 0;
}

bool resume_is_over(struct download *d)
{
    if (d->anew)
        unlink(d->out.partial);
    return !d->anew;
}
