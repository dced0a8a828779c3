/* SPDX-License-Identifier: MIT */
/* escape.h - text and bytes made safe for where they go. */
#ifndef GYRE_ESCAPE_H
#define GYRE_ESCAPE_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <gyre/str.h>

GY_BEGIN_DECLS

/* All results lie in the arena; ptr NULL when memory is exhausted. */

/* & < > " and ' as entities: text for an element or a quoted attribute of HTML. */
GY_API gy_str gy_html_escape(gy_arena *a, gy_str text);

/* Percent-encoding of everything but letters, digits and -._~ (RFC 3986 section 2); and back, where
 * a % without two hexadecimal digits stays as it is. */
GY_API gy_str gy_url_escape(gy_arena *a, gy_str text);
GY_API gy_str gy_url_unescape(gy_arena *a, gy_str text);

/* Base64 with padding (RFC 4648 section 4); and strictly back: ptr NULL also for a malformed text. */
GY_API gy_str gy_base64(gy_arena *a, gy_str bytes);
GY_API gy_str gy_unbase64(gy_arena *a, gy_str text);

GY_END_DECLS

#endif
