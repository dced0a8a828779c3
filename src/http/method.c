/* SPDX-License-Identifier: MIT */
/* method.c - methods by name. */
#include <gyre/http.h>

static const gy_str names[] = {
    [GY_METHOD_GET] = GY_STR("GET"),         [GY_METHOD_HEAD] = GY_STR("HEAD"),
    [GY_METHOD_POST] = GY_STR("POST"),       [GY_METHOD_PUT] = GY_STR("PUT"),
    [GY_METHOD_DELETE] = GY_STR("DELETE"),   [GY_METHOD_PATCH] = GY_STR("PATCH"),
    [GY_METHOD_OPTIONS] = GY_STR("OPTIONS"), [GY_METHOD_CONNECT] = GY_STR("CONNECT"),
    [GY_METHOD_TRACE] = GY_STR("TRACE"),     [GY_METHOD_OTHER] = GY_STR("OTHER"),
};

const char *gy_method_name(enum gy_method method)
{
    return (unsigned)method < GY_METHOD_OTHER ? names[method].ptr : names[GY_METHOD_OTHER].ptr;
}

enum gy_method gy_method_of(gy_str name)
{
    for (unsigned i = 0; i < GY_METHOD_OTHER; i++) {
        if (gy_str_eq(name, names[i])) {
            return (enum gy_method)i;
        }
    }
    return GY_METHOD_OTHER;
}
