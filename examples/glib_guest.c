/* SPDX-License-Identifier: MIT */
/* glib_guest.c - a GLib main context inside gyre: handlers wait for what GLib calls back. */

#include <glib.h>
#include <gyre.h>

/* -- A GLib context that gyre iterates ----------------------------------------------------------- */

enum { FDS_MAX = 32 };

static struct {
    GMainContext *context;
    gy_loop *host;
    gy_timer timer;
    GPollFD fds[FDS_MAX];
    gy_watch *watches[FDS_MAX];
    int count;
} guest;

static void turn(void *arg);

static void ready(void *arg, int fd, int events)
{
    (void)fd, (void)events;
    turn(arg);
}

static void forget_watches(void)
{
    while (guest.count)
        gy_watch_free(guest.watches[--guest.count]);
}

/* What GLib would wait for; mostly the same as the last time. Watches of one descriptor are one. */
static void watch_fds(const GPollFD *fds, int count)
{
    if (count == guest.count && memcmp(fds, guest.fds, (size_t)count * sizeof *fds) == 0)
        return;
    forget_watches();
    for (int i = 0; i < count; i++) {
        int events = (fds[i].events & G_IO_IN ? GY_READABLE : 0) |
                     (fds[i].events & G_IO_OUT ? GY_WRITABLE : 0);
        guest.fds[i] = fds[i];
        guest.watches[i] = gy_watch_new(guest.host, fds[i].fd, events, ready, NULL);
        guest.count++;
    }
}

/* Let GLib do what is there to be done, and see what it waits for then. Also after each call that
 * starts something. */
static void turn(void *arg)
{
    GPollFD fds[FDS_MAX];
    gint ms, priority;
    (void)arg;
    while (g_main_context_iteration(guest.context, FALSE))
        ;
    g_main_context_prepare(guest.context, &priority);
    int count = g_main_context_query(guest.context, priority, &ms, fds, FDS_MAX);
    for (int i = 0; i < count && i < FDS_MAX; i++)
        fds[i].revents = 0;
    watch_fds(fds, count < FDS_MAX ? count : FDS_MAX);
    gy_timer_cancel(guest.host, &guest.timer);
    if (ms >= 0)
        gy_timer_set(guest.host, &guest.timer, ms / 1000.0, turn, NULL);
}

static int guest_start(const gy_app *app)
{
    (void)app;
    guest.host = gy_loop_current();
    guest.context = g_main_context_default();
    if (!g_main_context_acquire(guest.context))
        return GY_EBUSY;
    turn(NULL);
    return 0;
}

static void guest_stop(const gy_app *app)
{
    (void)app;
    gy_timer_cancel(guest.host, &guest.timer);
    forget_watches();
    g_main_context_release(guest.context);
}

/* -- A timeout of GLib, for which a task waits --------------------------------------------------- */

struct nap {
    guint source, ms;
    gy_waker *waker;
};

static gboolean rang(gpointer arg)
{
    struct nap *nap = arg;
    gy_wake(nap->waker, 0);
    return G_SOURCE_REMOVE;
}

static int nap_start(gy_waker *w, void *arg)
{
    struct nap *nap = arg;
    nap->waker = w;
    nap->source = g_timeout_add(nap->ms, rang, nap);
    turn(NULL);
    return 0;
}

/* The client has left: GLib forgets it at once, so nobody will call gy_wake. */
static bool nap_stop(gy_waker *w, void *arg)
{
    (void)w;
    g_source_remove(((struct nap *)arg)->source);
    return true;
}

static int sleep_page(gy_request *r)
{
    struct nap nap = {.ms = (guint)(gy_path_double(r, "seconds") * 1000)};
    int e = gy_await(nap_start, nap_stop, &nap);
    return e ? e : gy_json(r, "{slept: %s}", gy_path(r, "seconds"));
}

/* -- A thread of GLib that answers through the context ------------------------------------------- */

struct sum {
    gy_waker *waker;
    long n, result;
    GThread *thread;
};

static gboolean summed(gpointer arg)
{
    struct sum *sum = arg;
    gy_wake(sum->waker, 0);
    return G_SOURCE_REMOVE;
}

static gpointer add_up(gpointer arg)
{
    struct sum *sum = arg;
    for (long i = 1; i <= sum->n; i++)
        sum->result += i;
    g_idle_add(summed, sum); /* wakes the context, and by that gyre */
    return NULL;
}

static int sum_start(gy_waker *w, void *arg)
{
    struct sum *sum = arg;
    sum->waker = w;
    sum->thread = g_thread_new("sum", add_up, sum);
    return 0;
}

static int sum_page(gy_request *r)
{
    struct sum sum = {.n = gy_path_int(r, "n")};
    int e = gy_await(sum_start, NULL, &sum);
    g_thread_join(sum.thread);
    return e ? e : gy_json(r, "{sum: %ld}", sum.result);
}

static const gy_route routes[] = {
    GY_GET("/sleep/{seconds:float}", sleep_page),
    GY_GET("/sum/{n:int}", sum_page),
    GY_END,
};

static const gy_app app = {
    .routes = routes, .name = "glib_guest", .on_start = guest_start, .on_stop = guest_stop};

int main(int argc, char **argv)
{
    return gy_main(&app, argc, argv);
}
