/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translation of a rule to nft syntax: matches, counter, target, comment. */
#include <ctype.h>
#include <string.h>

#include "text.h"

#define COMMENT_MAX 127		/* NFTNL_UDATA_COMMENT_MAXLEN without its NUL */

const char *rv_text_family(rv_family_t family)
{
	return rv_family(family)->nft;
}

/* Keywords that nft's grammar does not accept as a name. */
static bool is_keyword(const char *name)
{
	static const char *const keywords[] = {
		"accept", "add", "addr", "after", "ah", "all", "and", "arp", "at", "audit",
		"auto-merge", "bridge", "broadcast", "burst", "bypass", "bytes", "cgroup",
		"chain", "chains", "check", "code", "comment", "comp", "constant", "continue",
		"counter", "counters", "cpu", "create", "ct", "daddr", "day", "dccp", "debug",
		"define", "delete", "describe", "destroy", "device", "devices", "dnat",
		"dport", "drop", "dscp", "dst", "dup", "dynamic", "ecn", "element", "elements",
		"eq", "esp", "ether", "exists", "expires", "export", "exthdr", "fanout", "fib",
		"flags", "flow", "flowtable", "flowtables", "flush", "forward", "frag", "from",
		"ftp", "fully-random", "fwd", "gc-interval", "ge", "geneve", "get", "goto",
		"gre", "group", "gt", "handle", "hbh", "helper", "helpers", "hook", "hoplimit",
		"hour", "ibriport", "ibrname", "icmp", "icmpv6", "id", "igmp", "iif",
		"iifgroup", "iifname", "iiftype", "implicit", "import", "in", "inc", "include",
		"index", "inet", "inner", "insert", "interval", "ip", "ip6", "ipsec", "jhash",
		"json", "jump", "l4proto", "last", "le", "length", "limit", "limits", "list",
		"log", "lshift", "lt", "mac", "map", "maps", "mark", "masquerade", "meta",
		"meter", "meters", "mh", "missing", "mod", "monitor", "mss", "mtu", "ne",
		"netdev", "nexthdr", "nfproto", "nftrace", "not", "notrack", "num", "numgen",
		"obriport", "obrname", "offset", "oif", "oifgroup", "oifname", "oiftype", "op",
		"option", "options", "or", "order", "original", "osf", "out", "over",
		"packets", "performance", "persistent", "pkttype", "policy", "position",
		"prefix", "priority", "protocol", "quantum", "queue", "queue-threshold",
		"quota", "quotas", "random", "rate", "redefine", "redirect", "reject",
		"rename", "replace", "reply", "reset", "return", "rshift", "rt", "rt0", "rt2",
		"rtclassid", "rule", "rules", "ruleset", "saddr", "sctp", "secmark",
		"secmarks", "set", "sets", "size", "skgid", "skuid", "snaplen", "snat",
		"socket", "spi", "sport", "src", "srh", "state", "status", "symhash",
		"synproxy", "synproxys", "table", "tables", "tcp", "th", "time", "timeout",
		"to", "tproxy", "trace", "transparent", "ttl", "type", "typeof", "udp",
		"udplite", "undefine", "unknown", "until", "update", "used", "version", "vlan",
		"vmap", "vxlan", "wildcard", "wscale", "xor", "xt", NULL,
	};

	for (const char *const *k = keywords; *k; k++)
		if (strcmp(*k, name) == 0)
			return true;
	return false;
}

bool rv_text_is_name(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("/-_.", *c))
			return false;
	return !is_keyword(name);
}

/* nft cannot escape quotes or control characters in a string. */
bool rv_text_quoted(struct rv_buf *b, const char *text, size_t max, const char *forbidden)
{
	size_t len = strlen(text);

	if (len > max || strchr(text, '"') || text[strcspn(text, forbidden)])
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	rv_buf_printf(b, "\"%s\"", text);
	return true;
}

static bool translate_match(struct rv_text *t, const struct rv_part *part)
{
	/* A match for a protocol other than the rule's never matches; nft refuses it. */
	if (part->ext->protocol && t->rule->ip.flags & RV_IP_PROTO &&
	    t->rule->ip.invert & RV_IP_PROTO)
		return false;
	return part->ext->nft ? rv_text_template(t, part) : rv_text_predicates(t, part);
}

static bool translate_verdict(struct rv_text *t)
{
	const struct rv_rule *r = t->rule;
	static const char *const words[] = {
#define RV_VERDICT(id, name, nft, ...) nft,
#include <ravelin/verdicts.def>
	};

	if (!words[r->verdict])
		return false;
	rv_buf_puts(t->b, words[r->verdict]);
	if (r->verdict != RV_VERDICT_JUMP && r->verdict != RV_VERDICT_GOTO)
		return true;
	rv_buf_puts(t->b, r->jump);
	return rv_text_is_name(r->jump);
}

static bool translate_rule(struct rv_text *t)
{
	if (!rv_text_ip(t))
		return false;
	for (const struct rv_part *m = t->rule->matches; m; m = m->next)
		if (!translate_match(t, m))
			return false;
	rv_buf_puts(t->b, " counter");
	if (t->rule->target ? !t->rule->target->ext->nft || !rv_text_template(t, t->rule->target)
			    : !translate_verdict(t))
		return false;
	if (!t->comment)
		return true;
	rv_buf_puts(t->b, " comment ");
	return rv_text_quoted(t->b, t->comment, COMMENT_MAX, "");
}

/* nft counts from 0; "insert" without an index prepends. */
static bool translate_place(struct rv_buf *b, const struct rv_text_place *p)
{
	rv_buf_printf(b, "%s rule %s %s %s", p->insert ? "insert" : "add",
		      rv_text_family(p->family), p->table, p->chain);
	if (p->insert && p->number > 1)
		rv_buf_printf(b, " index %u", p->number - 1);
	return rv_text_is_name(p->chain);
}

bool rv_text_rule(struct rv_buf *b, const struct rv_text_place *place, const struct rv_rule *r)
{
	struct rv_buf rule = RV_BUF_INIT;
	struct rv_text t = {
		.b = &rule, .before = b, .place = place, .family = place->family, .rule = r,
	};
	size_t start = b->len, names = place->sets->n;
	bool said = translate_place(&rule, place) && translate_rule(&t);

	if (said) {
		rv_buf_add(b, rule.data, rule.len);
	} else {
		b->len = start;
		rv_text_sets_forget(place->sets, names);
	}
	b->failed |= rule.failed || place->sets->failed;
	rv_buf_free(&rule);
	return said;
}
