/* SPDX-License-Identifier: MIT */
/* fuzz_options.c - argv from bytes: arguments end with a NUL; what follows two in a row is a file of options. */
#include "fuzz.h"

#include <assert.h>
#include <gyre/error.h>
#include <gyre/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ARGS_MAX = 32, CHOICE_FIRST = 3, CHOICE_LAST = 4 };

static struct values {
    const char *text, *colour, *path, *config;
    int port, choice;
    double ratio, wait, since;
    size_t room;
    bool fast;
    gy_texts texts;
    gy_ints ints;
} v;

static const char *const colours[] = {"red", "green", NULL};
static const gy_option_name choices[] = {{"one", CHOICE_FIRST}, {"two", CHOICE_LAST}, {NULL, 0}};

static const gy_option more[] = {
    GY_OPT_PATH("path", &v.path, "h"),
    GY_OPT_DATE("since", &v.since, "i"),
    GY_OPT_TEXTS("texts", &v.texts, "j"),
    GY_OPT_INTS("ints", &v.ints, "k", .min = -50, .max = 5000),
    GY_OPT_CHOICE("choice", &v.choice, choices, "l"),
    GY_OPT_END,
};

static const gy_option options[] = {
    GY_OPT_TEXT("text", &v.text, "a"),
    GY_OPT_TEXT("colour", &v.colour, "b", .choices = colours),
    GY_OPT_INT("port", &v.port, "c", .max = 65535),
    GY_OPT_DOUBLE("ratio", &v.ratio, "d"),
    GY_OPT_TIME("log-wait", &v.wait, "e"),
    GY_OPT_SIZE("room", &v.room, "f"),
    GY_OPT_BOOL("fast", &v.fast, "g"),
    GY_OPT_GROUP("more", more),
    GY_OPT_CONFIG("file-for-the-fuzzer", &v.config, "m", .no_env = true),
    GY_OPT_END,
};

/* Every argument that is left is one that was given, and the sentence is there when it should be. */
static void check(int count, int argc, char **argv, const char *why, const char *start,
                  const char *end)
{
    assert((count < 0) == (why[0] != 0));
    assert(count < 0 || count == argc - 1);
    for (int i = 1; i < argc && count >= 0; i++)
        assert(argv[i] >= start && argv[i] < end);
    for (const char *c = why; *c; c++)
        assert((unsigned char)*c >= ' ' && *c != 127);
}

static void check_values(void)
{
    assert(v.port >= 0 && v.port <= 65535);
    assert(v.wait >= 0 && v.wait <= 1e15 && v.ratio == v.ratio && v.since == v.since);
    assert(strcmp(v.colour, "red") == 0 || strcmp(v.colour, "green") == 0);
    assert(v.choice == CHOICE_FIRST || v.choice == CHOICE_LAST);
    for (size_t i = 0; i < v.texts.count; i++)
        assert(v.texts.items[i][0]);
    for (size_t i = 0; i < v.ints.count; i++)
        assert(v.ints.items[i] >= -50 && v.ints.items[i] <= 5000);
}

/* What is shown can be read again. */
static void set_again(void *arg, const char *group, const gy_option *o, const char *value)
{
    char why[160];
    assert(strcmp(group, "more") == 0 || *group == 0);
    if (o->kind == GY_OPTION_INT || o->kind == GY_OPTION_SIZE || o->kind == GY_OPTION_CHOICE ||
        o->kind == GY_OPTION_BOOL) {
        int e = gy_options_set(arg, o->name, value, why, sizeof why);
        assert(e == 0);
    }
}

/* A file in memory with these bytes; its path goes into [path]. */
static int make_file(const char *bytes, size_t len, char path[64])
{
    int fd = memfd_create("options", MFD_CLOEXEC);
    assert(fd >= 0);
    ssize_t written = write(fd, bytes, len);
    assert(written == (ssize_t)len);
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    v = (struct values){.colour = "red", .port = 1, .choice = CHOICE_FIRST};
    char *bytes = malloc(size + 1);
    if (!bytes)
        return 0;
    memcpy(bytes, data, size);
    bytes[size] = 0;

    char name[] = "prog", why[160], path[64];
    char *argv[ARGS_MAX + 1] = {name};
    int argc = 1, fd = -1;
    char *at = bytes, *end = bytes + size;
    for (; at < end && *at && argc < ARGS_MAX; at += strlen(at) + 1)
        argv[argc++] = at;
    if (at < end && !*at) {
        fd = make_file(at + 1, (size_t)(end - at - 1), path);
        v.config = path;
    }
    gy_options parser = {.table = options};
    int count = gy_options_parse(&parser, &argc, argv, why, sizeof why);
    check(count, argc, argv, why, bytes, bytes + size + 1);
    check_values();
    if (gy_options_reload(&parser, why, sizeof why))
        assert(why[0]);
    check_values();
    gy_options_each(options, set_again, &parser);
    gy_options_done(&parser);
    if (fd >= 0)
        close(fd);
    free(bytes);
    return 0;
}
