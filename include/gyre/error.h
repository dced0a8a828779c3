/* SPDX-License-Identifier: MIT */
/* error.h - one list that makes code, name and text of every failure. */
#ifndef GYRE_ERROR_H
#define GYRE_ERROR_H

#include <errno.h>
#include <gyre/export.h>

/* Functions that can fail return an int: 0 (or a count) when they succeed, else a negative code.
 * A code is either a negated errno or one of these; the ones with an errno twin share its value. */
#define GY_ERROR_LIST(X)                                                                           \
    X(ECANCELED, -ECANCELED, "cancelled")                                                          \
    X(ETIMEDOUT, -ETIMEDOUT, "timed out")                                                          \
    X(ENOMEM, -ENOMEM, "out of memory")                                                            \
    X(EINVAL, -EINVAL, "invalid argument")                                                         \
    X(EBUSY, -EBUSY, "already in use")                                                             \
    X(ECLOSED, -10001, "the other side has gone")                                                  \
    X(EOF, -10002, "end of stream")                                                                \
    X(ETOOBIG, -10003, "larger than the limit")                                                    \
    X(EPROTO, -10004, "malformed message")                                                         \
    X(ENOTFOUND, -10005, "not found")                                                              \
    X(ESHUTDOWN, -10006, "shutting down")                                                          \
    X(ENOTASK, -10007, "must be called inside a task")                                             \
    X(EFINISHED, -10008, "the response is already finished")                                       \
    X(EBROKEN, -10009, "given up by another")                                                      \
    X(EURL, -10010, "not a URL that can be asked for")                                             \
    X(ETLS, -10011, "no secure connection")                                                        \
    X(EREDIRECT, -10012, "too many redirects")                                                     \
    X(ECODING, -10013, "malformed compression")                                                    \
    X(EPROXY, -10014, "the proxy refuses")

#define GY_ERROR_ENUM_(name_, value_, text_) GY_##name_ = (value_),
enum gy_error { GY_ERROR_LIST(GY_ERROR_ENUM_) GY_ERROR_LAST_ = 0 };
#undef GY_ERROR_ENUM_

/* How a job's process died: these less the signal's number, or the exit status (see gy_job_signal). */
enum { GY_EJOB_SIGNAL = -10100, GY_EJOB_EXIT = -10200 };

GY_BEGIN_DECLS

/* A short text for any code, "no error" for 0. Never NULL; static or thread-local storage. */
GY_API const char *gy_strerror(int code);

/* The name as written in C, "GY_ECLOSED" or "ECONNRESET"; "E?" when there is none. Static. */
GY_API const char *gy_error_name(int code);

GY_END_DECLS

#endif
