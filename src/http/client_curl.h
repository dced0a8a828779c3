/* SPDX-License-Identifier: MIT */
/* client_curl.h - libcurl as a client's engine: what a client and an exchange have of it. */
#ifndef GYRE_HTTP_CLIENT_CURL_H
#define GYRE_HTTP_CLIENT_CURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "http/client.h"

/* Of a client. Invariants:
 *   U1. Callbacks of libcurl run on the loop's stack, or within a call that a task makes to pause, begin
 *       or end its transfer. They copy, note and wake; nothing of the caller's is called there.
 *   U2. A handle is added and removed by the task whose exchange it is, thus never within a callback. */
struct gy__curl {
    gy_loop *loop;
    CURLM *multi;
    gy_timer timer;
    gy_list transfers; /* struct gy__transfer.link */
};

/* One exchange. What libcurl writes and what the task reads are apart, so that both may go on while the
 * other waits. */
struct gy__transfer {
    struct gy__curl *engine;
    struct gy__fetch *fetch;
    gy_list link;
    gy_task *waiting;     /* in this exchange's own wait */
    struct gy__peer peer; /* the head of the request, and heads of answers to be parsed */
    CURL *easy;
    struct curl_slist *headers, *proxy_headers, *addresses, *detours;
    gy_str proxy; /* where it is: "name:port" */
    char error[CURL_ERROR_SIZE];
    bool added, done;
    CURLcode result;
    int code; /* why we have ended it; 0: we have not */

    int64_t opened, reached; /* a socket; the server, ready to be asked. 0: not yet */
    int64_t sent, answered;  /* the last byte; the first one */
    int reaches;             /* how often: again, when a kept connection was dead */

    struct gy__buf heads; /* whole ones first */
    size_t whole;         /* bytes of those */
    bool heads_over;      /* up to the final one */
    bool settled;         /* it is no success: the rest of the request is not wanted */
    bool deaf;            /* libcurl reads no more: all has come, or the server has gone */
    bool stopped;         /* by us, where libcurl would have asked again */
    int version;          /* as in gy_response */

    struct gy__buf body, taken; /* what came, and what the task delivers */
    bool held;                  /* libcurl keeps more */

    bool brings_body, streamed; /* there is one; of the caller's reader */
    gy_deadline *limit;         /* of a call of the reader */
    char *room;                 /* for what the reader reads */
    gy_str next;                /* bytes to send */
    uint64_t left;              /* that [next] and the reader owe; UINT64_MAX: nobody knows */
    bool wants;                 /* libcurl waits for more */
    bool read_over;
};

/* -- client_curl_load.c ---------------------------------------------------------------------------- */

/* What is used of libcurl. */
struct gy__libcurl {
    __typeof__(curl_easy_cleanup) *easy_cleanup;
    __typeof__(curl_easy_getinfo) *easy_getinfo;
    __typeof__(curl_easy_init) *easy_init;
    __typeof__(curl_easy_pause) *easy_pause;
    __typeof__(curl_easy_setopt) *easy_setopt;
    __typeof__(curl_easy_strerror) *easy_strerror;
    __typeof__(curl_global_init_mem) *global_init_mem;
    __typeof__(curl_multi_add_handle) *multi_add_handle;
    __typeof__(curl_multi_assign) *multi_assign;
    __typeof__(curl_multi_cleanup) *multi_cleanup;
    __typeof__(curl_multi_info_read) *multi_info_read;
    __typeof__(curl_multi_init) *multi_init;
    __typeof__(curl_multi_remove_handle) *multi_remove_handle;
    __typeof__(curl_multi_setopt) *multi_setopt;
    __typeof__(curl_multi_socket_action) *multi_socket_action;
    __typeof__(curl_slist_append) *slist_append;
    __typeof__(curl_slist_free_all) *slist_free_all;
    __typeof__(curl_version_info) *version_info;
};

extern struct gy__libcurl gy__libcurl;

/* Load it, unless it is there: whether it is, and new enough. */
bool gy__libcurl_load(void);

/* -- client_curl.c --------------------------------------------------------------------------------- */

/* End the wait of its task, if it waits for libcurl; and with _interrupt also those of the reader. */
void gy__transfer_wake(struct gy__transfer *x);
void gy__transfer_interrupt(struct gy__transfer *x);

/* Begin; and no more, before or after its end. 0 or a negative code. */
int gy__transfer_add(struct gy__transfer *x);
void gy__transfer_remove(struct gy__transfer *x);

/* -- client_curl_setup.c --------------------------------------------------------------------------- */

/* All options, from the fetch and its head in x->peer.out. 0 or a negative code. */
int gy__transfer_set_up(struct gy__transfer *x);

/* The body to send from its start. */
void gy__transfer_rewind(struct gy__transfer *x);

/* An option of any type; texts are copied, lists are not. 0, or GY_ENOMEM, or GY_EINVAL for what this
 * libcurl does not know. */
int gy__transfer_set(struct gy__transfer *x, CURLoption option, long value);
int gy__transfer_set_pointer(struct gy__transfer *x, CURLoption option, const void *value);

/* What setopt gave, as ours. */
int gy__transfer_code(CURLcode code);

/* -- client_curl_tls.c ----------------------------------------------------------------------------- */

/* What the caller's TLS settings were made from. 0 or a negative code. */
int gy__transfer_set_tls(struct gy__transfer *x);

/* -- client_curl_names.c --------------------------------------------------------------------------- */

/* Look up who is to be connected to with the client's resolver, until [until]: libcurl need not. Sets
 * x->proxy, if there is one. 0 or a negative code. */
GY_SUSPENDS int gy__transfer_resolve(struct gy__transfer *x, int64_t until);

/* -- client_curl_callback.c ------------------------------------------------------------------------ */

/* Have libcurl call us. */
int gy__transfer_listen(struct gy__transfer *x);

/* -- client_curl_why.c ----------------------------------------------------------------------------- */

/* How it ended: 0, or a negative code with out->why. */
int gy__transfer_judge(struct gy__transfer *x);

#endif
