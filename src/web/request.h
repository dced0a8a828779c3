/* SPDX-License-Identifier: MIT */
/* request.h - what lies behind a gy_request, and what the files that answer it share. */
#ifndef GYRE_WEB_REQUEST_H
#define GYRE_WEB_REQUEST_H

#include <gyre/log.h>
#include <gyre/web.h>

#include "base/buf.h"
#include "http/exchange.h"
#include "http/message.h"
#include "web/app.h"

enum { GY__FIELDS_FIRST = 8 };

struct gy__args;

struct gy__request {
    gy_request front; /* first */
    gy_exchange *x;
    struct gy__app *app;
    const struct gy__target *target; /* whose hooks run, once chosen */
    const gy_str *parts;             /* [target->parts] */
    struct gy__args *args;           /* once somebody asked */
    const char *fail_reason;
    const char *id;     /* once somebody asked */
    const char *phrase; /* instead of the standard reason phrase */
    int status;
    int failure;    /* of output, the first; negative */
    int refused;    /* or the status that a malformed argument is answered with */
    int body_error; /* what gy_body_read failed with */
    int lost;       /* the code with which the client was lost, else 0 */
    bool ended;     /* nothing can be added to the response */
    bool sent;      /* and it has left */
    bool json_open; /* between gy_json_begin and gy_json_end */
    bool has_hooks; /* r->self is there, so on_finish and write_error may run */
    struct gy__buf body;
    gy_headers headers; /* of the response; the first is the default Content-Type while unchanged */
    gy_headers trailers;
    gy_field fields[GY__FIELDS_FIRST];
};

static inline struct gy__request *gy__request_of(const gy_request *r)
{
    return (struct gy__request *)(uintptr_t)r;
}

/* Fill the front from the exchange, and an empty response. */
void gy__request_init(struct gy__request *q, gy_exchange *x, struct gy__app *app);

/* -- request_id.c ------------------------------------------------------------------------------ */

/* Its id goes into its log lines and its response, until the end. */
void gy__request_id_begin(struct gy__request *q);
void gy__request_id_end(struct gy__request *q);

/* -- response.c -------------------------------------------------------------------------------- */

/* HTML in UTF-8, as in Tornado. The field goes along only with a body. */
static inline bool gy__response_has_default_type(const struct gy__request *q)
{
    return q->headers.count && q->headers.items[0].value.ptr == gy__html_type.value.ptr;
}

/* May something be added to the body now? 0, the sticky failure, or GY_EFINISHED. */
int gy__response_open(struct gy__request *q);

/* Remember the first failure; gives [e]. */
int gy__response_fail(struct gy__request *q, int e);

/* Exchange the default Content-Type for this one; one that was set stays. Borrows it. */
void gy__response_set_type(struct gy__request *q, gy_str type);

/* Forget the body, and the fields that describe it, and any failure: for an error page. */
void gy__response_reset(struct gy__request *q);

/* Forget the body only. */
void gy__response_clear_body(struct gy__request *q);

/* Give back the body's memory. */
void gy__response_done(struct gy__request *q);

/* -- send.c ------------------------------------------------------------------------------------ */

/* Send the response, or the rest of it. 0 or a negative code; GY_EINVAL before the head was sent
 * means that a field contradicts the body. Suspends. */
int gy__response_send(struct gy__request *q);

/* -- error_page.c ------------------------------------------------------------------------------ */

/* The response becomes the page of [status]: the handler's write_error, or ours. Suspends. */
void gy__error_page(struct gy__request *q, int status);

/* -- access_log.c ------------------------------------------------------------------------------ */

/* The line of a request that has ended. */
void gy__access_log(struct gy__request *q);

/* A line about what went wrong in it. */
void gy__request_log(struct gy__request *q, enum gy_log_level level, int status, const char *what);

#endif
