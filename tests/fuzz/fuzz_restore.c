/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a restore file and as a command line, for IPv4 and IPv6. Nothing is written
 * anywhere: what is looked for are crashes, leaks, and places outside of the input.
 */
#include "no_hosts.h"		/* before headers of the kernel, which leave out what it defines */

#include <stdlib.h>
#include <string.h>

#include <ravelin/parser.h>
#include <ravelin/render.h>

#define WORDS 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rv_family_t family;
static struct rv_buf text;

static int on_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip, void *arg,
		    struct rv_error *err)
{
	(void)loc;
	(void)arg;
	(void)err;
	*skip = !strcmp(def->name, "raw");
	return 0;
}

/* What can be read can be printed. */
static int on_command(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		      struct rv_error *err)
{
	unsigned int n = 0;

	(void)opts;
	(void)arg;
	(void)err;
	rv_buf_reset(&text);
	rv_list_each(r, &cmd->rules, struct rv_rule, node)
		if (n++ < 16)
			rv_render_rule(&text, family, cmd->chain, r, RV_COUNTERS_PREFIX);
	return 0;
}

static int on_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	(void)loc;
	(void)arg;
	(void)err;
	return 0;
}

/* The end of a file is the line behind the last; all other places are in the file. */
static void check_place(const char *input, size_t size, const struct rv_error *err)
{
	struct rv_buf line = RV_BUF_INIT;

	if (err->kind == RV_ERR_NONE || !err->loc.line)
		return;
	rv_source_line(&line, input, size, err->loc.line);
	if (err->loc.first > err->loc.end || err->loc.end > line.len)
		abort();
	rv_buf_free(&line);
}

static void as_file(const char *input, size_t size, bool counters)
{
	const struct rv_restore_sink sink = {
		.counters = counters, .table = on_table, .command = on_command,
		.commit = on_commit,
	};
	struct rv_error err = { 0 };

	rv_parse_restore(input, size, family, &sink, &err);
	check_place(input, size, &err);
}

/* Words are what stands between NUL bytes or newlines. */
static void as_command_line(char *input, size_t size)
{
	char *argv[WORDS] = { input }, *end = input + size;
	struct rv_error err = { 0 };
	struct rv_options opts;
	struct rv_command cmd;
	int argc = 1;

	for (char *c = input; c < end; c++)
		*c = *c == '\n' ? '\0' : *c;
	for (char *c = input; c < end && argc < WORDS; c++)
		if (!*c)
			argv[argc++] = c + 1;
	rv_command_init(&cmd);
	if (!rv_parse_argv(argc, argv, family, &cmd, &opts, &err))
		on_command(&cmd, &opts, NULL, &err);
	rv_command_clear(&cmd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *input;

	if (size < 1)
		return 0;
	/* Behind the copy is a NUL, which only the command line may see. */
	input = malloc(size);
	if (!input)
		abort();
	memcpy(input, data + 1, size - 1);
	input[size - 1] = '\0';
	family = data[0] & 1 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	if (data[0] & 2)
		as_command_line(input, size - 1);
	else
		as_file(input, size - 1, data[0] & 4);
	free(input);
	return 0;
}
