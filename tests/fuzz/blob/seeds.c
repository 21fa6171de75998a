/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes inputs for fuzz_blob: save texts as the tables that backend kmod makes of them.
 *   blob_seeds FAMILY DIRECTORY <TEXTS     family: 4 or 6; a text ends with a line "."
 * Texts that are refused, and tables of more than BLOB_SEED_MAX bytes, are left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/file/load.h"
#include "backend/kmod/kmod.h"

#include "blob.h"

#define BLOB_SEED_MAX 8000

struct seeds {
	rv_family_t family;
	const char *directory;
	struct rv_kmod_link link;
	unsigned int written;
	struct rv_buf all;		/* the tables of a text so far */
};

static int write_file(struct seeds *s, const struct rv_buf *tables, size_t from)
{
	static const struct blob_input plain;
	char name[512];
	FILE *f;

	if (tables->len - from > BLOB_SEED_MAX)
		return 0;
	snprintf(name, sizeof(name), "%s/seed-%u-%u", s->directory,
		 s->family == NFPROTO_IPV4 ? 4 : 6, s->written++);
	f = fopen(name, "w");
	if (!f)
		return -1;
	fwrite(&plain, sizeof(plain), 1, f);
	fwrite(tables->data + from, tables->len - from, 1, f);
	return fclose(f);
}

/* The table by itself; all is written behind the last one. */
static int add_table(const struct rv_table *t, void *arg)
{
	struct seeds *s = arg;
	size_t from = s->all.len;
	struct rv_error err = { 0 };
	struct rv_kmod_blob blob;
	int rc = rv_kmod_encode(&blob, &s->all, (struct rv_table *)t, &s->link, &err);

	rv_kmod_blob_free(&blob);
	if (rc) {
		s->all.len = from;
		return 0;
	}
	return write_file(s, &s->all, from);
}

static int take_text(struct seeds *s, const struct rv_buf *text)
{
	struct rv_error err = { 0 };
	struct rv_store store;
	size_t first;
	int rc;

	if (rv_load_text(&store, s->family, text->data, text->len, NULL, &err))
		return 0;
	rv_buf_reset(&s->all);
	rc = rv_load_tables(&store, add_table, s);
	rv_store_close(&store);
	first = blob_table_len(s->all.data, s->all.len);
	if (!rc && first && first < s->all.len)
		rc = write_file(s, &s->all, 0);
	return rc;
}

int main(int argc, char **argv)
{
	struct seeds s = { .family = NFPROTO_IPV4 };
	struct rv_buf text = RV_BUF_INIT;
	struct rv_error err = { 0 };
	char *line = NULL;
	size_t room = 0;
	int rc = 0;

	if (argc != 3 || rv_kmod_link_open(&s.link, "user", &err))
		return 2;
	s.family = argv[1][0] == '6' ? NFPROTO_IPV6 : NFPROTO_IPV4;
	s.directory = argv[2];
	while (!rc && getline(&line, &room, stdin) >= 0) {
		if (strcmp(line, ".\n") != 0) {
			rv_buf_add(&text, line, strlen(line));
			continue;
		}
		rc = take_text(&s, &text);
		rv_buf_reset(&text);
	}
	free(line);
	rv_buf_free(&text);
	rv_buf_free(&s.all);
	rv_kmod_link_close(&s.link);
	printf("%u seeds\n", s.written);
	return rc != 0 || !s.written;
}
