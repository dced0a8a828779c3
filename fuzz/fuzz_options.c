/* SPDX-License-Identifier: MIT */
/* fuzz_options.c - argv from bytes: arguments end with a NUL. */
#include "fuzz.h"

#include <assert.h>
#include <gyre/error.h>
#include <gyre/options.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 32 };

/* Every argument that is left is one that was given, and the sentence is there when it should be. */
static void check(int count, int argc, char **argv, const char *why, const char *start,
                  const char *end)
{
    assert(count == GY_EINVAL || count == argc - 1);
    assert((count == GY_EINVAL) == (why[0] != 0));
    for (int i = 1; i < argc && count >= 0; i++)
        assert(argv[i] >= start && argv[i] < end);
    for (const char *c = why; *c; c++)
        assert((unsigned char)*c >= ' ' && *c != 127);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const colours[] = {"red", "green", NULL};
    const char *text = NULL, *colour = "red";
    int port = 1;
    double ratio = 0, wait = 0;
    size_t room = 0;
    bool fast = false;
    const gy_option options[] = {
        GY_OPT_TEXT("text", &text, "a"),
        GY_OPT_TEXT("colour", &colour, "b", .choices = colours),
        GY_OPT_INT("port", &port, "c", .max = 65535),
        GY_OPT_DOUBLE("ratio", &ratio, "d"),
        GY_OPT_TIME("log-wait", &wait, "e"),
        GY_OPT_SIZE("room", &room, "f"),
        GY_OPT_BOOL("fast", &fast, "g"),
        GY_OPT_END,
    };
    char *bytes = malloc(size + 1);
    if (!bytes)
        return 0;
    memcpy(bytes, data, size);
    bytes[size] = 0;

    char name[] = "prog", why[160];
    char *argv[ARGS_MAX + 1] = {name};
    int argc = 1;
    for (char *at = bytes; at < bytes + size && argc < ARGS_MAX; at += strlen(at) + 1)
        argv[argc++] = at;
    gy_options parser = {.table = options};
    int count = gy_options_parse(&parser, &argc, argv, why, sizeof why);
    check(count, argc, argv, why, bytes, bytes + size + 1);
    assert(port >= 0 && port <= 65535);
    assert(wait >= 0 && wait <= 1e15 && ratio == ratio);
    assert(strcmp(colour, "red") == 0 || strcmp(colour, "green") == 0);
    gy_options_done(&parser);
    free(bytes);
    return 0;
}
