/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traversal of a host's hooks. */
#include <linux/netfilter_ipv4.h>

#include <ravelin/hooks.h>

#include "path.h"

const struct rv_path_hook rv_path_hooks[] = {
	{ NF_INET_LOCAL_OUT, RV_PATH_OUT },
	{ NF_INET_POST_ROUTING, RV_PATH_OUT },
	{ NF_INET_PRE_ROUTING, RV_PATH_IN | RV_PATH_THROUGH },
	{ NF_INET_LOCAL_IN, RV_PATH_IN },
	{ NF_INET_FORWARD, RV_PATH_THROUGH },
	{ NF_INET_POST_ROUTING, RV_PATH_THROUGH },
	{ 0, 0 },
};

const char *const rv_path_names[RVK_HOOKS] = {
#define RV_X(hook, nft, interfaces) [NF_INET_##hook] = RV_CHAIN_##hook,
	RV_HOOKS(RV_X)
#undef RV_X
};

void rv_path_enter(struct rv_pkt *pkt, uint8_t hook, const char *in, const char *out, bool forwarded)
{
	const bool has_in = hook != NF_INET_LOCAL_OUT && (hook != NF_INET_POST_ROUTING || forwarded);
	const bool has_out = hook != NF_INET_PRE_ROUTING && hook != NF_INET_LOCAL_IN;

	pkt->hook = hook;
	pkt->in = has_in && in && in[0] ? in : NULL;
	pkt->out = has_out && out && out[0] ? out : NULL;
}

bool rv_path_forward(struct rv_pkt *pkt)
{
	uint8_t *ip = (uint8_t *)pkt->data, *ttl = &ip[pkt->family == NFPROTO_IPV4 ? 8 : 7];
	uint32_t sum;

	if (*ttl <= 1)
		return false;
	--*ttl;
	if (pkt->family == NFPROTO_IPV6)
		return true;
	/* RFC 1624: the checksum increases by what was subtracted. */
	sum = (uint32_t)(ip[10] << 8 | ip[11]) + 0x100;
	sum += sum >> 16;
	ip[10] = sum >> 8;
	ip[11] = sum & 0xff;
	return true;
}

/* ---- complete path ------------------------------------------------------------------------ */

/* Tables at a hook, ordered by priority. Returns their number. */
static unsigned int tables_of(const struct rv_path *path, uint8_t hook,
			      enum rv_table_id tables[RV_TABLES])
{
	unsigned int n = 0;

	for (unsigned int id = 0; id < RV_TABLES; id++) {
		unsigned int at = n;

		if (!(rv_engine_tables[id].hooks >> hook & 1))
			continue;
		for (; at && path->ops->priority(tables[at - 1], hook) > path->ops->priority(id, hook); at--)
			tables[at] = tables[at - 1];
		tables[at] = id;
		n++;
	}
	return n;
}

static unsigned int run_hook(struct rv_path *path, uint8_t hook)
{
	enum rv_table_id tables[RV_TABLES];
	const unsigned int n = tables_of(path, hook, tables);
	unsigned int verdict = NF_ACCEPT;

	rv_path_enter(path->pkt, hook, path->in, path->out, path->forwarded);
	for (unsigned int i = 0; i < n && verdict == NF_ACCEPT; i++) {
		if (!path->ops->table(path, tables[i]))
			continue;
		verdict = rv_engine_run(path->engine, tables[i], path->pkt, path->record);
		verdict = path->ops->decided(path, tables[i], verdict);
	}
	return verdict;
}

static unsigned int come_in(struct rv_path *path)
{
	unsigned int verdict = run_hook(path, NF_INET_PRE_ROUTING);
	enum rv_route route;

	if (verdict != NF_ACCEPT)
		return verdict;
	route = path->ops->route(path);
	if (route == RV_ROUTE_DROP)
		return NF_DROP;
	if (route == RV_ROUTE_LOCAL) {
		path->delivered = true;
		return run_hook(path, NF_INET_LOCAL_IN);
	}
	path->forwarded = true;
	path->expired = !rv_path_forward(path->pkt);
	if (path->expired)
		return NF_DROP;
	verdict = run_hook(path, NF_INET_FORWARD);
	return verdict == NF_ACCEPT ? run_hook(path, NF_INET_POST_ROUTING) : verdict;
}

static const char loopback_name[16] = "lo";

unsigned int rv_path_run(struct rv_path *path)
{
	enum rv_route route = RV_ROUTE_AWAY;
	unsigned int verdict = NF_ACCEPT;

	path->forwarded = path->delivered = path->expired = false;
	if (!path->local_out)
		return come_in(path);
	verdict = run_hook(path, NF_INET_LOCAL_OUT);
	if (verdict == NF_ACCEPT) {
		route = path->ops->route(path);
		verdict = route == RV_ROUTE_DROP ? NF_DROP : run_hook(path, NF_INET_POST_ROUTING);
	}
	if (verdict != NF_ACCEPT || route != RV_ROUTE_LOCAL)
		return verdict;
	/* Over loopback, the packet is received again. */
	memcpy(path->in, loopback_name, sizeof(loopback_name));
	path->local_out = false;
	verdict = come_in(path);
	path->local_out = true;
	return verdict;
}
