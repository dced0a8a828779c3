/* SPDX-License-Identifier: MIT */
/* certificates.h - certificates that a test makes for itself. */
#ifndef GYRE_TESTS_SUPPORT_CERTIFICATES_H
#define GYRE_TESTS_SUPPORT_CERTIFICATES_H

#include <gyre/tls.h>
#include <stdbool.h>

struct certificate {
    struct x509_st *x;
    struct evp_pkey_st *key;
    char *text, *key_text; /* PEM; the text ends with those of the authorities between, if any */
};

struct certificate_wish {
    const char *name;      /* the subject's common name */
    const char *names;     /* "DNS:localhost,IP:127.0.0.1", or NULL */
    const char *from, *to; /* "20200101000000Z"; NULL is years ago, in many years */
    bool authority;
    int rsa;                          /* bits of an RSA key; 0: P-256 */
    bool sha1;                        /* signs it */
    const struct certificate *signer; /* NULL: itself */
};

/* Ends the program when OpenSSL does not want to. */
struct certificate certificate_make(struct certificate_wish wish);
void certificate_free(struct certificate *c);

/* A list of those that [signer] has revoked, at noon of 2024-05-01, as PEM, which free takes; [until] as
 * above. The list ends with NULL. */
char *certificate_list(const struct certificate *signer, const char *until,
                       const struct certificate *const *revoked);

/* An answer of [signer] that it has revoked [one] on that day, or that [one] is good: the file to staple. The
 * length; [out] is for free. */
long certificate_answer(const struct certificate *signer, const struct certificate *one,
                        bool revoked, unsigned char **out);

/* As settings want it. */
gy_tls_certificate certificate_of(const struct certificate *c);

#endif
