/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -h, generated from the parser's tables and the rows of the extensions. */
#include <string.h>

#include <ravelin/registry.h>

#include "cli/iptables/iptables.h"

#define COLUMN 36	/* column of the descriptions */

/*
 * One row: option and arguments, padded to the column or on a line of their own, and the
 * description.
 */
static void add_row(struct rv_buf *b, struct rv_buf *words, const char *help)
{
	const char *text = rv_buf_text(words);
	size_t len = words->len;

	if (!text) {
		b->failed = true;
		return;
	}
	if (len < COLUMN)
		rv_buf_printf(b, "%-*s%s", COLUMN, text, help ? help : "");
	else
		rv_buf_printf(b, "%s\n%*s%s", text, COLUMN, "", help ? help : "");
	while (b->len && b->data[b->len - 1] == ' ')
		b->len--;
	rv_buf_putc(b, '\n');
	rv_buf_reset(words);
}

static void add_words(struct rv_buf *w, bool invert, char letter, const char *name)
{
	rv_buf_puts(w, invert ? "[!] " : "    ");
	if (letter)
		rv_buf_printf(w, "-%c, ", letter);
	rv_buf_printf(w, "--%s", name);
}

static void add_arg(struct rv_buf *w, const char *arg)
{
	if (arg && *arg)
		rv_buf_printf(w, " %s", arg);
}

/* Aliases are listed in the row of their option. */
static void add_aliases(struct rv_buf *w, const struct rv_ext *ext, const struct rv_option *opt)
{
	for (const struct rv_option *o = ext->options; o->name; o++)
		if (o->alias_of && strcmp(o->alias_of, opt->name) == 0)
			rv_buf_printf(w, ", --%s", o->name);
}

/*
 * Names of values; aliases of a value on one line. A titled list contains nothing else: firewalld
 * parses it for the ICMP types.
 */
static void add_names(struct rv_buf *b, const struct rv_option *o)
{
	for (const struct rv_name *n = o->names; n && n->name; n++) {
		if (rv_name_of(o->names, n->value) != n)
			continue;
		rv_buf_printf(b, "%*s%s", o->title ? 0 : COLUMN + 2, "", n->name);
		for (const struct rv_name *other = n + 1; other->name; other++)
			if (other->value == n->value)
				rv_buf_printf(b, o->title ? " (%s)" : ", %s", other->name);
		if (n->help)
			rv_buf_printf(b, ": %s", n->help);
		rv_buf_putc(b, '\n');
	}
}

static void add_ext_rows(struct rv_buf *b, rv_family_t family, const struct rv_ext *ext)
{
	struct rv_buf words = RV_BUF_INIT;

	for (const struct rv_option *o = ext->options; o && o->name; o++) {
		if (o->alias_of || (o->family && o->family != family))
			continue;
		add_words(&words, o->flags & RV_OPT_INVERT, o->letter, o->name);
		add_aliases(&words, ext, o);
		add_arg(&words, rv_option_takes_arg(o) ? o->arg : NULL);
		add_row(b, &words, o->help);
		if (!o->title)
			add_names(b, o);
	}
	rv_buf_free(&words);
}

static void add_titled_names(struct rv_buf *b, const struct rv_ext *ext)
{
	for (const struct rv_option *o = ext->options; o && o->name; o++) {
		if (!o->title)
			continue;
		rv_buf_printf(b, "%s\n", o->title);
		add_names(b, o);
	}
}

static void add_core_rows(struct rv_buf *b, bool commands)
{
	struct rv_buf words = RV_BUF_INIT;

	for (const struct rv_core_option *o = rv_core_options; o->name; o++) {
		if ((o->command != RV_CMD_NONE) != commands || !o->help)
			continue;
		add_words(&words, false, o->letter, o->name);
		add_arg(&words, o->arg);
		add_row(b, &words, o->help);
	}
	rv_buf_free(&words);
}

static void add_ext(struct rv_buf *b, rv_family_t family, const struct rv_ext *ext)
{
	rv_buf_printf(b, "\n%s %s options:", ext->name, ext->kind == RV_TARGET ? "target" : "match");
	if (ext->help)
		rv_buf_printf(b, " (%s)", ext->help);
	rv_buf_putc(b, '\n');
	add_ext_rows(b, family, ext);
	add_titled_names(b, ext);
}

void rv_cli_help(const struct rv_cli *cli, const struct rv_options *opts, struct rv_buf *b)
{
	rv_cli_version(cli, b);
	rv_buf_printf(b, "\nUsage: %s [-t table] COMMAND [chain] [rule] [options]\n"
		      "       %s -h (print this help information)\n\nCommands:\n",
		      cli->name, cli->name);
	add_core_rows(b, true);
	rv_buf_puts(b, "\nThe rule:\n");
	add_ext_rows(b, cli->family, rv_family(cli->family)->core);
	rv_buf_puts(b, "\nOptions:\n");
	add_core_rows(b, false);
	for (unsigned int i = 0; i < opts->nhelp; i++)
		add_ext(b, cli->family, opts->help_exts[i]);
}
