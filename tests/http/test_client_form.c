/* SPDX-License-Identifier: MIT */
/* test_client_form.c - multipart forms: what is in memory, files, and what is refused. */
#include "client_party.h"
#include "support/unix_name.h"

#include <sys/stat.h>
#include <unistd.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define FOUND "HTTP/1.1 307 Go\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"

/* -- Files --------------------------------------------------------------------------------------- */

struct folder {
    char name[32], file[64];
};

static void folder_make(struct folder *f, const char *content, size_t len)
{
    snprintf(f->name, sizeof f->name, "/tmp/gyre-form-XXXXXX");
    if (!mkdtemp(f->name))
        abort();
    snprintf(f->file, sizeof f->file, "%s/a \"b\".txt", f->name);
    FILE *out = fopen(f->file, "w");
    if (!out || fwrite(content, 1, len, out) != len || fclose(out))
        abort();
}

static void folder_remove(struct folder *f)
{
    unlink(f->file);
    rmdir(f->name);
}

/* -- What is sent -------------------------------------------------------------------------------- */

/* [want] with @ for the boundary; and the length is what was said. */
static void check_seen(const struct party *p, const char *want)
{
    char boundary[64] = "", body[4096];
    const char *at = strstr(p->seen, "boundary="), *end = strstr(p->seen, "\r\n\r\n");
    const char *length = strstr(p->seen, "\r\nContent-Length: ");
    if (!GY_CHECK(at && end && length))
        return;
    snprintf(boundary, sizeof boundary, "%.*s", (int)strcspn(at + 9, "\r"), at + 9);
    GY_CHECK(strlen(boundary) >= 32);
    size_t n = 0;
    for (const char *w = want; *w; w++)
        n += (size_t)(*w == '@' ? snprintf(body + n, sizeof body - n, "%s", boundary)
                                : snprintf(body + n, sizeof body - n, "%c", *w));
    GY_CHECK_INT(strtol(length + 18, NULL, 10), n);
    GY_CHECK_TEXT(gy_str_of(end + 4), body);
}

static void sends(gy_test *t, const gy_form_part *parts, const char *want)
{
    struct party p = {.answers = {GY_STR(OK)}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.parts = parts}};
    if (!GY_CHECK_INT(ask(t, &a), 0))
        gy_test_fail(t, "%s", a.res.why);
    GY_CHECK(strncmp(p.seen, "POST ", 5) == 0);
    GY_CHECK(strstr(p.seen, "\r\nContent-Type: multipart/form-data; boundary="));
    check_seen(&p, want);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(parts_in_memory)
{
    const gy_form_part parts[] = {
        {.name = "a", .value = GY_STR("1")},
        {.name = "q\"\r\nX: y", .value = GY_STR("")},
        {.name = "f", .value = GY_STR("x\r\ny"), .filename = "\303\244 \"q\".txt"},
        {.name = "g", .value = GY_STR("{}"), .filename = "g", .content_type = "a/json"},
        {.name = "h", .value = GY_STR("z"), .content_type = "text/plain; charset=utf-8"},
        {.name = NULL}};
    sends(t, parts,
          "--@\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
          "--@\r\nContent-Disposition: form-data; name=\"q%22%0D%0AX: y\"\r\n\r\n\r\n"
          "--@\r\nContent-Disposition: form-data; name=\"f\"; "
          "filename=\"\303\244 %22q%22.txt\"\r\n"
          "Content-Type: application/octet-stream\r\n\r\nx\r\ny\r\n"
          "--@\r\nContent-Disposition: form-data; name=\"g\"; filename=\"g\"\r\n"
          "Content-Type: a/json\r\n\r\n{}\r\n"
          "--@\r\nContent-Disposition: form-data; name=\"h\"\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n\r\nz\r\n--@--\r\n");
    sends(t, parts + 5, "--@--\r\n");
}

GY_TEST(a_part_may_be_a_file)
{
    struct folder f;
    folder_make(&f, "content", 7);
    const gy_form_part parts[] = {{.name = "a", .value = GY_STR("1")},
                                  {.name = "f", .path = f.file},
                                  {.name = "g", .path = f.file, .filename = "other"},
                                  {.name = NULL}};
    sends(t, parts,
          "--@\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
          "--@\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a %22b%22.txt\"\r\n"
          "Content-Type: application/octet-stream\r\n\r\ncontent\r\n"
          "--@\r\nContent-Disposition: form-data; name=\"g\"; filename=\"other\"\r\n"
          "Content-Type: application/octet-stream\r\n\r\ncontent\r\n--@--\r\n");
    folder_remove(&f);
}

GY_TEST(an_empty_file_is_one)
{
    struct folder f;
    folder_make(&f, "", 0);
    const gy_form_part parts[] = {{.name = "f", .path = f.file, .filename = "e"}, {.name = NULL}};
    sends(t, parts,
          "--@\r\nContent-Disposition: form-data; name=\"f\"; filename=\"e\"\r\n"
          "Content-Type: application/octet-stream\r\n\r\n\r\n--@--\r\n");
    folder_remove(&f);
}

/* Redirects and challenges ask for it again. */
GY_TEST(a_form_can_be_sent_again)
{
    struct folder f;
    folder_make(&f, "content", 7);
    const gy_form_part parts[] = {{.name = "f", .path = f.file, .filename = "x"}, {.name = NULL}};
    struct party p = {.answers = {GY_STR(FOUND), GY_STR(OK)}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.parts = parts}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 200);
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len),
                  "POST /a *\r\n\r\ncontent\r\n--*--\r\nPOST /b *\r\n\r\ncontent\r\n--*--\r\n");
    gy_arena_done(&a.arena);
    party_close(&p);
    folder_remove(&f);
}

/* -- More than any buffer holds ------------------------------------------------------------------ */

enum { BIG = 3 * 1000 * 1000 };

static int sum_up(gy_exchange *x, void *arg)
{
    static char buf[32 * 1024];
    size_t all = 0;
    ssize_t n;
    (void)arg;
    while ((n = gy_exchange_read(x, buf, sizeof buf)) > 0)
        all += (size_t)n;
    char text[32];
    snprintf(text, sizeof text, "%zu", all);
    return n ? (int)n : gy_exchange_respond(x, 200, NULL, gy_str_of(text));
}

GY_TEST(a_big_file_passes_in_pieces)
{
    char why[256], want[32], *content = calloc(1, BIG);
    struct folder f;
    folder_make(&f, content, BIG);
    free(content);
    const gy_form_part parts[] = {{.name = "f", .path = f.file, .filename = "x"}, {.name = NULL}};
    gy_http_server *s = gy_http_server_new(gy_test_loop(t), NULL, sum_up, NULL);
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("form")}, why, sizeof why);
    GY_CHECK_INT(gy_http_server_listen(s, fd), 0);
    struct ask a = {.url = "http://form.test/",
                    .opts = {.parts = parts, .proxy = unix_address("form")}};
    GY_CHECK_INT(ask(t, &a), 0);
    /* The head of the part, its end, and two boundaries of 40 letters. */
    snprintf(want, sizeof want, "%d",
             BIG +
                 (int)strlen("--\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n"
                             "Content-Type: application/octet-stream\r\n\r\n\r\n----\r\n") +
                 80);
    GY_CHECK_TEXT(a.res.body, want);
    gy_arena_done(&a.arena);
    gy_http_server_free(s);
    folder_remove(&f);
}

/* -- What is refused ----------------------------------------------------------------------------- */

static void refuses(gy_test *t, gy_fetch_opts opts, int code, const char *why)
{
    struct party p = {.answers = {GY_STR(OK)}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = opts};
    GY_CHECK_INT(ask(t, &a), code);
    GY_CHECK_GLOB(gy_str_of(a.res.why), why);
    GY_CHECK_INT(p.seen_len, 0);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(what_breaks_a_form_is_refused)
{
    const gy_field typed[] = {{GY_STR("Content-Type"), GY_STR("a/b")}, {{0}, {0}}};
    const gy_form_part type[] = {{.name = "a", .content_type = "a/b\r\nX: y"}, {.name = NULL}};
    const gy_form_part plain[] = {{.name = "a", .value = GY_STR("1")}, {.name = NULL}};
    const gy_form_part missing[] = {{.name = "a", .path = "/nowhere/at all"}, {.name = NULL}};
    const gy_form_part directory[] = {{.name = "a", .path = "/"}, {.name = NULL}};
    const gy_form_part device[] = {{.name = "a", .path = "/dev/null"}, {.name = NULL}};
    const gy_form_part both[] = {{.name = "a", .path = "/", .value = GY_STR("1")}, {.name = NULL}};
    refuses(t, (gy_fetch_opts){.parts = type}, GY_EINVAL, "the content type of a is malformed");
    refuses(t, (gy_fetch_opts){.parts = plain, .headers = typed}, GY_EINVAL,
            "the header Content-Type is not*");
    refuses(t, (gy_fetch_opts){.parts = plain, .body = GY_STR("x")}, GY_EINVAL, "more than one*");
    refuses(t, (gy_fetch_opts){.parts = plain, .method = "GET"}, GY_EINVAL, "GET has no body");
    refuses(t, (gy_fetch_opts){.parts = missing}, -ENOENT,
            "the file /nowhere/at all cannot be read: No such file or directory");
    refuses(t, (gy_fetch_opts){.parts = directory}, -EISDIR, "the file / cannot*");
    refuses(t, (gy_fetch_opts){.parts = device}, GY_EINVAL, "the file /dev/null*");
    refuses(t, (gy_fetch_opts){.parts = both}, GY_EINVAL, "*with a value and a file");
}

/* Made shorter once its length has been said, by who sees the head of the answer to be followed. */
static int shorten(void *arg, int status, const gy_headers *headers)
{
    (void)status, (void)headers;
    return truncate(arg, 3) ? -errno : 0;
}

static int remove_it(void *arg, int status, const gy_headers *headers)
{
    (void)status, (void)headers;
    return unlink(arg) ? -errno : 0;
}

GY_TEST(a_file_that_changes_ends_the_fetch)
{
    for (int i = 0; i < 2; i++) {
        struct folder f;
        folder_make(&f, "content", 7);
        const gy_form_part parts[] = {{.name = "f", .path = f.file}, {.name = NULL}};
        struct party p = {.answers = {GY_STR(FOUND), GY_STR(OK)}};
        party_open(&p);
        struct ask a = {
            .url = p.url,
            .opts = {.parts = parts, .on_head = i ? remove_it : shorten, .head_arg = f.file}};
        GY_CHECK_INT(ask(t, &a), i ? -ENOENT : GY_EINVAL);
        GY_CHECK_GLOB(gy_str_of(a.res.why),
                      i ? "the file * cannot be read: No such file*" : "the file * became shorter");
        gy_arena_done(&a.arena);
        party_close(&p);
        folder_remove(&f);
    }
}

/* -- Sweeps -------------------------------------------------------------------------------------- */

static void scenario(gy_test *t, void *arg)
{
    const gy_form_part parts[] = {
        {.name = "a", .value = GY_STR("1")}, {.name = "f", .path = arg}, {.name = NULL}};
    struct party p = {.answers = {GY_STR(FOUND), GY_STR(OK)}};
    party_open(&p);
    struct ask a = {.url = "http://form.test/", .opts = {.proxy = p.proxy, .parts = parts}};
    int e = ask(t, &a);
    if (!gy_test_disturbed(t) && !GY_CHECK_INT(e, 0))
        gy_test_fail(t, "%s", a.res.why);
    gy_test_calm(t);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(each_wait_may_be_cancelled)
{
    struct folder f;
    folder_make(&f, "content", 7);
    GY_CHECK(gy_test_sweep_cancel(t, scenario, f.file) > 3);
    folder_remove(&f);
}

GY_TEST(each_allocation_may_fail)
{
    struct folder f;
    folder_make(&f, "content", 7);
    GY_CHECK(gy_test_sweep_alloc(t, scenario, f.file) > 5);
    folder_remove(&f);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
