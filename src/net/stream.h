/* SPDX-License-Identifier: MIT */
/* stream.h - what a stream consists of, for those who hand a transport over. */
#ifndef GYRE_NET_STREAM_H
#define GYRE_NET_STREAM_H

#include <gyre/stream.h>

#include "net/transport.h"

/* A stream over [t], which it takes (also on failure: it is closed). [ahead] was read from it
 * already and comes first; copied. NULL when out of memory. */
gy_stream *gy__stream_new(struct gy__transport *t, gy_str ahead, const gy_stream_opts *opts);

/* The transport of a stream that nobody reads or writes, which is then gone. [ahead] are the bytes
 * that were read but not given out: valid until gy__free(ahead.ptr), which the caller does. */
struct gy__transport *gy__stream_take(gy_stream *s, gy_str *ahead);

#endif
