/* SPDX-License-Identifier: MIT */
/* disposition.h - Content-Disposition fields (RFC 6266, 8187, 2231). */
#ifndef GYRE_CODEC_DISPOSITION_H
#define GYRE_CODEC_DISPOSITION_H

#include "base/buf.h"

#include <gyre/arena.h>

/* Texts are in the arena, with a NUL behind. */
struct gy__disposition {
    gy_str type;     /* in small letters: "attachment", "inline", "form-data" */
    gy_str name;     /* of a form's field; ptr NULL: not said */
    gy_str filename; /* UTF-8, as the peer has written it: may be a path; ptr NULL: not said */
};

/* Take it apart. "filename*" wins over "filename*0" and those that follow it, which win over "filename";
 * one that is not what it says it is (charset, escapes) counts as not there. What is not UTF-8 in a plain
 * one is read as ISO 8859-1. 0; GY_EPROTO for a malformed field, or a name given twice; GY_ENOMEM. */
GY_CHECKED int gy__disposition_parse(gy_arena *a, gy_str field, struct gy__disposition *out);

/* What of a peer's file name may name a file here: what is behind the last / or \. Empty when nothing
 * such is left: for "", "." and "..", and with control characters. A view. */
gy_str gy__disposition_base(gy_str filename);

/* Append 'attachment; filename="x"', and filename* as well when the name needs it. 0; GY_EINVAL when it
 * is not UTF-8 or has control characters; GY_ETOOBIG, GY_ENOMEM. */
GY_CHECKED int gy__disposition_write(struct gy__buf *out, const char *type, gy_str filename);

#endif
