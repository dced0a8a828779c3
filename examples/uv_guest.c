/* SPDX-License-Identifier: MIT */
/* uv_guest.c - a libuv loop inside gyre: handlers call a library that is written for libuv, and wait
 * for its callbacks in plain calls. */

#include <gyre.h>
#include <stdlib.h>
#include <uv.h>

/* -- A libuv loop that gyre turns ---------------------------------------------------------------- */

static struct {
    uv_loop_t loop;
    gy_loop *host;
    gy_watch *watch;
    gy_timer timer;
} guest;

/* Let libuv do what is there to be done, and see until when it has nothing. Also after each call that
 * starts something: libuv registers descriptors only when it runs. */
static void turn(void *arg)
{
    (void)arg;
    uv_run(&guest.loop, UV_RUN_NOWAIT);
    int ms = uv_backend_timeout(&guest.loop);
    gy_timer_cancel(guest.host, &guest.timer);
    if (ms >= 0)
        gy_timer_set(guest.host, &guest.timer, ms / 1000.0, turn, NULL);
}

static void readable(void *arg, int fd, int events)
{
    (void)fd, (void)events;
    turn(arg);
}

static int guest_start(const gy_app *app)
{
    (void)app;
    guest.host = gy_loop_current();
    if (uv_loop_init(&guest.loop))
        return GY_ENOMEM;
    guest.watch = gy_watch_new(guest.host, uv_backend_fd(&guest.loop), GY_READABLE, readable, NULL);
    return guest.watch ? 0 : GY_ENOMEM;
}

static void guest_stop(const gy_app *app)
{
    (void)app;
    gy_timer_cancel(guest.host, &guest.timer);
    gy_watch_free(guest.watch);
    uv_run(&guest.loop, UV_RUN_DEFAULT); /* what was cancelled comes to its end */
    uv_loop_close(&guest.loop);
}

/* -- A timer of libuv, for which a task waits ---------------------------------------------------- */

struct nap {
    uv_timer_t timer;
    gy_waker *waker;
    uint64_t ms;
    int result;
};

static void closed(uv_handle_t *handle)
{
    struct nap *nap = handle->data;
    gy_wake(nap->waker, nap->result); /* libuv does not look at it any more: the task may go on */
}

static void rang(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, closed);
}

static int nap_start(gy_waker *w, void *arg)
{
    struct nap *nap = arg;
    nap->waker = w;
    uv_timer_init(&guest.loop, &nap->timer);
    nap->timer.data = nap;
    uv_update_time(&guest.loop); /* its clock stands still while it is not turned */
    uv_timer_start(&nap->timer, rang, nap->ms, 0);
    turn(NULL);
    return 0;
}

/* The client has left: end it early. Its last callback still comes. */
static bool nap_stop(gy_waker *w, void *arg)
{
    struct nap *nap = arg;
    (void)w;
    if (!uv_is_closing((uv_handle_t *)&nap->timer))
        uv_close((uv_handle_t *)&nap->timer, closed);
    turn(NULL);
    return false;
}

static int sleep_page(gy_request *r)
{
    struct nap nap = {.ms = (uint64_t)(gy_path_double(r, "seconds") * 1000)};
    int e = gy_await(nap_start, nap_stop, &nap);
    return e ? e : gy_json(r, "{slept: %s}", gy_path(r, "seconds"));
}

/* -- A file, read by libuv's threads ------------------------------------------------------------- */

struct reading {
    uv_fs_t request;
    gy_waker *waker;
    int fd;
    char data[256];
};

static void was_read(uv_fs_t *request)
{
    struct reading *reading = request->data;
    gy_wake(reading->waker, (int)request->result);
}

static int read_start(gy_waker *w, void *arg)
{
    struct reading *reading = arg;
    uv_buf_t buf = uv_buf_init(reading->data, sizeof reading->data);
    reading->waker = w;
    reading->request.data = reading;
    int e = uv_fs_read(&guest.loop, &reading->request, reading->fd, &buf, 1, 0, was_read);
    turn(NULL);
    return e;
}

static int version_page(gy_request *r)
{
    struct reading reading = {.fd = -1};
    uv_fs_t open;
    reading.fd = uv_fs_open(&guest.loop, &open, "/proc/version", UV_FS_O_RDONLY, 0, NULL);
    uv_fs_req_cleanup(&open);
    if (reading.fd < 0)
        return gy_fail(r, 404, "no /proc/version");
    int n = gy_await(read_start, NULL, &reading);
    uv_fs_req_cleanup(&reading.request);
    uv_fs_close(NULL, &open, reading.fd, NULL);
    uv_fs_req_cleanup(&open);
    return n < 0 ? n : gy_write_n(r, reading.data, (size_t)n);
}

static const gy_route routes[] = {
    GY_GET("/sleep/{seconds:float}", sleep_page),
    GY_GET("/version", version_page),
    GY_END,
};

static const gy_app app = {
    .routes = routes, .name = "uv_guest", .on_start = guest_start, .on_stop = guest_stop};

int main(int argc, char **argv)
{
    return gy_main(&app, argc, argv);
}
