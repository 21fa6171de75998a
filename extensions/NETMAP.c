/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NETMAP: puts one network in the place of another, host by host (uapi nf_nat.h). */
#include <string.h>

#include <linux/netfilter/nf_nat.h>

#include <ravelin/extension.h>

/* The kernel has the first and the last address; the option, as is usual, has a mask. */
struct netmap_data {
	union nf_inet_addr address, mask;
};

static const struct rv_option options[] = {
	{
		.name = "to", .type = RV_T_ADDR_MASK,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS | RV_OPT_CIDR |
			 RV_OPT_LITERAL,
		RV_FIELD(struct netmap_data, address),
		.mask_offset = offsetof(struct netmap_data, mask),
		.list = "to:", .arg = "address[/mask]",
		.help = "the network whose addresses are taken",
	},
	{ 0 },
};

/* The network's part of the address is all that counts. */
static int check(struct rv_check *c)
{
	struct netmap_data *d = (struct netmap_data *)(void *)c->part->data;
	int words = c->family == NFPROTO_IPV4 ? 1 : 4;

	for (int i = 0; i < 4; i++) {
		d->mask.all[i] = i < words ? d->mask.all[i] : 0;
		d->address.all[i] &= d->mask.all[i];
	}
	return 0;
}

/* The last address differs from the first in the bits that are not in the mask. */
static int from_range(const union nf_inet_addr *first, const union nf_inet_addr *last, int words,
		      uint32_t flags, struct netmap_data *d, struct rv_error *err)
{
	for (int i = 0; i < words; i++) {
		d->address.all[i] = first->all[i];
		d->mask.all[i] = ~(first->all[i] ^ last->all[i]);
		if (first->all[i] & ~d->mask.all[i] || flags != NF_NAT_RANGE_MAP_IPS)
			return rv_wire_fail(err, "NETMAP to a range that is no network, flags 0x%x",
					    flags);
	}
	return 0;
}

static void last_address(const struct netmap_data *d, union nf_inet_addr *last)
{
	for (int i = 0; i < 4; i++)
		last->all[i] = d->address.all[i] | ~d->mask.all[i];
}

static int read4(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		 struct rv_error *err)
{
	struct nf_nat_ipv4_multi_range_compat multi;
	union nf_inet_addr first = { 0 }, last = { 0 };

	memcpy(&multi, wire, sizeof(multi));
	if (multi.rangesize != 1)
		return rv_wire_fail(err, "%u NAT ranges in one rule", multi.rangesize);
	first.ip = multi.range[0].min_ip;
	last.ip = multi.range[0].max_ip;
	return from_range(&first, &last, 1, multi.range[0].flags,
			  (struct netmap_data *)(void *)data, err);
}

static int write4(const struct rv_wire *w, const unsigned char *data, unsigned char *wire,
		  struct rv_error *err)
{
	const struct netmap_data *d = (const struct netmap_data *)(const void *)data;
	struct nf_nat_ipv4_multi_range_compat multi = {
		.rangesize = 1, .range[0] = { .flags = NF_NAT_RANGE_MAP_IPS },
	};
	union nf_inet_addr last;

	last_address(d, &last);
	multi.range[0].min_ip = d->address.ip;
	multi.range[0].max_ip = last.ip;
	memcpy(wire, &multi, sizeof(multi));
	return 0;
}

static int read6(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		 struct rv_error *err)
{
	struct nf_nat_range range;

	memcpy(&range, wire, sizeof(range));
	return from_range(&range.min_addr, &range.max_addr, 4, range.flags,
			  (struct netmap_data *)(void *)data, err);
}

static int write6(const struct rv_wire *w, const unsigned char *data, unsigned char *wire,
		  struct rv_error *err)
{
	const struct netmap_data *d = (const struct netmap_data *)(const void *)data;
	struct nf_nat_range range = { .flags = NF_NAT_RANGE_MAP_IPS, .min_addr = d->address };

	last_address(d, &range.max_addr);
	memcpy(wire, &range, sizeof(range));
	return 0;
}

static const struct rv_wire wire4[] = {
	{ .size = sizeof(struct nf_nat_ipv4_multi_range_compat), .read = read4, .write = write4 },
	{ 0 },
};

static const struct rv_wire wire6[] = {
	{ .size = sizeof(struct nf_nat_range), .read = read6, .write = write6 },
	{ 0 },
};

#define NETMAP(nfproto, wires)							\
	{									\
		.name = "NETMAP", .kind = RV_TARGET, .family = (nfproto),	\
		.size = sizeof(struct netmap_data), .wire = (wires), .options = options, \
		.tables = "nat",						\
		.help = "puts another network in the place of the packet's", .check = check, \
	}

RV_EXTENSION(netmap4) = NETMAP(NFPROTO_IPV4, wire4);
RV_EXTENSION(netmap6) = NETMAP(NFPROTO_IPV6, wire6);
