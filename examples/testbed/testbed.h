/* SPDX-License-Identifier: MIT */
/* testbed.h - the handlers that need a file of their own. */
#ifndef TESTBED_H
#define TESTBED_H

#include <gyre.h>

int testbed_echo(gy_request *r);
int testbed_upload(gy_request *r);

#endif
