/* SPDX-License-Identifier: MIT */
/* process.h - other programs as children, and this one several times. */
#ifndef GYRE_PROCESS_H
#define GYRE_PROCESS_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <gyre/str.h>
#include <gyre/stream.h>
#include <stdbool.h>

/* A child that runs another program. */
typedef struct gy_process gy_process;

/* What one of a child's three first descriptors is; or a descriptor above 0, which it gets a copy of. */
enum {
    GY_STDIO_INHERIT = 0, /* this program's own; /dev/null where that is closed */
    GY_STDIO_PIPE = -1,   /* a stream: gy_process_in, _out, _err */
    GY_STDIO_NULL = -2,   /* /dev/null */
    GY_STDIO_STDOUT = -3  /* for err: where out goes */
};

typedef struct gy_process_opts {
    /* Ends with NULL. Unless the first has a '/' it is looked for along the PATH of the environment that
     * the child gets ("/bin:/usr/bin" when that has none); relative names are meant from [cwd]. No shell
     * has a part in it: arguments arrive as they are. */
    const char *const *argv;
    const char *const *env; /* "NAME=value", ends with NULL; NULL is this program's own */
    const char *cwd;        /* NULL is this program's own */
    int in, out, err;       /* GY_STDIO_... */
    bool shared_group;      /* stay in this program's process group; else it leads one of its own */
    /* Let it live on when this program ends, when its loop is freed and when it is closed. Else the kernel
     * kills it when the thread that started it ends, however that comes about. */
    bool outlive;
    size_t
        max_output; /* of gy_process_run, for out and for err: more is GY_ETOOBIG; 0 is 100 MiB */
    double timeout; /* of gy_process_run: seconds; 0 is no limit */
} gy_process_opts;

/* How it ended. Both -1 and 0 when nobody knows: this program has waited for it by other means. */
typedef struct gy_exit {
    int status; /* 0 to 255, or -1 when a signal ended it */
    int signo;  /* that signal, or 0 */
    bool dumped_core;
} gy_exit;

typedef struct gy_run_result {
    gy_exit exit;
    gy_str out, err; /* what it wrote, in the arena */
} gy_run_result;

GY_BEGIN_DECLS

/* Start a program on this thread's loop. 0 and [out], or a negative code; then [why], of [size] bytes,
 * unless it is NULL, holds a sentence. -ENOENT: there is no such program, or no such [cwd]; -EACCES: it
 * may not be run; -ENOEXEC: it is none; GY_ENOTASK: this thread has no loop. The child has default signal
 * handling, nothing blocked, and no descriptor but its three. Neither threads nor the size of this program
 * matter. */
GY_API GY_CHECKED int gy_process_open(const gy_process_opts *opts, gy_process **out, char *why,
                                      size_t size);

/* The other ends of its pipes; NULL for what is no pipe. They belong to the process; closing its
 * input is gy_stream_shutdown. */
GY_API gy_stream *gy_process_in(gy_process *p);
GY_API gy_stream *gy_process_out(gy_process *p);
GY_API gy_stream *gy_process_err(gy_process *p);
GY_API int gy_process_id(const gy_process *p);

/* Wait until it has ended, at most [timeout] seconds (GY_FOREVER). 0 and [how] (may be NULL), as often as
 * asked and by as many tasks; GY_ETIMEDOUT; GY_ECLOSED when it was closed meanwhile; the cancellation.
 * Outside a task it turns the loop. Who has left its pipes to another program may find them open still. */
GY_API GY_SUSPENDS GY_CHECKED int gy_process_wait(gy_process *p, double timeout, gy_exit *how);

/* Send a signal to it, or to its whole group. Never to a stranger: 0, or GY_ENOTFOUND when it (or all
 * of the group) has ended. What remains of the group once it has itself is reached from Linux 6.9 on, and
 * before is GY_ENOTFOUND. In a shared group only it is meant. */
GY_API int gy_process_signal(gy_process *p, int signo);
GY_API int gy_process_signal_group(gy_process *p, int signo);

/* Close its pipes and, if it still runs, kill it with its group unless it may outlive; the loop reaps it
 * in one of its next turns, or when it is freed. NULL is fine. */
GY_API void gy_process_close(gy_process *p);

/* Run a program to its end: [input] is written to it while all it writes to out and err (those that
 * are GY_STDIO_INHERIT too) is read; without input its own is /dev/null. It may leave input unread. 0
 * whatever its exit status; what gy_process_open fails with; GY_ETIMEDOUT, GY_ETOOBIG or the cancellation,
 * after which it was killed with its group and reaped. Once it has ended what it wrote is read, and those
 * that it left behind with its pipes have half a second to close them; they are not killed. Inside a task
 * only. */
GY_API GY_SUSPENDS GY_CHECKED int gy_process_run(gy_arena *arena, const gy_process_opts *opts,
                                                 gy_str input, gy_run_result *out);

/* "exited with status 3", "killed by SIGSEGV (core dumped)". */
GY_API void gy_exit_text(const gy_exit *how, char *out, size_t size);

/* CPUs that this process may use: as its affinity and its control group's quota allow, at least 1. */
GY_API int gy_cpu_count(void);

/* Become [count] processes (0: gy_cpu_count): returns in each child with its number from 0, and keeps
 * them: one that dies by a signal or a status that is not 0 is started again under its number, at most
 * [max_restarts] times in all (negative: 100). SIGTERM and SIGINT are handed on, and nobody is replaced
 * then; children get SIGTERM when the parent dies. In the parent it returns once all have ended: GY_PARENT,
 * GY_EBROKEN when the restarts were used up, upon which the others got SIGTERM, or why there could be no
 * more processes. Call it from the only thread, before it has a loop (else GY_EBUSY). gyre's random numbers
 * differ in each; those of rand() are the program's to seed. */
enum { GY_PARENT = 1 << 20 };
GY_API GY_CHECKED int gy_fork_processes(int count, int max_restarts);

/* The number of this process among them, or of a gy_serve worker; -1 when it is neither. */
GY_API int gy_process_number(void);

GY_END_DECLS

#endif
