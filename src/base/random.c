/* SPDX-License-Identifier: MIT */
/* random.c - random bytes fit for keys. */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

int gy__random(void *out, size_t len)
{
    char *p = out;
    while (len) {
        ssize_t n = getrandom(p, len, 0);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        p += n;
        len -= (size_t)n;
    }
    return 0;
}
