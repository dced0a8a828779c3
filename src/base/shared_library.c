/* SPDX-License-Identifier: MIT */
/* shared_library.c - libraries that are loaded when they are first needed. */

#include "base/shared_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static bool find_all(void *handle, const struct gy__library *library)
{
    for (size_t i = 0; i < library->count; i++) {
        const struct gy__library_function *f = &library->functions[i];
        void *found = dlsym(handle, f->name);
        if (!found)
            return false;
        memcpy(f->place, &found, sizeof found);
    }
    return true;
}

static bool load(const struct gy__library *library)
{
    void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return false;
    if (find_all(handle, library) && (!library->begin || library->begin()))
        return true;
    dlclose(handle);
    return false;
}

bool gy__library_load(struct gy__library *library)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    if (!library->tried)
        library->there = load(library);
    library->tried = true;
    bool there = library->there;
    pthread_mutex_unlock(&lock);
    return there;
}
