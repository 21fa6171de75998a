/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between the families of rules: a row each (ir/family.c). */
#ifndef RAVELIN_FAMILY_H
#define RAVELIN_FAMILY_H

#include <linux/netfilter.h>
#include <stdint.h>

typedef uint8_t rv_family_t;	/* NFPROTO_IPV4, NFPROTO_IPV6 */

struct rv_ext;
struct rv_table_def;

struct rv_family_def {
	rv_family_t family;
	int af;				/* AF_* */
	const char *name;		/* "IPv4", for people */
	const char *word;		/* "ipv4", in JSON, metrics and nft's types */
	const char *nft;		/* "ip", nft's family and header */
	const char *tool, *save, *restore;	/* "iptables", "iptables-save", ... */
	const char *icmp;		/* "ICMP" */
	const char *config;		/* "IP": options of the kernel, CONFIG_IP_NF_* */
	const char *xt;			/* "ipt_": names of the kernel's modules */
	const struct rv_ext *core;	/* options without -m: addresses, interfaces, protocol */
	const struct rv_table_def *tables;	/* in save order; ends with a NULL name */
	const char *ipset;		/* "inet", ipset's family */
	const char *hops;		/* "TTL", for people */
	const char *option;		/* "-4" selects it in programs for both */
	const char *legacy;		/* file with the names of legacy tables, proc(5) */
	uint8_t address_len;		/* bytes */
	uint8_t address_bits;
	/* Bytes from the start of the header. */
	uint8_t source, destination, protocol, hops_at;
};

/* IPv4 first. */
#define RV_FAMILIES 2
extern const struct rv_family_def rv_family_defs[RV_FAMILIES];

/* The row of a family; any but NFPROTO_IPV6 is IPv4. Its index is rv_family_index(). */
static inline unsigned int rv_family_index(rv_family_t family)
{
	return family == NFPROTO_IPV6;
}

static inline const struct rv_family_def *rv_family(rv_family_t family)
{
	return &rv_family_defs[rv_family_index(family)];
}

#endif
