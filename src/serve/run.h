/* SPDX-License-Identifier: MIT */
/* run.h - gy_serve for those who have a command line. */
#ifndef GYRE_SERVE_RUN_H
#define GYRE_SERVE_RUN_H

#include <gyre/serve.h>

/* As gy_serve. [hint], which may be NULL, is appended to the sentence that tells that an address is
 * in use. */
int gy__serve(const gy_app *app, const gy_serve_opts *opts, const char *hint);

#endif
