/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For matches that the kernel takes only in rules for one protocol. */
#ifndef RAVELIN_EXTENSIONS_PROTOCOL_H
#define RAVELIN_EXTENSIONS_PROTOCOL_H

#include <ravelin/extension.h>

static inline int rv_need_protocol(const struct rv_check *c, uint16_t proto)
{
	const struct rv_ip *ip = &c->rule->ip;

	if (ip->flags & RV_IP_PROTO && ip->proto == proto && !(ip->invert & RV_IP_PROTO))
		return 0;
	return rv_check_refuse(c, "%s: the rule needs -p %s", c->ext->name,
			       rv_protocol_name(c->family, proto));
}

#endif
