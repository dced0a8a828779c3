/* SPDX-License-Identifier: MIT */
/* host_name.h - what can be the name of a host, looked at before anybody is asked for it. */
#ifndef GYRE_NET_HOST_NAME_H
#define GYRE_NET_HOST_NAME_H

#include <gyre/str.h>

#include "net/addr.h"

/* Letters, digits, '-' and '_' in labels of 1 to 63, with dots between; 253 at most, and a dot may end it. Not
 * what the system would take for a number, such as "127.1", "0x7f000001" or "10.0.0.08": whoever allows or
 * forbids addresses does not see them in it. */
bool gy__host_name_valid(gy_str name);

/* In small letters and without the dot at the end; [name] is valid. */
void gy__host_name_plain(gy_str name, char out[GY__HOST_ROOM]);

/* "localhost" and all names below it (RFC 6761 6.3). [plain] as the function above gives it. */
bool gy__host_name_is_local(const char *plain);

#endif
