/* SPDX-License-Identifier: MIT */
/* hosts.c - the names that the hosts file knows, read again when the file has changed. */
#include "net/hosts.h"

#include <fcntl.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/hosts_file.h"

/* Some lists of unwanted names that people make hosts files of have a million lines. */
enum { FILE_MOST = 64 * 1024 * 1024, IPS_MOST = 64 };

/* Value in the map; its key is [name]. */
struct host {
    struct gy__inet *ips;
    size_t count;
    char name[];
};

static void free_names(struct gy__map *names)
{
    gy_str name;
    void *host;
    for (size_t at = 0; gy__map_each(names, &at, &name, &host);) {
        gy__free(((struct host *)host)->ips);
        gy__free(host);
    }
    gy__map_done(names);
}

static struct host *find_or_add(struct gy__map *names, const char *name)
{
    size_t len = strlen(name);
    struct host *host = gy__map_find(names, gy_str_n(name, len));
    if (host)
        return host;
    host = gy__zalloc(sizeof *host + len + 1);
    if (!host)
        return NULL;
    memcpy(host->name, name, len + 1);
    if (gy__map_insert(names, gy_str_n(host->name, len), host, NULL)) {
        gy__free(host);
        return NULL;
    }
    return host;
}

static bool same_ip(const struct gy__inet *a, const struct gy__inet *b)
{
    return a->family == b->family && a->scope == b->scope &&
           memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static int add(void *arg, const struct gy__inet *ip, const char *name)
{
    struct host *host = find_or_add(arg, name);
    if (!host)
        return GY_ENOMEM;
    for (size_t i = 0; i < host->count; i++)
        if (same_ip(&host->ips[i], ip))
            return 0;
    if (host->count == IPS_MOST)
        return 0;
    struct gy__inet *ips = gy__realloc(host->ips, (host->count + 1) * sizeof *ips);
    if (!ips)
        return GY_ENOMEM;
    host->ips = ips;
    ips[host->count++] = *ip;
    return 0;
}

static ssize_t read_whole(int fd, char *buf, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(fd, buf + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

/* What cannot be read has no names, and says so when it is there. */
static int unreadable(struct gy__hosts *h, int error)
{
    if (error != ENOENT)
        gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "cannot read %s: %s", h->path, strerror(error));
    free_names(&h->names);
    return 0;
}

static int parse(struct gy__hosts *h, gy_str text)
{
    struct gy__map names = {.slots = NULL};
    int e = gy__hosts_parse(text, add, &names);
    if (e) {
        free_names(&names);
        return e;
    }
    free_names(&h->names);
    h->names = names;
    return 0;
}

static int read_open(struct gy__hosts *h, int fd)
{
    struct stat st;
    if (fstat(fd, &st))
        return unreadable(h, errno);
    if (!S_ISREG(st.st_mode))
        return unreadable(h, EINVAL);
    if (st.st_size > FILE_MOST)
        return unreadable(h, EFBIG);
    size_t size = (size_t)st.st_size;
    char *text = gy__alloc(size);
    if (!text)
        return GY_ENOMEM;
    ssize_t n = read_whole(fd, text, size);
    int e = n < 0 ? unreadable(h, (int)-n) : parse(h, gy_str_n(text, (size_t)n));
    gy__free(text);
    return e;
}

static int read_again(struct gy__hosts *h)
{
    int fd = open(h->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return unreadable(h, errno);
    int e = read_open(h, fd);
    close(fd);
    return e;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int look(struct gy__hosts *h)
{
    struct stat now = {.st_size = 0}; /* what is not there is all zero */
    int64_t t = gy__clock_now();
    if (t < h->look_at)
        return 0;
    if (stat(h->path, &now))
        memset(&now, 0, sizeof now);
    if (h->look_at == 0 || !same_file(&now, &h->as_read)) {
        int e = read_again(h);
        if (e)
            return e;
        h->as_read = now;
    }
    h->look_at = t + GY__NS_PER_S;
    return 0;
}

int gy__hosts_find(struct gy__hosts *h, const char *name, int family, struct gy__inet *out,
                   size_t max)
{
    if (!h->path)
        return 0;
    int e = look(h);
    if (e)
        return e;
    const struct host *host = gy__map_find(&h->names, gy_str_of(name));
    size_t found = 0;
    for (size_t i = 0; host && i < host->count && found < max; i++)
        if (!family || host->ips[i].family == family)
            out[found++] = host->ips[i];
    return (int)found;
}

void gy__hosts_done(struct gy__hosts *h)
{
    free_names(&h->names);
    h->look_at = 0;
}
