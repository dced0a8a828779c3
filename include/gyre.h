/* SPDX-License-Identifier: MIT */
/* gyre.h - all of gyre, in reading order. */
#ifndef GYRE_H
#define GYRE_H

#include <gyre/version.h>

#include <gyre/arena.h>
#include <gyre/error.h>
#include <gyre/list.h>
#include <gyre/log.h>
#include <gyre/str.h>

#include <gyre/loop.h>
#include <gyre/task.h>

#include <gyre/future.h>
#include <gyre/inspect.h>
#include <gyre/locks.h>
#include <gyre/offload.h>
#include <gyre/queue.h>

#include <gyre/net.h>
#include <gyre/process.h>
#include <gyre/resolver.h>
#include <gyre/stream.h>
#include <gyre/tls.h>
#include <gyre/udp.h>

#include <gyre/client.h>
#include <gyre/http.h>
#include <gyre/http_server.h>

#include <gyre/escape.h>
#include <gyre/json.h>
#include <gyre/web.h>

#include <gyre/options.h>
#include <gyre/serve.h>

#endif
