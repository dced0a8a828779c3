/* SPDX-License-Identifier: MIT */
/* inspect_print.c - the tree of a loop's tasks as text, also when a signal asks for it. */

#include <fcntl.h>
#include <gyre/error.h>
#include <gyre/inspect.h>
#include <stdint.h>
#include <unistd.h>

#include "base/alloc.h"
#include "loop/backtrace_text.h"
#include "loop/signal.h"
#include "loop/state.h"

/* Many tasks are at the same places, and a place takes long to name. */
enum { KNOWN = 256 };

struct known {
    const void *address;
    char name[GY__SYMBOL];
};

struct print {
    FILE *out;
    struct known *known; /* NULL: memory is short */
};

static void print_symbol(const struct print *p, const void *address)
{
    char name[GY__SYMBOL];
    struct known *k = p->known ? &p->known[(uintptr_t)address % KNOWN] : NULL;
    if (k && k->address != address) {
        gy_symbol(address, k->name, sizeof k->name);
        k->address = address;
    } else if (!k) {
        gy_symbol(address, name, sizeof name);
    }
    fputs(k ? k->name : name, p->out);
}

static void print_task(void *arg, const gy_task_info *info)
{
    const struct print *p = arg;
    int indent = info->depth < 30 ? 2 * (int)info->depth : 60;
    fprintf(p->out, "%*s%llu \"%s\" %s", indent, "", (unsigned long long)info->id, info->name,
            info->state);
    if (info->waits_for)
        fprintf(p->out, " for %s", info->waits_for);
    fprintf(p->out, ", %.3f s old\n", info->age);
    for (int i = 0; i < info->frame_count; i++) {
        fprintf(p->out, "%*s    ", indent, "");
        print_symbol(p, info->frames[i]);
        fputc('\n', p->out);
    }
}

void gy_tasks_print(gy_loop *loop, FILE *out)
{
    struct print p = {.out = out, .known = gy__zalloc(KNOWN * sizeof(struct known))};
    size_t count = 0;
    gy_list_each (it, &loop->tasks)
        count++;
    fprintf(out, "process %d: %zu %s\n", (int)getpid(), count, count == 1 ? "task" : "tasks");
    gy_tasks_each(loop, print_task, &p);
    gy__free(p.known);
}

/* In large pieces, so that several processes mix theirs as little as can be. */
static void on_signal(void *arg)
{
    enum { PIECE = 64 * 1024 };
    char *piece = gy__alloc(PIECE);
    int fd = piece ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0) : -1;
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out) {
        setvbuf(out, piece, _IOFBF, PIECE);
        gy_tasks_print(arg, out);
        fclose(out);
    } else {
        gy_tasks_print(arg, stderr);
    }
    if (fd >= 0 && !out)
        close(fd);
    gy__free(piece);
}

int gy_tasks_on_signal(gy_loop *loop, int signo)
{
    if (signo == loop->tasks_signo)
        return 0;
    if (signo && gy__signal_is_taken(signo))
        return GY_EBUSY;
    int e = signo ? gy_loop_on_signal(loop, signo, on_signal, loop) : 0;
    if (e)
        return e;
    if (loop->tasks_signo)
        e = gy_loop_on_signal(loop, loop->tasks_signo, NULL, NULL);
    loop->tasks_signo = signo;
    return e;
}
