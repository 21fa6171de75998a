/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes targets as native expressions where the kernel accepts the xt target only in the table
 * whose name iptables uses.
 */
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>

#include "fast.h"

/* ---- parts of expressions ------------------------------------------------------------------- */

struct nests {
	size_t elem, data;
};

static struct nests open_expression(struct rv_buf *b, enum rv_nft_kind kind)
{
	struct nests n = { .elem = rv_nft_nest(b, NFTA_LIST_ELEM) };

	rv_nft_put_text(b, NFTA_EXPR_NAME, rv_nft_expr_name(kind));
	n.data = rv_nft_nest(b, NFTA_EXPR_DATA);
	return n;
}

static void close_expression(struct rv_buf *b, struct nests n)
{
	rv_nft_nest_end(b, n.data);
	rv_nft_nest_end(b, n.elem);
}

static void put_value(struct rv_buf *b, uint32_t reg, const void *value, size_t len)
{
	const struct rv_nft_expr e = {
		.kind = RV_NFT_IMMEDIATE, .dreg = reg, .data = { value, len },
	};

	rv_nft_expr_write(b, &e);
}

/* ---- REJECT ------------------------------------------------------------------------------------ */

static const struct answer {
	uint8_t with, type, code;
} answers4[] = {
	{ IPT_ICMP_NET_UNREACHABLE, NFT_REJECT_ICMP_UNREACH, 0 },
	{ IPT_ICMP_HOST_UNREACHABLE, NFT_REJECT_ICMP_UNREACH, 1 },
	{ IPT_ICMP_PROT_UNREACHABLE, NFT_REJECT_ICMP_UNREACH, 2 },
	{ IPT_ICMP_PORT_UNREACHABLE, NFT_REJECT_ICMP_UNREACH, 3 },
	{ IPT_ICMP_NET_PROHIBITED, NFT_REJECT_ICMP_UNREACH, 9 },
	{ IPT_ICMP_HOST_PROHIBITED, NFT_REJECT_ICMP_UNREACH, 10 },
	{ IPT_ICMP_ADMIN_PROHIBITED, NFT_REJECT_ICMP_UNREACH, 13 },
	{ IPT_TCP_RESET, NFT_REJECT_TCP_RST, 0 },
}, answers6[] = {
	{ IP6T_ICMP6_NO_ROUTE, NFT_REJECT_ICMP_UNREACH, 0 },
	{ IP6T_ICMP6_ADM_PROHIBITED, NFT_REJECT_ICMP_UNREACH, 1 },
	{ IP6T_ICMP6_ADDR_UNREACH, NFT_REJECT_ICMP_UNREACH, 3 },
	{ IP6T_ICMP6_PORT_UNREACH, NFT_REJECT_ICMP_UNREACH, 4 },
	{ IP6T_ICMP6_POLICY_FAIL, NFT_REJECT_ICMP_UNREACH, 5 },
	{ IP6T_ICMP6_REJECT_ROUTE, NFT_REJECT_ICMP_UNREACH, 6 },
	{ IP6T_TCP_RESET, NFT_REJECT_TCP_RST, 0 },
};

static const struct answer *find_answer(const struct answer *list, size_t n, uint8_t with)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].with == with)
			return &list[i];
	return NULL;
}

#define FIND(list, with) find_answer(list, sizeof(list) / sizeof(*(list)), with)

/* Writes REJECT. Returns false if no expression can express it. b: NULL to only check. */
static bool write_reject(struct rv_buf *b, rv_family_t family, const unsigned char *data)
{
	/* struct ip6t_reject_info has the same layout. */
	const struct ipt_reject_info *info = (const void *)data;
	const struct answer *a = family == NFPROTO_IPV6 ? FIND(answers6, info->with) :
				 FIND(answers4, info->with);
	struct nests n;

	if (!a || !b)
		return a;
	n = open_expression(b, RV_NFT_REJECT);
	rv_nft_put_u32(b, NFTA_REJECT_TYPE, a->type);
	rv_nft_put(b, NFTA_REJECT_ICMP_CODE, &a->code, sizeof(a->code));
	close_expression(b, n);
	return true;
}

/* ---- NAT ------------------------------------------------------------------------------------------ */

enum { REG_MIN = NFT_REG_1, REG_MAX = NFT_REG_2, REG_PORT = NFT_REG_3, REG_PORT_MAX = NFT_REG_4 };

static void put_ports(struct rv_buf *b, const struct nf_nat_range2 *r)
{
	if (!(r->flags & NF_NAT_RANGE_PROTO_SPECIFIED))
		return;
	put_value(b, REG_PORT, &r->min_proto.all, sizeof(r->min_proto.all));
	put_value(b, REG_PORT_MAX, &r->max_proto.all, sizeof(r->max_proto.all));
}

static void name_ports(struct rv_buf *b, const struct nf_nat_range2 *r, uint16_t min, uint16_t max)
{
	if (!(r->flags & NF_NAT_RANGE_PROTO_SPECIFIED))
		return;
	rv_nft_put_u32(b, min, REG_PORT);
	rv_nft_put_u32(b, max, REG_PORT_MAX);
}

/*
 * Returns the NAT flags to send. The kernel sets NF_NAT_RANGE_MAP_IPS itself if the expression has
 * address registers, but not every expression sets NF_NAT_RANGE_PROTO_SPECIFIED for port registers
 * (nft_masq_init() does not), so that flag is always sent.
 */
static uint32_t other_flags(const struct nf_nat_range2 *r)
{
	return r->flags & ~(uint32_t)NF_NAT_RANGE_MAP_IPS;
}

static void put_flags(struct rv_buf *b, uint16_t attr, const struct nf_nat_range2 *r)
{
	if (other_flags(r))
		rv_nft_put_u32(b, attr, other_flags(r));
}

static bool write_nat(struct rv_buf *b, rv_family_t family, const unsigned char *data, uint32_t type)
{
	const struct nf_nat_range2 *r = (const void *)data;
	size_t len = rv_family(family)->address_len;
	struct nests n;

	/* nf_tables cannot shift port ranges from a base port. */
	if (r->flags & NF_NAT_RANGE_PROTO_OFFSET)
		return false;
	if (!b)
		return true;
	if (r->flags & NF_NAT_RANGE_MAP_IPS) {
		put_value(b, REG_MIN, &r->min_addr, len);
		put_value(b, REG_MAX, &r->max_addr, len);
	}
	put_ports(b, r);
	n = open_expression(b, RV_NFT_NAT);
	rv_nft_put_u32(b, NFTA_NAT_TYPE, type);
	rv_nft_put_u32(b, NFTA_NAT_FAMILY, family);
	if (r->flags & NF_NAT_RANGE_MAP_IPS) {
		rv_nft_put_u32(b, NFTA_NAT_REG_ADDR_MIN, REG_MIN);
		rv_nft_put_u32(b, NFTA_NAT_REG_ADDR_MAX, REG_MAX);
	}
	name_ports(b, r, NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX);
	put_flags(b, NFTA_NAT_FLAGS, r);
	close_expression(b, n);
	return true;
}

static bool write_snat(struct rv_buf *b, rv_family_t family, const unsigned char *data)
{
	return write_nat(b, family, data, NFT_NAT_SNAT);
}

static bool write_dnat(struct rv_buf *b, rv_family_t family, const unsigned char *data)
{
	return write_nat(b, family, data, NFT_NAT_DNAT);
}

/* Attributes of masq and redir. */
struct interface_nat {
	enum rv_nft_kind kind;
	uint16_t flags, port_min, port_max;	/* NFTA_* */
};

static bool write_interface_nat(struct rv_buf *b, const unsigned char *data, const struct interface_nat *e)
{
	const struct nf_nat_range2 *r = (const void *)data;
	struct nests n;

	if (!b)
		return true;
	put_ports(b, r);
	n = open_expression(b, e->kind);
	put_flags(b, e->flags, r);
	name_ports(b, r, e->port_min, e->port_max);
	close_expression(b, n);
	return true;
}

static bool write_masquerade(struct rv_buf *b, rv_family_t family, const unsigned char *data)
{
	static const struct interface_nat masquerade = {
		RV_NFT_MASQ, NFTA_MASQ_FLAGS, NFTA_MASQ_REG_PROTO_MIN, NFTA_MASQ_REG_PROTO_MAX,
	};

	(void)family;
	return write_interface_nat(b, data, &masquerade);
}

static bool write_redirect(struct rv_buf *b, rv_family_t family, const unsigned char *data)
{
	static const struct interface_nat redirect = {
		RV_NFT_REDIR, NFTA_REDIR_FLAGS, NFTA_REDIR_REG_PROTO_MIN, NFTA_REDIR_REG_PROTO_MAX,
	};

	(void)family;
	return write_interface_nat(b, data, &redirect);
}

/* ---- the table -------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	bool (*write)(struct rv_buf *b, rv_family_t family, const unsigned char *data);
} writers[] = {
	{ "REJECT", write_reject },
	{ "SNAT", write_snat },
	{ "DNAT", write_dnat },
	{ "MASQUERADE", write_masquerade },
	{ "REDIRECT", write_redirect },
};

static bool write_target(struct rv_buf *b, rv_family_t family, const struct rv_part *target)
{
	for (size_t i = 0; i < sizeof(writers) / sizeof(*writers); i++)
		if (!strcmp(writers[i].name, target->ext->name))
			return writers[i].write(b, family, target->data);
	return false;
}

int rv_fast_end_write(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
		      struct rv_error *err)
{
	if (r->target && write_target(b, family, r->target))
		return 0;
	return rv_nft_end_write(b, family, r, err);
}

bool rv_fast_element_code(const struct rv_rule *r, uint32_t *code)
{
	if (!r->target && r->verdict != RV_VERDICT_NONE)
		return rv_nft_verdict_code(r->verdict, code);
	*code = (uint32_t)(!r->target ? NFT_CONTINUE : rv_rule_ends(r) ? NFT_GOTO : NFT_JUMP);
	return true;
}

bool rv_fast_can_be_element(const struct rv_rule *r, const struct rv_facts *facts,
			    const struct rv_key_shape *shape)
{
	uint32_t code;

	return !facts->barrier && rv_facts_fit(facts, shape) && !rv_facts_beyond(facts, shape) &&
	       rv_fast_element_code(r, &code);
}

/*
 * Returns the part of the rule that the kernel accepts only in a table with the name that iptables
 * uses, or NULL.
 */
static const struct rv_part *bound(const struct rv_table *t, const struct rv_rule *r)
{
	static const struct rv_table_def other = { .name = "ravelin" };
	struct rv_rule copy = *r;
	struct rv_misplaced where;

	if (copy.target && write_target(NULL, t->ruleset->family, copy.target))
		copy.target = NULL;
	return rv_rule_misplaced(&other, 0, &copy, &where) && where.tables ? where.part : NULL;
}

/* Returns the part because of which the rule is an nft rule, or has anonymous chains, or NULL. */
static const struct rv_part *foreign(const struct rv_rule *r)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (rv_ext_ops(m->ext)->chains || !strcmp(m->ext->name, "nft"))
			return m;
	return NULL;
}

bool rv_fast_refuses(const struct rv_table *t, const struct rv_rule *r, struct rv_buf *why)
{
	const struct rv_part *part = bound(t, r);

	if (!part)
		part = foreign(r);
	if (part)
		rv_buf_printf(why, "%s `%s'", part->ext->kind == RV_TARGET ? "target" : "match",
			      part->ext->name);
	return part;
}
