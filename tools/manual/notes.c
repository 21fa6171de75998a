/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a page adds to rows. */
#include <stdlib.h>
#include <string.h>

#include "tools/manual/manual.h"

void man_note(struct page *p, const char *option)
{
	for (size_t i = 0; i < p->notes; i++) {
		if (strcmp(p->note[i].option, option) != 0)
			continue;
		fputs(rv_buf_text(&p->note[i].text), p->out);
		p->note[i].used = true;
	}
}

/* A line of the prose behind "@ --name". */
static void add_to_note(struct page *p, const char *line)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	man_prose(out, line);
	fclose(out);
	rv_buf_add(&p->note[p->notes - 1].text, text, len);
	free(text);
}

/* Takes the notes behind a directive; what comes next is in line. */
bool man_read_notes(struct page *p, FILE *in, char line[LINE])
{
	bool more;

	while ((more = man_get_line(in, line)) && strncmp(line, ".SH", 3) != 0) {
		if (strncmp(line, "@ --", 4) == 0 && p->notes < MAX_NOTES)
			snprintf(p->note[p->notes++].option, 64, "%.63s", line + 4);
		else if (line[0] == '@' || p->notes == 0)
			break;
		else
			add_to_note(p, line);
	}
	return more;
}

void man_end_notes(struct page *p)
{
	for (size_t i = 0; i < p->notes; i++) {
		if (!p->note[i].used)
			man_fail(p, "no option is called", p->note[i].option);
		rv_buf_free(&p->note[i].text);
	}
	memset(p->note, 0, sizeof(p->note));
	p->notes = 0;
}
