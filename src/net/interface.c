/* SPDX-License-Identifier: MIT */
/* interface.c - connections that leave by an interface. */

#include <errno.h>
#include <gyre/error.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "net/socket.h"

static bool is_near(const struct sockaddr *a)
{
    const struct sockaddr_in6 *ip6 = (const void *)a;
    return a->sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ip6->sin6_addr);
}

static bool suits(const struct ifaddrs *it, const char *interface, int family)
{
    return it->ifa_addr && it->ifa_addr->sa_family == family &&
           strcmp(it->ifa_name, interface) == 0;
}

/* Its first address of the family; of IPv6 one of the link for a peer on the link, else one that is not. */
static const struct sockaddr *find(const struct ifaddrs *all, const char *interface,
                                   const struct gy__addr *to)
{
    const struct sockaddr *found = NULL;
    for (const struct ifaddrs *it = all; it; it = it->ifa_next) {
        if (!suits(it, interface, to->any.sa_family))
            continue;
        if (is_near(it->ifa_addr) == is_near(&to->any))
            return it->ifa_addr;
        found = it->ifa_addr;
    }
    return found;
}

static int bind_address(int fd, const char *interface, const struct gy__addr *to)
{
    struct ifaddrs *all;
    if (getifaddrs(&all))
        return -errno;
    const struct sockaddr *a = find(all, interface, to);
    socklen_t len = to->any.sa_family == AF_INET6 ? sizeof to->ip6 : sizeof to->ip4;
    int e = !a ? GY_ENOTFOUND : bind(fd, a, len) ? -errno : 0;
    freeifaddrs(all);
    return e;
}

int gy__bind_interface(int fd, const char *interface, const struct gy__addr *to)
{
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) == 0)
        return 0;
    return errno == EPERM ? bind_address(fd, interface, to) : -errno;
}
