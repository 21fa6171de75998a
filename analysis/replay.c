/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds a packet with the values of a point (region.h) and runs it in the engine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <netinet/in.h>

#include <ravelin/registry.h>

#include "analysis/prove.h"
#include "backend/kmod/kmod.h"
#include "kernel/user/user.h"

/* ---- the packet ------------------------------------------------------------------------------------- */

static uint64_t number(const struct rv_space *s, const uint8_t *values, enum rv_sel sel, uint64_t none)
{
	const struct rv_field *f = rv_space_field(s, sel, 0);
	uint8_t bytes[16];
	uint64_t n = 0;

	if (!f)
		return none;
	rv_point_bytes(s, values, f, bytes);
	for (unsigned int i = 0; i < f->bits / 8; i++)
		n = n << 8 | bytes[i];
	return n;
}

/* Copies an address of the point, or a default if no rule tests it. */
static void address(const struct rv_space *s, const uint8_t *values, enum rv_sel sel, uint8_t *to, size_t len,
		    uint8_t last)
{
	static const uint8_t v4[4] = { 192, 0, 2 }, v6[16] = { 0x20, 1, 0xd, 0xb8 };
	const struct rv_field *f = rv_space_field(s, sel, 0);
	uint8_t bytes[16];

	memcpy(to, len == 4 ? v4 : v6, len);
	to[len - 1] = last;
	if (f && rv_point_bytes(s, values, f, bytes))
		memcpy(to, bytes, len);
}

static size_t transport_len(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return 16;
	default:
		return 8;
	}
}

static void put16(uint8_t *at, uint64_t n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

static void put_transport(const struct rv_space *s, const uint8_t *values, uint8_t protocol, uint8_t *at)
{
	bool v6 = s->family == NFPROTO_IPV6;

	if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) {
		put16(at, number(s, values, v6 ? RV_SEL_ICMP6_TYPE : RV_SEL_ICMP_TYPE, v6 ? 128 << 8 : 8 << 8));
		return;
	}
	put16(at, number(s, values, RV_SEL_TH_SPORT, 49153));
	put16(at + 2, number(s, values, RV_SEL_TH_DPORT, 49154));
	if (protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE)
		put16(at + 4, 8);
	if (protocol == IPPROTO_TCP) {
		at[12] = 5 << 4;
		at[13] = (uint8_t)number(s, values, RV_SEL_TCP_FLAGS, 0x10);
	}
}

static uint16_t checksum(const uint8_t *at, unsigned int len)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < len; i += 2)
		sum += (uint32_t)(at[i] << 8 | at[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t put_v4(const struct rv_space *s, const uint8_t *values, uint8_t protocol, size_t len, uint8_t *b)
{
	b[0] = 0x45;
	b[1] = (uint8_t)number(s, values, RV_SEL_TOS, 0);
	put16(b + 2, len);
	if (values[rv_space_field(s, RV_SEL_IP_FRAG, 0)->first] == RV_POINT_ONE)
		put16(b + 6, 185);
	b[8] = (uint8_t)number(s, values, RV_SEL_TTL, 64);
	b[9] = protocol;
	address(s, values, RV_SEL_IP_SADDR, b + 12, 4, 1);
	address(s, values, RV_SEL_IP_DADDR, b + 16, 4, 2);
	put16(b + 10, checksum(b, 20));
	return 20;
}

static size_t put_v6(const struct rv_space *s, const uint8_t *values, uint8_t protocol, size_t len, uint8_t *b)
{
	bool fragment = values[rv_space_field(s, RV_SEL_IP_FRAG, 0)->first] == RV_POINT_ONE;
	uint8_t tos = (uint8_t)number(s, values, RV_SEL_TOS, 0);

	b[0] = 6 << 4 | tos >> 4;
	b[1] = (uint8_t)(tos << 4);
	put16(b + 4, len - 40);
	b[6] = fragment ? IPPROTO_FRAGMENT : protocol;
	b[7] = (uint8_t)number(s, values, RV_SEL_HOPLIMIT, 64);
	address(s, values, RV_SEL_IP6_SADDR, b + 8, 16, 1);
	address(s, values, RV_SEL_IP6_DADDR, b + 24, 16, 2);
	if (!fragment)
		return 40;
	b[40] = protocol;
	put16(b + 42, 185 << 3);
	return 48;
}

size_t rv_point_packet(const struct rv_space *s, const uint8_t *values, uint8_t *bytes, size_t room)
{
	bool v6 = s->family == NFPROTO_IPV6;
	uint8_t protocol = (uint8_t)number(s, values, RV_SEL_L4PROTO, IPPROTO_UDP);
	bool fragment = values[rv_space_field(s, RV_SEL_IP_FRAG, 0)->first] == RV_POINT_ONE;
	size_t head = v6 ? (fragment ? 48 : 40) : 20, least = head + transport_len(protocol);
	size_t len = (size_t)number(s, values, RV_SEL_LENGTH, least), at;

	if (len < least || len > room)
		return 0;
	memset(bytes, 0, len);
	at = v6 ? put_v6(s, values, protocol, len, bytes) : put_v4(s, values, protocol, len, bytes);
	put_transport(s, values, protocol, bytes + at);
	if (protocol == IPPROTO_UDP)
		put16(bytes + at + 4, len - at);
	return len;
}

/* ---- matches and targets that the packet does not decide --------------------------------------------- */

struct asked_part {
	const struct rv_rule *rule;
	const struct rv_part *part;
	bool known;
	rv_dd set;		/* packets that it matches, computed on demand */
};

struct asking {
	struct rv_space *s;
	uint8_t *values;
	struct asked_part *list;
	uint32_t n, room;
	struct rv_kmod_link link;
	uint32_t ctmark;
	uint8_t *bytes;		/* the packet */
	const struct rv_rule *tracking;	/* the rule whose target CT was applied */
};

/* Returns whether the packet, its interfaces and its mark determine the selector's value. */
static bool in_packet(enum rv_sel sel)
{
	static const enum rv_sel list[] = {
		RV_SEL_IP_SADDR, RV_SEL_IP_DADDR, RV_SEL_IP6_SADDR, RV_SEL_IP6_DADDR, RV_SEL_L4PROTO,
		RV_SEL_IP_FRAG, RV_SEL_IIFNAME, RV_SEL_OIFNAME, RV_SEL_TH_SPORT, RV_SEL_TH_DPORT, RV_SEL_TH_PORT,
		RV_SEL_TCP_FLAGS, RV_SEL_ICMP_TYPE, RV_SEL_ICMP6_TYPE, RV_SEL_MARK, RV_SEL_TOS, RV_SEL_IP_DSCP,
		RV_SEL_IP6_DSCP, RV_SEL_IP_ECN, RV_SEL_IP6_ECN, RV_SEL_TTL, RV_SEL_HOPLIMIT, RV_SEL_LENGTH,
	};

	for (unsigned int i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (list[i] == sel)
			return true;
	return false;
}

static int is_outside(const struct rv_predicate *p, void *arg)
{
	(void)arg;
	return !in_packet(p->sel);
}

static bool engine_has(struct asking *a, const struct rv_ext *ext)
{
	rv_revision_each(w, ext)
		if (rv_kmod_has_layout(&a->link, a->s->family, ext, w))
			return true;
	return false;
}

static bool engine_decides(struct asking *a, const struct rv_part *part)
{
	if (!engine_has(a, part->ext))
		return false;
	if (part->ext->kind == RV_TARGET)
		return strcmp(part->ext->name, "CONNMARK") != 0;
	return rv_part_is_pure(part->ext, part->data) && part->ext->effect == RV_EFFECT_PURE &&
	       !rv_part_predicates(a->s->family, part->ext, part->data, is_outside, NULL);
}

static int ask(void *arg, const struct rv_rule *r, const struct rv_part *part, struct rv_kmod_asked *asked)
{
	struct asking *a = arg;
	void *list;

	if (!strcmp(part->ext->name, "comment") || engine_decides(a, part))
		return 0;
	if (a->n == a->room) {
		a->room = a->room ? 2 * a->room : 64;
		list = reallocarray(a->list, a->room, sizeof(*a->list));
		if (!list)
			return -1;
		a->list = list;
	}
	a->list[a->n] = (struct asked_part){ .rule = r, .part = part };
	asked->inner = false;
	asked->number = a->n++;
	return 1;
}

static bool known(void *arg, const struct rv_predicate *p)
{
	(void)arg;
	(void)p;
	return false;
}

static void set_number(struct asking *a, enum rv_sel sel, uint32_t n)
{
	const struct rv_field *f = rv_space_field(a->s, sel, 0);

	for (unsigned int i = 0; i < f->bits; i++)
		a->values[rv_field_var(f, i)] = n >> (f->bits - 1 - i) & 1;
}

/* Returns whether the packet has the header byte. */
static bool has_byte(const struct rv_pkt *pkt, enum rv_byte byte)
{
	return byte != RV_BYTE_TCP_FLAGS || (pkt->proto == IPPROTO_TCP && !pkt->fragoff);
}

static uint8_t read_byte(const struct rv_pkt *pkt, enum rv_byte byte)
{
	const uint8_t *at = pkt->data;
	bool v6 = pkt->family == NFPROTO_IPV6;

	if (!has_byte(pkt, byte))
		return 0;
	if (byte == RV_BYTE_TCP_FLAGS)
		return at[pkt->thoff + 13];
	if (byte == RV_BYTE_TTL)
		return at[rv_family(pkt->family)->hops_at];
	return v6 ? (uint8_t)(at[0] << 4 | at[1] >> 4) : at[1];
}

/* Applies ECN (IPv4), a target that the engine does not have. */
static void change_byte(struct asking *a, const struct rv_pkt *pkt, const struct rv_effect_of *e)
{
	enum rv_byte byte = e->sel == RV_SEL_TOS ? RV_BYTE_TOS : RV_BYTE_TCP_FLAGS;

	if (pkt->family == NFPROTO_IPV4 && has_byte(pkt, byte))
		a->bytes[byte == RV_BYTE_TOS ? 1 : pkt->thoff + 13] = e->to[read_byte(pkt, byte)];
}

/* Updates the point: sets a header byte to its value in the packet. */
static void note_byte(struct asking *a, const struct rv_pkt *pkt, enum rv_byte byte)
{
	const struct rv_field *f = rv_space_field(a->s, rv_byte_selector(byte, a->s->family), 0);
	uint8_t value = read_byte(pkt, byte);

	for (unsigned int i = 0; f && i < 8 && has_byte(pkt, byte); i++)
		a->values[rv_field_var(f, i)] = value >> (7 - i) & 1;
}

static bool ask_match(void *arg, struct rv_pkt *pkt, const struct rv_user_asked *asked)
{
	struct asking *a = arg;
	struct asked_part *p = &a->list[asked->number];

	set_number(a, RV_SEL_MARK, pkt->mark);
	set_number(a, RV_SEL_CT_MARK, a->ctmark);
	for (enum rv_byte i = 0; i < RV_BYTES; i++)
		note_byte(a, pkt, i);
	if (!p->known) {
		p->set = rv_region_part(a->s, p->rule, p->part);
		p->known = !a->s->d.full;
	}
	return rv_dd_at(&a->s->d, p->set, a->values) == RV_DD_TRUE;
}

static unsigned int ask_target(void *arg, struct rv_pkt *pkt, const struct rv_user_asked *asked)
{
	struct asking *a = arg;
	const struct rv_part *t = a->list[asked->number].part;
	struct rv_effect_of e;
	uint32_t mark = pkt->mark;

	if (t->ext->effect == RV_EFFECT_ENDS)
		return NF_ACCEPT;
	if (rv_target_may_end(t) && ask_match(arg, pkt, asked))
		return NF_ACCEPT;
	rv_effect_of(t, a->s->family, &e);
	mark = (e.marks.mark & mark) ^ (e.marks.ctmark & a->ctmark) ^ e.marks.turn;
	if (rv_dd_at(&a->s->d, rv_effect_packets(a->s, &e), a->values) != RV_DD_TRUE)
		return RV_CONTINUE;
	if (e.what == RV_CHANGE_MARK)
		pkt->mark = mark;
	if (e.what == RV_CHANGE_CTMARK)
		a->ctmark = mark;
	if (e.what == RV_CHANGE_STATE) {
		set_number(a, RV_SEL_CT_STATE, e.state);
		a->tracking = a->list[asked->number].rule;
	}
	if (e.what == RV_CHANGE_BYTE)
		change_byte(a, pkt, &e);
	return RV_CONTINUE;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

static enum rv_table_id id_of(const struct rv_table_def *def)
{
	unsigned int id = 0;

	while (id < RV_TABLES - 1 && strcmp(rv_engine_tables[id].name, def->name) != 0)
		id++;
	return id;
}

/* Appends "LOG --log-prefix x" or "DROP", as in outcomes. */
static void rule_text(struct rv_buf *b, rv_family_t family, const struct rv_rule *r)
{
	struct rv_out o = { .buf = b, .style = RV_STYLE_SAVE, .family = family, .proto = r->ip.proto };

	if (!r->target) {
		rv_buf_puts(b, rv_verdict_name(r->verdict) ? rv_verdict_name(r->verdict) : "");
		return;
	}
	rv_buf_puts(b, r->target->ext->name);
	rv_part_render(&o, r->target->ext, r->target->data);
}

static void part_text(char *to, size_t room, rv_family_t family, const struct rv_rule *r)
{
	struct rv_buf b = RV_BUF_INIT;

	rule_text(&b, family, r);
	snprintf(to, room, "%s", rv_buf_text(&b) ? b.data : "");
	rv_buf_free(&b);
}

/* Returns whether outcomes list the target (change_leaf() in walk.c); shown: and a later one. */
static bool has_line(const struct rv_part *target, rv_family_t family, bool shown)
{
	struct rv_effect_of e;

	rv_effect_of(target, family, &e);
	switch (e.what) {
	case RV_CHANGE_MARK:
	case RV_CHANGE_CTMARK:
	case RV_CHANGE_STATE:
		return false;
	default:
		return shown || e.what != RV_CHANGE_BYTE;
	}
}

/* Returns how many steps the path has up to the last target that logs or copies the packet. */
static uint32_t shown_steps(const struct rv_kmod_blob *blob, const struct rv_record *rec, rv_family_t family)
{
	uint32_t n = rec->len ? rec->len - 1 : 0;

	for (; n; n--) {
		const struct rv_rule *r = blob->entries[rec->path[n - 1].entry].rule;

		if (r && r->target && has_line(r->target, family, false))
			break;
	}
	return n;
}

/* Reads the recorded path: its last rule or policy gave the verdict, earlier rules had effects. */
static void read_path(const struct rv_kmod_blob *blob, const struct rv_record *rec, rv_family_t family,
		      struct rv_replay *out)
{
	uint32_t shown = shown_steps(blob, rec, family);
	struct rv_buf end = RV_BUF_INIT;

	for (uint32_t i = 0; i < rec->len; i++) {
		const struct rv_kmod_entry *e = &blob->entries[rec->path[i].entry];
		bool last = i + 1 == rec->len;

		if (last && e->chain)
			memcpy(out->chain, e->chain->name, sizeof(out->chain));
		if (last && !e->rule && e->chain)
			rv_buf_puts(&end, rv_verdict_name(e->chain->policy) ? rv_verdict_name(e->chain->policy) : "");
		if (!e->rule)
			continue;
		if (last) {
			out->rule = e->number;
			rule_text(&end, family, e->rule);
		} else if (e->rule->target && has_line(e->rule->target, family, i < shown)) {
			rule_text(&out->effects, family, e->rule);
			rv_buf_putc(&out->effects, '\n');
		}
	}
	snprintf(out->end, sizeof(out->end), "%s", rv_buf_text(&end) ? end.data : "");
	rv_buf_text(&out->effects);
	rv_buf_free(&end);
}

#define PATH 4096
#define PACKET_MAX 65535

static void run(struct asking *a, const struct rv_chain *c, const struct rv_kmod_change *change, uint8_t *bytes,
		size_t len, struct rv_replay *out, struct rv_step *path)
{
	static char in[IFNAMSIZ], out_name[IFNAMSIZ];
	struct rv_record rec = { .path = path, .cap = PATH };
	struct rv_user_packet p = { 0 };

	if (rv_user_packet_init(&p, bytes, (uint32_t)len, (uint32_t)len) || rv_pkt_parse(&p.pkt))
		return;
	a->bytes = bytes;
	a->tracking = NULL;
	for (enum rv_byte i = 0; i < RV_BYTES; i++)
		out->before[i] = read_byte(&p.pkt, i);
	rv_point_name(a->s, a->values, rv_space_field(a->s, RV_SEL_IIFNAME, 0), in);
	rv_point_name(a->s, a->values, rv_space_field(a->s, RV_SEL_OIFNAME, 0), out_name);
	p.ask_match = ask_match;
	p.ask_target = ask_target;
	p.arg = a;
	p.pkt.in = in[0] ? in : NULL;
	p.pkt.out = out_name[0] ? out_name : NULL;
	p.pkt.hook = c->table->def->base[c->base].hook;
	p.pkt.mark = (uint32_t)number(a->s, a->values, RV_SEL_MARK, 0);
	p.pkt.pkttype = (uint8_t)number(a->s, a->values, RV_SEL_PKTTYPE, PACKET_HOST);
	a->ctmark = (uint32_t)number(a->s, a->values, RV_SEL_CT_MARK, 0);
	rv_engine_run(rv_kmod_user_engine(&a->link), id_of(change->blobs[0].table->def), &p.pkt, &rec);
	out->mark = p.pkt.mark;
	out->ctmark = a->ctmark;
	for (enum rv_byte i = 0; i < RV_BYTES; i++) {
		out->has[i] = has_byte(&p.pkt, i);
		out->after[i] = read_byte(&p.pkt, i);
	}
	if (rec.len <= PATH)
		read_path(&change->blobs[0], &rec, a->s->family, out);
	if (a->tracking)
		part_text(out->tracking, sizeof(out->tracking), a->s->family, a->tracking);
}

/* A table that the engine has loaded. */
struct rv_replayer {
	struct asking asking;
	const struct rv_table *table;
	struct rv_kmod_asker asker;
	struct rv_kmod_change change;
	struct rv_step *path;
	uint8_t *bytes;
};

static int load(struct rv_replayer *p, struct rv_error *err)
{
	p->asker = (struct rv_kmod_asker){ .ask = ask, .known = known, .arg = &p->asking };
	p->asking.link.asker = &p->asker;
	p->change.link = &p->asking.link;
	if (rv_kmod_change_add(&p->change, (struct rv_table *)p->table, 0, 0, err) < 0)
		return -1;
	return rv_kmod_change_send(&p->change, err);
}

struct rv_replayer *rv_replay_open(struct rv_space *s, const struct rv_table *t, struct rv_error *err)
{
	struct rv_replayer *p = calloc(1, sizeof(*p));

	if (!p) {
		rv_fail_memory(err);
		return NULL;
	}
	p->table = t;
	p->asking = (struct asking){ .s = s, .values = malloc(s->nvars + 1) };
	p->path = calloc(PATH, sizeof(*p->path));
	p->bytes = malloc(PACKET_MAX);
	rv_user_ask_register();
	if (!p->asking.values || !p->path || !p->bytes)
		rv_fail_memory(err);
	else if (rv_kmod_link_open(&p->asking.link, "user", err) == 0 && load(p, err) == 0)
		return p;
	rv_replay_close(p);
	return NULL;
}

void rv_replay_close(struct rv_replayer *p)
{
	if (!p)
		return;
	rv_kmod_change_free(&p->change);
	if (p->asking.link.transport)
		rv_kmod_link_close(&p->asking.link);
	free(p->asking.values);
	free(p->asking.list);
	free(p->path);
	free(p->bytes);
	free(p);
}

int rv_replay_packet(struct rv_replayer *p, const struct rv_chain *c, const uint8_t *values, struct rv_replay *r)
{
	size_t len = rv_point_packet(p->asking.s, values, p->bytes, PACKET_MAX);

	*r = (struct rv_replay){ 0 };
	if (!len)
		return 1;
	memcpy(p->asking.values, values, p->asking.s->nvars);
	run(&p->asking, c, &p->change, p->bytes, len, r, p->path);
	return 0;
}

int rv_replay(struct rv_space *s, const struct rv_chain *c, const uint8_t *values, struct rv_replay *r,
	      struct rv_error *err)
{
	struct rv_replayer *p;
	int rc;

	*r = (struct rv_replay){ 0 };
	p = rv_replay_open(s, c->table, err);
	if (!p)
		return err->kind == RV_ERR_MEMORY ? -1 : 1;
	rc = rv_replay_packet(p, c, values, r);
	rv_replay_close(p);
	return rc;
}
