/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CLUSTERIP: hosts share an address, each serving some of the clients (uapi ipt_CLUSTERIP.h).
 * Removed after Linux 6.2.
 */
#include <netinet/in.h>

#include <linux/if_ether.h>
#include <linux/types.h>

#include <linux/netfilter_ipv4/ipt_CLUSTERIP.h>

#include "extensions/revision.h"

typedef struct ipt_clusterip_tgt_info info_t;

static const struct rv_name clusterip_modes[] = {
	{ "sourceip", CLUSTERIP_HASHMODE_SIP, NULL },
	{ "sourceip-sourceport", CLUSTERIP_HASHMODE_SIP_SPT, NULL },
	{ "sourceip-sourceport-destport", CLUSTERIP_HASHMODE_SIP_SPT_DPT, NULL },
	{ NULL, 0, NULL },
};

enum { NEW, MODE, MAC, TOTAL, LOCAL, INIT };

#define NEEDED (1 << NEW | 1 << MODE | 1 << MAC | 1 << TOTAL | 1 << LOCAL)

static bool is_multicast(const unsigned char *mac)
{
	return mac[0] & 1;
}

static int parse_cluster_mac(struct rv_parse *p)
{
	if (rv_value_parse(p, p->arg, p->data + p->opt->offset))
		return -1;
	if (is_multicast(p->data + p->opt->offset))
		return 0;
	return rv_parse_fail(p, "MAC has to be a multicast ethernet address");
}

static void print_cluster_mac(struct rv_out *o, const struct rv_option *opt,
			      const unsigned char *data)
{
	for (int i = 0; i < ETH_ALEN; i++)
		rv_buf_printf(o->buf, i ? ":%02X" : "%02X", data[opt->offset + i]);
}

/* The rule that creates a cluster prints all options; other rules of it print none. */
#define OF_NEW .given = RV_BIT(info_t, flags, CLUSTERIP_FLAG_NEW)

static const struct rv_option clusterip_options[] = {
	[NEW] = {
		.name = "new", .type = RV_T_FLAG, .flags = RV_OPT_LIST_NEVER,
		RV_FIELD(info_t, flags), .value = CLUSTERIP_FLAG_NEW,
		.help = "create the cluster; omit in further rules",
	},
	[MODE] = {
		.name = "hashmode",
		.type = RV_T_ENUM,
		.flags = RV_OPT_EXACT,
		RV_FIELD(info_t, hash_mode),
		OF_NEW,
		.names = clusterip_modes,
		.errors = RV_ERRORS(.bad = "Unknown hashmode \"%s\""),
		.list = "hashmode=",
		.arg = "mode",
		.help = "what chooses the host: sourceip, sourceip-sourceport, "
			"sourceip-sourceport-destport",
	},
	[MAC] = {
		.name = "clustermac",
		.type = RV_T_MAC,
		RV_FIELD(info_t, clustermac),
		OF_NEW,
		.list = "clustermac=",
		.arg = "address",
		.help = "Ethernet multicast address shared by all nodes",
		.ops = RV_OPTION_OPS(.parse = parse_cluster_mac, .print = print_cluster_mac),
	},
	[TOTAL] = {
		.name = "total-nodes",
		.type = RV_T_UINT,
		RV_FIELD(info_t, num_total_nodes),
		OF_NEW,
		.max = CLUSTERIP_MAX_NODES,
		.list = "total_nodes=",
		.arg = "number",
		.help = "number of nodes",
	},
	[LOCAL] = {
		.name = "local-node",
		.type = RV_T_UINT,
		.offset = offsetof(info_t, local_nodes),
		.size = sizeof(uint16_t),
		OF_NEW,
		.max = CLUSTERIP_MAX_NODES,
		.list = "local_node=",
		.arg = "number",
		.help = "number of this node",
	},
	[INIT] = {
		.name = "hash-init",
		.type = RV_T_UINT,
		RV_FIELD(info_t, hash_initval),
		OF_NEW,
		.list = "hash_init=",
		.arg = "number",
		.help = "hash seed, equal on all nodes",
	},
	{ 0 },
};

static int check_combination(struct rv_check *c)
{
	info_t *info = (info_t *)(void *)c->part->data;

	if (c->seen && (c->seen & NEEDED) != NEEDED)
		return rv_check_fail(c, "CLUSTERIP target: Invalid parameter combination\n");
	info->num_local_nodes = c->seen ? 1 : 0;
	return 0;
}

static int clusterip_read_info(const struct rv_revision *w, const unsigned char *wire,
			       unsigned char *data, struct rv_error *err)
{
	const info_t *from = (const info_t *)(const void *)wire;
	info_t *info = (info_t *)(void *)data;

	if (!from->flags)
		return 0;
	if (from->flags != CLUSTERIP_FLAG_NEW || from->num_local_nodes != 1 ||
	    from->num_total_nodes > CLUSTERIP_MAX_NODES ||
	    from->local_nodes[0] > CLUSTERIP_MAX_NODES || !is_multicast(from->clustermac) ||
	    from->hash_mode > CLUSTERIP_HASHMODE_MAX)
		return rv_revision_fail(err, "CLUSTERIP with flags 0x%x, %u nodes here", from->flags,
				    from->num_local_nodes);
	info->flags = from->flags;
	memcpy(info->clustermac, from->clustermac, sizeof(info->clustermac));
	info->num_total_nodes = from->num_total_nodes;
	info->num_local_nodes = from->num_local_nodes;
	info->local_nodes[0] = from->local_nodes[0];
	info->hash_mode = from->hash_mode;
	info->hash_initval = from->hash_initval;
	return 0;
}

RV_EXTENSION(clusterip) = {
	.name = "CLUSTERIP", .kind = RV_TARGET, .effect = RV_EFFECT_MAY_END, .family = NFPROTO_IPV4,
	.writes = RV_WRITES(RV_SEL_CT_MARK, RV_SEL_PKTTYPE),
	.size = sizeof(info_t), .options = clusterip_options,
	.ops = RV_EXT_OPS(.check = check_combination),
	.revisions = RV_REVISIONS({ .size = sizeof(info_t), .read = clusterip_read_info }),
	.config = "IP_NF_TARGET_CLUSTERIP", .list = "CLUSTERIP",
	.only = RV_ONLY(.hooks = 1 << NF_INET_LOCAL_IN),
	.help = "shares an address between several hosts",
};
