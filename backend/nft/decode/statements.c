/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nft does with a packet, in words of iptables. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "formats/text.h"
#include "extensions/NFLOG.h"
#include "foreign.h"

/* Flags of nf_nat.h, nf_log.h and nf_synproxy.h, which cannot all be included together. */
enum { NAT_MAP_IPS = 1, NAT_PROTO = 2, NAT_RANDOM = 4, NAT_PERSISTENT = 8, NAT_FULLY = 16 };
enum { LOG_SEQ = 1, LOG_TCP = 2, LOG_IP = 4, LOG_OWNER = 8, LOG_MAC = 32 };
enum { SYN_MSS = 1, SYN_WSCALE = 2, SYN_SACK = 4, SYN_TIME = 8 };

/* Bytes that a prefix has, with its NUL (xt_LOG.h): options cut off what is longer. */
enum { LOG_PREFIX = 30, NFLOG_PREFIX = sizeof(((struct rv_nflog *)0)->prefix) };

void rv_nft_word(struct rv_nft_foreign *f, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rv_buf_add(&f->words, text, strlen(text) + 1);
	f->nwords++;
}

static void put_target(struct rv_nft_foreign *f, const char *name)
{
	rv_nft_word(f, "-j");
	rv_nft_word(f, "%s", name);
}

static int target(struct rv_nft_foreign *f, const char *name)
{
	if (f->ended)
		return rv_nft_foreign_unsupported(f, "a second target is not understood");
	f->ended = true;
	put_target(f, name);
	return 0;
}

void rv_nft_match(struct rv_nft_foreign *f, const char *name)
{
	rv_nft_word(f, "-m");
	rv_nft_word(f, "%s", name);
	f->nmatches++;
}

void rv_nft_option(struct rv_nft_foreign *f, const char *name)
{
	rv_nft_word(f, "--%s", name);
}

int rv_nft_strange(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	return rv_nft_foreign_unsupported(f, "expression `%s', as it is used, is not understood",
				     rv_nft_expr_name(e->kind));
}

/* ---- matches that take their time ------------------------------------------------------- */

static void put_types(struct rv_nft_foreign *f, uint32_t bits)
{
	struct rv_buf b = RV_BUF_INIT;

	for (const struct rv_name *n = rv_text_address_types; n->name; n++) {
		if (!(bits & n->value))
			continue;
		rv_buf_puts(&b, b.len ? "," : "");
		for (const char *c = n->name; *c; c++)
			rv_buf_putc(&b, (char)toupper((unsigned char)*c));
	}
	rv_nft_word(f, "%s", rv_buf_text(&b) ? rv_buf_text(&b) : "");
	rv_buf_free(&b);
}

static void put_address_types(struct rv_nft_foreign *f)
{
	static const char *const rows[] = { "src-type", "dst-type" };

	rv_nft_match(f, "addrtype");
	for (int i = 0; i < 2; i++) {
		if (!f->addrtype.types[i])
			continue;
		if (f->addrtype.negate[i])
			rv_nft_word(f, "!");
		rv_nft_option(f, rows[i]);
		put_types(f, f->addrtype.types[i]);
	}
	rv_nft_option(f, f->addrtype.flags & NFTA_FIB_F_IIF ? "limit-iface-in" : "limit-iface-out");
	memset(&f->addrtype, 0, sizeof(f->addrtype));
}

int rv_nft_pending(struct rv_nft_foreign *f)
{
	if (f->addrtype.flags == (NFTA_FIB_F_IIF | NFTA_FIB_F_OIF))
		return rv_nft_foreign_unsupported(f, "a type of address on two interfaces is not understood");
	if (f->addrtype.flags)
		put_address_types(f);
	if (f->target.dscp) {
		put_target(f, "DSCP");
		rv_nft_option(f, "set-dscp");
		rv_nft_word(f, "0x%02x", f->target.value);
		f->target.dscp = false;
	}
	if (!f->sk.seen)
		return 0;
	rv_nft_match(f, "socket");
	if (f->sk.transparent)
		rv_nft_option(f, "transparent");
	if (f->sk.any)
		rv_nft_option(f, "nowildcard");
	if (f->sk.restore)
		rv_nft_option(f, "restore-skmark");
	memset(&f->sk, 0, sizeof(f->sk));
	return 0;
}

/* ---- logs ------------------------------------------------------------------------------- */

static int read_nflog(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	if (e->level || e->flags)
		return rv_nft_strange(f, e);
	if ((e->name && strlen(e->name) >= NFLOG_PREFIX) || target(f, "NFLOG"))
		return rv_nft_strange(f, e);
	rv_nft_option(f, "nflog-group");
	rv_nft_word(f, "%u", e->group);
	if (e->name) {
		rv_nft_option(f, "nflog-prefix");
		rv_nft_word(f, "%s", e->name);
	}
	/* nft sends none of the packet then, iptables all of it. */
	f->m->loose |= e->given & 1U << NFTA_LOG_SNAPLEN && !e->len;
	if (e->given & 1U << NFTA_LOG_SNAPLEN && e->len) {
		rv_nft_option(f, "nflog-size");
		rv_nft_word(f, "%u", e->len);
	}
	if (e->given & 1U << NFTA_LOG_QTHRESHOLD && e->threshold) {
		rv_nft_option(f, "nflog-threshold");
		rv_nft_word(f, "%u", e->threshold);
	}
	return 0;
}

static int read_log(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	static const struct { uint32_t flag; const char *option; } flags[] = {
		{ LOG_SEQ, "log-tcp-sequence" }, { LOG_TCP, "log-tcp-options" },
		{ LOG_IP, "log-ip-options" }, { LOG_OWNER, "log-uid" }, { LOG_MAC, "log-macdecode" },
	};
	uint32_t level = e->given & 1U << NFTA_LOG_LEVEL ? e->level : LOG_WARNING, left = e->flags;

	if (e->given & 1U << NFTA_LOG_GROUP)
		return read_nflog(f, e);
	/* The audit log's level; which verdict it was for, nft does not keep. */
	if (level > LOG_DEBUG || e->given & 1U << NFTA_LOG_SNAPLEN)
		return rv_nft_strange(f, e);
	if ((e->name && strlen(e->name) >= LOG_PREFIX) || target(f, "LOG"))
		return rv_nft_strange(f, e);
	if (e->name) {
		rv_nft_option(f, "log-prefix");
		rv_nft_word(f, "%s", e->name);
	}
	rv_nft_option(f, "log-level");
	rv_nft_word(f, "%u", level);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (left & flags[i].flag)
			rv_nft_option(f, flags[i].option);
		left &= ~flags[i].flag;
	}
	return left ? rv_nft_strange(f, e) : 0;
}

/* ---- marks ------------------------------------------------------------------------------- */

/* What a register makes of an old number: (old & ~mask) ^ value. False: it holds another field. */
static bool get_change(struct rv_nft_reg *h, enum rv_nft_kind kind, uint32_t key, uint32_t *value,
		       uint32_t *mask)
{
	if (!h || h->len != 4)
		return false;
	h->used = true;
	if (h->kind == RV_NFT_CONSTANT) {
		*value = rv_get_uint(h->data, 4);
		*mask = UINT32_MAX;
		return true;
	}
	if (h->load.kind != kind || h->load.key != key || h->swapped ||
	    (kind == RV_NFT_CT && h->load.given & 1U << NFTA_CT_DIRECTION))
		return false;
	*value = h->masked ? rv_get_uint(h->xor, 4) : 0;
	*mask = h->masked ? ~(uint32_t)rv_get_uint(h->mask, 4) : 0;
	return true;
}

static int set_mark(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *h = rv_nft_reg(f, e->sreg);
	uint32_t value, mask;

	if (h && h->kind == RV_NFT_FIELD && h->load.kind == RV_NFT_SOCKET && !h->masked &&
	    h->load.key == NFT_SOCKET_MARK && f->sk.seen && !f->sk.restore) {
		h->used = true;
		f->sk.restore = true;
		return 0;
	}
	if (get_change(h, RV_NFT_META, NFT_META_MARK, &value, &mask)) {
		if (f->target.tproxy) {
			rv_nft_option(f, "tproxy-mark");
			rv_nft_word(f, "0x%x/0x%x", value, mask);
			return 0;
		}
		if (target(f, "MARK"))
			return -1;
		rv_nft_option(f, "set-xmark");
		rv_nft_word(f, "0x%x/0x%x", value, mask);
		return 0;
	}
	if (!get_change(h, RV_NFT_CT, NFT_CT_MARK, &value, &mask) || value)
		return rv_nft_strange(f, e);
	if (target(f, "CONNMARK"))
		return -1;
	rv_nft_option(f, "restore-mark");
	rv_nft_option(f, "nfmask");
	rv_nft_word(f, "0xffffffff");
	rv_nft_option(f, "ctmask");
	rv_nft_word(f, "0x%x", ~mask);
	return 0;
}

static int set_connection_mark(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *h = rv_nft_reg(f, e->sreg);
	uint32_t value, mask;

	if (get_change(h, RV_NFT_CT, NFT_CT_MARK, &value, &mask)) {
		if (target(f, "CONNMARK"))
			return -1;
		rv_nft_option(f, "set-xmark");
		rv_nft_word(f, "0x%x/0x%x", value, mask);
		return 0;
	}
	if (!get_change(h, RV_NFT_META, NFT_META_MARK, &value, &mask) || value)
		return rv_nft_strange(f, e);
	if (target(f, "CONNMARK"))
		return -1;
	rv_nft_option(f, "save-mark");
	rv_nft_option(f, "nfmask");
	rv_nft_word(f, "0x%x", ~mask);
	rv_nft_option(f, "ctmask");
	rv_nft_word(f, "0xffffffff");
	return 0;
}

static int set_meta(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	const uint8_t *value;

	switch (e->key) {
	case NFT_META_MARK:
		return set_mark(f, e);
	case NFT_META_NFTRACE:
		value = rv_nft_constant(f, e->sreg, 1);
		return value && *value == 1 ? target(f, "TRACE") : rv_nft_strange(f, e);
	case NFT_META_PRIORITY:
		value = rv_nft_constant(f, e->sreg, 4);
		if (!value || target(f, "CLASSIFY"))
			return rv_nft_strange(f, e);
		rv_nft_option(f, "set-class");
		rv_nft_word(f, "%x:%x", (unsigned int)rv_get_uint(value, 4) >> 16,
			    (unsigned int)rv_get_uint(value, 4) & UINT16_MAX);
		return 0;
	default:
		return rv_nft_strange(f, e);
	}
}

/* ---- headers ---------------------------------------------------------------------------------- */

/* Bits of the header that are written, and what; byte 0 is the first of the IP header. */
struct writing {
	uint8_t bits[16], value[16];
};

static bool get_writing(struct rv_nft_reg *h, const struct rv_nft_expr *e, struct writing *w)
{
	memset(w, 0, sizeof(*w));
	if (!h || h->len != e->len || e->len + e->offset > sizeof(w->bits) ||
	    e->base != NFT_PAYLOAD_NETWORK_HEADER)
		return false;
	h->used = true;
	if (h->kind == RV_NFT_CONSTANT) {
		memset(w->bits + e->offset, 0xff, e->len);
		memcpy(w->value + e->offset, h->data, e->len);
		return true;
	}
	if (h->load.kind != RV_NFT_PAYLOAD || h->load.base != e->base ||
	    h->load.offset != e->offset || h->swapped || !h->masked)
		return false;
	for (uint32_t i = 0; i < e->len; i++) {
		w->bits[e->offset + i] = ~h->mask[i];
		w->value[e->offset + i] = h->xor[i];
		if (h->xor[i] & h->mask[i])
			return false;
	}
	return true;
}

/* Whether just these bits are written: two bytes from at on. */
static bool just(const struct writing *w, unsigned int at, uint16_t bits, unsigned int *n)
{
	struct writing only = { .bits = { 0 } };

	only.bits[at] = bits >> 8;
	only.bits[at + 1] = bits & 0xff;
	if (memcmp(only.bits, w->bits, sizeof(only.bits)) != 0)
		return false;
	*n = ((w->value[at] << 8 | w->value[at + 1]) & bits) / (bits & -bits);
	return true;
}

/* The class of service alone is DSCP; with what follows it, ECN, it is TOS. */
static int set_service(struct rv_nft_foreign *f, const struct rv_nft_expr *e, bool ecn,
		       unsigned int n)
{
	if (f->ended != ecn || f->target.dscp != ecn)
		return rv_nft_strange(f, e);
	f->ended = true;
	f->target.dscp = !ecn;
	if (!ecn) {
		f->target.value = n;
		return 0;
	}
	put_target(f, "TOS");
	rv_nft_option(f, "set-tos");
	rv_nft_word(f, "0x%02x/0xff", f->target.value << 2 | n);
	return 0;
}

static int set_lifetime(struct rv_nft_foreign *f, const char *name, const char *row, unsigned int n)
{
	if (target(f, name))
		return -1;
	rv_nft_option(f, row);
	rv_nft_word(f, "%u", n);
	return 0;
}

static int set_payload(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	bool v4 = f->base.family == NFPROTO_IPV4;
	struct writing w;
	unsigned int n;

	if (!get_writing(rv_nft_reg(f, e->sreg), e, &w))
		return rv_nft_strange(f, e);
	if (v4 ? just(&w, 8, 0xff00, &n) : just(&w, 7, 0xff00, &n))
		return set_lifetime(f, v4 ? "TTL" : "HL", v4 ? "ttl-set" : "hl-set", n);
	if (v4 ? just(&w, 0, 0x00fc, &n) : just(&w, 0, 0x0fc0, &n))
		return set_service(f, e, false, n);
	if (v4 ? just(&w, 0, 0x0003, &n) : just(&w, 0, 0x0030, &n))
		return set_service(f, e, true, n);
	return rv_nft_strange(f, e);
}

static int set_header(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *h = rv_nft_reg(f, e->sreg);

	if (e->op != NFT_EXTHDR_OP_TCPOPT || e->header != 2 || e->offset != 2 || e->len != 2 ||
	    e->flags || !h || h->len != 2)
		return rv_nft_strange(f, e);
	h->used = true;
	if (h->kind == RV_NFT_FIELD && (h->load.kind != RV_NFT_RT || h->masked || !h->swapped ||
					h->load.key != NFT_RT_TCPMSS))
		return rv_nft_strange(f, e);
	if (target(f, "TCPMSS"))
		return -1;
	if (h->kind == RV_NFT_FIELD) {
		rv_nft_option(f, "clamp-mss-to-pmtu");
	} else {
		rv_nft_option(f, "set-mss");
		rv_nft_word(f, "%u", h->data[0] << 8 | h->data[1]);
	}
	return 0;
}

/* ---- addresses ---------------------------------------------------------------------------------- */

/* An address from a register as text, or NULL. */
static const char *get_address(struct rv_nft_foreign *f, uint32_t reg, char *text)
{
	bool v4 = f->base.family == NFPROTO_IPV4;
	const uint8_t *bytes = rv_nft_constant(f, reg, v4 ? 4 : 16);

	return bytes ? inet_ntop(v4 ? AF_INET : AF_INET6, bytes, text, INET6_ADDRSTRLEN) : NULL;
}

/* A port; -1: none in the register. */
static int get_port(struct rv_nft_foreign *f, uint32_t reg)
{
	const uint8_t *bytes = reg ? rv_nft_constant(f, reg, 2) : NULL;

	return bytes ? bytes[0] << 8 | bytes[1] : -1;
}

static bool get_flags(struct rv_nft_foreign *f, uint32_t flags)
{
	if (flags & NAT_RANDOM)
		rv_nft_option(f, "random");
	if (flags & NAT_FULLY)
		rv_nft_option(f, "random-fully");
	if (flags & NAT_PERSISTENT)
		rv_nft_option(f, "persistent");
	return !(flags & ~(uint32_t)(NAT_MAP_IPS | NAT_PROTO | NAT_RANDOM | NAT_FULLY |
				     NAT_PERSISTENT));
}

/* "80" or "80-90"; false: the registers hold no ports. */
static bool put_ports(struct rv_nft_foreign *f, const struct rv_nft_expr *e, struct rv_buf *b)
{
	int from = get_port(f, e->regs[2]);
	int to = e->regs[3] && e->regs[3] != e->regs[2] ? get_port(f, e->regs[3]) : from;

	if (from < 0 || to < 0)
		return false;
	rv_buf_printf(b, "%d", from);
	if (to != from)
		rv_buf_printf(b, "-%d", to);
	return true;
}

static bool put_addresses(struct rv_nft_foreign *f, const struct rv_nft_expr *e, struct rv_buf *b)
{
	bool brackets = f->base.family == NFPROTO_IPV6 && e->regs[2];
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	bool two = e->regs[1] && e->regs[1] != e->regs[0];

	if (!get_address(f, e->regs[0], from) || (two && !get_address(f, e->regs[1], to)))
		return false;
	rv_buf_printf(b, "%s%s", brackets ? "[" : "", from);
	if (two && strcmp(from, to) != 0)
		rv_buf_printf(b, "-%s", to);
	rv_buf_puts(b, brackets ? "]" : "");
	return true;
}

static int put_text(struct rv_nft_foreign *f, const struct rv_nft_expr *e, struct rv_buf *b, bool ok)
{
	const char *text = rv_buf_text(b);

	if (text)
		rv_nft_word(f, "%s", text);
	rv_buf_free(b);
	return ok && text && get_flags(f, e->flags) ? 0 : rv_nft_strange(f, e);
}

static int read_nat(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	bool source = e->type == NFT_NAT_SNAT, ok = true;
	struct rv_buf b = RV_BUF_INIT;

	if (e->type > NFT_NAT_DNAT || e->family != f->base.family || (!e->regs[0] && !e->regs[2]) ||
	    target(f, source ? "SNAT" : "DNAT"))
		return rv_nft_strange(f, e);
	rv_nft_option(f, source ? "to-source" : "to-destination");
	if (e->regs[0])
		ok = put_addresses(f, e, &b);
	if (e->regs[2]) {
		rv_buf_putc(&b, ':');
		ok = ok && put_ports(f, e, &b);
	}
	return put_text(f, e, &b, ok);
}

static int read_own_address(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_buf b = RV_BUF_INIT;

	if (target(f, e->kind == RV_NFT_MASQ ? "MASQUERADE" : "REDIRECT"))
		return -1;
	if (!e->regs[2])
		return get_flags(f, e->flags) ? 0 : rv_nft_strange(f, e);
	rv_nft_option(f, "to-ports");
	return put_text(f, e, &b, put_ports(f, e, &b));
}

static int read_tproxy(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	char address[INET6_ADDRSTRLEN];
	int port = get_port(f, e->regs[2]);

	if (e->family != f->base.family || (e->regs[2] && port < 0) || target(f, "TPROXY"))
		return rv_nft_strange(f, e);
	rv_nft_option(f, "on-port");
	rv_nft_word(f, "%d", e->regs[2] ? port : 0);
	if (e->regs[0]) {
		if (!get_address(f, e->regs[0], address))
			return rv_nft_strange(f, e);
		rv_nft_option(f, "on-ip");
		rv_nft_word(f, "%s", address);
	}
	f->target.tproxy = true;
	return 0;
}

static int read_dup(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	char address[INET6_ADDRSTRLEN], name[IFNAMSIZ];
	const uint8_t *device = e->regs[1] ? rv_nft_constant(f, e->regs[1], 4) : NULL;

	if (!get_address(f, e->regs[0], address) || (e->regs[1] && !device) || target(f, "TEE"))
		return rv_nft_strange(f, e);
	rv_nft_option(f, "gateway");
	rv_nft_word(f, "%s", address);
	if (!device)
		return 0;
	/* A device that is gone has a number only. */
	if (!if_indextoname((unsigned int)rv_get_uint(device, 4), name))
		return rv_nft_strange(f, e);
	rv_nft_option(f, "oif");
	rv_nft_word(f, "%s", name);
	return 0;
}

/* ---- others ---------------------------------------------------------------------------------------- */

static int read_reject(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	static const struct { rv_family_t family; uint8_t code; const char *name; } codes[] = {
		{ NFPROTO_IPV4, 0, "icmp-net-unreachable" },
		{ NFPROTO_IPV4, 1, "icmp-host-unreachable" },
		{ NFPROTO_IPV4, 2, "icmp-proto-unreachable" },
		{ NFPROTO_IPV4, 3, "icmp-port-unreachable" },
		{ NFPROTO_IPV4, 9, "icmp-net-prohibited" },
		{ NFPROTO_IPV4, 10, "icmp-host-prohibited" },
		{ NFPROTO_IPV4, 13, "icmp-admin-prohibited" },
		{ NFPROTO_IPV6, 0, "icmp6-no-route" },
		{ NFPROTO_IPV6, 1, "icmp6-adm-prohibited" },
		{ NFPROTO_IPV6, 3, "icmp6-addr-unreachable" },
		{ NFPROTO_IPV6, 4, "icmp6-port-unreachable" },
		{ NFPROTO_IPV6, 5, "icmp6-policy-fail" },
		{ NFPROTO_IPV6, 6, "icmp6-reject-route" },
	};
	const char *name = e->type == NFT_REJECT_TCP_RST ? "tcp-reset" : NULL;

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (e->type == NFT_REJECT_ICMP_UNREACH && codes[i].family == f->base.family &&
		    codes[i].code == e->code)
			name = codes[i].name;
	if (!name || target(f, "REJECT"))
		return rv_nft_strange(f, e);
	rv_nft_option(f, "reject-with");
	rv_nft_word(f, "%s", name);
	return 0;
}

static int read_synproxy(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	if (e->flags & ~(uint32_t)(SYN_MSS | SYN_WSCALE | SYN_SACK | SYN_TIME) ||
	    target(f, "SYNPROXY"))
		return rv_nft_strange(f, e);
	if (e->flags & SYN_SACK)
		rv_nft_option(f, "sack-perm");
	if (e->flags & SYN_TIME)
		rv_nft_option(f, "timestamp");
	if (e->flags & SYN_WSCALE) {
		rv_nft_option(f, "wscale");
		rv_nft_word(f, "%u", e->wscale);
	}
	if (e->flags & SYN_MSS) {
		rv_nft_option(f, "mss");
		rv_nft_word(f, "%u", e->mss);
	}
	return 0;
}

static int read_queue(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	unsigned int last = e->group + (e->total ? e->total - 1u : 0);

	if (e->mss & ~(NFT_QUEUE_FLAG_BYPASS | NFT_QUEUE_FLAG_CPU_FANOUT) || last > UINT16_MAX ||
	    target(f, "NFQUEUE"))
		return rv_nft_strange(f, e);
	if (last > e->group) {
		rv_nft_option(f, "queue-balance");
		rv_nft_word(f, "%u:%u", e->group, last);
	} else {
		rv_nft_option(f, "queue-num");
		rv_nft_word(f, "%u", e->group);
	}
	if (e->mss & NFT_QUEUE_FLAG_BYPASS)
		rv_nft_option(f, "queue-bypass");
	if (e->mss & NFT_QUEUE_FLAG_CPU_FANOUT)
		rv_nft_option(f, "queue-cpu-fanout");
	return 0;
}

static int read_notrack(struct rv_nft_foreign *f)
{
	if (target(f, "CT"))
		return -1;
	rv_nft_option(f, "notrack");
	return 0;
}

int rv_nft_statement(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	switch (e->kind) {
	case RV_NFT_LIMIT:
	case RV_NFT_QUOTA:
	case RV_NFT_DYNSET:
		return rv_nft_counting_statement(f, e);
	case RV_NFT_LOG:
		return read_log(f, e);
	case RV_NFT_META:
		return set_meta(f, e);
	case RV_NFT_CT:
		return e->key == NFT_CT_MARK ? set_connection_mark(f, e) : rv_nft_strange(f, e);
	case RV_NFT_PAYLOAD:
		return set_payload(f, e);
	case RV_NFT_EXTHDR:
		return set_header(f, e);
	case RV_NFT_NAT:
		return read_nat(f, e);
	case RV_NFT_MASQ:
	case RV_NFT_REDIR:
		return read_own_address(f, e);
	case RV_NFT_TPROXY:
		return read_tproxy(f, e);
	case RV_NFT_DUP:
		return read_dup(f, e);
	case RV_NFT_REJECT:
		return read_reject(f, e);
	case RV_NFT_SYNPROXY:
		return read_synproxy(f, e);
	case RV_NFT_QUEUE:
		return read_queue(f, e);
	case RV_NFT_NOTRACK:
		return read_notrack(f);
	default:
		return rv_nft_strange(f, e);
	}
}
