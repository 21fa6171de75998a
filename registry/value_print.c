/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing of option values for save and -L, one function per type. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include <ravelin/ipset.h>

#include "registry/row.h"

static void print_number(struct rv_buf *b, const struct rv_option *opt, uint64_t n)
{
	int digits = opt->flags & RV_OPT_PADDED ? 2 * mask_size(opt) : 1;

	if (opt->flags & RV_OPT_HEX)
		rv_buf_printf(b, "0x%0*llx", digits, (unsigned long long)n);
	else
		rv_buf_u64(b, n);
}

static void print_nothing(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
}

static void print_uint(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	uint64_t n = get_number(opt, data + opt->offset, opt->size);
	const struct rv_name *name = opt->names && n > row_max(opt, opt->size) ?
					     rv_name_of(opt->names, n) : NULL;

	/* Values outside the numeric range have only a name. */
	if (name)
		rv_buf_puts(o->buf, name->name);
	else
		print_number(o->buf, opt, n);
}

static void print_range(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	unsigned int half = half_size(opt);
	uint64_t from = get_number(opt, data + opt->offset, half);
	uint64_t to = get_number(opt, data + end_at(opt), half);

	print_number(o->buf, opt, from);
	if (opt->flags & RV_OPT_OPEN_ENDED ? to == row_max(opt, half) : from == to)
		return;
	rv_buf_putc(o->buf, ':');
	print_number(o->buf, opt, to);
}

void rv_print_port(struct rv_out *o, uint16_t port)
{
	const char *proto = rv_protocol_name(o->family, o->proto);
	struct servent *s = NULL;

	if (o->style == RV_STYLE_LIST && !o->numeric && proto)
		s = getservbyport(htons(port), proto);
	if (s)
		rv_buf_puts(o->buf, s->s_name);
	else
		rv_buf_u64(o->buf, port);
}

static void print_ports(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	uint16_t from = get_number(opt, data + opt->offset, 2);
	uint16_t to = get_number(opt, data + end_at(opt), 2);

	if (!(opt->flags & RV_OPT_NAMES)) {
		print_range(o, opt, data);
		return;
	}
	rv_print_port(o, from);
	if (from == to)
		return;
	rv_buf_putc(o->buf, ':');
	rv_print_port(o, to);
}

static void print_masked(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	unsigned int size = mask_size(opt);
	uint64_t mask = get_number(opt, data + mask_at(opt), size);
	bool numeric = o->style == RV_STYLE_LIST && o->numeric;
	char name[64];

	if (opt->file && !numeric && mask == row_max(opt, size) &&
	    rv_names_name(opt->file, get_number(opt, data + opt->offset, size), name, sizeof(name))) {
		rv_buf_puts(o->buf, name);
		return;
	}
	print_number(o->buf, opt, get_number(opt, data + opt->offset, size));
	if (mask == row_max(opt, size))
		return;
	rv_buf_putc(o->buf, '/');
	print_number(o->buf, opt, mask);
}

static void print_change(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	unsigned int size = mask_size(opt);
	unsigned long long max = row_max(opt, size);
	unsigned long long n = get_number(opt, data + opt->offset, size);
	unsigned long long mask = get_number(opt, data + mask_at(opt), size);

	if (o->style == RV_STYLE_SAVE)
		rv_buf_printf(o->buf, "0x%llx/0x%llx", n, mask);
	else if (!n)
		rv_buf_printf(o->buf, "and 0x%llx", ~mask & max);
	else if (n == mask)
		rv_buf_printf(o->buf, "or 0x%llx", n);
	else if (!mask)
		rv_buf_printf(o->buf, "xor 0x%llx", n);
	else if (mask == max)
		rv_buf_printf(o->buf, "set 0x%llx", n);
	else
		rv_buf_printf(o->buf, "xset 0x%llx/0x%llx", n, mask);
}

/* Whether iptables-restore reads all characters literally. */
static bool is_plain(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || strchr("\"'\\", *p))
			return false;
	return *text != '\0';
}

/* Whether all words can be read back unquoted. */
static bool readable(const char *text)
{
	return is_plain(text) && *text != '-';
}

/* Names may contain spaces; like iptables, prints those so that they are read as several words. */
static void print_name(struct rv_out *o, const char *name)
{
	if (o->style == RV_STYLE_SAVE && !is_plain(name))
		rv_print_quoted(o->buf, name);
	else
		rv_buf_puts(o->buf, name);
}

static void print_string(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	char text[1024];

	snprintf(text, sizeof(text), "%.*s", (int)opt->size, (const char *)data + opt->offset);
	if (o->style == RV_STYLE_SAVE && !(opt->flags & RV_OPT_BARE && readable(text)))
		rv_print_quoted(o->buf, text);
	else
		rv_buf_puts(o->buf, text);
}

static void print_enum(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	uint64_t n = own_bits(opt, rv_get_uint(data + opt->offset, opt->size));
	const struct rv_name *name = rv_name_of(opt->names, n);

	if (name)
		rv_buf_puts(o->buf, name->name);
	else
		rv_buf_u64(o->buf, n);
}

void rv_print_bits(struct rv_buf *b, const struct rv_option *opt, const unsigned char *data,
		   const char *between)
{
	uint64_t left = own_bits(opt, rv_get_uint(data + opt->offset, opt->size));
	const struct rv_name *none = left ? NULL : rv_name_of(opt->names, 0);
	const char *before = "";

	rv_buf_puts(b, none ? none->name : "");
	for (const struct rv_name *n = opt->names; n->name && left; n++) {
		if (!n->value || (left & n->value) != n->value)
			continue;
		rv_buf_printf(b, "%s%s", before, n->name);
		before = between;
		left &= ~n->value;
	}
}

static void print_bits(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	rv_print_bits(o->buf, opt, data, ",");
}

static void print_addr(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	union nf_inet_addr addr = get_address(o->family, data + opt->offset, opt->size);

	rv_print_address(o->buf, o->family, &addr);
}

/* Prints a host name, for -L without -n. false: it has none. */
static bool print_host_name(struct rv_out *o, const union nf_inet_addr *addr)
{
	bool v4 = o->family == NFPROTO_IPV4;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = addr->in };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = addr->in6 };
	char name[NI_MAXHOST];

	if (getnameinfo(v4 ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
			v4 ? sizeof(in) : sizeof(in6), name, sizeof(name), NULL, 0, NI_NAMEREQD))
		return false;
	rv_buf_puts(o->buf, name);
	return true;
}

static void print_addr_mask(struct rv_out *o, const struct rv_option *opt,
			    const unsigned char *data)
{
	union nf_inet_addr addr = get_address(o->family, data + opt->offset, opt->size);
	union nf_inet_addr mask = get_address(o->family, data + mask_at(opt), mask_size(opt));
	int len = rv_mask_length(o->family, &mask);
	bool names = o->style == RV_STYLE_LIST && !o->numeric && !(opt->flags & RV_OPT_LITERAL);

	if (names && !memcmp(&addr, &(union nf_inet_addr){ 0 }, sizeof(addr))) {
		rv_buf_puts(o->buf, "anywhere");
		return;
	}
	if (names && len == rv_family(o->family)->address_bits && print_host_name(o, &addr))
		return;
	rv_print_address(o->buf, o->family, &addr);
	if (opt->flags & RV_OPT_CIDR && len == rv_family(o->family)->address_bits)
		rv_buf_printf(o->buf, "/%d", len);
	else
		rv_print_mask(o->buf, o->family, &mask);
}

static void print_addr_range(struct rv_out *o, const struct rv_option *opt,
			     const unsigned char *data)
{
	unsigned int half = half_size(opt);
	union nf_inet_addr from = get_address(o->family, data + opt->offset, half);
	union nf_inet_addr to = get_address(o->family, data + end_at(opt), half);

	rv_print_address(o->buf, o->family, &from);
	rv_buf_putc(o->buf, '-');
	rv_print_address(o->buf, o->family, &to);
}

static void print_mac(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	for (int i = 0; i < 6; i++)
		rv_buf_printf(o->buf, i ? ":%02x" : "%02x", data[opt->offset + i]);
}

static void print_prefix(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	union nf_inet_addr mask = get_address(o->family, data + opt->offset, opt->size);
	int len = opt->size == 1 ? data[opt->offset] : rv_mask_length(o->family, &mask);

	if (len < 0)
		rv_print_address(o->buf, o->family, &mask);
	else
		rv_buf_u64(o->buf, len);
}

static void print_iface(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	char name[IFNAMSIZ + 1];

	snprintf(name, sizeof(name), "%.*s", IFNAMSIZ, (const char *)data + opt->offset);
	print_name(o, name);
}

static void print_proto(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	uint64_t n = rv_get_uint(data + opt->offset, opt->size);
	const char *name = opt->flags & RV_OPT_NUMBER ? NULL : rv_protocol_name(o->family, n);

	if (name)
		rv_buf_puts(o->buf, name);
	else
		rv_buf_u64(o->buf, n);
}

static void print_set(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct rv_ipset *s = (const struct rv_ipset *)(const void *)(data + opt->offset);

	print_name(o, s->name);
	rv_buf_putc(o->buf, ' ');
	for (unsigned int i = 1; i <= s->set.dim && i <= IPSET_DIM_MAX; i++)
		rv_buf_printf(o->buf, "%s%s", i > 1 ? "," : "",
			      s->set.flags & 1 << i ? "src" : "dst");
}

static void (*const printers[])(struct rv_out *o, const struct rv_option *opt,
				const unsigned char *data) = {
	[RV_T_FLAG] = print_nothing,
	[RV_T_UINT] = print_uint,
	[RV_T_UINT_RANGE] = print_range,
	[RV_T_PORT_RANGE] = print_ports,
	[RV_T_MASKED] = print_masked,
	[RV_T_STRING] = print_string,
	[RV_T_ENUM] = print_enum,
	[RV_T_BITS] = print_bits,
	[RV_T_ADDR] = print_addr,
	[RV_T_ADDR_MASK] = print_addr_mask,
	[RV_T_ADDR_RANGE] = print_addr_range,
	[RV_T_MAC] = print_mac,
	[RV_T_IFACE] = print_iface,
	[RV_T_PROTO] = print_proto,
	[RV_T_CHANGE] = print_change,
	[RV_T_PREFIX] = print_prefix,
	[RV_T_PORT] = print_uint,
	[RV_T_SET] = print_set,
	[RV_T_NAT] = rv_nat_print,
	[RV_T_HOOK] = print_nothing,
};

void rv_value_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	printers[opt->type](o, opt, data);
}

void rv_row_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	if (rv_option_ops(opt)->print)
		rv_option_ops(opt)->print(o, opt, data);
	else
		rv_value_print(o, opt, data);
}
