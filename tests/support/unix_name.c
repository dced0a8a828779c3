/* SPDX-License-Identifier: MIT */
/* unix_name.c - a table of the names that were asked for. */

#include "support/unix_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 16, LENGTH = 80, SCHEME = sizeof "unix:" - 1 };

const char *unix_address(const char *what)
{
    static char all[MANY][LENGTH];
    char name[LENGTH];
    snprintf(name, sizeof name, "unix:@gyre-%s-%d", what, (int)getpid());
    for (size_t i = 0; i < MANY; i++) {
        if (!all[i][0])
            memcpy(all[i], name, sizeof name);
        if (!strcmp(all[i], name))
            return all[i];
    }
    abort(); /* a test has that many names */
}

const char *unix_name(const char *what)
{
    return unix_address(what) + SCHEME;
}
