/* SPDX-License-Identifier: MIT */
/* queue_order.h - what a queue holds, and which of it comes next. */
#ifndef GYRE_LOOP_QUEUE_ORDER_H
#define GYRE_LOOP_QUEUE_ORDER_H

#include <gyre/queue.h>

/* Room for one more. 0 or GY_ENOMEM, with the queue as it was. */
int gy__queue_reserve(gy_queue *q);

/* There must be room, and for the other two an item. */
void gy__queue_push(gy_queue *q, void *item);
void *gy__queue_pop(gy_queue *q);
void *gy__queue_top(const gy_queue *q);

#endif
