/* SPDX-License-Identifier: MIT */
/* upload.c - the fields of a form told back as JSON. */

#include "testbed.h"
#include <strings.h>

static bool seen_before(const gy_field *all, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (gy_str_eq(all[k].name, all[i].name))
            return true;
    return false;
}

int testbed_upload(gy_request *r)
{
    const char *type = gy_header(r, "Content-Type", "");
    if (strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0)
        return gy_fail(r, 415, "a form of type \"%s\"", type);
    size_t count = 0;
    const gy_field *all = gy_body_args(r, &count); /* malformed: 400 */
    gy_json_out out = gy_json_begin(r);
    gy_json_object(&out, "fields");
    for (size_t i = 0; i < count; i++) {
        if (seen_before(all, i))
            continue;
        gy_json_array(&out, all[i].name.ptr);
        for (size_t k = i; k < count; k++)
            if (gy_str_eq(all[k].name, all[i].name))
                gy_json_item(&out, "%s", all[k].value.ptr);
        gy_json_close(&out);
    }
    gy_json_close(&out);
    gy_json_array(&out, "files");
    return gy_json_end(&out);
}
