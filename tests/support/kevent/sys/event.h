/* SPDX-License-Identifier: MIT */
/* sys/event.h - the part of kqueue that the poller uses, for systems that do not have it. */
#ifndef GYRE_TESTS_SUPPORT_KEVENT_SYS_EVENT_H
#define GYRE_TESTS_SUPPORT_KEVENT_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

struct kevent {
    uintptr_t ident; /* a descriptor */
    short filter;
    unsigned short flags;
    unsigned fflags; /* with EV_EOF of a socket: its error */
    intptr_t data;   /* not filled in */
    void *udata;
};

enum { EVFILT_READ = -1, EVFILT_WRITE = -2 };
enum { EV_ADD = 0x1, EV_DELETE = 0x2, EV_CLEAR = 0x20, EV_ERROR = 0x4000, EV_EOF = 0x8000 };

int kqueue(void);
int kevent(int kq, const struct kevent *changes, int change_count, struct kevent *events,
           int event_count, const struct timespec *timeout);

#endif
