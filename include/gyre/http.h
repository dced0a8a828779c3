/* SPDX-License-Identifier: MIT */
/* http.h - the words of HTTP: methods, status codes and header fields. */
#ifndef GYRE_HTTP_H
#define GYRE_HTTP_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <gyre/str.h>
#include <stdbool.h>
#include <stddef.h>

/* RFC 9110 section 9, and PATCH of RFC 5789. Any other method is GY_METHOD_OTHER. */
enum gy_method {
    GY_METHOD_GET,
    GY_METHOD_HEAD,
    GY_METHOD_POST,
    GY_METHOD_PUT,
    GY_METHOD_DELETE,
    GY_METHOD_PATCH,
    GY_METHOD_OPTIONS,
    GY_METHOD_CONNECT,
    GY_METHOD_TRACE,
    GY_METHOD_OTHER
};

/* One header field. Both views are NUL-terminated; the name is spelt as it was sent. */
typedef struct gy_field {
    gy_str name, value;
} gy_field;

/* An ordered multimap of header fields; names compare without regard to case. {.arena = a} is
 * valid and empty. What add and set are given is copied to the arena. */
typedef struct gy_headers {
    gy_field *items; /* [count] fields in the order they were sent or added */
    size_t count, capacity;
    gy_arena *arena; /* NULL: may be read, but not added to */
} gy_headers;

/* Each field: gy_headers_each(f, h) printf("%s\n", f->name.ptr); */
#define gy_headers_each(it_, h_)                                                                   \
    for (const gy_field *it_ = (h_)->items, *it_##_end = it_ ? it_ + (h_)->count : it_;            \
         it_ != it_##_end; it_++)

GY_BEGIN_DECLS

/* "GET" and so on; "OTHER" for GY_METHOD_OTHER and anything that is no method. Static. */
GY_API const char *gy_method_name(enum gy_method method);

/* Methods are case-sensitive: "get" is GY_METHOD_OTHER (RFC 9110 section 9.1). */
GY_API enum gy_method gy_method_of(gy_str name);

/* The reason phrase that IANA registers, "Unknown" for codes without one. Static. */
GY_API const char *gy_status_reason(int status);

/* The value of the first field of that name; {NULL, 0} when there is none. */
GY_API gy_str gy_headers_get(const gy_headers *h, const char *name);
GY_API bool gy_headers_has(const gy_headers *h, const char *name);

/* The values of all fields of that name joined by ", " (RFC 9110 section 5.3), in the arena;
 * {NULL, 0} when there is none, or no memory. Do not use it for Set-Cookie, whose values hold
 * commas of their own: walk those with gy_headers_next. */
GY_API gy_str gy_headers_all(gy_arena *a, const gy_headers *h, const char *name);

/* The field of that name after [prev], the first for NULL; NULL after the last. */
GY_API const gy_field *gy_headers_next(const gy_headers *h, const char *name, const gy_field *prev);

/* Add a field at the end; set replaces all fields of that name by one, in the place of the first.
 * GY_EINVAL when the name is no token or the value holds CR, LF, NUL or another control character
 * than a tab (RFC 9110 section 5.5); GY_ENOMEM. On failure nothing has changed. */
GY_API int gy_headers_add(gy_headers *h, const char *name, const char *value);
GY_API int gy_headers_set(gy_headers *h, const char *name, const char *value);
GY_API int gy_headers_add_str(gy_headers *h, gy_str name, gy_str value);
GY_API int gy_headers_set_str(gy_headers *h, gy_str name, gy_str value);

/* Remove all fields of that name. Gives how many there were. */
GY_API size_t gy_headers_remove(gy_headers *h, const char *name);

GY_END_DECLS

#endif
