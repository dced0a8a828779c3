/* SPDX-License-Identifier: MIT */
/* hello.c - what a user's first program looks like, built against the installed library. Without
 * arguments it says the library's version, from a task; with some it is a server. */
#include <gyre.h>
#include <stdio.h>

static int hello(gy_request *r)
{
    return gy_write(r, "Hello, world\n");
}

static const gy_route routes[] = {GY_GET("/", hello), GY_END};

static int say_version(void *arg)
{
    (void)arg;
    int e = gy_sleep(0.001);
    puts(gy_version());
    return e;
}

int main(int argc, char **argv)
{
    if (argc == 1)
        return gy_run(say_version, NULL);
    return gy_main(&(gy_app){.routes = routes}, argc, argv);
}
