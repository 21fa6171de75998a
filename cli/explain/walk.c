/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes about a packet's path, and the deciding rule of a table. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain/walk.h"

void rv_walk_note(struct rv_buf *b, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* Do not repeat notes. */
	if (b->len && memmem(b->data, b->len, text, strlen(text)))
		return;
	rv_buf_printf(b, "%s\n", text);
}

const struct rv_kmod_entry *rv_explained_rule(const struct rv_run_pass *pass)
{
	return pass->record.len ? rv_run_entry(pass, &pass->record.path[pass->record.len - 1]) : NULL;
}
