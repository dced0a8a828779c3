/* SPDX-License-Identifier: MIT */
/* port_holder.c - which process listens on a port, looked up in /proc. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/port_holder.h"

enum { INODES_MAX = 8, LISTENING = 0x0a };

/* The sockets that listen on a port; one without an owner any more has the inode 0. */
struct inodes {
    unsigned long items[INODES_MAX];
    int count;
};

static void keep(struct inodes *found, unsigned long inode)
{
    if (inode && found->count < INODES_MAX)
        found->items[found->count++] = inode;
}

/* "  0: 0100007F:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 12345 ..." */
static void find_tcp(const char *table, unsigned port, struct inodes *found)
{
    FILE *file = fopen(table, "re");
    if (!file)
        return;
    char line[512];
    while (fgets(line, sizeof line, file)) {
        unsigned local, state;
        unsigned long inode;
        if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*s %*s %lu",
                   &local, &state, &inode) == 3 &&
            local == port && state == LISTENING)
            keep(found, inode);
    }
    fclose(file);
}

/* "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/app.sock" */
static void find_unix(const char *path, struct inodes *found)
{
    FILE *file = fopen("/proc/net/unix", "re");
    if (!file)
        return;
    char line[512];
    while (fgets(line, sizeof line, file)) {
        unsigned long inode;
        int at = 0;
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "%*s %*s %*s %*s %*s %*s %lu %n", &inode, &at) == 1 && at > 0 &&
            strcmp(line + at, path) == 0)
            keep(found, inode);
    }
    fclose(file);
}

static bool is_one_of(const char *link, const struct inodes *found)
{
    unsigned long inode;
    if (sscanf(link, "socket:[%lu]", &inode) != 1)
        return false;
    for (int i = 0; i < found->count; i++)
        if (found->items[i] == inode)
            return true;
    return false;
}

/* Of processes of other users the kernel shows no descriptors: they are passed over. */
static bool holds(const char *pid, const struct inodes *found)
{
    char folder[64];
    snprintf(folder, sizeof folder, "/proc/%.20s/fd", pid);
    DIR *fds = opendir(folder);
    if (!fds)
        return false;
    bool yes = false;
    for (struct dirent *fd; !yes && (fd = readdir(fds));) {
        char link[64];
        ssize_t len = readlinkat(dirfd(fds), fd->d_name, link, sizeof link - 1);
        if (len <= 0)
            continue;
        link[len] = 0;
        yes = is_one_of(link, found);
    }
    closedir(fds);
    return yes;
}

static void read_name(struct gy__holder *out)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/comm", out->pid);
    snprintf(out->name, sizeof out->name, "a process");
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    if (fgets(out->name, sizeof out->name, file))
        out->name[strcspn(out->name, "\n")] = 0;
    fclose(file);
}

static bool find_process(const struct inodes *found, struct gy__holder *out)
{
    DIR *processes = opendir("/proc");
    if (!processes)
        return false;
    out->pid = 0;
    for (struct dirent *entry; (entry = readdir(processes));) {
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid > 0 && (out->pid == 0 || pid < out->pid) && holds(entry->d_name, found))
            out->pid = (int)pid;
    }
    closedir(processes);
    if (out->pid)
        read_name(out);
    return out->pid != 0;
}

bool gy__port_holder(const struct gy__addr *a, struct gy__holder *out)
{
    struct inodes found = {.count = 0};
    if (a->any.sa_family == AF_UNIX) {
        char text[GY_ADDRESS_MAX];
        gy__addr_print(a, text);
        find_unix(text + strlen("unix:"), &found);
    } else {
        unsigned port = (unsigned)gy__addr_port(a);
        find_tcp("/proc/net/tcp", port, &found);
        find_tcp("/proc/net/tcp6", port, &found);
    }
    return found.count > 0 && find_process(&found, out);
}
