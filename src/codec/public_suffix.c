/* SPDX-License-Identifier: MIT */
/* public_suffix.c - names under which anybody can have a name, from libpsl's list. */
#include "codec/public_suffix.h"

#include <libpsl.h>
#include <stddef.h>
#include <string.h>

bool gy__public_suffix(const char *domain)
{
    const psl_ctx_t *list = psl_builtin();
    return !strchr(domain, '.') || (list && psl_is_public_suffix(list, domain));
}
