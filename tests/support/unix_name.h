/* SPDX-License-Identifier: MIT */
/* unix_name.h - names of unix sockets that no other test has, nor the same test on another poller. */
#ifndef GYRE_TESTS_SUPPORT_UNIX_NAME_H
#define GYRE_TESTS_SUPPORT_UNIX_NAME_H

/* "unix:@gyre-[what]-[pid]", to connect to and for a proxy. The same text each time, as long as the process
 * lives. */
const char *unix_address(const char *what);

/* "@gyre-[what]-[pid]", to listen at. */
const char *unix_name(const char *what);

#endif
