/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of -s and -d. Numeric addresses are not looked up; names are looked up in networks(5),
 * which has IPv4 only, then as hosts.
 */
#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "parser/parse.h"

/* Longest name and mask: names have at most NI_MAXHOST bytes, masks are shorter. */
#define TEXT_MAX (NI_MAXHOST + INET6_ADDRSTRLEN + 1)

static bool is_zero_mask(const union nf_inet_addr *a)
{
	static const union nf_inet_addr zero;

	return !memcmp(a, &zero, sizeof(zero));
}

/* Adds a masked address, unless this element of the list has already produced it. */
static int add_host(struct rv_hosts *hosts, size_t first, const union nf_inet_addr *addr,
		    const union nf_inet_addr *mask, struct rv_error *err)
{
	struct rv_host h = { .mask = *mask };

	for (size_t i = 0; i < sizeof(h.addr.all) / sizeof(h.addr.all[0]); i++)
		h.addr.all[i] = addr->all[i] & mask->all[i];
	for (size_t i = first; i < hosts->count; i++)
		if (!memcmp(&hosts->host[i].addr, &h.addr, sizeof(h.addr)))
			return 0;
	if (rv_grow(&hosts->host, hosts->count, &hosts->cap, sizeof(h), err))
		return -1;
	hosts->host[hosts->count++] = h;
	return 0;
}

/* Rejects what cannot be a name without a lookup: "1.2.3.256", "10.0.0.1 ", "!foo", "1::2::3". */
static bool may_be_name(const char *text)
{
	bool letter = false;

	for (; *text; text++) {
		unsigned char c = *text;

		if (isspace(c) || c < ' ' || (c < 0x80 && ispunct(c) && !strchr("-_.", c)))
			return false;
		letter |= isalpha(c) || c >= 0x80;
	}
	return letter;
}

static int add_network(const char *name, struct rv_hosts *hosts, const union nf_inet_addr *mask,
		       struct rv_error *err)
{
	const struct netent *net = getnetbyname(name);
	union nf_inet_addr addr = { 0 };

	if (!net || net->n_addrtype != AF_INET)
		return 0;
	addr.ip = htonl(net->n_net);
	return add_host(hosts, hosts->count, &addr, mask, err);
}

/* If it cannot be a name, AI_NUMERICHOST accepts rarer literals: "16909060", "fe80::1%eth0". */
static int add_hosts(rv_family_t family, const char *name, struct rv_hosts *hosts,
		     const union nf_inet_addr *mask, struct rv_error *err)
{
	struct addrinfo hints = {
		.ai_family = rv_family(family)->af, .ai_socktype = SOCK_RAW,
		.ai_flags = may_be_name(name) ? 0 : AI_NUMERICHOST,
	};
	struct addrinfo *list = NULL;
	size_t first = hosts->count;
	int rc = 0;

	if (getaddrinfo(name, NULL, &hints, &list))
		return 0;
	for (const struct addrinfo *ai = list; ai && !rc; ai = ai->ai_next) {
		union nf_inet_addr addr = { 0 };

		if (family == NFPROTO_IPV6)
			addr.in6 = ((struct sockaddr_in6 *)(void *)ai->ai_addr)->sin6_addr;
		else
			addr.in = ((struct sockaddr_in *)(void *)ai->ai_addr)->sin_addr;
		rc = add_host(hosts, first, &addr, mask, err);
	}
	freeaddrinfo(list);
	return rc;
}

static int add_name(rv_family_t family, const char *name, struct rv_hosts *hosts,
		    const union nf_inet_addr *mask, struct rv_error *err)
{
	size_t before = hosts->count;

	if (family == NFPROTO_IPV4 && may_be_name(name) && add_network(name, hosts, mask, err))
		return -1;
	if (hosts->count > before)
		return 0;
	return add_hosts(family, name, hosts, mask, err);
}

/* One element of the list; text is modified. */
static int add_element(rv_family_t family, char *text, const struct rv_loc *loc,
		       struct rv_hosts *hosts, struct rv_error *err)
{
	static const union nf_inet_addr any;
	union nf_inet_addr addr, mask;
	char *slash = strrchr(text, '/');
	size_t before = hosts->count;
	int rc;

	rv_mask_make(family, rv_family(family)->address_bits, &mask);
	if (slash) {
		*slash = '\0';
		if (!rv_parse_mask(family, slash + 1, &mask))
			return rv_fail(err, RV_ERR_USAGE, loc, "invalid mask `%s' specified",
				       slash + 1);
	}
	if (is_zero_mask(&mask))
		return add_host(hosts, before, &any, &mask, err);
	if (rv_parse_address(family, text, &addr))
		return add_host(hosts, before, &addr, &mask, err);
	rc = add_name(family, text, hosts, &mask, err);
	if (!rc && hosts->count == before)
		return rv_fail(err, RV_ERR_USAGE, loc, "host/network `%s' not found", text);
	return rc;
}

int rv_resolve(rv_family_t family, const struct rv_arg *arg, struct rv_hosts *hosts,
	       struct rv_error *err)
{
	const char *at = arg->text;
	/* With quotes in the word, the location of an element is unknown. */
	bool exact = arg->loc.end - arg->loc.first == strlen(at);
	struct rv_loc loc = arg->loc;
	char text[TEXT_MAX];
	size_t len;

	for (;; at += len + 1) {
		while (isspace((unsigned char)*at))
			at++;
		len = strcspn(at, ",");
		if (exact) {
			loc.first = arg->loc.first + (at - arg->text);
			loc.end = loc.first + len;
		}
		if (len >= sizeof(text))
			return rv_fail(err, RV_ERR_USAGE, &loc, "host/network `%.*s' not found",
				       (int)len, at);
		memcpy(text, at, len);
		text[len] = '\0';
		if (add_element(family, text, &loc, hosts, err))
			return -1;
		if (!at[len])
			return 0;
	}
}
