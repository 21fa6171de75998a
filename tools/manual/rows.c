/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of matches and targets, from their rows. */
#include <string.h>

#include <ravelin/registry.h>

#include "tools/manual/manual.h"

#define NARROW_LIST 20	/* numbers in a row of more than so many are said as a range */

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
static void put_name(FILE *out, const struct rv_name *n)
{
	man_word(out, "", n->name);
	for (const struct rv_name *other = n + 1; other->name; other++)
		if (other->value == n->value) {
			fputs(other->help ? ", " : " or ", out);
			man_word(out, "", other->name);
		}
	if (n->help) {
		fputs(" (", out);
		man_plain(out, n->help);
		putc(')', out);
	}
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
		put_name(out, n);
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
			o->flags & RV_OPT_OPEN_ENDED ? "; a single number means that or more" : "");
		break;
	case RV_T_PORT_RANGE:
		fputs("Ports are numbers or names from /etc/services; an omitted end is 0 or 65535.\n", out);
		break;
	case RV_T_PORT:
		fputs("A number or a name from /etc/services.\n", out);
		break;
	case RV_T_MASKED:
		fputs("Decimal, octal (0...) or hexadecimal (0x...).\n", out);
		break;
	case RV_T_STRING:
		if (o->size > 1 && !says_length(o))
			fprintf(out, "At most %d bytes%s.\n", o->size - 1,
				o->flags & RV_OPT_TRUNCATE ? "; longer values are truncated" : "");
		break;
	case RV_T_ADDR_MASK:
		fputs("The mask is a prefix length or an address.\n", out);
		break;
	case RV_T_IFACE:
		fputs("At most 15 bytes.\n", out);
		break;
	case RV_T_PROTO:
		fputs("A number or a name from /etc/protocols.\n", out);
		break;
	default:
		break;
	}
}

static void put_values(FILE *out, const struct rv_option *o)
{
	if (!rv_option_ops(o)->parse)
		put_type(out, o);
	if (o->names)
		put_names(out, o->names, o->type == RV_T_BITS ? "One or more of" :
			  o->type == RV_T_UINT ? "Or" : "One of");
	if (o->names && o->flags & RV_OPT_ABBREV)
		fputs("Names may be abbreviated.\n", out);
	if (o->file) {
		fputs("Names are read from ", out);
		man_plain(out, o->file->file);
		fputs(".\n", out);
	}
}

/* ---- how rows go together ---------------------------------------------------------------------- */

static void put_rows(FILE *out, const struct rv_ext *ext, uint64_t bits, const char *how)
{
	if (!bits)
		return;
	fprintf(out, "%s ", how);
	for (const struct rv_option *o = ext->options; o->name; o++)
		if (bits >> (o - ext->options) & 1) {
			bits &= ~(1ULL << (o - ext->options));
			man_word(out, "--", o->name);
			fputs(man_between(bits), out);
		}
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
		man_plain(out, trimmed(&text));
		if (other.len && strcmp(trimmed(&text), trimmed(&other)) != 0) {
			fputs(", for IPv6 ", out);
			man_plain(out, trimmed(&other));
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
		fputs("Required.\n", out);
	put_rows(out, ext, o->needs, "Requires");
	put_rows(out, ext, excluded(ext, o), "Cannot be combined with");
	if (o->flags & RV_OPT_REPEAT)
		fputs("May be repeated.\n", out);
	if (rv_option_only(o)->tables)
		man_tables(out, rv_option_only(o)->tables);
	if (o->family && !ext->family)
		fprintf(out, "%s only.\n", rv_family(o->family)->name);
}

void man_option(FILE *out, const struct rv_ext *ext, const struct rv_option *opt)
{
	fprintf(out, ".TP\n%s", opt->flags & RV_OPT_INVERT ? "[!] " : "");
	man_letter(out, opt->letter, ", ");
	man_word(out, "--", opt->name);
	for (const struct rv_option *o = ext->options; o->name; o++)
		if (o->alias_of && strcmp(o->alias_of, opt->name) == 0) {
			fputs(", ", out);
			man_word(out, "--", o->name);
		}
	if (opt->arg && rv_option_takes_arg(opt)) {
		putc(' ', out);
		man_arg(out, opt->arg);
	}
	putc('\n', out);
	man_sentence(out, opt->help);
	put_values(out, opt);
	put_conditions(out, ext, opt);
}
