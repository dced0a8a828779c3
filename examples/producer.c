/* SPDX-License-Identifier: MIT */
/* producer.c - a fast producer, slow consumers, and a queue that holds the producer back. */

#include <gyre.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 4, CONSUMERS = 3 };

struct shop {
    gy_queue queue;
    int items;
    int numbers[100];
    int served, most_waiting;
};

static int produce(void *arg)
{
    struct shop *shop = arg;
    int e = 0;
    for (int i = 0; i < shop->items && !e; i++) {
        shop->numbers[i] = i + 1;
        e = gy_queue_put(&shop->queue, &shop->numbers[i], GY_FOREVER); /* waits while it is full */
        int waiting = (int)gy_queue_size(&shop->queue);
        if (waiting > shop->most_waiting)
            shop->most_waiting = waiting;
        printf("put %d (%d waiting)\n", i + 1, waiting);
    }
    gy_queue_close(&shop->queue);
    return e;
}

static int consume(void *arg)
{
    struct shop *shop = arg;
    void *item;
    int e;
    while ((e = gy_queue_get(&shop->queue, &item, GY_FOREVER)) == 0) {
        if ((e = gy_sleep(0.01)) != 0) /* work */
            break;
        shop->served++;
        printf("        done %d\n", *(const int *)item);
        if ((e = gy_queue_task_done(&shop->queue)) != 0)
            break;
    }
    return e == GY_EOF ? 0 : e; /* closed, and nothing is left */
}

static int run(void *arg)
{
    struct shop *shop = arg;
    gy_group group = {.timeout = 60};
    gy_group_spawn(&group, produce, shop);
    for (int i = 0; i < CONSUMERS; i++)
        gy_group_spawn(&group, consume, shop);
    int e = gy_group_wait(&group);
    printf("%d of %d done, never more than %d waiting\n", shop->served, shop->items,
           shop->most_waiting);
    gy_queue_done(&shop->queue);
    return e;
}

int main(int argc, char **argv)
{
    struct shop shop = {.queue = {.max = ROOM}, .items = argc > 1 ? atoi(argv[1]) : 20};
    if (shop.items < 0 || shop.items > 100)
        return fprintf(stderr, "producer: from 0 to 100 items\n"), 2;
    int e = gy_run(run, &shop);
    if (e)
        fprintf(stderr, "producer: %s\n", gy_strerror(e));
    return e ? 1 : 0;
}
