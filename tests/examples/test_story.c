/* SPDX-License-Identifier: MIT */
/* test_story.c - the story example, without a port. */
#include <gyre/testing.h>

extern const gy_app story_app;

#define ONE "{\"id\":1,\"title\":\"The Second Coming\"}"
#define SEVEN "{\"id\":7,\"title\":\"Sailing to Byzantium\"}"

GY_TEST(a_story_is_json)
{
    gy_test_response res = gy_test_get(t, &story_app, "/story/7");
    GY_CHECK_INT(res.status, 200);
    GY_CHECK_TEXT(res.body, SEVEN);
    GY_CHECK_TEXT(gy_test_header(&res, "Content-Type"), "application/json; charset=UTF-8");
}

GY_TEST(an_unknown_story_is_404)
{
    gy_test_expect_log(t, "404 GET /story/8*no story 8");
    gy_test_allow_log(t, "404 GET /story/8 *ms");
    gy_test_response res = gy_test_get(t, &story_app, "/story/8");
    GY_CHECK_INT(res.status, 404);
    GY_CHECK(!gy_test_matches("*no story*", res.body)); /* that is for the log only */
}

GY_TEST(an_id_is_a_number)
{
    static const char *const bad[] = {"/story/x", "/story/", "/story/7x", "/story/7/8",
                                      "/story/9999999999999999999"};
    gy_test_allow_log(t, "404 GET *");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        GY_CHECK_INT(gy_test_get(t, &story_app, bad[i]).status, 404);
}

GY_TEST(all_stories)
{
    gy_test_response res = gy_test_get(t, &story_app, "/stories");
    GY_CHECK_INT(res.status, 200);
    GY_CHECK_TEXT(res.body, "{\"stories\":[" ONE "," SEVEN "]}");
}

GY_TEST(a_search_finds_the_first)
{
    GY_CHECK_TEXT(gy_test_get(t, &story_app, "/search?q=to+Byz").body, SEVEN);
    GY_CHECK_TEXT(gy_test_get(t, &story_app, "/search?q=%54he").body, ONE);
    GY_CHECK_TEXT(gy_test_get(t, &story_app, "/search?q=Byz&q=The").body, ONE); /* the last q */
}

GY_TEST(a_search_that_finds_nothing)
{
    gy_test_expect_log(t, "404 GET /search?q=Circus*no title has \"Circus\" in it");
    gy_test_allow_log(t, "404 GET /search?q=Circus *ms");
    GY_CHECK_INT(gy_test_get(t, &story_app, "/search?q=Circus").status, 404);
}

GY_TEST(a_search_for_nothing_is_400)
{
    gy_test_expect_log(t, "400 GET /search *missing argument q");
    gy_test_allow_log(t, "400 GET /search *ms");
    GY_CHECK_INT(gy_test_get(t, &story_app, "/search").status, 400);
}

GY_TEST(a_story_can_only_be_read)
{
    gy_test_allow_log(t, "405 PUT *");
    gy_test_response res = gy_test_fetch(
        t, &story_app, &(gy_test_request){.method = "PUT", .path = "/story/7", .body = "x"});
    GY_CHECK_INT(res.status, 405);
    GY_CHECK_TEXT(gy_test_header(&res, "Allow"), "GET, HEAD, OPTIONS");
}

/* Whatever allocation fails, there is an answer or the connection ends, and nothing is left. */
static void read_stories(gy_test *t, void *arg)
{
    (void)arg;
    gy_test_response res = gy_test_get(t, &story_app, "/story/7");
    if (!gy_test_disturbed(t))
        GY_CHECK_INT(res.status, 200);
    res = gy_test_get(t, &story_app, "/stories");
    gy_test_calm(t);
    res = gy_test_get(t, &story_app, "/search?q=Byz");
    if (!gy_test_disturbed(t))
        GY_CHECK_TEXT(res.body, SEVEN);
}

GY_TEST(memory_runs_out)
{
    GY_CHECK(gy_test_sweep_alloc(t, read_stories, NULL) > 0);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
