/* SPDX-License-Identifier: GPL-2.0-or-later */
/* icmp: type and code of ICMP (RFC 792, RFC 1256, RFC 1812), and functions shared with icmp6. */
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <strings.h>

#include "extensions/icmp.h"

/* The kernel treats this type as any (net/ipv4/netfilter/ip_tables.c); IPv6 has no such value. */
#define ANY_TYPE 0xff

/* Names known to iptables; aliases follow the name of the same value. */
static const struct rv_name types[] = {
	{ "any", RV_ICMP_TYPE(ANY_TYPE), NULL },
	{ "echo-reply", RV_ICMP_TYPE(ICMP_ECHOREPLY), NULL },
	{ "pong", RV_ICMP_TYPE(ICMP_ECHOREPLY), NULL },
	{ "destination-unreachable", RV_ICMP_TYPE(ICMP_DEST_UNREACH), NULL },
	{ "network-unreachable", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_NET_UNREACH), NULL },
	{ "host-unreachable", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_HOST_UNREACH), NULL },
	{ "protocol-unreachable", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_PROT_UNREACH), NULL },
	{ "port-unreachable", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_PORT_UNREACH), NULL },
	{ "fragmentation-needed", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED), NULL },
	{ "source-route-failed", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_SR_FAILED), NULL },
	{ "network-unknown", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_NET_UNKNOWN), NULL },
	{ "host-unknown", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_HOST_UNKNOWN), NULL },
	{ "network-prohibited", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_NET_ANO), NULL },
	{ "host-prohibited", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_HOST_ANO), NULL },
	{ "TOS-network-unreachable",
	  RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_NET_UNR_TOS), NULL },
	{ "TOS-host-unreachable", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_HOST_UNR_TOS), NULL },
	{ "communication-prohibited", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_PKT_FILTERED), NULL },
	{ "host-precedence-violation",
	  RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_PREC_VIOLATION), NULL },
	{ "precedence-cutoff", RV_ICMP_CODE(ICMP_DEST_UNREACH, ICMP_PREC_CUTOFF), NULL },
	{ "source-quench", RV_ICMP_TYPE(ICMP_SOURCE_QUENCH), NULL },
	{ "redirect", RV_ICMP_TYPE(ICMP_REDIRECT), NULL },
	{ "network-redirect", RV_ICMP_CODE(ICMP_REDIRECT, ICMP_REDIR_NET), NULL },
	{ "host-redirect", RV_ICMP_CODE(ICMP_REDIRECT, ICMP_REDIR_HOST), NULL },
	{ "TOS-network-redirect", RV_ICMP_CODE(ICMP_REDIRECT, ICMP_REDIR_NETTOS), NULL },
	{ "TOS-host-redirect", RV_ICMP_CODE(ICMP_REDIRECT, ICMP_REDIR_HOSTTOS), NULL },
	{ "echo-request", RV_ICMP_TYPE(ICMP_ECHO), NULL },
	{ "ping", RV_ICMP_TYPE(ICMP_ECHO), NULL },
	{ "router-advertisement", RV_ICMP_TYPE(9), NULL },
	{ "router-solicitation", RV_ICMP_TYPE(10), NULL },
	{ "time-exceeded", RV_ICMP_TYPE(ICMP_TIME_EXCEEDED), NULL },
	{ "ttl-exceeded", RV_ICMP_TYPE(ICMP_TIME_EXCEEDED), NULL },
	{ "ttl-zero-during-transit", RV_ICMP_CODE(ICMP_TIME_EXCEEDED, ICMP_EXC_TTL), NULL },
	{ "ttl-zero-during-reassembly",
	  RV_ICMP_CODE(ICMP_TIME_EXCEEDED, ICMP_EXC_FRAGTIME), NULL },
	{ "parameter-problem", RV_ICMP_TYPE(ICMP_PARAMETERPROB), NULL },
	{ "ip-header-bad", RV_ICMP_CODE(ICMP_PARAMETERPROB, 0), NULL },
	{ "required-option-missing", RV_ICMP_CODE(ICMP_PARAMETERPROB, 1), NULL },
	{ "timestamp-request", RV_ICMP_TYPE(ICMP_TIMESTAMP), NULL },
	{ "timestamp-reply", RV_ICMP_TYPE(ICMP_TIMESTAMPREPLY), NULL },
	{ "address-mask-request", RV_ICMP_TYPE(ICMP_ADDRESS), NULL },
	{ "address-mask-reply", RV_ICMP_TYPE(ICMP_ADDRESSREPLY), NULL },
	{ NULL, 0, NULL },
};

static const char *protocol_word(const struct rv_parse *p)
{
	return rv_family(p->family)->icmp;
}

/* "n" or "from:to". */
static bool read_numbers(const char *text, uint64_t *from, uint64_t *to, const char **end)
{
	if (!rv_parse_uint_prefix(text, 0, UINT8_MAX, from, end))
		return false;
	*to = *from;
	return **end != ':' || rv_parse_uint_prefix(*end + 1, 0, UINT8_MAX, to, end);
}

static bool read_codes(const char *text, struct ipt_icmp *icmp)
{
	const char *end;
	uint64_t from, to;

	if (!read_numbers(text, &from, &to, &end) || *end || from > to)
		return false;
	icmp->code[0] = from;
	icmp->code[1] = to;
	return true;
}

/* "type" or "type/codes". */
static int parse_numbers(struct rv_parse *p, struct ipt_icmp *icmp)
{
	const char *end;
	uint64_t from, to;

	if (!read_numbers(p->arg, &from, &to, &end) || (*end && *end != '/'))
		return rv_parse_fail(p, "Unknown %s type `%s'", protocol_word(p), p->arg);
	if (from != to)
		return rv_parse_fail(p, "%s type range not supported", protocol_word(p));
	icmp->type = from;
	icmp->code[0] = 0;
	icmp->code[1] = UINT8_MAX;
	if (!*end || read_codes(end + 1, icmp))
		return 0;
	return rv_parse_fail(p, "Unknown %s code `%s'", protocol_word(p), p->arg);
}

/* Unambiguous prefixes of names are accepted. */
int rv_icmp_parse(struct rv_parse *p)
{
	struct ipt_icmp *icmp = (struct ipt_icmp *)(void *)p->data;
	const struct rv_name *found = NULL;
	size_t len = strlen(p->arg);

	for (const struct rv_name *n = p->opt->names; n->name; n++) {
		if (strncasecmp(n->name, p->arg, len) != 0)
			continue;
		if (found)
			return rv_parse_fail(p,
				       "Ambiguous %s type `%s': `%s' or `%s'?", protocol_word(p),
				       p->arg, found->name, n->name);
		found = n;
	}
	if (!found)
		return parse_numbers(p, icmp);
	icmp->type = found->value >> 16;
	icmp->code[0] = found->value >> 8;
	icmp->code[1] = found->value;
	return 0;
}

static const struct rv_name *icmp_name(const struct rv_option *opt, const struct ipt_icmp *icmp)
{
	return rv_name_of(opt->names, (uint32_t)icmp->type << 16 | icmp->code[0] << 8 |
					      icmp->code[1]);
}

static bool every_code(const struct ipt_icmp *icmp)
{
	return icmp->code[0] == 0 && icmp->code[1] == UINT8_MAX;
}

/* Numbers, except for "any", which differs from type 255 although it is stored like that. */
void rv_icmp_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct ipt_icmp *icmp = (const struct ipt_icmp *)(const void *)data;
	const struct rv_name *name = icmp_name(opt, icmp);

	if (name && name == types) {
		rv_buf_puts(o->buf, name->name);
		return;
	}
	rv_buf_u64(o->buf, icmp->type);
	if (every_code(icmp))
		return;
	rv_buf_printf(o->buf, "/%u", icmp->code[0]);
	if (icmp->code[0] != icmp->code[1])
		rv_buf_printf(o->buf, ":%u", icmp->code[1]);
}

void rv_icmp_show(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data)
{
	const struct ipt_icmp *icmp = (const struct ipt_icmp *)(const void *)data;
	const struct rv_name *name = icmp_name(ext->options, icmp);
	bool inverted = icmp->invflags & IPT_ICMP_INV;

	rv_buf_printf(o->buf, " %s", ext->options->list);
	if (name && !o->numeric) {
		rv_buf_printf(o->buf, " %s%s", inverted ? "!" : "", name->name);
		return;
	}
	rv_buf_printf(o->buf, "%stype %u", inverted ? " !" : "", icmp->type);
	if (icmp->code[0] == icmp->code[1])
		rv_buf_printf(o->buf, " code %u", icmp->code[0]);
	else if (!every_code(icmp))
		rv_buf_printf(o->buf, " codes %u-%u", icmp->code[0], icmp->code[1]);
}

int rv_icmp_predicate(const struct rv_option *opt, const unsigned char *data,
		      rv_predicate_fn *fn, void *arg)
{
	const struct ipt_icmp *icmp = (const struct ipt_icmp *)(const void *)data;
	bool any = opt->sel == RV_SEL_ICMP_TYPE && icmp->type == ANY_TYPE;
	struct rv_predicate p = {
		.sel = opt->sel,
		.op = RV_OP_RANGE,
		.negate = icmp->invflags & IPT_ICMP_INV,
		.len = 2,
		.value = { any ? 0 : icmp->type, any ? 0 : icmp->code[0] },
		.other = { icmp->type, any ? UINT8_MAX : icmp->code[1] },
	};

	return any && !p.negate ? 0 : fn(&p, arg);
}

int rv_icmp_absorb(const struct rv_option *opt, const struct rv_predicate *p, unsigned char *data)
{
	struct ipt_icmp *icmp = (struct ipt_icmp *)(void *)data;
	bool any = opt->sel == RV_SEL_ICMP_TYPE && !p->value[0] && p->other[0] == ANY_TYPE;

	if (p->op != RV_OP_RANGE || (p->value[0] != p->other[0] && !any))
		return -1;
	icmp->type = p->other[0];
	icmp->code[0] = p->value[1];
	icmp->code[1] = p->other[1];
	icmp->invflags = p->negate ? IPT_ICMP_INV : 0;
	return 0;
}

/* The kernel would refuse the rule without a reason. */
int rv_icmp_check(struct rv_check *c)
{
	const struct rv_ip *ip = &c->rule->ip;

	if (ip->proto == c->ext->protocol && !(ip->invert & RV_IP_PROTO))
		return 0;
	return rv_check_fail(c, "%s match requires '-p %s'",
		       rv_family(c->ext->family)->icmp,
		       rv_protocol_name(c->family, c->ext->protocol));
}

static const struct rv_option icmp_options[] = {
	RV_ICMP_ROW("icmp-type", "icmp", ICMP_TYPE, "ICMP"),
	{ .name = NULL },
};

RV_EXTENSION(icmp) = {
	.name = "icmp", .kind = RV_MATCH, .family = NFPROTO_IPV4, .protocol = IPPROTO_ICMP,
	RV_STRUCT(struct ipt_icmp, 0), .options = icmp_options,
	.ops = RV_EXT_OPS(.kernel_check = rv_icmp_check, .show = rv_icmp_show),
	.initial = &(const struct ipt_icmp){ .type = ANY_TYPE, .code = { 0, UINT8_MAX } },
	.config = "IP_NF_IPTABLES",
	.help = "ICMP type and code",
};
