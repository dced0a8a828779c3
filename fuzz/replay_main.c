/* SPDX-License-Identifier: MIT */
/* replay_main.c - runs a fuzz target as a test: every file of the folders named, then mutations of
 * them that are the same on each run. */
#include "fuzz.h"
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MUTATIONS = 20000, BIGGEST = 1 << 16 };

struct input {
    uint8_t *data;
    size_t size;
};

static struct input *inputs;
static size_t input_count;

/* xorshift64*: the same numbers on every machine. */
static uint64_t state = 0x9e3779b97f4a7c15;

static size_t below(size_t limit)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return limit ? (size_t)((state * 0x2545f4914f6cdd1d) >> 33) % limit : 0;
}

static void *must(void *p)
{
    if (p)
        return p;
    fputs("replay: out of memory\n", stderr);
    exit(2);
}

/* What is being tried; behind it, [running_size] bytes. */
static const uint8_t *running;
static size_t running_size;

/* The input, as `xxd -r -p` takes it back; it belongs in fuzz/regression. */
static void confess(void)
{
    fprintf(stderr, "replay: this input failed (%zu bytes, in hexadecimal):\n", running_size);
    for (size_t i = 0; i < running_size; i++)
        fprintf(stderr, "%02x%s", running[i], i % 40 == 39 ? "\n" : "");
    fputc('\n', stderr);
}

static void on_abort(int signo)
{
    confess();
    signal(signo, SIG_DFL);
    raise(signo);
}

/* There when a sanitizer is. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

static void watch(void)
{
    signal(SIGABRT, on_abort);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(confess);
    else
        signal(SIGSEGV, on_abort);
}

/* From memory of exactly its size, so that a read past the end is seen. */
static void try(const uint8_t *data, size_t size)
{
    uint8_t *exact = must(malloc(size ? size : 1));
    memcpy(exact, data, size);
    running = exact;
    running_size = size;
    LLVMFuzzerTestOneInput(exact, size);
    running_size = 0;
    free(exact);
}

static void keep(const uint8_t *data, size_t size)
{
    inputs = must(realloc(inputs, (input_count + 1) * sizeof *inputs));
    inputs[input_count].data = must(malloc(size ? size : 1));
    inputs[input_count].size = size;
    memcpy(inputs[input_count++].data, data, size);
}

static void replay_file(const char *path)
{
    static uint8_t bytes[BIGGEST];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    keep(bytes, size);
    try(bytes, size);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In order of name; a folder that is not there holds nothing. */
static void replay_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, visible, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        replay_file(path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* A few edits of one input: a byte changed, removed or doubled, or a piece of another put in. */
static size_t mutate(uint8_t *to, const struct input *from)
{
    size_t size = from->size;
    memcpy(to, from->data, size);
    for (size_t edits = 1 + below(4); edits > 0; edits--) {
        size_t at = below(size + 1);
        const struct input *other = &inputs[below(input_count)];
        size_t piece = below(other->size + 1);
        switch (below(4)) {
        case 0:
            if (at < size)
                to[at] = (uint8_t)below(256);
            break;
        case 1:
            if (at < size)
                memmove(to + at, to + at + 1, --size - at);
            break;
        case 2:
            if (at < size)
                to[at] ^= (uint8_t)(1u << below(8));
            break;
        default:
            if (size + piece <= BIGGEST) {
                memmove(to + at + piece, to + at, size - at);
                memcpy(to + at, other->data + below(other->size - piece + 1), piece);
                size += piece;
            }
        }
    }
    return size;
}

int main(int argc, char **argv)
{
    watch();
    try((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        replay_folder(argv[i]);
    size_t files = input_count;
    if (files == 0)
        keep((const uint8_t *)"0", 1);

    uint8_t *bytes = must(malloc(BIGGEST));
    for (int i = 0; i < MUTATIONS; i++)
        try(bytes, mutate(bytes, &inputs[below(input_count)]));
    free(bytes);

    printf("%zu files and %d mutations\n", files, MUTATIONS);
    for (size_t i = 0; i < input_count; i++)
        free(inputs[i].data);
    free(inputs);
    return 0;
}
