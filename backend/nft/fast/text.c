/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores order and text of rules in nft's comments, and reads them. */
#include <stdio.h>

#include <ravelin/parser.h>
#include <ravelin/render.h>

#include "fast.h"

#define ORDER_DIGITS 16
#define ORDER_ROOM (ORDER_DIGITS + 1)	/* then a blank, or a sign that the text is elsewhere */
#define ELSEWHERE '+'

/* Placeholder for chain names in the lines to parse; the real names come from the kernel. */
#define SOME_CHAIN "r"

void rv_fast_text(struct rv_buf *b, rv_family_t family, const struct rv_rule *r)
{
	struct rv_buf body = RV_BUF_INIT;
	struct rv_rule copy = *r;

	copy.jump[0] = '\0';
	rv_render_rule_body(&body, family, &copy, RV_COUNTERS_NONE);
	if (body.len)
		rv_buf_add(b, body.data + 1, body.len - 1);
	if (body.len && r->jump[0])
		rv_buf_putc(b, ' ');
	if (r->jump[0])
		rv_buf_puts(b, r->verdict == RV_VERDICT_GOTO ? "-g" : "-j");
	b->failed |= body.failed;
	rv_buf_free(&body);
}

bool rv_fast_text_fits(size_t len)
{
	return ORDER_ROOM + len <= RV_FAST_TEXT_MAX;
}

void rv_fast_put_comment(struct rv_buf *b, uint16_t attr, uint64_t order, const char *text,
			 size_t len)
{
	char comment[2 + RV_FAST_TEXT_MAX + 1];
	bool fits = rv_fast_text_fits(len);
	size_t size = ORDER_ROOM + (fits ? len : 0) + 1;

	comment[0] = RV_NFT_UDATA_COMMENT;
	comment[1] = (char)size;
	snprintf(comment + 2, sizeof(comment) - 2, "%016llx%c", (unsigned long long)order,
		 fits ? ' ' : ELSEWHERE);
	if (fits)
		memcpy(comment + 2 + ORDER_ROOM, text, len);
	comment[1 + size] = '\0';
	rv_nft_put(b, attr, comment, 2 + size);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool get_number(const char *digits, uint64_t *n)
{
	*n = 0;
	for (unsigned int i = 0; i < ORDER_DIGITS; i++) {
		int d = digit(digits[i]);

		if (d < 0)
			return false;
		*n = *n << 4 | (unsigned int)d;
	}
	return true;
}

static bool get_text(const char *comment, size_t len, uint64_t *order, struct rv_nft_view *text,
		     bool *elsewhere)
{
	len = strnlen(comment, len);
	if (len < ORDER_ROOM || !get_number(comment, order) || !*order)
		return false;
	*elsewhere = comment[ORDER_DIGITS] == ELSEWHERE;
	if (!*elsewhere && comment[ORDER_DIGITS] != ' ')
		return false;
	text->data = (const unsigned char *)comment + ORDER_ROOM;
	text->len = len - ORDER_ROOM;
	return !memchr(text->data, '\n', text->len);
}

bool rv_fast_get_comment(struct rv_nft_view v, uint64_t *order, struct rv_nft_view *text,
			 bool *elsewhere)
{
	struct rv_nft_view comment;
	uint32_t at = 0;
	uint8_t type;

	while (rv_nft_next_userdata(v, &at, &type, &comment))
		if (type == RV_NFT_UDATA_COMMENT)
			return get_text((const char *)comment.data, comment.len, order, text, elsewhere);
	return false;
}

bool rv_fast_render(struct rv_buf *b, const char *chain, struct rv_nft_view attrs)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1], text;
	const char *what, *why, *jump = NULL;
	struct rv_nft_walk w;
	struct rv_nft_attr a;
	struct rv_nft_expr e;
	bool elsewhere;
	uint64_t order;

	if (!chain || !rv_nft_attr_table(attrs, t, NFTA_RULE_MAX + 1) ||
	    !rv_fast_get_comment(t[NFTA_RULE_USERDATA], &order, &text, &elsewhere))
		return false;
	w = rv_nft_attrs(t[NFTA_RULE_EXPRESSIONS]);
	while (rv_nft_next(&w, &a))
		if (!rv_nft_expr_read(a.value, &e, &what, &why) && e.kind == RV_NFT_IMMEDIATE)
			jump = e.name;
	rv_buf_printf(b, ": -A %s ", chain);
	rv_buf_add(b, text.data, text.len);
	if (jump)
		rv_buf_printf(b, " %s", jump);
	return true;
}

void rv_fast_name(char name[RV_FAST_NAME], const char *prefix, uint64_t id)
{
	snprintf(name, RV_FAST_NAME, "%s%016llx", prefix, (unsigned long long)id);
}

bool rv_fast_id(const char *name, const char *prefix, uint64_t *id)
{
	size_t len = strlen(prefix);

	return !strncmp(name, prefix, len) && strlen(name + len) == ORDER_DIGITS &&
	       get_number(name + len, id) && *id;
}

bool rv_fast_is_ours(const char *name)
{
	static const char *const prefixes[] = { RV_FAST_LEAF, RV_FAST_ACTION, RV_FAST_GONE };
	uint64_t id;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (rv_fast_id(name, prefixes[i], &id))
			return true;
	return false;
}

/* ---- parsing -------------------------------------------------------------------------------- */

void rv_fast_parse_begin(struct rv_fast_parse *p, const struct rv_table_def *table)
{
	p->lines = (struct rv_buf)RV_BUF_INIT;
	p->count = p->at = 0;
	p->own = false;
	rv_buf_printf(&p->lines, "*%s\n", table->name);
}

void rv_fast_parse_add(struct rv_fast_parse *p, struct rv_nft_view text, bool jumps)
{
	rv_buf_puts(&p->lines, "-A " SOME_CHAIN " ");
	rv_buf_add(&p->lines, text.data, text.len);
	rv_buf_puts(&p->lines, jumps ? " " SOME_CHAIN "\n" : "\n");
	p->count++;
}

static int see_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip, void *arg,
		     struct rv_error *err)
{
	(void)def, (void)loc, (void)skip, (void)arg, (void)err;
	return 0;
}

static int see_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	(void)loc, (void)arg, (void)err;
	return 0;
}

/* Takes a parsed line, which must be exactly one rule. */
static int see_rule(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		    struct rv_error *err)
{
	struct rv_fast_parse *p = arg;
	struct rv_rule *r;

	(void)opts;
	if (cmd->kind != RV_CMD_APPEND || rv_list_empty(&cmd->rules) ||
	    cmd->rules.next != cmd->rules.prev || strcmp(cmd->chain, SOME_CHAIN) != 0)
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "not an iptables rule");
	r = rv_entry(cmd->rules.next, struct rv_rule, node);
	rv_list_del(&r->node);
	rv_list_init(&r->node);
	r->loc = (struct rv_loc){ 0 };
	p->own = p->rule(r, p->at, p->arg, err);
	p->at += !p->own;
	return p->own ? -1 : 0;
}

int rv_fast_parse_end(struct rv_fast_parse *p, struct rv_error *err)
{
	const struct rv_restore_sink sink = {
		.table = see_table, .command = see_rule, .commit = see_commit, .arg = p,
	};
	struct rv_buf warnings = RV_BUF_INIT;
	struct rv_error own = { .warnings = &warnings };
	int rc;

	rv_buf_puts(&p->lines, "COMMIT\n");
	if (!rv_buf_ok(&p->lines))
		return rv_fail_memory(err);
	rc = rv_parse_restore(p->lines.data, p->lines.len, p->family, &sink, &own);
	if (!rc && p->at != p->count)
		rc = rv_fail(&own, RV_ERR_RESOURCE, NULL, "not an iptables rule");
	if (rc)
		*err = own;
	err->warnings = NULL;
	rv_buf_free(&warnings);
	return rc;
}
