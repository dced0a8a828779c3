/* SPDX-License-Identifier: MIT */
/* option_path.c - paths that begin with a tilde, or in another folder. */
#include <gyre/error.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "serve/option_value.h"

/* The home folder of "" (whose process this is) or of a user, or NULL. */
static const char *home_of(gy_str user)
{
    char name[64];
    const char *home = getenv("HOME");
    if (user.len == 0 && home && *home)
        return home;
    if (user.len >= sizeof name)
        return NULL;
    memcpy(name, user.ptr, user.len);
    name[user.len] = 0;
    const struct passwd *entry = user.len ? getpwnam(name) : getpwuid(getuid());
    return entry ? entry->pw_dir : NULL;
}

static int put_front(struct gy__buf *b, const char **text, const char *folder)
{
    if (**text == '~') {
        size_t len = strcspn(*text, "/");
        const char *home = home_of(gy_str_n(*text + 1, len - 1));
        *text += len;
        return home ? gy__buf_add(b, home, strlen(home)) : GY_EINVAL;
    }
    if (!folder || **text == '/' || !**text)
        return 0;
    return gy__buf_addf(b, "%s/", strcmp(folder, "/") == 0 ? "" : folder);
}

int gy__option_path(const char *text, const struct gy__option_reading *how, const char **out)
{
    struct gy__buf b;
    gy__buf_init(&b, SIZE_MAX / 2);
    int e = put_front(&b, &text, how->folder);
    if (!e)
        e = gy__buf_add(&b, text, strlen(text));
    if (!e) {
        const char *path = gy__option_keep(how->state, b.data, b.len);
        if (path)
            *out = path;
        else
            e = GY_ENOMEM;
    }
    gy__buf_done(&b);
    return e;
}
