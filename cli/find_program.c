/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds a program in the table. */
#include <stdio.h>
#include <string.h>

#include "cli/programs.h"

/* Suffixes of "iptables" that select a backend; NULL: the default. */
static const struct {
	const char *mark;
	const char *backend;
} variants[] = {
	{ "tables-nft", NULL },
	{ "tables-kmod", "kmod" },
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const struct rv_program *find_plain(const struct rv_program *programs, const char *name)
{
	for (const struct rv_program *p = programs; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

/* Whether spec is "NAME" or "NAME:ARG". */
static bool names_backend(const char *spec, const char *name)
{
	size_t len = strlen(name);

	return spec && strncmp(spec, name, len) == 0 && (!spec[len] || spec[len] == ':');
}

const struct rv_program *rv_program_find(const struct rv_program *programs, const char *path,
					 const char **backend)
{
	const char *name = base_name(path);
	char plain[32];

	for (unsigned int i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		const char *mark = strstr(name, variants[i].mark);
		int head = (int)(mark ? mark - name : 0) + (int)strlen("tables");

		if (!mark)
			continue;
		if (snprintf(plain, sizeof(plain), "%.*s%s", head, name,
			     mark + strlen(variants[i].mark)) >= (int)sizeof(plain))
			return NULL;
		if (variants[i].backend && !names_backend(*backend, variants[i].backend))
			*backend = variants[i].backend;
		return find_plain(programs, plain);
	}
	return find_plain(programs, name);
}
