/* SPDX-License-Identifier: MIT */
/* hello.c - what a user's first program looks like, built against the installed library. */
#include <gyre/version.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    puts(gy_version());
    return strcmp(gy_version(), GY_VERSION) != 0;
}
