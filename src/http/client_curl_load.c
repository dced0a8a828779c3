/* SPDX-License-Identifier: MIT */
/* client_curl_load.c - libcurl, loaded when the first client asks for it. */

#include <string.h>

#include "base/alloc.h"
#include "base/shared_library.h"
#include "http/client_curl.h"

/* The first that has all that is asked of it. */
enum { VERSION_LEAST = 0x075700 };

struct gy__libcurl gy__libcurl;

static const struct gy__library_function functions[] = {
    {"curl_easy_cleanup", &gy__libcurl.easy_cleanup},
    {"curl_easy_getinfo", &gy__libcurl.easy_getinfo},
    {"curl_easy_init", &gy__libcurl.easy_init},
    {"curl_easy_pause", &gy__libcurl.easy_pause},
    {"curl_easy_setopt", &gy__libcurl.easy_setopt},
    {"curl_easy_strerror", &gy__libcurl.easy_strerror},
    {"curl_global_init_mem", &gy__libcurl.global_init_mem},
    {"curl_multi_add_handle", &gy__libcurl.multi_add_handle},
    {"curl_multi_assign", &gy__libcurl.multi_assign},
    {"curl_multi_cleanup", &gy__libcurl.multi_cleanup},
    {"curl_multi_info_read", &gy__libcurl.multi_info_read},
    {"curl_multi_init", &gy__libcurl.multi_init},
    {"curl_multi_remove_handle", &gy__libcurl.multi_remove_handle},
    {"curl_multi_setopt", &gy__libcurl.multi_setopt},
    {"curl_multi_socket_action", &gy__libcurl.multi_socket_action},
    {"curl_slist_append", &gy__libcurl.slist_append},
    {"curl_slist_free_all", &gy__libcurl.slist_free_all},
    {"curl_version_info", &gy__libcurl.version_info},
};

static void *allocate_zeroed(size_t count, size_t size)
{
    size_t all;
    return __builtin_mul_overflow(count, size, &all) ? NULL : gy__zalloc(all);
}

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *to = gy__alloc(size);
    return to ? memcpy(to, text, size) : NULL;
}

/* Its memory comes through our door, unless somebody in the program has begun with libcurl before. */
static bool begin(void)
{
    return gy__libcurl.version_info(CURLVERSION_NOW)->version_num >= VERSION_LEAST &&
           gy__libcurl.global_init_mem(CURL_GLOBAL_DEFAULT, gy__alloc, gy__free, gy__realloc, copy,
                                       allocate_zeroed) == CURLE_OK;
}

bool gy__libcurl_load(void)
{
    static struct gy__library library = {
        .file = "libcurl.so.4",
        .functions = functions,
        .count = sizeof functions / sizeof functions[0],
        .begin = begin,
    };
    return gy__library_load(&library);
}
