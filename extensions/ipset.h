/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the match set and the target SET share (uapi linux/netfilter/xt_set.h). Rules keep a
 * set's name; the kernel's structs have its index, which is asked for when a rule goes to the
 * kernel or comes from it, and never before.
 */
#ifndef RAVELIN_EXTENSIONS_IPSET_H
#define RAVELIN_EXTENSIONS_IPSET_H

#include <ravelin/extension.h>
#include <ravelin/ipset.h>

/*
 * Between a row of RV_T_SET and the kernel's struct: the index makes way for the name, or the
 * other way round. A set that is not given has no name and the index IPSET_INVALID_ID. They
 * ask the kernel; 0, or -1 with err set.
 */
int rv_ipset_read(struct rv_ipset *s, const struct xt_set_info *set, struct rv_error *err);
int rv_ipset_write(const struct rv_ipset *s, rv_family_t family, struct xt_set_info *set,
		   struct rv_error *err);
/* The same from revision 0 of both and back. */
int rv_ipset_read_v0(struct rv_ipset *s, const struct xt_set_info_v0 *set, struct rv_error *err);
int rv_ipset_write_v0(const struct rv_ipset *s, rv_family_t family, struct xt_set_info_v0 *set,
		      struct rv_error *err);

#endif
