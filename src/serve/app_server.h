/* SPDX-License-Identifier: MIT */
/* app_server.h - a compiled application on an HTTP server. */
#ifndef GYRE_SERVE_APP_SERVER_H
#define GYRE_SERVE_APP_SERVER_H

#include <gyre/http_server.h>

struct gy__app;

/* As gy_http_server_new; borrows [app], which must outlive the server. */
gy_http_server *gy__app_server_new(gy_loop *loop, struct gy__app *app, const gy_http_opts *opts);

#endif
