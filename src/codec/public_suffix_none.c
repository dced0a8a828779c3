/* SPDX-License-Identifier: MIT */
/* public_suffix_none.c - names under which anybody can have a name, without a list of them. */
#include "codec/public_suffix.h"

#include <string.h>

bool gy__public_suffix(const char *domain)
{
    return !strchr(domain, '.');
}
