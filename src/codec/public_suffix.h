/* SPDX-License-Identifier: MIT */
/* public_suffix.h - names under which anybody can have a name, such as co.uk. */
#ifndef GYRE_CODEC_PUBLIC_SUFFIX_H
#define GYRE_CODEC_PUBLIC_SUFFIX_H

#include <stdbool.h>

/* Is [domain], in small letters and ASCII, one? A single label always is. A build without the list
 * knows of no others. */
bool gy__public_suffix(const char *domain);

#endif
