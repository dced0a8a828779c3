/* SPDX-License-Identifier: MIT */
/* list.h - an intrusive, circular, doubly linked list. */
#ifndef GYRE_LIST_H
#define GYRE_LIST_H

#include <gyre/export.h>
#include <stdbool.h>
#include <stddef.h>

/* Both the head and the link inside each element. An initialised link that is in no list points to
 * itself, so that gy_list_del is harmless twice. */
typedef struct gy_list {
    struct gy_list *next, *prev;
} gy_list;

/* For a static head: static gy_list room = GY_LIST_INIT(room); */
/* clang-format off */
#define GY_LIST_INIT(name_) {&(name_), &(name_)}

/* The element of [type_] whose member [member_] is at [link_]. */
#define gy_of(link_, type_, member_) ((type_ *)(void *)((char *)(link_) - offsetof(type_, member_)))

/* Each link of the list at [head_]; the body must not remove any but by gy_list_each_safe. */
#define gy_list_each(it_, head_)                                                                   \
    for (gy_list *it_ = (head_)->next; it_ != (head_); it_ = it_->next)

/* The same, and the body may remove [it_] itself. */
#define gy_list_each_safe(it_, head_)                                                              \
    for (gy_list *it_ = (head_)->next, *it_##_next = it_->next; it_ != (head_);                    \
         it_ = it_##_next, it_##_next = it_->next)

/* clang-format on */

GY_BEGIN_DECLS

static inline void gy_list_init(gy_list *l)
{
    l->next = l->prev = l;
}

static inline bool gy_list_empty(const gy_list *head)
{
    return head->next == head;
}

/* At the end of the list. */
static inline void gy_list_add(gy_list *head, gy_list *link)
{
    link->next = head;
    link->prev = head->prev;
    head->prev->next = link;
    head->prev = link;
}

static inline void gy_list_add_front(gy_list *head, gy_list *link)
{
    gy_list_add(head->next, link);
}

static inline void gy_list_del(gy_list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = link->prev = link;
}

static inline gy_list *gy_list_first(const gy_list *head)
{
    return head->next == head ? NULL : head->next;
}

GY_END_DECLS

#endif
