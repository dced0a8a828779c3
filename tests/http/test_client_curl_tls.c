/* SPDX-License-Identifier: MIT */
/* test_client_curl_tls.c - fetches by libcurl over TLS, and over HTTP/2, with nginx. */
#include "client_curl.h"
#include "support/certificates.h"
#include "support/http_site.h"

#include <fcntl.h>
#include <gyre/locks.h>
#include <gyre/process.h>
#include <gyre/task.h>
#include <gyre/tls.h>
#include <signal.h>
#include <unistd.h>

#define NGINX "/usr/sbin/nginx"

enum { CROWD = 60, MUCH = 2 * 1000 * 1000 };

static const char nginx_conf[] =
    "daemon off; worker_processes 1; pid pid; error_log stderr crit;\n"
    "events { worker_connections 500; }\n"
    "http {\n"
    "    access_log off; client_max_body_size 100m;\n"
    "    client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f;\n"
    "    uwsgi_temp_path u; scgi_temp_path s;\n"
    "    proxy_buffering off; proxy_request_buffering off; proxy_http_version 1.1;\n"
    "    server {\n"
    "        listen 127.0.0.1:%d ssl http2;\n"
    "        ssl_certificate own.pem; ssl_certificate_key own.key;\n"
    "        ssl_protocols TLSv1.2 TLSv1.3;\n"
    "        ssl_client_certificate own.pem; ssl_verify_client optional_no_ca;\n"
    "        location / { proxy_pass http://127.0.0.1:%d; }\n"
    "        location /protocol { return 200 $server_protocol; }\n"
    "        location /connection { return 200 $connection; }\n"
    "        location /cipher { return 200 $ssl_cipher; }\n"
    "        location /client { return 200 \"$ssl_client_s_dn\"; }\n"
    "        location /refuse { return 413 no; }\n"
    "        location /again { return 307 /echo; }\n"
    "    }\n"
    "}\n";

/* nginx in front of gyre's own server. */
struct front {
    struct site site;
    gy_process *nginx;
    struct certificate own, other;
    gy_tls *tls;
    struct ask a;
    char folder[32], base[64], url[96];
};

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t len = strlen(text);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len)
        abort();
    close(fd);
}

static gy_tls *trust(const struct certificate *c, gy_tls_opts o)
{
    char why[256];
    o.ca = gy_str_of(c->text);
    return gy_tls_client_new(&o, why, sizeof why);
}

/* It is given the socket on which it listens, so that nobody has to wait for it. */
static int start_nginx(struct front *f, int port, int fd)
{
    char conf[4096], why[256];
    snprintf(conf, sizeof conf, nginx_conf, gy_local_port(fd), port);
    write_file(f->folder, "conf", conf);
    write_file(f->folder, "own.pem", f->own.text);
    write_file(f->folder, "own.key", f->own.key_text);
    const char *argv[] = {NGINX, "-e", "stderr", "-p", f->folder, "-c", "conf", NULL};
    const char *env[] = {"NGINX=0;", NULL};
    return gy_process_open(
        &(gy_process_opts){
            .argv = argv, .env = env, .in = fd, .out = GY_STDIO_NULL, .err = GY_STDIO_NULL},
        &f->nginx, why, sizeof why);
}

static void open_front(struct front *f, gy_test *t)
{
    char why[256];
    *f = (struct front){.folder = "/tmp/gyre-nginx-XXXXXX"};
    gy_test_clock_real(t);
    gy_test_allow_log(t, "*");
    GY_CHECK(mkdtemp(f->folder) != NULL);
    f->own = certificate_make(
        (struct certificate_wish){.name = "localhost", .names = "DNS:localhost,IP:127.0.0.1"});
    f->other = certificate_make((struct certificate_wish){.name = "somebody"});
    f->tls = trust(&f->own, (gy_tls_opts){0});
    site_begin(&f->site, t, NULL);
    int own = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    snprintf(f->base, sizeof f->base, "https://localhost:%d", gy_local_port(fd));
    GY_CHECK_INT(start_nginx(f, gy_local_port(own), fd), 0);
    GY_CHECK_INT(gy_http_server_listen(f->site.server, own), 0);
    close(fd);
    f->a.opts = (gy_fetch_opts){.client = curl_new(), .tls = f->tls, .family = AF_INET};
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"conf", "own.pem", "own.key", "pid"};
    static const char *const folders[] = {"b", "p", "f", "u", "s", "."};
    char path[64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        if (*folders[i] != '.')
            rmdir(path);
    }
    rmdir(folder);
}

static void close_front(struct front *f)
{
    gy_client_free(f->a.opts.client);
    gy_process_signal(f->nginx, SIGTERM);
    GY_CHECK_INT(gy_process_wait(f->nginx, 20, NULL), 0);
    gy_process_close(f->nginx);
    site_close(&f->site);
    gy_tls_free(f->tls);
    gy_arena_done(&f->a.arena);
    certificate_free(&f->own);
    certificate_free(&f->other);
    remove_folder(f->folder);
}

static int get(gy_test *t, struct front *f, const char *path)
{
    snprintf(f->url, sizeof f->url, "%s%s", f->base, path);
    f->a.url = f->url;
    return ask(t, &f->a);
}

static bool gives(gy_test *t, struct front *f, const char *path, const char *body)
{
    if (!GY_CHECK_INT(get(t, f, path), 0))
        gy_test_fail(t, "%s: %s", path, f->a.res.why);
    return GY_CHECK_TEXT(f->a.res.body, body);
}

/* -- HTTP/2 -------------------------------------------------------------------------------------- */

GY_TEST(http2_is_spoken_where_it_can_be)
{
    static const char *const one[] = {"http/1.1", NULL};
    static const char *const both[] = {"h2", "http/1.1", NULL};
    struct front f;
    open_front(&f, t);
    gives(t, &f, "/protocol", "HTTP/2.0");
    GY_CHECK_INT(f.a.res.version, 20);
    GY_CHECK_INT(f.a.res.status, 200);
    GY_CHECK(gy_headers_has(&f.a.res.headers, "content-length"));
    GY_CHECK(f.a.res.times.tls >= f.a.res.times.connect && f.a.res.times.connect >= 0);
    gives(t, &f, "/protocol", "HTTP/2.0");
    GY_CHECK(f.a.res.reused);
    f.a.opts.tls = trust(&f.own, (gy_tls_opts){.alpn = one});
    gives(t, &f, "/protocol", "HTTP/1.1");
    GY_CHECK_INT(f.a.res.version, 11);
    gy_tls_free(f.a.opts.tls);
    f.a.opts.tls = trust(&f.own, (gy_tls_opts){.alpn = both});
    gives(t, &f, "/protocol", "HTTP/2.0");
    gy_tls_free(f.a.opts.tls);
    close_front(&f);
}

struct flow {
    size_t left, came;
    int waits;
    gy_event *gate;
};

static ssize_t give_bytes(void *arg, void *buf, size_t size)
{
    struct flow *f = arg;
    int e = f->waits-- > 0 ? gy_sleep(0.001) : 0;
    if (e)
        return e;
    size_t n = f->left < size ? f->left : size;
    memset(buf, 'x', n);
    f->left -= n;
    return (ssize_t)n;
}

static int take_bytes(void *arg, const void *data, size_t len)
{
    struct flow *f = arg;
    (void)data;
    f->came += len;
    if (f->gate)
        return gy_event_wait(f->gate, GY_FOREVER);
    return f->waits-- > 0 ? gy_sleep(0.001) : 0;
}

GY_TEST(bodies_stream_over_http2)
{
    struct front f;
    struct flow in = {0}, out = {.waits = 5};
    open_front(&f, t);
    f.a.opts.body = (gy_str)GY_STR("echo this");
    gives(t, &f, "/echo", "echo this");
    gives(t, &f, "/again", "echo this");
    GY_CHECK_INT(f.a.res.version, 20);
    f.a.opts.body = (gy_str){NULL, 0};
    f.a.opts.read_body = give_bytes;
    f.a.opts.read_arg = &in;
    f.a.opts.write_body = take_bytes;
    f.a.opts.write_arg = &out;
    for (int i = 0; i < 2; i++) {
        in = (struct flow){.left = MUCH, .waits = 5};
        out = (struct flow){.waits = 5};
        if (!GY_CHECK_INT(get(t, &f, "/echo"), 0))
            gy_test_fail(t, "%s", f.a.res.why);
        GY_CHECK_INT(f.a.res.status, 200);
        GY_CHECK_INT(out.came, MUCH);
        f.a.opts.body_length = MUCH;
    }
    in = (struct flow){.left = MUCH};
    f.a.opts.write_body = NULL;
    gives(t, &f, "/refuse", "no");
    GY_CHECK_INT(f.a.res.status, 413);
    close_front(&f);
}

GY_TEST(who_reads_slowly_slows_his_own_stream)
{
    struct front f;
    gy_event gate = {0};
    struct flow flow = {.gate = &gate};
    open_front(&f, t);
    gives(t, &f, "/", "hello\n"); /* the connection stands */
    char url[96];
    snprintf(url, sizeof url, "%s/stream/100", f.base);
    struct ask slow = {.url = url, .opts = f.a.opts};
    slow.opts.write_body = take_bytes;
    slow.opts.write_arg = &flow;
    gy_task *task = gy_task_new(gy_test_loop(t), ask_in_task, &slow, NULL);
    while (!flow.came && gy_loop_turn(gy_test_loop(t), -1) == 0)
        ;
    for (int i = 0; i < 3; i++)
        gives(t, &f, "/", "hello\n");
    gy_event_set(&gate);
    GY_CHECK_INT(gy_task_join(task), 0);
    GY_CHECK_INT(slow.result, 0);
    GY_CHECK_INT(flow.came, 100 * SITE_PIECE);
    gy_arena_done(&slow.arena);
    close_front(&f);
}

struct crowd {
    struct front *f;
    char connection[CROWD][24];
    int results[CROWD], version;
};

static int one_of_many(void *arg, size_t i)
{
    struct crowd *c = arg;
    gy_arena arena = {0};
    gy_response res;
    c->results[i] = gy_fetch(&arena, c->f->url, &c->f->a.opts, &res);
    if (!c->results[i])
        snprintf(c->connection[i], sizeof c->connection[i], "%s", res.body.ptr);
    if (res.version != 20)
        c->version = res.version;
    gy_arena_done(&arena);
    return 0;
}

static int all_of_them(void *arg)
{
    return gy_map(CROWD, 0, one_of_many, arg);
}

GY_TEST(many_share_a_connection)
{
    static struct crowd c;
    struct front f;
    size_t connections = 0;
    open_front(&f, t);
    c = (struct crowd){.f = &f, .version = 20};
    snprintf(f.url, sizeof f.url, "%s/connection", f.base);
    GY_CHECK_INT(gy_test_run(t, all_of_them, &c), 0);
    for (int i = 0; i < CROWD; i++) {
        bool known = false;
        GY_CHECK_INT(c.results[i], 0);
        for (int k = 0; k < i && !known; k++)
            known = strcmp(c.connection[i], c.connection[k]) == 0;
        connections += !known;
    }
    GY_CHECK_INT(c.version, 20);
    GY_CHECK_INT(connections, 1);
    close_front(&f);
}

static int cancel_it(void *task)
{
    gy_task_cancel(task);
    return gy_task_join(task);
}

GY_TEST(a_cancelled_stream_leaves_the_connection)
{
    struct front f;
    open_front(&f, t);
    gives(t, &f, "/", "hello\n");
    f.site.began = 0;
    char url[96];
    snprintf(url, sizeof url, "%s/forever", f.base);
    struct ask waits = {.url = url, .opts = f.a.opts};
    gy_task *task = gy_task_new(gy_test_loop(t), ask_in_task, &waits, NULL);
    while (!f.site.began && gy_loop_turn(gy_test_loop(t), -1) == 0)
        ;
    GY_CHECK_INT(gy_test_run(t, cancel_it, task), 0);
    GY_CHECK_INT(waits.result, GY_ECANCELED);
    gives(t, &f, "/", "hello\n");
    GY_CHECK(f.a.res.reused);
    gy_arena_done(&waits.arena);
    close_front(&f);
}

/* -- TLS ----------------------------------------------------------------------------------------- */

GY_TEST(certificates_are_checked)
{
    char why[256];
    struct front f;
    open_front(&f, t);
    gy_tls_certificate list[] = {certificate_of(&f.other), {.certificate_file = NULL}};
    gy_tls *wrong = trust(&f.other, (gy_tls_opts){0});
    gy_tls *blind = trust(&f.other, (gy_tls_opts){.insecure = true});
    gy_tls *named = trust(&f.own, (gy_tls_opts){.certificates = list});
    gy_tls *server = gy_tls_server_new(&(gy_tls_opts){.certificates = list}, why, sizeof why);
    f.a.opts.tls = wrong;
    GY_CHECK_INT(get(t, &f, "/client"), GY_ETLS);
    GY_CHECK_GLOB(gy_str_of(f.a.res.why), "no secure connection to localhost:*");
    f.a.opts.tls = NULL;
    GY_CHECK_INT(get(t, &f, "/client"), GY_ETLS);
    f.a.opts.tls = blind;
    gives(t, &f, "/client", "");
    f.a.opts.tls = named;
    gives(t, &f, "/client", "CN=somebody");
    f.a.opts.tls = server;
    GY_CHECK_INT(get(t, &f, "/client"), GY_EINVAL);
    f.a.opts.tls = f.tls;
    gives(t, &f, "/client", "");
    gy_tls_free(wrong);
    gy_tls_free(blind);
    gy_tls_free(named);
    gy_tls_free(server);
    close_front(&f);
}

GY_TEST(settings_may_be_files)
{
    char why[256], ca[64], key[64];
    struct front f;
    open_front(&f, t);
    snprintf(ca, sizeof ca, "%s/own.pem", f.folder);
    snprintf(key, sizeof key, "%s/own.key", f.folder);
    gy_tls_certificate list[] = {{.certificate_file = ca, .key_file = key},
                                 {.certificate_file = NULL}};
    gy_tls *tls =
        gy_tls_client_new(&(gy_tls_opts){.ca_file = ca, .certificates = list}, why, sizeof why);
    f.a.opts.tls = tls;
    gives(t, &f, "/client", "CN=localhost");
    snprintf(f.base, sizeof f.base, "https://127.0.0.1%s", strrchr(f.base, ':'));
    gives(t, &f, "/client", "CN=localhost");
    gy_tls_free(tls);
    close_front(&f);
}

GY_TEST(ciphers_of_both_versions_are_handed_on)
{
    struct front f;
    open_front(&f, t);
    gy_tls *tls = trust(&f.own, (gy_tls_opts){.ciphers = "TLS_CHACHA20_POLY1305_SHA256:ECDHE+AES"});
    gy_tls *only = trust(&f.own, (gy_tls_opts){.ciphers = "TLS_AES_256_GCM_SHA384"});
    f.a.opts.tls = tls;
    gives(t, &f, "/cipher", "TLS_CHACHA20_POLY1305_SHA256");
    f.a.opts.tls = only;
    gives(t, &f, "/cipher", "TLS_AES_256_GCM_SHA384");
    gy_tls_free(tls);
    gy_tls_free(only);
    close_front(&f);
}

GY_TEST(who_was_revoked_is_not_overlooked)
{
    struct front f;
    open_front(&f, t);
    const struct certificate *const those[] = {&f.own, NULL};
    char *list = certificate_list(&f.own, NULL, those);
    gy_tls *tls = trust(&f.own, (gy_tls_opts){.crl = gy_str_of(list)});
    f.a.opts.tls = tls;
    GY_CHECK_INT(get(t, &f, "/client"), GY_EINVAL);
    GY_CHECK_TEXT(gy_str_of(f.a.res.why), "libcurl does not look at lists of revoked certificates");
    gy_tls_free(tls);
    free(list);
    close_front(&f);
}

int main(int argc, char **argv)
{
    if (access(NGINX, X_OK)) {
        puts("there is no nginx here");
        return 77;
    }
    return curl_main(argc, argv);
}
