/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "cli/flags.h"
#include "cli/programs.h"

#define MAX_FLAGS 24

/*
 * Builds getopt_long()'s tables. An optional number may be the next word, so it is handled by us.
 */
static void make_tables(const struct rv_flag *flags, struct option *longs, char *shorts)
{
	static const int has_arg[] = {
		[RV_FLAG_ARG] = required_argument,
		[RV_FLAG_MANY] = required_argument,
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

static const struct rv_flag *find_flag(const struct rv_flag *flags, int letter)
{
	while (flags->letter != letter)
		flags++;
	return flags;
}

static int add_word(const struct rv_flag *f, const struct rv_cli *cli, const char *arg,
		    struct rv_flag_words *words)
{
	if (words->n == RV_FLAG_WORDS)
		return rv_cli_message("%s: --%s is given more than %d times", cli->name, f->name,
				      RV_FLAG_WORDS);
	words->words[words->n++] = arg;
	return 0;
}

/* Returns 0, or 1 after printing an error. */
static int set_flag(const struct rv_flag *f, struct rv_cli *cli, const char *arg, void *into)
{
	char *at = f->at ? (char *)into + f->at - 1 : NULL;

	if (f->takes == RV_FLAG_IPV4)
		cli->family = NFPROTO_IPV4;
	else if (f->takes == RV_FLAG_IPV6)
		cli->family = NFPROTO_IPV6;
	else if (f->takes == RV_FLAG_UNDONE)
		rv_cli_message("-%c/--%s option is not implemented", f->letter, f->name);
	else if (!at)
		return 0;
	else if (f->takes == RV_FLAG_MANY)
		return add_word(f, cli, arg, (struct rv_flag_words *)(void *)at);
	else if (f->takes == RV_FLAG_ARG || f->takes == RV_FLAG_NUMBER)
		*(const char **)at = arg;
	else if (f->takes == RV_FLAG_COUNT)
		++*(unsigned int *)at;
	else
		*(bool *)at = true;
	return 0;
}

int rv_flags_read(const struct rv_flag *flags, struct rv_cli *cli, void *into)
{
	struct option longs[MAX_FLAGS + 1] = { 0 };
	char shorts[3 * MAX_FLAGS + 1];
	const struct rv_flag *f;
	const char *arg;
	int c;

	make_tables(flags, longs, shorts);
	cli->argv[0] = (char *)cli->name;	/* prefix of getopt's messages */
	optind = 1;
	while ((c = getopt_long(cli->argc, cli->argv, shorts, longs, NULL)) != -1) {
		if (c == '?')
			return -1;
		f = find_flag(flags, c);
		arg = optarg;
		if (!arg && f->takes == RV_FLAG_NUMBER)
			arg = optind < cli->argc && is_number(cli->argv[optind]) ? cli->argv[optind++]
										 : "";
		if (set_flag(f, cli, arg, into))
			return -1;
		if (f->takes == RV_FLAG_LAST)
			return cli->argc;
	}
	return optind;
}

/* Rows, and the text of the last one. */
static void put_usage(const struct rv_cli *cli, struct rv_buf *b)
{
	const char *operand = cli->program->operand;
	const struct rv_flag *f;

	rv_buf_printf(b, "Usage: %s [options]%s%s\n\n", cli->name, operand ? " " : "",
		      operand ? operand : "");
	for (f = cli->program->flags; f->name; f++) {
		struct rv_buf left = RV_BUF_INIT;

		if (f->letter)
			rv_buf_printf(&left, "-%c, ", f->letter);
		rv_buf_printf(&left, "%s--%s", f->letter ? "" : "    ", f->name);
		if (f->takes == RV_FLAG_ARG || f->takes == RV_FLAG_MANY)
			rv_buf_printf(&left, "=%s", f->arg);
		else if (f->takes == RV_FLAG_NUMBER)
			rv_buf_printf(&left, "[=%s]", f->arg);
		if (rv_buf_ok(&left))
			rv_buf_printf(b, "  %-28s %s\n", rv_buf_text(&left), f->help);
		rv_buf_free(&left);
	}
	rv_buf_puts(b, f->help ? f->help : "");
}

int rv_flags_help(const struct rv_cli *cli, bool version)
{
	struct rv_buf b = RV_BUF_INIT;
	int rc;

	if (version)
		rv_cli_version(cli, &b);
	else
		put_usage(cli, &b);
	rc = rv_cli_write(cli, STDOUT_FILENO, &b);
	rv_buf_free(&b);
	return rc;
}

void rv_flags_misused(const struct rv_cli *cli, int words, const char *wanted)
{
	if (words >= 0)
		rv_cli_message("%s: expected %s", cli->name, wanted);
	rv_cli_message("Try `%s -h' for more information.", cli->name);
}

int rv_flags_answer(const struct rv_cli *cli, int words, bool version, bool help)
{
	if (words < 0)
		return rv_cli_message("Try `%s -h' for more information.", cli->name);
	return version || help ? rv_flags_help(cli, version) : -1;
}
