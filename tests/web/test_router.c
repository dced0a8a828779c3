/* SPDX-License-Identifier: MIT */
/* test_router.c - which row answers, with which parts; wrong tables; every allocation failing. */
#include "web/router.h"

#include "base/alloc.h"
#include "web/path.h"
#include "web/table.h"

#include <gyre/error.h>
#include <gyre/log.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static int nothing(gy_request *r)
{
    (void)r;
    return 0;
}

static int other(gy_request *r)
{
    (void)r;
    return 1;
}

static struct gy__router *make(const gy_route *routes)
{
    gy_app app = {.routes = routes};
    struct gy__fault why = {""};
    struct gy__router *router = gy__router_new(&app, &why);
    assert_string_equal(why.text, "");
    assert_non_null(router);
    return router;
}

/* "name: part=value part=value", the status when it is none. */
static const char *look(const struct gy__router *router, const char *path, const char *host)
{
    static char shown[2048];
    gy_arena a = {0};
    struct gy__match m;
    int status = gy__router_match(router, gy_str_of(path), gy_str_of(host), &a, &m);
    if (status) {
        gy_arena_done(&a);
        snprintf(shown, sizeof shown, "%d", status);
        return shown;
    }
    const gy_route *row = m.target->route;
    size_t len = (size_t)snprintf(shown, sizeof shown, "%s", row->name ? row->name : row->pattern);
    for (unsigned i = 0; i < m.target->parts; i++) {
        gy_str name = m.target->names[i], value = m.parts[i];
        if (value.ptr)
            assert_int_equal(value.ptr[value.len], '\0');
        len += (size_t)snprintf(shown + len, sizeof shown - len, " %.*s=%s", GY_FMT(name),
                                value.ptr ? value.ptr : "(none)");
    }
    gy_arena_done(&a);
    return shown;
}

#define LEADS(router_, path_, expected_) assert_string_equal(look(router_, path_, "h"), expected_)

static void texts_and_parts_match(void **state)
{
    const gy_route routes[] = {
        GY_GET("/", nothing),
        GY_GET("/story/{id:int}", nothing),
        GY_GET("/story/{name}", nothing),
        GY_GET("/story/new", nothing), /* never: the row above comes first */
        GY_GET("/stories", nothing),
        GY_GET("/v{n:uint}.json", nothing),
        GY_GET("/files/{path:rest}", nothing),
        GY_GET("/{a}/{b}/{c}", nothing),
        GY_END,
    };
    (void)state;
    struct gy__router *r = make(routes);
    LEADS(r, "/", "/");
    LEADS(r, "/story/7", "/story/{id:int} id=7");
    LEADS(r, "/story/-7", "/story/{id:int} id=-7");
    LEADS(r, "/story/99999999999999999999", "/story/{name} name=99999999999999999999");
    LEADS(r, "/story/new", "/story/{name} name=new");
    LEADS(r, "/story/", "404");
    LEADS(r, "/story", "404");
    LEADS(r, "/stories", "/stories");
    LEADS(r, "/stories/", "404");
    LEADS(r, "/v12.json", "/v{n:uint}.json n=12");
    LEADS(r, "/v.json", "404");
    LEADS(r, "/vx.json", "404");
    LEADS(r, "/v1.jsonx", "404");
    LEADS(r, "/files/", "/files/{path:rest} path=");
    LEADS(r, "/files/a/b", "/files/{path:rest} path=a/b");
    LEADS(r, "/files", "404");
    LEADS(r, "/x/y/z", "/{a}/{b}/{c} a=x b=y c=z");
    LEADS(r, "/x//z", "404");
    LEADS(r, "/x/y/z/", "404");
    LEADS(r, "", "404");
    LEADS(r, "*", "404");
    gy__router_free(r);
}

static void order_decides_in_every_overlap(void **state)
{
    const gy_route up[] = {
        GY_GET("/{any:rest}", nothing),
        GY_GET("/a/b", nothing),
        GY_END,
    };
    const gy_route down[] = {
        GY_GET("/a/b", nothing),
        GY_REGEX("/a/(.)", &(const gy_handler){.get = nothing}),
        GY_GET("/a/{x:int}", nothing),
        GY_GET("/{any:rest}", nothing),
        GY_END,
    };
    const gy_route expression_first[] = {
        GY_GET("/b/a", nothing),
        GY_REGEX("/a/(.)", &(const gy_handler){.get = nothing}),
        GY_GET("/a/b", nothing),
        GY_END,
    };
    (void)state;
    struct gy__router *r = make(up);
    LEADS(r, "/a/b", "/{any:rest} any=a/b");
    gy__router_free(r);
    r = make(expression_first);
    LEADS(r, "/a/b", "/a/(.) =b");
    LEADS(r, "/b/a", "/b/a");
    LEADS(r, "/b/%61", "/b/a");
    gy__router_free(r);
    r = make(down);
    LEADS(r, "/a/b", "/a/b");
    LEADS(r, "/a/1", "/a/(.) =1");
    LEADS(r, "/a/12", "/a/{x:int} x=12");
    LEADS(r, "/a/xy", "/{any:rest} any=a/xy");
    gy__router_free(r);
}

static void encoded_paths_are_decoded_once(void **state)
{
    const gy_route routes[] = {
        GY_GET("/caf\xc3\xa9/{x}", nothing),
        GY_GET("/{x}", nothing),
        GY_REGEX("/re/([^/]+)/(.*)", &(const gy_handler){.get = nothing}),
        GY_GET("/r/{x:rest}", nothing),
        GY_END,
    };
    (void)state;
    struct gy__router *r = make(routes);
    LEADS(r, "/caf%C3%A9/x", "/caf\xc3\xa9/{x} x=x");
    LEADS(r, "/%63af%c3%a9/%20", "/caf\xc3\xa9/{x} x= ");
    LEADS(r, "/a%2Fb", "/{x} x=a/b");
    LEADS(r, "/a%252Fb", "/{x} x=a%2Fb");
    LEADS(r, "/r/a%2fb/c", "/r/{x:rest} x=a/b/c");
    LEADS(r, "/re/a%2Fb/c%2fd", "/re/([^/]+)/(.*) =a/b =c/d");
    LEADS(r, "/%", "400");
    LEADS(r, "/%4", "400");
    LEADS(r, "/%4g", "400");
    LEADS(r, "/%g4", "400");
    LEADS(r, "/%00", "400");
    LEADS(r, "/%1b", "400");
    LEADS(r, "/%7F", "400");
    LEADS(r, "/%09", "/{x} x=\t");
    LEADS(r, "/%ff", "400");
    LEADS(r, "/%c3", "400");
    LEADS(r, "/%c0%80", "400");
    LEADS(r, "/%ed%a0%80", "400");
    LEADS(r, "/\xff", "400");
    LEADS(r, "/long-enough-for-a-word\xc3\xa9", "/{x} x=long-enough-for-a-word\xc3\xa9");
    gy__router_free(r);
}

static void expressions_match_whole_paths(void **state)
{
    const gy_route routes[] = {
        GY_REGEX("/sleep/(\\d+)", &(const gy_handler){.get = nothing}),
        GY_REGEX("/(?P<year>\\d{4})(?:-(?<month>\\d\\d))?", &(const gy_handler){.get = nothing}),
        GY_REGEX("/x|/y", &(const gy_handler){.get = nothing}),
        GY_REGEX("^/anchored$", &(const gy_handler){.get = nothing}),
        GY_REGEX("/(\xc3\xa9)(.)", &(const gy_handler){.get = nothing}),
        GY_GET("/v{n:re([12])}/{rest:re(a(b)*)}", nothing),
        GY_GET("/{a}-{b:int}", nothing),
        GY_GET("/{a:slug}.{b:slug}/{c:rest}", nothing),
        GY_END,
    };
    (void)state;
    struct gy__router *r = make(routes);
    LEADS(r, "/sleep/12", "/sleep/(\\d+) =12");
    LEADS(r, "/sleep/12x", "404");
    LEADS(r, "/sleep/12%0A", "404");
    LEADS(r, "/x/sleep/12", "404");
    LEADS(r, "/2024", "/(?P<year>\\d{4})(?:-(?<month>\\d\\d))? year=2024 month=(none)");
    LEADS(r, "/2024-05", "/(?P<year>\\d{4})(?:-(?<month>\\d\\d))? year=2024 month=05");
    LEADS(r, "/x", "/x|/y");
    LEADS(r, "/y", "/x|/y");
    LEADS(r, "/xy", "404");
    LEADS(r, "/anchored", "^/anchored$");
    LEADS(r, "/%C3%A9%C3%A9", "/(\xc3\xa9)(.) =\xc3\xa9 =\xc3\xa9");
    LEADS(r, "/v1/abb", "/v{n:re([12])}/{rest:re(a(b)*)} n=1 rest=abb");
    LEADS(r, "/v3/abb", "404");
    LEADS(r, "/x-y-7", "/{a}-{b:int} a=x-y b=7");
    LEADS(r, "/x--7", "/{a}-{b:int} a=x- b=7");
    LEADS(r, "/x-99999999999999999999", "404");
    LEADS(r, "/p.q/", "/{a:slug}.{b:slug}/{c:rest} a=p b=q c=");
    LEADS(r, "/p.q/a/b", "/{a:slug}.{b:slug}/{c:rest} a=p b=q c=a/b");
    gy__router_free(r);
}

static void count_log(void *arg, enum gy_log_channel channel, enum gy_log_level level,
                      const char *text, size_t len)
{
    (void)channel;
    (void)level;
    (void)len;
    (void)text;
    ++*(int *)arg;
}

static void an_endless_expression_gives_up(void **state)
{
    const gy_route routes[] = {
        GY_REGEX("/(a|aa|a*)*b", &(const gy_handler){.get = nothing}),
        GY_END,
    };
    (void)state;
    struct gy__router *r = make(routes);
    char path[512] = "/";
    memset(path + 1, 'a', 500);
    memcpy(path + 501, "cb", 3); /* without the last byte there would be nothing to try */
    int logged = 0;
    gy_log_set_sink(count_log, &logged);
    LEADS(r, path, "500");
    gy_log_set_sink(NULL, NULL);
    assert_int_equal(logged, 1);
    LEADS(r, "/aab", "/(a|aa|a*)*b =");
    gy__router_free(r);
}

static void tables_nest_by_prefix(void **state)
{
    const gy_route leaf[] = {
        GY_GET("", nothing),
        GY_GET("/{id:int}", nothing),
        GY_REGEX("/x(\\d)", &(const gy_handler){.get = nothing}),
        GY_END,
    };
    const gy_route api[] = {
        GY_MOUNT("/user/{user}", leaf),
        GY_GET("/story", nothing),
        GY_END,
    };
    const gy_route routes[] = {
        GY_MOUNT("/api", api),
        GY_GET("/api/late", nothing),
        GY_GET("/api/story", nothing), /* the nested one comes first */
        GY_END,
    };
    (void)state;
    struct gy__router *r = make(routes);
    LEADS(r, "/api/user/joe", " user=joe");
    LEADS(r, "/api/user/joe/7", "/{id:int} user=joe id=7");
    LEADS(r, "/api/user/joe/x7", "/x(\\d) user=joe =7");
    LEADS(r, "/api/story", "/story");
    LEADS(r, "/api/late", "/api/late");
    LEADS(r, "/api", "404");
    gy__router_free(r);
}

static void hosts_choose(void **state)
{
    const gy_route inner[] = {GY_GET("/", nothing), GY_GET("/{x}", nothing), GY_END};
    const gy_route routes[] = {
        GY_HOST("example.com", inner),
        GY_HOST("{sub}.Example.com", inner),
        GY_HOST("*.example.org", inner),
        GY_HOST("s{n:int}.net", inner),
        GY_ROUTE("/", &(const gy_handler){.get = nothing}, .name = "any"),
        GY_END,
    };
    (void)state;
    struct gy__router *r = make(routes);
    assert_string_equal(look(r, "/", "example.com"), "/");
    assert_string_equal(look(r, "/", "EXAMPLE.com:8080"), "/");
    assert_string_equal(look(r, "/", "example.com."), "/");
    assert_string_equal(look(r, "/", "www.example.com"), "/ sub=www");
    assert_string_equal(look(r, "/p", "www.example.com"), "/{x} x=p sub=www");
    assert_string_equal(look(r, "/", "a.b.example.com"), "any");
    assert_string_equal(look(r, "/", ".example.com"), "any");
    assert_string_equal(look(r, "/", "a.b.example.org:1"), "/");
    assert_string_equal(look(r, "/", "example.org"), "any");
    assert_string_equal(look(r, "/", ".example.org"), "any");
    assert_string_equal(look(r, "/", "s7.net"), "/ n=7");
    assert_string_equal(look(r, "/", "sx.net"), "any");
    assert_string_equal(look(r, "/", "badexample.com"), "any");
    assert_string_equal(look(r, "/", ""), "any");
    assert_string_equal(look(r, "/", "[::1]:80"), "any");
    assert_string_equal(look(r, "/p", "x"), "404");
    gy__router_free(r);
}

static void rows_of_one_pattern_answer_as_one(void **state)
{
    const gy_route routes[] = {
        GY_GET("/x/{a}", nothing),
        GY_POST("/x/{a}", other),
        GY_GET("/x/{a}", other),
        GY_DELETE("/y", nothing),
        GY_END,
    };
    (void)state;
    struct gy__router *r = make(routes);
    gy_arena a = {0};
    struct gy__match m;
    gy_str path = GY_STR("/x/1"), host = GY_STR("");
    assert_int_equal(gy__router_match(r, path, host, &a, &m), 0);
    assert_string_equal(m.target->allow.ptr, "GET, HEAD, POST, OPTIONS");
    assert_ptr_equal(gy__target_for(m.target, GY_METHOD_GET)->route, &routes[0]);
    assert_ptr_equal(gy__target_for(m.target, GY_METHOD_HEAD)->route, &routes[0]);
    assert_ptr_equal(gy__target_for(m.target, GY_METHOD_POST)->route, &routes[1]);
    assert_null(gy__target_for(m.target, GY_METHOD_PUT));
    assert_int_equal(gy__router_match(r, (gy_str)GY_STR("/y"), host, &a, &m), 0);
    assert_string_equal(m.target->allow.ptr, "DELETE, OPTIONS");
    gy_arena_done(&a);
    gy__router_free(r);
}

static void bases_are_merged(void **state)
{
    static const gy_handler site = {.write_error = other, .get = other, .self_size = 64};
    static const gy_handler app_base = {.on_finish = nothing, .put = nothing, .max_body = 5};
    static const gy_handler page = {.base = &site, .get = nothing, .self_size = 8};
    const gy_route routes[] = {GY_ROUTE("/", &page), GY_END};
    (void)state;
    gy_app app = {.routes = routes, .base = &app_base};
    struct gy__fault why;
    struct gy__router *r = gy__router_new(&app, &why);
    gy_arena a = {0};
    struct gy__match m;
    assert_int_equal(gy__router_match(r, (gy_str)GY_STR("/"), (gy_str)GY_STR(""), &a, &m), 0);
    assert_ptr_equal(m.target->handler.get, nothing);
    assert_ptr_equal(m.target->handler.write_error, other);
    assert_ptr_equal(m.target->handler.on_finish, nothing);
    assert_ptr_equal(m.target->verbs[GY_METHOD_PUT], nothing);
    assert_int_equal(m.target->handler.self_size, 64);
    assert_int_equal(m.target->handler.max_body, 5);
    assert_string_equal(m.target->allow.ptr, "GET, HEAD, PUT, OPTIONS");
    const struct gy__target *none = gy__router_default(r);
    assert_null(none->verbs[GY_METHOD_PUT]);
    assert_ptr_equal(none->handler.on_finish, nothing);
    gy_arena_done(&a);
    gy__router_free(r);
}

static void is_refused(const gy_route *routes, const char *expected)
{
    gy_app app = {.routes = routes};
    struct gy__fault why = {""};
    struct gy__router *router = gy__router_new(&app, &why);
    assert_null(router);
    assert_string_equal(why.text, expected);
}

#define REFUSED(expected_, ...) is_refused((const gy_route[]){__VA_ARGS__, GY_END}, expected_)

static void wrong_tables_name_the_row(void **state)
{
    const gy_route nested[] = {GY_GET("/{b:itn}", nothing), GY_END};
    const gy_route rest[] = {GY_GET("x", nothing), GY_END};
    const gy_route part[] = {GY_GET("{x}", nothing), GY_END};
    const gy_route twice[] = {GY_GET("/{x}", nothing), GY_END};
    const gy_route hat[] = {GY_REGEX("^/x", &(const gy_handler){.get = nothing}), GY_END};
    static const gy_handler h = {.get = nothing};
    static gy_handler circle = {.get = nothing};
    (void)state;
    circle.base = &circle;
    REFUSED("routes[0] \"x\": a pattern begins with '/'", GY_GET("x", nothing));
    REFUSED("routes[0] \"\": a pattern begins with '/'", GY_GET("", nothing));
    REFUSED("routes[0] \"{x}\": a pattern begins with '/'", GY_GET("{x}", nothing));
    REFUSED("routes[1] \"/{\": position 2: a part needs a name", GY_GET("/", nothing),
            GY_GET("/{", nothing));
    REFUSED("routes[0] \"/a\" .routes[0] \"/{b:itn}\": position 4: no type \"itn\"; there are str, "
            "int, uint, float, slug, hex, uuid, rest and re(...)",
            GY_MOUNT("/a", nested));
    REFUSED("routes[0] \"/{p:rest}\" .routes[0] \"x\": nothing may follow a part of type rest",
            GY_MOUNT("/{p:rest}", rest));
    REFUSED("routes[0] \"/{p}\" .routes[0] \"{x}\": nothing stands between two parts",
            GY_MOUNT("/{p}", part));
    REFUSED("routes[0] \"/{x}\" .routes[0] \"/{x}\": two parts are called \"x\"",
            GY_MOUNT("/{x}", twice));
    REFUSED("routes[0] \"/a\" .routes[0] \"^/x\": begins in the middle of the path, so '^' cannot "
            "match",
            GY_MOUNT("/a", hat));
    REFUSED("routes[0] \"/\": has no handler", GY_ROUTE("/", NULL));
    REFUSED("routes[0]: has no pattern", {.handler = &h});
    REFUSED("routes[0] \"/\": has both a handler and a table",
            {.pattern = "/", .handler = &h, .routes = rest});
    REFUSED("routes[0] \"/\": the prefix of a table cannot be a regular expression",
            {.pattern = "/", .regex = true, .routes = rest});
    REFUSED("routes[0] \"/\": a table has no name", {.pattern = "/", .name = "x", .routes = rest});
    REFUSED("routes[0] \"/\": the bases of its handler form a circle", GY_ROUTE("/", &circle));
    REFUSED("routes[1] \"/b\": the name \"n\" is taken by routes[0] \"/a\"",
            GY_ROUTE("/a", &h, .name = "n"), GY_ROUTE("/b", &h, .name = "n"));
    REFUSED("routes[0] \"/(\": regular expression, position 2: missing closing parenthesis",
            GY_REGEX("/(", &h));
    REFUSED("routes[0] \"/{x:re(a)b)}\": position 9: '}' expected",
            GY_GET("/{x:re(a)b)}", nothing));
    REFUSED("routes[0] \"/{y}/{x:re((.)\\1)}\": a reference back to a group, which has another "
            "number here",
            GY_GET("/{y}/{x:re((.)\\1)}", nothing));
    REFUSED("routes[0] \"/\": an empty host", {.pattern = "/", .handler = &h, .host = ""});
    REFUSED("routes[0] \"/\": '*' stands only at the start of a host, before a dot",
            {.pattern = "/", .handler = &h, .host = "a.*"});
    REFUSED("routes[0] \"/\": a host is written without its port",
            {.pattern = "/", .handler = &h, .host = "a:80"});
    REFUSED("routes[0] \"/\": two parts in one label of a host",
            {.pattern = "/", .handler = &h, .host = "{a}-{b}.c"});
    REFUSED("routes[0] \"/\": a part of a host cannot be of type rest",
            {.pattern = "/", .handler = &h, .host = "{a:rest}"});
}

static void tables_are_not_nested_without_end(void **state)
{
    static gy_route self[2] = {{.pattern = "/a"}, {.pattern = NULL}};
    (void)state;
    self[0].routes = self;
    is_refused(self, "route tables are nested more than 16 deep");
}

static void parts_are_limited(void **state)
{
    char pattern[33 * 6 + 1] = "";
    (void)state;
    for (int i = 0; i < 33; i++)
        snprintf(pattern + strlen(pattern), sizeof pattern - strlen(pattern), "/{p%02d}", i);
    gy_route routes[] = {GY_GET(NULL, nothing), GY_END};
    routes[0].pattern = pattern;
    gy_app app = {.routes = routes};
    struct gy__fault why = {""};
    assert_null(gy__router_new(&app, &why));
    assert_non_null(strstr(why.text, "more than 32 parts"));
    pattern[32 * 6] = '\0';
    struct gy__router *r = gy__router_new(&app, &why);
    assert_non_null(r);
    gy__router_free(r);
}

static const char *url(struct gy__router *r, gy_arena *a, const char *name, const char *x,
                       const char *y)
{
    const char *texts[] = {x, y};
    return gy__router_url(r, a, name, texts, y ? 2 : x ? 1 : 0).ptr;
}

static void urls_are_built_back(void **state)
{
    static const gy_handler h = {.get = nothing};
    const gy_route inner[] = {GY_ROUTE("/{id:int}", &h, .name = "nested"), GY_END};
    const gy_route routes[] = {
        GY_ROUTE("/", &h, .name = "home"),
        GY_ROUTE("/story/{id:int}.html", &h, .name = "story"),
        GY_ROUTE("/caf\xc3\xa9 {x}", &h, .name = "literal"),
        GY_ROUTE("/f/{path:rest}", &h, .name = "file"),
        GY_ROUTE("/{a}-{b:int}", &h, .name = "pair"),
        GY_MOUNT("/u/{user}", inner),
        GY_REGEX("^/sleep/(\\d+)\\.txt$", &h, .name = "sleep"),
        GY_REGEX("/(?P<y>[0-9]{4})/(?<m>[(]\\d)", &h, .name = "named"),
        GY_REGEX("/(a(b))", &h, .name = "deep"),
        GY_REGEX("/(?:a)", &h, .name = "colon"),
        GY_REGEX("/(a)?", &h, .name = "maybe"),
        GY_REGEX("/\\d", &h, .name = "class"),
        GY_REGEX("/.", &h, .name = "dot"),
        GY_END,
    };
    (void)state;
    struct gy__router *r = make(routes);
    gy_arena a = {0};
    int logged = 0;
    gy_log_set_sink(count_log, &logged);
    assert_string_equal(url(r, &a, "home", NULL, NULL), "/");
    assert_string_equal(url(r, &a, "story", "7", NULL), "/story/7.html");
    assert_string_equal(url(r, &a, "literal", "a/b ?%\xc3\xa9", NULL),
                        "/caf%C3%A9%20a%2Fb%20%3F%25%C3%A9");
    assert_string_equal(url(r, &a, "file", "a b/c", NULL), "/f/a%20b/c");
    assert_string_equal(url(r, &a, "file", "", NULL), "/f/");
    assert_string_equal(url(r, &a, "pair", "x-y", "7"), "/x-y-7");
    assert_string_equal(url(r, &a, "nested", "joe", "7"), "/u/joe/7");
    assert_string_equal(url(r, &a, "sleep", "12", NULL), "/sleep/12.txt");
    assert_string_equal(url(r, &a, "named", "2024", "(5"), "/2024/%285");
    assert_int_equal(logged, 0);
    assert_null(url(r, &a, "story", "x", NULL));
    assert_null(url(r, &a, "story", NULL, NULL));
    assert_null(url(r, &a, "story", "1", "2"));
    assert_null(url(r, &a, "literal", "", NULL));
    assert_null(url(r, &a, "literal", "\xff", NULL));
    assert_null(url(r, &a, "literal", "\x01", NULL));
    assert_null(url(r, &a, "sleep", "x", NULL));
    assert_null(url(r, &a, "nobody", NULL, NULL));
    assert_int_equal(logged, 8);
    assert_null(url(r, &a, "deep", "ab", "b"));
    assert_null(url(r, &a, "colon", NULL, NULL));
    assert_null(url(r, &a, "maybe", "a", NULL));
    assert_null(url(r, &a, "class", NULL, NULL));
    assert_null(url(r, &a, "dot", NULL, NULL));
    assert_int_equal(logged, 13);
    gy_log_set_sink(NULL, NULL);
    gy_arena_done(&a);
    gy__router_free(r);
}

/* -- The tree against trying the rows in order
 * ----------------------------------------------------- */

static uint32_t seed = 12345;

static unsigned below(unsigned limit)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % limit;
}

static void random_pattern(char *out, size_t size)
{
    static const char *const words[] = {"/a", "/ab", "/b", "/", "a", "-", "/a/b", "b", ".x"};
    static const char *const parts[] = {"", ":int", ":slug", ":hex", ":uint"};
    snprintf(out, size, "/");
    for (unsigned i = 0, n = below(5); i < n; i++) {
        size_t len = strlen(out);
        if (below(2) || out[len - 1] == '}')
            snprintf(out + len, size - len, "%s", words[below(9)]);
        else
            snprintf(out + len, size - len, "{p%u%s}", i, parts[below(5)]);
    }
    size_t len = strlen(out);
    if (below(6) == 0 && out[len - 1] != '}')
        snprintf(out + len, size - len, "{rest:rest}");
}

static void random_path(char *out, size_t size)
{
    static const char *const bits[] = {"/a", "/b",  "/",  "a",   "b",  "-",
                                       "12", "/-3", ".x", "/ab", "%2F"};
    snprintf(out, size, "/");
    for (unsigned i = 0, n = below(6); i < n; i++) {
        size_t len = strlen(out);
        snprintf(out + len, size - len, "%s", bits[below(11)]);
    }
}

/* The rows one after another, each as a regular expression. */
static void try_in_order(struct gy__table *table, const char *path, char *out, size_t size)
{
    gy_arena a = {0};
    struct gy__regex_room room = {.arena = &a};
    gy_str decoded, parts[GY__PARTS_MAX];
    snprintf(out, size, "404");
    assert_int_equal(gy__path_decode(&a, gy_str_of(path), &decoded), 0);
    for (size_t i = 0; i < table->count; i++) {
        struct gy__row *row = &table->rows[i];
        int found = gy__row_match(row, &room, decoded, parts);
        assert_true(found >= 0);
        if (!found)
            continue;
        size_t len = (size_t)snprintf(out, size, "%s", row->route->pattern);
        unsigned part = 0;
        for (size_t p = 0; p < row->path.count; p++) {
            if (!row->path.pieces[p].is_part)
                continue;
            char text[128];
            gy__path_copy(text, parts[part++]);
            len += (size_t)snprintf(out + len, size - len, " %.*s=%s",
                                    GY_FMT(row->path.pieces[p].text), text);
        }
        break;
    }
    gy_arena_done(&a);
}

static void the_tree_is_trying_rows_in_order(void **state)
{
    enum { ROWS = 12, TABLES = 200, PATHS = 150 };
    static const gy_handler h = {.get = nothing};
    (void)state;
    unsigned hits = 0;
    for (int t = 0; t < TABLES; t++) {
        char patterns[ROWS][128];
        gy_route rows[ROWS + 1] = {{.pattern = NULL}};
        gy_arena a = {0};
        struct gy__table table;
        for (int i = 0; i < ROWS; i++) {
            random_pattern(patterns[i], sizeof patterns[i]);
            rows[i] = (gy_route)GY_ROUTE(patterns[i], &h);
        }
        struct gy__router *router = make(rows);
        gy_app app = {.routes = rows};
        assert_int_equal(gy__table_read(&a, &app, &table, NULL), 0);
        for (size_t i = 0; i < table.count; i++)
            assert_int_equal(gy__row_compile(&a, &table.rows[i], NULL), 0);
        for (int p = 0; p < PATHS; p++) {
            char path[128], expected[2048];
            random_path(path, sizeof path);
            try_in_order(&table, path, expected, sizeof expected);
            hits += strcmp(expected, "404") != 0;
            assert_string_equal(look(router, path, ""), expected);
        }
        gy__router_free(router);
        gy_arena_done(&a);
    }
    assert_true(hits > TABLES * PATHS / 10);
}

/* -- Every allocation fails once
 * -------------------------------------------------------------------- */

static int countdown(void *arg)
{
    int *left = arg;
    return (*left)-- != 0;
}

static void a_router_without_memory_is_none(void **state)
{
    static const gy_handler h = {.get = nothing};
    const gy_route inner[] = {GY_ROUTE("/{id:int}", &h, .name = "nested"), GY_END};
    const gy_route routes[] = {
        GY_ROUTE("/", &h, .name = "home"),
        GY_MOUNT("/u/{user}", inner),
        GY_REGEX("/sleep/(?<n>\\d+)", &h, .name = "sleep"),
        GY_GET("/{a}-{b:re(x|y)}", nothing),
        {.pattern = "/h", .handler = &h, .host = "{sub}.example.com"},
        GY_END,
    };
    const gy_app app = {.routes = routes};
    (void)state;
    atomic_store(&gy__alloc_counting, true);
    long before = gy__alloc_live();
    bool made = false;
    for (int n = 0; !made; n++) {
        int left = n;
        struct gy__fault why = {""};
        gy__alloc_set_hook(countdown, &left);
        struct gy__router *r = gy__router_new(&app, &why);
        gy__alloc_set_hook(NULL, NULL);
        made = r != NULL;
        if (!made)
            assert_string_equal(why.text, "routes: out of memory");
        gy__router_free(r);
        assert_int_equal(gy__alloc_live(), before);
        assert_true(n < 10000);
    }
}

static void a_match_without_memory_is_503(void **state)
{
    static const gy_handler h = {.get = nothing};
    const gy_route routes[] = {
        GY_ROUTE("/", &h),
        GY_ROUTE("/p/{x}", &h),
        GY_REGEX("/r/(.*)", &h),
        GY_END,
    };
    static const char *const paths[] = {"/p/abc", "/r/abc", "/%70/x", "/none%20"};
    (void)state;
    struct gy__router *r = make(routes);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        int status = 503;
        for (int n = 0; status == 503; n++) {
            int left = n;
            gy_arena a = {0};
            struct gy__match m;
            gy__alloc_set_hook(countdown, &left);
            status = gy__router_match(r, gy_str_of(paths[i]), (gy_str)GY_STR(""), &a, &m);
            gy__alloc_set_hook(NULL, NULL);
            assert_true(n > 0 || status == 503);
            gy_arena_done(&a);
        }
        assert_int_equal(status, i < 3 ? 0 : 404);
    }
    int left = 0;
    gy_arena a = {0};
    struct gy__match m;
    gy__alloc_set_hook(countdown, &left);
    assert_int_equal(gy__router_match(r, (gy_str)GY_STR("/"), (gy_str)GY_STR(""), &a, &m), 0);
    gy__alloc_set_hook(NULL, NULL);
    gy__router_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_parts_match),
        cmocka_unit_test(order_decides_in_every_overlap),
        cmocka_unit_test(encoded_paths_are_decoded_once),
        cmocka_unit_test(expressions_match_whole_paths),
        cmocka_unit_test(an_endless_expression_gives_up),
        cmocka_unit_test(tables_nest_by_prefix),
        cmocka_unit_test(hosts_choose),
        cmocka_unit_test(rows_of_one_pattern_answer_as_one),
        cmocka_unit_test(bases_are_merged),
        cmocka_unit_test(wrong_tables_name_the_row),
        cmocka_unit_test(tables_are_not_nested_without_end),
        cmocka_unit_test(parts_are_limited),
        cmocka_unit_test(urls_are_built_back),
        cmocka_unit_test(the_tree_is_trying_rows_in_order),
        cmocka_unit_test(a_router_without_memory_is_none),
        cmocka_unit_test(a_match_without_memory_is_503),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
