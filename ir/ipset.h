/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ipset in the kernel's structs (uapi linux/netfilter/xt_set.h). Rules keep a set's name; the
 * kernel has its index, which is asked for when a rule goes to the kernel or comes from it, and
 * never before.
 */
#ifndef RAVELIN_IR_IPSET_H
#define RAVELIN_IR_IPSET_H

#include <netinet/in.h>

#include <ravelin/extension.h>
#include <ravelin/ipset.h>

/*
 * RV_MOVE_SET: between a row of RV_T_SET and the kernel's struct, the index makes way for the name, or the
 * other way round. A set that is not given has no name and the index IPSET_INVALID_ID. They
 * ask the kernel; 0, or -1 with err set.
 */
int rv_ipset_read(struct rv_ipset *s, const struct xt_set_info *set, struct rv_error *err);
int rv_ipset_write(const struct rv_ipset *s, rv_family_t family, struct xt_set_info *set,
		   struct rv_error *err);
/* RV_MOVE_SET_V0: the same with the struct of revision 0. */
int rv_ipset_read_v0(struct rv_ipset *s, const struct xt_set_info_v0 *set, struct rv_error *err);
int rv_ipset_write_v0(const struct rv_ipset *s, rv_family_t family, struct xt_set_info_v0 *set,
		      struct rv_error *err);

#endif
