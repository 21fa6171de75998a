/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Comment lines of a file, each attached to what follows it. A list is a ring identified by its
 * last line, so that joining lists is O(1).
 */
#include <stdlib.h>

#include <ravelin/ir.h>

struct rv_remark {
	struct rv_remark *next;
	char text[];
};

int rv_remarks_add(struct rv_remark **list, const char *text, size_t len)
{
	struct rv_remark *line = calloc(1, sizeof(*line) + len + 1);

	if (!line)
		return -1;
	memcpy(line->text, text, len);
	line->next = line;
	rv_remarks_move(list, &line);
	return 0;
}

void rv_remarks_move(struct rv_remark **to, struct rv_remark **from)
{
	struct rv_remark *first;

	if (!*from)
		return;
	if (*to) {
		first = (*to)->next;
		(*to)->next = (*from)->next;
		(*from)->next = first;
	}
	*to = *from;
	*from = NULL;
}

void rv_remarks_move_front(struct rv_remark **to, struct rv_remark **from)
{
	rv_remarks_move(from, to);
	rv_remarks_move(to, from);
}

void rv_remarks_free(struct rv_remark **list)
{
	struct rv_remark *line = *list ? (*list)->next : NULL;

	if (line)
		(*list)->next = NULL;
	while (line) {
		struct rv_remark *next = line->next;

		free(line);
		line = next;
	}
	*list = NULL;
}

void rv_remarks_render(struct rv_buf *b, const struct rv_remark *list)
{
	const struct rv_remark *line = list ? list->next : NULL;

	for (; line; line = line == list ? NULL : line->next)
		rv_buf_printf(b, "%s\n", line->text);
}
