/* SPDX-License-Identifier: MIT */
/* export.h - the marks that public prototypes carry. */
#ifndef GYRE_EXPORT_H
#define GYRE_EXPORT_H

/* Visible outside the library. */
#define GY_API __attribute__((visibility("default")))

/* May suspend the calling task while others run. Expands to nothing: it is there to be read,
 * as `await` is. A call without the mark never suspends. */
#define GY_SUSPENDS

/* The result must be looked at. */
#define GY_CHECKED __attribute__((warn_unused_result))

/* The compiler checks the arguments as it does for printf. */
#define GY_PRINTF(fmt_, first_) __attribute__((format(printf, fmt_, first_)))

#ifdef __cplusplus
#define GY_BEGIN_DECLS extern "C" {
#define GY_END_DECLS }
#else
#define GY_BEGIN_DECLS
#define GY_END_DECLS
#endif

#endif
