/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with names for numbers. */
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

/* The first line with this name or, without one, with this value. */
static bool find(const struct rv_names *names, const char *wanted, uint32_t *value, char *name,
		 size_t room)
{
	FILE *f = fopen(names->file, "re");
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
