/* SPDX-License-Identifier: MIT */
/* ares_library.h - c-ares, loaded when it is first needed, and told how to ask. */
#ifndef GYRE_NET_ARES_LIBRARY_H
#define GYRE_NET_ARES_LIBRARY_H

#include <ares.h>
#include <gyre/resolver.h>
#include <stdbool.h>

/* What is used of it; there once gy__ares_library_load has given true. */
struct gy__ares_library {
    __typeof__(&ares_library_init_mem) init;
    __typeof__(&ares_init_options) init_options;
    __typeof__(&ares_destroy) destroy;
    __typeof__(&ares_cancel) cancel;
    __typeof__(&ares_getaddrinfo) getaddrinfo;
    __typeof__(&ares_freeaddrinfo) freeaddrinfo;
    __typeof__(&ares_process_fd) process_fd;
    __typeof__(&ares_timeout) timeout;
    __typeof__(&ares_getsock) getsock;
    __typeof__(&ares_set_servers_ports_csv) set_servers;
    __typeof__(&ares_set_local_ip4) set_ip4;
    __typeof__(&ares_set_local_ip6) set_ip6;
    __typeof__(&ares_set_local_dev) set_device;
};
extern struct gy__ares_library gy__ares_library;

bool gy__ares_library_load(void);

/* A channel that asks as [opts] say and tells [on_socket] of its sockets. 0, GY_EINVAL or GY_ENOMEM. */
GY_CHECKED int gy__ares_channel(const gy_cares_opts *opts, ares_sock_state_cb on_socket, void *arg,
                                ares_channel *out);

#endif
