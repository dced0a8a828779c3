/* SPDX-License-Identifier: MIT */
/* tls_options.h - the options about TLS. */
#ifndef GYRE_SERVE_TLS_OPTIONS_H
#define GYRE_SERVE_TLS_OPTIONS_H

#include <gyre/options.h>
#include <gyre/serve.h>
#include <gyre/tls.h>

enum { GY__TLS_ROWS = 10, GY__TLS_CERTIFICATES = 64 };

struct gy__tls_options {
    gy_texts certificates, keys;
    int redirect_port;
    double check, rotation;
    gy_tls_opts tls;
    bool by_program; /* the program itself has certificates */
    gy_tls_certificate list[GY__TLS_CERTIFICATES + 1];
    gy_option rows[GY__TLS_ROWS];
};

/* The defaults, some of which may be in [opts], and the rows that set them. */
void gy__tls_options_init(struct gy__tls_options *s, const gy_serve_opts *opts);

/* Put into [opts] what they say; [s] must stay. 0, or GY_EINVAL and a sentence in [why]. */
GY_CHECKED int gy__tls_options_apply(struct gy__tls_options *s, gy_serve_opts *opts, char *why,
                                     size_t size);

#endif
