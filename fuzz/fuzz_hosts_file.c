/* SPDX-License-Identifier: MIT */
/* The hosts file: what comes out are valid plain names and addresses, which written again are read as the
 * same. */
#include "fuzz.h"
#include "net/host_name.h"
#include "net/hosts_file.h"

#include <arpa/inet.h>
#include <stdlib.h>

static void must(bool held)
{
    if (!held)
        abort();
}

struct one {
    const struct gy__inet *ip;
    const char *name;
    int count;
};

static int same(void *arg, const struct gy__inet *ip, const char *name)
{
    struct one *expected = arg;
    must(ip->family == expected->ip->family);
    must(memcmp(ip->bytes, expected->ip->bytes, sizeof ip->bytes) == 0);
    must(strcmp(name, expected->name) == 0);
    expected->count++;
    return 0;
}

static int check(void *arg, const struct gy__inet *ip, const char *name)
{
    size_t *names = arg;
    char line[GY__HOST_ROOM + INET6_ADDRSTRLEN + 2], host[INET6_ADDRSTRLEN], plain[GY__HOST_ROOM];
    must(gy__host_name_valid(gy_str_of(name)));
    gy__host_name_plain(gy_str_of(name), plain);
    must(strcmp(name, plain) == 0);
    must(inet_ntop(ip->family, ip->bytes, host, sizeof host) != NULL);

    struct one expected = {.ip = ip, .name = name};
    size_t len = strlen(host), name_len = strlen(name);
    memcpy(line, host, len);
    line[len] = ' ';
    memcpy(line + len + 1, name, name_len + 1);
    must(gy__hosts_parse(gy_str_n(line, len + 1 + name_len), same, &expected) == 0);
    must(expected.count == 1);
    return ++*names > 10000 ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t names = 0;
    int e = gy__hosts_parse(gy_str_n((const char *)data, size), check, &names);
    must(e == 0 || (e == -1 && names == 10001));
    must(names <= size); /* each takes a byte at least */
    return 0;
}
