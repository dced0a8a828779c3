/* SPDX-License-Identifier: MIT */
/* version.c - which gyre this is. */
#include <gyre/version.h>

const char *gy_version(void)
{
    return GY_VERSION;
}
