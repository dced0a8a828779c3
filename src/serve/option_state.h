/* SPDX-License-Identifier: MIT */
/* option_state.h - what is known of the values of a table: where they came from, what they were. */
#ifndef GYRE_SERVE_OPTION_STATE_H
#define GYRE_SERVE_OPTION_STATE_H

#include <gyre/arena.h>
#include <gyre/options.h>

enum gy__option_origin {
    GY__FROM_DEFAULT,
    GY__FROM_FILE,
    GY__FROM_ENVIRONMENT,
    GY__FROM_COMMAND,
    GY__FROM_CALL
};

/* A value of any kind. */
union gy__option_bytes {
    char bytes[sizeof(gy_texts)];
    const char *text;
    double number;
};

struct gy__option_note {
    union gy__option_bytes initial; /* the default */
    enum gy__option_origin origin;
    bool spoken_for; /* the command line or the environment gives it */
};

struct gy__option_saved;
struct gy__option_kept;

struct gy__option_state {
    gy_arena arena;
    struct gy__option_kept *kept;
    struct gy__option_saved *saved; /* by gy_options_save, newest first */
    size_t count;
    struct gy__option_note notes[]; /* in the order of the walk */
};

/* The state of [p], made when there is none yet; NULL when memory is exhausted. */
struct gy__option_state *gy__option_state(gy_options *p);

/* A copy of these bytes, with a NUL behind, that lives until gy_options_done. Equal bytes are kept
 * once, so that reading the same again costs nothing. NULL when memory is exhausted. */
const void *gy__option_keep(struct gy__option_state *s, const void *bytes, size_t len);

/* Forget the newest of what gy_options_save remembered. There is one. */
void gy__option_drop_saved(struct gy__option_state *s);

/* What gy_options_main gives. */
void gy__options_set_main(gy_options *p);

/* Bytes of a value of that kind. */
size_t gy__option_value_size(enum gy_option_kind kind);

/* Copy the value out of an option, and into it. */
void gy__option_copy_out(const gy_option *o, union gy__option_bytes *to);
void gy__option_copy_in(const gy_option *o, const union gy__option_bytes *from);

#endif
