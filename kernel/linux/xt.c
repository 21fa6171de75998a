// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Adapter for the kernel's x_tables matches and targets. They get the same arguments as from
 * ip_tables, and a writable copy of their data.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <net/net_namespace.h>

#include "module.h"

/* A match or target used by one element. */
struct part {
	struct net *net;
	const void *xt;			/* struct xt_match, struct xt_target */
	u8 family;
	u8 info[] __aligned(8);
};

/* The rule's IP part in the format of ip_tables and ip6_tables, without elements. */
union xt_entry {
	struct ipt_entry v4;
	struct ip6t_entry v6;
};

static void name_entry4(struct ipt_entry *e, const struct rvk_ip *ip)
{
	memcpy(&e->ip.src, ip->src, sizeof(e->ip.src));
	memcpy(&e->ip.dst, ip->dst, sizeof(e->ip.dst));
	memcpy(&e->ip.smsk, ip->smask, sizeof(e->ip.smsk));
	memcpy(&e->ip.dmsk, ip->dmask, sizeof(e->ip.dmsk));
	memcpy(e->ip.iniface, ip->in, IFNAMSIZ);
	memcpy(e->ip.outiface, ip->out, IFNAMSIZ);
	memcpy(e->ip.iniface_mask, ip->in_mask, IFNAMSIZ);
	memcpy(e->ip.outiface_mask, ip->out_mask, IFNAMSIZ);
	e->ip.proto = ip->flags & RVK_IP_PROTO ? ip->proto : 0;
	e->ip.flags = ip->flags & RVK_IP_FRAG ? IPT_F_FRAG : 0;
	e->target_offset = sizeof(*e);
	e->next_offset = sizeof(*e);
}

static void name_entry6(struct ip6t_entry *e, const struct rvk_ip *ip)
{
	memcpy(&e->ipv6.src, ip->src, sizeof(e->ipv6.src));
	memcpy(&e->ipv6.dst, ip->dst, sizeof(e->ipv6.dst));
	memcpy(&e->ipv6.smsk, ip->smask, sizeof(e->ipv6.smsk));
	memcpy(&e->ipv6.dmsk, ip->dmask, sizeof(e->ipv6.dmsk));
	memcpy(e->ipv6.iniface, ip->in, IFNAMSIZ);
	memcpy(e->ipv6.outiface, ip->out, IFNAMSIZ);
	memcpy(e->ipv6.iniface_mask, ip->in_mask, IFNAMSIZ);
	memcpy(e->ipv6.outiface_mask, ip->out_mask, IFNAMSIZ);
	e->ipv6.proto = ip->flags & RVK_IP_PROTO ? ip->proto : 0;
	e->ipv6.flags = ip->flags & RVK_IP_PROTO ? IP6T_F_PROTO : 0;
	e->target_offset = sizeof(*e);
	e->next_offset = sizeof(*e);
}

/* Maps RVK_INV_* to the flags of both. */
static const struct {
	u8 rvk, v4, v6;
} inversions[] = {
	{ RVK_INV_SRC, IPT_INV_SRCIP, IP6T_INV_SRCIP },
	{ RVK_INV_DST, IPT_INV_DSTIP, IP6T_INV_DSTIP },
	{ RVK_INV_IN, IPT_INV_VIA_IN, IP6T_INV_VIA_IN },
	{ RVK_INV_OUT, IPT_INV_VIA_OUT, IP6T_INV_VIA_OUT },
	{ RVK_INV_PROTO, IPT_INV_PROTO, IP6T_INV_PROTO },
	{ RVK_INV_FRAG, IPT_INV_FRAG, IP6T_INV_FRAG },
};

static void entry_of(union xt_entry *e, const struct rv_check_ctx *a)
{
	const struct rvk_ip *ip = &a->entry->ip;
	unsigned int i;

	memset(e, 0, sizeof(*e));
	if (a->family == NFPROTO_IPV6)
		name_entry6(&e->v6, ip);
	else
		name_entry4(&e->v4, ip);
	for (i = 0; i < ARRAY_SIZE(inversions); i++) {
		if (!(ip->invert & inversions[i].rvk))
			continue;
		if (a->family == NFPROTO_IPV6)
			e->v6.ipv6.invflags |= inversions[i].v6;
		else
			e->v4.ip.invflags |= inversions[i].v4;
	}
}

static struct part *part_new(const struct rv_check_ctx *a)
{
	struct part *part = rv_alloc(sizeof(*part) + XT_ALIGN(a->size), true);

	if (!part)
		return NULL;
	part->net = rv_engine_context(a->engine);
	part->xt = a->handler->arg;
	part->family = a->family;
	memcpy(part->info, a->data, a->size);
	return part;
}

static int check_match(const struct rv_check_ctx *a, struct part *part, const union xt_entry *e)
{
	struct xt_mtchk_param par = {
		.net = part->net,
		.table = a->table,
		.entryinfo = e,
		.match = part->xt,
		.matchinfo = part->info,
		.hook_mask = a->hooks,
		.family = a->family,
	};

	return xt_check_match(&par, XT_ALIGN(a->size), a->entry->ip.flags & RVK_IP_PROTO ? a->entry->ip.proto : 0,
			      a->entry->ip.invert & RVK_INV_PROTO);
}

static int check_target(const struct rv_check_ctx *a, struct part *part, const union xt_entry *e)
{
	struct xt_tgchk_param par = {
		.net = part->net,
		.table = a->table,
		.entryinfo = e,
		.target = part->xt,
		.targinfo = part->info,
		.hook_mask = a->hooks,
		.family = a->family,
	};

	return xt_check_target(&par, XT_ALIGN(a->size), a->entry->ip.flags & RVK_IP_PROTO ? a->entry->ip.proto : 0,
			       a->entry->ip.invert & RVK_INV_PROTO);
}

static int xt_check(struct rv_check_ctx *a)
{
	struct part *part = part_new(a);
	union xt_entry e;
	int err;

	if (!part)
		return -ENOMEM;
	entry_of(&e, a);
	err = a->handler->kind == RVK_KIND_MATCH ? check_match(a, part, &e)
						 : check_target(a, part, &e);
	if (err) {
		rv_free(part);
		/* Some checks return a positive number on failure. */
		return err < 0 ? err : -EINVAL;
	}
	a->state = part;
	return 0;
}

/* Called before a table with this target is activated. */
static void begin_target(const void *data, void *state)
{
	const struct part *part = state;
	const struct xt_target *target = part->xt;

	if (target->table && !strcmp(target->table, "nat"))
		rv_host_nat_track(part->net, part->family);
}

static void destroy_match(const void *data, void *state)
{
	struct part *part = state;
	const struct xt_match *match = part->xt;
	struct xt_mtdtor_param par = {
		.net = part->net,
		.match = match,
		.matchinfo = part->info,
		.family = part->family,
	};

	if (match->destroy)
		match->destroy(&par);
	rv_free(part);
}

static void destroy_target(const void *data, void *state)
{
	struct part *part = state;
	const struct xt_target *target = part->xt;
	struct xt_tgdtor_param par = {
		.net = part->net,
		.target = target,
		.targinfo = part->info,
		.family = part->family,
	};

	if (target->destroy)
		target->destroy(&par);
	rv_free(part);
}

static struct xt_action_param action(struct rv_pkt *pkt, const struct part *part)
{
	rv_skb_store(pkt);
	return (struct xt_action_param){
		.matchinfo = part->info,
		.state = rv_skb(pkt)->state,
		.thoff = pkt->thoff,
		.fragoff = pkt->fragoff,
	};
}

static bool run_match(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct part *part = state;
	const struct xt_match *match = part->xt;
	struct xt_action_param par = action(pkt, part);
	bool matches;

	par.match = match;
	matches = match->match(rv_skb(pkt)->skb, &par);
	pkt->hotdrop |= par.hotdrop;
	/* Some change the mark or linearise the packet. */
	rv_skb_load(pkt);
	return matches;
}

static unsigned int run_target(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct part *part = state;
	const struct xt_target *target = part->xt;
	struct xt_action_param par = action(pkt, part);
	unsigned int verdict;

	par.target = target;
	verdict = target->target(rv_skb(pkt)->skb, &par);
	pkt->hotdrop |= par.hotdrop;
	/* After NF_STOLEN the packet may have been freed. */
	if (verdict == XT_CONTINUE || (verdict & NF_VERDICT_MASK) != NF_STOLEN)
		rv_skb_load(pkt);
	return verdict;
}

/* Highest revision available without loading a module, or -1. */
static int highest_revision(u8 kind, u8 family, const char *name)
{
	int best;
	unsigned int revision;

	/* xt_find_revision() reports the highest revision only for one that exists. */
	for (revision = 0; revision <= U8_MAX; revision++) {
		if (xt_find_revision(family, name, revision, kind == RVK_KIND_TARGET, &best) &&
		    best >= 0)
			return best;
	}
	return -1;
}

static struct rv_handler *handler_of_match(u8 family, const char *name, u8 revision)
{
	struct xt_match *match = xt_request_find_match(family, name, revision);
	struct rv_handler *handler;

	if (IS_ERR(match))
		return NULL;
	handler = rv_alloc(sizeof(*handler), true);
	if (!handler) {
		module_put(match->me);
		return NULL;
	}
	*handler = (struct rv_handler){
		.name = match->name,
		.size = match->matchsize,
		.tables = match->table,
		.hooks = match->hooks,
		.proto = match->proto,
		.match = run_match,
		.destroy = destroy_match,
		.arg = match,
		.module = match->me,
	};
	return handler;
}

static struct rv_handler *handler_of_target(u8 family, const char *name, u8 revision)
{
	struct xt_target *target = xt_request_find_target(family, name, revision);
	struct rv_handler *handler;

	if (IS_ERR(target))
		return NULL;
	handler = rv_alloc(sizeof(*handler), true);
	if (!handler) {
		module_put(target->me);
		return NULL;
	}
	*handler = (struct rv_handler){
		.name = target->name,
		.size = target->targetsize,
		.tables = target->table,
		.hooks = target->hooks,
		.proto = target->proto,
		.target = run_target,
		.begin = begin_target,
		.destroy = destroy_target,
		.arg = target,
		.module = target->me,
	};
	return handler;
}

/* ---- handlers for the engine ----------------------------------------------------------------- */

/* One per match or target and revision in use, shared by all rules. */
struct lent {
	struct list_head node;
	struct rv_handler *handler;
	unsigned long users;
};

static LIST_HEAD(lent_handlers);
static DEFINE_MUTEX(lent_mutex);

static struct lent *find_lent(u8 kind, u8 family, const char *name, u8 revision)
{
	struct lent *lent;

	list_for_each_entry(lent, &lent_handlers, node) {
		const struct rv_handler *h = lent->handler;

		if (h->kind == kind && h->family == family && h->revision == revision &&
		    !strcmp(h->name, name))
			return lent;
	}
	return NULL;
}

static struct rv_handler *new_handler(u8 kind, u8 family, const char *name, u8 revision)
{
	static const uint16_t looks[] = { RV_READS_OPAQUE, RVK_SEL_NONE };
	struct rv_handler *handler = kind == RVK_KIND_MATCH ? handler_of_match(family, name, revision)
							    : handler_of_target(family, name, revision);

	if (!handler)
		return NULL;
	handler->kind = kind;
	handler->family = family;
	handler->revision = revision;
	handler->reads = looks;
	handler->check = xt_check;
	return handler;
}

static void free_handler(struct rv_handler *handler)
{
	module_put(handler->module);
	rv_free(handler);
}

/* Called with the mutex held. */
static struct lent *new_lent(u8 kind, u8 family, const char *name, u8 revision)
{
	struct lent *lent = rv_alloc(sizeof(*lent), true);

	if (!lent)
		return NULL;
	lent->handler = new_handler(kind, family, name, revision);
	if (!lent->handler) {
		rv_free(lent);
		return NULL;
	}
	list_add(&lent->node, &lent_handlers);
	return lent;
}

const struct rv_handler *rv_xt_get(struct rv_engine *engine, u8 kind, u8 family, const char *name,
				   u8 revision, int *best)
{
	struct lent *lent;

	mutex_lock(&lent_mutex);
	lent = find_lent(kind, family, name, revision);
	if (!lent)
		lent = new_lent(kind, family, name, revision);
	if (lent)
		lent->users++;
	mutex_unlock(&lent_mutex);
	if (lent) {
		*best = revision;
		return lent->handler;
	}
	*best = highest_revision(kind, family, name);
	return NULL;
}

void rv_xt_put(const struct rv_handler *handler)
{
	struct lent *lent;

	mutex_lock(&lent_mutex);
	list_for_each_entry(lent, &lent_handlers, node)
		if (lent->handler == handler)
			break;
	if (!WARN_ON(list_entry_is_head(lent, &lent_handlers, node)) && !--lent->users) {
		list_del(&lent->node);
		free_handler(lent->handler);
		rv_free(lent);
	}
	mutex_unlock(&lent_mutex);
}
