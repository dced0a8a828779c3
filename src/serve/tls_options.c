/* SPDX-License-Identifier: MIT */
/* tls_options.c - the options about TLS. */
#include "serve/tls_options.h"

#include <gyre/error.h>
#include <stdio.h>
#include <string.h>

#include "serve/serving.h"

static const double year = 365 * 86400.0;

static double time_or(double given, double fallback)
{
    return given < 0 ? 0 : given > 0 ? given : fallback;
}

static void make_rows(struct gy__tls_options *s)
{
    const gy_option rows[] = {
        GY_OPT_PATHS("tls-certificate", &s->certificates,
                     "serve HTTPS with this certificate, in PEM, with those between it and its "
                     "authority behind it; of several the one with the client's host is shown",
                     .meta = "FILE,..."),
        GY_OPT_PATHS("tls-key", &s->keys,
                     "their keys, in the same order; when not given, they are in the same files",
                     .meta = "FILE,..."),
        GY_OPT_PATH("tls-client-ca", &s->tls.ca_file,
                    "clients have to show a certificate that one of these authorities has signed",
                    .meta = "FILE"),
        GY_OPT_PATH("tls-crl", &s->tls.crl_file,
                    "certificates that these authorities have revoked; each needs a list here",
                    .meta = "FILE"),
        GY_OPT_TEXT(
            "tls-ciphers", &s->tls.ciphers,
            "what may encrypt, best first, as OpenSSL writes it; a modern list when not given",
            .meta = "LIST"),
        GY_OPT_BOOL("tls-ocsp", &s->tls.ocsp,
                    "staple the answer of the authority in FILE.ocsp beside each certificate"),
        GY_OPT_TIME("tls-check", &s->check,
                    "how often to look whether the files have changed; 0 is never", .max = year),
        GY_OPT_TIME("tls-ticket-rotation", &s->rotation,
                    "how long a key of session tickets is used; 0 is as long as the server runs",
                    .max = year),
        GY_OPT_INT("redirect-port", &s->redirect_port,
                   "a second port, of plain HTTP, that sends all clients to https; 0 is none",
                   .meta = "PORT", .max = 65535),
        GY_OPT_END,
    };
    _Static_assert(sizeof rows <= sizeof s->rows, "a row for each");
    memcpy(s->rows, rows, sizeof rows);
}

void gy__tls_options_init(struct gy__tls_options *s, const gy_serve_opts *opts)
{
    *s = (struct gy__tls_options){.check = GY__DEFAULT_TLS_CHECK,
                                  .rotation = GY__DEFAULT_TICKET_ROTATION};
    if (opts) {
        s->check = time_or(opts->tls_check, s->check);
        s->rotation = time_or(opts->ticket_rotation, s->rotation);
        s->redirect_port = opts->redirect_port;
        s->by_program = opts->tls != NULL;
    }
    if (opts && opts->tls)
        s->tls = *opts->tls;
    make_rows(s);
}

static int pair(struct gy__tls_options *s, char *why, size_t size)
{
    size_t count = s->certificates.count, keys = s->keys.count;
    if (count > GY__TLS_CERTIFICATES) {
        snprintf(why, size, "--tls-certificate: %d files are the most", GY__TLS_CERTIFICATES);
        return GY_EINVAL;
    }
    if (keys && keys != count) {
        snprintf(why, size,
                 "--tls-key needs a file for each of --tls-certificate: %zu for %zu were given",
                 keys, count);
        return GY_EINVAL;
    }
    for (size_t i = 0; i < count; i++)
        s->list[i] = (gy_tls_certificate){.certificate_file = s->certificates.items[i],
                                          .key_file = keys ? s->keys.items[i] : NULL};
    s->tls.certificates = s->list;
    return 0;
}

/* The first that makes no sense without a certificate. */
static const char *lonely(const struct gy__tls_options *s)
{
    return s->keys.count      ? "tls-key"
           : s->tls.crl_file  ? "tls-crl"
           : s->tls.ca_file   ? "tls-client-ca"
           : s->tls.ciphers   ? "tls-ciphers"
           : s->tls.ocsp      ? "tls-ocsp"
           : s->redirect_port ? "redirect-port"
                              : NULL;
}

/* A file of the command line takes the place of the program's text. */
static void take_files(struct gy__tls_options *s, const gy_tls_opts *program)
{
    bool client_ca = s->tls.ca_file && (!program || s->tls.ca_file != program->ca_file);
    if (client_ca) {
        s->tls.ca = (gy_str){.ptr = NULL};
        s->tls.verify_client = true;
    }
    if (s->tls.crl_file && (!program || s->tls.crl_file != program->crl_file))
        s->tls.crl = (gy_str){.ptr = NULL};
}

int gy__tls_options_apply(struct gy__tls_options *s, gy_serve_opts *opts, char *why, size_t size)
{
    opts->tls_check = s->check > 0 ? s->check : -1;
    opts->ticket_rotation = s->rotation > 0 ? s->rotation : -1;
    opts->redirect_port = s->redirect_port;
    if (s->certificates.count || (s->by_program && s->keys.count)) {
        int e = pair(s, why, size);
        if (e)
            return e;
    } else if (!s->by_program) {
        const char *name = opts->http && opts->http->tls ? NULL : lonely(s);
        if (name) {
            snprintf(why, size, "--%s needs --tls-certificate", name);
            return GY_EINVAL;
        }
        return 0;
    }
    take_files(s, opts->tls);
    if (s->tls.crl_file && !s->tls.verify_client) {
        snprintf(why, size, "--tls-crl needs --tls-client-ca");
        return GY_EINVAL;
    }
    opts->tls = &s->tls;
    return 0;
}
