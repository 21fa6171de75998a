/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Value formats of rv_ext.nft: one letter after the row's name per format. */
#include <stdio.h>

#include <string.h>

#include <ravelin/registry.h>

#include "extensions/limit.h"
#include "text.h"

#define LOG_PREFIX_MAX 127
#define HELPER_MAX 15

static struct rv_text *text_of(struct rv_template *w)
{
	return w->arg;
}

static const char *string_of(const struct rv_template *w, const struct rv_option *opt)
{
	return (const char *)w->data + opt->offset;
}

/* The number in the row's field; with a mask, the value only. */
static uint64_t number_of(const struct rv_template *w, const struct rv_option *opt)
{
	unsigned int size = opt->type == RV_T_CHANGE ? opt->size / 2 : opt->size;

	return rv_get_uint(w->data + opt->offset, size);
}

/* The value as save prints it. */
static bool save_text(struct rv_template *w, const struct rv_option *opt, struct rv_buf *b)
{
	struct rv_out o = w->out;

	o.buf = b;
	rv_row_print(&o, opt, w->data);
	return rv_buf_text(b);
}

/* p: log prefix; nft expands '$'. */
static bool put_prefix(struct rv_template *w, const struct rv_option *opt)
{
	return rv_text_quoted(w->out.buf, string_of(w, opt), LOG_PREFIX_MAX, "$");
}

/* i: interface name; nft treats a trailing '*' as a wildcard. */
static bool put_interface(struct rv_template *w, const struct rv_option *opt)
{
	return rv_text_quoted(w->out.buf, string_of(w, opt), IFNAMSIZ, "+*\\");
}

/* h: helper name. An empty name means any helper, which nft cannot express. */
static bool put_helper(struct rv_template *w, const struct rv_option *opt)
{
	return *string_of(w, opt) &&
	       rv_text_quoted(w->out.buf, string_of(w, opt), HELPER_MAX, "\\*");
}

/* e: deferred to the end of the rule, where nft has its comment. Only one is possible. */
static bool put_end(struct rv_template *w, const struct rv_option *opt)
{
	struct rv_text *t = text_of(w);
	bool first = !t->comment;

	t->comment = string_of(w, opt);
	return first;
}

static void put_bytes(struct rv_buf *b, uint64_t n)
{
	const struct rv_byte_unit *unit = rv_byte_units;

	while (n % unit->bytes)
		unit++;
	rv_buf_printf(b, "%llu %s", (unsigned long long)(n / unit->bytes), unit->word);
}

/* nf_tables stores the burst in ns as a 64-bit number, and replaces a burst of 0 by its default. */
static bool is_countable(const struct rv_rate *r)
{
	const uint64_t second = 1000000000;

	if (r->bytes)
		return r->rate && r->burst <= UINT32_MAX &&
		       r->rate <= UINT64_MAX / second - r->burst;
	return r->rate && r->burst && r->seconds * second / r->rate <= UINT64_MAX / r->burst;
}

/* l: rate, with its burst unless it is nft's default. */
static bool put_rate(struct rv_template *w, const struct rv_option *opt)
{
	const struct rv_rate r = rv_rate_of(w->ext, w->data);
	struct rv_buf *b = w->out.buf;

	if (!is_countable(&r))
		return false;
	if (r.bytes)
		put_bytes(b, r.rate);
	else
		rv_buf_u64(b, r.rate);
	rv_buf_printf(b, "/%s", rv_limit_unit_of(r.seconds)->word);
	if (r.burst == (r.bytes ? 0 : RV_LIMIT_BURST))
		return true;
	rv_buf_puts(b, " burst ");
	if (r.bytes)
		put_bytes(b, r.burst);
	else
		rv_buf_printf(b, "%llu packets", (unsigned long long)r.burst);
	return true;
}

/* s: timeout in ms; 0 means none in nft. */
static bool put_time(struct rv_template *w, const struct rv_option *opt)
{
	unsigned int ms = number_of(w, opt);

	if (ms >= 1000)
		rv_buf_printf(w->out.buf, "%us", ms / 1000);
	if (ms % 1000)
		rv_buf_printf(w->out.buf, "%ums", ms % 1000);
	return ms;
}

/* b: byte in hex. */
static bool put_byte(struct rv_template *w, const struct rv_option *opt)
{
	rv_buf_printf(w->out.buf, "0x%02x", (unsigned int)number_of(w, opt));
	return true;
}

/* d: number, up to nft's limit. */
static bool put_number(struct rv_template *w, const struct rv_option *opt)
{
	return (opt->size < 8 || number_of(w, opt) <= INT64_MAX) && rv_template_value(w, opt, "d");
}

/* r: range with '-'. */
static bool put_range(struct rv_template *w, const struct rv_option *opt)
{
	struct rv_buf range = RV_BUF_INIT;
	bool ok = save_text(w, opt, &range);

	for (size_t i = 0; i < range.len; i++)
		rv_buf_putc(w->out.buf, range.data[i] == ':' ? '-' : range.data[i]);
	rv_buf_free(&range);
	return ok;
}

/* t: traffic control class. */
static bool put_class(struct rv_template *w, const struct rv_option *opt)
{
	uint32_t class = number_of(w, opt);

	if (!class)
		rv_buf_puts(w->out.buf, "none");
	else if (class == UINT32_MAX)
		rv_buf_puts(w->out.buf, "root");
	else
		rv_buf_printf(w->out.buf, "%x:%x", class >> 16, class & UINT16_MAX);
	return true;
}

/*
 * Changes bits of the TOS octet. nft updates no checksum for raw payload writes; IPv6 has no header
 * checksum.
 */
static bool put_octet_bits(struct rv_template *w, unsigned int value, unsigned int mask)
{
	rv_buf_puts(w->out.buf, "@nh,0,16 set @nh,0,16");
	if (mask)
		rv_buf_printf(w->out.buf, " & 0x%04x", 0xffff & ~(mask << 4));
	if (value)
		rv_buf_printf(w->out.buf, " ^ 0x%04x", value << 4);
	return true;
}

/* o: TOS octet: two fields in nft, each either set completely or left unchanged. */
static bool put_octet(struct rv_template *w, const struct rv_option *opt)
{
	static const char *const ecn[] = { "not-ect", "ect1", "ect0", "ce" };
	const char *header = rv_family(w->out.family)->nft;
	unsigned int value = w->data[opt->offset], mask = w->data[opt->offset + 1];

	if (mask == 0x03 && value <= 3) {
		rv_buf_printf(w->out.buf, "%s ecn set %s", header, ecn[value]);
		return true;
	}
	if ((mask != 0xff && mask != 0xfc) || value & ~mask)
		return w->out.family == NFPROTO_IPV6 && (value || mask) &&
		       put_octet_bits(w, value, mask);
	rv_buf_printf(w->out.buf, "%s dscp set 0x%02x", header, value >> 2);
	if (mask == 0xff)
		rv_buf_printf(w->out.buf, " %s ecn set %s", header, ecn[value & 3]);
	return true;
}

/* ---- bit changes ----------------------------------------------------------------- */

/* c, old, and: an expression for (x & ~mask) ^ value. "and" has precedence over "xor". */
static bool put_change(struct rv_template *w, const struct rv_option *opt, const char *format)
{
	struct rv_buf *b = w->out.buf;
	uint32_t value = number_of(w, opt);
	uint32_t mask = rv_get_uint(w->data + opt->offset + opt->size / 2, opt->size / 2);
	const char *old = format + 1, *and = strchr(old, ',') + 1;
	int old_len = and - 1 - old, and_len = strcspn(and, ">");

	if (mask != UINT32_MAX)
		rv_buf_printf(b, "%.*s ", old_len, old);
	if (mask == UINT32_MAX)
		rv_buf_printf(b, "0x%x", value);
	else if (!value)
		rv_buf_printf(b, "%.*s 0x%x", and_len, and, ~mask);
	else if (value == mask)
		rv_buf_printf(b, "or 0x%x", value);
	else if (!mask)
		rv_buf_printf(b, "xor 0x%x", value);
	else
		rv_buf_printf(b, "%.*s 0x%x xor 0x%x", and_len, and, ~mask, value);
	return true;
}

/* ---- addresses and ports ----------------------------------------------------------- */

/* nft requires the lower address first. */
static bool in_order(rv_family_t family, const char *first, const char *last)
{
	union nf_inet_addr a = { 0 }, b = { 0 };

	return rv_parse_address(family, first, &a) && rv_parse_address(family, last, &b) &&
	       memcmp(&a, &b, sizeof(a)) <= 0;
}

/* One address or two. With brackets (IPv6 with ports), nft wants each in its own. */
static bool put_addresses(struct rv_text *t, char *first, bool brackets)
{
	const char *open = brackets ? "[" : "", *close = brackets ? "]" : "";
	char *last = strchr(first, '-');

	if (last)
		*last++ = '\0';
	if (last && !in_order(t->family, first, last))
		return false;
	rv_buf_printf(t->b, "%s%s%s", open, first, close);
	if (last)
		rv_buf_printf(t->b, "-%s%s%s", open, last, close);
	return true;
}

/* Start of the ports: at the colon, or the end of the text. */
static char *find_ports(const struct rv_text *t, char *text)
{
	char *close = strchr(text, ']'), *colon = strchr(text, ':');

	if (close)
		return close + 1;
	/* Two colons: an IPv6 address without ports. */
	if (!colon || (t->family == NFPROTO_IPV6 && strchr(colon + 1, ':')))
		return text + strlen(text);
	return colon;
}

/*
 * "[address[-address]][:port[-port]]" as save prints it. nft requires a protocol before ports and
 * has no base port ("/").
 */
static bool put_where(struct rv_text *t, char *text)
{
	bool brackets = *text == '[';
	char *ports = find_ports(t, text);
	char port_text[sizeof(":65535-65535")] = "";

	if (strchr(text, '/') || strlen(ports) >= sizeof(port_text) ||
	    (*ports && !rv_text_has_protocol(t, 0)))
		return false;
	memcpy(port_text, ports, strlen(ports));
	ports[brackets ? -1 : 0] = '\0';
	if (text[brackets] && !put_addresses(t, text + brackets, brackets))
		return false;
	rv_buf_puts(t->b, port_text);
	return true;
}

/* a: NAT range. */
static bool put_nat(struct rv_template *w, const struct rv_option *opt)
{
	struct rv_buf value = RV_BUF_INIT;
	bool ok = save_text(w, opt, &value) && put_where(text_of(w), value.data);

	rv_buf_free(&value);
	return ok;
}

/* ---- sets ------------------------------------------------------------------------------ */

/* n: name of a meter, a set that nft creates for one rule. */
static bool put_meter(struct rv_template *w, const struct rv_option *opt)
{
	const char *name = string_of(w, opt);
	struct rv_text *t = text_of(w);

	rv_buf_puts(w->out.buf, name);
	return rv_text_is_name(name) && rv_text_sets_claim(t->place->sets, t->place->table, name);
}

/* f: name of a set of addresses that the rule adds to; created by a line before the rule. */
static bool put_dynamic_set(struct rv_template *w, const struct rv_option *opt)
{
	struct rv_text *t = text_of(w);
	const char *family = rv_text_family(t->family);
	char name[sizeof("connlimit4294967295")];

	snprintf(name, sizeof(name), "connlimit%u", t->place->sets->counted++);
	rv_buf_printf(t->before, "add set %s %s %s { type %s_addr; flags dynamic; }\n", family,
		      t->place->table, name, rv_family(t->family)->word);
	rv_buf_puts(w->out.buf, name);
	return rv_text_sets_claim(t->place->sets, t->place->table, name);
}

/* Significant bits of an address, as prefix length or mask; nothing if all are. */
static bool put_kept(struct rv_template *w, const struct rv_option *opt)
{
	rv_family_t family = w->out.family;
	unsigned int bits = rv_family(family)->address_bits, len = w->data[opt->offset];
	union nf_inet_addr mask = { 0 };

	if (opt->size == sizeof(mask))
		memcpy(&mask, w->data + opt->offset, sizeof(mask));
	else if (len <= bits)
		rv_mask_make(family, len, &mask);
	else
		return false;
	if (rv_mask_length(family, &mask) == (int)bits)
		return true;
	rv_buf_puts(w->out.buf, " and ");
	rv_print_address(w->out.buf, family, &mask);
	return true;
}

/* k, field: part of the key of a meter; addresses are masked as the row says. */
static bool put_meter_key(struct rv_template *w, const struct rv_option *opt, const char *format)
{
	struct rv_text *t = text_of(w);
	bool address = opt->type == RV_T_PREFIX;
	const char *header = address ? rv_text_family(t->family) : rv_text_port_header(t);

	if (!header)
		return false;
	rv_buf_printf(w->out.buf, "%s %.*s", header, (int)strcspn(format + 2, ">"), format + 2);
	return !address || put_kept(w, opt);
}

/* ---- formats --------------------------------------------------------------------------- */

static const struct {
	char letter;
	bool (*put)(struct rv_template *w, const struct rv_option *opt);
} formats[] = {
	{ 'a', put_nat }, { 'b', put_byte }, { 'd', put_number }, { 'e', put_end },
	{ 'f', put_dynamic_set }, { 'h', put_helper }, { 'i', put_interface }, { 'l', put_rate },
	{ 'n', put_meter }, { 'o', put_octet }, { 'p', put_prefix }, { 'r', put_range },
	{ 's', put_time }, { 't', put_class },
};

static bool put_row_value(struct rv_template *w, const struct rv_option *opt, const char *format)
{
	if (*format == 'c')
		return put_change(w, opt, format);
	if (*format == 'k')
		return put_meter_key(w, opt, format);
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (formats[i].letter == *format)
			return formats[i].put(w, opt);
	return rv_template_value(w, opt, format);
}

/* Whether the template covers all rows given; others would be lost. */
static bool all_said(const struct rv_template *w)
{
	for (const struct rv_option *opt = w->ext->options; opt && opt->name; opt++)
		if (!opt->alias_of && !(opt->flags & RV_OPT_HIDDEN) &&
		    !(w->mentioned >> (opt - w->ext->options) & 1) &&
		    rv_option_given(w->ext, opt, w->data))
			return false;
	return true;
}

bool rv_text_template(struct rv_text *t, const struct rv_part *part)
{
	struct rv_template w = {
		.out = { .buf = t->b, .style = RV_STYLE_SAVE, .numeric = true, .family = t->family },
		.ext = part->ext, .data = part->data, .value = put_row_value, .arg = t,
		.has_protocol = rv_text_has_protocol(t, 0),
	};

	return rv_template_expand(&w, part->ext->nft) && all_said(&w);
}
