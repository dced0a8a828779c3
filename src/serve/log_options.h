/* SPDX-License-Identifier: MIT */
/* log_options.h - the options about the log. */
#ifndef GYRE_SERVE_LOG_OPTIONS_H
#define GYRE_SERVE_LOG_OPTIONS_H

#include <gyre/log.h>
#include <gyre/options.h>

enum { GY__LOG_ROWS = 9 };

struct gy__log_options {
    const char *levels, *rotate, *file;
    gy_texts to;
    int format, color, backups;
    size_t size;
    gy_option rows[GY__LOG_ROWS];
};

/* The defaults, and the rows that set them. */
void gy__log_options_init(struct gy__log_options *s);

/* Set the log up as they say, under [name]. 0, or a negative code and a sentence in [why]. */
GY_CHECKED int gy__log_options_apply(const struct gy__log_options *s, const char *name, char *why,
                                     size_t size);

#endif
