/* SPDX-License-Identifier: MIT */
/* json.h - JSON from shapes, at once and piece by piece. */
#ifndef GYRE_JSON_H
#define GYRE_JSON_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <gyre/str.h>
#include <stdbool.h>

struct gy_request;

/* Made by gy_json_begin (web.h); the answer is one object. Failures are sticky: the first one is
 * remembered and comes back from gy_json_end.
 *     gy_json_out out = gy_json_begin(r);
 *     gy_json_array(&out, "stories");
 *     gy_json_item(&out, "{id: %ld, title: %s}", id, title);
 *     return gy_json_end(&out); */
typedef struct gy_json_out {
    struct gy_request *r;
    void *writer; /* NULL after a failure */
    int failure;
} gy_json_out;

GY_BEGIN_DECLS

/* Begin an array or object that lasts until gy_json_close or the end. [key] is its name in an
 * object, and NULL in an array. */
GY_API void gy_json_array(gy_json_out *out, const char *key);
GY_API void gy_json_object(gy_json_out *out, const char *key);
GY_API void gy_json_close(gy_json_out *out);

/* A value in a shape (see gy_json): the next item of an array, or in an object the value of [key].
 */
GY_API void gy_json_item(gy_json_out *out, const char *shape, ...) GY_PRINTF(2, 3);
GY_API void gy_json_put(gy_json_out *out, const char *key, const char *shape, ...) GY_PRINTF(3, 4);

/* Close what is open and answer with it. What the handler returns. */
GY_API int gy_json_end(gy_json_out *out);

/* A JSON text in a shape, in the arena; ptr NULL when memory is exhausted or the shape malformed. A
 * shape is a printf format in which keys need no quotes:
 *     gy_json_strf(a, "{id: %ld, title: %s, tags: [%s, 'new'], done: !!%d, at: %.2f}", ...)
 * %s is quoted and escaped, and NULL becomes null; !!%d is true or false; %g and %f without a
 * precision are the shortest number that reads back. */
GY_API gy_str gy_json_strf(gy_arena *a, const char *shape, ...) GY_PRINTF(2, 3);
GY_API gy_str gy_json_vstrf(gy_arena *a, const char *shape, va_list ap) GY_PRINTF(2, 0);

GY_END_DECLS

#endif
