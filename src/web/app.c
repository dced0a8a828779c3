/* SPDX-License-Identifier: MIT */
/* app.c - compiles an application's description. */
#include "web/app.h"

#include "base/alloc.h"

#include <gyre/log.h>

struct gy__app *gy__app_new(const gy_app *app)
{
    struct gy__fault why = {"out of memory"};
    struct gy__app *a = gy__zalloc(sizeof *a);
    if (a) {
        a->app = app;
        a->request_ids = app->request_ids;
        a->router = gy__router_new(app, &why);
    }
    if (a && a->router)
        return a;
    gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "cannot serve %s: %s", app->name ? app->name : "this app",
           why.text);
    gy__app_free(a);
    return NULL;
}

void gy__app_free(struct gy__app *a)
{
    if (!a)
        return;
    while (a->spare_count)
        gy__buf_done(&a->spare[--a->spare_count]);
    gy__router_free(a->router);
    gy__free(a);
}
