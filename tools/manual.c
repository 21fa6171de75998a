/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the manual pages into a folder:
 *
 *   manual FOLDER cli/NAME.man...
 *
 * A page is a file cli/NAME.man in the words of man(7). A line that begins with @ says what
 * comes from the tables that the programs go by:
 *
 *   @name 8 NAME, NAME... \- PURPOSE     the first line; names behind the first lead to the page
 *   @synopsis                            a line for each of these programs
 *   @commands, @rule, @options           rows of the parser, or of the program's own flags;
 *       @ --NAME                         what follows belongs to the row of that name
 *   @programs, @backends                 what "ravelin" knows
 *   @matches, @targets                   all of them, with extensions/NAME.man
 *   @include NAME                        the text of cli/NAME.man here
 *   @readme TITLE                        the list below that title of README.md
 *   @example ... @end                    lines as they are typed
 *
 * In other lines - is \-, and `words` are bold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/flags.h"
#include "cli/programs.h"

#define LINE 1024
#define MAX_NAMES 24
#define MAX_NOTES 64
#define NARROW_LIST 20	/* numbers in a row of more than so many are said as a range */

/* What follows "@ --name". */
struct note {
	char option[64];
	struct rv_buf text;
	bool used;
};

struct page {
	const char *source;
	FILE *out;
	char names[MAX_NAMES][64];
	size_t count;
	int section;
	bool failed;
	struct note note[MAX_NOTES];
	size_t notes;
};

static void fail(struct page *p, const char *what, const char *name)
{
	fprintf(stderr, "manual: %s: %s%s%s\n", p->source, what, name ? ": " : "", name ? name : "");
	p->failed = true;
}

/* ---- text ----------------------------------------------------------------------------- */

/* A text that is neither escape nor request to troff. */
static void put_plain(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++)
		fprintf(out, *text == '\\' ? "\\e" : *text == '-' ? "\\-" : "%c", *text);
}

/* A line of prose: escapes of troff stay what they are. */
static void put_prose(FILE *out, const char *line)
{
	bool bold = false;

	for (const char *c = line; *c; c++) {
		if (*c == '`') {
			bold = !bold;
			fputs(bold ? "\\fB" : "\\fR", out);
		} else if (*c == '-' && (c == line || c[-1] != '\\')) {
			fputs("\\-", out);
		} else if (*c == '\\' && bold) {
			fputs("\\e", out);
		} else {
			putc(*c, out);
		}
	}
	putc('\n', out);
}

/* A line without what ends it. False at the end of the file. */
static bool get_line(FILE *in, char line[LINE])
{
	if (!fgets(line, LINE, in))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static bool is_remark(const char *line)
{
	return strncmp(line, ".\\\"", 3) == 0;
}

/* Lines up to "@end" as they are; at first, they stand right behind a heading. */
static void put_example(FILE *in, FILE *out, bool first)
{
	char line[LINE];

	fputs(first ? ".EX\n" : ".PP\n.EX\n", out);
	while (get_line(in, line) && strcmp(line, "@end") != 0) {
		put_plain(out, line);
		putc('\n', out);
	}
	fputs(".EE\n", out);
}

/* A paragraph begins behind an example. */
static void put_next(FILE *out, const char *line, bool *after_example)
{
	if (*after_example && line[0] != '.')
		fputs(".PP\n", out);
	*after_example = false;
	put_prose(out, line);
}

/* What stands in extensions/NAME.man: prose and examples. */
static bool put_sibling(FILE *out, const char *name)
{
	char path[128], line[LINE];
	bool after = false;
	FILE *in;

	snprintf(path, sizeof(path), "extensions/%s.man", name);
	in = fopen(path, "r");
	if (!in)
		return false;
	fputs(".PP\n", out);
	while (get_line(in, line)) {
		if (strcmp(line, "@example") == 0)
			put_example(in, out, false);
		else if (!is_remark(line))
			put_next(out, line, &after);
		after |= line[0] == '@';
	}
	fclose(in);
	return true;
}

/* ---- notes to options -------------------------------------------------------------------- */

static void put_note(struct page *p, const char *option)
{
	for (size_t i = 0; i < p->notes; i++) {
		if (strcmp(p->note[i].option, option) != 0)
			continue;
		fputs(rv_buf_text(&p->note[i].text), p->out);
		p->note[i].used = true;
	}
}

/* A line of the prose behind "@ --name". */
static void add_to_note(struct page *p, const char *line)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	put_prose(out, line);
	fclose(out);
	rv_buf_add(&p->note[p->notes - 1].text, text, len);
	free(text);
}

/* Takes the notes behind a directive; what comes next is in line. */
static bool read_notes(struct page *p, FILE *in, char line[LINE])
{
	bool more;

	while ((more = get_line(in, line)) && strncmp(line, ".SH", 3) != 0) {
		if (strncmp(line, "@ --", 4) == 0 && p->notes < MAX_NOTES)
			snprintf(p->note[p->notes++].option, 64, "%.63s", line + 4);
		else if (line[0] == '@' || p->notes == 0)
			break;
		else
			add_to_note(p, line);
	}
	return more;
}

static void end_notes(struct page *p)
{
	for (size_t i = 0; i < p->notes; i++) {
		if (!p->note[i].used)
			fail(p, "no option is called", p->note[i].option);
		rv_buf_free(&p->note[i].text);
	}
	memset(p->note, 0, sizeof(p->note));
	p->notes = 0;
}

/* ---- rows of the parser and of flags ---------------------------------------------------------- */

static void put_word(FILE *out, const char *dashes, const char *word)
{
	fprintf(out, "\\fB");
	put_plain(out, dashes);
	put_plain(out, word);
	fprintf(out, "\\fR");
}

static void put_letter(FILE *out, char letter, const char *between)
{
	char word[] = { letter, '\0' };

	if (!letter)
		return;
	put_word(out, "-", word);
	fputs(between, out);
}

static void put_arg(FILE *out, const char *arg)
{
	if (!arg || !*arg)
		return;
	fputs("\\fI", out);
	put_plain(out, arg);
	fputs("\\fR", out);
}

/* A line of help as a sentence. */
static void put_sentence(FILE *out, const char *text)
{
	char first[] = { text ? *text : '\0', '\0' };

	if (!text || !*text)
		return;
	if (*first >= 'a' && *first <= 'z')
		*first += 'A' - 'a';
	put_plain(out, first);
	put_plain(out, text + 1);
	fputs(".\n", out);
}

static void put_core_row(struct page *p, const struct rv_core_option *o)
{
	fputs(".TP\n", p->out);
	put_letter(p->out, o->letter, ", ");
	put_word(p->out, "--", o->name);
	if (o->arg)
		putc(' ', p->out);
	put_arg(p->out, o->arg);
	putc('\n', p->out);
	put_sentence(p->out, o->help);
	put_note(p, o->name);
}

static void put_core_rows(struct page *p, bool commands)
{
	for (const struct rv_core_option *o = rv_core_options; o->name; o++)
		if ((o->command != RV_CMD_NONE) == commands && o->help)
			put_core_row(p, o);
}

static void put_flag(struct page *p, const struct rv_flag *f)
{
	fputs(".TP\n", p->out);
	put_letter(p->out, f->letter, ", ");
	put_word(p->out, "--", f->name);
	if (f->takes == RV_FLAG_NUMBER)
		putc('[', p->out);
	if (f->arg) {
		putc('=', p->out);
		put_arg(p->out, f->arg);
	}
	if (f->takes == RV_FLAG_NUMBER)
		putc(']', p->out);
	putc('\n', p->out);
	put_sentence(p->out, f->help);
	put_note(p, f->name);
}

/* ---- what the rows of an extension take --------------------------------------------------------- */

static unsigned long long most(const struct rv_option *opt, unsigned int size)
{
	return opt->max ? opt->max : size >= 8 ? UINT64_MAX : (1ULL << 8 * size) - 1;
}

static bool is_number(const char *word)
{
	return *word && word[strspn(word, "0123456789")] == '\0';
}

/* The words of one value, "ping" being another word for "echo-request". */
static void put_name(FILE *out, const struct rv_name *names, const struct rv_name *n)
{
	put_word(out, "", n->name);
	for (const struct rv_name *other = n + 1; other->name; other++)
		if (other->value == n->value) {
			fputs(other->help ? ", " : " or ", out);
			put_word(out, "", other->name);
		}
	if (n->help) {
		fputs(" (", out);
		put_plain(out, n->help);
		putc(')', out);
	}
	(void)names;
}

static void put_names(FILE *out, const struct rv_name *names, const char *how)
{
	const struct rv_name *last = names;
	const char *between = "";

	fprintf(out, "%s ", how);
	while (last[1].name)
		last++;
	if (last - names > NARROW_LIST && is_number(names->name) && is_number(last->name)) {
		fprintf(out, "%s to %s.\n", names->name, last->name);
		return;
	}
	for (const struct rv_name *n = names; n->name; n++) {
		if (rv_name_of(names, n->value) != n)
			continue;
		fputs(between, out);
		put_name(out, names, n);
		between = ",\n";
	}
	fputs(".\n", out);
}

/* Whether help or argument say all there is to say of a string's length. */
static bool says_length(const struct rv_option *o)
{
	return (o->help && strstr(o->help, "p to ")) || (o->arg && strchr(o->arg, '|'));
}

/* What a value of that type looks like, as far as the name of the argument leaves it open. */
static void put_type(FILE *out, const struct rv_option *o)
{
	unsigned int size = o->type == RV_T_UINT_RANGE || o->type == RV_T_MASKED ? o->size / 2 : o->size;

	switch (o->type) {
	case RV_T_UINT:
		fprintf(out, "A number from %llu to %llu.\n", (unsigned long long)o->min, most(o, o->size));
		break;
	case RV_T_UINT_RANGE:
		fprintf(out, "Numbers from %llu to %llu%s.\n", (unsigned long long)o->min,
			most(o, o->mask_offset ? o->size : size),
			o->flags & RV_OPT_OPEN ? "; one alone means that or more" : "");
		break;
	case RV_T_PORT_RANGE:
		fputs("Ports are numbers or names of /etc/services; an end that is left out is 0 or 65535.\n", out);
		break;
	case RV_T_PORT:
		fputs("A number or a name of /etc/services.\n", out);
		break;
	case RV_T_MASKED:
		fputs("Numbers are decimal, octal behind 0 or hexadecimal behind 0x.\n", out);
		break;
	case RV_T_STRING:
		if (o->size > 1 && !says_length(o))
			fprintf(out, "Up to %u bytes%s.\n", o->size - 1,
				o->flags & RV_OPT_CUT ? "; the rest is cut off" : "");
		break;
	case RV_T_ADDR_MASK:
		fputs("The mask is a number of bits or written as an address.\n", out);
		break;
	case RV_T_IFACE:
		fputs("Up to 15 bytes; + at the end stands for anything.\n", out);
		break;
	case RV_T_PROTO:
		fputs("A number or a name of /etc/protocols.\n", out);
		break;
	default:
		break;
	}
}

static void put_values(FILE *out, const struct rv_option *o)
{
	if (!o->parse)
		put_type(out, o);
	if (o->names)
		put_names(out, o->names, o->type == RV_T_BITS ? "One or more of" :
			  o->type == RV_T_UINT ? "Or" : "One of");
	if (o->names && o->flags & RV_OPT_ABBREV)
		fputs("Names may be cut short.\n", out);
	if (o->file) {
		fputs("Names of numbers are read from ", out);
		put_plain(out, o->file->file);
		fputs(".\n", out);
	}
}

/* ---- how rows go together ---------------------------------------------------------------------- */

/* What stands between one of a list, of which so many are left (bits), and the next. */
static const char *between(uint64_t left)
{
	return !left ? "" : left & (left - 1) ? ", " : " or ";
}

static void put_rows(FILE *out, const struct rv_ext *ext, uint64_t bits, const char *how)
{
	if (!bits)
		return;
	fprintf(out, "%s ", how);
	for (const struct rv_option *o = ext->options; o->name; o++)
		if (bits >> (o - ext->options) & 1) {
			bits &= ~(1ULL << (o - ext->options));
			put_word(out, "--", o->name);
			fputs(between(bits), out);
		}
	fputs(".\n", out);
}

/* "raw mangle" as a list. */
static void put_tables(FILE *out, const char *how, const char *tables)
{
	fprintf(out, "%s ", how);
	for (const char *c = tables; *c; c++)
		fputs(*c == ' ' ? ", " : (char[]){ *c, '\0' }, out);
	fputs(".\n", out);
}

/* A row excludes another for both. */
static uint64_t excluded(const struct rv_ext *ext, const struct rv_option *opt)
{
	uint64_t bits = opt->excludes;

	for (const struct rv_option *o = ext->options; o->name; o++)
		if (!o->alias_of && o->excludes >> (opt - ext->options) & 1)
			bits |= 1ULL << (o - ext->options);
	return bits;
}

/* Whether the data the part starts from says something about this row that its help does not. */
static bool has_default(const struct rv_ext *ext, const struct rv_option *o)
{
	static const unsigned char zeros[sizeof(union nf_inet_addr) * 2];
	const unsigned char *data = ext->initial;

	if (!data || !rv_option_takes_arg(o) || o->flags & (RV_OPT_REQUIRED | RV_OPT_HIDDEN))
		return false;
	if (o->type == RV_T_UINT_RANGE || o->type == RV_T_PORT_RANGE || o->type == RV_T_BITS ||
	    excluded(ext, o))
		return false;
	if (o->type == RV_T_UINT && rv_get_uint(data + o->offset, o->size) > most(o, o->size))
		return false;
	if (!o->size || o->size > sizeof(zeros) || memcmp(data + o->offset, zeros, o->size) == 0)
		return false;
	return !rv_option_inverted(o, data) &&
	       !(o->help && (strstr(o->help, "if not given") || strchr(o->help, '(')));
}

/* As save prints it. */
static void default_text(const struct rv_ext *ext, const struct rv_option *o, struct rv_buf *text)
{
	struct rv_out print = { .buf = text, .style = RV_STYLE_SAVE, .numeric = true, .family = ext->family };

	if (has_default(ext, o))
		rv_row_print(&print, o, ext->initial);
}

static const char *trimmed(struct rv_buf *text)
{
	const char *word = rv_buf_text(text);

	return word ? word + strspn(word, " ") : "";
}

/* Both families may share the rows and begin differently. */
static void put_default(FILE *out, const struct rv_ext *ext, const struct rv_option *o)
{
	const struct rv_ext *six = ext->family == NFPROTO_IPV4 ? rv_ext_find(ext->kind, NFPROTO_IPV6, ext->name) : NULL;
	struct rv_buf text = RV_BUF_INIT, other = RV_BUF_INIT;

	default_text(ext, o, &text);
	if (six && six->options == ext->options)
		default_text(six, o, &other);
	if (text.len) {
		fputs("Default: ", out);
		put_plain(out, trimmed(&text));
		if (other.len && strcmp(trimmed(&text), trimmed(&other)) != 0) {
			fputs(", in IPv6 ", out);
			put_plain(out, trimmed(&other));
		}
		fputs(".\n", out);
	}
	rv_buf_free(&text);
	rv_buf_free(&other);
}

static void put_conditions(FILE *out, const struct rv_ext *ext, const struct rv_option *o)
{
	put_default(out, ext, o);
	if (o->flags & RV_OPT_REQUIRED)
		fputs("It must be given.\n", out);
	put_rows(out, ext, o->needs, "Only together with");
	put_rows(out, ext, excluded(ext, o), "Not together with");
	if (o->flags & RV_OPT_REPEAT)
		fputs("It may be given more than once.\n", out);
	if (o->tables)
		put_tables(out, strchr(o->tables, ' ') ? "Only in tables" : "Only in table", o->tables);
	if (o->family && !ext->family)
		fprintf(out, "Only for %s.\n", o->family == NFPROTO_IPV4 ? "IPv4" : "IPv6");
}

static void put_option(FILE *out, const struct rv_ext *ext, const struct rv_option *opt)
{
	fprintf(out, ".TP\n%s", opt->flags & RV_OPT_INVERT ? "[!] " : "");
	put_letter(out, opt->letter, ", ");
	put_word(out, "--", opt->name);
	for (const struct rv_option *o = ext->options; o->name; o++)
		if (o->alias_of && strcmp(o->alias_of, opt->name) == 0) {
			fputs(", ", out);
			put_word(out, "--", o->name);
		}
	if (opt->arg && rv_option_takes_arg(opt)) {
		putc(' ', out);
		put_arg(out, opt->arg);
	}
	putc('\n', out);
	put_sentence(out, opt->help);
	put_values(out, opt);
	put_conditions(out, ext, opt);
}

static void put_options(struct page *p, const struct rv_ext *ext)
{
	for (const struct rv_option *o = ext->options; o && o->name; o++)
		if (!o->alias_of) {
			put_option(p->out, ext, o);
			put_note(p, o->name);
		}
}

/* ---- extensions --------------------------------------------------------------------------------- */

static const char *in_words(rv_family_t family)
{
	return family == NFPROTO_IPV4 ? "IPv4" : family == NFPROTO_IPV6 ? "IPv6" : "IPv4 and IPv6";
}

static void put_places(FILE *out, const struct rv_ext *ext)
{
	static const char *const chains[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING" };
	uint32_t hooks = ext->hooks;

	if (ext->tables)
		put_tables(out, strchr(ext->tables, ' ') ? "Only in tables" : "Only in table", ext->tables);
	if (!hooks)
		return;
	fputs("Only for packets in ", out);
	for (unsigned int i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		if (hooks >> i & 1) {
			hooks &= ~(1U << i);
			fprintf(out, "%s%s", chains[i], between(hooks));
		}
	fputs(".\n", out);
}

struct list {
	struct page *page;
	enum rv_ext_kind kind;
	const struct rv_ext *held;	/* the other family's, if it has the same rows, shares its section */
	bool alone;			/* of a name that has two sections, this is the first */
};

static void put_section(struct list *l, const struct rv_ext *ext, rv_family_t family, bool last)
{
	FILE *out = l->page->out;

	fprintf(out, ".SS \"%s (%s)\"\n", ext->name, in_words(family));
	put_sentence(out, ext->help);
	put_places(out, ext);
	put_options(l->page, ext);
	if (last && !put_sibling(out, ext->name))
		fail(l->page, "no file is there for extension", ext->name);
}

static void flush_section(struct list *l, const struct rv_ext *next)
{
	const struct rv_ext *ext = l->held;
	bool same = next && ext && strcmp(next->name, ext->name) == 0;

	l->held = next;
	if (!ext)
		return;
	if (same && next->options == ext->options && next->hooks == ext->hooks) {
		l->held = NULL;
		put_section(l, ext, RV_FAMILY_ANY, true);
	} else {
		put_section(l, ext, ext->family, !same);
	}
}

static void add_extension(const struct rv_ext *ext, void *arg)
{
	struct list *l = arg;

	if (ext->kind == l->kind)
		flush_section(l, ext);
}

static void put_extensions(struct page *p, enum rv_ext_kind kind)
{
	struct list l = { .page = p, .kind = kind };

	rv_ext_each(add_extension, &l);
	flush_section(&l, NULL);
}

/* ---- programs -------------------------------------------------------------------------------- */

/* "ravelin-diff" is the page of "ravelin diff". */
static const struct rv_program *find_program(const char *name)
{
	const char *plain = strncmp(name, "ravelin-", 8) == 0 ? name + 8 : name, *spec = NULL;

	return rv_program_find(plain, &spec);
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
	put_plain(out, name);
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
		put_letter(out, f->letter, f->takes == RV_FLAG_ARG ? "\\~" : "");
		put_arg(out, f->takes == RV_FLAG_ARG ? f->arg : NULL);
		if (f->takes == RV_FLAG_NUMBER) {
			putc('[', out);
			put_arg(out, f->arg);
			putc(']', out);
		}
		putc(']', out);
	}
	if (prog->operand)
		putc(' ', out);
	put_arg(out, prog->operand);
	end_synopsis(out);
}

static bool takes_rule(unsigned int command)
{
	return command == RV_CMD_APPEND || command == RV_CMD_CHECK || command == RV_CMD_DELETE ||
	       command == RV_CMD_INSERT || command == RV_CMD_REPLACE;
}

static void put_command_synopsis(FILE *out, const char *name)
{
	for (const struct rv_core_option *o = rv_core_options; o->name; o++) {
		if (o->command == RV_CMD_NONE || !o->help)
			continue;
		begin_synopsis(out, name);
		fputs(" [\\fB\\-t\\fR\\~\\fItable\\fR] ", out);
		put_letter(out, o->letter, " ");
		put_arg(out, o->arg);
		fputs(takes_rule(o->command) ? " \\fIrule\\fR [\\fIoptions\\fR]" : " [\\fIoptions\\fR]", out);
		end_synopsis(out);
	}
}

static void put_synopsis(struct page *p)
{
	bool commands = false;

	fputs(".SH SYNOPSIS\n", p->out);
	for (size_t i = 0; i < p->count; i++) {
		const struct rv_program *prog = find_program(p->names[i]);

		if (!prog)
			fail(p, "no program is called", p->names[i]);
		else if (prog->flags)
			put_program_synopsis(p->out, p->names[i], prog);
		else if (!commands)
			put_command_synopsis(p->out, p->names[i]);
		commands |= prog && !prog->flags;
	}
}

static void put_program_options(struct page *p)
{
	const struct rv_program *prog = NULL;

	for (size_t i = 0; i < p->count && !(prog && prog->flags); i++)
		prog = find_program(p->names[i]);
	if (!prog || !prog->flags)
		put_core_rows(p, false);
	for (const struct rv_flag *f = prog ? prog->flags : NULL; f && f->name; f++)
		put_flag(p, f);
}

static void put_programs(FILE *out)
{
	for (const struct rv_program *prog = rv_programs; prog->name; prog++)
		if (prog->help) {
			fputs(".TP\n", out);
			put_word(out, "", prog->name);
			putc('\n', out);
			put_sentence(out, prog->help);
		}
}

static void put_backends(FILE *out)
{
	for (const struct rv_backend *const *b = rv_backends; *b; b++) {
		fputs(b == rv_backends ? "" : ", ", out);
		put_word(out, "", (*b)->name);
	}
	fputs(".\n", out);
}

/* ---- README.md -------------------------------------------------------------------------------- */

/* The items of the list in the section of that title. */
static void put_readme(struct page *p, const char *title)
{
	char line[LINE];
	bool on = false, found = false;
	FILE *in = fopen("README.md", "r");

	while (in && get_line(in, line)) {
		if (strncmp(line, "## ", 3) == 0)
			on = strcmp(line + 3, title) == 0;
		if (!on || (strncmp(line, "- ", 2) != 0 && strncmp(line, "  ", 2) != 0))
			continue;
		if (line[0] == '-')
			fputs(".IP \\(bu 3\n", p->out);
		put_prose(p->out, line + 2);
		found = true;
	}
	if (in)
		fclose(in);
	if (!found)
		fail(p, "README.md has no list below", title);
}

/* ---- pages ------------------------------------------------------------------------------------ */

/* "@name 8 iptables, ip6tables \- purpose" */
static void begin_page(struct page *p, const char *folder, const char *line)
{
	char words[LINE], path[256], *purpose, *rest = NULL;

	p->section = atoi(line);
	snprintf(words, sizeof(words), "%s", line + strcspn(line, " "));
	purpose = strstr(words, " \\- ");
	if (!purpose || p->section < 1 || p->section > 8) {
		fail(p, "no name", line);
		return;
	}
	*purpose = '\0';
	for (char *w = strtok_r(words, ", ", &rest); w && p->count < MAX_NAMES; w = strtok_r(NULL, ", ", &rest))
		snprintf(p->names[p->count++], 64, "%.63s", w);
	snprintf(path, sizeof(path), "%s/%s.%d", folder, p->names[0], p->section);
	p->out = fopen(path, "w");
	if (!p->out) {
		fail(p, "cannot be written", path);
		return;
	}
	fprintf(p->out, ".\\\" Made from %s by make docs; do not edit.\n.TH ", p->source);
	for (const char *c = p->names[0]; *c; c++)
		putc(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, p->out);
	fprintf(p->out, " %d %s \"Ravelin %s\" \"Ravelin\"\n.SH NAME\n", p->section, RAVELIN_DATE, RAVELIN_VERSION);
	put_prose(p->out, strchr(line, ' ') + 1);
}

/* Other names of a page lead to it. */
static void link_names(struct page *p, const char *folder)
{
	char path[256];
	FILE *out;

	for (size_t i = 1; i < p->count; i++) {
		snprintf(path, sizeof(path), "%s/%s.%d", folder, p->names[i], p->section);
		out = fopen(path, "w");
		if (!out) {
			fail(p, "cannot be written", path);
			return;
		}
		fprintf(out, ".so man%d/%s.%d\n", p->section, p->names[0], p->section);
		fclose(out);
	}
}

static void put_file(struct page *p, const char *folder, const char *path);

static void put_part(struct page *p, const char *folder, const char *name)
{
	char path[LINE + 16];

	snprintf(path, sizeof(path), "cli/%s.man", name);
	put_file(p, folder, path);
}

/* One that rows follow; notes to them are read already. */
static bool put_listed(struct page *p, const char *what)
{
	if (strcmp(what, "commands") == 0)
		put_core_rows(p, true);
	else if (strcmp(what, "options") == 0)
		put_program_options(p);
	else if (strcmp(what, "rule") == 0)
		put_options(p, &rv_ext_ip);
	else
		return false;
	return true;
}

static void put_directive(struct page *p, const char *folder, const char *what)
{
	if (strncmp(what, "name ", 5) == 0)
		begin_page(p, folder, what + 5);
	else if (!p->out)
		fail(p, "does not begin with @name", what);
	else if (strcmp(what, "synopsis") == 0)
		put_synopsis(p);
	else if (strcmp(what, "programs") == 0)
		put_programs(p->out);
	else if (strcmp(what, "backends") == 0)
		put_backends(p->out);
	else if (strcmp(what, "matches") == 0)
		put_extensions(p, RV_MATCH);
	else if (strcmp(what, "targets") == 0)
		put_extensions(p, RV_TARGET);
	else if (strncmp(what, "readme ", 7) == 0)
		put_readme(p, what + 7);
	else if (strncmp(what, "include ", 8) == 0)
		put_part(p, folder, what + 8);
	else
		fail(p, "no such word", what);
}

static bool has_rows(const char *what)
{
	return strcmp(what, "commands") == 0 || strcmp(what, "options") == 0 || strcmp(what, "rule") == 0;
}

static void put_file(struct page *p, const char *folder, const char *path)
{
	FILE *in = fopen(path, "r");
	char line[LINE], what[LINE];
	bool more, after = false, heading = false;

	if (!in) {
		fail(p, "cannot be read", path);
		return;
	}
	more = get_line(in, line);
	while (more && !p->failed) {
		if (line[0] == '@' && has_rows(line + 1) && p->out) {
			snprintf(what, sizeof(what), "%s", line + 1);
			more = read_notes(p, in, line);
			put_listed(p, what);
			end_notes(p);
			continue;
		}
		if (strcmp(line, "@example") == 0 && p->out)
			put_example(in, p->out, heading);
		else if (line[0] == '@')
			put_directive(p, folder, line + 1);
		else if (!is_remark(line) && p->out)
			put_next(p->out, line, &after);
		after |= strcmp(line, "@example") == 0;
		heading = strncmp(line, ".S", 2) == 0;
		more = get_line(in, line);
	}
	fclose(in);
}

/* A file without a name is one that others include. */
static bool is_page(const char *path)
{
	char line[LINE];
	bool found = false;
	FILE *in = fopen(path, "r");

	while (in && !found && get_line(in, line) && (is_remark(line) || line[0] == '@'))
		found = strncmp(line, "@name ", 6) == 0;
	if (in)
		fclose(in);
	return found;
}

int main(int argc, char **argv)
{
	int rc = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: manual FOLDER cli/NAME.man...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		struct page p = { .source = argv[i] };

		if (!is_page(argv[i]))
			continue;
		put_file(&p, argv[1], argv[i]);
		link_names(&p, argv[1]);
		if (p.out && fclose(p.out) != 0)
			fail(&p, "cannot be written", NULL);
		rc |= p.failed;
	}
	return rc;
}
