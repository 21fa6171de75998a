/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>
#include <string.h>

#include "cli/flags.h"
#include "cli/programs.h"

#define MAX_FLAGS 24

/* Both of getopt's tables. A number's argument is looked for by us: it may be a word of its own. */
static void make_tables(const struct rv_flag *flags, struct option *longs, char *shorts)
{
	static const int has_arg[] = {
		[RV_FLAG_PLAIN] = no_argument,
		[RV_FLAG_ARG] = required_argument,
		[RV_FLAG_NUMBER] = optional_argument,
	};

	for (const struct rv_flag *f = flags; f->name; f++, longs++) {
		longs->name = f->name;
		longs->has_arg = has_arg[f->takes];
		longs->val = f->letter;
		*shorts++ = f->letter;
		for (int i = 0; i < has_arg[f->takes]; i++)
			*shorts++ = ':';
	}
	memset(longs, 0, sizeof(*longs));
	*shorts = '\0';
}

static bool is_number(const char *word)
{
	return word && *word && word[strspn(word, "0123456789.")] == '\0';
}

static bool takes_number(const struct rv_flag *flags, int letter)
{
	for (; flags->name; flags++)
		if (flags->letter == letter)
			return flags->takes == RV_FLAG_NUMBER;
	return false;
}

int rv_flags_read(const struct rv_flag *flags, struct rv_cli *cli,
		  int (*fn)(char letter, const char *arg, void *arg2), void *arg2)
{
	struct option longs[MAX_FLAGS + 1] = { 0 };
	char shorts[3 * MAX_FLAGS + 1];
	int c;

	make_tables(flags, longs, shorts);
	cli->argv[0] = (char *)cli->name;	/* getopt's messages begin with it */
	optind = 1;
	while ((c = getopt_long(cli->argc, cli->argv, shorts, longs, NULL)) != -1) {
		if (c == '?')
			return -1;
		if (!optarg && takes_number(flags, c) && optind < cli->argc &&
		    is_number(cli->argv[optind]))
			optarg = cli->argv[optind++];
		if (fn((char)c, optarg, arg2) != 0)
			return cli->argc;
	}
	return optind;
}

void rv_flags_usage(const struct rv_cli *cli, struct rv_buf *b)
{
	const char *operand = cli->program->operand;

	rv_buf_printf(b, "Usage: %s [options]%s%s\n\n", cli->name, operand ? " " : "",
		      operand ? operand : "");
	for (const struct rv_flag *f = cli->program->flags; f->name; f++) {
		struct rv_buf left = RV_BUF_INIT;

		rv_buf_printf(&left, "-%c, --%s", f->letter, f->name);
		if (f->takes == RV_FLAG_ARG)
			rv_buf_printf(&left, "=%s", f->arg);
		else if (f->takes == RV_FLAG_NUMBER)
			rv_buf_printf(&left, "[=%s]", f->arg);
		if (rv_buf_ok(&left))
			rv_buf_printf(b, "  %-28s %s\n", rv_buf_text(&left), f->help);
		rv_buf_free(&left);
	}
}
