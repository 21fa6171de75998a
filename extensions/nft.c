/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft: an nf_tables rule that no iptables option can express, complete as in the kernel
 * (backend/nft/wire/object.h). No other match may be combined with it.
 */
#include <string.h>

#include "backend/nft/wire/object.h"

typedef struct rv_nft_object info;

enum { RULE, EXPR };

static int parse_rule(struct rv_parse *p)
{
	info *d = (info *)(void *)p->data;

	d->given = rv_bytes_keep(p->arg, strlen(p->arg));
	return d->given ? 0 : rv_fail_memory(p->err);
}

static int parse_expr(struct rv_parse *p)
{
	struct rv_buf bytes = RV_BUF_INIT;
	int rc;

	if (rv_base64_read(&bytes, p->arg))
		rc = rv_option_fail(p, "--expr is not base64");
	else if (!rv_buf_ok(&bytes))
		rc = rv_fail_memory(p->err);
	else
		rc = rv_nft_object_set((info *)(void *)p->data, p->family, bytes.data, bytes.len, NULL,
				       p->err);
	rv_buf_free(&bytes);
	return rc;
}

static void print_rule(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info *d = (const info *)(const void *)data;

	if (o->style == RV_STYLE_SAVE)
		rv_print_quoted(o->buf, (const char *)d->text->data);
	else
		rv_buf_puts(o->buf, (const char *)d->text->data);
}

/* Counters are printed as the rule's counters instead. */
static void print_expr(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info *d = (const info *)(const void *)data;
	const struct rv_bytes *bytes = o->counters ? d->counted : d->rule;

	rv_base64_put(o->buf, bytes->data, bytes->len);
}

static const struct rv_option nft_options[] = {
	[RULE] = {
		.name = "rule", .type = RV_T_HOOK, RV_FIELD(info, text), .list = "nft",
		.arg = "text", .help = "rule in nft syntax, for the reader",
		.ops = RV_OPTION_OPS(.parse = parse_rule, .print = print_rule),
	},
	[EXPR] = {
		.name = "expr", .type = RV_T_HOOK, .flags = RV_OPT_REQUIRED | RV_OPT_LIST_NEVER,
		RV_FIELD(info, rule), .arg = "base64", .help = "rule as encoded by the kernel",
		.ops = RV_OPTION_OPS(.parse = parse_expr, .print = print_expr),
	},
	{ .name = NULL },
};

/* Editing the text does not change the rule: warns if it differs from the encoded rule. */
static int check_rule_text(struct rv_check *c)
{
	info *d = (info *)(void *)c->part->data;

	if (d->given && d->text && d->given != d->text)
		rv_warn(c->err, "nft: --rule differs from --expr: %s", d->text->data);
	d->given = NULL;
	return 0;
}

static int nft_kernel_check(struct rv_check *c)
{
	static const struct rv_ip nothing;
	const struct rv_rule *r = c->rule;

	if (!memcmp(&r->ip, &nothing, sizeof(nothing)) && r->matches == c->part && !c->part->next &&
	    !r->target && r->verdict == RV_VERDICT_NONE)
		return 0;
	return rv_check_fail(c, "nft: --expr is a complete rule: it allows no other match, target "
			     "or option");
}

const struct rv_ext rv_ext_nft = {
	.name = "nft", .kind = RV_MATCH,
	.size = sizeof(info), .compare = offsetof(info, counted), .options = nft_options,
	.ops = RV_EXT_OPS(.check = check_rule_text, .kernel_check = nft_kernel_check,
			  .chains = rv_nft_object_chains),
	.whole = true, .opaque = "it is a program", .help = "nf_tables rule without equivalent in iptables",
};
RV_REGISTER(rv_ext_nft);
