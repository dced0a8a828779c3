/* SPDX-License-Identifier: MIT */
/* watchdog_app.c - the server that test_watchdog.py runs: handlers that hold it until a file is there. */
#include <gyre.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_there(void)
{
    return access(getenv("TEST_FILE"), F_OK) == 0;
}

__attribute__((noinline)) static void count_the_stars(void)
{
    while (!is_there()) {
        for (volatile int i = 0; i < 1000000; i++) {
        }
    }
}

__attribute__((noinline)) static void ask_the_oracle(void)
{
    while (!is_there())
        usleep(50 * 1000);
}

static int spin(gy_request *r)
{
    count_the_stars();
    return gy_write(r, "counted\n");
}

static int block(gy_request *r)
{
    ask_the_oracle();
    return gy_write(r, "answered\n");
}

__attribute__((noinline)) static int wait_for_rain(void)
{
    int e = gy_sleep(3600);
    __asm__ volatile("" : : "r"(e) : "memory");
    return e;
}

static int nap(gy_request *r)
{
    int e = wait_for_rain();
    return e ? e : gy_write(r, "slept\n");
}

static int hello(gy_request *r)
{
    return gy_write(r, "hello\n");
}

static const gy_route routes[] = {
    GY_GET("/", hello),
    GY_GET("/spin/{what}", spin),
    GY_GET("/block/{what}", block),
    GY_GET("/nap/{what}", nap),
    GY_END,
};

int main(int argc, char **argv)
{
    return gy_main(&(gy_app){.routes = routes, .name = "watchdog_app"}, argc, argv);
}
