/* SPDX-License-Identifier: MIT */
/* tls_files.c - the files of TLS: whether they have changed, and who may read them. */
#include "serve/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/siphash.h"

typedef bool visit_fn(void *arg, const char *path);

/* Until [visit] has had enough: then true. */
static bool each_file(const gy_tls_opts *opts, visit_fn *visit, void *arg)
{
    char staple[4096];
    for (const gy_tls_certificate *c = opts->certificates;
         c && (c->certificate_file || c->certificate.ptr); c++) {
        if (c->certificate_file && visit(arg, c->certificate_file))
            return true;
        if (c->key_file && visit(arg, c->key_file))
            return true;
        if (!opts->ocsp || !c->certificate_file)
            continue;
        int len = snprintf(staple, sizeof staple, "%s.ocsp", c->certificate_file);
        if (len < (int)sizeof staple && visit(arg, staple))
            return true;
    }
    return (opts->ca_file && visit(arg, opts->ca_file)) ||
           (opts->crl_file && visit(arg, opts->crl_file));
}

/* -- Changes ------------------------------------------------------------------------------------- */

/* A file that is not there is a state too. */
static bool add_state(void *arg, const char *path)
{
    uint64_t *state = arg;
    struct stat st;
    uint64_t key[2] = {*state, 0}, now[6] = {0};
    if (stat(path, &st) == 0) {
        now[0] = (uint64_t)st.st_dev;
        now[1] = (uint64_t)st.st_ino;
        now[2] = (uint64_t)st.st_size;
        now[3] = (uint64_t)st.st_mtim.tv_sec;
        now[4] = (uint64_t)st.st_mtim.tv_nsec;
        now[5] = (uint64_t)st.st_mode; /* one that has become readable */
    }
    *state = gy__siphash(now, sizeof now, key);
    return false;
}

uint64_t gy__tls_files_state(const gy_tls_opts *opts)
{
    uint64_t state = 0;
    each_file(opts, add_state, &state);
    return state;
}

/* -- Permissions --------------------------------------------------------------------------------- */

static void name_user(uid_t uid, char out[40])
{
    const struct passwd *p = getpwuid(uid);
    if (p)
        snprintf(out, 40, "%.38s", p->pw_name);
    else
        snprintf(out, 40, "user %ld", (long)uid);
}

struct reader {
    char *why;
    size_t size;
};

static bool tell_whose(void *arg, const char *path)
{
    const struct reader *r = arg;
    struct stat st;
    char owner[40], self[40];
    if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 || errno != EACCES || stat(path, &st))
        return false;
    name_user(st.st_uid, owner);
    name_user(geteuid(), self);
    snprintf(r->why, r->size, "cannot read %s: it belongs to %s, has the mode %o, and this is %s",
             path, owner, (unsigned)st.st_mode & 07777, self);
    return true;
}

void gy__tls_files_explain(const gy_tls_opts *opts, char *why, size_t size)
{
    each_file(opts, tell_whose, &(struct reader){why, size});
}
