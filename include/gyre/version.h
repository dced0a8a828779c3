/* SPDX-License-Identifier: MIT */
/* version.h - which gyre this is. */
#ifndef GYRE_VERSION_H
#define GYRE_VERSION_H

#include <gyre/export.h>

#define GY_VERSION "0.1.0"
#define GY_VERSION_NUMBER 0x000100 /* 0xMMmmpp */

GY_BEGIN_DECLS

/* The version of the library that runs, which need not be the one compiled against. */
GY_API const char *gy_version(void);

GY_END_DECLS

#endif
