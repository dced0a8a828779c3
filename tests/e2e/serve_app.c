/* SPDX-License-Identifier: MIT */
/* serve_app.c - the server that test_serve.py runs. */
#include <gyre.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *greeting = "hello";

static int hello(gy_request *r)
{
    return gy_writef(r, "%s\n", greeting);
}

static int pid(gy_request *r)
{
    return gy_writef(r, "%d\n", (int)getpid());
}

static int nap(gy_request *r)
{
    int e = gy_sleep(gy_path_double(r, "seconds"));
    return e ? e : gy_write(r, "slept\n");
}

static int spin(gy_request *r)
{
    volatile unsigned long sum = 0;
    for (long i = gy_path_int(r, "thousands") * 1000; i > 0; i--)
        sum += (unsigned long)i;
    return gy_writef(r, "spun %lu\n", sum);
}

static int crash(gy_request *r)
{
    (void)r;
    abort();
}

static int length(gy_request *r)
{
    return gy_writef(r, "%zu\n", r->body.len);
}

static int reload(gy_request *r)
{
    char why[200];
    int e = gy_options_reload(gy_options_main(), why, sizeof why);
    return gy_writef(r, "%d %s\n", e, why);
}

static const gy_route routes[] = {
    GY_GET("/reload", reload),
    GY_GET("/", hello),
    GY_GET("/pid", pid),
    GY_GET("/sleep/{seconds:float}", nap),
    GY_GET("/spin/{thousands:int}", spin),
    GY_GET("/crash", crash),
    GY_POST("/length", length),
    GY_END,
};

/* May wait, as it would to connect to a database. */
static int on_start(const gy_app *app)
{
    (void)app;
    const char *code = getenv("TEST_START_CODE");
    int e = gy_sleep(getenv("TEST_START_SLOW") ? 3600 : 0);
    return e ? e : code ? atoi(code) : 0;
}

static void on_stop(const gy_app *app)
{
    (void)app;
    fprintf(stderr, "on_stop of %d\n", (int)getpid());
}

static void on_usr1(int signo)
{
    static const char text[] = "SIGUSR1 handled by the program\n";
    (void)signo;
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
}

/* A program may want the signal for itself, in one way or another. */
static void take_usr1(const char *how)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    if (strcmp(how, "handled") == 0)
        sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_usr1, .sa_flags = SA_RESTART},
                  NULL);
    else
        sigprocmask(SIG_BLOCK, &one, NULL);
}

int main(int argc, char **argv)
{
    if (getenv("TEST_USR1"))
        take_usr1(getenv("TEST_USR1"));
    static const gy_option options[] = {
        GY_OPT_TEXT("greeting", &greeting, "what to answer"),
        GY_OPT_END,
    };
    static const gy_app app = {
        .routes = routes, .name = "serve_app", .on_start = on_start, .on_stop = on_stop};
    return gy_main_with(&app, &(gy_serve_opts){.options = options}, argc, argv);
}
