/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks, tables and their priorities, for nf_tables and the module. Include linux/netfilter_ipv4.h
 * first: priorities are those of enum nf_ip_hook_priorities, and linux/netfilter_ipv6.h has the
 * same values.
 */
#ifndef RAVELIN_HOOKS_H
#define RAVELIN_HOOKS_H

/* Names of base chains. */
#define RV_CHAIN_PRE_ROUTING	"PREROUTING"
#define RV_CHAIN_LOCAL_IN	"INPUT"
#define RV_CHAIN_FORWARD	"FORWARD"
#define RV_CHAIN_LOCAL_OUT	"OUTPUT"
#define RV_CHAIN_POST_ROUTING	"POSTROUTING"

/* The interfaces that options may test at a hook. */
#define RV_HAS_IN	1
#define RV_HAS_OUT	2

/* X(hook, nft's name, interfaces): in NF_INET_* order. */
#define RV_HOOKS(X)							\
	X(PRE_ROUTING, "prerouting", RV_HAS_IN)				\
	X(LOCAL_IN, "input", RV_HAS_IN)					\
	X(FORWARD, "forward", RV_HAS_IN | RV_HAS_OUT)			\
	X(LOCAL_OUT, "output", RV_HAS_OUT)				\
	X(POST_ROUTING, "postrouting", RV_HAS_OUT)

/*
 * T(id, name, nf_tables chain type, bases): tables and their base chains in save order. B(hook,
 * priority): NF_INET_*, NF_IP_PRI_*.
 */
#define RV_TABLES_LIST(T, B)						\
	T(MANGLE, "mangle", "filter",					\
	  B(PRE_ROUTING, MANGLE) B(LOCAL_IN, MANGLE) B(FORWARD, MANGLE)	\
	  B(LOCAL_OUT, MANGLE) B(POST_ROUTING, MANGLE))			\
	T(SECURITY, "security", "filter",				\
	  B(LOCAL_IN, SECURITY) B(FORWARD, SECURITY) B(LOCAL_OUT, SECURITY)) \
	T(RAW, "raw", "filter",						\
	  B(PRE_ROUTING, RAW) B(LOCAL_OUT, RAW))			\
	T(FILTER, "filter", "filter",					\
	  B(LOCAL_IN, FILTER) B(FORWARD, FILTER) B(LOCAL_OUT, FILTER))	\
	T(NAT, "nat", "nat",						\
	  B(PRE_ROUTING, NAT_DST) B(LOCAL_IN, NAT_SRC)			\
	  B(LOCAL_OUT, NAT_DST) B(POST_ROUTING, NAT_SRC))

/*
 * NF_IP_PRI_SECURITY is 50; iptable_security used it, and so does the module: before source NAT.
 * iptables-nft creates its chains with 150, after source NAT, and ignores chains with another
 * priority, so nf_tables rulesets must use 150.
 */
#define RV_NFT_PRIORITY(priority) ((priority) == NF_IP_PRI_SECURITY ? 150 : (priority))

#endif
