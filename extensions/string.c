/* SPDX-License-Identifier: GPL-2.0-or-later */
/* string: bytes anywhere in the packet (uapi linux/netfilter/xt_string.h). */
#include <ctype.h>
#include <string.h>

#include <linux/netfilter/xt_string.h>

#include <ravelin/extension.h>

/* way: which of the two options expresses the pattern. */
struct string_data {
	struct xt_string_info info;
	uint8_t way;		/* AS_TEXT or AS_HEX */
};

enum { STRING, HEX_STRING, ALGO, FROM, TO, ICASE };
enum { AS_TEXT = 1, AS_HEX = 2 };

#define MAX_PATTERN XT_STRING_MAX_PATTERN_SIZE

static struct xt_string_info *info_of(unsigned char *data)
{
	return &((struct string_data *)(void *)data)->info;
}

static int string_fail(struct rv_parse *p, const char *why)
{
	return rv_parse_fail(p, "%s", why);
}

static int fail_long(struct rv_parse *p)
{
	return rv_parse_fail(p, "STRING too long \"%s\"", p->arg);
}

static int parse_text(struct rv_parse *p)
{
	struct xt_string_info *info = info_of(p->data);
	size_t len = strlen(p->arg);

	if (len > MAX_PATTERN)
		return fail_long(p);
	memcpy(info->pattern, p->arg, len);
	info->patlen = len;
	return 0;
}

static int append_byte(struct rv_parse *p, char c)
{
	struct xt_string_info *info = info_of(p->data);

	if (info->patlen == MAX_PATTERN)
		return fail_long(p);
	info->pattern[info->patlen++] = c;
	return 0;
}

/* One byte; its second digit must be followed by a digit, a space or the closing bar. */
static int parse_byte(struct rv_parse *p, const char *text)
{
	uint64_t n = 0;

	if (!text[1])
		return string_fail(p, "Odd number of hex digits");
	if (!text[2])
		return string_fail(p, "Invalid hex block");
	for (int i = 0; i < 2; i++) {
		char c = tolower((unsigned char)text[i]);

		if (c == '\\')
			return string_fail(p, "Cannot include literals in hex data");
		if (!isxdigit((unsigned char)c))
			return rv_parse_fail(p, "Invalid hex char '%c'", text[i]);
		n = n * 16 + (isdigit((unsigned char)c) ? c - '0' : c - 'a' + 10);
	}
	return append_byte(p, n);
}

/* Text with hex bytes between bars: "|0d 0a|". A backslash escapes the next character. */
static int parse_hex(struct rv_parse *p)
{
	const char *text = p->arg;
	bool hex = false;

	if (!*text)
		return string_fail(p, "STRING must contain at least one char");
	info_of(p->data)->patlen = 0;
	while (*text) {
		if (*text == '|') {
			hex = !hex;
			text += 1 + (hex ? strspn(text + 1, " ") : 0);
			if (hex && !*text)
				return string_fail(p, "Odd number of hex digits");
			if (hex && *text == '|')
				return string_fail(p, text[1] ? "Invalid hex char '|'"
						       : "Odd number of hex digits");
			continue;
		}
		if (hex) {
			if (parse_byte(p, text))
				return -1;
			text += 2 + (text[2] == ' ');
			continue;
		}
		if (*text == '\\' && !*++text)
			return string_fail(p, "Bad literal placement at end of string");
		if (append_byte(p, *text++))
			return -1;
	}
	return hex ? string_fail(p, "Invalid hex block") : 0;
}

/* Unprintable bytes, or a trailing backslash, which would escape the closing quote. */
static bool needs_hex(const struct xt_string_info *info)
{
	unsigned int len = info->patlen < MAX_PATTERN ? info->patlen : MAX_PATTERN;

	if (len && info->pattern[len - 1] == '\\')
		return true;
	for (unsigned int i = 0; i < len; i++)
		if (!isascii(info->pattern[i]) || !isprint((unsigned char)info->pattern[i]))
			return true;
	return false;
}

static void print_pattern(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct string_data *d = (const struct string_data *)(const void *)data;
	unsigned int len = d->info.patlen < MAX_PATTERN ? d->info.patlen : MAX_PATTERN;

	rv_buf_puts(o->buf, d->way == AS_HEX ? "\"|" : "\"");
	for (unsigned int i = 0; i < len; i++) {
		char c = d->info.pattern[i];

		if (d->way == AS_HEX)
			rv_buf_printf(o->buf, "%02x", (unsigned char)c);
		else
			rv_buf_printf(o->buf, strchr("\"\\", c) ? "\\%c" : "%c", c);
	}
	rv_buf_puts(o->buf, d->way == AS_HEX ? "|\"" : "\"");
}

static int pattern_predicate(const struct rv_option *opt, const unsigned char *data,
			     rv_predicate_fn *fn, void *arg)
{
	const struct xt_string_info *i = &((const struct string_data *)(const void *)data)->info;
	bool icase = i->u.v1.flags & XT_STRING_FLAG_IGNORECASE;
	struct rv_predicate p = {
		.sel = icase ? RV_SEL_BYTES_ICASE : opt->sel, .op = RV_OP_EQ,
		.negate = rv_option_inverted(opt, data), .text = i->pattern,
		.len = i->patlen < MAX_PATTERN ? i->patlen : MAX_PATTERN,
		.param = i->from_offset | (uint32_t)i->to_offset << 16,
	};

	return fn(&p, arg);
}

#define PATTERN(word, how, other, hook, arg_, text)				\
	{									\
		.name = word, .type = RV_T_HOOK, .flags = RV_OPT_INVERT,	\
		.given = RV_BIT_IS(struct string_data, way, how),		\
		.invert = RV_BIT(struct string_data, info.u.v1.flags, XT_STRING_FLAG_INVERT), \
		.excludes = 1 << (other), .list = "STRING match [!] ",		\
		.sel = RV_SEL_BYTES, .arg = arg_, .help = text,			\
		.ops = RV_OPTION_OPS(.parse = hook, .print = print_pattern,	\
				     .predicate = pattern_predicate),		\
	}

static const struct rv_option string_options[] = {
	[STRING] = PATTERN("string", AS_TEXT, HEX_STRING, parse_text, "text", "text to search for"),
	[HEX_STRING] = PATTERN("hex-string", AS_HEX, STRING, parse_hex, "text",
			       "text to search for; bytes can be given as |0d 0a|"),
	[ALGO] = {
		.name = "algo", .type = RV_T_STRING,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS | RV_OPT_BARE |
			 RV_OPT_NO_PREDICATE,
		RV_FIELD(struct string_data, info.algo), .opaque = { RV_EFFECT_PURE, "it selects the search algorithm" },
		.list = "ALGO name", .arg = "bm|kmp",
		.help = "search algorithm: Boyer-Moore or Knuth-Morris-Pratt",
	},
	[FROM] = {
		.name = "from", .type = RV_T_UINT, .flags = RV_OPT_NO_PREDICATE,
		RV_FIELD(struct string_data, info.from_offset),
		.list = "FROM", .arg = "offset", .help = "offset to start at",
	},
	[TO] = {
		.name = "to", .type = RV_T_UINT, .flags = RV_OPT_NO_PREDICATE,
		RV_FIELD(struct string_data, info.to_offset),
		.list = "TO", .arg = "offset", .help = "offset to end at",
	},
	[ICASE] = {
		.name = "icase", .type = RV_T_FLAG, .flags = RV_OPT_NO_PREDICATE,
		RV_FIELD(struct string_data, info.u.v1.flags), .value = XT_STRING_FLAG_IGNORECASE,
		.list = "ICASE", .help = "ignore case",
	},
	{ .name = NULL },
};

static void string_canonicalize(unsigned char *data)
{
	struct string_data *d = (struct string_data *)(void *)data;

	d->way = needs_hex(&d->info) ? AS_HEX : AS_TEXT;
}

static const char *string_refused(const unsigned char *data, uint32_t hooks)
{
	const struct string_data *d = (const struct string_data *)(const void *)data;

	if (strcmp(d->info.algo, "bm") != 0 && strcmp(d->info.algo, "kmp") != 0)
		return "the algorithm must be bm or kmp";
	if (!d->info.patlen)
		return "the string must not be empty";
	return d->info.from_offset > d->info.to_offset ? "--from must not be larger than --to" : NULL;
}

/* The rest is private to the kernel. The only flag of revision 0 is negation, at the same bit. */
static int string_read_any(const struct rv_revision *w, const unsigned char *wire,
			   unsigned char *data, struct rv_error *err)
{
	struct string_data *d = (struct string_data *)(void *)data;

	memcpy(&d->info, wire, offsetof(struct xt_string_info, config));
	d->info.algo[sizeof(d->info.algo) - 1] = '\0';
	if (d->info.patlen > MAX_PATTERN)
		return rv_revision_fail(err, "string: a pattern of %u bytes", d->info.patlen);
	if (!w->revision && d->info.u.v0.invert)
		d->info.u.v1.flags = XT_STRING_FLAG_INVERT;
	return 0;
}

RV_EXTENSION(string_match) = {
	.name = "string", .kind = RV_MATCH,
	.size = sizeof(struct string_data), .compare = offsetof(struct string_data, info.config),
	.options = string_options, .ops = RV_EXT_OPS(.canonicalize = string_canonicalize),
	.only = RV_ONLY(.refused = string_refused),
	.initial = &(const struct string_data){ .info.to_offset = UINT16_MAX },
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(struct xt_string_info), .read = string_read_any },
		{ .revision = 0, .size = sizeof(struct xt_string_info), .read = string_read_any }),
	.required = "STRING match: You must specify `--string' or `--hex-string'",
	.one_of = 1 << STRING | 1 << HEX_STRING,
	.help = "text in the packet",
};
