/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications of nf_tables: groups NFNLGRP_NFTABLES and NFNLGRP_NFTRACE of
 * linux/netfilter/nfnetlink.h. The messages are those of a dump, and NFT_MSG_TRACE, whose rule is
 * requested by its handle.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <ravelin/event.h>

#include "backend/nft/wire/object.h"
#include "nft.h"
#include "tracer.h"

#define BUFFER (64 * 1024)
/* Receive buffer for unread notifications. */
#define BACKLOG (8 * 1024 * 1024)

struct listener {
	const struct rv_monitor *m;
	struct mnl_socket *nl;
	struct rv_nft_socket ask;	/* socket to request traced rules */
	struct rv_nft_tracer tracer;	/* of rv_monitor.mark */
	int64_t until;			/* ms of the monotonic clock */
	struct rv_nft_aside aside;	/* socket to request the sets and chains of a rule */
	struct rv_nft_numbers numbers;
	unsigned char *buf;
	struct rv_error *err;
};

/* ---- parts of messages ------------------------------------------------------------------ */

/* Missing numbers leave *n unchanged. */
static bool read_u32(struct rv_nft_view v, uint32_t *n)
{
	return !v.data || rv_nft_get_u32(v, n);
}

static bool read_u64(struct rv_nft_view v, uint64_t *n)
{
	return !v.data || rv_nft_get_u64(v, n);
}

static struct rv_header header(struct rv_nft_view v)
{
	return (struct rv_header){ v.data, v.len };
}

/* ---- tables and chains ------------------------------------------------------------------- */

static bool read_table(struct rv_event *e, struct rv_nft_view attrs)
{
	struct rv_nft_view t[NFTA_TABLE_MAX + 1];

	e->kind = RV_EVENT_TABLE;
	if (!rv_nft_attr_table(attrs, t, NFTA_TABLE_MAX + 1))
		return false;
	e->table = rv_nft_get_text(t[NFTA_TABLE_NAME]);
	return e->table && read_u32(t[NFTA_TABLE_FLAGS], &e->flags) &&
	       read_u32(t[NFTA_TABLE_USE], &e->use) && read_u64(t[NFTA_TABLE_HANDLE], &e->handle);
}

static bool read_hook(struct rv_event *e, struct rv_nft_view hook)
{
	struct rv_nft_view h[NFTA_HOOK_MAX + 1];
	uint32_t priority = 0;

	if (!hook.data)
		return true;
	if (!rv_nft_attr_table(hook, h, NFTA_HOOK_MAX + 1) ||
	    !rv_nft_get_u32(h[NFTA_HOOK_HOOKNUM], &e->hook) ||
	    !read_u32(h[NFTA_HOOK_PRIORITY], &priority))
		return false;
	e->base = true;
	e->priority = (int32_t)priority;
	e->device = rv_nft_get_text(h[NFTA_HOOK_DEV]);
	return true;
}

static bool read_counters(struct rv_event *e, struct rv_nft_view counters)
{
	struct rv_nft_view c[NFTA_COUNTER_MAX + 1];

	return !counters.data ||
	       (rv_nft_attr_table(counters, c, NFTA_COUNTER_MAX + 1) &&
		read_u64(c[NFTA_COUNTER_PACKETS], &e->counters.packets) &&
		read_u64(c[NFTA_COUNTER_BYTES], &e->counters.bytes));
}

static bool read_chain(struct rv_event *e, struct rv_nft_view attrs)
{
	struct rv_nft_view t[NFTA_CHAIN_MAX + 1];

	e->kind = RV_EVENT_CHAIN;
	if (!rv_nft_attr_table(attrs, t, NFTA_CHAIN_MAX + 1))
		return false;
	e->table = rv_nft_get_text(t[NFTA_CHAIN_TABLE]);
	e->chain = rv_nft_get_text(t[NFTA_CHAIN_NAME]);
	e->type = rv_nft_get_text(t[NFTA_CHAIN_TYPE]);
	e->has_flags = t[NFTA_CHAIN_FLAGS].data;
	e->policy = NF_ACCEPT;
	return e->table && e->chain && read_hook(e, t[NFTA_CHAIN_HOOK]) &&
	       read_u32(t[NFTA_CHAIN_FLAGS], &e->flags) &&
	       read_u32(t[NFTA_CHAIN_USE], &e->use) &&
	       read_u32(t[NFTA_CHAIN_POLICY], &e->policy) &&
	       read_u64(t[NFTA_CHAIN_HANDLE], &e->handle) &&
	       read_counters(e, t[NFTA_CHAIN_COUNTERS]);
}

static bool read_generation(struct rv_event *e, struct rv_nft_view attrs)
{
	struct rv_nft_view t[NFTA_GEN_MAX + 1];

	e->kind = RV_EVENT_GENERATION;
	if (!rv_nft_attr_table(attrs, t, NFTA_GEN_MAX + 1))
		return false;
	e->name = rv_nft_get_text(t[NFTA_GEN_PROC_NAME]);
	return read_u32(t[NFTA_GEN_ID], &e->generation) && read_u32(t[NFTA_GEN_PROC_PID], &e->pid);
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* Only rules in tables of iptables are decoded as iptables rules. */
static bool is_ours(const struct rv_event *e)
{
	return (e->family == NFPROTO_IPV4 || e->family == NFPROTO_IPV6) &&
	       rv_table_def_find(e->table);
}

static int tell(struct listener *l, const struct rv_event *e)
{
	return l->m->event(e, l->m->arg);
}

/* Reports the rule with these attributes. */
static int tell_rule(struct listener *l, struct rv_event *e, struct rv_nft_view attrs)
{
	struct rv_error err = { 0 };
	struct rv_nft_place place;
	struct rv_rule *r = NULL;
	int rc;

	if (is_ours(e)) {
		r = rv_nft_rule_of(&l->aside, e->family, attrs, &place, &err);
		e->why = err.text;
	}
	e->rule = r;
	rc = tell(l, e);
	rv_rule_free(r);
	return rc;
}

static bool read_place(struct rv_event *e, struct rv_nft_view attrs)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];

	e->kind = RV_EVENT_RULE;
	if (!rv_nft_attr_table(attrs, t, NFTA_RULE_MAX + 1))
		return false;
	e->table = rv_nft_get_text(t[NFTA_RULE_TABLE]);
	e->chain = rv_nft_get_text(t[NFTA_RULE_CHAIN]);
	return e->table && e->chain && read_u64(t[NFTA_RULE_HANDLE], &e->handle);
}

/* ---- traces ----------------------------------------------------------------------------------- */

static const struct {
	uint32_t type;
	enum rv_trace_kind kind;
} trace_kinds[] = {
	{ NFT_TRACETYPE_RULE, RV_TRACE_RULE },
	{ NFT_TRACETYPE_RETURN, RV_TRACE_RETURN },
	{ NFT_TRACETYPE_POLICY, RV_TRACE_POLICY },
};

static bool read_kind(struct rv_trace *t, struct rv_nft_view v)
{
	uint32_t type;

	if (!rv_nft_get_u32(v, &type))
		return false;
	for (size_t i = 0; i < sizeof(trace_kinds) / sizeof(*trace_kinds); i++) {
		t->kind = trace_kinds[i].kind;
		if (trace_kinds[i].type == type)
			return true;
	}
	return false;
}

static bool read_verdict(struct rv_trace *t, struct rv_nft_view verdict)
{
	struct rv_nft_view v[NFTA_VERDICT_MAX + 1];

	if (!verdict.data)
		return true;
	if (!rv_nft_attr_table(verdict, v, NFTA_VERDICT_MAX + 1))
		return false;
	t->jump = rv_nft_get_text(v[NFTA_VERDICT_CHAIN]);
	return rv_nft_get_u32(v[NFTA_VERDICT_CODE], &t->verdict);
}

static bool read_packet(struct rv_trace *t, const struct rv_nft_view *a)
{
	uint16_t type;

	t->link = header(a[NFTA_TRACE_LL_HEADER]);
	t->network = header(a[NFTA_TRACE_NETWORK_HEADER]);
	t->transport = header(a[NFTA_TRACE_TRANSPORT_HEADER]);
	t->has_mark = a[NFTA_TRACE_MARK].data;
	if (a[NFTA_TRACE_IIFTYPE].len == sizeof(type)) {
		memcpy(&type, a[NFTA_TRACE_IIFTYPE].data, sizeof(type));
		t->in_type = ntohs(type);
	}
	return read_u32(a[NFTA_TRACE_IIF], &t->in) && read_u32(a[NFTA_TRACE_OIF], &t->out) &&
	       read_u32(a[NFTA_TRACE_MARK], &t->mark);
}

static bool read_trace(struct rv_event *e, struct rv_nft_view attrs)
{
	struct rv_nft_view a[NFTA_TRACE_MAX + 1];
	uint32_t proto = e->family;

	e->kind = RV_EVENT_TRACE;
	if (!rv_nft_attr_table(attrs, a, NFTA_TRACE_MAX + 1) ||
	    !read_kind(&e->trace, a[NFTA_TRACE_TYPE]) ||
	    !read_verdict(&e->trace, a[NFTA_TRACE_VERDICT]) || !read_packet(&e->trace, a))
		return false;
	e->table = rv_nft_get_text(a[NFTA_TRACE_TABLE]);
	e->chain = rv_nft_get_text(a[NFTA_TRACE_CHAIN]);
	if (e->trace.kind == RV_TRACE_POLICY &&
	    !read_u32(a[NFTA_TRACE_POLICY], &e->trace.verdict))
		return false;
	if (!e->table || !e->chain || !rv_nft_get_u32(a[NFTA_TRACE_ID], &e->trace.id) ||
	    !read_u32(a[NFTA_TRACE_NFPROTO], &proto) ||
	    !read_u64(a[NFTA_TRACE_RULE_HANDLE], &e->handle))
		return false;
	e->trace.proto = (uint8_t)proto;
	return true;
}

/* A trace whose rule is requested. */
struct lookup {
	struct listener *l;
	struct rv_event *e;
	bool told;
	int rc;
};

static int found_rule(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct lookup *u = arg;

	(void)err;
	u->told = true;
	u->rc = tell_rule(u->l, u->e, attrs);
	return 0;
}

/* Requests the rule in the current ruleset: a new generation is not an error here. */
static int tell_traced_rule(struct listener *l, struct rv_event *e)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETRULE, .family = e->family,
		.table = e->table, .table_attr = NFTA_RULE_TABLE,
		.chain = e->chain, .chain_attr = NFTA_RULE_CHAIN,
		.handle = e->handle, .handle_attr = NFTA_RULE_HANDLE,
	};
	struct lookup u = { .l = l, .e = e };
	struct rv_error err = { 0 };

	l->ask.has_generation = false;
	e->number = rv_nft_rule_number(&l->numbers, &l->ask, e->family, e->table, e->chain, e->handle);
	rv_nft_ask(&l->ask, &q, found_rule, &u, &err);
	if (u.told)
		return u.rc;
	e->why = err.kind == RV_ERR_NONE ? "the rule no longer exists" : err.text;
	return tell(l, e);
}

/* ---- messages ------------------------------------------------------------------------------- */

static const struct {
	uint8_t type;
	bool deleted;
	bool trace;
	bool (*read)(struct rv_event *e, struct rv_nft_view attrs);
} messages[] = {
	{ NFT_MSG_NEWTABLE, false, false, read_table },
	{ NFT_MSG_DELTABLE, true, false, read_table },
	{ NFT_MSG_NEWCHAIN, false, false, read_chain },
	{ NFT_MSG_DELCHAIN, true, false, read_chain },
	{ NFT_MSG_NEWRULE, false, false, read_place },
	{ NFT_MSG_DELRULE, true, false, read_place },
	{ NFT_MSG_NEWGEN, false, false, read_generation },
	{ NFT_MSG_TRACE, false, true, read_trace },
};

/* Anonymous chains and their rules are reported with the rule that jumps to them. */
static bool is_part_of_rule(struct listener *l, const struct rv_event *e)
{
	struct rv_error err = { 0 };
	bool bound = false;

	if (!is_ours(e) || (e->kind != RV_EVENT_CHAIN && e->kind != RV_EVENT_RULE) ||
	    strncmp(e->chain, "__chain", 7) != 0)
		return false;
	if (e->kind == RV_EVENT_CHAIN && e->has_flags)
		return e->flags & NFT_CHAIN_BINDING;
	return rv_nft_is_bound(&l->aside, e->family, e->table, e->chain, &bound, &err) == 1 || bound;
}

static int see_event(struct listener *l, struct rv_event *e, struct rv_nft_view attrs)
{
	if (is_part_of_rule(l, e))
		return 0;
	if (e->kind == RV_EVENT_RULE)
		return tell_rule(l, e, attrs);
	if (e->kind == RV_EVENT_TRACE && e->trace.kind == RV_TRACE_RULE && e->handle)
		return tell_traced_rule(l, e);
	return tell(l, e);
}

/* Ignores sets and other objects, and unknown messages of newer kernels. */
static int see_message(struct listener *l, const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct rv_event e = { 0 };
	struct rv_nft_view attrs;

	if (nlh->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
	    nlh->nlmsg_len < sizeof(*nlh) + sizeof(*nfg))
		return 0;
	attrs.data = (const unsigned char *)(nfg + 1);
	attrs.len = nlh->nlmsg_len - sizeof(*nlh) - sizeof(*nfg);
	e.family = nfg->nfgen_family;
	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		if (messages[i].type != (nlh->nlmsg_type & 0xff) ||
		    !(messages[i].trace ? l->m->traces : l->m->changes))
			continue;
		e.deleted = messages[i].deleted;
		return messages[i].read(&e, attrs) ? see_event(l, &e, attrs) : 0;
	}
	return 0;
}

static int see_buffer(struct listener *l, ssize_t len)
{
	const struct nlmsghdr *nlh = (const void *)l->buf;
	int left = (int)len, rc = 0;

	for (; rc == 0 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		rc = see_message(l, nlh);
	return rc;
}

/* ---- listening -------------------------------------------------------------------------------- */

static int join(struct listener *l, int group)
{
	return mnl_socket_setsockopt(l->nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

static int open_listener(struct listener *l)
{
	int backlog = BACKLOG;

	l->buf = malloc(BUFFER);
	if (!l->buf)
		return rv_fail_memory(l->err);
	l->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!l->nl || mnl_socket_bind(l->nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    (l->m->changes && join(l, NFNLGRP_NFTABLES) < 0) ||
	    (l->m->traces && join(l, NFNLGRP_NFTRACE) < 0))
		return rv_fail(l->err, RV_ERR_RESOURCE, NULL,
			       "cannot bind to nfnetlink socket: %s", strerror(errno));
	setsockopt(mnl_socket_get_fd(l->nl), SOL_SOCKET, SO_RCVBUFFORCE, &backlog, sizeof(backlog));
	return rv_nft_open(&l->ask, l->err);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Returns whether the time is over before data arrives. */
static bool is_over(const struct listener *l)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(l->nl), .events = POLLIN };
	int64_t left = l->until - now_ms();

	return l->m->seconds && (left <= 0 || poll(&p, 1, (int)left) == 0);
}

static int listen_on(struct listener *l)
{
	const struct rv_event lost = { .kind = RV_EVENT_LOST };
	int rc = 0;

	l->until = now_ms() + (int64_t)l->m->seconds * 1000;
	while (rc == 0 && !is_over(l)) {
		ssize_t len = recv(mnl_socket_get_fd(l->nl), l->buf, BUFFER, MSG_TRUNC);

		if (len > BUFFER || (len < 0 && errno == ENOBUFS))
			rc = tell(l, &lost);
		else if (len > 0)
			rc = see_buffer(l, len);
		else if (errno != EINTR)
			return rv_nft_failed(errno, l->err);
	}
	return 0;
}

int rv_nft_monitor(const struct rv_monitor *m, struct rv_error *err)
{
	struct listener l = { .m = m, .err = err };
	int rc = open_listener(&l);

	if (rc == 0 && m->mark)
		rc = rv_nft_tracer_start(&l.tracer, m->mark_family, m->mark, err);
	if (rc == 0)
		rc = listen_on(&l);
	if (m->mark)
		rv_nft_tracer_stop(&l.tracer);
	rv_nft_aside_close(&l.aside);
	rv_nft_numbers_clear(&l.numbers);
	rv_nft_close(&l.ask);
	if (l.nl)
		mnl_socket_close(l.nl);
	free(l.buf);
	return rc;
}
