/* SPDX-License-Identifier: MIT */
/* log_file.h - a file of lines that is renewed by size or by time, also by other processes. */
#ifndef GYRE_BASE_LOG_FILE_H
#define GYRE_BASE_LOG_FILE_H

#include <gyre/log.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log_trouble.h"

struct gy__log_file {
    char *path;
    char *from, *to; /* room for names of backups */
    int fd;
    enum gy_log_rotate rotate;
    int64_t every; /* ns, of GY_LOG_ROTATE_INTERVAL */
    int64_t max;   /* bytes */
    int backups;
    int64_t min_age; /* ns between two rotations */
    /* what is known of it */
    bool regular;       /* a file, not a device or a pipe */
    bool torn;          /* ends within a line */
    bool rename_failed; /* told of */
    mode_t mode;        /* of a new one: as the one before was seen last */
    dev_t dev;
    ino_t ino;
    int64_t size;        /* ours are counted, those of others at each look */
    int64_t look_at;     /* monotonic ns */
    int64_t not_before;  /* monotonic ns: no rotation */
    int64_t rotate_at;   /* wall ns; INT64_MAX for never */
    unsigned opened_for; /* the count of gy_log_reopen calls that it has followed */
    struct gy__log_trouble trouble;
};

/* Open for appending. 0 or a negative errno or GY_ENOMEM. */
GY_CHECKED int gy__log_file_open(struct gy__log_file *f, const gy_log_opts *opts);
void gy__log_file_close(struct gy__log_file *f);

/* Write a line, which has its end, at [wall_ns]. [reopened] counts gy_log_reopen. */
void gy__log_file_write(struct gy__log_file *f, const char *line, size_t len, int64_t wall_ns,
                        unsigned reopened);

/* -- log_rotate.c ------------------------------------------------------------------------------ */

/* Rotate when it is due for a line of [len] bytes and nobody else has. */
void gy__log_rotate(struct gy__log_file *f, size_t len, int64_t wall_ns);

/* Is it due? */
bool gy__log_rotate_due(const struct gy__log_file *f, size_t len, int64_t wall_ns);

/* When a file that begins, or was last written to, at [wall_ns] is to be rotated. */
int64_t gy__log_rotate_next(const struct gy__log_file *f, int64_t wall_ns);

/* Open it again under its name; on failure the old one stays. */
int gy__log_file_reopen(struct gy__log_file *f);

#endif
