/* SPDX-License-Identifier: MIT */
/* page.h - the first page, and the tables of the examples that it links. */
#ifndef DEMO_PAGE_H
#define DEMO_PAGE_H

#include <gyre/web.h>

int demo_page(gy_request *r);

extern const gy_route hello_routes[], delay_routes[], ticker_routes[], story_routes[];

#endif
