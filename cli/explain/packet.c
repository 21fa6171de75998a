/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes packets from rule options, read by the rule parser. Tests on header fields are written to
 * the packet, others become facts.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_packet.h>
#include <linux/netfilter/xt_conntrack.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <ravelin/parser.h>
#include <ravelin/registry.h>

#include "cli/explain/explain.h"

#include <netinet/tcp.h>		/* after headers with names that it defines as macros */

/* ---- words ------------------------------------------------------------------------------------ */

/* For options of several matches: the match about the packet itself. */
static const struct {
	const char *option, *match;
} preferred[] = {
	{ "mark", "mark" }, { "ctstate", "conntrack" }, { "state", "state" }, { "tos", "tos" },
	{ "length", "length" }, { "mac-source", "mac" }, { "uid-owner", "owner" }, { "gid-owner", "owner" },
};

struct search {
	rv_family_t family;
	const char *name;
	size_t len;
	const char *found;
};

static bool has_option(const struct rv_ext *ext, const char *name, size_t len)
{
	for (const struct rv_option *o = ext->options; o && o->name; o++)
		if (strlen(o->name) == len && !memcmp(o->name, name, len))
			return true;
	return false;
}

/* -p loads the match of a protocol. */
static void look_for(const struct rv_ext *ext, void *arg)
{
	struct search *s = arg;

	if (s->found || ext->kind != RV_MATCH || ext->protocol ||
	    (ext->family != RV_FAMILY_ANY && ext->family != s->family))
		return;
	if (has_option(ext, s->name, s->len))
		s->found = ext->name;
}

/* The match to load for an option that is not known yet, or NULL. */
static const char *match_for(rv_family_t family, const char *word)
{
	struct search s = { .family = family, .name = word + 2, .len = strcspn(word + 2, "=") };

	if (strncmp(word, "--", 2) != 0 || !s.len || has_option(&rv_ext_ip, s.name, s.len))
		return NULL;
	for (unsigned int i = 0; i < sizeof(preferred) / sizeof(*preferred); i++)
		if (strlen(preferred[i].option) == s.len && !memcmp(preferred[i].option, s.name, s.len))
			return preferred[i].match;
	rv_ext_each(look_for, &s);
	return s.found;
}

#define WORDS 256

/* The command line being read, with matches loaded where options need them. */
struct line {
	char *word[WORDS];
	int n;
	const struct rv_ext *loaded[32];
	unsigned int nloaded;
};

static int put(struct line *l, const char *word, struct rv_error *err)
{
	if (l->n == WORDS - 1)
		return rv_fail(err, RV_ERR_USAGE, NULL, "a packet of more than %d words", WORDS - 8);
	l->word[l->n++] = (char *)word;
	return 0;
}

static void loads(struct line *l, const struct rv_ext *ext)
{
	if (ext && l->nloaded < sizeof(l->loaded) / sizeof(*l->loaded))
		l->loaded[l->nloaded++] = ext;
}

static bool is_loaded(const struct line *l, const char *word)
{
	for (unsigned int i = 0; i < l->nloaded; i++)
		if (has_option(l->loaded[i], word + 2, strcspn(word + 2, "=")))
			return true;
	return false;
}

/* Updates what is loaded: the word after -m or -p. */
static void know(struct line *l, rv_family_t family, const char *before, const char *word)
{
	int proto;

	if (!strcmp(before, "-m") || !strcmp(before, "--match")) {
		loads(l, rv_ext_find(RV_MATCH, family, word));
	} else if (!strcmp(before, "-p") || !strcmp(before, "--protocol") || !strcmp(before, "--proto")) {
		proto = rv_parse_protocol(family, word);
		if (proto > 0)
			loads(l, rv_ext_for_protocol(family, (uint16_t)proto));
	}
}

static int load_for(struct line *l, rv_family_t family, const char *word, struct rv_error *err)
{
	const char *match = is_loaded(l, word) ? NULL : match_for(family, word);
	char *bang = l->n && !strcmp(l->word[l->n - 1], "!") ? l->word[--l->n] : NULL;

	if (match) {
		if (put(l, "-m", err) || put(l, match, err))
			return -1;
		loads(l, rv_ext_find(RV_MATCH, family, match));
	}
	return bang ? put(l, bang, err) : 0;
}

static int make_line(struct line *l, rv_family_t family, int argc, char *const argv[],
		     struct rv_error *err)
{
	const char *before = "";

	if (put(l, "explain", err) || put(l, "-A", err) || put(l, "packet", err))
		return -1;
	for (int i = 0; i < argc; before = argv[i++]) {
		const char *glued = !strncmp(argv[i], "-p", 2) && argv[i][2] ? argv[i] + 2 : NULL;

		know(l, family, before, argv[i]);
		if (glued || !strncmp(argv[i], "--protocol=", 11))
			know(l, family, "-p", glued ? glued : argv[i] + 11);
		if (!strncmp(argv[i], "--", 2) && load_for(l, family, argv[i], err))
			return -1;
		if (put(l, argv[i], err))
			return -1;
	}
	return 0;
}

static int refuse(struct rv_error *err, const char *why)
{
	return rv_fail(err, RV_ERR_USAGE, NULL, "not a packet: %.*s",
		       (int)strcspn(why, "\n"), why);
}

/* Takes the only rule of a command; the caller frees it. */
static int take_rule(struct rv_command *cmd, bool target, struct rv_rule **rule, struct rv_error *err)
{
	struct rv_rule *r;

	if (cmd->kind != RV_CMD_APPEND || rv_list_empty(&cmd->rules))
		return refuse(err, "it is not a rule");
	if (cmd->rules.next != cmd->rules.prev)
		return refuse(err, "a packet has one source and one destination address");
	r = rv_entry(cmd->rules.next, struct rv_rule, node);
	if (!target && (r->target || r->verdict != RV_VERDICT_NONE || r->jump[0]))
		return refuse(err, "a packet has no target");
	rv_list_del(&r->node);
	*rule = r;
	return 0;
}

int rv_packet_rule(rv_family_t family, int argc, char *const argv[], bool trace, struct rv_rule **rule,
		   struct rv_error *err)
{
	static const char *const target[] = { "-t", "raw", "-j", "TRACE" };
	struct rv_options opts = { 0 };
	struct line l = { .n = 0 };
	struct rv_command cmd;
	struct rv_error why = { 0 };
	int rc;

	if (make_line(&l, family, argc, argv, err))
		return -1;
	for (unsigned int i = 0; trace && i < sizeof(target) / sizeof(*target); i++)
		if (put(&l, target[i], err))
			return -1;
	rv_command_init(&cmd);
	rc = rv_parse_argv(l.n, l.word, family, &cmd, &opts, &why);
	if (rc)
		refuse(err, why.text[0] ? why.text : "its addresses are of another family than -4 or -6 says");
	else
		rc = take_rule(&cmd, trace, rule, err);
	rv_command_clear(&cmd);
	return rc;
}

/* Addresses and options determine the family without -4 or -6. */
rv_family_t rv_packet_family(rv_family_t family, int argc, char *const argv[])
{
	for (int i = 0; i < argc; i++) {
		union nf_inet_addr addr;
		char word[64];

		if (!strcmp(argv[i], "-6") || !strcmp(argv[i], "--ipv6"))
			return NFPROTO_IPV6;
		if (!strcmp(argv[i], "-4") || !strcmp(argv[i], "--ipv4"))
			return NFPROTO_IPV4;
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(argv[i], "/"), argv[i]);
		if (strstr(argv[i], "icmpv6") || strstr(argv[i], "ipv6-icmp") ||
		    (strchr(word, ':') && rv_parse_address(NFPROTO_IPV6, word, &addr)))
			return NFPROTO_IPV6;
		if (strchr(word, '.') && rv_parse_address(NFPROTO_IPV4, word, &addr))
			return NFPROTO_IPV4;
	}
	return family;
}

/* ---- values ------------------------------------------------------------------------------------ */

/* Required contents of the headers. */
struct wants {
	struct rv_question_packet *q;
	const struct rv_part *part;
	bool from_frame;
	struct rv_error *err;
	bool has[RV_SEL_COUNT];
	uint8_t value[RV_SEL_COUNT][16];
};

static int many(const struct wants *w)
{
	char *text = rv_run_part_text(w->q->family, w->q->rule, w->part);
	int rc = rv_fail(w->err, RV_ERR_USAGE, NULL, "a packet has one value: %s",
			 text ? text : w->part->ext->name);

	free(text);
	return rc;
}

static bool all_ones(const uint8_t *mask, unsigned int len)
{
	while (len--)
		if (*mask++ != 0xff)
			return false;
	return true;
}

/* Selectors for which the first possible value is used. */
static bool takes_first(enum rv_sel sel)
{
	return sel == RV_SEL_ICMP_TYPE || sel == RV_SEL_ICMP6_TYPE || sel == RV_SEL_TCP_FLAGS ||
	       sel == RV_SEL_MARK;
}

/* Gets the only value that p allows. Returns false if there are several. */
static bool one_value(const struct rv_predicate *p, uint8_t value[16])
{
	const unsigned int len = rv_selectors[p->sel].len;

	memcpy(value, p->value, 16);
	if (p->negate) {
		/* ! --syn: a packet of an established connection. */
		value[0] = TH_ACK;
		return p->sel == RV_SEL_TCP_FLAGS;
	}
	switch (p->op) {
	case RV_OP_EQ:
		return true;
	case RV_OP_MASK:
		return takes_first(p->sel) || all_ones(p->other, len);
	case RV_OP_ANY:
		return takes_first(p->sel);
	case RV_OP_RANGE:
		return takes_first(p->sel) || !memcmp(p->value, p->other, len);
	case RV_OP_IN:
		memcpy(value, p->list[0].from, 16);
		return p->count == 1 && !memcmp(p->list[0].from, p->list[0].to, len);
	default:
		return false;
	}
}

/* Selectors that describe how the packet reaches this host, not the packet. */
static bool is_around(enum rv_sel sel)
{
	return sel == RV_SEL_MARK || sel == RV_SEL_PKTTYPE || sel == RV_SEL_ETHER_SADDR;
}

static int take_state(struct wants *w, const struct rv_predicate *p)
{
	uint16_t bits = (uint16_t)rv_selector_get(p->sel, p->value);

	if (p->negate || p->op != RV_OP_ANY || (bits & (bits - 1)))
		return many(w);
	w->q->state = bits;
	return 0;
}

static int take(const struct rv_predicate *p, void *arg)
{
	struct wants *w = arg;

	if (p->sel == RV_SEL_CT_STATE)
		return take_state(w, p);
	w->q->has_dir |= p->sel == RV_SEL_CT_DIR;
	if (!rv_run_in_capture(p->sel))
		return 0;
	if (w->from_frame && !is_around(p->sel))
		return rv_fail(w->err, RV_ERR_USAGE, NULL, "the captured packet already has a value for %s",
			       rv_selectors[p->sel].name);
	if (!one_value(p, w->value[p->sel]))
		return many(w);
	w->has[p->sel] = true;
	return 0;
}

static int take_matches(struct wants *w)
{
	for (const struct rv_part *m = w->q->rule->matches; m; m = m->next) {
		w->part = m;
		if (!strcmp(m->ext->name, "comment"))
			continue;
		if (rv_part_predicates(w->q->family, m->ext, m->data, take, w))
			return -1;
		if (!rv_part_is_pure(m->ext, m->data))
			return rv_fail(w->err, RV_ERR_USAGE, NULL,
				       "-m %s does not describe a packet; set its result with --assume",
				       m->ext->name);
	}
	return 0;
}

static int take_interface(struct wants *w, const char *from, bool inverted, char to[16])
{
	size_t len = strnlen(from, IFNAMSIZ - 1);

	if (!len)
		return 0;
	if (inverted || from[len - 1] == '+')
		return rv_fail(w->err, RV_ERR_USAGE, NULL, "a packet has one interface: %s", from);
	memset(to, 0, 16);
	memcpy(to, from, len);
	return 0;
}

static int take_address(struct wants *w, const union nf_inet_addr *addr, const union nf_inet_addr *mask,
			bool inverted, enum rv_sel sel)
{
	const unsigned int len = rv_selectors[sel].len;
	int length = rv_mask_length(w->q->family, mask);

	if (!length && !inverted)
		return 0;
	if (w->from_frame)
		return rv_fail(w->err, RV_ERR_USAGE, NULL, "the captured packet already has addresses");
	if (inverted || length != (int)len * 8)
		return rv_fail(w->err, RV_ERR_USAGE, NULL,
			       "a packet has one address as its %s, not a network",
			       sel == RV_SEL_IP_SADDR || sel == RV_SEL_IP6_SADDR ? "source" : "destination");
	memcpy(w->value[sel], addr, len);
	w->has[sel] = true;
	return 0;
}

static int take_ip(struct wants *w)
{
	const struct rv_ip *ip = &w->q->rule->ip;
	const bool v6 = w->q->family == NFPROTO_IPV6;

	if (take_interface(w, ip->in, ip->invert & RV_IP_IN, w->q->in) ||
	    take_interface(w, ip->out, ip->invert & RV_IP_OUT, w->q->out) ||
	    take_address(w, &ip->src, &ip->smask, ip->invert & RV_IP_SRC,
			 v6 ? RV_SEL_IP6_SADDR : RV_SEL_IP_SADDR) ||
	    take_address(w, &ip->dst, &ip->dmask, ip->invert & RV_IP_DST,
			 v6 ? RV_SEL_IP6_DADDR : RV_SEL_IP_DADDR))
		return -1;
	if (!(ip->flags & RV_IP_PROTO) || !ip->proto)
		return 0;
	if (ip->invert & RV_IP_PROTO)
		return rv_fail(w->err, RV_ERR_USAGE, NULL, "a packet has one protocol");
	if (w->from_frame)
		return rv_fail(w->err, RV_ERR_USAGE, NULL, "the captured packet already has a protocol");
	w->value[RV_SEL_L4PROTO][0] = (uint8_t)ip->proto;
	w->has[RV_SEL_L4PROTO] = true;
	return 0;
}

/* ---- bytes ------------------------------------------------------------------------------------- */

static uint8_t *more(struct wants *w, size_t len)
{
	uint8_t *at = (uint8_t *)rv_buf_grow(&w->q->bytes, len);

	if (at)
		memset(at, 0, len);
	return at;
}

/* The required value, else the default; then sets the bit in chosen. */
static uint16_t number16(struct wants *w, enum rv_sel sel, uint16_t otherwise, unsigned int chosen)
{
	if (w->has[sel])
		return (uint16_t)(w->value[sel][0] << 8 | w->value[sel][1]);
	w->q->chosen |= chosen;
	return otherwise;
}

static void put16(uint8_t *at, uint16_t n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

/* Default ports. */
#define CLIENT_PORT 40000
#define SERVER_PORT 80

static void put_ports(struct wants *w, uint8_t *at)
{
	const enum rv_sel to = w->has[RV_SEL_TH_DPORT] || !w->has[RV_SEL_TH_PORT] ? RV_SEL_TH_DPORT
										 : RV_SEL_TH_PORT;

	put16(at, number16(w, RV_SEL_TH_SPORT, CLIENT_PORT, RV_CHOSEN_SPORT));
	put16(at + 2, number16(w, to, SERVER_PORT, RV_CHOSEN_DPORT));
}

static bool put_tcp(struct wants *w)
{
	const bool mss = w->has[RV_SEL_TCP_MSS], option = w->has[RV_SEL_TCP_OPTION];
	const size_t len = 20 + (mss ? 4 : 0) + (option ? 4 : 0);
	uint8_t *at = more(w, len), *opt;

	if (!at)
		return false;
	opt = at + 20;
	put_ports(w, at);
	at[12] = (uint8_t)(len / 4 << 4);
	at[13] = w->value[RV_SEL_TCP_FLAGS][0];
	if (!w->has[RV_SEL_TCP_FLAGS]) {
		at[13] = !w->q->state || w->q->state & XT_CONNTRACK_STATE_BIT(IP_CT_NEW) ? TH_SYN : TH_ACK;
		w->q->chosen |= RV_CHOSEN_FLAGS;
	}
	put16(at + 14, 64240);
	if (mss) {
		*opt++ = 2;
		*opt++ = 4;
		*opt++ = w->value[RV_SEL_TCP_MSS][0];
		*opt++ = w->value[RV_SEL_TCP_MSS][1];
	}
	if (option) {
		*opt++ = w->value[RV_SEL_TCP_OPTION][0];
		*opt++ = w->value[RV_SEL_TCP_OPTION][0] > 1 ? 4 : 1;
	}
	return true;
}

static bool put_udp(struct wants *w)
{
	uint8_t *at = more(w, 8);

	if (!at)
		return false;
	put_ports(w, at);
	put16(at + 4, 8);
	return true;
}

static bool put_sctp(struct wants *w)
{
	uint8_t *at = more(w, 16);

	if (!at)
		return false;
	put_ports(w, at);
	at[12] = 1;		/* INIT */
	put16(at + 14, 4);
	return true;
}

static bool put_dccp(struct wants *w)
{
	uint8_t *at = more(w, 16);

	if (!at)
		return false;
	put_ports(w, at);
	at[4] = 4;
	return true;
}

static bool put_icmp(struct wants *w)
{
	const bool v6 = w->q->family == NFPROTO_IPV6;
	const enum rv_sel sel = v6 ? RV_SEL_ICMP6_TYPE : RV_SEL_ICMP_TYPE;
	uint8_t *at = more(w, 8);

	if (!at)
		return false;
	put16(at, number16(w, sel, (uint16_t)((v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO) << 8), 0));
	return true;
}

static bool put_other(struct wants *w)
{
	return more(w, 16);
}

static const struct {
	uint8_t proto;
	bool (*put)(struct wants *w);
} transports[] = {
	{ IPPROTO_TCP, put_tcp }, { IPPROTO_UDP, put_udp }, { IPPROTO_UDPLITE, put_udp },
	{ IPPROTO_SCTP, put_sctp }, { IPPROTO_DCCP, put_dccp }, { IPPROTO_ICMP, put_icmp },
	{ IPPROTO_ICMPV6, put_icmp },
};

static bool put_transport(struct wants *w, uint8_t proto)
{
	for (unsigned int i = 0; i < sizeof(transports) / sizeof(*transports); i++)
		if (transports[i].proto == proto)
			return transports[i].put(w);
	return put_other(w);
}

/* Documentation addresses: RFC 5737, RFC 3849. */
static const uint8_t doc4[2][4] = { { 192, 0, 2, 1 }, { 198, 51, 100, 1 } };
static const uint8_t doc6[2][16] = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } };

static void put_address(struct wants *w, uint8_t *at, bool dst)
{
	const bool v6 = w->q->family == NFPROTO_IPV6;
	const enum rv_sel sel = v6 ? (dst ? RV_SEL_IP6_DADDR : RV_SEL_IP6_SADDR)
				   : (dst ? RV_SEL_IP_DADDR : RV_SEL_IP_SADDR);
	const unsigned int len = v6 ? 16 : 4;

	if (w->has[sel]) {
		memcpy(at, w->value[sel], len);
		return;
	}
	w->q->chosen |= dst ? RV_CHOSEN_DST : RV_CHOSEN_SRC;
	if (w->q->nlocal && (dst ? !w->q->out[0] : w->q->out[0] && !w->q->in[0]))
		memcpy(at, &w->q->locals[0], len);
	else
		memcpy(at, v6 ? doc6[dst] : doc4[dst], len);
}

static uint8_t class_of(const struct wants *w)
{
	const bool v6 = w->q->family == NFPROTO_IPV6;
	uint8_t class = w->value[RV_SEL_TOS][0];

	class |= (uint8_t)(w->value[v6 ? RV_SEL_IP6_DSCP : RV_SEL_IP_DSCP][0] << 2);
	return class | w->value[v6 ? RV_SEL_IP6_ECN : RV_SEL_IP_ECN][0];
}

static bool put_ipv4(struct wants *w, uint8_t proto)
{
	uint8_t *at = more(w, 20);

	if (!at)
		return false;
	at[0] = 0x45;
	at[1] = class_of(w);
	put16(at + 6, w->q->rule->ip.flags & RV_IP_FRAG && !(w->q->rule->ip.invert & RV_IP_FRAG) ? 185
											       : 0x4000);
	at[8] = w->has[RV_SEL_TTL] ? w->value[RV_SEL_TTL][0] : 64;
	at[9] = proto;
	put_address(w, at + 12, false);
	put_address(w, at + 16, true);
	return true;
}

static bool put_ipv6(struct wants *w, uint8_t proto)
{
	const uint8_t class = class_of(w);
	uint8_t *at = more(w, 40);

	if (!at)
		return false;
	at[0] = (uint8_t)(0x60 | class >> 4);
	at[1] = (uint8_t)(class << 4);
	at[6] = proto;
	at[7] = w->has[RV_SEL_HOPLIMIT] ? w->value[RV_SEL_HOPLIMIT][0] : 64;
	put_address(w, at + 8, false);
	put_address(w, at + 24, true);
	return true;
}

/* --length: the rest are zeros. */
static int pad(struct wants *w)
{
	uint64_t wanted = w->has[RV_SEL_LENGTH] ? rv_selector_get(RV_SEL_LENGTH, w->value[RV_SEL_LENGTH]) : 0;
	const bool v6 = w->q->family == NFPROTO_IPV6;
	uint8_t *at;

	if (wanted > 65535 || (wanted && wanted < w->q->bytes.len))
		return rv_fail(w->err, RV_ERR_USAGE, NULL, "a packet of this kind has from %zu to 65535 bytes",
			       w->q->bytes.len);
	if (wanted > w->q->bytes.len && !more(w, wanted - w->q->bytes.len))
		return rv_fail_memory(w->err);
	at = (uint8_t *)w->q->bytes.data;
	put16(at + (v6 ? 4 : 2), (uint16_t)(w->q->bytes.len - (v6 ? 40 : 0)));
	return 0;
}

static int make_bytes(struct wants *w)
{
	uint8_t proto = IPPROTO_TCP;
	bool done;

	if (w->has[RV_SEL_L4PROTO])
		proto = w->value[RV_SEL_L4PROTO][0];
	else
		w->q->chosen |= RV_CHOSEN_PROTO;
	done = w->q->family == NFPROTO_IPV6 ? put_ipv6(w, proto) : put_ipv4(w, proto);
	if (!done || !put_transport(w, proto))
		return rv_fail_memory(w->err);
	return pad(w);
}

static int copy_frame(struct wants *w, const struct rv_frame *f)
{
	uint8_t *at = more(w, f->len);

	if (!at)
		return rv_fail_memory(w->err);
	memcpy(at, f->data, f->len);
	w->q->number = f->number;
	w->q->time = f->time;
	w->q->pkttype = f->pkttype;
	w->q->has_ether = f->ether;
	if (f->ether)
		memcpy(w->q->ether, f->ether, sizeof(w->q->ether));
	return 0;
}

/* ---- what was made is what was asked for --------------------------------------------------------- */

struct proof {
	struct wants *w;
	struct rv_user_packet *packet;
};

static int prove(const struct rv_predicate *p, void *arg)
{
	struct {
		struct rvk_predicate p;
		struct rvk_interval list[RV_PREDICATE_LIST];
	} kernel = { 0 };
	struct proof *proof = arg;
	uint8_t value[16];
	bool fits = false;

	if (!rv_run_in_capture(p->sel))
		return 0;
	rv_kmod_predicate(&kernel.p, p);
	for (unsigned int i = 0; !fits && rv_pkt_value(&proof->packet->pkt, kernel.p.sel, i, value); i++)
		fits = rv_value_fits(&kernel.p, (enum rv_value_order)rv_selectors[p->sel].order, value);
	return fits != p->negate ? 0 : many(proof->w);
}

static int prove_all(struct wants *w)
{
	struct rv_question_packet *q = w->q;
	struct rv_user_packet packet = { 0 };
	struct proof proof = { w, &packet };

	if (rv_user_packet_init(&packet, q->bytes.data, (uint32_t)q->bytes.len, (uint32_t)q->bytes.len))
		return rv_fail(w->err, RV_ERR_USAGE, NULL, "the packet is malformed");
	packet.pkt.mark = q->mark;
	packet.pkt.pkttype = q->pkttype;
	packet.ether = q->has_ether ? q->ether : NULL;
	for (const struct rv_part *m = q->rule->matches; m; m = m->next) {
		w->part = m;
		if (rv_part_predicates(q->family, m->ext, m->data, prove, &proof))
			return -1;
	}
	return 0;
}

static void take_around(struct wants *w)
{
	struct rv_question_packet *q = w->q;

	if (w->has[RV_SEL_MARK])
		q->mark = (uint32_t)rv_selector_get(RV_SEL_MARK, w->value[RV_SEL_MARK]);
	if (w->has[RV_SEL_PKTTYPE])
		q->pkttype = w->value[RV_SEL_PKTTYPE][0];
	if (!w->has[RV_SEL_ETHER_SADDR])
		return;
	memcpy(q->ether + 6, w->value[RV_SEL_ETHER_SADDR], 6);
	put16(q->ether + 12, q->family == NFPROTO_IPV6 ? 0x86dd : 0x0800);
	q->has_ether = true;
}

int rv_packet_read(struct rv_question_packet *q, rv_family_t family, int argc, char *const argv[],
		   const struct rv_frame *frame, struct rv_error *err)
{
	struct wants *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return rv_fail_memory(err);
	*w = (struct wants){ .q = q, .from_frame = frame, .err = err };
	q->family = frame ? frame->family : family;
	q->pkttype = PACKET_HOST;
	rc = rv_packet_rule(q->family, argc, argv, false, &q->rule, err);
	if (!rc)
		rc = take_ip(w) || take_matches(w) ? -1 : frame ? copy_frame(w, frame) : make_bytes(w);
	if (!rc) {
		q->whole = frame ? frame->whole : (uint32_t)q->bytes.len;
		take_around(w);
		rc = prove_all(w);
	}
	free(w);
	return rc;
}

void rv_packet_free(struct rv_question_packet *q)
{
	if (q->rule)
		rv_rule_free(q->rule);
	rv_buf_free(&q->bytes);
	memset(q, 0, sizeof(*q));
}

/* ---- printing ------------------------------------------------------------------------------------ */

uint8_t *rv_packet_address(uint8_t *bytes, bool dst)
{
	return bytes + (bytes[0] >> 4 == 6 ? (dst ? 24 : 8) : dst ? 16 : 12);
}

static bool parse(struct rv_user_packet *p, const uint8_t *bytes, uint32_t len)
{
	memset(p, 0, sizeof(*p));
	return len && !rv_user_packet_init(p, (void *)bytes, len, len);
}

static uint32_t ports_of(const struct rv_pkt *pkt)
{
	if (pkt->fragoff || !rv_protocol_has_ports(pkt->proto) || pkt->thoff + 4 > pkt->linear)
		return 0;
	return pkt->thoff;
}

uint32_t rv_packet_ports(const uint8_t *bytes, uint32_t len)
{
	struct rv_user_packet p;

	return parse(&p, bytes, len) ? ports_of(&p.pkt) : 0;
}

void rv_packet_end(struct rv_buf *b, const uint8_t *bytes, uint32_t len, bool dst, bool port)
{
	const bool v6 = bytes[0] >> 4 == 6;
	const uint32_t at = port ? rv_packet_ports(bytes, len) : 0;
	union nf_inet_addr addr = { 0 };

	memcpy(&addr, rv_packet_address((uint8_t *)bytes, dst), v6 ? 16 : 4);
	if (at && v6)
		rv_buf_putc(b, '[');
	rv_print_address(b, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4, &addr);
	if (!at)
		return;
	rv_buf_printf(b, "%s:%u", v6 ? "]" : "",
		      bytes[at + (dst ? 2 : 0)] << 8 | bytes[at + (dst ? 3 : 1)]);
}

static void put_flags(struct rv_buf *b, uint8_t flags)
{
	static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG" };
	char between = ' ';

	for (unsigned int i = 0; i < 6; i++)
		if (flags & 1 << i) {
			rv_buf_printf(b, "%c%s", between, names[i]);
			between = ',';
		}
}

void rv_packet_print(struct rv_buf *b, const uint8_t *bytes, uint32_t len)
{
	struct rv_user_packet p;
	const char *name;

	if (!parse(&p, bytes, len)) {
		rv_buf_puts(b, "malformed");
		return;
	}
	name = p.pkt.proto && p.pkt.proto <= 255 ? rv_protocol_name(p.pkt.family, p.pkt.proto) : NULL;
	if (name)
		rv_buf_printf(b, "%s ", name);
	else
		rv_buf_printf(b, "protocol %u ", p.pkt.proto & 0xff);
	rv_packet_end(b, bytes, len, false, true);
	rv_buf_puts(b, " > ");
	rv_packet_end(b, bytes, len, true, true);
	if (p.pkt.proto == IPPROTO_TCP && !p.pkt.fragoff && p.pkt.thoff + 14 <= len)
		put_flags(b, bytes[p.pkt.thoff + 13]);
	if ((p.pkt.proto == IPPROTO_ICMP || p.pkt.proto == IPPROTO_ICMPV6) && !p.pkt.fragoff &&
	    p.pkt.thoff + 2 <= len)
		rv_buf_printf(b, " type %u code %u", bytes[p.pkt.thoff], bytes[p.pkt.thoff + 1]);
	if (p.pkt.fragoff)
		rv_buf_printf(b, " fragment at %u", p.pkt.fragoff * 8u);
}
