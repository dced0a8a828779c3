/* SPDX-License-Identifier: MIT */
/* client_form.c - multipart forms as a body: what is in memory, and files read as they are sent. */

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <gyre/offload.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/random.h"
#include "codec/multipart_write.h"
#include "http/client.h"

/* Bytes in memory, or a file. */
struct piece {
    gy_str text;
    const char *path; /* NULL: the text */
    uint64_t length;
};

struct gy__form {
    struct gy__fetch *fetch;
    struct piece *pieces; /* a part's head, its content ..., the end */
    size_t count, at;
    uint64_t given; /* of the piece that is being read */
    int fd;         /* of its file; -1: not open */
    char boundary[GY__BOUNDARY_ROOM];
};

/* -- Files, on a thread of their own: a disk may take its time ----------------------------------- */

struct file_job {
    const char *path;
    int fd; /* -1: open it first */
    void *buf;
    size_t size; /* 0: say how long it is */
    uint64_t from, length;
    ssize_t n;
};

static int open_file(struct file_job *j)
{
    struct stat st;
    int fd = open(j->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int e = fstat(fd, &st)        ? -errno
            : S_ISDIR(st.st_mode) ? -EISDIR
            : S_ISREG(st.st_mode) ? 0
                                  : -EINVAL;
    if (e) {
        close(fd);
        return e;
    }
    j->fd = fd;
    j->length = (uint64_t)st.st_size;
    return 0;
}

static int measure_file(void *arg)
{
    struct file_job *j = arg;
    int e = open_file(j);
    if (!e)
        close(j->fd);
    return e;
}

static int read_file(void *arg)
{
    struct file_job *j = arg;
    int e = j->fd < 0 ? open_file(j) : 0;
    if (e)
        return e;
    do {
        j->n = pread(j->fd, j->buf, j->size, (off_t)j->from);
    } while (j->n < 0 && errno == EINTR);
    return j->n < 0 ? -errno : 0;
}

static int cannot_read(struct gy__fetch *f, const char *path, int e)
{
    return gy__fetch_fail(f, e, "the file %.100s cannot be read: %s", path, gy_strerror(e));
}

/* -- Reading ------------------------------------------------------------------------------------- */

static void close_file(struct gy__form *form)
{
    if (form->fd >= 0)
        close(form->fd);
    form->fd = -1;
}

void gy__form_rewind(struct gy__form *form)
{
    if (!form)
        return;
    close_file(form);
    form->at = 0;
    form->given = 0;
}

static ssize_t read_from_file(struct gy__form *form, const struct piece *p, void *buf, size_t size)
{
    struct file_job j = {.path = p->path, .fd = form->fd, .buf = buf, .size = size};
    j.from = form->given;
    if (j.size > p->length - form->given)
        j.size = (size_t)(p->length - form->given);
    int e = gy_offload(read_file, &j, NULL);
    form->fd = j.fd;
    if (e)
        return cannot_read(form->fetch, p->path, e);
    if (j.n == 0)
        return gy__fetch_fail(form->fetch, GY_EINVAL, "the file %.100s became shorter", p->path);
    return j.n;
}

static ssize_t read_form(void *arg, void *buf, size_t size)
{
    struct gy__form *form = arg;
    while (form->at < form->count && form->given == form->pieces[form->at].length) {
        close_file(form);
        form->given = 0;
        form->at++;
    }
    if (form->at == form->count)
        return 0;
    const struct piece *p = &form->pieces[form->at];
    ssize_t n;
    if (p->path) {
        n = read_from_file(form, p, buf, size);
    } else {
        n = (ssize_t)(p->length - form->given < size ? p->length - form->given : size);
        memcpy(buf, p->text.ptr + form->given, (size_t)n);
    }
    if (n > 0)
        form->given += (uint64_t)n;
    return n;
}

/* -- Making -------------------------------------------------------------------------------------- */

static const char *name_of_file(const gy_form_part *part)
{
    if (part->filename || !part->path)
        return part->filename;
    const char *slash = strrchr(part->path, '/');
    return slash ? slash + 1 : part->path;
}

static int add_text(struct gy__form *form, struct gy__buf *b)
{
    struct piece *p = &form->pieces[form->count++];
    *p = (struct piece){.text = gy_str_copy(form->fetch->arena, gy__buf_str(b))};
    p->length = p->text.len;
    gy__buf_cut(b, 0);
    return p->text.ptr ? 0 : GY_ENOMEM;
}

static int add_content(struct gy__form *form, const gy_form_part *part)
{
    struct piece *p = &form->pieces[form->count++];
    struct file_job j = {.path = part->path, .fd = -1};
    *p = (struct piece){.text = part->value, .path = part->path, .length = part->value.len};
    if (!part->path)
        return 0;
    if (part->value.len)
        return gy__fetch_fail(form->fetch, GY_EINVAL, "a part of a form with a value and a file");
    int e = gy_offload(measure_file, &j, NULL);
    p->length = j.length;
    return e ? cannot_read(form->fetch, part->path, e) : 0;
}

static int add_part(struct gy__form *form, const gy_form_part *part, struct gy__buf *b)
{
    int e = gy__multipart_begin_part(b, form->boundary, form->count == 0, gy_str_of(part->name),
                                     name_of_file(part), part->content_type);
    if (e == GY_EINVAL)
        return gy__fetch_fail(form->fetch, e, "the content type of %.60s is malformed", part->name);
    if (!e)
        e = add_text(form, b);
    return e ? e : add_content(form, part);
}

static int add_all(struct gy__form *form, const gy_form_part *parts)
{
    struct gy__buf b;
    int e = 0;
    gy__buf_init(&b, SIZE_MAX / 2);
    for (const gy_form_part *it = parts; it->name && !e; it++)
        e = add_part(form, it, &b);
    if (!e)
        e = gy__multipart_end(&b, form->boundary, form->count == 0);
    if (!e)
        e = add_text(form, &b);
    gy__buf_done(&b);
    return e;
}

static struct gy__form *new_form(struct gy__fetch *f)
{
    struct gy__form *form = gy_alloc(f->arena, sizeof *form);
    size_t count = 0;
    while (f->o.parts[count].name)
        count++;
    if (!form)
        return NULL;
    *form = (struct gy__form){.fetch = f, .fd = -1};
    form->pieces = gy_alloc(f->arena, (2 * count + 1) * sizeof *form->pieces);
    return form->pieces ? form : NULL;
}

int gy__form_begin(struct gy__fetch *f)
{
    unsigned char random[GY__BOUNDARY_RANDOM];
    struct gy__form *form = new_form(f);
    int e = form ? gy__random(random, sizeof random) : GY_ENOMEM;
    if (e)
        return e;
    gy__multipart_boundary(form->boundary, random);
    e = add_all(form, f->o.parts);
    gy_str type = gy_strf(f->arena, "multipart/form-data; boundary=%s", form->boundary);
    if (e || !type.ptr)
        return e ? e : GY_ENOMEM;
    uint64_t length = 0;
    for (size_t i = 0; i < form->count; i++)
        length += form->pieces[i].length;
    f->form = form;
    f->body_type = type.ptr;
    f->o.read_body = read_form;
    f->o.read_arg = form;
    f->o.body_length = (int64_t)length;
    return 0;
}
