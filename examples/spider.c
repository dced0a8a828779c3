/* SPDX-License-Identifier: MIT */
/* spider.c - follow the links of a site, ten pages at a time, and never leave it.
 *
 *     spider https://localhost:8888/ 100      at most 100 pages */

#include <gyre.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 10, PAGE_MAX = 1 << 20 };

struct page {
    char *path;
    int depth;
    struct page *next; /* all that were ever seen */
};

struct spider {
    gy_str site; /* "http://localhost:8888" */
    gy_queue todo;
    struct page *seen;
    int count, limit, failed;
};

/* -- What was seen ------------------------------------------------------------------------------- */

/* Queue a path unless it was seen or there are enough. The queue has no bound: this never waits. */
static int add_page(struct spider *s, gy_str path, int depth)
{
    if (s->count >= s->limit)
        return 0;
    for (struct page *p = s->seen; p; p = p->next)
        if (gy_str_eq(gy_str_of(p->path), path))
            return 0;
    struct page *p = calloc(1, sizeof *p);
    char *copy = p ? strndup(path.ptr, path.len) : NULL;
    if (!copy) {
        free(p);
        return GY_ENOMEM;
    }
    *p = (struct page){.path = copy, .depth = depth, .next = s->seen};
    s->seen = p;
    s->count++;
    return gy_queue_put(&s->todo, p, 0);
}

static void forget_pages(struct spider *s)
{
    while (s->seen) {
        struct page *p = s->seen;
        s->seen = p->next;
        free(p->path);
        free(p);
    }
}

/* -- One page ------------------------------------------------------------------------------------ */

/* Links of this site, href="/..." or href='/...', without what stands behind '#'. */
static int follow_links(struct spider *s, const struct page *from, gy_str body)
{
    static const char mark[] = "href=";
    const char *at = body.ptr;
    int e = 0;
    while (!e && (at = strstr(at, mark))) {
        at += sizeof mark - 1;
        at += *at == '"' || *at == '\'';
        size_t len = strcspn(at, "\"'#<> \r\n");
        if (at[0] == '/' && at[1] != '/') /* "//other.example" is another site */
            e = add_page(s, gy_str_n(at, len), from->depth + 1);
        at += len;
    }
    return e;
}

/* A redirect may have led to another site: its links are not ours to follow. */
static bool is_inside(const struct spider *s, const char *url)
{
    return strncmp(url, s->site.ptr, s->site.len) == 0 && strchr("/?#", url[s->site.len]);
}

static int fetch(struct spider *s, struct page *p)
{
    gy_arena arena = {0};
    gy_response res;
    gy_str url = gy_strf(&arena, "%.*s%s", GY_FMT(s->site), p->path);
    int e = url.ptr ? gy_fetch(&arena, url.ptr,
                               &(gy_fetch_opts){.timeout = 10, .max_body = PAGE_MAX}, &res)
                    : GY_ENOMEM;
    if (e) {
        printf("---  %s  %s\n", p->path, url.ptr ? res.why : gy_strerror(e));
    } else {
        printf("%d  %s\n", res.status, p->path);
        gy_str type = gy_headers_get(&res.headers, "Content-Type");
        if (gy_str_starts(type, gy_str_of("text/html")) && is_inside(s, res.url))
            e = follow_links(s, p, res.body);
    }
    gy_arena_done(&arena);
    return e;
}

/* -- The crawl ----------------------------------------------------------------------------------- */

static int work(void *arg)
{
    struct spider *s = arg;
    void *item;
    int e;
    while ((e = gy_queue_get(&s->todo, &item, GY_FOREVER)) == 0) {
        s->failed += fetch(s, item) != 0;
        if ((e = gy_queue_task_done(&s->todo)) != 0)
            break;
    }
    return e == GY_EOF ? 0 : e;
}

static int crawl(void *arg)
{
    struct spider *s = arg;
    gy_group workers = {0};
    int e = 0;
    for (int i = 0; i < WORKERS && !e; i++)
        e = gy_group_spawn(&workers, work, s);
    if (!e)
        e = gy_queue_join(&s->todo, 300); /* until no page is left, and none under way */
    gy_queue_close(&s->todo);
    if (e)
        gy_group_cancel(&workers);
    int f = gy_group_wait(&workers);
    printf("%d pages, %d failed\n", s->count, s->failed);
    gy_queue_done(&s->todo);
    return e ? e : f;
}

/* "http://host:port/path" into its two parts. */
static bool take_apart(const char *url, gy_str *site, const char **path)
{
    size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    size_t host = strcspn(url + scheme, "/?#");
    *site = gy_str_n(url, scheme + host);
    *path = url[site->len] == '/' ? url + site->len : "/";
    return scheme && host;
}

int main(int argc, char **argv)
{
    struct spider s = {.limit = argc > 2 ? atoi(argv[2]) : 100};
    const char *path;
    if (argc < 2 || !take_apart(argv[1], &s.site, &path) || s.limit < 1)
        return fprintf(stderr, "usage: spider http[s]://host[:port]/path [pages]\n"), 2;
    int e = add_page(&s, gy_str_of(path), 0);
    if (!e)
        e = gy_run(crawl, &s);
    forget_pages(&s);
    if (e)
        fprintf(stderr, "spider: %s\n", gy_strerror(e));
    return e || s.failed ? 1 : 0;
}
