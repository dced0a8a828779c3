/* SPDX-License-Identifier: MIT */
/* multipart_write.h - multipart/form-data bodies, as browsers send them (RFC 7578). */
#ifndef GYRE_CODEC_MULTIPART_WRITE_H
#define GYRE_CODEC_MULTIPART_WRITE_H

#include "base/buf.h"

enum { GY__BOUNDARY_RANDOM = 16, GY__BOUNDARY_ROOM = 41 };

/* A boundary of letters, digits and dashes from random bytes: so many that no part contains it by
 * chance. For "Content-Type: multipart/form-data; boundary=" no quotes are needed. */
void gy__multipart_boundary(char out[GY__BOUNDARY_ROOM],
                            const unsigned char random[GY__BOUNDARY_RANDOM]);

/* Append what stands before a part's bytes. [filename] NULL: a plain field; [content_type] NULL: none, or
 * application/octet-stream for a file. Quotes and line ends in the names are percent-encoded. The first
 * part of a body is [first]. 0; GY_EINVAL for a [content_type] with control characters; GY_ETOOBIG,
 * GY_ENOMEM; on failure nothing is appended. */
GY_CHECKED int gy__multipart_begin_part(struct gy__buf *out, const char *boundary, bool first,
                                        gy_str name, const char *filename,
                                        const char *content_type);

/* Append the end of the body; [empty]: there was no part. */
GY_CHECKED int gy__multipart_end(struct gy__buf *out, const char *boundary, bool empty);

#endif
