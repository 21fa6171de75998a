/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that map numbers to names. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ravelin/extension.h>

/* Splits "number name", with optional surrounding spaces. */
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

/* iproute2 6.5 and later: files here override those in DEFAULTS. */
#define OVERRIDES "/etc/iproute2/"
#define DEFAULTS "/usr/share/iproute2/"

/*
 * Output uses only names from the file in /etc, the only one iptables reads, so that iptables can
 * load it. Input falls back to the other directory, for rules written before an upgrade.
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

/* Finds the first line with that name, or if it is NULL with that value. */
static bool find_line(const struct rv_names *names, const char *wanted, uint32_t *value, char *name,
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
	return find_line(names, name, value, NULL, 0);
}

bool rv_names_name(const struct rv_names *names, uint32_t value, char *name, size_t room)
{
	return find_line(names, NULL, &value, name, room);
}
