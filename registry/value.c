/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing and printing of single values: numbers, ports, protocols, addresses, names. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ravelin/extension.h>

/* Fast path for short decimal numbers; NULL: use strtoull(). */
static const char *short_decimal(const char *text, uint64_t *value)
{
	const char *start = text;
	uint64_t n = 0;

	if (*text == '0' && text[1] != '.' && text[1] != '\0')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++)
		n = n * 10 + (*text - '0');
	*value = n;
	return text - start < 19 ? text : NULL;
}

bool rv_parse_uint_prefix(const char *text, uint64_t min, uint64_t max, uint64_t *value,
			  const char **end)
{
	uint64_t n;
	char *stop;

	/* Like iptables, skips leading white space and '+'; '-' would wrap around. */
	text += strspn(text, " \t");
	text += *text == '+';
	if (*text < '0' || *text > '9')
		return false;
	*end = short_decimal(text, &n);
	if (!*end) {
		errno = 0;
		n = strtoull(text, &stop, 0);
		*end = stop;
		if (errno || stop == text)
			return false;
	}
	if (n < min || n > max)
		return false;
	*value = n;
	return true;
}

bool rv_parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *end;

	return rv_parse_uint_prefix(text, min, max, value, &end) && !*end;
}

uint64_t rv_get_uint(const unsigned char *field, unsigned int size)
{
	uint64_t n64;
	uint32_t n32;
	uint16_t n16;

	switch (size) {
	case 1:
		return *field;
	case 2:
		memcpy(&n16, field, 2);
		return n16;
	case 4:
		memcpy(&n32, field, 4);
		return n32;
	default:
		memcpy(&n64, field, 8);
		return n64;
	}
}

void rv_set_uint(unsigned char *field, unsigned int size, uint64_t value)
{
	uint16_t n16 = value;
	uint32_t n32 = value;

	switch (size) {
	case 1:
		*field = value;
		break;
	case 2:
		memcpy(field, &n16, 2);
		break;
	case 4:
		memcpy(field, &n32, 4);
		break;
	default:
		memcpy(field, &value, 8);
	}
}

static int service_port(const char *name, const char *proto)
{
	struct servent *s = getservbyname(name, proto);

	return s ? ntohs(s->s_port) : -1;
}

int rv_parse_port(const char *text, uint16_t proto)
{
	const char *name = rv_protocol_name(NFPROTO_IPV4, proto);
	uint64_t n;
	int port;

	if (rv_parse_uint(text, 0, UINT16_MAX, &n))
		return n;
	if (proto)
		return name ? service_port(text, name) : -1;
	port = service_port(text, "tcp");
	return port >= 0 ? port : service_port(text, "udp");
}

/* Protocol names as iptables prints them; of several names for a number, the first. */
static const struct rv_name protocols[] = {
	{ "tcp", IPPROTO_TCP, NULL },
	{ "sctp", IPPROTO_SCTP, NULL },
	{ "udp", IPPROTO_UDP, NULL },
	{ "udplite", IPPROTO_UDPLITE, NULL },
	{ "icmp", IPPROTO_ICMP, NULL },
	{ "ipv6-icmp", IPPROTO_ICMPV6, NULL },
	{ "icmpv6", IPPROTO_ICMPV6, NULL },
	{ "esp", IPPROTO_ESP, NULL },
	{ "ah", IPPROTO_AH, NULL },
	{ "mobility-header", IPPROTO_MH, NULL },
	{ "ipv6-mh", IPPROTO_MH, NULL },
	{ "mh", IPPROTO_MH, NULL },
	{ "dccp", IPPROTO_DCCP, NULL },
	{ "ipcomp", IPPROTO_COMP, NULL },
	{ "all", 0, NULL },
	{ NULL, 0, NULL },
};

int rv_parse_protocol(rv_family_t family, const char *text)
{
	const struct protoent *p;
	uint64_t n;

	for (const struct rv_name *row = protocols; row->name; row++)
		if (!strcasecmp(row->name, text))
			return row->value;
	if (rv_parse_uint(text, 0, UINT8_MAX, &n))
		return n;
	p = *text ? getprotobyname(text) : NULL;
	return p && p->p_proto >= 0 && p->p_proto <= UINT8_MAX ? p->p_proto : -1;
}

const char *rv_protocol_name(rv_family_t family, uint16_t proto)
{
	const struct rv_name *row = rv_name_of(protocols, proto);

	return row ? row->name : NULL;
}

/*
 * One to four numbers separated by dots, missing ones are 0: "10" is 10.0.0.0. Each in any base of
 * strtoul(), like iptables.
 */
static bool parse_ipv4(const char *text, struct in_addr *addr)
{
	unsigned char *byte = (unsigned char *)addr;
	uint64_t n;

	addr->s_addr = 0;
	for (int i = 0; i < 4; i++) {
		if (!rv_parse_uint_prefix(text, 0, 255, &n, &text))
			return false;
		byte[i] = n;
		if (!*text)
			return true;
		if (*text++ != '.')
			return false;
	}
	return false;
}

bool rv_parse_address(rv_family_t family, const char *text, union nf_inet_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (family == NFPROTO_IPV4)
		return parse_ipv4(text, &addr->in);
	return inet_pton(AF_INET6, text, &addr->in6) == 1;
}

void rv_print_address(struct rv_buf *b, rv_family_t family, const union nf_inet_addr *addr)
{
	const unsigned char *byte = (const unsigned char *)addr;
	char text[INET6_ADDRSTRLEN];

	if (family == NFPROTO_IPV4) {
		for (int i = 0; i < 4; i++) {
			if (i)
				rv_buf_putc(b, '.');
			rv_buf_u64(b, byte[i]);
		}
		return;
	}
	inet_ntop(AF_INET6, addr, text, sizeof(text));
	rv_buf_puts(b, text);
}

static unsigned int address_bits(rv_family_t family)
{
	return rv_family(family)->address_bits;
}

int rv_mask_length(rv_family_t family, const union nf_inet_addr *mask)
{
	const unsigned char *byte = (const unsigned char *)mask;
	unsigned int bits = address_bits(family), n = 0;
	union nf_inet_addr whole;

	while (n < bits && byte[n / 8] & (0x80 >> n % 8))
		n++;
	rv_mask_make(family, n, &whole);
	return memcmp(&whole, mask, bits / 8) ? -1 : (int)n;
}

void rv_mask_make(rv_family_t family, unsigned int length, union nf_inet_addr *mask)
{
	unsigned char *byte = (unsigned char *)mask;

	memset(mask, 0, sizeof(*mask));
	memset(byte, 0xff, length / 8);
	if (length % 8)
		byte[length / 8] = 0xff << (8 - length % 8);
}

void rv_print_mask(struct rv_buf *b, rv_family_t family, const union nf_inet_addr *mask)
{
	int len = rv_mask_length(family, mask);

	if (len >= 0 && (unsigned int)len == address_bits(family))
		return;
	rv_buf_putc(b, '/');
	if (len >= 0)
		rv_buf_u64(b, len);
	else
		rv_print_address(b, family, mask);
}

bool rv_parse_mac(const char *text, unsigned char mac[6])
{
	for (int i = 0; i < 6; i++) {
		const char *end = text;
		unsigned int n = 0;

		for (; end < text + 2 && *end && *end != ':'; end++) {
			const char *hex = "0123456789abcdef";
			const char *at = strchr(hex, *end | (*end >= 'A' ? 0x20 : 0));

			if (!at)
				return false;
			n = n * 16 + (at - hex);
		}
		if (end == text)
			return false;
		text = end;
		mac[i] = n;
		if (i < 5 && *text++ != ':')
			return false;
	}
	return !*text;
}

int rv_each_word(struct rv_parse *p, const char *text, int (*fn)(struct rv_parse *p, char *word))
{
	char *copy = strdup(text), *rest = copy;
	int rc = 0;

	if (!copy)
		return rv_fail_memory(p->err);
	while (rest && !rc)
		rc = fn(p, strsep(&rest, ","));
	free(copy);
	return rc;
}

const struct rv_name *rv_name_find(const struct rv_name *names, const char *text, size_t len)
{
	for (; names->name; names++)
		if (strlen(names->name) == len && !strncasecmp(names->name, text, len))
			return names;
	return NULL;
}

const struct rv_name *rv_name_of(const struct rv_name *names, uint64_t value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names;
	return NULL;
}

/* Characters that need no quotes in a save file. */
static bool plain(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '-';
}

void rv_print_quoted(struct rv_buf *b, const char *text)
{
	const char *p = text;

	while (*p && plain(*p))
		p++;
	if (p != text && !*p) {
		rv_buf_puts(b, text);
		return;
	}
	rv_buf_putc(b, '"');
	for (p = text; *p; p++) {
		if (strchr("\"\\'", *p))
			rv_buf_putc(b, '\\');
		/* Written by another program; a newline would start a new line of the file. */
		rv_buf_putc(b, *p == '\n' ? ' ' : *p);
	}
	rv_buf_putc(b, '"');
}

void rv_print_name(struct rv_buf *b, const char *name)
{
	if (strchr(name, '"'))
		rv_print_quoted(b, name);
	else
		rv_buf_puts(b, name);
}
