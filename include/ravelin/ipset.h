/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a row of RV_T_SET holds: an ipset by its name, and where its parts are in a packet. */
#ifndef RAVELIN_IPSET_H
#define RAVELIN_IPSET_H

#include <netinet/in.h>

#include <linux/netfilter/xt_set.h>

/*
 * Bit i of set.flags says that part i, from 1 to set.dim, is looked for at the source; bit 0 is
 * IPSET_INV_MATCH. set.index is 0. Not given: the name is empty.
 */
struct rv_ipset {
	struct xt_set_info set;
	char name[IPSET_MAXNAMELEN];
};

#endif
