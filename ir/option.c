/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of an extension at work: reading an option into the data, printing it
 * back, saying what it means as predicates, and taking a predicate back in. Each
 * type of value is one row of types[].
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/extension.h>

struct type {
	int (*parse)(struct rv_parse *p, const char *text, unsigned char *field);
	void (*print)(struct rv_out *o, const struct rv_option *opt, const unsigned char *data);
	bool (*to)(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p);
	bool (*from)(const struct rv_option *opt, const struct rv_predicate *p, unsigned char *data);
};

static const struct type types[];

/* ---- rows ------------------------------------------------------------------ */

static const struct rv_option *canonical(const struct rv_ext *ext, const struct rv_option *opt)
{
	if (!opt->alias_of)
		return opt;
	for (const struct rv_option *row = ext->options; row->name; row++)
		if (!row->alias_of && !strcmp(row->name, opt->alias_of))
			return row;
	return opt;
}

unsigned int rv_option_index(const struct rv_ext *ext, const struct rv_option *opt)
{
	return canonical(ext, opt) - ext->options;
}

bool rv_option_takes_arg(const struct rv_option *opt)
{
	return opt->type != RV_T_FLAG;
}

static void set_bit(const struct rv_bit *bit, unsigned char *data)
{
	uint64_t old;

	if (!bit->width)
		return;
	old = rv_get_uint(data + bit->offset, bit->width);
	rv_set_uint(data + bit->offset, bit->width,
		    bit->number ? (old & ~(uint64_t)bit->mask) | bit->is : old | bit->mask);
}

static bool has_bit(const struct rv_bit *bit, const unsigned char *data)
{
	return bit->width && (rv_get_uint(data + bit->offset, bit->width) & bit->mask) ==
				     (bit->number ? bit->is : bit->mask);
}

bool rv_option_inverted(const struct rv_option *opt, const unsigned char *data)
{
	return has_bit(&opt->invert, data);
}

/* The mask of a value that has one, behind the value where the row does not say else. */
static unsigned int mask_size(const struct rv_option *opt)
{
	bool both = opt->type == RV_T_MASKED || opt->type == RV_T_CHANGE;

	return both && !opt->mask_offset ? opt->size / 2 : opt->size;
}

static unsigned int mask_at(const struct rv_option *opt)
{
	return opt->mask_offset ? opt->mask_offset : opt->offset + mask_size(opt);
}

/* Whether the row's value has a second part in another place of the data. */
static bool has_mask(const struct rv_option *opt)
{
	return opt->type == RV_T_ADDR_MASK || opt->mask_offset;
}

/* The two ends of a range. */
static unsigned int half_size(const struct rv_option *opt)
{
	return opt->mask_offset ? opt->size : opt->size / 2;
}

static unsigned int end_at(const struct rv_option *opt)
{
	return opt->mask_offset ? opt->mask_offset : opt->offset + opt->size / 2;
}

static bool is_initial(const struct rv_ext *ext, const unsigned char *data, unsigned int at,
		       unsigned int size)
{
	static const unsigned char zeros[1024];
	const unsigned char *initial = ext->initial;

	if (!initial && size > sizeof(zeros))
		return false;
	return !memcmp(initial ? initial + at : zeros, data + at, size);
}

static uint64_t get_number(const struct rv_option *opt, const unsigned char *field,
			   unsigned int size)
{
	uint64_t n = rv_get_uint(field, size);

	if (!(opt->flags & RV_OPT_BE))
		return n;
	return size == 2 ? ntohs(n) : size == 4 ? ntohl(n) : n;
}

bool rv_option_given(const struct rv_ext *ext, const struct rv_option *opt,
		     const unsigned char *data)
{
	uint64_t n;

	if (opt->given.width)
		return has_bit(&opt->given, data) ||
		       (opt->invert.number && rv_option_inverted(opt, data));
	if (opt->type == RV_T_FLAG && opt->size) {
		n = get_number(opt, data + opt->offset, opt->size);
		return opt->flags & RV_OPT_SETS ? n == opt->value : (n & opt->value) == opt->value;
	}
	if (rv_option_inverted(opt, data) || !is_initial(ext, data, opt->offset, opt->size))
		return true;
	return has_mask(opt) && !is_initial(ext, data, mask_at(opt), mask_size(opt));
}

/* ---- reading ---------------------------------------------------------------- */

int rv_option_fail(const struct rv_parse *p, const char *fmt, ...)
{
	char text[RV_ERROR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "%s: %s", p->ext->name, text);
}

/* A row's own words for a bad value, with the value in place of %s. */
static int fail_bad(const struct rv_parse *p, const char *text)
{
	const char *at = strstr(p->opt->bad, "%s");
	int len = at ? (int)(at - p->opt->bad) : (int)strlen(p->opt->bad);

	return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "%.*s%s%s", len, p->opt->bad, at ? text : "",
		       at ? at + 2 : "");
}

/* An error in the row's own words, which need nothing put in. */
static int fail_as(const struct rv_parse *p, const char *words)
{
	return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "%s", words);
}

/* An error of a value: the row's words or, without them, the type's. */
#define fail_value(p, text, ...) \
	((p)->opt->bad ? fail_bad(p, text) : rv_option_fail(p, __VA_ARGS__))

static uint64_t largest(unsigned int size)
{
	return size >= 8 ? UINT64_MAX : (1ULL << size * 8) - 1;
}

static uint64_t row_max(const struct rv_option *opt, unsigned int size)
{
	return opt->max ? opt->max : largest(size);
}

static void set_number(const struct rv_option *opt, unsigned char *field, unsigned int size,
		       uint64_t n)
{
	if (opt->flags & RV_OPT_BE)
		n = size == 2 ? htons(n) : size == 4 ? htonl(n) : n;
	rv_set_uint(field, size, n);
}

static int parse_flag(struct rv_parse *p, const char *text, unsigned char *field)
{
	const struct rv_option *opt = p->opt;
	uint64_t old;

	(void)text;
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

/* What stands behind the numbers of a range but does not belong to them. */
static int fail_behind(struct rv_parse *p, const char *text, const char *end)
{
	if (*end != ':')
		return fail_value(p, text, "Argument to \"--%s\" has unexpected characters near \"%s\".\n",
				  p->opt->name, end);
	return fail_value(p, text, "Too many components for option \"--%s\" (max: 2)\n", p->opt->name);
}

/* "n", "from:to", ":to", "from:"; a missing end is the end of the row's range. */
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
		if (*second && !rv_parse_uint_prefix(second, from, max, &to, &end))
			return fail_range(p, second, from, max);
	} else if (!(p->opt->flags & RV_OPT_OPEN)) {
		to = from;
	}
	if (*end)
		return fail_behind(p, text, end);
	set_number(p->opt, field, half, from);
	set_number(p->opt, p->data + end_at(p->opt), half, to);
	return 0;
}

/*
 * A row with RV_OPT_ANY_BASE knows the services of its extension's protocol, the others those
 * of any; these read numbers as getaddrinfo(3) does, in base 10 only.
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
	if (p->opt->bad)
		return fail_bad(p, text);
	return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Port \"%s\" does not resolve to anything.\n",
		       text);
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
	if (from > to && p->opt->reversed)
		return fail_as(p, p->opt->reversed);
	if (from > to)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Port range %d-%d is negative.\n", from,
			       to);
	set_number(p->opt, field, 2, from);
	set_number(p->opt, p->data + end_at(p->opt), 2, to);
	return 0;
}

static int parse_masked(struct rv_parse *p, const char *text, unsigned char *field)
{
	unsigned int size = mask_size(p->opt);
	uint64_t max = row_max(p->opt, size), value, mask = max;
	const char *end;

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

/* The ways of enum rv_way, all stored as value and mask. */
static int parse_change(struct rv_parse *p, const char *text, unsigned char *field)
{
	unsigned int size = mask_size(p->opt);
	uint64_t max = row_max(p->opt, size), n, mask = 0;

	if (p->opt->value == RV_WAY_XMASKED || p->opt->value == RV_WAY_MASKED) {
		if (parse_masked(p, text, field))
			return -1;
		n = get_number(p->opt, field, size);
		mask = get_number(p->opt, p->data + mask_at(p->opt), size);
		mask |= p->opt->value == RV_WAY_MASKED ? n : 0;
	} else if (!rv_parse_uint(text, 0, max, &n)) {
		return fail_number(p, text, 0, max);
	} else if (p->opt->value == RV_WAY_AND) {
		mask = ~n & max;
		n = 0;
	} else if (p->opt->value == RV_WAY_OR) {
		mask = n;
	}
	set_number(p->opt, field, size, n);
	set_number(p->opt, p->data + mask_at(p->opt), size, mask);
	return 0;
}

static int parse_string(struct rv_parse *p, const char *text, unsigned char *field)
{
	size_t len = strlen(text), max = p->opt->size - 1;

	if (len > max && p->opt->flags & RV_OPT_CUT)
		len = max;
	if (len < p->opt->min && !p->opt->bad)
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

/* The value of the bits that are this row's own. */
static uint64_t own_bits(const struct rv_option *opt, uint64_t n)
{
	return opt->value ? n & opt->value : n;
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
	uint64_t bits = 0;
	char word[64];
	size_t len;

	for (;; text += len + 1) {
		const struct rv_name *name;

		len = strcspn(text, ",");
		name = find_word(p->opt, text, len);
		if (!name) {
			bool whole = !len && !(p->opt->flags & RV_OPT_EXACT);

			/* An empty word is shown with what comes after it. */
			snprintf(word, sizeof(word), "%.*s", whole ? -1 : (int)len, text);
			return fail_value(p, word, "Bad value for \"--%s\" option: \"%s\"",
					  p->opt->name, word);
		}
		bits |= name->value;
		if (!text[len])
			break;
	}
	rv_set_uint(field, p->opt->size, bits);
	return 0;
}

/*
 * An address field is as wide as the family's address or a union nf_inet_addr;
 * what does not belong to the address is zero.
 */
static unsigned int address_size(rv_family_t family, unsigned int room)
{
	unsigned int size = family == NFPROTO_IPV4 ? 4 : 16;

	return size < room ? size : room;
}

static void put_address(rv_family_t family, const union nf_inet_addr *addr, unsigned char *field,
			unsigned int room)
{
	memset(field, 0, room);
	memcpy(field, addr, address_size(family, room));
}

static union nf_inet_addr get_address(rv_family_t family, const unsigned char *field,
				      unsigned int room)
{
	union nf_inet_addr addr = { 0 };

	memcpy(&addr, field, address_size(family, room));
	return addr;
}

int rv_resolve_address(struct rv_parse *p, const char *text, union nf_inet_addr *addr)
{
	struct addrinfo hints = { .ai_family = p->family == NFPROTO_IPV4 ? AF_INET : AF_INET6,
				  .ai_socktype = SOCK_RAW };
	struct addrinfo *found = NULL;
	int rc;

	if (rv_parse_address(p->family, text, addr))
		return 0;
	rc = getaddrinfo(text, NULL, &hints, &found);
	if (rc && p->opt->bad)
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

/* A network may be cut short ("10.1" is 10.1.0.0), a host is read as inet_aton(3) does. */
static int parse_host(struct rv_parse *p, const char *text, union nf_inet_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (!(p->opt->flags & RV_OPT_NETWORK) && p->family == NFPROTO_IPV4 &&
	    inet_aton(text, &addr->in))
		return 0;
	return rv_resolve_address(p, text, addr);
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

	if (rv_parse_uint(text, 0, family == NFPROTO_IPV4 ? 32 : 128, &len)) {
		rv_mask_make(family, len, mask);
		return true;
	}
	/* A mask of fewer than four numbers is more likely a slip than meant. */
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
			      p->family == NFPROTO_IPV4 ? 32 : 128);
}

/*
 * A network's bytes behind an IPv4 mask are zero. A host's are ones, but where save prints the
 * mask as a length: the kernel looks at neither, but that is what stock writes.
 */
static int parse_mask(struct rv_parse *p, const char *text, union nf_inet_addr *mask)
{
	bool host = !(p->opt->flags & RV_OPT_NETWORK) && p->family == NFPROTO_IPV4;
	int len;

	if (!text)
		rv_mask_make(p->family, p->family == NFPROTO_IPV4 ? 32 : 128, mask);
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
	/* A wrong mask of a network is told first, of a host the address. */
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
		wrong = first;
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

/* The length of a prefix in the form of the row's field. */
static int parse_prefix(struct rv_parse *p, const char *text, unsigned char *field)
{
	union nf_inet_addr mask;
	int len = rv_parse_mask(p->family, text, &mask) ? rv_mask_length(p->family, &mask) : -1;

	if (len < 0)
		return rv_option_fail(p, "bad value for option \"--%s\", neither a valid network "
				      "mask nor valid CIDR (0-%d).\n", p->opt->name,
				      p->family == NFPROTO_IPV4 ? 32 : 128);
	if (p->opt->size == 1)
		*field = len;
	else
		put_address(p->family, &mask, field, p->opt->size);
	return 0;
}

static int parse_iface(struct rv_parse *p, const char *text, unsigned char *field)
{
	size_t len = strlen(text);

	if (len >= IFNAMSIZ && p->opt->bad)
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
	/* Any interface at all is no condition, but none at all is one, or its being there at all. */
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

static int parse_hook_only(struct rv_parse *p, const char *text, unsigned char *field)
{
	(void)text;
	(void)field;
	return rv_option_fail(p, "option \"--%s\" cannot be read.\n", p->opt->name);
}

int rv_value_parse(struct rv_parse *p, const char *text, unsigned char *field)
{
	return types[p->opt->type].parse(p, text, field);
}

static int check_use(struct rv_parse *p, uint64_t bit)
{
	bool core = p->ext->kind == RV_CORE;

	if (p->opt->family && p->opt->family != p->family) {
		if (p->opt->other_family)
			return fail_as(p, p->opt->other_family);
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "unknown option \"--%s\"", p->opt->name);
	}
	if (p->part && p->part->seen & bit && !(p->opt->flags & RV_OPT_REPEAT)) {
		if (p->opt->once)
			return fail_as(p, p->opt->once);
		return rv_option_fail(p, "option \"--%s\" can only be used once.\n", p->opt->name);
	}
	if (!p->invert || p->opt->flags & RV_OPT_INVERT || core)
		return 0;
	if (p->opt->no_invert)
		return fail_as(p, p->opt->no_invert);
	return rv_option_fail(p, "option \"--%s\" cannot be inverted.\n", p->opt->name);
}

int rv_option_parse(struct rv_parse *p)
{
	uint64_t bit;
	int rc;

	p->opt = canonical(p->ext, p->opt);
	bit = 1ULL << (p->opt - p->ext->options);
	if (check_use(p, bit))
		return -1;
	if (p->opt->parse)
		rc = p->opt->parse(p);
	else
		rc = rv_value_parse(p, p->arg ? p->arg : "", p->data + p->opt->offset);
	if (rc)
		return -1;
	set_bit(&p->opt->given, p->data);
	if (p->invert)
		set_bit(&p->opt->invert, p->data);
	if (p->part)
		p->part->seen |= bit;
	return 0;
}

static int check_row(struct rv_check *c, const struct rv_option *opt)
{
	const char *name = c->ext->name;
	bool given = c->seen >> (opt - c->ext->options) & 1;

	if (!given && opt->flags & RV_OPT_REQUIRED)
		return rv_fail(c->err, RV_ERR_USAGE, &c->loc,
			       "%s: option \"--%s\" must be specified\n", name, opt->name);
	if (!given)
		return 0;
	for (const struct rv_option *o = c->ext->options; o->name; o++) {
		uint64_t bit = 1ULL << (o - c->ext->options);

		if (opt->needs && !(opt->needs & c->seen) && opt->needs & bit)
			return rv_fail(c->err, RV_ERR_USAGE, &c->loc,
				       "%s: option \"--%s\" also requires \"--%s\".\n", name,
				       opt->name, o->name);
		if (opt->excludes & bit & c->seen && opt->once)
			return rv_fail(c->err, RV_ERR_USAGE, &c->loc, "%s", opt->once);
		if (opt->excludes & bit & c->seen)
			return rv_fail(c->err, RV_ERR_USAGE, &c->loc,
				       "%s: option \"--%s\" cannot be used together with \"--%s\".\n",
				       name, opt->name, o->name);
	}
	return 0;
}

int rv_part_check(struct rv_check *c)
{
	if (c->ext->required && !c->seen)
		return rv_fail(c->err, RV_ERR_USAGE, &c->loc, "%s", c->ext->required);
	if (c->ext->check && c->ext->check(c))
		return -1;
	for (const struct rv_option *opt = c->ext->options; opt && opt->name; opt++)
		if (!opt->alias_of && check_row(c, opt))
			return -1;
	return 0;
}

/* ---- printing --------------------------------------------------------------- */

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
	(void)o;
	(void)opt;
	(void)data;
}

static void print_uint(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	print_number(o->buf, opt, get_number(opt, data + opt->offset, opt->size));
}

static void print_range(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	unsigned int half = half_size(opt);
	uint64_t from = get_number(opt, data + opt->offset, half);
	uint64_t to = get_number(opt, data + end_at(opt), half);

	print_number(o->buf, opt, from);
	if (opt->flags & RV_OPT_OPEN ? to == row_max(opt, half) : from == to)
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

/* Words that iptables-restore reads as they stand: no blank, quote or backslash, no dash first. */
static bool readable(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || strchr("\"'\\", *p))
			return false;
	return *text && *text != '-';
}

static void print_string(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	char text[1024];

	snprintf(text, sizeof(text), "%.*s", (int)opt->size, (const char *)data + opt->offset);
	if (o->style == RV_STYLE_SAVE && !(opt->flags & RV_OPT_BARE && readable(text)))
		rv_print_quoted(o->buf, text);
	else if (opt->flags & RV_OPT_QUOTED)
		rv_buf_printf(o->buf, "\"%s\"", text);
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

static void print_bits(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	uint64_t left = rv_get_uint(data + opt->offset, opt->size);
	const struct rv_name *none = left ? NULL : rv_name_of(opt->names, 0);
	const char *comma = "";

	rv_buf_puts(o->buf, none ? none->name : "");
	for (const struct rv_name *n = opt->names; n->name && left; n++) {
		if (!n->value || (left & n->value) != n->value)
			continue;
		rv_buf_printf(o->buf, "%s%s", comma, n->name);
		comma = ",";
		left &= ~n->value;
	}
}

static void print_addr(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	union nf_inet_addr addr = get_address(o->family, data + opt->offset, opt->size);

	rv_print_address(o->buf, o->family, &addr);
}

/* A name for the address, as -L without -n wants it. */
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
	if (names && len == (o->family == NFPROTO_IPV4 ? 32 : 128) && print_host_name(o, &addr))
		return;
	rv_print_address(o->buf, o->family, &addr);
	if (opt->flags & RV_OPT_CIDR && len == (o->family == NFPROTO_IPV4 ? 32 : 128))
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
	rv_buf_printf(o->buf, "%.*s", IFNAMSIZ, (const char *)data + opt->offset);
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

void rv_value_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	types[opt->type].print(o, opt, data);
}

/* Whether it is a range that leaves nothing out. */
static bool is_all(const struct rv_option *opt, const unsigned char *data)
{
	unsigned int half = half_size(opt);

	return !rv_option_inverted(opt, data) &&
	       get_number(opt, data + opt->offset, half) == opt->min &&
	       get_number(opt, data + end_at(opt), half) == row_max(opt, half);
}

static bool printed(const struct rv_out *o, const struct rv_ext *ext, const struct rv_option *opt,
		    const unsigned char *data)
{
	uint32_t always = o->style == RV_STYLE_SAVE ? RV_OPT_ALWAYS : RV_OPT_LIST_ALWAYS;
	uint32_t never = o->style == RV_STYLE_SAVE ? 0 : RV_OPT_LIST_NEVER;

	if (opt->alias_of || opt->flags & (RV_OPT_HIDDEN | never))
		return false;
	if (o->style == RV_STYLE_LIST && opt->flags & RV_OPT_LIST_PART && is_all(opt, data))
		return false;
	return opt->flags & always || rv_option_given(ext, opt, data);
}

static void print_value(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	if (opt->print)
		opt->print(o, opt, data);
	else
		rv_value_print(o, opt, data);
}

static bool is_range(const struct rv_option *opt, const unsigned char *data)
{
	unsigned int half = half_size(opt);

	return (opt->type == RV_T_UINT_RANGE || opt->type == RV_T_PORT_RANGE) &&
	       memcmp(data + opt->offset, data + end_at(opt), half);
}

/* The row's words for -L up to "%s" or their end, see rv_option.list. Returns the rest. */
static const char *print_words(struct rv_out *o, const char *words, bool inverted, bool range)
{
	for (; *words && strncmp(words, "%s", 2) != 0; words++) {
		if ((*words == '[' && !inverted) || (*words == '(' && inverted) ||
		    (*words == '{' && !range))
			words += strcspn(words, "]})");
		else if (!strchr("[]{}()", *words))
			rv_buf_putc(o->buf, *words);
	}
	return words;
}

static void list_row(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const char *words = opt->list ? opt->list : "", *rest;
	bool inverted = rv_option_inverted(opt, data), range = is_range(opt, data);

	rv_buf_puts(o->buf, opt->flags & RV_OPT_LIST_TIGHT ? "" : " ");
	rv_buf_puts(o->buf, inverted && !strchr(words, '[') ? "! " : "");
	rest = print_words(o, words, inverted, range);
	if (!rv_option_takes_arg(opt))
		return;
	if (!*rest && rest != words && isalnum((unsigned char)rest[-1]))
		rv_buf_putc(o->buf, ' ');
	print_value(o, opt, data);
	if (*rest)
		print_words(o, rest + 2, inverted, range);
}

static void save_row(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	rv_buf_puts(o->buf, rv_option_inverted(opt, data) ? " !" : "");
	if (opt->letter)
		rv_buf_printf(o->buf, " -%c", opt->letter);
	else
		rv_buf_printf(o->buf, " --%s", opt->save ? opt->save : opt->name);
	if (!rv_option_takes_arg(opt))
		return;
	rv_buf_putc(o->buf, ' ');
	print_value(o, opt, data);
}

void rv_part_render(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data)
{
	if (o->style == RV_STYLE_SAVE ? ext->save != NULL : ext->show != NULL) {
		(o->style == RV_STYLE_SAVE ? ext->save : ext->show)(o, ext, data);
		return;
	}
	if (o->style == RV_STYLE_LIST && ext->list)
		rv_buf_printf(o->buf, " %s", ext->list);
	for (const struct rv_option *opt = ext->options; opt && opt->name; opt++)
		if (printed(o, ext, opt, data))
			(o->style == RV_STYLE_SAVE ? save_row : list_row)(o, opt, data);
}

/* ---- predicates -------------------------------------------------------------- */

/* Numbers of a predicate are as wide as its selector and in its byte order. */
static void number_to(enum rv_sel sel, uint64_t n, uint8_t *bytes)
{
	unsigned int len = rv_selectors[sel].len;

	if (rv_selectors[sel].order == RV_ORDER_H) {
		rv_set_uint(bytes, len, n);
		return;
	}
	for (unsigned int i = 0; i < len; i++)
		bytes[i] = n >> 8 * (len - 1 - i);
}

static uint64_t number_from(enum rv_sel sel, const uint8_t *bytes)
{
	unsigned int len = rv_selectors[sel].len;
	uint64_t n = 0;

	if (rv_selectors[sel].order == RV_ORDER_H)
		return rv_get_uint(bytes, len);
	for (unsigned int i = 0; i < len; i++)
		n = n << 8 | bytes[i];
	return n;
}

static bool to_flag(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	(void)data;
	number_to(p->sel, opt->flags & RV_OPT_ZERO ? 0 : 1, p->value);
	return true;
}

/* An enumeration in bits of a field counts from 0 in a predicate. */
static unsigned int own_shift(const struct rv_option *opt)
{
	return opt->value ? __builtin_ctzll(opt->value) : 0;
}

static bool to_enum(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	uint64_t n = own_bits(opt, rv_get_uint(data + opt->offset, opt->size));

	number_to(p->sel, n >> own_shift(opt), p->value);
	return true;
}

static bool from_enum(const struct rv_option *opt, const struct rv_predicate *p,
		      unsigned char *data)
{
	uint64_t n = number_from(p->sel, p->value) << own_shift(opt);
	uint64_t old = rv_get_uint(data + opt->offset, opt->size);

	if (p->op != RV_OP_EQ || !rv_name_of(opt->names, n))
		return false;
	rv_set_uint(data + opt->offset, opt->size, (old ^ own_bits(opt, old)) | n);
	return true;
}

static bool to_uint(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	number_to(p->sel, get_number(opt, data + opt->offset, opt->size), p->value);
	return true;
}

static bool from_uint(const struct rv_option *opt, const struct rv_predicate *p,
		      unsigned char *data)
{
	uint64_t n = number_from(p->sel, p->value);

	if (p->op != RV_OP_EQ || n > row_max(opt, opt->size))
		return false;
	set_number(opt, data + opt->offset, opt->size, n);
	return true;
}

static bool to_range(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	unsigned int half = half_size(opt);
	uint64_t from = get_number(opt, data + opt->offset, half);
	uint64_t to = get_number(opt, data + end_at(opt), half);

	p->op = from == to ? RV_OP_EQ : RV_OP_RANGE;
	number_to(p->sel, from, p->value);
	if (from != to)
		number_to(p->sel, to, p->other);
	return true;
}

static bool from_range(const struct rv_option *opt, const struct rv_predicate *p,
		       unsigned char *data)
{
	unsigned int half = half_size(opt);
	uint64_t from = number_from(p->sel, p->value);
	uint64_t to = p->op == RV_OP_EQ ? from : number_from(p->sel, p->other);

	if ((p->op != RV_OP_EQ && p->op != RV_OP_RANGE) || to > row_max(opt, half) || from > to)
		return false;
	set_number(opt, data + opt->offset, half, from);
	set_number(opt, data + end_at(opt), half, to);
	return true;
}

static bool to_masked(const struct rv_option *opt, const unsigned char *data,
		      struct rv_predicate *p)
{
	unsigned int size = mask_size(opt);
	uint64_t mask = get_number(opt, data + mask_at(opt), size);

	number_to(p->sel, get_number(opt, data + opt->offset, size), p->value);
	if (mask == row_max(opt, size))
		return true;
	p->op = RV_OP_MASK;
	number_to(p->sel, mask, p->other);
	return true;
}

static bool from_masked(const struct rv_option *opt, const struct rv_predicate *p,
			unsigned char *data)
{
	unsigned int size = mask_size(opt);
	uint64_t mask = p->op == RV_OP_EQ ? row_max(opt, size) : number_from(p->sel, p->other);

	if (p->op != RV_OP_EQ && p->op != RV_OP_MASK)
		return false;
	set_number(opt, data + opt->offset, size, number_from(p->sel, p->value));
	set_number(opt, data + mask_at(opt), size, mask);
	return true;
}

static bool to_bits(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	p->op = RV_OP_ANY;
	number_to(p->sel, rv_get_uint(data + opt->offset, opt->size), p->value);
	return true;
}

static bool from_bits(const struct rv_option *opt, const struct rv_predicate *p,
		      unsigned char *data)
{
	if (p->op != RV_OP_ANY)
		return false;
	rv_set_uint(data + opt->offset, opt->size, number_from(p->sel, p->value));
	return true;
}

/* Bytes that are alike in the data and the predicate: addresses, MAC addresses. */
static void bytes_to(enum rv_sel sel, const unsigned char *field, unsigned int room, uint8_t *bytes)
{
	unsigned int len = rv_selectors[sel].len;

	memcpy(bytes, field, len < room ? len : room);
}

static bool to_bytes(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	bytes_to(p->sel, data + opt->offset, opt->size, p->value);
	return true;
}

static bool from_bytes(const struct rv_option *opt, const struct rv_predicate *p,
		       unsigned char *data)
{
	if (p->op != RV_OP_EQ)
		return false;
	bytes_to(p->sel, p->value, opt->size, data + opt->offset);
	return true;
}

static bool all_ones(const uint8_t *bytes, unsigned int len)
{
	while (len--)
		if (*bytes++ != 0xff)
			return false;
	return true;
}

static bool to_addr_mask(const struct rv_option *opt, const unsigned char *data,
			 struct rv_predicate *p)
{
	bytes_to(p->sel, data + opt->offset, opt->size, p->value);
	bytes_to(p->sel, data + mask_at(opt), mask_size(opt), p->other);
	if (all_ones(p->other, rv_selectors[p->sel].len)) {
		memset(p->other, 0, sizeof(p->other));
		return true;
	}
	p->op = RV_OP_MASK;
	/* A host's address keeps what its mask leaves out; no packet would equal that. */
	for (unsigned int i = 0; i < sizeof(p->value); i++)
		p->value[i] &= p->other[i];
	return true;
}

static bool from_addr_mask(const struct rv_option *opt, const struct rv_predicate *p,
			   unsigned char *data)
{
	unsigned int len = rv_selectors[p->sel].len;
	uint8_t ones[16];

	if (p->op != RV_OP_EQ && p->op != RV_OP_MASK)
		return false;
	memset(ones, 0xff, sizeof(ones));
	memcpy(data + opt->offset, p->value, len < opt->size ? len : opt->size);
	memcpy(data + mask_at(opt), p->op == RV_OP_EQ ? ones : p->other,
	       len < mask_size(opt) ? len : mask_size(opt));
	return true;
}

static bool to_addr_range(const struct rv_option *opt, const unsigned char *data,
			  struct rv_predicate *p)
{
	unsigned int half = half_size(opt);

	p->op = RV_OP_RANGE;
	bytes_to(p->sel, data + opt->offset, half, p->value);
	bytes_to(p->sel, data + end_at(opt), half, p->other);
	return true;
}

static bool from_addr_range(const struct rv_option *opt, const struct rv_predicate *p,
			    unsigned char *data)
{
	unsigned int half = half_size(opt);

	if (p->op != RV_OP_RANGE)
		return false;
	bytes_to(p->sel, p->value, half, data + opt->offset);
	bytes_to(p->sel, p->other, half, data + end_at(opt));
	return true;
}

/* "eth+" compares the bytes before the plus, "+" none at all: it is always true. */
static bool to_iface(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	const char *name = (const char *)data + opt->offset;
	size_t len = strnlen(name, IFNAMSIZ);

	memcpy(p->value, name, len);
	if (len && name[len - 1] == '+') {
		p->op = RV_OP_PREFIX;
		p->len = len - 1;
		p->value[len - 1] = 0;
	}
	return true;
}

static bool from_iface(const struct rv_option *opt, const struct rv_predicate *p,
		       unsigned char *data)
{
	size_t len = p->op == RV_OP_PREFIX ? p->len : strnlen((const char *)p->value, IFNAMSIZ);

	if ((p->op != RV_OP_EQ && p->op != RV_OP_PREFIX) || len + 1 >= IFNAMSIZ + (p->op == RV_OP_EQ))
		return false;
	memset(data + opt->offset, 0, IFNAMSIZ);
	memcpy(data + opt->offset, p->value, len);
	if (p->op == RV_OP_PREFIX)
		data[opt->offset + len] = '+';
	return true;
}

static enum rv_sel selector(rv_family_t family, const struct rv_option *opt)
{
	return family == NFPROTO_IPV6 && opt->sel6 ? opt->sel6 : opt->sel;
}

/* The list of a predicate is long and mostly unused: only what is before it is cleared. */
static int row_predicate(rv_family_t family, const struct rv_option *opt,
			 const unsigned char *data, rv_predicate_fn *fn, void *arg)
{
	struct rv_predicate p;

	memset(&p, 0, offsetof(struct rv_predicate, list));
	p.sel = selector(family, opt);
	p.op = RV_OP_EQ;
	p.len = rv_selectors[p.sel].len;
	p.negate = rv_option_inverted(opt, data);
	return types[opt->type].to(opt, data, &p) ? fn(&p, arg) : 0;
}

static int predicate_of(rv_family_t family, const struct rv_ext *ext, const struct rv_option *opt,
			const unsigned char *data, rv_predicate_fn *fn, void *arg)
{
	if (opt->alias_of || opt->flags & RV_OPT_HIDDEN || !rv_option_given(ext, opt, data))
		return 0;
	if (opt->predicate)
		return opt->predicate(opt, data, fn, arg);
	if (opt->sel == RV_SEL_NONE || !types[opt->type].to)
		return 0;
	return row_predicate(family, opt, data, fn, arg);
}

int rv_part_predicates(rv_family_t family, const struct rv_ext *ext, const unsigned char *data,
		       rv_predicate_fn *fn, void *arg)
{
	struct rv_predicate present = { .sel = ext->present, .op = RV_OP_EQ, .len = 1, .value = { 1 } };
	int rc = ext->present ? fn(&present, arg) : 0;

	for (const struct rv_option *opt = ext->options; opt && opt->name && !rc; opt++)
		rc = predicate_of(family, ext, opt, data, fn, arg);
	return rc;
}

static bool absorb_row(const struct rv_option *opt, const struct rv_predicate *p,
		       unsigned char *data)
{
	if (opt->absorb)
		return !opt->absorb(opt, p, data);
	if (!types[opt->type].from || !types[opt->type].from(opt, p, data))
		return false;
	set_bit(&opt->given, data);
	if (p->negate)
		set_bit(&opt->invert, data);
	return true;
}

int rv_part_absorb(rv_family_t family, const struct rv_ext *ext, const struct rv_predicate *p,
		   unsigned char *data)
{
	for (const struct rv_option *opt = ext->options; opt && opt->name; opt++) {
		if (opt->alias_of || selector(family, opt) != p->sel || rv_option_given(ext, opt, data))
			continue;
		if (p->negate && !opt->invert.width)
			continue;
		if (absorb_row(opt, p, data))
			return 0;
	}
	return -1;
}

static const struct type types[] = {
	[RV_T_FLAG] = { parse_flag, print_nothing, to_flag, NULL },
	[RV_T_UINT] = { parse_uint, print_uint, to_uint, from_uint },
	[RV_T_UINT_RANGE] = { parse_uint_range, print_range, to_range, from_range },
	[RV_T_PORT_RANGE] = { parse_port_range, print_ports, to_range, from_range },
	[RV_T_MASKED] = { parse_masked, print_masked, to_masked, from_masked },
	[RV_T_STRING] = { parse_string, print_string, NULL, NULL },
	[RV_T_ENUM] = { parse_enum, print_enum, to_enum, from_enum },
	[RV_T_BITS] = { parse_bits, print_bits, to_bits, from_bits },
	[RV_T_ADDR] = { parse_addr, print_addr, to_bytes, from_bytes },
	[RV_T_ADDR_MASK] = { parse_addr_mask, print_addr_mask, to_addr_mask, from_addr_mask },
	[RV_T_ADDR_RANGE] = { parse_addr_range, print_addr_range, to_addr_range, from_addr_range },
	[RV_T_MAC] = { parse_mac, print_mac, to_bytes, from_bytes },
	[RV_T_IFACE] = { parse_iface, print_iface, to_iface, from_iface },
	[RV_T_PROTO] = { parse_proto, print_proto, to_uint, from_uint },
	[RV_T_CHANGE] = { parse_change, print_change, NULL, NULL },
	[RV_T_PREFIX] = { parse_prefix, print_prefix, NULL, NULL },
	[RV_T_HOOK] = { parse_hook_only, print_nothing, NULL, NULL },
};
