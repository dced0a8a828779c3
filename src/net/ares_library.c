/* SPDX-License-Identifier: MIT */
/* ares_library.c - c-ares, loaded when it is first needed, and told how to ask. */
#include "net/ares_library.h"

#include <ares.h>
#include <gyre/error.h>
#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/shared_library.h"
#include "net/addr.h"
#include "net/host_name.h"

enum { DOMAINS = 32, PORT_MOST = 65535 };

struct gy__ares_library gy__ares_library;

static bool begin(void)
{
    return gy__ares_library.init(ARES_LIB_INIT_ALL, gy__alloc, gy__free, gy__realloc) ==
           ARES_SUCCESS;
}

bool gy__ares_library_load(void)
{
    static const struct gy__library_function functions[] = {
        {"ares_library_init_mem", &gy__ares_library.init},
        {"ares_init_options", &gy__ares_library.init_options},
        {"ares_destroy", &gy__ares_library.destroy},
        {"ares_cancel", &gy__ares_library.cancel},
        {"ares_getaddrinfo", &gy__ares_library.getaddrinfo},
        {"ares_freeaddrinfo", &gy__ares_library.freeaddrinfo},
        {"ares_process_fd", &gy__ares_library.process_fd},
        {"ares_timeout", &gy__ares_library.timeout},
        {"ares_getsock", &gy__ares_library.getsock},
        {"ares_set_servers_ports_csv", &gy__ares_library.set_servers},
        {"ares_set_local_ip4", &gy__ares_library.set_ip4},
        {"ares_set_local_ip6", &gy__ares_library.set_ip6},
        {"ares_set_local_dev", &gy__ares_library.set_device},
    };
    static struct gy__library library = {.file = "libcares.so.2",
                                         .functions = functions,
                                         .count = sizeof functions / sizeof *functions,
                                         .begin = begin};
    return gy__library_load(&library);
}

/* -- Options ------------------------------------------------------------------------------------- */

static int flags_of(const gy_cares_opts *o)
{
    return (o->tcp_only ? ARES_FLAG_USEVC : 0) | (o->primary_only ? ARES_FLAG_PRIMARY : 0) |
           (o->ignore_truncated ? ARES_FLAG_IGNTC : 0) |
           (o->no_recursion ? ARES_FLAG_NORECURSE : 0) | (o->stay_open ? ARES_FLAG_STAYOPEN : 0) |
           (o->no_search ? ARES_FLAG_NOSEARCH : 0) | (o->no_aliases ? ARES_FLAG_NOALIASES : 0) |
           (o->no_check ? ARES_FLAG_NOCHECKRESP : 0) | (o->edns ? ARES_FLAG_EDNS : 0);
}

static bool makes_sense(const gy_cares_opts *o)
{
    return o->tries >= 0 && o->try_timeout >= 0 && o->try_timeout < INT_MAX / 1000.0 &&
           o->udp_port >= 0 && o->udp_port <= PORT_MOST && o->tcp_port >= 0 &&
           o->tcp_port <= PORT_MOST;
}

/* The names of a list, in [text]; how many, or GY_EINVAL. */
static int split_domains(char *text, char *names[DOMAINS])
{
    int count = 0;
    for (char *at = text, *comma; at; at = comma ? comma + 1 : NULL) {
        comma = strchr(at, ',');
        if (comma)
            *comma = 0;
        at += strspn(at, " ");
        if (count == DOMAINS || !gy__host_name_valid(gy_str_of(at)))
            return GY_EINVAL;
        names[count++] = at;
    }
    return count;
}

static int open_channel(const gy_cares_opts *o, struct ares_options *options, int which,
                        ares_channel *out)
{
    if (o->try_timeout > 0)
        which |= ARES_OPT_TIMEOUTMS;
    if (o->tries)
        which |= ARES_OPT_TRIES;
    if (o->ndots)
        which |= ARES_OPT_NDOTS;
    if (o->udp_port)
        which |= ARES_OPT_UDP_PORT;
    if (o->tcp_port)
        which |= ARES_OPT_TCP_PORT;
    if (o->rotate)
        which |= ARES_OPT_ROTATE;
    if (options->ndomains)
        which |= ARES_OPT_DOMAINS;
    int status = gy__ares_library.init_options(out, options, which);
    return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? GY_ENOMEM : GY_EINVAL;
}

static int set_source(ares_channel channel, const char *source)
{
    struct gy__inet ip;
    uint32_t ip4;
    if (gy__inet_parse(source, &ip)) {
        gy__ares_library.set_device(channel, source);
    } else if (ip.family == AF_INET6) {
        gy__ares_library.set_ip6(channel, ip.bytes);
    } else {
        memcpy(&ip4, ip.bytes, sizeof ip4);
        gy__ares_library.set_ip4(channel, ntohl(ip4));
    }
    return 0;
}

/* c-ares cuts the list of resolv.conf down to the first itself, but not this one. */
static int set_servers(ares_channel channel, const char *servers, bool first_only)
{
    size_t len = first_only ? strcspn(servers, ",") : strlen(servers);
    char *list = gy__zalloc(len + 1);
    if (!list)
        return GY_ENOMEM;
    int status = gy__ares_library.set_servers(channel, memcpy(list, servers, len));
    gy__free(list);
    return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? GY_ENOMEM : GY_EINVAL;
}

int gy__ares_channel(const gy_cares_opts *o, ares_sock_state_cb on_socket, void *arg,
                     ares_channel *out)
{
    char *names[DOMAINS], lookups[] = "b"; /* the hosts file was looked at */
    size_t len = o->domains ? strlen(o->domains) + 1 : 1;
    struct ares_options options = {.flags = flags_of(o),
                                   .timeout = (int)(o->try_timeout * 1000),
                                   .tries = o->tries,
                                   .ndots = o->ndots > 0 ? o->ndots : 0,
                                   .udp_port = (uint16_t)o->udp_port,
                                   .tcp_port = (uint16_t)o->tcp_port,
                                   .domains = names,
                                   .lookups = lookups,
                                   .sock_state_cb = on_socket,
                                   .sock_state_cb_data = arg};
    if (!makes_sense(o))
        return GY_EINVAL;
    char *domains = gy__zalloc(len);
    if (!domains)
        return GY_ENOMEM;
    if (o->domains)
        options.ndomains = split_domains(memcpy(domains, o->domains, len), names);
    int e = options.ndomains < 0
                ? GY_EINVAL
                : open_channel(o, &options,
                               ARES_OPT_FLAGS | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB, out);
    gy__free(domains);
    if (!e && o->servers && (e = set_servers(*out, o->servers, o->primary_only)))
        gy__ares_library.destroy(*out);
    if (!e && o->source_address)
        e = set_source(*out, o->source_address);
    return e;
}
