/* SPDX-License-Identifier: MIT */
/* multipart_write.c - multipart/form-data bodies, as browsers send them (RFC 7578). */
#include "codec/multipart_write.h"

#include "codec/hex.h"

static const char boundary_start[] = "gyre----";

void gy__multipart_boundary(char out[GY__BOUNDARY_ROOM],
                            const unsigned char random[GY__BOUNDARY_RANDOM])
{
    memcpy(out, boundary_start, sizeof boundary_start - 1);
    gy__hex_encode(out + sizeof boundary_start - 1, random, GY__BOUNDARY_RANDOM);
}

static int add_text(struct gy__buf *out, const char *text)
{
    return gy__buf_add(out, text, strlen(text));
}

static int add_name(struct gy__buf *out, const char *before, gy_str name)
{
    int e = add_text(out, before);
    for (size_t i = 0; i < name.len && !e; i++) {
        char c = name.ptr[i];
        e = c == '"'    ? add_text(out, "%22")
            : c == '\r' ? add_text(out, "%0D")
            : c == '\n' ? add_text(out, "%0A")
                        : gy__buf_add(out, &c, 1);
    }
    return e ? e : add_text(out, "\"");
}

static bool has_control(const char *text)
{
    while (*text && (unsigned char)*text >= 0x20 && *text != 0x7f)
        text++;
    return *text != '\0';
}

static int begin_part(struct gy__buf *out, const char *boundary, bool first, gy_str name,
                      const char *filename, const char *content_type)
{
    int e = gy__buf_addf(out, "%s--%s\r\nContent-Disposition: form-data", first ? "" : "\r\n",
                         boundary);
    if (!e)
        e = add_name(out, "; name=\"", name);
    if (!e && filename)
        e = add_name(out, "; filename=\"", gy_str_of(filename));
    if (!e && content_type)
        e = gy__buf_addf(out, "\r\nContent-Type: %s", content_type);
    return e ? e : add_text(out, "\r\n\r\n");
}

int gy__multipart_begin_part(struct gy__buf *out, const char *boundary, bool first, gy_str name,
                             const char *filename, const char *content_type)
{
    size_t before = out->len;
    if (filename && !content_type)
        content_type = "application/octet-stream";
    if (content_type && has_control(content_type))
        return GY_EINVAL;
    int e = begin_part(out, boundary, first, name, filename, content_type);
    if (e)
        gy__buf_cut(out, before);
    return e;
}

int gy__multipart_end(struct gy__buf *out, const char *boundary, bool empty)
{
    return gy__buf_addf(out, "%s--%s--\r\n", empty ? "" : "\r\n", boundary);
}
