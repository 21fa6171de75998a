/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing of option values, one function per type. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/ipset.h>

#include "registry/row.h"

int rv_option_fail(const struct rv_parse *p, const char *fmt, ...)
{
	char text[RV_ERROR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "%s: %s", p->ext->name, text);
}

/* Reports the row's own message for an invalid value; %s is the value. */
static int fail_bad(const struct rv_parse *p, const char *text)
{
	const char *bad = rv_option_errors(p->opt)->bad, *at = strstr(bad, "%s");
	int len = at ? (int)(at - bad) : (int)strlen(bad);

	return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "%.*s%s%s", len, bad,
		       at ? text : "", at ? at + 2 : "");
}

/* Reports an invalid value with the row's message, or else the type's. */
#define fail_value(p, text, ...)                                                                   \
	(rv_option_errors((p)->opt)->bad ? fail_bad(p, text) : rv_option_fail(p, __VA_ARGS__))

static int parse_flag(struct rv_parse *p, const char *text, unsigned char *field)
{
	const struct rv_option *opt = p->opt;
	uint64_t old;

	if (!opt->size)
		return 0;
	old = opt->flags & RV_OPT_SETS ? 0 : get_number(opt, field, opt->size);
	set_number(opt, field, opt->size, old | opt->value);
	return 0;
}

static int fail_number(struct rv_parse *p, const char *text, uint64_t min, uint64_t max)
{
	return fail_value(p, text, "bad value for option \"--%s\", or out of range (%llu-%llu).\n",
			  p->opt->name, (unsigned long long)min, (unsigned long long)max);
}

static int parse_uint(struct rv_parse *p, const char *text, unsigned char *field)
{
	uint64_t max = row_max(p->opt, p->opt->size), n;
	const struct rv_name *name = p->opt->names;

	while (name && name->name && strcmp(name->name, text))
		name++;
	if (name && name->name)
		n = name->value;
	else if (!rv_parse_uint(text, p->opt->min, max, &n))
		return fail_number(p, text, p->opt->min, max);
	set_number(p->opt, field, p->opt->size, n);
	return 0;
}

static int fail_range(struct rv_parse *p, const char *near, uint64_t min, uint64_t max)
{
	return fail_value(p, near,
			  "bad value for option \"--%s\" near \"%s\", or out of range (%llu-%llu).\n",
			  p->opt->name, near, (unsigned long long)min, (unsigned long long)max);
}

/* Reports text that follows the numbers of a range. */
static int fail_behind(struct rv_parse *p, const char *text, const char *end)
{
	if (*end != ':')
		return fail_value(p, text, "Argument to \"--%s\" has unexpected characters near \"%s\".\n",
				  p->opt->name, end);
	return fail_value(p, text, "Too many components for option \"--%s\" (max: 2)\n", p->opt->name);
}

/* "n", "from:to", ":to", "from:"; a missing bound is the limit of the row. */
static int parse_uint_range(struct rv_parse *p, const char *text, unsigned char *field)
{
	unsigned int half = half_size(p->opt);
	uint64_t min = p->opt->min, max = row_max(p->opt, half);
	uint64_t from = min, to = max;
	const char *end = text, *second;

	if (*text != ':' && !rv_parse_uint_prefix(text, min, max, &from, &end))
		return fail_range(p, text, min, max);
	if (*end == ':') {
		second = ++end;
		if (*second && *second != ':' && !rv_parse_uint_prefix(second, from, max, &to, &end))
			return fail_range(p, second, from, max);
	} else if (!(p->opt->flags & RV_OPT_OPEN_ENDED)) {
		to = from;
	}
	if (*end)
		return fail_behind(p, text, end);
	set_number(p->opt, field, half, from);
	set_number(p->opt, p->data + end_at(p->opt), half, to);
	return 0;
}

/*
 * Rows with RV_OPT_ANY_BASE accept services of the extension's protocol only; others accept
 * services of any protocol and, like getaddrinfo(3), only decimal numbers.
 */
static int parse_port(struct rv_parse *p, const char *text)
{
	bool service = p->opt->flags & RV_OPT_ANY_BASE;
	const char *digits = text;
	int port;

	while (!service && digits[0] == '0' && digits[1])
		digits++;
	port = rv_parse_port(digits, service ? p->ext->protocol : 0);
	if (port >= 0)
		return port;
	if (rv_option_errors(p->opt)->bad)
		return fail_bad(p, text);
	return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Port \"%s\" does not resolve to anything.\n",
		       text);
}

static int parse_one_port(struct rv_parse *p, const char *text, unsigned char *field)
{
	int port = parse_port(p, text);

	if (port < 0)
		return -1;
	set_number(p->opt, field, 2, port);
	return 0;
}

static int parse_port_range(struct rv_parse *p, const char *text, unsigned char *field)
{
	const char *colon = strchr(text, ':');
	int from = 0, to = UINT16_MAX;
	char first[64];

	if (colon && strchr(colon + 1, ':') && !(p->opt->flags & RV_OPT_ANY_BASE))
		return rv_option_fail(p, "Too many components for option \"--%s\" (max: 2)\n",
				      p->opt->name);
	if (!colon) {
		from = to = parse_port(p, text);
	} else {
		snprintf(first, sizeof(first), "%.*s", (int)(colon - text), text);
		if (colon != text)
			from = parse_port(p, first);
		if (from >= 0 && colon[1])
			to = parse_port(p, colon + 1);
	}
	if (from < 0 || to < 0)
		return -1;
	if (from > to && rv_option_errors(p->opt)->reversed)
		return fail_as(p, rv_option_errors(p->opt)->reversed);
	if (from > to)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Port range %d-%d is negative.\n", from,
			       to);
	set_number(p->opt, field, 2, from);
	set_number(p->opt, p->data + end_at(p->opt), 2, to);
	return 0;
}

/* A name from the row's file stands for its number, with a full mask. */
static int parse_named(struct rv_parse *p, const char *text, unsigned char *field)
{
	unsigned int size = mask_size(p->opt);
	uint32_t value;

	if (!rv_names_value(p->opt->file, text, &value))
		return rv_option_fail(p, "could not map name %s to an integer value for option "
				      "\"--%s\".\n", text, p->opt->name);
	set_number(p->opt, field, size, value);
	set_number(p->opt, p->data + mask_at(p->opt), size, row_max(p->opt, size));
	return 0;
}

static int parse_masked(struct rv_parse *p, const char *text, unsigned char *field)
{
	unsigned int size = mask_size(p->opt);
	uint64_t max = row_max(p->opt, size), value, mask = max;
	const char *end;

	if (p->opt->file && (!rv_parse_uint_prefix(text, 0, max, &value, &end) ||
			     (*end && *end != '/')))
		return parse_named(p, text, field);
	if (!rv_parse_uint_prefix(text, 0, max, &value, &end) ||
	    (*end == '/' && !rv_parse_uint_prefix(end + 1, 0, max, &mask, &end)))
		return fail_value(p, text, "bad integer value for option \"--%s\", or out of range.\n",
				  p->opt->name);
	if (*end)
		return fail_value(p, text, "trailing garbage after value for option \"--%s\".\n",
				  p->opt->name);
	set_number(p->opt, field, size, value);
	set_number(p->opt, p->data + mask_at(p->opt), size, mask);
	return 0;
}

/* The notations of enum rv_way, all stored as value and mask. */
static int parse_change(struct rv_parse *p, const char *text, unsigned char *field)
{
	unsigned int size = mask_size(p->opt);
	uint64_t max = row_max(p->opt, size), n, mask = 0;

	if (p->opt->way == RV_WAY_XMASKED || p->opt->way == RV_WAY_MASKED) {
		if (parse_masked(p, text, field))
			return -1;
		n = get_number(p->opt, field, size);
		mask = get_number(p->opt, p->data + mask_at(p->opt), size);
		mask |= p->opt->way == RV_WAY_MASKED ? n : 0;
	} else if (!rv_parse_uint(text, 0, max, &n)) {
		return fail_number(p, text, 0, max);
	} else if (p->opt->way == RV_WAY_AND) {
		mask = ~n & max;
		n = 0;
	} else if (p->opt->way == RV_WAY_OR) {
		mask = n;
	}
	set_number(p->opt, field, size, n);
	set_number(p->opt, p->data + mask_at(p->opt), size, mask);
	return 0;
}

static int parse_string(struct rv_parse *p, const char *text, unsigned char *field)
{
	size_t len = strlen(text), max = p->opt->size - 1;

	if (rv_option_errors(p->opt)->newline && strchr(text, '\n'))
		return fail_as(p, rv_option_errors(p->opt)->newline);
	if (len > max && p->opt->flags & RV_OPT_TRUNCATE)
		len = max;
	if (len < p->opt->min && !rv_option_errors(p->opt)->bad)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc,
			       "Argument must have a minimum length of %u characters\n",
			       (unsigned int)p->opt->min);
	if (len < p->opt->min || len > max)
		return fail_value(p, text,
				  "Argument to option \"--%s\" has a length of %zu bytes, "
				  "must be at most %zu.\n", p->opt->name, len, max);
	memset(field, 0, p->opt->size);
	memcpy(field, text, len);
	return 0;
}

static const struct rv_name *find_word(const struct rv_option *opt, const char *word, size_t len)
{
	const struct rv_name *name = rv_name_find(opt->names, word, len);

	if (name && opt->flags & RV_OPT_EXACT && strncmp(name->name, word, len) != 0)
		return NULL;
	if (name || !len || !(opt->flags & RV_OPT_ABBREV))
		return name;
	for (name = opt->names; name->name; name++)
		if (!strncasecmp(name->name, word, len))
			return name;
	return NULL;
}

static int parse_enum(struct rv_parse *p, const char *text, unsigned char *field)
{
	const struct rv_name *name = find_word(p->opt, text, strlen(text));
	uint64_t old = rv_get_uint(field, p->opt->size);

	if (!name)
		return fail_value(p, text, "Bad value for \"--%s\" option: \"%s\"", p->opt->name, text);
	rv_set_uint(field, p->opt->size, (old ^ own_bits(p->opt, old)) | name->value);
	return 0;
}

static int parse_bits(struct rv_parse *p, const char *text, unsigned char *field)
{
	uint64_t bits = 0, old = rv_get_uint(field, p->opt->size);
	bool abbrev = p->opt->flags & RV_OPT_ABBREV, exact = p->opt->flags & RV_OPT_EXACT;
	char word[RV_ERROR_TEXT];
	size_t len;

	for (;; text += len + 1) {
		const struct rv_name *name;

		len = strcspn(text, ",");
		name = find_word(p->opt, text, len);
		if (!name) {
			bool whole = abbrev || (!len && !exact);

			/*
			 * iptables' message shows the rest of the list if the word is empty or may
			 * be abbreviated.
			 */
			snprintf(word, sizeof(word), "%.*s", (int)len, text);
			return fail_value(p, whole ? text : word,
					  "Bad value for \"--%s\" option: \"%s\"", p->opt->name,
					  whole ? text : word);
		}
		bits |= name->value;
		if (!text[len])
			break;
	}
	rv_set_uint(field, p->opt->size, (old ^ own_bits(p->opt, old)) | bits);
	return 0;
}

static int ask_resolver(struct rv_parse *p, const char *text, union nf_inet_addr *addr)
{
	struct addrinfo hints = { .ai_family = rv_family(p->family)->af,
				  .ai_socktype = SOCK_RAW };
	struct addrinfo *found = NULL;
	int rc;

	rc = getaddrinfo(text, NULL, &hints, &found);
	if (rc && rv_option_errors(p->opt)->bad)
		return fail_bad(p, text);
	if (rc)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "getaddrinfo: %s\n", gai_strerror(rc));
	memset(addr, 0, sizeof(*addr));
	if (p->family == NFPROTO_IPV4)
		addr->in = ((struct sockaddr_in *)(void *)found->ai_addr)->sin_addr;
	else
		addr->in6 = ((struct sockaddr_in6 *)(void *)found->ai_addr)->sin6_addr;
	freeaddrinfo(found);
	return 0;
}

int rv_resolve_address(struct rv_parse *p, const char *text, union nf_inet_addr *addr)
{
	return rv_parse_address(p->family, text, addr) ? 0 : ask_resolver(p, text, addr);
}

/* A network may be abbreviated ("10.1" is 10.1.0.0); a host is parsed as by getaddrinfo(3). */
static int parse_host(struct rv_parse *p, const char *text, union nf_inet_addr *addr)
{
	int family = rv_family(p->family)->af;

	if (p->opt->flags & RV_OPT_NETWORK)
		return rv_resolve_address(p, text, addr);
	memset(addr, 0, sizeof(*addr));
	return inet_pton(family, text, addr) == 1 ? 0 : ask_resolver(p, text, addr);
}

static int parse_addr(struct rv_parse *p, const char *text, unsigned char *field)
{
	union nf_inet_addr addr;

	if (parse_host(p, text, &addr))
		return -1;
	put_address(p->family, &addr, field, p->opt->size);
	return 0;
}

bool rv_parse_mask(rv_family_t family, const char *text, union nf_inet_addr *mask)
{
	uint64_t len;

	if (rv_parse_uint(text, 0, rv_family(family)->address_bits, &len)) {
		rv_mask_make(family, len, mask);
		return true;
	}
	/* A mask with fewer than four numbers is more likely a mistake. */
	return (family != NFPROTO_IPV4 || inet_pton(AF_INET, text, mask) == 1) &&
	       rv_parse_address(family, text, mask);
}

static void mask_address(union nf_inet_addr *addr, const union nf_inet_addr *mask)
{
	for (int i = 0; i < 4; i++)
		addr->all[i] &= mask->all[i];
}

static int fail_mask(struct rv_parse *p, const char *text)
{
	if (p->opt->flags & RV_OPT_NETWORK)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "invalid mask `%s' specified", text);
	return rv_option_fail(p, "bad value for option \"--%s\", neither a valid network mask nor "
			      "valid CIDR (0-%d).\n", p->opt->name,
			      rv_family(p->family)->address_bits);
}

/*
 * IPv4 masks in 16-byte fields, as iptables writes them: the remaining bytes are zero for a
 * network, and ones for a host except if save prints the mask as a length. The kernel ignores them.
 */
static int parse_mask(struct rv_parse *p, const char *text, union nf_inet_addr *mask)
{
	bool host = !(p->opt->flags & RV_OPT_NETWORK) && p->family == NFPROTO_IPV4;
	int len;

	if (!text)
		rv_mask_make(p->family, rv_family(p->family)->address_bits, mask);
	else if (!rv_parse_mask(p->family, text, mask))
		return fail_mask(p, text);
	len = rv_mask_length(p->family, mask);
	if (host && (len < 0 || len == 32))
		memset(mask->all + 1, 0xff, sizeof(*mask) - sizeof(mask->all[0]));
	return 0;
}

static int parse_addr_mask(struct rv_parse *p, const char *text, unsigned char *field)
{
	const char *slash = strchr(text, '/');
	union nf_inet_addr addr, mask;
	char host[256];

	if (snprintf(host, sizeof(host), "%.*s", slash ? (int)(slash - text) : (int)strlen(text),
		     text) >= (int)sizeof(host))
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "host/network `%s' not found", text);
	/* iptables reports the mask of a network first, but the address of a host first. */
	if (!(p->opt->flags & RV_OPT_NETWORK) && parse_host(p, host, &addr))
		return -1;
	if (parse_mask(p, slash ? slash + 1 : NULL, &mask))
		return -1;
	if (p->opt->flags & RV_OPT_NETWORK) {
		if (parse_host(p, host, &addr))
			return -1;
		mask_address(&addr, &mask);
	}
	put_address(p->family, &addr, field, p->opt->size);
	memcpy(p->data + mask_at(p->opt), &mask,
	       mask_size(p->opt) < sizeof(mask) ? mask_size(p->opt) : sizeof(mask));
	return 0;
}

static int parse_addr_range(struct rv_parse *p, const char *text, unsigned char *field)
{
	unsigned int half = half_size(p->opt);
	const char *dash = strchr(text, '-'), *wrong = NULL;
	union nf_inet_addr from, to;
	char first[INET6_ADDRSTRLEN + 1];

	snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - text) : (int)strlen(text), text);
	if (!rv_parse_address(p->family, first, &from))
		wrong = dash ? first : text;
	else if (!rv_parse_address(p->family, dash ? dash + 1 : first, &to))
		wrong = dash ? dash + 1 : first;
	if (wrong)
		return fail_value(p, wrong, "Bad value for \"--%s\" option: \"%s\"", p->opt->name,
				  wrong);
	put_address(p->family, &from, field, half);
	put_address(p->family, &to, p->data + end_at(p->opt), half);
	return 0;
}

static int parse_mac(struct rv_parse *p, const char *text, unsigned char *field)
{
	if (!rv_parse_mac(text, field))
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Invalid MAC address specified.");
	return 0;
}

/* Stores a prefix length as length or mask, depending on the field's size. */
static int parse_prefix(struct rv_parse *p, const char *text, unsigned char *field)
{
	union nf_inet_addr mask;
	int len = rv_parse_mask(p->family, text, &mask) ? rv_mask_length(p->family, &mask) : -1;

	if (len < 0)
		return rv_option_fail(p, "bad value for option \"--%s\", neither a valid network "
				      "mask nor valid CIDR (0-%d).\n", p->opt->name,
				      rv_family(p->family)->address_bits);
	if (p->opt->size == 1)
		*field = len;
	else
		put_address(p->family, &mask, field, p->opt->size);
	return 0;
}

static int parse_iface(struct rv_parse *p, const char *text, unsigned char *field)
{
	size_t len = strlen(text);

	if (len >= IFNAMSIZ && rv_option_errors(p->opt)->bad)
		return fail_bad(p, text);
	if (len >= IFNAMSIZ)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc,
			       "interface name `%s' must be shorter than %d characters", text,
			       IFNAMSIZ);
	if (!len)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc,
			       "Empty interface is likely to be undesired");
	if (strpbrk(text, "/ "))
		rv_warn(p->err, "Warning: weird character in interface `%s' ('/' and ' ' are not "
			"allowed by the kernel).", text);
	memset(field, 0, IFNAMSIZ);
	/*
	 * "+" matches any interface and is no condition, unless negated or unless presence alone is
	 * the condition.
	 */
	if (p->invert || p->opt->given.width || strcmp(text, "+") != 0)
		memcpy(field, text, len);
	return 0;
}

static int parse_proto(struct rv_parse *p, const char *text, unsigned char *field)
{
	int n = rv_parse_protocol(p->family, text);

	if (n < 0)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "unknown protocol \"%s\" specified",
			       text);
	rv_set_uint(field, p->opt->size, n);
	return 0;
}

/* "src" or "dst" for each part of an element; the first is bit 1 of the flags. */
static int parse_sides(struct rv_parse *p, struct xt_set_info *set)
{
	const char *text = p->arg2;
	size_t len;

	set->dim = 0;
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

static int parse_set(struct rv_parse *p, const char *text, unsigned char *field)
{
	struct rv_ipset *s = (struct rv_ipset *)(void *)field;
	size_t len = strlen(text);

	if (len >= sizeof(s->name))
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc,
			       "setname `%s' too long, max %zu characters.", text,
			       sizeof(s->name) - 1);
	if (!len)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Set %s doesn't exist.\n", text);
	memcpy(s->name, text, len);
	return parse_sides(p, &s->set);
}

static int parse_hook_only(struct rv_parse *p, const char *text, unsigned char *field)
{
	return rv_option_fail(p, "option \"--%s\" cannot be read.\n", p->opt->name);
}

static int (*const readers[])(struct rv_parse *p, const char *text, unsigned char *field) = {
	[RV_T_FLAG] = parse_flag,
	[RV_T_UINT] = parse_uint,
	[RV_T_UINT_RANGE] = parse_uint_range,
	[RV_T_PORT_RANGE] = parse_port_range,
	[RV_T_MASKED] = parse_masked,
	[RV_T_STRING] = parse_string,
	[RV_T_ENUM] = parse_enum,
	[RV_T_BITS] = parse_bits,
	[RV_T_ADDR] = parse_addr,
	[RV_T_ADDR_MASK] = parse_addr_mask,
	[RV_T_ADDR_RANGE] = parse_addr_range,
	[RV_T_MAC] = parse_mac,
	[RV_T_IFACE] = parse_iface,
	[RV_T_PROTO] = parse_proto,
	[RV_T_CHANGE] = parse_change,
	[RV_T_PREFIX] = parse_prefix,
	[RV_T_PORT] = parse_one_port,
	[RV_T_SET] = parse_set,
	[RV_T_NAT] = rv_nat_parse,
	[RV_T_HOOK] = parse_hook_only,
};

int rv_value_parse(struct rv_parse *p, const char *text, unsigned char *field)
{
	/* The rest would be a new line in a save file. */
	if (strchr(text, '\n') && !rv_option_errors(p->opt)->newline)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Newlines not allowed in --%s",
			       p->opt->name);
	return readers[p->opt->type](p, text, field);
}
