/* SPDX-License-Identifier: GPL-2.0-or-later */
/* u32: computed 32-bit values anywhere in the packet (uapi linux/netfilter/xt_u32.h). */
#include <string.h>

#include <linux/netfilter/xt_u32.h>

#include <ravelin/extension.h>

/* Parser state. */
struct reader {
	struct rv_parse *p;
	const char *at;
};

static const char *const operators[] = {
	[XT_U32_AND] = "&",
	[XT_U32_LEFTSH] = "<<",
	[XT_U32_RIGHTSH] = ">>",
	[XT_U32_AT] = "@",
};

static void skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t\n\v\f\r");
}

static int fail_at(struct reader *r, const char *what)
{
	return rv_fail(r->p->err, RV_ERR_USAGE, &r->p->loc, "u32: at char %u: %s",
		       (unsigned int)(r->at - r->p->arg), what);
}

static int u32_fail(struct reader *r, const char *what)
{
	return rv_fail(r->p->err, RV_ERR_USAGE, &r->p->loc, "u32: %s", what);
}

static int read_number(struct reader *r, uint32_t *number)
{
	const char *end;
	uint64_t n;

	if (!rv_parse_uint_prefix(r->at, 0, UINT32_MAX, &n, &end))
		return fail_at(r, "not a number or out of range");
	r->at = end;
	*number = n;
	return 0;
}

/* An operator: one character, or the same one twice. */
static int read_operator(struct reader *r, uint8_t *op)
{
	char wanted[] = "a second '?' was expected";

	for (*op = 0; *op < sizeof(operators) / sizeof(operators[0]); ++*op) {
		const char *text = operators[*op];

		if (*r->at != *text)
			continue;
		r->at++;
		if (text[1] && *r->at != *text) {
			*strchr(wanted, '?') = *text;
			return fail_at(r, wanted);
		}
		r->at += text[1] != '\0';
		return 0;
	}
	return fail_at(r, "operator expected");
}

/* "number operator number ... =" */
static int read_location(struct reader *r, struct xt_u32_test *test)
{
	for (;;) {
		skip_blanks(r);
		if (!*r->at)
			return u32_fail(r, "abrupt end of input after location specifier");
		if (*r->at == '=' && !test->nnums)
			return fail_at(r, "location spec missing");
		if (*r->at == '=') {
			r->at++;
			return 0;
		}
		if (test->nnums && read_operator(r, &test->location[test->nnums].nextop))
			return -1;
		skip_blanks(r);
		if (read_number(r, &test->location[test->nnums].number))
			return -1;
		if (++test->nnums > XT_U32_MAXSIZE)
			return fail_at(r, "too many operators");
	}
}

/* "number[:number],..." up to "&&" or the end; sets *more if there is another test. */
static int read_values(struct reader *r, struct xt_u32_test *test, bool *more)
{
	for (;;) {
		struct xt_u32_value_element *v = &test->value[test->nvalues];

		skip_blanks(r);
		if (!*r->at && !test->nvalues)
			return u32_fail(r, "test ended with no value specified");
		if (read_number(r, &v->min))
			return -1;
		v->max = v->min;
		skip_blanks(r);
		if (*r->at == ':') {
			r->at++;
			skip_blanks(r);
			if (read_number(r, &v->max))
				return -1;
			skip_blanks(r);
		}
		if (++test->nvalues > XT_U32_MAXSIZE)
			return fail_at(r, "too many \",\"s");
		*more = *r->at == '&';
		if (!*r->at)
			return 0;
		if (*r->at != ',' && !*more)
			return fail_at(r, "expected \",\" or \"&&\"");
		r->at++;
		if (*more && *r->at != '&')
			return fail_at(r, "a second '&' was expected");
		if (*more) {
			r->at++;
			return 0;
		}
	}
}

static int parse_tests(struct rv_parse *p)
{
	struct xt_u32 *u32 = (struct xt_u32 *)(void *)p->data;
	struct reader r = { p, p->arg };
	bool more = true;

	while (more) {
		struct xt_u32_test *test = &u32->tests[u32->ntests];

		if (read_location(&r, test) || read_values(&r, test, &more))
			return -1;
		if (++u32->ntests > XT_U32_MAXSIZE)
			return fail_at(&r, "too many \"&&\"s");
	}
	return 0;
}

static void print_test(struct rv_buf *b, const struct xt_u32_test *test)
{
	for (unsigned int i = 0; i < test->nnums; i++) {
		const struct xt_u32_location_element *l = &test->location[i];

		rv_buf_printf(b, "%s0x%x", i ? operators[l->nextop] : "", l->number);
	}
	for (unsigned int i = 0; i < test->nvalues; i++) {
		const struct xt_u32_value_element *v = &test->value[i];

		rv_buf_printf(b, "%c0x%x", i ? ',' : '=', v->min);
		if (v->min != v->max)
			rv_buf_printf(b, ":0x%x", v->max);
	}
}

static void print_tests(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct xt_u32 *u32 = (const struct xt_u32 *)(const void *)data;

	rv_buf_putc(o->buf, '"');
	for (unsigned int i = 0; i < u32->ntests; i++) {
		rv_buf_puts(o->buf, i ? "&&" : "");
		print_test(o->buf, &u32->tests[i]);
	}
	rv_buf_putc(o->buf, '"');
}

static int tests_predicate(const struct rv_option *opt, const unsigned char *data,
			   rv_predicate_fn *fn, void *arg)
{
	const struct xt_u32 *u32 = (const struct xt_u32 *)(const void *)data;
	struct rv_predicate p = {
		.sel = opt->sel, .op = RV_OP_EQ, .negate = rv_option_inverted(opt, data),
		.len = u32->ntests * sizeof(u32->tests[0]), .text = u32->ntests ? (const char *)u32->tests : "",
	};

	return fn(&p, arg);
}

static const struct rv_option u32_options[] = {
	{
		.name = "u32", .type = RV_T_HOOK,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		.invert = RV_BIT(struct xt_u32, invert, 1),
		.list = "u32 [! ]", .arg = "tests",
		.help = "location=value[,...] [&& ...]: a location is offset [&|<<|>>|@ number]..., "
			"a value number[:number]",
		.sel = RV_SEL_U32,
		.ops = RV_OPTION_OPS(.parse = parse_tests, .print = print_tests,
				     .predicate = tests_predicate),
	},
	{ .name = NULL },
};

/* Counts are valid in this kernel, but not necessarily in a file or in other kernels. */
static int u32_read_v0(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		       struct rv_error *err)
{
	struct xt_u32 *u32 = (struct xt_u32 *)(void *)data;
	bool bad;

	memcpy(u32, wire, sizeof(*u32));
	bad = u32->ntests > XT_U32_MAXSIZE;
	for (unsigned int i = 0; !bad && i < u32->ntests; i++) {
		const struct xt_u32_test *test = &u32->tests[i];

		bad = test->nnums > XT_U32_MAXSIZE || test->nvalues > XT_U32_MAXSIZE;
		for (unsigned int n = 0; !bad && n < test->nnums; n++)
			bad = test->location[n].nextop > XT_U32_AT;
	}
	return bad ? rv_revision_fail(err, "u32: too many tests or an unknown operator")
		   : 0;
}

RV_EXTENSION(u32) = {
	.name = "u32", .kind = RV_MATCH, .help = "32-bit words of the packet",
	.size = sizeof(struct xt_u32), .options = u32_options,
	.revisions = RV_REVISIONS({ .revision = 0, .size = sizeof(struct xt_u32), .read = u32_read_v0 }),
};
