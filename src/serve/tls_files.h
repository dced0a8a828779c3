/* SPDX-License-Identifier: MIT */
/* tls_files.h - the files of TLS: whether they have changed, and who may read them. */
#ifndef GYRE_SERVE_TLS_FILES_H
#define GYRE_SERVE_TLS_FILES_H

#include <gyre/tls.h>
#include <stdint.h>

/* A number that changes when one of the files does. */
uint64_t gy__tls_files_state(const gy_tls_opts *opts);

/* When there is a file that this program may not read, replace [why] by a sentence that tells whose it
 * is. */
void gy__tls_files_explain(const gy_tls_opts *opts, char *why, size_t size);

#endif
