/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random rules and packets from a small set of values, so that they match often. */
#include <stdarg.h>
#include <stdio.h>

#include <ravelin/parser.h>

#include "twin.h"

enum { ICMP = 1, TCP = 6, UDP = 17, ICMPV6 = 58, SCTP = 132 };

static uint64_t state;

void twin_seed(uint64_t seed)
{
	state = seed * 0x2545f4914f6cdd1d + 1;
}

unsigned int twin_below(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 32) % n;
}

static bool chance(unsigned int in)
{
	return !twin_below(in);
}

#define PICK(list)	((list)[twin_below(sizeof(list) / sizeof((list)[0]))])

/* ---- packets -------------------------------------------------------------------------------- */

static void random_address(uint8_t *a, rv_family_t family)
{
	static const uint8_t first4[] = { 10, 10, 10, 192, 127, 224 };
	static const uint8_t first6[] = { 0xfd, 0xfd, 0x20, 0xff };

	memset(a, 0, 16);
	if (family == NFPROTO_IPV4) {
		a[0] = PICK(first4);
		a[1] = twin_below(2);
		a[3] = 1 + twin_below(4);
	} else {
		a[0] = PICK(first6);
		a[15] = twin_below(4);
	}
}

static uint16_t random_port(void)
{
	static const uint16_t ports[] = { 0, 22, 53, 80, 443, 1024, 8080, 65535 };

	return PICK(ports);
}

static void random_name(char name[IFNAMSIZ], bool may_be_none)
{
	static const char *const names[] = { "eth0", "eth1", "lo", "tun10", "veth12345678901" };

	memset(name, 0, IFNAMSIZ);
	if (!may_be_none || !chance(4))
		strcpy(name, PICK(names));
}

static void random_transport(struct twin_packet *p)
{
	static const uint8_t types[] = { 0, 3, 8, 128, 135 };
	const uint8_t protocols[] = { TCP, TCP, UDP, UDP, SCTP, 47,
				      p->family == NFPROTO_IPV4 ? ICMP : ICMPV6 };

	p->proto = PICK(protocols);
	p->sport = random_port();
	p->dport = random_port();
	p->tcp_flags = twin_below(64);
	p->ntcp_options = p->proto == TCP ? twin_below(5) : 0;
	for (unsigned int i = 0; i < p->ntcp_options; i++)
		p->tcp_options[i] = 2 + twin_below(8);
	/* Pads with options of kind 0. */
	if (p->ntcp_options % 2)
		p->ntcp_options++;
	p->icmp_type = PICK(types);
	p->icmp_code = twin_below(4);
	p->fragment = chance(12) ? 1 + twin_below(3) : 0;
	p->cut = chance(40) ? 1 + twin_below(p->proto == TCP ? 19 : 7) : 0;
	p->payload = twin_below(60);
}

/* Which interfaces a packet has. */
static void random_interfaces(struct twin_packet *p)
{
	bool comes = p->hook != NF_INET_LOCAL_OUT && p->hook != NF_INET_POST_ROUTING;
	bool goes = p->hook != NF_INET_PRE_ROUTING && p->hook != NF_INET_LOCAL_IN;

	if (comes)
		random_name(p->in, false);
	if (goes)
		random_name(p->out, false);
}

void twin_random_packet(struct twin_packet *p, rv_family_t family, uint32_t hooks)
{
	memset(p, 0, sizeof(*p));
	p->family = family;
	do
		p->hook = twin_below(5);
	while (!(hooks & 1U << p->hook));
	random_address(p->src, family);
	random_address(p->dst, family);
	p->tos = twin_below(256);
	p->ttl = twin_below(8) ? 60 + twin_below(8) : twin_below(256);
	p->destination_options = family == NFPROTO_IPV6 && chance(6);
	random_transport(p);
	random_interfaces(p);
	memcpy(p->mac, "\2\0\0\0\0", 5);
	p->mac[5] = twin_below(3);
	p->pkttype = twin_below(4);
	p->mark = twin_below(4);
	p->has_owner = chance(2);
	p->uid = 1000 + twin_below(3);
	p->gid = twin_below(3);
}

/* ---- rules as iptables options --------------------------------------------------------------- */

#define WORDS	64

struct words {
	int n;
	char *list[WORDS];
	char text[WORDS][64];
	const struct rv_table *table;
	rv_family_t family;
	unsigned int chain, nchains;	/* user-defined chains; rules only jump to later ones */
	bool comes, goes, base;
	unsigned int proto;
};

static void word(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void word(struct words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->text[w->n], sizeof(w->text[0]), fmt, ap);
	va_end(ap);
	w->list[w->n] = w->text[w->n];
	w->n++;
}

static void maybe_not(struct words *w)
{
	if (chance(4))
		word(w, "!");
}

static void option(struct words *w, const char *name)
{
	maybe_not(w);
	word(w, "--%s", name);
}

static void address_words(struct words *w, const char *name)
{
	if (!chance(3))
		return;
	maybe_not(w);
	word(w, "%s", name);
	if (w->family == NFPROTO_IPV4) {
		static const char *const networks[] = { "10.0.0.0/8", "10.1.0.0/16", "10.0.0.1", "192.0.0.0/24",
							"0.0.0.2/0.0.0.3", "0.0.0.0/0" };

		word(w, "%s", PICK(networks));
	} else {
		static const char *const networks[] = { "fd00::/8", "2000::/4", "fd00::1", "::2/::3", "::/0" };

		word(w, "%s", PICK(networks));
	}
}

static void interface_words(struct words *w)
{
	static const char *const names[] = { "eth0", "eth+", "tun1+", "lo", "veth12345678901", "+" };

	if (w->comes && chance(4)) {
		maybe_not(w);
		word(w, "-i");
		word(w, "%s", PICK(names));
	}
	if (w->goes && chance(4)) {
		maybe_not(w);
		word(w, "-o");
		word(w, "%s", PICK(names));
	}
}

static void ports_word(struct words *w, const char *name)
{
	unsigned int from = random_port(), to = random_port();

	if (chance(2))
		return;
	option(w, name);
	if (chance(2))
		word(w, "%u", from);
	else
		word(w, "%u:%u", from < to ? from : to, from < to ? to : from);
}

static void flags_words(struct words *w)
{
	static const char *const flags[] = { "SYN", "ACK", "FIN", "SYN,ACK", "ALL", "NONE", "RST,PSH" };

	if (chance(3)) {
		option(w, "tcp-flags");
		word(w, "%s", PICK(flags));
		word(w, "%s", PICK(flags));
	} else if (chance(4)) {
		option(w, "tcp-option");
		word(w, "%u", 2 + twin_below(8));
	}
}

static void multiport_words(struct words *w)
{
	static const char *const kinds[] = { "sports", "dports", "ports" };
	static const char *const lists[] = { "22,80", "0:100", "53", "80,1000:9000,65535", "443,8080" };

	word(w, "-m");
	word(w, "multiport");
	option(w, PICK(kinds));
	word(w, "%s", PICK(lists));
}

static void icmp_words(struct words *w)
{
	static const char *const types4[] = { "8", "3/1", "any", "0", "3", "255/255" };
	static const char *const types6[] = { "128", "135", "3/1", "echo-request" };
	bool v4 = w->family == NFPROTO_IPV4;

	word(w, "-m");
	word(w, v4 ? "icmp" : "icmp6");
	option(w, v4 ? "icmp-type" : "icmpv6-type");
	word(w, "%s", v4 ? PICK(types4) : PICK(types6));
}

static void protocol_words(struct words *w)
{
	static const char *const names[] = { "tcp", "udp", "sctp", "47" };
	static const unsigned int numbers[] = { TCP, UDP, SCTP, 47 };
	unsigned int i = twin_below(5);

	if (chance(3))
		return;
	if (chance(5)) {
		word(w, "!");
		word(w, "-p");
		word(w, "%s", names[i % 4]);
		return;
	}
	word(w, "-p");
	word(w, "%s", i == 4 ? w->family == NFPROTO_IPV4 ? "icmp" : "ipv6-icmp" : names[i]);
	w->proto = i == 4 ? ICMP : numbers[i];
	if (i == 4 && chance(2)) {
		icmp_words(w);
	} else if (i < 2) {
		if (chance(4)) {
			word(w, "-m");
			word(w, "%s", names[i]);
		}
		ports_word(w, "sport");
		ports_word(w, "dport");
		if (w->proto == TCP)
			flags_words(w);
	}
	if (i < 3 && chance(4))
		multiport_words(w);
}

static void iprange_words(struct words *w)
{
	bool v4 = w->family == NFPROTO_IPV4;

	option(w, chance(2) ? "src-range" : "dst-range");
	word(w, "%s", v4 ? "10.0.0.2-10.1.0.3" : "fd00::1-fd00::2");
}

static void mark_words(struct words *w)
{
	option(w, "mark");
	word(w, chance(2) ? "%u" : "%u/0x3", twin_below(4));
}

static void length_words(struct words *w)
{
	option(w, "length");
	word(w, chance(2) ? "%u:" : ":%u", 40 + twin_below(80));
}

static void ttl_words(struct words *w)
{
	static const char *const ways[] = { "eq", "lt", "gt" };
	const char *name = w->family == NFPROTO_IPV4 ? "ttl" : "hl";

	word(w, "--%s-%s", name, PICK(ways));
	word(w, "%u", 60 + twin_below(8));
}

static void tos_words(struct words *w)
{
	option(w, "tos");
	word(w, "0x%x/0x%x", twin_below(4) << 3, 0x18 | twin_below(4));
}

static void dscp_words(struct words *w)
{
	option(w, "dscp");
	word(w, "%u", twin_below(64));
}

static void pkttype_words(struct words *w)
{
	static const char *const types[] = { "unicast", "broadcast", "multicast" };

	option(w, "pkt-type");
	word(w, "%s", PICK(types));
}

static void mac_words(struct words *w)
{
	option(w, "mac-source");
	word(w, "02:00:00:00:00:0%u", twin_below(3));
}

static void addrtype_words(struct words *w)
{
	static const char *const types[] = { "UNICAST", "LOCAL,MULTICAST", "MULTICAST", "BROADCAST" };

	option(w, chance(2) ? "src-type" : "dst-type");
	/* IPv6 has no broadcast. */
	word(w, "%s", types[twin_below(w->family == NFPROTO_IPV4 ? 4 : 3)]);
}

static void owner_words(struct words *w)
{
	if (chance(3)) {
		option(w, "socket-exists");
		return;
	}
	option(w, chance(2) ? "uid-owner" : "gid-owner");
	word(w, chance(2) ? "1000-1001" : "1");
}

static void comment_words(struct words *w)
{
	word(w, "--comment");
	word(w, "rule %u", twin_below(100));
}

static const struct kind {
	const char *name, *name6;
	void (*words)(struct words *w);
} kinds[] = {
	{ "iprange", NULL, iprange_words }, { "mark", NULL, mark_words },
	{ "mark", NULL, mark_words }, { "length", NULL, length_words },
	{ "ttl", "hl", ttl_words }, { "tos", NULL, tos_words }, { "dscp", NULL, dscp_words },
	{ "pkttype", NULL, pkttype_words }, { "mac", NULL, mac_words },
	{ "addrtype", NULL, addrtype_words }, { "owner", NULL, owner_words },
	{ "comment", NULL, comment_words },
};

/* Whether it is allowed in the rule's base chain. User-defined chains are reached from any. */
static bool may_be_here(const struct words *w, const struct kind *k)
{
	if (k->words == mac_words)
		return w->base && w->comes;
	return k->words != owner_words || (w->base && !w->comes);
}

static void match_words(struct words *w)
{
	for (unsigned int i = twin_below(3); i--;) {
		const struct kind *k = &PICK(kinds);

		if (!may_be_here(w, k))
			continue;
		word(w, "-m");
		word(w, "%s", w->family == NFPROTO_IPV6 && k->name6 ? k->name6 : k->name);
		k->words(w);
	}
}

static void mangle_words(struct words *w)
{
	static const char *const ways[] = { "set", "inc", "dec" };
	bool v4 = w->family == NFPROTO_IPV4;

	switch (twin_below(3)) {
	case 0:
		word(w, v4 ? "TTL" : "HL");
		word(w, "--%s-%s", v4 ? "ttl" : "hl", PICK(ways));
		word(w, "%u", 1 + twin_below(70));
		break;
	case 1:
		word(w, "TOS");
		word(w, "--set-tos");
		word(w, "0x%x/0x%x", twin_below(256), twin_below(256));
		break;
	default:
		word(w, "DSCP");
		word(w, "--set-dscp");
		word(w, "%u", twin_below(64));
	}
}

static void target_words(struct words *w)
{
	static const char *const verdicts[] = { "ACCEPT", "DROP", "RETURN", "QUEUE" };
	unsigned int later = w->nchains - w->chain;

	if (chance(6))
		return;
	if (later && chance(2)) {
		word(w, chance(4) ? "-g" : "-j");
		word(w, "c%u", w->chain + twin_below(later));
		return;
	}
	word(w, "-j");
	if (chance(3)) {
		word(w, "MARK");
		word(w, "--set-xmark");
		word(w, "%u/0x%x", twin_below(4), 1 + twin_below(3));
	} else if (!strcmp(w->table->def->name, "mangle") && chance(2)) {
		mangle_words(w);
	} else if (!strcmp(w->table->def->name, "filter") && chance(6)) {
		word(w, "REJECT");
	} else if (chance(8)) {
		word(w, "LOG");
	} else {
		word(w, "%s", PICK(verdicts));
	}
}

static int add_rule(struct rv_chain *c, struct words *w, struct rv_error *err)
{
	struct rv_options opts = { .family = w->family };
	struct rv_command cmd;
	int rc;

	rv_command_init(&cmd);
	rc = rv_parse_argv(w->n, w->list, w->family, &cmd, &opts, err);
	if (!rc) {
		struct rv_rule *r = rv_entry(cmd.rules.next, struct rv_rule, node);

		rv_list_del(&r->node);
		rv_chain_add_rule(c, r, NULL);
	}
	rv_command_clear(&cmd);
	return rc;
}

static int random_rule(struct rv_chain *c, struct words *w, struct rv_error *err)
{
	w->n = 0;
	w->proto = 0;
	word(w, "iptables");
	word(w, "-t");
	word(w, "%s", w->table->def->name);
	word(w, "-A");
	word(w, "%s", c->name);
	address_words(w, "-s");
	address_words(w, "-d");
	interface_words(w);
	if (w->family == NFPROTO_IPV4 && chance(10)) {
		maybe_not(w);
		word(w, "-f");
	}
	protocol_words(w);
	match_words(w);
	target_words(w);
	return add_rule(c, w, err);
}

static int random_rules(struct rv_chain *c, struct words *w, struct rv_error *err)
{
	for (unsigned int n = twin_below(chance(6) ? 80 : 12); n--;)
		if (random_rule(c, w, err))
			return -1;
	return 0;
}

static int fill_chain(struct rv_chain *c, struct words *w, struct rv_error *err)
{
	unsigned int hook = c->base >= 0 ? w->table->def->base[c->base].hook : 0;

	w->base = c->base >= 0;
	w->comes = !w->base || (hook != NF_INET_LOCAL_OUT && hook != NF_INET_POST_ROUTING);
	w->goes = !w->base || (hook != NF_INET_PRE_ROUTING && hook != NF_INET_LOCAL_IN);
	c->exists = c->loaded = true;
	if (w->base)
		c->policy = chance(4) ? RV_VERDICT_DROP : RV_VERDICT_ACCEPT;
	return random_rules(c, w, err);
}

struct rv_table *twin_random_table(struct rv_ruleset *rs, struct rv_error *err)
{
	static const char *const names[] = { "filter", "mangle", "raw", "security" };
	struct words w = { .family = rs->family, .nchains = twin_below(7) };
	struct rv_table *t = rv_ruleset_table(rs, rv_table_def_find(PICK(names)));
	char name[RV_CHAIN_NAME_LEN];

	if (!t)
		return NULL;
	w.table = t;
	t->exists = t->complete = true;
	for (unsigned int i = 0; i < w.nchains; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		if (!rv_table_add_chain(t, name))
			return NULL;
	}
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		w.chain = c->base < 0 ? w.chain + 1 : 0;
		if (fill_chain(c, &w, err))
			return NULL;
	}
	return t;
}
