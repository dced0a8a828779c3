/* SPDX-License-Identifier: MIT */
/* transport_tls.c - reading and writing a socket through TLS. */

#include "net/transport_tls.h"

#include <errno.h>
#include <gyre/error.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/tls.h"

enum { RECORD = 16 * 1024 };

static struct gy__tls_link *link_of(struct gy__transport *t)
{
    return gy_of(t, struct gy__tls_link, t);
}

/* Before the handshake, or instead of it. */
static ssize_t plain_read(struct gy__transport *t, void *buf, size_t size)
{
    ssize_t n;
    while ((n = recv(t->io.fd, buf, size, 0)) < 0 && errno == EINTR)
        ;
    return n < 0 ? -errno : n;
}

static ssize_t plain_writev(struct gy__transport *t, const struct iovec *iov, int count)
{
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)count};
    ssize_t n;
    while ((n = sendmsg(t->io.fd, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    return n < 0 ? -errno : n;
}

/* What a call that moved nothing has met: 0 is the end, -EAGAIN nothing yet. */
static int trouble(struct gy__tls_link *s, int result)
{
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        s->ended = true;
        return 0;
    default:
        /* An end that was not announced may be somebody in between who cuts off the rest. */
        s->stage = GY__TLS_BROKEN;
        s->refusal = s->tls->server ? 0 : gy__tls_refusal();
        ERR_clear_error();
        if (s->refusal)
            return GY_ETLS;
        return s->error && !s->cut ? -s->error : -ECONNRESET;
    }
}

/* Neither OpenSSL nor the socket has more: to ask them would only tell that. */
static bool is_empty(const struct gy__tls_link *s)
{
    return !(s->t.io.ready & (GY__IN | GY__HUP | GY__ERR)) && !s->kernel && !s->ahead.len &&
           !SSL_has_pending(s->ssl);
}

/* No answer comes for now, which the tickets could go with. */
static void release(struct gy__tls_link *s)
{
    s->held = false;
    (void)gy__tls_socket_flush(s);
}

static void say_goodbye(struct gy__tls_link *s)
{
    if (s->stage != GY__TLS_SECURE || (SSL_get_shutdown(s->ssl) & SSL_SENT_SHUTDOWN))
        return;
    ERR_clear_error();
    (void)SSL_shutdown(s->ssl);
    ERR_clear_error();
}

/* What TLS has still to say goes first, its goodbye too. */
static int end_sending(struct gy__tls_link *s)
{
    s->t.unended = gy__tls_socket_flush(s) == -EAGAIN;
    if (s->t.unended)
        return 0;
    if (!s->below)
        return shutdown(s->t.io.fd, SHUT_WR) ? -errno : 0;
    int e = s->below->ops->shutdown(s->below);
    s->t.unended = s->below->unended;
    return e;
}

static int tls_shutdown(struct gy__transport *t)
{
    struct gy__tls_link *s = link_of(t);
    say_goodbye(s);
    s->said_all = true;
    return end_sending(s);
}

static ssize_t tls_read(struct gy__transport *t, void *buf, size_t size)
{
    struct gy__tls_link *s = link_of(t);
    size_t got = 0, n;
    int e = 0;
    if (s->stage == GY__TLS_PLAIN)
        return plain_read(t, buf, size);
    if (s->stage != GY__TLS_SECURE)
        return s->refusal ? GY_ETLS : s->error && !s->cut ? -s->error : -ECONNRESET;
    if (t->unended)
        (void)end_sending(s); /* what is wrong with it, the read will meet */
    if (s->ended)
        return 0;
    if (!s->held)
        (void)gy__tls_socket_flush(s); /* what answers the peer's key update, say */
    gy__tls_forget_errors();
    /* To the end of what there is: who gets less than was asked for takes it as that. */
    while (got < size) {
        int r = SSL_read_ex(s->ssl, (char *)buf + got, size - got, &n);
        if (r != 1) {
            e = trouble(s, r);
            break;
        }
        got += n;
        s->unheard = 0;
        if (got < size && is_empty(s))
            return (ssize_t)got;
    }
    if (s->held && got == 0)
        release(s);
    if (got == 0)
        return e;
    if (got == size ? SSL_has_pending(s->ssl) : e != -EAGAIN)
        t->io.ready |= GY__IN | (got == size ? 0 : GY__HUP);
    return (ssize_t)got;
}

/* The next record. Small pieces are put together, for each record has its price; memory of the thread
 * serves, since nothing waits here. */
static const char *next_record(const struct iovec *iov, int count, size_t *len)
{
    static _Thread_local char together[RECORD];
    size_t n = 0;
    while (count > 0 && iov->iov_len == 0) {
        iov++;
        count--;
    }
    if (count == 1 || (count && iov->iov_len >= RECORD)) {
        *len = iov->iov_len < RECORD ? iov->iov_len : RECORD;
        return iov->iov_base;
    }
    for (int i = 0; i < count && n < RECORD; i++) {
        size_t part = iov[i].iov_len < RECORD - n ? iov[i].iov_len : RECORD - n;
        if (part)
            memcpy(together + n, iov[i].iov_base, part);
        n += part;
    }
    *len = n;
    return together;
}

static ssize_t tls_writev(struct gy__transport *t, const struct iovec *iov, int count)
{
    struct gy__tls_link *s = link_of(t);
    size_t len, n;
    if (s->stage == GY__TLS_PLAIN)
        return plain_writev(t, iov, count);
    if (s->stage != GY__TLS_SECURE)
        return -EPIPE;
    int e = s->held ? 0 : gy__tls_socket_flush(s);
    if (e)
        return e;
    if (s->owed) {
        s->owed = false;
        return 1;
    }
    const char *record = next_record(iov, count, &len);
    if (len == 0)
        return 0;
    gy__tls_forget_errors();
    s->writing = true;
    int r = SSL_write_ex(s->ssl, record, len, &n);
    s->writing = false;
    if (r != 1) {
        e = trouble(s, r);
        t->crossed = e == -EAGAIN && SSL_want_read(s->ssl);
        return e ? e : -EPIPE;
    }
    t->crossed = false;
    /* Nobody would wait for what is unsent if all were said to be moved. */
    s->owed = s->unsent_len > 0;
    n -= s->owed;
    return n ? (ssize_t)n : -EAGAIN;
}

static void tls_close(struct gy__transport *t)
{
    struct gy__tls_link *s = link_of(t);
    int fd = t->io.fd;
    say_goodbye(s);
    (void)gy__tls_socket_flush(s);
    SSL_free(s->ssl);
    gy__io_unwatch(t->loop, &t->io);
    t->io.fd = -1;
    if (s->below)
        s->below->ops->close(s->below);
    else
        close(fd);
    gy_tls_free(s->tls);
    gy__free(s->unsent);
    gy__free(s->host);
    gy__free(s->peer);
    gy__free(s->protocol);
    gy__free(s);
}

static const struct gy__transport_ops over_tls = {
    .read = tls_read, .writev = tls_writev, .shutdown = tls_shutdown, .close = tls_close};

int gy__transport_tls_new(gy_loop *loop, int fd, gy_tls *tls, struct gy__transport **out)
{
    struct gy__tls_link *s = gy__zalloc(sizeof *s);
    if (!s)
        return GY_ENOMEM;
    s->t.ops = &over_tls;
    s->t.loop = loop;
    gy__io_init(&s->t.io, fd);
    s->t.io.ready = 0; /* the poller tells at once what it is ready for */
    int e = gy__io_watch(loop, &s->t.io);
    if (e) {
        gy__free(s);
        return e;
    }
    s->tls = gy__tls_ref(tls);
    *out = &s->t;
    return 0;
}

int gy__transport_tls_over(struct gy__transport *below, gy_tls *tls, struct gy__transport **out)
{
    int e = gy__transport_tls_new(below->loop, below->io.fd, tls, out);
    if (e)
        return e;
    link_of(*out)->below = below;
    if (SSL_has_pending(link_of(below)->ssl))
        (*out)->io.ready |= GY__IN;
    return 0;
}

static bool is_tls(const struct gy__transport *t)
{
    return t->ops == &over_tls;
}

void gy__transport_tls_prefer(struct gy__transport *t, const char *const *alpn)
{
    link_of(t)->prefer = alpn;
}

const char *gy__transport_tls_refusal(const struct gy__transport *t)
{
    const struct gy__tls_link *s = gy_of(t, const struct gy__tls_link, t);
    return is_tls(t) && s->refusal ? gy__tls_refusal_text(s->refusal) : NULL;
}

bool gy__transport_tls_info(const struct gy__transport *t, gy_tls_info *out)
{
    const struct gy__tls_link *s = gy_of(t, const struct gy__tls_link, t);
    if (!is_tls(t) || !s->agreed)
        return false;
    *out = (gy_tls_info){.version = SSL_get_version(s->ssl),
                         .cipher = SSL_get_cipher_name(s->ssl),
                         .alpn = s->protocol,
                         .server_name = s->tls->server
                                            ? SSL_get_servername(s->ssl, TLSEXT_NAMETYPE_host_name)
                                            : s->host,
                         .peer = s->peer,
                         .resumed = SSL_session_reused(s->ssl) == 1,
                         .ktls_send = BIO_get_ktls_send(SSL_get_wbio(s->ssl)) == 1,
                         .ktls_receive = BIO_get_ktls_recv(SSL_get_rbio(s->ssl)) == 1};
    return true;
}
