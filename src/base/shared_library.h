/* SPDX-License-Identifier: MIT */
/* shared_library.h - libraries that are loaded when they are first needed. */
#ifndef GYRE_BASE_SHARED_LIBRARY_H
#define GYRE_BASE_SHARED_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

struct gy__library_function {
    const char *name;
    void *place; /* of a pointer to it */
};

/* A static table; what it does not name is 0. */
struct gy__library {
    const char *file; /* such as "libcurl.so.4" */
    const struct gy__library_function *functions;
    size_t count;
    bool (*begin)(
        void); /* once, when all are in place; false: not to be used. NULL: nothing to do */
    bool tried, there;
};

/* Load it unless that was tried before, in any thread: whether it is there with all of these functions.
 * It stays until the process ends. */
bool gy__library_load(struct gy__library *library);

#endif
