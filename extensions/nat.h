/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the NAT targets share. In memory every one of them has the kernel's
 * newest range, struct nf_nat_range2; its fields are in network order, an IPv4
 * address is in .ip with the rest zero. The rows of rv_wire make of it what
 * each target and family wants.
 */
#ifndef RAVELIN_EXTENSIONS_NAT_H
#define RAVELIN_EXTENSIONS_NAT_H

#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>

#include <ravelin/extension.h>

/*
 * Conversions of rv_wire. arg: the NF_NAT_RANGE_* bits the target's options can
 * say; a rule with others could not be printed in full, so it is not read.
 */
int rv_nat_read_multi(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		      struct rv_error *err);
int rv_nat_write_multi(const struct rv_wire *w, const unsigned char *data, unsigned char *wire,
		       struct rv_error *err);
int rv_nat_read(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		struct rv_error *err);
int rv_nat_write(const struct rv_wire *w, const unsigned char *data, unsigned char *wire,
		 struct rv_error *err);

/* Rows of rv_wire for the three layouts there are. */
#define RV_NAT_MULTI(rev, bits)							\
	{ .revision = (rev), .size = sizeof(struct nf_nat_ipv4_multi_range_compat), \
	  .read = rv_nat_read_multi, .write = rv_nat_write_multi, .arg = (bits) }
#define RV_NAT_RANGE(rev, bits)							\
	{ .revision = (rev), .size = sizeof(struct nf_nat_range),		\
	  .read = rv_nat_read, .write = rv_nat_write, .arg = (bits) }
#define RV_NAT_RANGE2(rev, bits)						\
	{ .revision = (rev), .size = sizeof(struct nf_nat_range2),		\
	  .read = rv_nat_read, .write = rv_nat_write, .arg = (bits) }

/* A row that sets one of the range's flags. */
#define RV_NAT_FLAG(word, bit, text)						\
	{ .name = (word), .type = RV_T_FLAG, RV_FIELD(struct nf_nat_range2, flags), \
	  .value = (bit), .given = RV_BIT(struct nf_nat_range2, flags, bit),	\
	  .list = (word), .help = (text) }

#endif
