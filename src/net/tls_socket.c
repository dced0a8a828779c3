/* SPDX-License-Identifier: MIT */
/* tls_socket.c - the socket below TLS, as OpenSSL reads and writes it. */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/alloc.h"
#include "net/tls.h"

/* What the peer may make us answer without taking it; and what it may tell TLS itself, such as new keys and
 * tickets, without a byte for the application: OpenSSL goes through it without a pause, and nobody else's limit
 * counts it. */
enum { UNSENT_MAX = 64 * 1024, UNHEARD_MAX = 128 * 1024 };

/* OpenSSL's own socket, with signals from closed ones kept away, and with our knowledge of what is ready:
 * what that tells costs no call. */
static BIO_METHOD *method;
static int (*plain_read)(BIO *b, char *buf, int size);
static int (*plain_write)(BIO *b, const char *buf, int size);

static struct gy__tls_link *link_of(BIO *b)
{
    return (void *)BIO_get_callback_arg(b);
}

/* What is ready is known of the one above, which is watched. It takes a record at a time; that it took less
 * must mean that there was no room. */
static ssize_t send_below(struct gy__tls_link *s, const char *buf, size_t size)
{
    struct gy__transport *below = s->below;
    size_t done = 0;
    ssize_t n = 0;
    below->io.ready = s->t.io.ready;
    while (done < size && n >= 0) {
        struct iovec rest = {(void *)(uintptr_t)(buf + done), size - done};
        n = below->ops->writev(below, &rest, 1);
        done += n > 0 ? (size_t)n : 0;
    }
    s->t.io.ready = below->io.ready;
    if (n >= 0 || done)
        return (ssize_t)done;
    errno = (int)-n;
    return -1;
}

static ssize_t receive_below(struct gy__tls_link *s, char *buf, size_t size)
{
    struct gy__transport *below = s->below;
    below->io.ready = s->t.io.ready;
    ssize_t n = below->ops->read(below, buf, size);
    s->t.io.ready = below->io.ready;
    if (n >= 0)
        return n;
    errno = (int)-n;
    return -1;
}

static int give_ahead(struct gy__tls_link *s, char *buf, int size)
{
    size_t n = s->ahead.len < (size_t)size ? s->ahead.len : (size_t)size;
    memcpy(buf, s->ahead.ptr, n);
    s->ahead = gy_str_n(s->ahead.ptr + n, s->ahead.len - n);
    return (int)n;
}

static void note_first(struct gy__tls_link *s, const char *buf, int n)
{
    for (int i = 0; i < n && s->first_len < sizeof s->first; i++)
        s->first[s->first_len++] = buf[i];
}

static int receive(BIO *b, char *buf, int size)
{
    struct gy__tls_link *s = link_of(b);
    struct gy__io *io = &s->t.io;
    bool decrypts = s->kernel && BIO_get_ktls_recv(b);
    ssize_t n;
    if (s->below)
        n = receive_below(s, buf, (size_t)size);
    else if (decrypts)
        n = plain_read(b, buf, size);
    else
        while ((n = recv(io->fd, buf, (size_t)size, 0)) < 0 && errno == EINTR)
            ;
    /* A short read has emptied the socket: the next bytes will be told anew. */
    if (n > 0 && n < size && !(io->ready & GY__HUP) && !decrypts)
        io->ready &= (uint8_t)~GY__IN;
    if (n < 0 && errno == EAGAIN) {
        io->ready &= (uint8_t) ~(GY__IN | GY__HUP);
        BIO_set_retry_read(b);
    } else if (n < 0) {
        s->error = errno;
    } else if (n == 0) {
        s->cut = true;
        BIO_set_flags(b, BIO_FLAGS_IN_EOF);
    }
    return (int)n;
}

static int on_read(BIO *b, char *buf, int size)
{
    struct gy__tls_link *s = link_of(b);
    int n;
    BIO_clear_retry_flags(b);
    if (size <= 0)
        return 0;
    if (s->unheard > UNHEARD_MAX) {
        s->error = EPROTO;
        return -1;
    }
    if (s->ahead.len) {
        n = give_ahead(s, buf, size);
    } else if (!(s->t.io.ready & (GY__IN | GY__HUP | GY__ERR))) {
        BIO_set_retry_read(b);
        return -1;
    } else {
        n = receive(b, buf, size);
    }
    if (s->stage == GY__TLS_SHAKING)
        note_first(s, buf, n);
    else if (n > 0)
        s->unheard += (size_t)n;
    return n;
}

/* The bytes go into the kernel's encryption as they are; its messages to the peer are sent without
 * asking for silence about closed sockets. */
static ssize_t write_silently(BIO *b, const char *buf, int size)
{
    const struct timespec none = {0};
    sigset_t one, before, pending;
    sigemptyset(&one);
    sigaddset(&one, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &one, &before);
    int n = plain_write(b, buf, size), error = errno;
    if (n < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
        sigtimedwait(&one, NULL, &none);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return n;
}

static ssize_t send_some(struct gy__tls_link *s, const char *buf, size_t size)
{
    ssize_t n;
    if (s->below)
        n = send_below(s, buf, size);
    else
        while ((n = send(s->t.io.fd, buf, size, MSG_NOSIGNAL)) < 0 && errno == EINTR)
            ;
    if (n < 0 && errno != EAGAIN)
        s->error = errno;
    return n;
}

static bool encrypts(const struct gy__tls_link *s, BIO *b)
{
    return s->kernel && BIO_get_ktls_send(b);
}

static ssize_t transmit(BIO *b, const char *buf, size_t size)
{
    struct gy__tls_link *s = link_of(b);
    if (s->writing || !encrypts(s, b))
        return send_some(s, buf, size);
    ssize_t n = write_silently(b, buf, (int)size);
    if (n < 0 && errno != EAGAIN)
        s->error = errno;
    return n;
}

int gy__tls_socket_flush(struct gy__tls_link *s)
{
    if (s->unsent_len == 0)
        return 0;
    ssize_t n = send_some(s, s->unsent, s->unsent_len);
    if (n < 0)
        return -errno;
    s->unsent_len -= (size_t)n;
    if (s->unsent_len) {
        memmove(s->unsent, s->unsent + n, s->unsent_len);
        return -EAGAIN;
    }
    gy__free(s->unsent);
    s->unsent = NULL;
    return 0;
}

/* What the kernel has no room for. */
static bool keep(struct gy__tls_link *s, const char *buf, size_t size)
{
    if (size > UNSENT_MAX - s->unsent_len)
        return false;
    char *all = gy__realloc(s->unsent, s->unsent_len + size);
    if (!all)
        return false;
    memcpy(all + s->unsent_len, buf, size);
    s->unsent = all;
    s->unsent_len += size;
    return true;
}

/* One call for several messages of a handshake, and for the tickets after it and the first answer. */
static bool joins(struct gy__tls_link *s, const char *buf, size_t len)
{
    if (s->stage == GY__TLS_SHAKING)
        return !s->kernel && keep(s, buf, len);
    if (!s->held || !keep(s, buf, len))
        return false;
    s->held = false;
    (void)gy__tls_socket_flush(s);
    return true;
}

/* Once the handshake is done OpenSSL never waits for room: else a read that has to answer something
 * would wait for it too, and what was begun to be written could not be taken back. */
static int on_write(BIO *b, const char *buf, int size)
{
    struct gy__tls_link *s = link_of(b);
    size_t len = (size_t)size;
    BIO_clear_retry_flags(b);
    if (size <= 0)
        return 0;
    if (s->said_all || joins(s, buf, len))
        return size;
    ssize_t n = s->unsent_len ? 0 : transmit(b, buf, len);
    if (n < 0 && errno == EAGAIN)
        n = 0;
    if (n < 0)
        return -1;
    /* The kernel, where it encrypts, has to be told which messages are TLS's own: those are not kept. */
    bool keeps = s->stage == GY__TLS_SECURE && (s->writing || !encrypts(s, b));
    if ((size_t)n == len || (n && !keeps))
        return (int)n;
    if (keeps && keep(s, buf + n, len - (size_t)n))
        return size;
    if (s->writing) {
        s->error = ENOMEM;
        return -1;
    }
    if (n == 0)
        BIO_set_retry_write(b);
    return n ? (int)n : -1;
}

static void make_method(void)
{
    const BIO_METHOD *own = BIO_s_socket();
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOCKET, "gyre socket");
    if (!m)
        return;
    plain_read = BIO_meth_get_read(own);
    plain_write = BIO_meth_get_write(own);
    BIO_meth_set_create(m, BIO_meth_get_create(own));
    BIO_meth_set_destroy(m, BIO_meth_get_destroy(own));
    BIO_meth_set_ctrl(m, BIO_meth_get_ctrl(own));
    BIO_meth_set_read(m, on_read);
    BIO_meth_set_write(m, on_write);
    method = m;
}

BIO *gy__tls_socket_new(struct gy__tls_link *s)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_method);
    BIO *b = method ? BIO_new(method) : NULL;
    if (!b)
        return NULL;
    BIO_set_fd(b, s->t.io.fd, BIO_NOCLOSE);
    BIO_set_callback_arg(b, (void *)s);
    return b;
}
