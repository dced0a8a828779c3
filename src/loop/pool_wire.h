/* SPDX-License-Identifier: MIT */
/* pool_wire.h - what goes over the sockets of a pool of processes. */
#ifndef GYRE_LOOP_POOL_WIRE_H
#define GYRE_LOOP_POOL_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* A message is a head, then bytes. What is larger than this goes in a file in memory that is passed
 * along: the job works in it, in place. */
enum { GY__WIRE_INLINE = 64 * 1024 };

/* To the server: one byte and the socket of the process that it is to make. */

/* To a process: the bytes of the argument follow, or are in the file. */
struct gy__request {
    uintptr_t fn;  /* the same in all of them: none has executed another program */
    uintptr_t arg; /* without bytes: as it was given */
    uint64_t size;
    uint64_t in_file, reply_wanted;
};

enum gy__answer_kind {
    GY__ANSWER_RETURNED = 1, /* from the process */
    GY__ANSWER_DIED,         /* from the server, which has the other end too */
    GY__ANSWER_NOT_MADE
};

/* The bytes of the argument follow unless they are in a file, then those of the reply, or its file. */
struct gy__answer {
    uint64_t kind;
    int64_t result; /* what the job returned; how the process ended, as of waitpid; an errno */
    uint64_t begun; /* of one that died: whether it had read the last request */
    uint64_t reply_len, reply_in_file;
};

/* sendmsg and recvmsg with one descriptor, or -1; -1 and errno when it failed. What is received is
 * closed on exec. */
ssize_t gy__wire_send(int fd, struct iovec *iov, size_t n, int passed, int flags);
ssize_t gy__wire_receive(int fd, struct iovec *iov, size_t n, int *passed, int flags);

/* As recv, without waiting and without taking what is there. */
ssize_t gy__wire_peek(int fd, void *to, size_t size);

#endif
