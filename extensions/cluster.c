/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cluster: cluster nodes responsible for a connection, by a hash of its source (uapi
 * linux/netfilter/xt_cluster.h). Each of n nodes has 1/n of the hash range.
 */
#include <linux/netfilter/xt_cluster.h>

#include <ravelin/extension.h>

typedef struct xt_cluster_match_info info;

enum { NODE, NODEMASK, TOTAL, SEED };

static int parse_node(struct rv_parse *p)
{
	uint64_t n;

	if (!rv_parse_uint(p->arg, p->opt->min, p->opt->max, &n))
		return rv_option_fail(p, "bad value for option \"--%s\", or out of range (%u-%u).\n",
				      p->opt->name, (unsigned int)p->opt->min,
				      (unsigned int)p->opt->max);
	rv_set_uint(p->data + p->opt->offset, p->opt->size, 1u << (n - 1));
	return 0;
}

/* First hash of a node: the kernel computes the node as hash * total >> 32. */
static uint64_t first_hash(const info *d, unsigned int node)
{
	return (((uint64_t)node << 32) + d->total_nodes - 1) / d->total_nodes;
}

/* Consecutive nodes form one range of hashes. */
static int nodes_predicate(const struct rv_option *opt, const unsigned char *data,
			   rv_predicate_fn *fn, void *arg)
{
	const info *d = (const info *)(const void *)data;
	struct rv_predicate p = {
		.sel = opt->sel, .op = RV_OP_IN, .negate = d->flags & XT_CLUSTER_F_INV, .len = 4,
		.param = d->hash_seed,
	};

	for (unsigned int n = 0; n < d->total_nodes && n < XT_CLUSTER_NODES_MAX; n++) {
		bool more = n && d->node_mask >> (n - 1) & 1;
		struct rv_interval *in = &p.list[more ? p.count - 1 : p.count];

		if (!(d->node_mask >> n & 1))
			continue;
		p.count += !more;
		if (!more)
			rv_selector_put(p.sel, first_hash(d, n), in->from);
		rv_selector_put(p.sel, first_hash(d, n + 1) - 1, in->to);
	}
	return fn(&p, arg);
}

#define NUMBER(row, word, field, list_, text, ...)				\
	[row] = {								\
		.name = word, .type = RV_T_UINT, RV_FIELD(info, field),		\
		.given = RV_GIVEN_ALWAYS, .list = list_, .help = text, __VA_ARGS__ \
	}

static const struct rv_option cluster_options[] = {
	NUMBER(NODE, "cluster-local-node", node_mask, NULL, "number of this node, from 1 on",
	       .flags = RV_OPT_INVERT | RV_OPT_HIDDEN, .min = 1, .max = XT_CLUSTER_NODES_MAX,
	       .invert = RV_BIT(info, flags, XT_CLUSTER_F_INV), .excludes = 1 << NODEMASK,
	       .arg = "number", .ops = RV_OPTION_OPS(.parse = parse_node)),
	NUMBER(NODEMASK, "cluster-local-nodemask", node_mask, "[!]node_mask=",
	       "nodes as bits", .flags = RV_OPT_INVERT | RV_OPT_PADDED | RV_OPT_HEX, .min = 1,
	       .invert = RV_BIT(info, flags, XT_CLUSTER_F_INV), .excludes = 1 << NODE,
	       .arg = "mask", .sel = RV_SEL_CT_HASH,
	.ops = RV_OPTION_OPS(.predicate = nodes_predicate)),
	NUMBER(TOTAL, "cluster-total-nodes", total_nodes, "total_nodes=", "nodes in the cluster",
	       .flags = RV_OPT_REQUIRED | RV_OPT_NO_PREDICATE, .min = 1, .max = XT_CLUSTER_NODES_MAX,
	       .arg = "number"),
	NUMBER(SEED, "cluster-hash-seed", hash_seed, "hash_seed=", "start of the hash",
	       .flags = RV_OPT_REQUIRED | RV_OPT_NO_PREDICATE | RV_OPT_PADDED | RV_OPT_HEX, .arg = "number"),
	{ .name = NULL },
};

static int check_node_range(struct rv_check *c)
{
	const info *d = (const info *)(void *)c->part->data;

	if (!(c->seen & 1 << TOTAL) || d->node_mask < 1ULL << d->total_nodes)
		return 0;
	return rv_check_fail(c, "%s",
		       c->seen & 1 << NODE ?
			       "cluster match: `--cluster-local-node' must be <= "
			       "`--cluster-total-nodes'" :
			       "cluster match: `--cluster-local-nodemask' too big for "
			       "`--cluster-total-nodes'");
}

RV_EXTENSION(cluster) = {
	.name = "cluster", .kind = RV_MATCH,
	RV_STRUCT(info, 0), .options = cluster_options,
	.ops = RV_EXT_OPS(.check = check_node_range),
	.list = "cluster",
	.required = "cluster match: `--cluster-local-node' or`--cluster-local-nodemask' is missing",
	.one_of = 1 << NODE | 1 << NODEMASK,
	.help = "assigns connections to nodes of a cluster",
};
