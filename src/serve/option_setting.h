/* SPDX-License-Identifier: MIT */
/* option_setting.h - options get their values from a source, or a sentence tells why not. */
#ifndef GYRE_SERVE_OPTION_SETTING_H
#define GYRE_SERVE_OPTION_SETTING_H

#include <gyre/options.h>

#include "serve/option_state.h"

/* The sentence for a person. */
struct gy__complaint {
    char *why;
    size_t size;
};

/* Where a value comes from. */
struct gy__option_source {
    gy_options *parser; /* its state exists */
    enum gy__option_origin origin;
    const char *folder; /* of the file */
    struct gy__complaint complaint;
};

/* Say why; gives GY_EINVAL. */
int gy__complain(struct gy__complaint *c, const char *fmt, ...) GY_PRINTF(2, 3);

/* What somebody typed, fit for a line on a terminal: short, and without control characters. Gives
 * [out]. */
const char *gy__option_shown(const char *text, char out[64]);

/* What is noted of [o], which is of the table. */
struct gy__option_note *gy__option_note(const gy_options *p, const gy_option *o);

/* Set it. [from] is what the reader has to change: "--port" or "GYRE_PORT". 0, GY_EINVAL, GY_ENOMEM;
 * a failure leaves the value as it was. */
int gy__option_assign(struct gy__option_source *source, const gy_option *o, const char *from,
                      const char *value);

/* The same for a truth value that is named --name or, [off], --no-name. [value] may be NULL. */
int gy__option_assign_bool(struct gy__option_source *source, const gy_option *o, bool off,
                           const char *from, const char *value);

/* The sentence about a name that is none, which stands in [typed] up to '='. GY_EINVAL. */
int gy__option_unknown(struct gy__option_source *source, const char *where, const char *typed);

/* Read [path] as a file of options, but for those that are spoken for or were set by a call. Missing
 * it may be unless it [must_exist]. 0, GY_EINVAL, GY_ENOMEM, or what opening or reading gave. */
int gy__option_read_file(struct gy__option_source *source, const char *path, bool must_exist);

/* Values from a file become their defaults again. */
void gy__option_forget_file(gy_options *p);

/* After all were set. */
int gy__option_check_all(struct gy__option_source *source);

#endif
