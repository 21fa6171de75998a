/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables, their chains, hooks and priorities: linux/netfilter_ipv4.h
 * (enum nf_ip_hook_priorities), the same numbers for IPv6.
 */
#include <limits.h>		/* before netfilter_ipv4.h, which uses INT_MIN */
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include <ravelin/ir.h>

#define PRE NF_INET_PRE_ROUTING
#define IN NF_INET_LOCAL_IN
#define FWD NF_INET_FORWARD
#define OUT NF_INET_LOCAL_OUT
#define POST NF_INET_POST_ROUTING

/* Stock's nf_tables rules of this table come last, unlike NF_IP_PRI_SECURITY. */
#define PRI_SECURITY 150

const struct rv_table_def rv_table_defs[RV_TABLE_DEFS + 1] = {
	{ "mangle", "filter", 5, {
		{ "PREROUTING", PRE, NF_IP_PRI_MANGLE },
		{ "INPUT", IN, NF_IP_PRI_MANGLE },
		{ "FORWARD", FWD, NF_IP_PRI_MANGLE },
		{ "OUTPUT", OUT, NF_IP_PRI_MANGLE },
		{ "POSTROUTING", POST, NF_IP_PRI_MANGLE } } },
	{ "security", "filter", 3, {
		{ "INPUT", IN, PRI_SECURITY },
		{ "FORWARD", FWD, PRI_SECURITY },
		{ "OUTPUT", OUT, PRI_SECURITY } } },
	{ "raw", "filter", 2, {
		{ "PREROUTING", PRE, NF_IP_PRI_RAW },
		{ "OUTPUT", OUT, NF_IP_PRI_RAW } } },
	{ "filter", "filter", 3, {
		{ "INPUT", IN, NF_IP_PRI_FILTER },
		{ "FORWARD", FWD, NF_IP_PRI_FILTER },
		{ "OUTPUT", OUT, NF_IP_PRI_FILTER } } },
	{ "nat", "nat", 4, {
		{ "PREROUTING", PRE, NF_IP_PRI_NAT_DST },
		{ "INPUT", IN, NF_IP_PRI_NAT_SRC },
		{ "OUTPUT", OUT, NF_IP_PRI_NAT_DST },
		{ "POSTROUTING", POST, NF_IP_PRI_NAT_SRC } } },
	{ NULL, NULL, 0, { { NULL, 0, 0 } } },
};

const struct rv_table_def *rv_table_def_find(const char *name)
{
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
		if (!strcmp(def->name, name))
			return def;
	return NULL;
}

/* A packet that mangle OUTPUT changes is routed anew, which only chains of type "route" do. */
const char *rv_base_type(const struct rv_table_def *def, unsigned int base)
{
	if (!strcmp(def->name, "mangle") && def->base[base].hook == OUT)
		return "route";
	return def->type;
}
