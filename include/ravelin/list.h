/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intrusive doubly linked circular list. The head is a node without an element. */
#ifndef RAVELIN_LIST_H
#define RAVELIN_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct rv_list {
	struct rv_list *next, *prev;
};

#define rv_entry(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#define rv_list_each(pos, head, type, member)				\
	for (type *pos = rv_entry((head)->next, type, member);		\
	     &pos->member != (head);					\
	     pos = rv_entry(pos->member.next, type, member))

/* The same; pos may be removed in the body. */
#define rv_list_each_safe(pos, head, type, member)			\
	for (type *pos = rv_entry((head)->next, type, member),		\
		  *pos##_next = rv_entry(pos->member.next, type, member);	\
	     &pos->member != (head);					\
	     pos = pos##_next, pos##_next = rv_entry(pos->member.next, type, member))

static inline void rv_list_init(struct rv_list *head)
{
	head->next = head->prev = head;
}

static inline bool rv_list_empty(const struct rv_list *head)
{
	return head->next == head;
}

/* Inserts node after pos; pos the head: at the front. */
static inline void rv_list_add_after(struct rv_list *node, struct rv_list *pos)
{
	node->prev = pos;
	node->next = pos->next;
	pos->next->prev = node;
	pos->next = node;
}

/* Inserts node before pos; pos the head: at the end. */
static inline void rv_list_add_before(struct rv_list *node, struct rv_list *pos)
{
	rv_list_add_after(node, pos->prev);
}

static inline void rv_list_del(struct rv_list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	rv_list_init(node);
}

#endif
