/* SPDX-License-Identifier: MIT */
/* hosts_file.h - the format of /etc/hosts: an address and its names in each line (pure). */
#ifndef GYRE_NET_HOSTS_FILE_H
#define GYRE_NET_HOSTS_FILE_H

#include <gyre/error.h>
#include <gyre/str.h>

#include "net/addr.h"

/* One name of a line, valid and plain (small letters, no dot at its end). Not 0 ends the reading. */
typedef int gy__hosts_fn(void *arg, const struct gy__inet *ip, const char *name);

/* Call fn(arg, ...) for each name of each line, in their order. What is no address, and what cannot be
 * a name, is passed over: the file is also read by others, who understand more. 0, or what [fn] ended
 * it with. */
GY_CHECKED int gy__hosts_parse(gy_str text, gy__hosts_fn *fn, void *arg);

#endif
