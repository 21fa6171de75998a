/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of addresses: their names and indexes, and the words that say where to look. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "extensions/ipset.h"

/* ---- asking the kernel ------------------------------------------------------- */

/* Asks with *req, whose op is set; fills in the version, which the kernel compares. */
static int ask(void *req, socklen_t size, struct rv_error *err)
{
	struct ip_set_req_version version = { .op = IP_SET_OP_VERSION };
	struct ip_set_req_version *head = req;	/* all requests begin so */
	socklen_t len = sizeof(version);
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), rc = -1;

	if (fd < 0)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "Can't open socket to ipset.\n");
	if (!getsockopt(fd, SOL_IP, SO_IP_SET, &version, &len)) {
		head->version = version.version;
		rc = getsockopt(fd, SOL_IP, SO_IP_SET, req, &size);
	}
	close(fd);
	if (rc)
		return rv_fail(err, RV_ERR_PROBLEM, NULL,
			       "Kernel module xt_set is not loaded in.\n");
	return 0;
}

int rv_ipset_index(const char *name, rv_family_t family, ip_set_id_t *index, struct rv_error *err)
{
	struct ip_set_req_get_set_family req = { .op = IP_SET_OP_GET_FNAME };

	memcpy(req.set.name, name, strnlen(name, IPSET_MAXNAMELEN - 1));
	if (ask(&req, sizeof(req), err))
		return -1;
	if (req.set.index == IPSET_INVALID_ID)
		return rv_fail(err, RV_ERR_USAGE, NULL, "Set %s doesn't exist.\n", name);
	if (req.family != family && req.family != NFPROTO_UNSPEC)
		return rv_fail(err, RV_ERR_USAGE, NULL,
			       "The protocol family of set %s is %s, which is not applicable.\n",
			       name, req.family == NFPROTO_IPV4 ? "IPv4" : "IPv6");
	*index = req.set.index;
	return 0;
}

int rv_ipset_name(ip_set_id_t index, char name[IPSET_MAXNAMELEN], struct rv_error *err)
{
	struct ip_set_req_get_set req = { .op = IP_SET_OP_GET_BYINDEX, .set.index = index };

	if (ask(&req, sizeof(req), err))
		return -1;
	req.set.name[IPSET_MAXNAMELEN - 1] = '\0';
	if (!req.set.name[0])
		return rv_fail(err, RV_ERR_PROBLEM, NULL,
			       "Set with index %u in kernel doesn't exist.\n", index);
	memset(name, 0, IPSET_MAXNAMELEN);
	memcpy(name, req.set.name, strlen(req.set.name));
	return 0;
}

/* ---- name src,dst ------------------------------------------------------------ */

/* "src" or "dst" for each part of an element, the first in bit 1 of the flags. */
static int parse_sides(struct rv_parse *p, struct xt_set_info *set)
{
	const char *text = p->arg2;
	size_t len;

	set->dim = 0;
	set->flags = 0;
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (set->dim == IPSET_DIM_MAX)
			return rv_fail(p->err, RV_ERR_USAGE, &p->loc2,
				       "Can't be more src/dst options than %d.", IPSET_DIM_MAX);
		if (len != 3 || (strncmp(text, "src", 3) != 0 && strncmp(text, "dst", 3) != 0))
			return rv_fail(p->err, RV_ERR_USAGE, &p->loc2,
				       "You must specify (the comma separated list of) 'src' or "
				       "'dst'.");
		set->dim++;
		set->flags |= text[0] == 's' ? 1 << set->dim : 0;
		if (!text[len])
			return 0;
	}
}

int rv_ipset_parse(struct rv_parse *p, struct rv_ipset *s)
{
	size_t len = strlen(p->arg);

	if (len >= sizeof(s->name))
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc,
			       "setname `%s' too long, max %zu characters.", p->arg,
			       sizeof(s->name) - 1);
	if (!len)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Set %s doesn't exist.\n", p->arg);
	memset(s->name, 0, sizeof(s->name));
	memcpy(s->name, p->arg, len);
	return parse_sides(p, &s->set);
}

void rv_ipset_print(struct rv_out *o, const struct rv_ipset *s)
{
	const struct xt_set_info *set = &s->set;

	rv_buf_printf(o->buf, "%s ", s->name);
	for (unsigned int i = 1; i <= set->dim && i <= IPSET_DIM_MAX; i++)
		rv_buf_printf(o->buf, "%s%s", i > 1 ? "," : "",
			      set->flags & 1 << i ? "src" : "dst");
}

int rv_ipset_read(struct rv_ipset *s, const struct xt_set_info *set, struct rv_error *err)
{
	if (set->dim > IPSET_DIM_MAX)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "set: %u dimensions", set->dim);
	s->set = *set;
	s->set.index = 0;
	return rv_ipset_name(set->index, s->name, err);
}

int rv_ipset_write(const struct rv_ipset *s, rv_family_t family, struct xt_set_info *set,
		   struct rv_error *err)
{
	*set = s->set;
	return rv_ipset_index(s->name, family, &set->index, err);
}
