/* SPDX-License-Identifier: MIT */
/* main.c - the program gyre: which command is meant. */
#include <gyre/version.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

/* A row for each; its function gets argv from its own name on, and gives the exit status. */
static const struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"fetch", "ask HTTP servers, print or save what they answer", fetch_main},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_usage(FILE *out)
{
    fprintf(out, "usage: gyre COMMAND [options] ...\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s  %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\ngyre COMMAND --help tells more; gyre --version, which one this is.\n");
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    const struct command *c = find(word);
    if (c)
        return c->run(argc - 1, argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (strcmp(word, "--version") == 0) {
        printf("gyre %s\n", gy_version());
        return EXIT_DONE;
    }
    if (argc < 2)
        print_usage(stderr);
    else
        fprintf(stderr, "gyre: there is no command '%.60s'; gyre --help lists them\n", word);
    return EXIT_USAGE;
}
