/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the match set and the target SET share (uapi linux/netfilter/xt_set.h). Rules keep a
 * set's name; the kernel's structs have its index, which is asked for when a rule goes to the
 * kernel or comes from it, and never before.
 */
#ifndef RAVELIN_EXTENSIONS_IPSET_H
#define RAVELIN_EXTENSIONS_IPSET_H

#include <linux/netfilter/xt_set.h>

#include <ravelin/extension.h>

/* A set and the parts of a packet that are looked for in it; set.index is 0. */
struct rv_ipset {
	struct xt_set_info set;
	char name[IPSET_MAXNAMELEN];
};

/* The option "name src|dst[,...]": p->arg and p->arg2. */
int rv_ipset_parse(struct rv_parse *p, struct rv_ipset *s);
void rv_ipset_print(struct rv_out *o, const struct rv_ipset *s);

/* Ask the kernel; 0, or -1 with err set. */
int rv_ipset_index(const char *name, rv_family_t family, ip_set_id_t *index, struct rv_error *err);
int rv_ipset_name(ip_set_id_t index, char name[IPSET_MAXNAMELEN], struct rv_error *err);
/* From the kernel's struct: its index makes way for the name. */
int rv_ipset_read(struct rv_ipset *s, const struct xt_set_info *set, struct rv_error *err);
/* To the kernel's struct. */
int rv_ipset_write(const struct rv_ipset *s, rv_family_t family, struct xt_set_info *set,
		   struct rv_error *err);

#endif
