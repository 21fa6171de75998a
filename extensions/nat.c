/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of the NAT targets in the kernel's layouts (uapi nf_nat.h). */
#include <arpa/inet.h>
#include <string.h>

#include "extensions/nat.h"

/* ---- layouts ---- */

/* Whether the target's options can say all of it, to be read back as the same. */
static bool expressible(const struct rv_wire *w, const struct nf_nat_range2 *r)
{
	unsigned int where = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED;

	if (r->flags & ~w->arg)
		return false;
	/* A target that takes addresses must be given those or ports. */
	if (w->arg & NF_NAT_RANGE_MAP_IPS && !(r->flags & where))
		return false;
	if (r->flags & NF_NAT_RANGE_PROTO_OFFSET && !r->base_proto.all)
		return false;
	return !(r->flags & NF_NAT_RANGE_PROTO_SPECIFIED) ||
	       ntohs(r->min_proto.all) <= ntohs(r->max_proto.all);
}

static int check(const struct rv_wire *w, const struct nf_nat_range2 *r, struct rv_error *err)
{
	if (expressible(w, r))
		return 0;
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "no options say NAT range flags 0x%x", r->flags);
}

int rv_nat_read_multi(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		      struct rv_error *err)
{
	struct nf_nat_range2 *r = (struct nf_nat_range2 *)(void *)data;
	struct nf_nat_ipv4_multi_range_compat multi;

	memcpy(&multi, wire, sizeof(multi));
	if (multi.rangesize != 1)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "%u NAT ranges in one rule",
			       multi.rangesize);
	memset(r, 0, sizeof(*r));
	r->flags = multi.range[0].flags;
	r->min_addr.ip = multi.range[0].min_ip;
	r->max_addr.ip = multi.range[0].max_ip;
	r->min_proto = multi.range[0].min;
	r->max_proto = multi.range[0].max;
	return check(w, r, err);
}

int rv_nat_write_multi(const struct rv_wire *w, const unsigned char *data, unsigned char *wire,
		       struct rv_error *err)
{
	const struct nf_nat_range2 *r = (const struct nf_nat_range2 *)(const void *)data;
	struct nf_nat_ipv4_multi_range_compat multi = {
		.rangesize = 1,
		.range[0] = {
			.flags = r->flags,
			.min_ip = r->min_addr.ip,
			.max_ip = r->max_addr.ip,
			.min = r->min_proto,
			.max = r->max_proto,
		},
	};

	memcpy(wire, &multi, sizeof(multi));
	return 0;
}

_Static_assert(offsetof(struct nf_nat_range, max_proto) ==
		       offsetof(struct nf_nat_range2, max_proto),
	       "an nf_nat_range is the beginning of an nf_nat_range2");

int rv_nat_read(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		struct rv_error *err)
{
	struct nf_nat_range2 *r = (struct nf_nat_range2 *)(void *)data;

	memset(r, 0, sizeof(*r));
	memcpy(r, wire, w->size);
	return check(w, r, err);
}

int rv_nat_write(const struct rv_wire *w, const unsigned char *data, unsigned char *wire,
		 struct rv_error *err)
{
	memcpy(wire, data, w->size);
	return 0;
}
