/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RV_T_NAT: addresses and ports to translate to (uapi nf_nat.h). */
#include <arpa/inet.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>

#include "registry/row.h"

/* ---- parsing ------------------------------------------------------------------- */

static int bad_port(struct rv_parse *p, const char *text)
{
	return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Port `%s' not valid", text);
}

/* A port number, or a service name if names is set; advances *text. */
static int read_port(struct rv_parse *p, const char **text, int min, bool names, __be16 *port)
{
	const char *end;
	uint64_t n;
	int service;

	if (rv_parse_uint_prefix(*text, min, UINT16_MAX, &n, &end)) {
		*port = htons(n);
		*text = end;
		return 0;
	}
	service = names ? rv_parse_port(*text, 0) : -1;
	if (service < min)
		return bad_port(p, *text);
	*port = htons(service);
	*text += strlen(*text);
	return 0;
}

/*
 * Protocols whose ports the kernel translates; iptables also accepts icmp, where the "port" is the
 * id.
 */
static bool has_ports(const struct rv_ip *ip)
{
	switch (ip->flags & RV_IP_PROTO ? ip->proto : 0) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_ICMP:
		return true;
	default:
		return false;
	}
}

/* "/base" or nothing: the port that corresponds to the first one of the range. */
static int read_base(struct rv_parse *p, const char *text, struct nf_nat_range2 *r)
{
	if (*text == '/') {
		text++;
		if (read_port(p, &text, 1, true, &r->base_proto.all))
			return -1;
		if (!(p->opt->nat & NF_NAT_RANGE_PROTO_OFFSET))
			return rv_fail(p->err, RV_ERR_USAGE, &p->loc,
				       "Shifted portmap ranges not supported with this kernel");
		r->flags |= NF_NAT_RANGE_PROTO_OFFSET;
	}
	if (*text)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Garbage after port range: `%s'",
			       text);
	return 0;
}

/* "-port[/base]" */
static int read_range_end(struct rv_parse *p, const char *text, struct nf_nat_range2 *r)
{
	const char *last = ++text;

	if (read_port(p, &text, 0, false, &r->max_proto.all))
		return -1;
	if (ntohs(r->max_proto.all) < ntohs(r->min_proto.all))
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Port range `%s' funky", last);
	return read_base(p, text, r);
}

static int read_ports(struct rv_parse *p, const char *text, struct nf_nat_range2 *r)
{
	if (!has_ports(&p->rule->ip))
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc,
			       "Need TCP, UDP, SCTP or DCCP with port specification");
	if (read_port(p, &text, 0, true, &r->min_proto.all))
		return -1;
	r->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	r->max_proto = r->min_proto;
	/* iptables prints "80-80/5" as "80/5". */
	if (*text == '/' && p->opt->nat & NF_NAT_RANGE_PROTO_OFFSET)
		return read_base(p, text, r);
	switch (*text) {
	case '\0':
		return 0;
	case '-':
		return read_range_end(p, text, r);
	case ':':
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc,
			       "Invalid port:port syntax - use dash");
	default:
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Garbage after port value: `%s'",
			       text);
	}
}

/* Stricter than rv_parse_address(): an IPv4 address needs four decimal numbers. */
static int read_address(struct rv_parse *p, const char *text, size_t len, union nf_inet_addr *addr)
{
	char word[INET6_ADDRSTRLEN];

	memset(addr, 0, sizeof(*addr));
	if (len < sizeof(word)) {
		memcpy(word, text, len);
		word[len] = '\0';
		if (inet_pton(rv_family(p->family)->af, word, addr) == 1)
			return 0;
	}
	return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Bad IP address \"%.*s\"",
		       (int)(len < RV_ERROR_TEXT ? len : RV_ERROR_TEXT), text);
}

static int read_addresses(struct rv_parse *p, const char *text, const char *end,
			  struct nf_nat_range2 *r)
{
	const char *dash = memchr(text, '-', end - text);

	if (read_address(p, text, (dash ? dash : end) - text, &r->min_addr))
		return -1;
	r->max_addr = r->min_addr;
	r->flags |= NF_NAT_RANGE_MAP_IPS;
	return dash ? read_address(p, dash + 1, end - dash - 1, &r->max_addr) : 0;
}

/*
 * Splits text into the end of the addresses and the start of the ports (NULL: none). IPv6 addresses
 * with ports are in brackets; without brackets, a single colon precedes a port and several belong
 * to an address.
 */
static int split(struct rv_parse *p, const char **text, const char **end, const char **ports)
{
	const char *colon;

	*ports = NULL;
	if (!strchr(*text, '[')) {
		colon = strchr(*text, ':');
		if (colon && !strchr(colon + 1, ':'))
			*ports = colon + 1;
		*end = *ports ? colon : *text + strlen(*text);
		return 0;
	}
	*end = strchr(*text, ']');
	if (p->family != NFPROTO_IPV6 || **text != '[' || !*end ||
	    ((*end)[1] && (*end)[1] != ':'))
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Invalid address format");
	if ((*end)[1])
		*ports = *end + 2;
	(*text)++;
	return 0;
}

int rv_nat_parse(struct rv_parse *p, const char *text, unsigned char *field)
{
	struct nf_nat_range2 *r = (struct nf_nat_range2 *)(void *)field;
	const char *end, *ports;

	if (!(p->opt->nat & NF_NAT_RANGE_MAP_IPS))
		return read_ports(p, text, r);
	if (split(p, &text, &end, &ports) || (ports && read_ports(p, ports, r)))
		return -1;
	return ports && end == text ? 0 : read_addresses(p, text, end, r);
}

/* ---- printing ------------------------------------------------------------------ */

static void print_addresses(struct rv_out *o, const struct nf_nat_range2 *r)
{
	bool brackets = o->family == NFPROTO_IPV6 && r->flags & NF_NAT_RANGE_PROTO_SPECIFIED;

	if (brackets)
		rv_buf_putc(o->buf, '[');
	rv_print_address(o->buf, o->family, &r->min_addr);
	if (memcmp(&r->min_addr, &r->max_addr, sizeof(r->min_addr))) {
		rv_buf_putc(o->buf, '-');
		rv_print_address(o->buf, o->family, &r->max_addr);
	}
	if (brackets)
		rv_buf_putc(o->buf, ']');
}

static void print_ports(struct rv_out *o, const struct nf_nat_range2 *r)
{
	bool offset = r->flags & NF_NAT_RANGE_PROTO_OFFSET;

	rv_buf_u64(o->buf, ntohs(r->min_proto.all));
	/* A base port needs a range before it: "80/5" could not be parsed. */
	if (offset || r->max_proto.all != r->min_proto.all) {
		rv_buf_putc(o->buf, '-');
		rv_buf_u64(o->buf, ntohs(r->max_proto.all));
	}
	if (offset) {
		rv_buf_putc(o->buf, '/');
		rv_buf_u64(o->buf, ntohs(r->base_proto.all));
	}
}

void rv_nat_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct nf_nat_range2 *r = (const struct nf_nat_range2 *)(const void *)(data + opt->offset);

	if (r->flags & NF_NAT_RANGE_MAP_IPS)
		print_addresses(o, r);
	if (!(r->flags & NF_NAT_RANGE_PROTO_SPECIFIED))
		return;
	if (opt->nat & NF_NAT_RANGE_MAP_IPS)
		rv_buf_putc(o->buf, ':');
	print_ports(o, r);
}
