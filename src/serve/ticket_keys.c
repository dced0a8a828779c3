/* SPDX-License-Identifier: MIT */
/* ticket_keys.c - keys of session tickets that the processes of a server share. */
#include "serve/ticket_keys.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/random.h"

enum { ENCRYPTS, WILL, DID, KEY = GY__TICKET_KEYS_SIZE / GY__TICKET_KEYS };

/* When there are no random bytes for the next one. */
static const int64_t try_again = INT64_C(60) * GY__NS_PER_S;

struct gy__ticket_keys {
    pthread_mutex_t lock; /* shared by processes, and given back by one that dies with it */
    int64_t period, due;
    unsigned char keys[GY__TICKET_KEYS][KEY];
};

static int make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t how;
    int e = pthread_mutexattr_init(&how);
    if (e)
        return -e;
    pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST);
    e = pthread_mutex_init(lock, &how);
    pthread_mutexattr_destroy(&how);
    return -e;
}

static int fill(struct gy__ticket_keys *k)
{
    int e = gy__random(k->keys, sizeof k->keys);
    k->due = k->period ? gy__clock_now() + k->period : INT64_MAX;
    return e;
}

struct gy__ticket_keys *gy__ticket_keys_new(int64_t period)
{
    struct gy__ticket_keys *k =
        mmap(NULL, sizeof *k, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (k == MAP_FAILED)
        return NULL;
    madvise(k, sizeof *k, MADV_DONTDUMP); /* not into a core file */
    k->period = period;
    int e = make_lock(&k->lock);
    if (!e)
        e = fill(k);
    if (!e)
        return k;
    gy__ticket_keys_free(k);
    errno = -e;
    return NULL;
}

void gy__ticket_keys_free(struct gy__ticket_keys *k)
{
    if (k)
        munmap(k, sizeof *k);
}

static bool renew(struct gy__ticket_keys *k)
{
    unsigned char fresh[KEY];
    int e = gy__random(fresh, sizeof fresh);
    if (e) {
        gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "no new key of session tickets: %s", gy_strerror(e));
        return false;
    }
    memcpy(k->keys[DID], k->keys[ENCRYPTS], KEY);
    memcpy(k->keys[ENCRYPTS], k->keys[WILL], KEY);
    memcpy(k->keys[WILL], fresh, KEY);
    explicit_bzero(fresh, sizeof fresh);
    return true;
}

/* Who comes late has missed some; after as many as there are, none of the old ones is left. */
static void renew_due(struct gy__ticket_keys *k)
{
    int64_t now = gy__clock_now();
    for (int i = 0; i < GY__TICKET_KEYS && k->due <= now; i++) {
        if (!renew(k)) {
            k->due = now + try_again;
            return;
        }
        k->due += k->period;
    }
    if (k->due <= now)
        k->due = now + k->period;
}

int64_t gy__ticket_keys_take(struct gy__ticket_keys *k, unsigned char out[GY__TICKET_KEYS_SIZE])
{
    if (pthread_mutex_lock(&k->lock) == EOWNERDEAD) {
        /* It may have died between two halves of a key. */
        (void)fill(k);
        pthread_mutex_consistent(&k->lock);
    }
    renew_due(k);
    int64_t due = k->due;
    memcpy(out, k->keys, sizeof k->keys);
    pthread_mutex_unlock(&k->lock);
    return due;
}
