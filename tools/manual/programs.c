/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Synopsis and options of programs, from the parser's rows and their own flags. */
#include <string.h>

#include "cli/flags.h"
#include "cli/programs.h"
#include "tools/manual/manual.h"

/* Copies the first form of "chain rule | chain rulenum"; returns the others, or NULL. */
static const char *next_form(const char *arg, char form[64])
{
	const char *bar = strstr(arg, " | ");

	snprintf(form, 64, "%.*s", bar ? (int)(bar - arg) : 63, arg);
	return bar ? bar + 3 : NULL;
}

static void put_core_row(struct page *p, const struct rv_core_option *o)
{
	const char *forms = o->arg ? o->arg : "", *request = ".TP\n";
	char form[64];

	while (forms) {
		forms = next_form(forms, form);
		fputs(request, p->out);
		man_letter(p->out, o->letter, ", ");
		man_word(p->out, "--", o->name);
		fputs(*form ? " " : "", p->out);
		man_arg(p->out, form);
		putc('\n', p->out);
		request = ".TQ\n";
	}
	man_sentence(p->out, o->help);
	man_note(p, o->name);
}

void man_core_rows(struct page *p, bool commands)
{
	for (const struct rv_core_option *o = rv_core_options; o->name; o++)
		if ((o->command != RV_CMD_NONE) == commands && o->help)
			put_core_row(p, o);
}

static void put_flag(struct page *p, const struct rv_flag *f)
{
	fputs(".TP\n", p->out);
	man_letter(p->out, f->letter, ", ");
	man_word(p->out, "--", f->name);
	if (f->takes == RV_FLAG_NUMBER)
		putc('[', p->out);
	if (f->arg) {
		putc('=', p->out);
		man_arg(p->out, f->arg);
	}
	if (f->takes == RV_FLAG_NUMBER)
		putc(']', p->out);
	putc('\n', p->out);
	man_sentence(p->out, f->help);
	man_note(p, f->name);
}

/* "ravelin-diff" is the page of "ravelin diff". */
static const struct rv_program *find_program(const char *name)
{
	const char *plain = strncmp(name, "ravelin-", 8) == 0 ? name + 8 : name, *spec = NULL;

	return rv_program_find(rv_programs, plain, &spec);
}

static void begin_synopsis(FILE *out, const char *name)
{
	fputs(".HP\n.nh\n.ad l\n", out);
	if (strncmp(name, "ravelin-", 8) == 0) {
		fputs("\\fBravelin ", out);
		name += 8;
	} else {
		fputs("\\fB", out);
	}
	man_plain(out, name);
	fputs("\\fR", out);
}

static void end_synopsis(FILE *out)
{
	fputs("\n.ad\n.hy\n", out);
}

static void put_program_synopsis(FILE *out, const char *name, const struct rv_program *prog)
{
	begin_synopsis(out, name);
	for (const struct rv_flag *f = prog->flags; f->name; f++) {
		fputs(" [", out);
		const bool arg = f->takes == RV_FLAG_ARG || f->takes == RV_FLAG_MANY;

		man_letter(out, f->letter, arg ? "\\~" : "");
		man_arg(out, arg ? f->arg : NULL);
		if (f->takes == RV_FLAG_NUMBER) {
			putc('[', out);
			man_arg(out, f->arg);
			putc(']', out);
		}
		putc(']', out);
	}
	if (prog->operand)
		putc(' ', out);
	man_arg(out, prog->operand);
	end_synopsis(out);
}

static void put_command_synopsis(FILE *out, const char *name)
{
	char form[64];

	for (const struct rv_core_option *o = rv_core_options; o->name; o++)
		for (const char *forms = o->help ? o->arg : NULL; o->command != RV_CMD_NONE && forms;) {
			forms = next_form(forms, form);
			begin_synopsis(out, name);
			fputs(" [\\fB\\-t\\fR\\~\\fItable\\fR] ", out);
			man_letter(out, o->letter, " ");
			man_arg(out, form);
			fputs(" [\\fIoptions\\fR]", out);
			end_synopsis(out);
		}
}

void man_synopsis(struct page *p)
{
	bool commands = false;

	fputs(".SH SYNOPSIS\n", p->out);
	for (size_t i = 0; i < p->count; i++) {
		const struct rv_program *prog = find_program(p->names[i]);

		if (!prog)
			man_fail(p, "no program is called", p->names[i]);
		else if (prog->flags)
			put_program_synopsis(p->out, p->names[i], prog);
		else if (!commands)
			put_command_synopsis(p->out, p->names[i]);
		commands |= prog && !prog->flags;
	}
}

void man_program_options(struct page *p)
{
	const struct rv_program *prog = NULL;

	for (size_t i = 0; i < p->count && !(prog && prog->flags); i++)
		prog = find_program(p->names[i]);
	if (!prog || !prog->flags)
		man_core_rows(p, false);
	for (const struct rv_flag *f = prog ? prog->flags : NULL; f && f->name; f++)
		put_flag(p, f);
}

void man_programs(FILE *out)
{
	for (const struct rv_program *prog = rv_programs; prog->name; prog++)
		if (prog->help) {
			fputs(".TP\n", out);
			man_word(out, "", prog->name);
			putc('\n', out);
			man_sentence(out, prog->help);
		}
}

void man_backends(FILE *out)
{
	for (const struct rv_backend *const *b = rv_backends; *b; b++) {
		fputs(b == rv_backends ? "" : ", ", out);
		man_word(out, "", (*b)->name);
	}
	fputs(".\n", out);
}
