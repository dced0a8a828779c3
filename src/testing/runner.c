/* SPDX-License-Identifier: MIT */
/* runner.c - the registered tests, and a main that runs them. */

#include <stdio.h>

#include "testing/test.h"

static struct gy_test_case *registered;

/* Constructors run in the order of the link; within a file in that of the file. */
void gy_test_register(struct gy_test_case *one)
{
    struct gy_test_case **at = &registered;
    while (*at)
        at = &(*at)->next;
    *at = one;
}

static bool is_wanted(const struct gy_test_case *one, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (gy_test_matches(argv[i], gy_str_of(one->name)))
            return true;
    return argc < 2;
}

static bool run(const struct gy_test_case *one)
{
    gy_test *t = gy_test_begin(one->name, NULL, NULL);
    if (t)
        one->fn(t);
    bool passed = t && gy_test_end(t) == 0;
    printf("%s %s\n", passed ? "ok  " : "FAIL", one->name);
    fflush(stdout);
    return passed;
}

int gy_test_main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    bool list = argc > 1 && strcmp(argv[1], "--list") == 0;
    for (const struct gy_test_case *one = registered; one; one = one->next) {
        if (list)
            printf("%s\n", one->name);
        else if (!is_wanted(one, argc, argv))
            continue;
        else if (run(one))
            passed++;
        else
            failed++;
    }
    if (list)
        return 0;
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
