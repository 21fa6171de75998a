/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states of conntrack and state, which are one match to the kernel. */
#ifndef RAVELIN_EXTENSIONS_CONNTRACK_H
#define RAVELIN_EXTENSIONS_CONNTRACK_H

#include <ravelin/extension.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_conntrack.h>

/* In the order in which save prints them. */
#define RV_CT_STATES								\
	{ "INVALID", XT_CONNTRACK_STATE_INVALID, "belongs to no connection" },	\
	{ "NEW", XT_CONNTRACK_STATE_BIT(IP_CT_NEW), "begins a connection" },	\
	{ "RELATED", XT_CONNTRACK_STATE_BIT(IP_CT_RELATED),			\
	  "begins one that another expects, or is an error of one" },		\
	{ "ESTABLISHED", XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED),		\
	  "of a connection that has seen packets both ways" },			\
	{ "UNTRACKED", XT_CONNTRACK_STATE_UNTRACKED, "exempt from tracking" }

#endif
