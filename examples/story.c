/* SPDX-License-Identifier: MIT */
/* story.c - a small JSON resource: path arguments, query arguments, errors. */

#include <gyre.h>
#include <string.h>

struct story {
    long id;
    const char *title;
};

static const struct story shelf[] = {
    {1, "The Second Coming"},
    {7, "Sailing to Byzantium"},
};
enum { SHELF = sizeof shelf / sizeof shelf[0] };

static int list(gy_request *r)
{
    gy_json_out out = gy_json_begin(r);
    gy_json_array(&out, "stories");
    for (size_t i = 0; i < SHELF; i++)
        gy_json_item(&out, "{id: %ld, title: %s}", shelf[i].id, shelf[i].title);
    return gy_json_end(&out);
}

static int show(gy_request *r)
{
    long id = gy_path_int(r, "id"); /* the route has checked it */
    for (size_t i = 0; i < SHELF; i++)
        if (shelf[i].id == id)
            return gy_json(r, "{id: %ld, title: %s}", id, shelf[i].title);
    return gy_fail(r, 404, "no story %ld", id);
}

static int search(gy_request *r)
{
    const char *word;
    int e = gy_need_arg(r, "q", &word); /* absent: 400 */
    if (e)
        return e;
    for (size_t i = 0; i < SHELF; i++)
        if (strstr(shelf[i].title, word))
            return gy_json(r, "{id: %ld, title: %s}", shelf[i].id, shelf[i].title);
    return gy_fail(r, 404, "no title has \"%s\" in it", word);
}

static const gy_handler story = {.get = show};

const gy_route story_routes[] = {
    GY_GET("/stories", list),
    GY_GET("/search", search),
    GY_ROUTE("/story/{id:int}", &story, .name = "story"),
    GY_END,
};

const gy_app story_app = {.routes = story_routes, .name = "story"};

int main(int argc, char **argv)
{
    return gy_main(&story_app, argc, argv);
}
