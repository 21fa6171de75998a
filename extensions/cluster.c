/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cluster: which nodes of a cluster a connection belongs to, by a hash of its source
 * (uapi linux/netfilter/xt_cluster.h). The kernel's hash is no field that a predicate reads.
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

#define NUMBER(row, word, field, list_, text, ...)				\
	[row] = {								\
		.name = word, .type = RV_T_UINT, RV_FIELD(info, field),		\
		.given = RV_GIVEN_ALWAYS, .list = list_, .help = text, __VA_ARGS__ \
	}

static const struct rv_option options[] = {
	NUMBER(NODE, "cluster-local-node", node_mask, NULL, "number of this node",
	       .flags = RV_OPT_INVERT | RV_OPT_HIDDEN, .min = 1, .max = XT_CLUSTER_NODES_MAX,
	       .invert = RV_BIT(info, flags, XT_CLUSTER_F_INV), .excludes = 1 << NODEMASK,
	       .arg = "number", .parse = parse_node),
	NUMBER(NODEMASK, "cluster-local-nodemask", node_mask, "[!]node_mask=",
	       "nodes as bits", .flags = RV_OPT_INVERT | RV_OPT_PADDED | RV_OPT_HEX, .min = 1,
	       .invert = RV_BIT(info, flags, XT_CLUSTER_F_INV), .excludes = 1 << NODE,
	       .arg = "mask"),
	NUMBER(TOTAL, "cluster-total-nodes", total_nodes, "total_nodes=", "nodes in the cluster",
	       .flags = RV_OPT_REQUIRED, .min = 1, .max = XT_CLUSTER_NODES_MAX, .arg = "number"),
	NUMBER(SEED, "cluster-hash-seed", hash_seed, "hash_seed=", "start of the hash",
	       .flags = RV_OPT_REQUIRED | RV_OPT_PADDED | RV_OPT_HEX, .arg = "number"),
	{ .name = NULL },
};

static int check(struct rv_check *c)
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
	RV_STRUCT(info, 0), .options = options, .check = check,
	.list = "cluster",
	.required = "cluster match: `--cluster-local-node' or`--cluster-local-nodemask' is missing",
	.one_of = 1 << NODE | 1 << NODEMASK,
	.opaque = "a hash with a seed, of the connection's source",
	.help = "which nodes of a cluster a connection belongs to",
};
