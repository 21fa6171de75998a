/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this host would do with a packet: routes and addresses (rtnetlink(7), with libmnl), and the
 * conntrack table (libnetfilter_conntrack).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <ravelin/library.h>

#include "cli/explain/explain.h"

/* ---- rtnetlink ---------------------------------------------------------------------------------- */

/* Sends a request and passes each message of the answer to fn. Returns 0 or -errno. */
static int request(struct nlmsghdr *nlh, mnl_cb_t fn, void *arg)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	char buf[32768];
	ssize_t len;
	int rc = -1;

	if (!nl)
		return -errno;
	nlh->nlmsg_seq = (uint32_t)time(NULL);
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		goto out;
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		rc = len < 0 ? -1 : mnl_cb_run(buf, (size_t)len, nlh->nlmsg_seq,
					       mnl_socket_get_portid(nl), fn, arg);
	} while (rc > MNL_CB_STOP && nlh->nlmsg_flags & NLM_F_DUMP);
out:
	rc = rc < 0 ? -errno : 0;
	mnl_socket_close(nl);
	return rc;
}

static void take_route(struct rv_host_route *route, const struct nlattr *attr, unsigned int len)
{
	const void *data = mnl_attr_get_payload(attr);
	const bool address = mnl_attr_get_payload_len(attr) >= len;

	switch (mnl_attr_get_type(attr)) {
	case RTA_OIF:
		if_indextoname(mnl_attr_get_u32(attr), route->out);
		break;
	case RTA_GATEWAY:
		route->has_gateway = address;
		memcpy(&route->gateway, data, address ? len : 0);
		break;
	case RTA_PREFSRC:
		route->has_source = address;
		memcpy(&route->source, data, address ? len : 0);
		break;
	default:
		break;
	}
}

static int on_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct rv_host_route *route = arg;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	route->type = rtm->rtm_type;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		take_route(route, attr, rtm->rtm_family == AF_INET6 ? 16 : 4);
	}
	return MNL_CB_STOP;
}

static int put_interface(struct nlmsghdr *nlh, uint16_t type, const char *name, struct rv_error *err)
{
	unsigned int index = name ? if_nametoindex(name) : 0;

	if (name && !index)
		return rv_fail(err, RV_ERR_USAGE, NULL, "this host has no interface %s: specify --local or --out, "
			       "or an interface that exists", name);
	if (index)
		mnl_attr_put_u32(nlh, type, index);
	return 0;
}

static void put_ports(struct nlmsghdr *nlh, const struct rv_host_query *q)
{
	if (q->proto != IPPROTO_TCP && q->proto != IPPROTO_UDP)
		return;
	mnl_attr_put_u8(nlh, RTA_IP_PROTO, q->proto);
	mnl_attr_put_u16(nlh, RTA_SPORT, q->sport);
	mnl_attr_put_u16(nlh, RTA_DPORT, q->dport);
}

/* The route types for errors of a lookup */
static uint8_t type_of_error(int code)
{
	switch (code) {
	case EHOSTUNREACH:
	case ENETUNREACH:
		return RTN_UNREACHABLE;
	case EACCES:
		return RTN_PROHIBIT;
	case EINVAL:
		return RTN_BLACKHOLE;
	case EXDEV:
		return RTN_UNICAST;	/* reverse path filter: see rp_filter */
	default:
		return RTN_UNSPEC;
	}
}

int rv_host_route(const struct rv_host_query *q, struct rv_host_route *route, struct rv_error *err)
{
	char buf[1024] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;
	int rc;

	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = (unsigned char)rv_family(q->family)->af;
	rtm->rtm_dst_len = (unsigned char)(rv_family(q->family)->address_len * 8);
	rtm->rtm_tos = q->family == NFPROTO_IPV4 ? q->tos & 0x1c : 0;
	mnl_attr_put(nlh, RTA_DST, rv_family(q->family)->address_len, q->dst);
	if (q->src) {
		rtm->rtm_src_len = rtm->rtm_dst_len;
		mnl_attr_put(nlh, RTA_SRC, rv_family(q->family)->address_len, q->src);
	}
	if (put_interface(nlh, RTA_IIF, q->in, err) || put_interface(nlh, RTA_OIF, q->out, err))
		return -1;
	if (q->mark)
		mnl_attr_put_u32(nlh, RTA_MARK, q->mark);
	put_ports(nlh, q);
	memset(route, 0, sizeof(*route));
	rc = request(nlh, on_route, route);
	if (rc)
		route->type = type_of_error(-rc);
	if (route->type != RTN_UNSPEC)
		return 0;
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "cannot look up the route: %s",
		       rc ? strerror(-rc) : "no answer");
}

struct addresses {
	rv_family_t family;
	unsigned int index, n, room;
	union nf_inet_addr *list;
};

static void take_address(struct addresses *a, const struct nlattr *attr)
{
	if (a->n == a->room || mnl_attr_get_payload_len(attr) < rv_family(a->family)->address_len)
		return;
	memset(&a->list[a->n], 0, sizeof(*a->list));
	memcpy(&a->list[a->n++], mnl_attr_get_payload(attr), rv_family(a->family)->address_len);
}

/* IFA_LOCAL is the own address of a point-to-point link; in IPv6 it exists only there. */
static int on_address(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *local = NULL, *address = NULL;
	struct addresses *a = arg;

	if (nlh->nlmsg_type != RTM_NEWADDR || (a->index && ifa->ifa_index != a->index) ||
	    ifa->ifa_family != rv_family(a->family)->af)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		if (mnl_attr_get_type(attr) == IFA_LOCAL)
			local = attr;
		if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			address = attr;
	}
	if (local || address)
		take_address(a, local ? local : address);
	return MNL_CB_OK;
}

unsigned int rv_host_addresses(rv_family_t family, const char *interface, union nf_inet_addr *list,
			       unsigned int room, struct rv_error *err)
{
	struct addresses a = { .family = family, .room = room, .list = list };
	char buf[256] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *ifa;
	int rc;

	if (interface && !(a.index = if_nametoindex(interface)))
		return 0;
	nlh->nlmsg_type = RTM_GETADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = (unsigned char)rv_family(family)->af;
	rc = request(nlh, on_address, &a);
	if (rc)
		rv_fail(err, RV_ERR_PROBLEM, NULL, "cannot read the addresses of this host: %s", strerror(-rc));
	return a.n;
}

/* ---- connections --------------------------------------------------------------------------------- */

#define FUNCTIONS(X)							\
	X(new) X(destroy) X(open) X(close) X(query) X(callback_register)	\
	X(set_attr_u8) X(set_attr_u16) X(set_attr_u32) X(set_attr)	\
	X(get_attr_u16) X(get_attr_u32) X(get_attr) X(attr_is_set)

static struct {
#define RV_X(name) typeof(nfct_##name) *name;
	FUNCTIONS(RV_X)
#undef RV_X
} lib;

static const struct rv_symbol symbols[] = {
#define RV_X(name) { "nfct_" #name, &lib.name },
	FUNCTIONS(RV_X)
#undef RV_X
	{ NULL, NULL },
};

static const char *const sonames[] = { "libnetfilter_conntrack.so.3", NULL };

static const struct rv_library library = {
	.sonames = sonames,
	.symbols = symbols,
	.lacking = "the host's connections cannot be read",
	.hint = "install libnetfilter_conntrack (Debian: libnetfilter-conntrack3)",
};

/* The connection found, and the packet's tuple. */
struct found {
	struct rv_host_connection *c;
	rv_family_t family;
	const uint8_t *bytes;
	uint32_t len;
};

/* Attributes by family; reply attributes have source and destination exchanged. */
static const struct {
	enum nf_conntrack_attr src, dst, reply_src, reply_dst;
} addresses[] = {
	{ ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV4_DST, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV4_DST },
	{ ATTR_ORIG_IPV6_SRC, ATTR_ORIG_IPV6_DST, ATTR_REPL_IPV6_SRC, ATTR_REPL_IPV6_DST },
};

static bool same_address(const struct nf_conntrack *ct, enum nf_conntrack_attr attr, const uint8_t *with,
			 unsigned int len)
{
	const void *at = lib.get_attr(ct, attr);

	return at && !memcmp(at, with, len);
}

static bool same_port(const struct nf_conntrack *ct, enum nf_conntrack_attr attr, const uint8_t *with)
{
	uint16_t port = lib.attr_is_set(ct, attr) ? lib.get_attr_u16(ct, attr) : 0;

	return !memcmp(&port, with, sizeof(port));
}

/* Returns whether the packet has the direction in which the connection was opened. */
static bool is_original(const struct found *f, const struct nf_conntrack *ct)
{
	const unsigned int v6 = rv_family_index(f->family), len = rv_family(f->family)->address_len;
	const uint32_t at = rv_packet_ports(f->bytes, f->len);
	uint8_t *bytes = (uint8_t *)f->bytes;

	if (!same_address(ct, addresses[v6].src, rv_packet_address(bytes, false), len) ||
	    !same_address(ct, addresses[v6].dst, rv_packet_address(bytes, true), len))
		return false;
	return !at || (same_port(ct, ATTR_ORIG_PORT_SRC, bytes + at) &&
		       same_port(ct, ATTR_ORIG_PORT_DST, bytes + at + 2));
}

static void copy(union nf_inet_addr *to, const void *from, unsigned int len)
{
	memset(to, 0, sizeof(*to));
	if (from)
		memcpy(to, from, len);
}

/* A packet leaves with the inverted tuple of the other direction. */
static void take_nat(const struct found *f, const struct nf_conntrack *ct, uint32_t status)
{
	const unsigned int v6 = rv_family_index(f->family), len = rv_family(f->family)->address_len;
	struct rv_host_connection *c = f->c;
	const bool back = c->reply;

	c->snat = status & (back ? IPS_DST_NAT : IPS_SRC_NAT);
	c->dnat = status & (back ? IPS_SRC_NAT : IPS_DST_NAT);
	copy(&c->to_src, lib.get_attr(ct, back ? addresses[v6].dst : addresses[v6].reply_dst), len);
	copy(&c->to_dst, lib.get_attr(ct, back ? addresses[v6].src : addresses[v6].reply_src), len);
	c->to_sport = lib.get_attr_u16(ct, back ? ATTR_ORIG_PORT_DST : ATTR_REPL_PORT_DST);
	c->to_dport = lib.get_attr_u16(ct, back ? ATTR_ORIG_PORT_SRC : ATTR_REPL_PORT_SRC);
}

static int on_connection(enum nf_conntrack_msg_type type, struct nf_conntrack *ct, void *data)
{
	const uint32_t status = lib.get_attr_u32(ct, ATTR_STATUS);
	struct found *f = data;
	struct rv_host_connection *c = f->c;

	(void)type;
	c->reply = !is_original(f, ct);
	if (c->reply || status & IPS_SEEN_REPLY)
		c->state = XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED);
	else
		c->state = XT_CONNTRACK_STATE_BIT(status & IPS_EXPECTED ? IP_CT_RELATED : IP_CT_NEW);
	c->mark = lib.attr_is_set(ct, ATTR_MARK) ? lib.get_attr_u32(ct, ATTR_MARK) : 0;
	take_nat(f, ct, status);
	return NFCT_CB_CONTINUE;
}

static bool put_icmp(struct nf_conntrack *ct, const struct rv_pkt *pkt)
{
	const uint8_t *icmp = pkt->data + pkt->thoff;
	uint16_t id;

	if (pkt->thoff + 8 > pkt->linear)
		return false;
	memcpy(&id, icmp + 4, sizeof(id));
	lib.set_attr_u8(ct, ATTR_ICMP_TYPE, icmp[0]);
	lib.set_attr_u8(ct, ATTR_ICMP_CODE, icmp[1]);
	lib.set_attr_u16(ct, ATTR_ICMP_ID, id);
	return true;
}

/* The packet's tuple as that of a first packet; the kernel looks up both directions. */
static bool put_tuple(struct nf_conntrack *ct, const struct rv_user_packet *p, uint32_t len)
{
	const unsigned int v6 = rv_family_index(p->pkt.family);
	const uint32_t at = rv_packet_ports(p->bytes, len);
	uint16_t ports[2];

	lib.set_attr_u8(ct, ATTR_ORIG_L3PROTO, (uint8_t)rv_family(p->pkt.family)->af);
	lib.set_attr(ct, addresses[v6].src, rv_packet_address(p->bytes, false));
	lib.set_attr(ct, addresses[v6].dst, rv_packet_address(p->bytes, true));
	lib.set_attr_u8(ct, ATTR_ORIG_L4PROTO, (uint8_t)p->pkt.proto);
	if (p->pkt.proto == IPPROTO_ICMP || p->pkt.proto == IPPROTO_ICMPV6)
		return put_icmp(ct, &p->pkt);
	if (!at)
		return true;
	memcpy(ports, p->bytes + at, sizeof(ports));
	lib.set_attr_u16(ct, ATTR_ORIG_PORT_SRC, ports[0]);
	lib.set_attr_u16(ct, ATTR_ORIG_PORT_DST, ports[1]);
	return true;
}

/* Returns 0 if the lookup worked; c->state tells whether there is a connection. */
static int ask(struct nf_conntrack *ct, struct found *f, const char **why)
{
	struct nfct_handle *h = lib.open(CONNTRACK, 0);
	int rc = -1;

	if (h) {
		lib.callback_register(h, NFCT_T_ALL, on_connection, f);
		rc = lib.query(h, NFCT_Q_GET, ct);
	}
	if (rc < 0 && errno == ENOENT)
		rc = 0;
	if (rc < 0)
		*why = strerror(errno);
	if (h)
		lib.close(h);
	return rc;
}

int rv_host_connection(const uint8_t *bytes, uint32_t len, struct rv_host_connection *c, const char **why)
{
	struct rv_user_packet p = { 0 };
	struct found f = { .c = c, .bytes = bytes, .len = len };
	struct nf_conntrack *ct;
	struct rv_error err = { 0 };
	int rc = 0;

	memset(c, 0, sizeof(*c));
	if (rv_user_packet_init(&p, (void *)bytes, len, len) || p.pkt.fragoff)
		return 0;
	f.family = p.pkt.family;
	if (rv_library_load(&library, &err)) {
		*why = "libnetfilter_conntrack is not installed (Debian: libnetfilter-conntrack3)";
		return -1;
	}
	ct = lib.new();
	if (!ct)
		return -1;
	if (put_tuple(ct, &p, len))
		rc = ask(ct, &f, why);
	lib.destroy(ct);
	return rc;
}
