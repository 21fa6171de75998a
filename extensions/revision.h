/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the hooks of rv_revision and rv_ext_ops.check: what many of them look at. */
#ifndef RAVELIN_EXTENSIONS_WIRE_H
#define RAVELIN_EXTENSIONS_WIRE_H

#include <netinet/in.h>
#include <string.h>

#include <ravelin/extension.h>

/*
 * Copies a string field of size bytes; what is behind its end becomes zero, since the kernel
 * does not clear it. False: it has no end.
 */
static inline bool rv_copy_text(char *to, const char *from, size_t size)
{
	if (!memchr(from, '\0', size))
		return false;
	memset(to, 0, size);
	memcpy(to, from, strlen(from));
	return true;
}

/* Whether the rule has "-p proto", not inverted: that is what the kernel asks of some targets. */
static inline bool rv_has_protocol(const struct rv_check *c, uint16_t proto)
{
	const struct rv_ip *ip = &c->rule->ip;

	return ip->flags & RV_IP_PROTO && ip->proto == proto && !(ip->invert & RV_IP_PROTO);
}

/* For rv_ext_ops.kernel_check of targets that the kernel takes for TCP only. */
static inline int rv_check_tcp(struct rv_check *c)
{
	if (rv_has_protocol(c, IPPROTO_TCP))
		return 0;
	return rv_check_refuse(c, "%s: it is for TCP only, so the rule needs -p tcp", c->ext->name);
}

#endif
