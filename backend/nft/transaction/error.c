/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Explains why the kernel rejected a transaction: first with stock's message, then with the rule
 * and the part of it that the kernel lacks or rejects.
 */
#include <errno.h>
#include <stdlib.h>

#include <ravelin/registry.h>
#include <ravelin/render.h>

#include "backend/nft/fast/fast.h"
#include "backend/nft/wire/object.h"
#include "batch.h"

/*
 * Stock's names for changes and what they refer to, and the kind of error: RV_ERR_PROBLEM if the
 * rule is wrong or the chain in use, RV_ERR_RESOURCE if a valid change cannot be made now.
 */
static const struct {
	const char *name;
	const char *place;
	enum rv_error_kind refused;
} changes[] = {
	[RV_CHANGE_ADD_TABLE] = { "TABLE_ADD", "table", RV_ERR_RESOURCE },
	[RV_CHANGE_CLEAR_TABLE] = { "TABLE_FLUSH", "table", RV_ERR_RESOURCE },
	[RV_CHANGE_ADD_CHAIN] = { "CHAIN_ADD", "chain", RV_ERR_RESOURCE },
	[RV_CHANGE_DEL_CHAIN] = { "CHAIN_DEL", "chain", RV_ERR_PROBLEM },
	[RV_CHANGE_RENAME_CHAIN] = { "CHAIN_RENAME", "chain", RV_ERR_RESOURCE },
	[RV_CHANGE_POLICY] = { "CHAIN_UPDATE", "chain", RV_ERR_RESOURCE },
	[RV_CHANGE_FLUSH_CHAIN] = { "RULE_FLUSH", "rule in chain", RV_ERR_RESOURCE },
	[RV_CHANGE_ADD_RULE] = { "RULE_APPEND", "rule in chain", RV_ERR_PROBLEM },
	[RV_CHANGE_REPLACE_RULE] = { "RULE_REPLACE", "rule in chain", RV_ERR_PROBLEM },
	[RV_CHANGE_DEL_RULE] = { "RULE_DELETE", "rule in chain", RV_ERR_RESOURCE },
	[RV_CHANGE_ZERO_RULE] = { "RULE_REPLACE", "rule in chain", RV_ERR_RESOURCE },
	[RV_CHANGE_ZERO_CHAIN] = { "CHAIN_ZERO", "chain", RV_ERR_RESOURCE },
};

/* A rejected message. */
struct refusal {
	struct rv_nft *n;
	struct rv_store *store;
	rv_family_t family;
	const struct rv_nft_verdict *v;
	const struct rv_nft_record *rec;
	struct nlmsghdr head;
	struct rv_nft_view attrs;
};

/*
 * Returns the name of the table or chain, from NFTA_TABLE_NAME, NFTA_CHAIN_NAME or NFTA_RULE_CHAIN.
 */
static const char *object(const struct refusal *f)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	const char *name;
	unsigned int attr = NFTA_RULE_CHAIN;

	if (f->rec->in)
		return f->rec->in;
	if (f->rec->kind == RV_CHANGE_ADD_TABLE || f->rec->kind == RV_CHANGE_CLEAR_TABLE)
		attr = NFTA_TABLE_NAME;
	else if (!strcmp(changes[f->rec->kind].place, "chain"))
		attr = NFTA_CHAIN_NAME;
	rv_nft_attr_table(f->attrs, t, NFTA_RULE_MAX + 1);
	name = rv_nft_get_text(t[attr]);
	return name ? name : "";
}

static const char *change_name(const struct refusal *f)
{
	uint16_t place = NLM_F_APPEND | NLM_F_REPLACE;

	if (f->rec->kind == RV_CHANGE_ADD_RULE && !(f->head.nlmsg_flags & place))
		return "RULE_INSERT";
	if (f->rec->kind == RV_CHANGE_ADD_CHAIN && !(f->head.nlmsg_flags & NLM_F_CREATE))
		return "CHAIN_USER_ADD";
	return changes[f->rec->kind].name;
}

/* ---- rules --------------------------------------------------------------------- */

static struct rv_nft_view expressions(const struct refusal *f)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];

	rv_nft_attr_table(f->attrs, t, NFTA_RULE_MAX + 1);
	return t[NFTA_RULE_EXPRESSIONS];
}

static enum rv_nft_has kernel_has(const struct refusal *f, const struct rv_nft_expr *e)
{
	if (e->kind != RV_NFT_MATCH && e->kind != RV_NFT_TARGET)
		return RV_NFT_HAS;
	return rv_nft_kernel_has(&f->n->socket, f->family, e->name, e->revision,
				 e->kind == RV_NFT_TARGET);
}

/* Returns the extension of a compat expression, or NULL. */
static const struct rv_ext *ext_of(const struct refusal *f, const struct rv_nft_expr *e)
{
	enum rv_ext_kind kind = e->kind == RV_NFT_TARGET ? RV_TARGET : RV_MATCH;
	const struct rv_revision *w;
	const struct rv_ext *ext;
	unsigned char *blob;

	if (e->kind != RV_NFT_MATCH && e->kind != RV_NFT_TARGET)
		return NULL;
	/* Attributes are aligned to four bytes, but structs may need eight. */
	blob = malloc(e->data.len ? e->data.len : 1);
	if (!blob)
		return NULL;
	memcpy(blob, e->data.data, e->data.len);
	ext = rv_ext_find_wire(kind, f->family, e->name, e->revision, e->data.len, blob, &w);
	free(blob);
	return ext;
}

/* Finds the expression that the kernel reported, or else the first unsupported one. */
static bool find_culprit(const struct refusal *f, struct rv_nft_expr *e)
{
	struct rv_nft_walk w = rv_nft_attrs(expressions(f));
	const char *what, *why;
	struct rv_nft_attr a;

	while (rv_nft_next(&w, &a)) {
		size_t at = (const char *)a.value.data - NLA_HDRLEN -
			    (f->n->batch.bytes.data + f->rec->offset);

		if (rv_nft_expr_read(a.value, e, &what, &why))
			continue;
		if (f->v->offset ? at == f->v->offset : kernel_has(f, e) != RV_NFT_HAS)
			return true;
	}
	return false;
}

/* Explains that the kernel has no revision of the extension that this program can write. */
static void explain_lack(struct rv_buf *b, const struct refusal *f, const struct rv_nft_expr *e)
{
	const struct rv_ext *ext = ext_of(f, e);

	rv_buf_printf(b, "the kernel lacks %s `%s' revision %u", rv_nft_expr_name(e->kind), e->name,
		      e->revision);
	if (kernel_has(f, e) == RV_NFT_HAS_OTHERS)
		rv_buf_puts(b, " and has other revisions only");
	if (!ext)
		return;
	rv_buf_puts(b, " (");
	rv_ext_config(b, f->family, ext);
	rv_buf_puts(b, ")");
}

static void explain_expression(struct rv_buf *b, const struct refusal *f,
			       const struct rv_nft_expr *e)
{
	const char *kind = rv_nft_expr_name(e->kind);

	if (e->kind == RV_NFT_IMMEDIATE && e->name)
		rv_buf_printf(b, "the kernel cannot jump to chain `%s' from there", e->name);
	else if (kernel_has(f, e) != RV_NFT_HAS)
		explain_lack(b, f, e);
	else if (e->kind == RV_NFT_MATCH || e->kind == RV_NFT_TARGET)
		rv_buf_printf(b, "the kernel refuses %s `%s' with these options, or in this chain",
			      kind, e->name);
	else if (f->v->code == ENOENT || f->v->code == EOPNOTSUPP)
		rv_buf_printf(b, "the kernel lacks expression `%s' (module nft_%s?)", kind, kind);
	else
		rv_buf_printf(b, "the kernel refuses expression `%s'", kind);
}

static void render_refused(struct rv_buf *b, const struct refusal *f)
{
	struct rv_error err = { 0 };
	struct rv_nft_place place;
	struct rv_rule *r;

	if (rv_fast_render(b, f->rec->in, f->attrs))
		return;
	r = rv_nft_rule_staged(f->family, f->attrs, &place, &err);
	if (!r)
		return;
	rv_buf_puts(b, ": ");
	rv_render_rule(b, f->family, place.chain, r, RV_COUNTERS_NONE);
	if (b->len && b->data[b->len - 1] == '\n')
		b->len--;
	rv_rule_free(r);
}

/* Prints the object in nft syntax. */
static void explain_object(struct rv_buf *b, const struct refusal *f)
{
	const struct rv_bytes *object = f->rec->object;
	struct rv_table *t = rv_ruleset_table(&f->store->rs, f->rec->table);
	struct rv_buf text = RV_BUF_INIT;

	rv_nft_object_text(&text, f->family, (struct rv_nft_view){ object->data, object->len });
	rv_buf_printf(b, ": -m nft --rule \"%.200s\"", rv_buf_text(&text) ? text.data : "");
	rv_buf_free(&text);
	if (t && f->v->code == ENOENT)
		rv_nft_object_lacks(b, &f->n->socket, f->family, t, object);
}

static void explain_rule(struct rv_buf *b, const struct refusal *f)
{
	struct rv_nft_expr e;

	if (f->rec->object) {
		explain_object(b, f);
		return;
	}
	if ((f->head.nlmsg_type & 0xff) != NFT_MSG_NEWRULE)
		return;
	render_refused(b, f);
	if (!find_culprit(f, &e))
		return;
	rv_buf_puts(b, ": ");
	explain_expression(b, f, &e);
}

/* ---- older kernels ------------------------------------------------------------- */

/*
 * Records which revisions the kernel lacks. Returns whether one of the expressions will be written
 * differently.
 */
static bool learn_message(struct refusal f)
{
	struct rv_nft_walk w = rv_nft_attrs(expressions(&f));
	const char *what, *why;
	struct rv_nft_expr e;
	struct rv_nft_attr a;
	bool learnt = false;

	while (rv_nft_next(&w, &a)) {
		const struct rv_ext *ext;

		if (rv_nft_expr_read(a.value, &e, &what, &why))
			continue;
		ext = ext_of(&f, &e);
		if (ext && rv_nft_learn(&f.n->socket, f.family, ext))
			learnt = true;
	}
	return learnt;
}

/* Calls learn_message() for the whole transaction, so that it starts over only once. */
static bool learn(const struct refusal *refused)
{
	const struct rv_nft_batch *batch = &refused->n->batch;
	struct refusal f = *refused;
	bool learnt = false;

	for (size_t i = 0; i < batch->nrecords; i++) {
		f.rec = &batch->records[i];
		memcpy(&f.head, batch->bytes.data + f.rec->offset, sizeof(f.head));
		f.attrs = rv_nft_record_attrs(batch, f.rec);
		if ((f.head.nlmsg_type & 0xff) == NFT_MSG_NEWRULE && learn_message(f))
			learnt = true;
	}
	return learnt;
}

static bool lacks_revision(const struct refusal *f)
{
	struct rv_nft_expr e;

	return (f->head.nlmsg_type & 0xff) == NFT_MSG_NEWRULE && find_culprit(f, &e) &&
	       kernel_has(f, &e) != RV_NFT_HAS;
}

/* ---- the whole ----------------------------------------------------------------- */

/* Returns the kind of error, depending on the change and errno. */
static enum rv_error_kind refused_kind(const struct refusal *f)
{
	enum rv_error_kind kind = rv_errno_kind(f->v->code);

	return kind == RV_ERR_RESOURCE ? kind : changes[f->rec->kind].refused;
}

/* Hints how to get a match or target that the kernel lacks. */
static void hint_at_module(const struct refusal *f, struct rv_error *err)
{
	struct rv_buf module = RV_BUF_INIT, config = RV_BUF_INIT;
	const struct rv_ext *ext;
	struct rv_nft_expr e;

	if ((f->head.nlmsg_type & 0xff) != NFT_MSG_NEWRULE || !find_culprit(f, &e) ||
	    kernel_has(f, &e) != RV_NFT_LACKS)
		return;
	ext = ext_of(f, &e);
	if (!ext)
		return;
	rv_ext_module(&module, f->family, ext);
	rv_ext_config(&config, f->family, ext);
	if (rv_buf_text(&module) && rv_buf_text(&config))
		rv_hint(err, "This kernel does not have %s %s, which is in the module %s. If \"modprobe %s\" "
			"fails, it needs a kernel that has %s.", rv_nft_expr_name(e.kind), e.name,
			module.data, module.data, config.data);
	rv_buf_free(&module);
	rv_buf_free(&config);
}

/* Hints that a table with "flags owner" can be changed only by its program, while that runs. */
static void hint_at_owner(const struct refusal *f, struct rv_error *err)
{
	const char *table = rv_nft_table_name(&f->n->batch, f->rec->table);
	struct rv_error none = { 0 };
	uint32_t flags;

	if (f->v->code != EPERM || rv_nft_ask_table(&f->n->socket, f->family, table, &flags, &none) ||
	    !(flags & NFT_TABLE_F_OWNER))
		return;
	rv_hint(err, "Another program owns table %s (flags owner): while it runs, no other program can "
		"change it. \"nft list table %s %s\" may name it.", table,
		rv_family(f->family)->nft, table);
}

static void explain_others(const struct refusal *f, struct rv_error *err)
{
	hint_at_module(f, err);
	hint_at_owner(f, err);
	if (f->rec->kind == RV_CHANGE_DEL_CHAIN && f->v->code == EBUSY)
		rv_hint(err, "The chain is not empty, or rules jump to it: delete those first.");
	else if (f->v->code == EMLINK || f->v->code == ELOOP)
		rv_hint(err, "The jump makes a loop, or jumps are nested more than %d deep.",
			RV_JUMPS_MAX);
	else if (f->rec->object && f->v->code == ENOENT)
		rv_hint(err, "a save does not contain named sets, maps and objects: create them "
			"first, or load the rest without this rule");
	else if (f->v->text[0])
		rv_hint(err, "The kernel says: %s.", f->v->text);
}

static int refused_message(const struct refusal *f, struct rv_error *err)
{
	struct rv_buf why = RV_BUF_INIT;
	const char *text;

	explain_rule(&why, f);
	text = rv_buf_text(&why);
	rv_fail(err, refused_kind(f), &f->rec->loc, " %s failed (%s): %s %s%s",
		change_name(f), strerror(f->v->code), changes[f->rec->kind].place, object(f),
		text ? text : "");
	rv_buf_free(&why);
	explain_others(f, err);
	return -1;
}

static int refused_whole(const struct rv_nft_verdict *v, struct rv_error *err)
{
	if (v->code == ERESTART)
		return rv_nft_changed_by_others(err);
	if (v->code == EPERM)
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "Permission denied (you must be root)");
	return rv_fail(err, RV_ERR_RESOURCE, NULL, "the kernel refused the transaction: %s",
		       strerror(v->code));
}

/*
 * Returns whether to try again, deleting the whole table: a restore clears it, but chains that
 * other programs added prevent that, because they jump to chains of iptables or have the same name.
 */
static bool learn_to_replace(struct rv_store *s, const struct refusal *f)
{
	const struct rv_table *cleared = NULL;

	rv_list_each(t, &f->n->batch.cleared.tables, struct rv_table, node)
		if (t->def == f->rec->table)
			cleared = t;
	if (!cleared || !cleared->exists || s->replace & rv_nft_table_bit(cleared->def) ||
	    !((f->rec->kind == RV_CHANGE_DEL_CHAIN && f->v->code == EBUSY) ||
	      (f->rec->kind == RV_CHANGE_ADD_CHAIN && f->v->code == EEXIST)))
		return false;
	s->replace |= rv_nft_table_bit(cleared->def);
	return true;
}

int rv_nft_refused(struct rv_store *s, const struct rv_nft_verdict *v, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct refusal f = { .n = n, .store = s, .family = s->rs.family, .v = v };

	if (rv_fast_refused(s, v, err))
		return -1;
	if (v->code == ERESTART || !v->seq || v->seq > n->batch.nrecords)
		return refused_whole(v, err);
	f.rec = &n->batch.records[v->seq - 1];
	memcpy(&f.head, n->batch.bytes.data + f.rec->offset, sizeof(f.head));
	f.attrs = rv_nft_record_attrs(&n->batch, f.rec);
	if (learn_to_replace(s, &f))
		return rv_fail_retry(err, "the table must be replaced");
	/* There is a chain of this name that iptables does not show. */
	if (f.rec->kind == RV_CHANGE_ADD_CHAIN && v->code == EEXIST)
		return rv_fail(err, RV_ERR_STATE, &f.rec->loc, "Chain already exists.");
	if (lacks_revision(&f) && learn(&f))
		return rv_fail_retry(err, "the kernel knows older revisions only");
	return refused_message(&f, err);
}
