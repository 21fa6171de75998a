/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ipsets in the kernel's structs (uapi linux/netfilter/xt_set.h). Rules refer to a set by name, the
 * kernel by index. The kernel is asked for the other one only when a rule is sent or read.
 */
#ifndef RAVELIN_IR_IPSET_H
#define RAVELIN_IR_IPSET_H

#include <netinet/in.h>

#include <ravelin/extension.h>
#include <ravelin/ipset.h>

/*
 * RV_MOVE_SET: convert between RV_T_SET data and the kernel's struct. An option that is not given
 * has an empty name and index IPSET_INVALID_ID. Both query the kernel. 0, or -1 with err set.
 */
int rv_ipset_read(struct rv_ipset *s, const struct xt_set_info *set, struct rv_error *err);
int rv_ipset_write(const struct rv_ipset *s, rv_family_t family, struct xt_set_info *set,
		   struct rv_error *err);
/* RV_MOVE_SET_V0: the same for revision 0. */
int rv_ipset_read_v0(struct rv_ipset *s, const struct xt_set_info_v0 *set, struct rv_error *err);
int rv_ipset_write_v0(const struct rv_ipset *s, rv_family_t family, struct xt_set_info_v0 *set,
		      struct rv_error *err);

#endif
