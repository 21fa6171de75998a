/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets in nft's words, by name. */
#include <syslog.h>

#include "text.h"

#define ROWS(...) (const char *const[]){ __VA_ARGS__, NULL }

#define LOG_PREFIX_MAX 127

/* ---- marks --------------------------------------------------------------------- */

/* A change of bits: (x & ~mask) ^ value. "and" binds before "xor". */
static bool say_change(struct rv_text *t, const char *set, const char *old, const char *and,
		       uint32_t value, uint32_t mask)
{
	rv_buf_printf(t->b, " %s set ", set);
	if (mask == UINT32_MAX)
		rv_buf_printf(t->b, "0x%x", value);
	else if (!value)
		rv_buf_printf(t->b, "%s %s 0x%x", old, and, ~mask);
	else if (value == mask)
		rv_buf_printf(t->b, "%s or 0x%x", old, value);
	else if (!mask)
		rv_buf_printf(t->b, "%s xor 0x%x", old, value);
	else
		rv_buf_printf(t->b, "%s %s 0x%x xor 0x%x", old, and, ~mask, value);
	return true;
}

static bool say_mark(struct rv_text *t, const struct rv_part *part)
{
	return say_change(t, "meta mark", "mark", "and", rv_text_number(part, "set-xmark"),
			  rv_text_mask(part, "set-xmark"));
}

/* nft 1.0 cannot put bits of one mark among those of the other. */
static bool say_copy(struct rv_text *t, const char *to, const char *from, uint32_t kept,
		     uint32_t copied)
{
	rv_buf_printf(t->b, " %s set %s", to, from);
	if (copied != UINT32_MAX)
		rv_buf_printf(t->b, " and 0x%x", copied);
	return kept == UINT32_MAX;
}

static bool say_connmark(struct rv_text *t, const struct rv_part *part)
{
	uint32_t ctmask = rv_text_number(part, "ctmask"), nfmask = rv_text_number(part, "nfmask");

	/* The packet is shifted, or what comes of it: in either case too much for one "set". */
	if (rv_text_number(part, "left-shift-mark"))
		return false;
	if (rv_text_given(part, "save-mark"))
		return say_copy(t, "ct mark", "mark", ctmask, nfmask);
	if (rv_text_given(part, "restore-mark"))
		return say_copy(t, "meta mark", "ct mark", nfmask, ctmask);
	return say_change(t, "ct mark", "ct mark", "and", rv_text_number(part, "set-xmark"),
			  rv_text_mask(part, "set-xmark"));
}

/* ---- logs ---------------------------------------------------------------------- */

static bool say_prefix(struct rv_text *t, const char *prefix)
{
	if (!*prefix)
		return true;
	rv_buf_puts(t->b, " prefix ");
	/* '$' is a variable there. */
	return rv_text_quoted(t->b, prefix, LOG_PREFIX_MAX, "$");
}

static bool say_log(struct rv_text *t, const struct rv_part *part)
{
	static const char *const levels[] = {
		"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
	};
	bool sequence = rv_text_given(part, "log-tcp-sequence");
	bool options = rv_text_given(part, "log-tcp-options");
	bool ip = rv_text_given(part, "log-ip-options"), uid = rv_text_given(part, "log-uid");
	uint64_t level = rv_text_number(part, "log-level");

	rv_buf_puts(t->b, " log");
	if (!say_prefix(t, rv_text_string(part, "log-prefix")) || level > LOG_DEBUG)
		return false;
	if (level != LOG_WARNING)
		rv_buf_printf(t->b, " level %s", levels[level]);
	if (sequence && options && ip && uid && rv_text_given(part, "log-macdecode")) {
		rv_buf_puts(t->b, " flags all");
		return true;
	}
	if (sequence || options)
		rv_buf_printf(t->b, " flags tcp %s", !options ? "sequence" :
			      sequence ? "sequence,options" : "options");
	rv_buf_puts(t->b, ip ? " flags ip options" : "");
	rv_buf_puts(t->b, uid ? " flags skuid" : "");
	rv_buf_puts(t->b, rv_text_given(part, "log-macdecode") ? " flags ether" : "");
	return true;
}

static void say_number(struct rv_text *t, const struct rv_part *part, const char *row,
		       const char *word)
{
	if (rv_text_given(part, row))
		rv_buf_printf(t->b, " %s %llu", word,
			      (unsigned long long)rv_text_number(part, row));
}

static bool say_nflog(struct rv_text *t, const struct rv_part *part)
{
	rv_buf_puts(t->b, " log");
	if (!say_prefix(t, rv_text_string(part, "nflog-prefix")))
		return false;
	say_number(t, part, "nflog-size", "snaplen");
	say_number(t, part, "nflog-threshold", "queue-threshold");
	rv_buf_printf(t->b, " group %u", (unsigned int)rv_text_number(part, "nflog-group"));
	return true;
}

static bool say_audit(struct rv_text *t, const struct rv_part *part)
{
	(void)part;
	rv_buf_puts(t->b, " log level audit");
	return true;
}

/* ---- addresses -------------------------------------------------------------------- */

/* Flags with commas between them, behind what was said. */
static void say_flags(struct rv_text *t, const struct rv_part *part, const struct rv_name *flags)
{
	const char *before = " ";

	for (; flags->name; flags++) {
		if (!rv_text_given(part, flags->name))
			continue;
		rv_buf_printf(t->b, "%s%s", before, flags->help);
		before = ",";
	}
}

static const struct rv_name nat_flags[] = {
	{ "random", 0, "random" },
	{ "random-fully", 0, "fully-random" },
	{ "persistent", 0, "persistent" },
	{ NULL, 0, NULL },
};

/* Bytes of two addresses as the renderer left them: nft wants the smaller one first. */
static bool in_order(rv_family_t family, const char *first, const char *last)
{
	union nf_inet_addr a = { 0 }, b = { 0 };

	return rv_parse_address(family, first, &a) && rv_parse_address(family, last, &b) &&
	       memcmp(&a, &b, sizeof(a)) <= 0;
}

/* One address or two. In brackets (IPv6 with ports) each has its own in nft. */
static bool say_addresses(struct rv_text *t, char *first, bool brackets)
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

/* Where the ports begin: the colon, or the end of the text. */
static char *find_ports(const struct rv_text *t, char *text)
{
	char *close = strchr(text, ']'), *colon = strchr(text, ':');

	if (close)
		return close + 1;
	/* Two colons are an address of IPv6. */
	if (!colon || (t->family == NFPROTO_IPV6 && strchr(colon + 1, ':')))
		return text + strlen(text);
	return colon;
}

/*
 * "[address[-address]][:port[-port]]" as save prints it. nft wants a protocol before
 * ports, and has no base port ("/").
 */
static bool say_where(struct rv_text *t, char *text)
{
	bool brackets = *text == '[';
	char *ports = find_ports(t, text);
	char port_text[sizeof(":65535-65535")] = "";

	if (strchr(text, '/') || strlen(ports) >= sizeof(port_text) ||
	    (*ports && !rv_text_has_protocol(t, 0)))
		return false;
	memcpy(port_text, ports, strlen(ports));
	ports[brackets ? -1 : 0] = '\0';
	if (text[brackets] && !say_addresses(t, text + brackets, brackets))
		return false;
	rv_buf_puts(t->b, port_text);
	return true;
}

static bool say_nat(struct rv_text *t, const struct rv_part *part, const char *word,
		    const char *row)
{
	struct rv_buf value = RV_BUF_INIT;
	bool ok = false;

	rv_buf_printf(t->b, " %s to ", word);
	rv_text_value(t, &value, part, row);
	if (rv_buf_text(&value))
		ok = say_where(t, value.data);
	rv_buf_free(&value);
	say_flags(t, part, nat_flags);
	return ok;
}

static bool say_snat(struct rv_text *t, const struct rv_part *part)
{
	return say_nat(t, part, "snat", "to-source");
}

static bool say_dnat(struct rv_text *t, const struct rv_part *part)
{
	return say_nat(t, part, "dnat", "to-destination");
}

/* Ports alone. */
static bool say_local(struct rv_text *t, const struct rv_part *part, const char *word)
{
	bool ports = rv_text_given(part, "to-ports");

	rv_buf_printf(t->b, " %s", word);
	if (ports) {
		rv_buf_puts(t->b, " to :");
		rv_text_value(t, t->b, part, "to-ports");
	}
	say_flags(t, part, nat_flags);
	return !ports || rv_text_has_protocol(t, 0);
}

static bool say_masquerade(struct rv_text *t, const struct rv_part *part)
{
	return say_local(t, part, "masquerade");
}

static bool say_redirect(struct rv_text *t, const struct rv_part *part)
{
	return say_local(t, part, "redirect");
}

/* An address of zeros is none. */
static bool has_address(const struct rv_text *t, const struct rv_part *part, const char *row)
{
	static const union nf_inet_addr none;
	union nf_inet_addr address = none;
	struct rv_buf value = RV_BUF_INIT;
	bool parsed;

	rv_text_value(t, &value, part, row);
	parsed = rv_buf_text(&value) && rv_parse_address(t->family, value.data, &address);
	rv_buf_free(&value);
	return parsed && memcmp(&address, &none, sizeof(none)) != 0;
}

static bool say_tproxy(struct rv_text *t, const struct rv_part *part)
{
	unsigned int port = rv_text_number(part, "on-port");
	bool address = has_address(t, part, "on-ip");
	bool brackets = address && t->family == NFPROTO_IPV6;
	uint32_t value = rv_text_number(part, "tproxy-mark");
	uint32_t mask = rv_text_mask(part, "tproxy-mark");

	if (!address && !port)
		return false;
	rv_buf_printf(t->b, " tproxy to %s", brackets ? "[" : "");
	if (address)
		rv_text_value(t, t->b, part, "on-ip");
	rv_buf_puts(t->b, brackets ? "]" : "");
	if (port)
		rv_buf_printf(t->b, ":%u", port);
	if (value || mask)
		say_change(t, "meta mark", "meta mark", "&", value, mask);
	rv_buf_puts(t->b, " accept");
	return true;
}

static bool say_tee(struct rv_text *t, const struct rv_part *part)
{
	rv_buf_puts(t->b, " dup to ");
	rv_text_value(t, t->b, part, "gateway");
	if (!rv_text_given(part, "oif"))
		return true;
	rv_buf_puts(t->b, " device ");
	return rv_text_quoted(t->b, rv_text_string(part, "oif"), IFNAMSIZ, "+*\\");
}

/* ---- others ------------------------------------------------------------------------ */

static bool say_reject(struct rv_text *t, const struct rv_part *part)
{
	static const struct rv_name words[] = {
		{ "icmp-net-unreachable", 0, "icmp type net-unreachable" },
		{ "icmp-host-unreachable", 0, "icmp type host-unreachable" },
		{ "icmp-proto-unreachable", 0, "icmp type prot-unreachable" },
		{ "icmp-port-unreachable", 0, NULL },
		{ "icmp-net-prohibited", 0, "icmp type net-prohibited" },
		{ "icmp-host-prohibited", 0, "icmp type host-prohibited" },
		{ "icmp-admin-prohibited", 0, "icmp type admin-prohibited" },
		{ "icmp6-no-route", 0, "icmpv6 type no-route" },
		{ "icmp6-adm-prohibited", 0, "icmpv6 type admin-prohibited" },
		{ "icmp6-addr-unreachable", 0, "icmpv6 type addr-unreachable" },
		{ "icmp6-port-unreachable", 0, NULL },
		{ "icmp6-policy-fail", 0, "icmpv6 type policy-fail" },
		{ "icmp6-reject-route", 0, "icmpv6 type reject-route" },
		{ "tcp-reset", 0, "tcp reset" },
		{ NULL, 0, NULL },
	};
	struct rv_buf type = RV_BUF_INIT;
	const struct rv_name *word = NULL;

	rv_text_value(t, &type, part, "reject-with");
	if (rv_buf_text(&type))
		word = rv_name_find(words, type.data, type.len);
	rv_buf_free(&type);
	rv_buf_puts(t->b, " reject");
	if (word && word->help)
		rv_buf_printf(t->b, " with %s", word->help);
	return word;
}

static bool say_nfqueue(struct rv_text *t, const struct rv_part *part)
{
	static const struct rv_name flags[] = {
		{ "queue-bypass", 0, "bypass" }, { "queue-cpu-fanout", 0, "fanout" },
		{ NULL, 0, NULL },
	};
	struct rv_buf range = RV_BUF_INIT;

	rv_buf_puts(t->b, " queue num ");
	if (!rv_text_given(part, "queue-balance")) {
		rv_buf_u64(t->b, rv_text_number(part, "queue-num"));
	} else {
		rv_text_value(t, &range, part, "queue-balance");
		for (size_t i = 0; i < range.len; i++)
			rv_buf_putc(t->b, range.data[i] == ':' ? '-' : range.data[i]);
		rv_buf_free(&range);
	}
	say_flags(t, part, flags);
	return true;
}

static bool say_tcpmss(struct rv_text *t, const struct rv_part *part)
{
	rv_buf_puts(t->b, " tcp option maxseg size set ");
	if (rv_text_given(part, "clamp-mss-to-pmtu"))
		rv_buf_puts(t->b, "rt mtu");
	else
		rv_buf_u64(t->b, rv_text_number(part, "set-mss"));
	return true;
}

static bool say_synproxy(struct rv_text *t, const struct rv_part *part)
{
	rv_buf_puts(t->b, " synproxy");
	rv_buf_puts(t->b, rv_text_given(part, "sack-perm") ? " sack-perm" : "");
	rv_buf_puts(t->b, rv_text_given(part, "timestamp") ? " timestamp" : "");
	say_number(t, part, "wscale", "wscale");
	say_number(t, part, "mss", "mss");
	return true;
}

static bool say_classify(struct rv_text *t, const struct rv_part *part)
{
	uint32_t class = rv_text_number(part, "set-class");

	rv_buf_puts(t->b, " meta priority set ");
	if (!class)
		rv_buf_puts(t->b, "none");
	else if (class == UINT32_MAX)
		rv_buf_puts(t->b, "root");
	else
		rv_buf_printf(t->b, "%x:%x", class >> 16, class & UINT16_MAX);
	return true;
}

static const char *header(const struct rv_text *t)
{
	return t->family == NFPROTO_IPV4 ? "ip" : "ip6";
}

static bool say_dscp(struct rv_text *t, const struct rv_part *part)
{
	rv_buf_printf(t->b, " %s dscp set 0x%02x", header(t),
		      (unsigned int)rv_text_number(part, "set-dscp"));
	return true;
}

/* The byte is two fields to nft, of which each is set as a whole or left alone. */
static bool say_tos(struct rv_text *t, const struct rv_part *part)
{
	static const char *const ecn[] = { "not-ect", "ect1", "ect0", "ce" };
	const unsigned char *bytes = (const unsigned char *)rv_text_string(part, "set-tos");
	unsigned int value = bytes[0], mask = bytes[1];

	if ((mask != 0xff && mask != 0xfc) || value & ~mask)
		return false;
	rv_buf_printf(t->b, " %s dscp set 0x%02x", header(t), value >> 2);
	if (mask == 0xff)
		rv_buf_printf(t->b, " %s ecn set %s", header(t), ecn[value & 3]);
	return true;
}

static bool say_ttl(struct rv_text *t, const struct rv_part *part)
{
	bool v4 = t->family == NFPROTO_IPV4;

	rv_buf_printf(t->b, " %s set %u", v4 ? "ip ttl" : "ip6 hoplimit",
		      (unsigned int)rv_text_number(part, v4 ? "ttl-set" : "hl-set"));
	return true;
}

static bool say_notrack(struct rv_text *t, const struct rv_part *part)
{
	(void)part;
	rv_buf_puts(t->b, " notrack");
	return true;
}

static bool say_ct(struct rv_text *t, const struct rv_part *part)
{
	return rv_text_given(part, "notrack") && say_notrack(t, part);
}

static bool say_trace(struct rv_text *t, const struct rv_part *part)
{
	(void)part;
	rv_buf_puts(t->b, " nftrace set 1");
	return true;
}

const struct rv_text_ext rv_text_targets[] = {
	{ "AUDIT", say_audit, NULL },
	{ "CLASSIFY", say_classify, NULL },
	{ "CONNMARK", say_connmark, NULL },
	{ "CT", say_ct, ROWS("notrack") },
	{ "DNAT", say_dnat, NULL },
	{ "DSCP", say_dscp, NULL },
	{ "HL", say_ttl, ROWS("hl-set") },
	{ "LOG", say_log, NULL },
	{ "MARK", say_mark, NULL },
	{ "MASQUERADE", say_masquerade, NULL },
	{ "NFLOG", say_nflog, NULL },
	{ "NFQUEUE", say_nfqueue, NULL },
	{ "NOTRACK", say_notrack, NULL },
	{ "REDIRECT", say_redirect, NULL },
	{ "REJECT", say_reject, NULL },
	{ "SNAT", say_snat, NULL },
	{ "SYNPROXY", say_synproxy, ROWS("sack-perm", "timestamp", "wscale", "mss") },
	{ "TCPMSS", say_tcpmss, NULL },
	{ "TEE", say_tee, NULL },
	{ "TOS", say_tos, NULL },
	{ "TPROXY", say_tproxy, NULL },
	{ "TRACE", say_trace, NULL },
	{ "TTL", say_ttl, ROWS("ttl-set") },
	{ NULL, NULL, NULL },
};
