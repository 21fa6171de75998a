/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with names for numbers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ravelin/extension.h>

/* Cuts "number name", blanks around both, into its two. */
static bool split_line(const struct rv_names *names, char *line, uint64_t *n, char **name)
{
	const char *end;
	size_t len;

	line += strspn(line, " \t");
	line[strcspn(line, "\n")] = '\0';
	if (!rv_parse_uint_prefix(line, 0, UINT32_MAX, n, &end) || !strchr(" \t", *end) || !*end)
		return false;
	*name = line + (end - line) + strspn(end, " \t");
	len = names->whole_line ? strlen(*name) : strcspn(*name, " \t");
	while (len && strchr(" \t", (*name)[len - 1]))
		len--;
	(*name)[len] = '\0';
	return len;
}

/* iproute2 6.5 and later, and what overrides it. */
#define OVERRIDES "/etc/iproute2/"
#define DEFAULTS "/usr/share/iproute2/"

/*
 * Stock knows only the file in /etc, so only its names are printed: what we save loads there too.
 * Where there is none, the names that the same rules had before an upgrade are still read.
 */
static FILE *open_names(const struct rv_names *names, bool reading)
{
	char path[sizeof(DEFAULTS) + 64];
	FILE *f = fopen(names->file, "re");

	if (f || !reading || errno != ENOENT || strncmp(names->file, OVERRIDES, strlen(OVERRIDES)))
		return f;
	if ((size_t)snprintf(path, sizeof(path), DEFAULTS "%s",
			     names->file + strlen(OVERRIDES)) >= sizeof(path))
		return NULL;
	return fopen(path, "re");
}

/* The first line with this name or, without one, with this value. */
static bool find(const struct rv_names *names, const char *wanted, uint32_t *value, char *name,
		 size_t room)
{
	FILE *f = open_names(names, wanted);
	char line[256], *word = NULL;
	bool found = false;
	uint64_t n = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		if (split_line(names, line, &n, &word))
			found = wanted ? !strcmp(wanted, word) :
					 n == *value && strlen(word) < room;
	if (f)
		fclose(f);
	if (found && wanted)
		*value = n;
	else if (found)
		memcpy(name, word, strlen(word) + 1);
	return found;
}

bool rv_names_value(const struct rv_names *names, const char *name, uint32_t *value)
{
	return find(names, name, value, NULL, 0);
}

bool rv_names_name(const struct rv_names *names, uint32_t value, char *name, size_t room)
{
	return find(names, NULL, &value, name, room);
}
