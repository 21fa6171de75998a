/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TPROXY: gives packets to a local socket as they are (uapi xt_TPROXY.h). */
#include <arpa/inet.h>

#include <netinet/in.h>

#include <linux/netfilter/xt_TPROXY.h>

#include "extensions/wire.h"

/* The kernel's fields in the order in which a row wants value and mask. */
struct tproxy_data {
	uint32_t mark, mask;
	union nf_inet_addr address;
	uint16_t port;			/* network order */
	uint16_t pad;
};

/* The number is decimal, whatever zeros it begins with. */
static int parse_port(struct rv_parse *p)
{
	struct tproxy_data *d = (struct tproxy_data *)(void *)p->data;
	const char *digits = p->arg;
	int port = -1;

	while (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')
		digits++;
	if (strncasecmp(digits, "0x", 2) != 0)
		port = rv_parse_port(digits, 0);
	if (port < 0)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc,
			       "Port \"%s\" does not resolve to anything.\n", p->arg);
	d->port = htons(port);
	return 0;
}

enum { PORT, ADDRESS, MARK };

static const struct rv_option options[] = {
	[PORT] = {
		.name = "on-port",
		.type = RV_T_UINT,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_BE,
		RV_FIELD(struct tproxy_data, port),
		.arg = "port",
		.help = "of the socket; 0: the port the packet is for",
		.parse = parse_port,
	},
	[ADDRESS] = {
		.name = "on-ip",
		.type = RV_T_ADDR,
		.flags = RV_OPT_ALWAYS,
		RV_FIELD(struct tproxy_data, address),
		.arg = "address",
		.help = "of the socket; without it that of the interface",
	},
	[MARK] = {
		.name = "tproxy-mark",
		.type = RV_T_CHANGE,
		.flags = RV_OPT_ALWAYS,
		.offset = offsetof(struct tproxy_data, mark),
		.size = 2 * sizeof(uint32_t),
		.value = RV_WAY_XMASKED,
		.arg = "value[/mask]",
		.help = "clear the bits of mask in the packet's mark, then XOR value",
	},
	{ 0 },
};

static void show(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data)
{
	const struct tproxy_data *d = (const struct tproxy_data *)(const void *)data;

	(void)ext;
	rv_buf_puts(o->buf, " TPROXY redirect ");
	rv_print_address(o->buf, o->family, &d->address);
	rv_buf_printf(o->buf, ":%u mark 0x%x/0x%x", ntohs(d->port), d->mark, d->mask);
}

static int check(struct rv_check *c)
{
	if (rv_has_protocol(c, IPPROTO_TCP) || rv_has_protocol(c, IPPROTO_UDP))
		return 0;
	return rv_fail(c->err, RV_ERR_PROBLEM, &c->loc,
		       "TPROXY: sockets are for TCP or UDP, so the rule needs -p tcp or -p udp");
}

static int read_v1(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	struct tproxy_data *d = (struct tproxy_data *)(void *)data;
	struct xt_tproxy_target_info_v1 from;

	(void)w;
	(void)err;
	memcpy(&from, wire, sizeof(from));
	d->mark = from.mark_value;
	d->mask = from.mark_mask;
	d->address = from.laddr;
	d->port = from.lport;
	return 0;
}

/* IPv4 only. */
static int read_v0(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	struct tproxy_data *d = (struct tproxy_data *)(void *)data;
	struct xt_tproxy_target_info from;

	(void)w;
	(void)err;
	memcpy(&from, wire, sizeof(from));
	d->mark = from.mark_value;
	d->mask = from.mark_mask;
	d->address.ip = from.laddr;
	d->port = from.lport;
	return 0;
}

static int write_v1(const struct rv_wire *w, const unsigned char *data, unsigned char *wire,
		    struct rv_error *err)
{
	const struct tproxy_data *d = (const struct tproxy_data *)(const void *)data;
	struct xt_tproxy_target_info_v1 info;

	(void)w;
	(void)err;
	/* An initializer would leave what lies behind the last field as it is. */
	memset(&info, 0, sizeof(info));
	info.mark_value = d->mark;
	info.mark_mask = d->mask;
	info.laddr = d->address;
	info.lport = d->port;
	memcpy(wire, &info, sizeof(info));
	return 0;
}

#define WIRE_V1 { .revision = 1, .size = sizeof(struct xt_tproxy_target_info_v1), \
		  .read = read_v1, .write = write_v1 }

static const struct rv_wire wire4[] = {
	WIRE_V1,
	{ .revision = 0, .size = sizeof(struct xt_tproxy_target_info), .read = read_v0 },
	{ 0 },
};

static const struct rv_wire wire6[] = { WIRE_V1, { 0 } };

#define TPROXY(nfproto, wires)							\
	{									\
		.name = "TPROXY", .kind = RV_TARGET, .family = (nfproto),	\
		.size = sizeof(struct tproxy_data), .wire = (wires), .options = options, \
		.tables = "mangle", .hooks = 1 << NF_INET_PRE_ROUTING,		\
		.help = "gives the packet to a local socket, unchanged",	\
		.check = check, .show = show,					\
	}

static const struct rv_ext tproxy4 = TPROXY(NFPROTO_IPV4, wire4);
static const struct rv_ext tproxy6 = TPROXY(NFPROTO_IPV6, wire6);

RV_REGISTER(tproxy4);
RV_REGISTER(tproxy6);
