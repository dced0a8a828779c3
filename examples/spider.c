/* SPDX-License-Identifier: MIT */
/* spider.c - follow the links of a site, ten pages at a time, and never leave it.
 *
 *     spider http://localhost:8888/ 100       at most 100 pages
 *
 * HTTP/1.0 over a stream: the server closes when the page is done. */

#include <gyre.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 10, PAGE_MAX = 1 << 20 };

struct page {
    char *path;
    int status, depth;
    struct page *next; /* all that were ever seen */
};

struct spider {
    char host[GY_ADDRESS_MAX]; /* "localhost:8888" */
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

static int ask(gy_stream *stream, const struct spider *s, const struct page *p)
{
    char request[2048];
    int n =
        snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", p->path, s->host);
    if (n >= (int)sizeof request)
        return GY_ETOOBIG;
    return gy_stream_write(stream, request, (size_t)n);
}

static int read_answer(gy_stream *stream, struct spider *s, struct page *p)
{
    gy_str head, body;
    int e = gy_stream_read_until(stream, "\r\n\r\n", 65536, &head);
    if (e)
        return e;
    if (sscanf(head.ptr, "HTTP/1.%*d %d", &p->status) != 1)
        return GY_EPROTO;
    bool html = strcasestr(head.ptr, "\r\nContent-Type: text/html") != NULL;
    e = gy_stream_read_all(stream, PAGE_MAX, &body);
    return e || !html ? e : follow_links(s, p, body);
}

static int fetch(struct spider *s, struct page *p)
{
    gy_stream *stream;
    int e = gy_connect(s->host, &(gy_connect_opts){.timeout = 5}, &stream);
    if (e)
        return e;
    e = ask(stream, s, p);
    if (!e)
        e = read_answer(stream, s, p);
    gy_stream_close(stream);
    return e;
}

/* -- The crawl ----------------------------------------------------------------------------------- */

static int work(void *arg)
{
    struct spider *s = arg;
    void *item;
    int e;
    while ((e = gy_queue_get(&s->todo, &item, GY_FOREVER)) == 0) {
        struct page *p = item;
        gy_deadline d;
        gy_deadline_begin(&d, 10);
        int failed = fetch(s, p);
        gy_deadline_end(&d);
        s->failed += failed != 0;
        if (failed)
            printf("---  %s  %s\n", p->path, gy_strerror(failed));
        else
            printf("%d  %s\n", p->status, p->path);
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
static bool take_apart(const char *url, char *host, size_t size, const char **path)
{
    static const char scheme[] = "http://";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return false;
    url += sizeof scheme - 1;
    size_t len = strcspn(url, "/");
    bool port = memchr(url, ':', len) != NULL;
    *path = url[len] ? url + len : "/";
    return len && snprintf(host, size, "%.*s%s", (int)len, url, port ? "" : ":80") < (int)size;
}

int main(int argc, char **argv)
{
    struct spider s = {.limit = argc > 2 ? atoi(argv[2]) : 100};
    const char *path;
    if (argc < 2 || !take_apart(argv[1], s.host, sizeof s.host, &path) || s.limit < 1)
        return fprintf(stderr, "usage: spider http://host[:port]/path [pages]\n"), 2;
    int e = add_page(&s, gy_str_of(path), 0);
    if (!e)
        e = gy_run(crawl, &s);
    forget_pages(&s);
    if (e)
        fprintf(stderr, "spider: %s\n", gy_strerror(e));
    return e || s.failed ? 1 : 0;
}
