/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and zeroes counters in one step, so that no packet in between is lost.
 *
 * Rules: NFT_MSG_GETRULE_RESET (Linux 6.2) answers with the rule and subtracts the reported values
 * from its counter. Rules with nonzero counters are requested one by one; those of a long chain by
 * a dump, which takes linear time. The values of an interrupted dump are used too, because the
 * kernel no longer has them.
 *
 * Policies: a message that changes a base chain can set its counters, but the answer does not
 * contain the old ones. So the same transaction first contains a message for the chain that changes
 * nothing and is echoed with the counters; the next message replaces them. Packets counted between
 * these messages, or by another CPU that still uses the old counters, are lost; nf_tables has no
 * way to avoid this.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "backend/nft/fast/fast.h"
#include "backend/nft/wire/object.h"

/* linux/netfilter/nf_tables.h of Linux 6.2. */
#define GETRULE_RESET 25

/* Requests in flight; their answers must fit in the receive buffer. */
#define AT_ONCE 16
#define BUFFER (64 * 1024)

/* ---- the socket ------------------------------------------------------------------ */

struct line {
	struct mnl_socket *nl;
	rv_family_t family;
	struct rv_error *err;
	_Alignas(8) unsigned char buf[BUFFER];
};

static struct line *open_line(rv_family_t family, struct rv_error *err)
{
	struct line *l = malloc(sizeof(*l));

	if (!l) {
		rv_fail_memory(err);
		return NULL;
	}
	l->family = family;
	l->err = err;
	l->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (l->nl && !mnl_socket_bind(l->nl, 0, MNL_SOCKET_AUTOPID))
		return l;
	rv_nft_failed(errno, err);
	if (l->nl)
		mnl_socket_close(l->nl);
	free(l);
	return NULL;
}

static void close_line(struct line *l)
{
	mnl_socket_close(l->nl);
	free(l);
}

/* Called with the answer to request seq, or its errno. */
typedef void answer_fn(uint32_t seq, int code, struct rv_nft_view attrs, void *arg);

static unsigned int see_answers(struct line *l, ssize_t len, answer_fn *fn, void *arg)
{
	const struct nlmsghdr *nlh = (const void *)l->buf;
	const size_t head = sizeof(*nlh) + sizeof(struct nfgenmsg);
	unsigned int seen = 0;
	int left = len;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
		struct rv_nft_view attrs = { (const unsigned char *)nlh + head, 0 };

		if (nlh->nlmsg_len < head || (nlh->nlmsg_type == NLMSG_ERROR &&
					      nlh->nlmsg_len < sizeof(*nlh) + sizeof(*e)))
			continue;
		attrs.len = nlh->nlmsg_len - head;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			fn(nlh->nlmsg_seq, -e->error, (struct rv_nft_view){ NULL, 0 }, arg);
		else
			fn(nlh->nlmsg_seq, 0, attrs, arg);
		seen++;
	}
	return seen;
}

static ssize_t receive(struct line *l, int flags)
{
	ssize_t len;

	do {
		len = recv(mnl_socket_get_fd(l->nl), l->buf, sizeof(l->buf), flags);
	} while (len < 0 && errno == EINTR);
	return len;
}

static int send_all(struct line *l, const struct rv_buf *b)
{
	if (!rv_buf_ok(b))
		return rv_fail_memory(l->err);
	return mnl_socket_sendto(l->nl, b->data, b->len) < 0 ? rv_nft_failed(errno, l->err) : 0;
}

/* ---- rules ----------------------------------------------------------------------- */

static void put_reset(struct rv_buf *b, rv_family_t family, const struct rv_nft_reset *r,
		      uint32_t seq)
{
	size_t start = b->len;

	rv_nft_put_message(b, NFNL_SUBSYS_NFTABLES << 8 | GETRULE_RESET, 0, family, 0, seq);
	rv_nft_put_text(b, NFTA_RULE_TABLE, r->in);
	rv_nft_put_text(b, NFTA_RULE_CHAIN, r->chain);
	rv_nft_put_u64(b, NFTA_RULE_HANDLE, r->handle);
	rv_nft_end_message(b, start);
}

/* Gets a rule's counters. A rule written by nft may have several; iptables shows the first. */
static bool get_counters(struct rv_nft_view attrs, struct rv_counters *c)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];

	return rv_nft_attr_table(attrs, t, NFTA_RULE_MAX + 1) &&
	       rv_nft_first_counter(t[NFTA_RULE_EXPRESSIONS], c);
}

struct resetting {
	struct rv_nft_reset *list;
	size_t count;
	uint32_t first;			/* number of the request for list[0] */
	struct rv_map by_handle;	/* place in the list, from 1 */
	unsigned int parts;		/* number of parts of a dump received so far */
	int code;			/* errno of a failed request */
};

static struct rv_counters sum(struct rv_counters a, struct rv_counters b)
{
	return (struct rv_counters){ a.packets + b.packets, a.bytes + b.bytes };
}

/*
 * Adds the reported values to those of an earlier answer, because the kernel no longer has them.
 * The first answer may be lower than what was read, if another program zeroed the rule meanwhile.
 */
static void take(struct rv_nft_reset *r, struct rv_nft_view attrs)
{
	struct rv_counters told = { 0 };

	if (r->rule && get_counters(attrs, &told))
		r->rule->counters = r->done ? sum(r->rule->counters, told) : told;
	r->done = true;
}

/* Handles the answer for a rule. The counters of a deleted rule are lost. */
static void see_reset(uint32_t seq, int code, struct rv_nft_view attrs, void *arg)
{
	struct resetting *x = arg;
	uint32_t i = seq - x->first;

	if (i >= x->count)
		return;
	if (code && code != ENOENT)
		x->code = code;
	else if (!code)
		take(&x->list[i], attrs);
}

static int reset_some(struct line *l, struct resetting *x)
{
	struct rv_buf b = RV_BUF_INIT;
	unsigned int asked = 0, seen = 0;
	int rc;

	for (size_t i = 0; i < x->count; i++) {
		if (x->list[i].done || !x->list[i].counted)
			continue;
		put_reset(&b, l->family, &x->list[i], x->first + i);
		asked++;
	}
	rc = asked ? send_all(l, &b) : 0;
	rv_buf_free(&b);
	while (!rc && seen < asked) {
		ssize_t len = receive(l, 0);

		if (len <= 0)
			return rv_nft_failed(len ? errno : EIO, l->err);
		seen += see_answers(l, len, see_reset, x);
	}
	return rc || !x->code ? rc : rv_nft_failed(x->code, l->err);
}

static int reset_singly(struct line *l, struct rv_nft_reset *list, size_t count)
{
	struct resetting x = { .first = 1 };
	int rc = 0;

	for (size_t at = 0; !rc && at < count; at += x.count) {
		x.list = list + at;
		x.first = at + 1;
		x.count = count - at < AT_ONCE ? count - at : AT_ONCE;
		rc = reset_some(l, &x);
	}
	return rc;
}

/* ---- rules of a long chain ----------------------------------------------------------- */

static bool index_rules(struct resetting *x)
{
	for (size_t i = 0; i < x->count; i++) {
		uint64_t *at = rv_map_put(&x->by_handle, x->list[i].handle);

		if (!at)
			return false;
		*at = i + 1;
	}
	return true;
}

/*
 * Handles the first rule of a part. If it did not fit in the part before, the kernel zeroed it
 * without reporting its values, and reports 0 now: uses the values that were read earlier.
 */
static void take_first(struct rv_nft_reset *r, struct rv_nft_view attrs)
{
	struct rv_counters had = r->rule ? r->rule->counters : (struct rv_counters){ 0 };

	if (r->done)
		return take(r, attrs);
	take(r, attrs);
	if (r->rule && r->rule->counters.packets < had.packets)
		r->rule->counters = sum(r->rule->counters, had);
}

static void see_dumped(struct resetting *x, struct rv_nft_view attrs, bool first)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	const uint64_t *at = NULL;
	uint64_t handle;

	if (rv_nft_attr_table(attrs, t, NFTA_RULE_MAX + 1) &&
	    rv_nft_get_u64(t[NFTA_RULE_HANDLE], &handle))
		at = rv_map_get(&x->by_handle, handle);
	if (at)
		(first ? take_first : take)(&x->list[*at - 1], attrs);
}

/* Returns whether the dump ended, complete or not. */
static bool see_dump(struct line *l, ssize_t len, struct resetting *x)
{
	const struct nlmsghdr *nlh = (const void *)l->buf;
	const size_t head = sizeof(*nlh) + sizeof(struct nfgenmsg);
	bool first = x->parts++;
	int left = len;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left), first = false) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		if (nlh->nlmsg_type == NLMSG_ERROR && nlh->nlmsg_len >= sizeof(*nlh) + sizeof(*e))
			x->code = -e->error;
		if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE)
			return true;
		if (nlh->nlmsg_len >= head)
			see_dumped(x, (struct rv_nft_view){ (const unsigned char *)nlh + head,
							    nlh->nlmsg_len - head }, first);
	}
	return false;
}

static void put_dump(struct rv_buf *b, rv_family_t family, const struct rv_nft_reset *r)
{
	rv_nft_put_message(b, NFNL_SUBSYS_NFTABLES << 8 | GETRULE_RESET, NLM_F_DUMP, family, 0, 1);
	rv_nft_put_text(b, NFTA_RULE_TABLE, r->in);
	rv_nft_put_text(b, NFTA_RULE_CHAIN, r->chain);
	rv_nft_end_message(b, 0);
}

/* Zeroes a chain by a dump; then requests rules missing in an interrupted dump one by one. */
static int reset_chain(struct line *l, struct rv_nft_reset *list, size_t count)
{
	struct resetting x = { .list = list, .count = count };
	struct rv_buf b = RV_BUF_INIT;
	bool ended = false;
	int rc = index_rules(&x) ? 0 : rv_fail_memory(l->err);

	put_dump(&b, l->family, list);
	rc = rc ? rc : send_all(l, &b);
	rv_buf_free(&b);
	while (!rc && !ended) {
		ssize_t len = receive(l, 0);

		if (len <= 0)
			rc = rv_nft_failed(len ? errno : EIO, l->err);
		else
			ended = see_dump(l, len, &x);
	}
	rv_map_free(&x.by_handle);
	if (!rc && x.code && x.code != ENOENT && x.code != EINTR)
		rc = rv_nft_failed(x.code, l->err);
	return rc ? rc : reset_singly(l, list, count);
}

/*
 * The kernel searches a chain linearly for a handle. Up to this many steps that is fast; above, a
 * dump is faster if all rules of the chain are zeroed. A dump can lose the counters of one rule per
 * part, see take_first(): if the counters are needed, it is used only for much longer chains.
 */
#define WALK_FREELY 2000000
#define WALK_EXACTLY 100000000

static bool dump_pays(const struct rv_nft_reset *list, size_t count)
{
	uint64_t wanted = 0;
	bool told = false;

	for (size_t i = 0; i < count; i++) {
		wanted += list[i].counted;
		told |= list[i].rule != NULL;
	}
	return wanted * list->of > (told ? WALK_EXACTLY : WALK_FREELY);
}

static size_t same_chain(const struct rv_nft_reset *list, size_t count)
{
	size_t n = 1;

	while (n < count && list[n].table == list->table && list[n].of == list->of &&
	       !strcmp(list[n].chain, list->chain))
		n++;
	return n;
}

int rv_nft_reset(rv_family_t family, struct rv_nft_reset *list, size_t count, struct rv_error *err)
{
	struct line *l = count ? open_line(family, err) : NULL;
	int rc = !count || l ? 0 : -1;

	for (size_t n; !rc && count; list += n, count -= n) {
		n = same_chain(list, count);
		rc = dump_pays(list, n) ? reset_chain(l, list, n) : reset_singly(l, list, n);
	}
	if (l)
		close_line(l);
	return rc;
}

/* Requests a rule that does not exist. A kernel without NFT_MSG_GETRULE_RESET returns EINVAL. */
bool rv_nft_can_reset(struct rv_nft *n, rv_family_t family)
{
	struct rv_nft_reset probe = {
		.table = rv_table_defs, .in = "?", .chain = "?", .handle = UINT64_MAX, .counted = true,
	};
	struct rv_error err = { 0 };

	if (!n->asked_reset)
		n->can_reset = !rv_nft_reset(family, &probe, 1, &err);
	n->asked_reset = true;
	return n->can_reset;
}

/* ---- noting what is reset once the transaction is committed -------------------------- */

int rv_nft_note_reset(struct rv_nft *n, const struct rv_change *c, struct rv_error *err)
{
	const struct rv_table_def *table = c->table->def;
	struct rv_nft_reset *r;
	size_t room = n->reset_room ? n->reset_room * 2 : 64;

	if (n->nresets == n->reset_room) {
		r = realloc(n->resets, room * sizeof(*r));
		if (!r)
			return rv_fail_memory(err);
		n->resets = r;
		n->reset_room = room;
	}
	r = &n->resets[n->nresets++];
	*r = (struct rv_nft_reset){
		.table = table, .in = table->name, .handle = c->pos->handle, .counted = true,
		.of = c->all ? c->chain->nrules : 0,
	};
	snprintf(r->chain, sizeof(r->chain), "%s", rv_nft_kernel_name(&n->batch, table, c->chain->name));
	return 0;
}

void rv_nft_forget_resets(struct rv_nft *n)
{
	free(n->resets);
	n->resets = NULL;
	n->nresets = n->reset_room = 0;
}

int rv_nft_reset_noted(struct rv_nft *n, rv_family_t family, struct rv_error *err)
{
	int rc;

	for (size_t i = 0; i < n->nresets; i++) {
		struct rv_rule named = { .verdict = RV_VERDICT_JUMP };

		memcpy(named.jump, n->resets[i].chain, sizeof(named.jump));
		rv_nft_rename_jump(&n->batch, n->resets[i].table, &named);
		memcpy(n->resets[i].chain, named.jump, sizeof(named.jump));
	}
	rc = rv_nft_reset(family, n->resets, n->nresets, err);
	rv_nft_forget_resets(n);
	return rc;
}

/* ---- policies ------------------------------------------------------------------------ */

/* Base chains whose counters are zeroed; chain i has messages 2i + 1 and 2i + 2. */
struct policies {
	const char *in;			/* the table's name in the kernel */
	struct rv_chain *chain[sizeof(((struct rv_table_def *)0)->base) / sizeof(struct rv_base_def)];
	size_t count;
	int code;
};

static void put_chain(struct rv_buf *b, rv_family_t family, const char *in, const struct rv_chain *c,
		      uint32_t seq, bool zero)
{
	size_t start = b->len, nest;

	rv_nft_put_message(b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, zero ? 0 : NLM_F_ECHO,
			   family, 0, seq);
	rv_nft_put_text(b, NFTA_CHAIN_TABLE, in);
	rv_nft_put_text(b, NFTA_CHAIN_NAME, c->name);
	if (zero) {
		nest = rv_nft_nest(b, NFTA_CHAIN_COUNTERS);
		rv_nft_put_u64(b, NFTA_COUNTER_PACKETS, 0);
		rv_nft_put_u64(b, NFTA_COUNTER_BYTES, 0);
		rv_nft_nest_end(b, nest);
	}
	rv_nft_end_message(b, start);
}

static void put_batch_end(struct rv_buf *b, uint16_t type, uint32_t seq)
{
	size_t start = b->len;

	rv_nft_put_message(b, type, 0, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES, seq);
	rv_nft_end_message(b, start);
}

static void see_policy(uint32_t seq, int code, struct rv_nft_view attrs, void *arg)
{
	struct rv_nft_view t[NFTA_CHAIN_MAX + 1], c[NFTA_COUNTER_MAX + 1];
	struct policies *p = arg;
	struct rv_counters counters;

	if (code)
		p->code = code;
	if (code || !(seq & 1) || seq / 2 >= p->count ||
	    !rv_nft_attr_table(attrs, t, NFTA_CHAIN_MAX + 1) || !t[NFTA_CHAIN_COUNTERS].data ||
	    !rv_nft_attr_table(t[NFTA_CHAIN_COUNTERS], c, NFTA_COUNTER_MAX + 1) ||
	    !rv_nft_get_u64(c[NFTA_COUNTER_PACKETS], &counters.packets) ||
	    !rv_nft_get_u64(c[NFTA_COUNTER_BYTES], &counters.bytes))
		return;
	p->chain[seq / 2]->counters = counters;
}

static int exchange_policies(struct line *l, struct policies *p)
{
	struct rv_buf b = RV_BUF_INIT;
	ssize_t len;
	int rc;

	put_batch_end(&b, NFNL_MSG_BATCH_BEGIN, 0);
	for (size_t i = 0; i < p->count; i++) {
		put_chain(&b, l->family, p->in, p->chain[i], 2 * i + 1, false);
		put_chain(&b, l->family, p->in, p->chain[i], 2 * i + 2, true);
	}
	put_batch_end(&b, NFNL_MSG_BATCH_END, 2 * p->count + 1);
	rc = send_all(l, &b);
	rv_buf_free(&b);
	/* The transaction is executed before send returns, so all answers are available. */
	while (!rc && (len = receive(l, MSG_DONTWAIT)) > 0)
		see_answers(l, len, see_policy, p);
	if (!rc && p->code)
		rc = rv_nft_failed(p->code, l->err);
	return rc;
}

static int take_policies(const struct rv_nft *n, struct rv_table *t, struct rv_chain *only,
			 struct rv_error *err)
{
	struct policies p = { .in = rv_nft_table_name(&n->batch, t->def) };
	struct line *l;
	int rc;

	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->base >= 0 && c->exists && (!only || c == only) &&
		    (c->counters.packets || c->counters.bytes))
			p.chain[p.count++] = c;
	if (!p.count)
		return 0;
	l = open_line(t->ruleset->family, err);
	if (!l)
		return -1;
	rc = exchange_policies(l, &p);
	close_line(l);
	return rc;
}

/* ---- taking counters ------------------------------------------------------------------ */

struct taking {
	struct rv_nft_reset *list;
	size_t count;
};

/* Adds a rule to the list unless its counters are zero. What it counts later is shown next time. */
static void want(struct taking *x, struct rv_chain *c, struct rv_rule *r, bool all)
{
	struct rv_nft_reset *reset = &x->list[x->count++];

	*reset = (struct rv_nft_reset){
		.table = c->table->def, .in = c->table->def->name, .handle = r->handle, .rule = r, .of = all ? c->nrules : 0,
		.counted = r->counters.packets || r->counters.bytes,
	};
	memcpy(reset->chain, c->name, sizeof(c->name));
}

static int take_rules(struct rv_store *s, struct rv_table *t, struct rv_chain *only, struct rv_rule *one,
		      struct rv_error *err)
{
	struct taking x = { .count = 0 };
	size_t most = 1;
	int rc;

	rv_list_each(c, &t->chains, struct rv_chain, node)
		most += c->nrules;
	x.list = calloc(most, sizeof(*x.list));
	if (!x.list)
		return rv_fail_memory(err);
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		if (only && c != only)
			continue;
		rv_list_each(r, &c->rules, struct rv_rule, node)
			if (!one || r == one)
				want(&x, c, r, !one);
	}
	rc = rv_nft_reset(s->rs.family, x.list, x.count, err);
	free(x.list);
	return rc;
}

int rv_nft_take(struct rv_store *s, struct rv_table *t, struct rv_chain *only, struct rv_rule *one,
		struct rv_error *err)
{
	struct rv_nft *n = s->priv;

	bool fast = rv_fast_is(&n->batch, t->def);

	if (fast ? !rv_fast_can_reset(s) : !rv_nft_can_reset(n, s->rs.family))
		return 1;
	/* Zeroing one rule does not zero the policy. */
	n->fresh = NULL;
	if ((one || !take_policies(n, t, only, err)) &&
	    !(fast ? rv_fast_take : take_rules)(s, t, only, one, err))
		return 0;
	/* Some counters may be zeroed already, so the command must not be repeated. */
	if (err->kind == RV_ERR_AGAIN)
		err->kind = RV_ERR_RESOURCE;
	return -1;
}
