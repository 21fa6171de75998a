/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RV_T_SET: the names and indexes of ipsets. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ir/ipset.h"

/* ---- kernel requests --------------------------------------------------------- */

/* Sends *req, whose op is set. Fills in the protocol version, which the kernel checks. */
static int ipset_request(void *req, socklen_t size, struct rv_error *err)
{
	struct ip_set_req_version version = { .op = IP_SET_OP_VERSION };
	struct ip_set_req_version *head = req;	/* common header of all requests */
	socklen_t len = sizeof(version);
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), rc = -1, code;

	if (fd < 0)
		return rv_fail(err, rv_errno_kind(errno), NULL, "Can't open socket to ipset.\n");
	if (!getsockopt(fd, SOL_IP, SO_IP_SET, &version, &len)) {
		head->version = version.version;
		rc = getsockopt(fd, SOL_IP, SO_IP_SET, req, &size);
	}
	code = errno;
	close(fd);
	if (rc)
		return rv_fail(err, rv_errno_kind(code), NULL, "Kernel module xt_set is not loaded in.\n");
	return 0;
}

static int index_of(const char *name, rv_family_t family, ip_set_id_t *index, struct rv_error *err)
{
	struct ip_set_req_get_set_family req = { .op = IP_SET_OP_GET_FNAME };

	memcpy(req.set.name, name, strnlen(name, IPSET_MAXNAMELEN - 1));
	if (ipset_request(&req, sizeof(req), err))
		return -1;
	if (req.set.index == IPSET_INVALID_ID)
		return rv_fail(err, RV_ERR_USAGE, NULL, "Set %s doesn't exist.\n", name);
	if (req.family != family && req.family != NFPROTO_UNSPEC)
		return rv_fail(err, RV_ERR_USAGE, NULL,
			       "The protocol family of set %s is %s, which is not applicable.\n",
			       name, rv_family(req.family)->name);
	*index = req.set.index;
	return 0;
}

static int set_name(ip_set_id_t index, char name[IPSET_MAXNAMELEN], struct rv_error *err)
{
	struct ip_set_req_get_set req = { .op = IP_SET_OP_GET_BYINDEX, .set.index = index };

	if (ipset_request(&req, sizeof(req), err))
		return -1;
	req.set.name[IPSET_MAXNAMELEN - 1] = '\0';
	if (!req.set.name[0])
		return rv_revision_fail(err, "Set with index %u in kernel doesn't exist.\n", index);
	memset(name, 0, IPSET_MAXNAMELEN);
	memcpy(name, req.set.name, strlen(req.set.name));
	return 0;
}

/* ---- conversion ---------------------------------------------------------------- */

int rv_ipset_read(struct rv_ipset *s, const struct xt_set_info *set, struct rv_error *err)
{
	if (set->index == IPSET_INVALID_ID)
		return 0;
	if (set->dim > IPSET_DIM_MAX)
		return rv_revision_fail(err, "set: %u dimensions", set->dim);
	s->set = *set;
	s->set.index = 0;
	return set_name(set->index, s->name, err);
}

int rv_ipset_write(const struct rv_ipset *s, rv_family_t family, struct xt_set_info *set,
		   struct rv_error *err)
{
	*set = s->set;
	set->index = IPSET_INVALID_ID;
	return s->name[0] ? index_of(s->name, family, &set->index, err) : 0;
}

/* Revision 0 has one word of flags per part, terminated by 0. */
int rv_ipset_read_v0(struct rv_ipset *s, const struct xt_set_info_v0 *set, struct rv_error *err)
{
	struct xt_set_info now = { .index = set->index };

	if (set->u.flags[0] & IPSET_MATCH_INV)
		now.flags = IPSET_INV_MATCH;
	while (now.dim < IPSET_DIM_MAX && set->u.flags[now.dim]) {
		bool src = set->u.flags[now.dim] & IPSET_SRC;

		now.dim++;
		now.flags |= src ? 1 << now.dim : 0;
	}
	return rv_ipset_read(s, &now, err);
}

int rv_ipset_write_v0(const struct rv_ipset *s, rv_family_t family, struct xt_set_info_v0 *set,
		      struct rv_error *err)
{
	struct xt_set_info now;

	if (rv_ipset_write(s, family, &now, err))
		return -1;
	*set = (struct xt_set_info_v0){ .index = now.index };
	for (unsigned int i = 0; i < now.dim && i < IPSET_DIM_MAX; i++)
		set->u.flags[i] = now.flags & 2 << i ? IPSET_SRC : IPSET_DST;
	if (now.flags & IPSET_INV_MATCH)
		set->u.flags[0] |= IPSET_MATCH_INV;
	return 0;
}
