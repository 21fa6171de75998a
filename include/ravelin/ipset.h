/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Value of RV_T_SET options: an ipset by name, and which packet fields form its key. */
#ifndef RAVELIN_IPSET_H
#define RAVELIN_IPSET_H

#include <netinet/in.h>

#include <linux/netfilter/xt_set.h>

/*
 * Bit i (1 to set.dim) of set.flags: part i is taken from the source; bit 0 is IPSET_INV_MATCH.
 * set.index is 0. Option not given: the name is empty.
 */
struct rv_ipset {
	struct xt_set_info set;
	char name[IPSET_MAXNAMELEN];
};

#endif
