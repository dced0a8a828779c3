/* SPDX-License-Identifier: MIT */
/* log_id.c - what the lines that a task logs are marked with. */

#include <gyre/error.h>
#include <gyre/task.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log_line.h"

static gy_local log_id = {.free_value = gy__free};

int gy_task_set_log_id(const char *id)
{
    char *copy = NULL;
    if (!gy_task_self())
        return GY_ENOTASK;
    if (id) {
        size_t size = strlen(id) + 1;
        copy = gy__alloc(size);
        if (!copy)
            return GY_ENOMEM;
        memcpy(copy, id, size);
    } else if (!gy_local_get(&log_id)) {
        return 0;
    }
    return gy_local_set(&log_id, copy);
}

const char *gy_task_log_id(void)
{
    return gy_local_get(&log_id);
}

/* Before there are threads that log. Programs that set no id have no part of this. */
__attribute__((constructor)) static void mark_lines(void)
{
    gy__log_id = gy_task_log_id;
}
