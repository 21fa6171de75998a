/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Converts statements of nft to a target with options. */
#include <arpa/inet.h>
#include <syslog.h>

#include "reader.h"

/* Flags of nf_nat.h, nf_log.h and nf_synproxy.h, which cannot all be included together. */
enum { NAT_MAP_IPS = 1, NAT_PROTO = 2, NAT_RANDOM = 4, NAT_PERSISTENT = 8, NAT_FULLY = 16 };
enum { LOG_SEQ = 1, LOG_TCP = 2, LOG_IP = 4, LOG_OWNER = 8, LOG_MAC = 32 };
enum { SYN_MSS = 1, SYN_WSCALE = 2, SYN_SACK = 4, SYN_TIME = 8 };

/* Size of a prefix including its NUL (xt_LOG.h); the option truncates longer ones. */
enum { LOG_PREFIX = 30 };

/* ---- logs ------------------------------------------------------------------------------- */

static int read_log(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	static const struct { uint32_t flag; const char *option; } flags[] = {
		{ LOG_SEQ, "log-tcp-sequence" }, { LOG_TCP, "log-tcp-options" },
		{ LOG_IP, "log-ip-options" }, { LOG_OWNER, "log-uid" }, { LOG_MAC, "log-macdecode" },
	};
	uint32_t level = e->given & 1U << NFTA_LOG_LEVEL ? e->level : LOG_WARNING, left = e->flags;

	if (e->given & 1U << NFTA_LOG_GROUP)
		return rv_nft_nflog_read(r, e);
	/*
	 * The audit log is a level in nft, target AUDIT in iptables, whose type (the verdict) nft
	 * lacks.
	 */
	if (level > LOG_DEBUG || e->given & 1U << NFTA_LOG_SNAPLEN)
		return rv_nft_strange(r, e);
	if ((e->name && strlen(e->name) >= LOG_PREFIX) || rv_nft_only_target(r, "LOG"))
		return rv_nft_strange(r, e);
	if (e->name) {
		rv_nft_set(r, "log-prefix", "%s", e->name);
	}
	rv_nft_set(r, "log-level", "%u", level);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (left & flags[i].flag)
			rv_nft_flag(r, flags[i].option);
		left &= ~flags[i].flag;
	}
	return left ? rv_nft_strange(r, e) : 0;
}

/* ---- marks ------------------------------------------------------------------------------- */

/*
 * Gets the change that an expression makes to a mark: (old & ~mask) ^ value. Returns false if the
 * register contains another field.
 */
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
	*value = h->masked ? rv_get_uint(h->flip, 4) : 0;
	*mask = h->masked ? ~(uint32_t)rv_get_uint(h->mask, 4) : 0;
	return true;
}

static int set_mark(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *h = rv_nft_reg(r, e->sreg);
	uint32_t value, mask;

	if (h && h->kind == RV_NFT_FIELD && h->load.kind == RV_NFT_SOCKET && !h->masked &&
	    h->load.key == NFT_SOCKET_MARK && r->sk.seen && !r->sk.restore) {
		h->used = true;
		r->sk.restore = true;
		return 0;
	}
	if (get_change(h, RV_NFT_META, NFT_META_MARK, &value, &mask)) {
		if (r->target.tproxy) {
			rv_nft_set(r, "tproxy-mark", "0x%x/0x%x", value, mask);
			return 0;
		}
		if (rv_nft_only_target(r, "MARK"))
			return -1;
		rv_nft_set(r, "set-xmark", "0x%x/0x%x", value, mask);
		return 0;
	}
	if (!get_change(h, RV_NFT_CT, NFT_CT_MARK, &value, &mask) || value)
		return rv_nft_strange(r, e);
	if (rv_nft_only_target(r, "CONNMARK"))
		return -1;
	rv_nft_flag(r, "restore-mark");
	rv_nft_set(r, "nfmask", "0xffffffff");
	rv_nft_set(r, "ctmask", "0x%x", ~mask);
	return 0;
}

static int set_connection_mark(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *h = rv_nft_reg(r, e->sreg);
	uint32_t value, mask;

	if (get_change(h, RV_NFT_CT, NFT_CT_MARK, &value, &mask)) {
		if (rv_nft_only_target(r, "CONNMARK"))
			return -1;
		rv_nft_set(r, "set-xmark", "0x%x/0x%x", value, mask);
		return 0;
	}
	if (!get_change(h, RV_NFT_META, NFT_META_MARK, &value, &mask) || value)
		return rv_nft_strange(r, e);
	if (rv_nft_only_target(r, "CONNMARK"))
		return -1;
	rv_nft_flag(r, "save-mark");
	rv_nft_set(r, "nfmask", "0x%x", ~mask);
	rv_nft_set(r, "ctmask", "0xffffffff");
	return 0;
}

/* Adds TRACE; iptables writes the same expression. */
static int set_trace(struct rv_nft_reader *r)
{
	bool foreign = r->m->foreign;
	int rc = rv_nft_only_target(r, "TRACE");

	r->m->foreign = foreign;
	return rc;
}

static int set_meta(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	const uint8_t *value;

	switch (e->key) {
	case NFT_META_MARK:
		return set_mark(r, e);
	case NFT_META_NFTRACE:
		value = rv_nft_constant(r, e->sreg, 1);
		return value && *value == 1 ? set_trace(r) : rv_nft_strange(r, e);
	case NFT_META_PRIORITY:
		value = rv_nft_constant(r, e->sreg, 4);
		if (!value || rv_nft_only_target(r, "CLASSIFY"))
			return rv_nft_strange(r, e);
		rv_nft_set(r, "set-class", "%x:%x", (unsigned int)rv_get_uint(value, 4) >> 16,
			    (unsigned int)rv_get_uint(value, 4) & UINT16_MAX);
		return 0;
	default:
		return rv_nft_strange(r, e);
	}
}

/* ---- headers ---------------------------------------------------------------------------------- */

/* Bits of the header that are written, and their values; byte 0 is the first of the IP header. */
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
		w->value[e->offset + i] = h->flip[i];
		if (h->flip[i] & h->mask[i])
			return false;
	}
	return true;
}

/* Returns whether exactly these bits, of the two bytes at `at', are written. */
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

/* Converts a write of the DSCP bits to target DSCP; if it includes ECN, to TOS. */
static int set_service(struct rv_nft_reader *r, const struct rv_nft_expr *e, bool ecn,
		       unsigned int n)
{
	if (r->ended != ecn || r->target.dscp != ecn)
		return rv_nft_strange(r, e);
	r->ended = true;
	r->target.dscp = !ecn;
	if (!ecn) {
		r->target.value = n;
		return 0;
	}
	rv_nft_target(r, "TOS");
	rv_nft_set(r, "set-tos", "0x%02x/0xff", r->target.value << 2 | n);
	return 0;
}

static int set_lifetime(struct rv_nft_reader *r, const char *name, const char *row, unsigned int n)
{
	if (rv_nft_only_target(r, name))
		return -1;
	rv_nft_set(r, row, "%u", n);
	return 0;
}

static int set_payload(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	bool v4 = r->family == NFPROTO_IPV4;
	struct writing w;
	unsigned int n;

	if (!get_writing(rv_nft_reg(r, e->sreg), e, &w))
		return rv_nft_strange(r, e);
	if (v4 ? just(&w, 8, 0xff00, &n) : just(&w, 7, 0xff00, &n))
		return set_lifetime(r, v4 ? "TTL" : "HL", v4 ? "ttl-set" : "hl-set", n);
	if (v4 ? just(&w, 0, 0x00fc, &n) : just(&w, 0, 0x0fc0, &n))
		return set_service(r, e, false, n);
	if (v4 ? just(&w, 0, 0x0003, &n) : just(&w, 0, 0x0030, &n))
		return set_service(r, e, true, n);
	return rv_nft_strange(r, e);
}

static int set_header(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *h = rv_nft_reg(r, e->sreg);

	if (e->op != NFT_EXTHDR_OP_TCPOPT || e->header != 2 || e->offset != 2 || e->len != 2 ||
	    e->flags || !h || h->len != 2)
		return rv_nft_strange(r, e);
	h->used = true;
	if (h->kind == RV_NFT_FIELD && (h->load.kind != RV_NFT_RT || h->masked || !h->swapped ||
					h->load.key != NFT_RT_TCPMSS))
		return rv_nft_strange(r, e);
	if (rv_nft_only_target(r, "TCPMSS"))
		return -1;
	if (h->kind == RV_NFT_FIELD) {
		rv_nft_flag(r, "clamp-mss-to-pmtu");
	} else {
		rv_nft_set(r, "set-mss", "%u", h->data[0] << 8 | h->data[1]);
	}
	return 0;
}

/* ---- addresses ---------------------------------------------------------------------------------- */

/* Returns the address in a register as text, or NULL. */
static const char *get_address(struct rv_nft_reader *r, uint32_t reg, char *text)
{
	const struct rv_family_def *family = rv_family(r->family);
	const uint8_t *bytes = rv_nft_constant(r, reg, family->address_len);

	return bytes ? inet_ntop(family->af, bytes, text, INET6_ADDRSTRLEN) : NULL;
}

/* Returns the port in a register, or -1. */
static int get_port(struct rv_nft_reader *r, uint32_t reg)
{
	const uint8_t *bytes = reg ? rv_nft_constant(r, reg, 2) : NULL;

	return bytes ? bytes[0] << 8 | bytes[1] : -1;
}

static bool get_flags(struct rv_nft_reader *r, uint32_t flags)
{
	if (flags & NAT_RANDOM)
		rv_nft_flag(r, "random");
	if (flags & NAT_FULLY)
		rv_nft_flag(r, "random-fully");
	if (flags & NAT_PERSISTENT)
		rv_nft_flag(r, "persistent");
	return !(flags & ~(uint32_t)(NAT_MAP_IPS | NAT_PROTO | NAT_RANDOM | NAT_FULLY |
				     NAT_PERSISTENT));
}

/* Appends "80" or "80-90". Returns false if the registers contain no ports. */
static bool put_ports(struct rv_nft_reader *r, const struct rv_nft_expr *e, struct rv_buf *b)
{
	int from = get_port(r, e->regs[2]);
	int to = e->regs[3] && e->regs[3] != e->regs[2] ? get_port(r, e->regs[3]) : from;

	if (from < 0 || to < 0)
		return false;
	rv_buf_printf(b, "%d", from);
	if (to != from)
		rv_buf_printf(b, "-%d", to);
	return true;
}

static bool put_addresses(struct rv_nft_reader *r, const struct rv_nft_expr *e, struct rv_buf *b)
{
	bool brackets = r->family == NFPROTO_IPV6 && e->regs[2];
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	bool two = e->regs[1] && e->regs[1] != e->regs[0];

	if (!get_address(r, e->regs[0], from) || (two && !get_address(r, e->regs[1], to)))
		return false;
	rv_buf_printf(b, "%s%s", brackets ? "[" : "", from);
	if (two && strcmp(from, to) != 0)
		rv_buf_printf(b, "-%s", to);
	rv_buf_puts(b, brackets ? "]" : "");
	return true;
}

static int put_text(struct rv_nft_reader *r, const struct rv_nft_expr *e, const char *option,
		    struct rv_buf *b, bool ok)
{
	const char *text = rv_buf_text(b);

	ok = ok && text;
	if (ok)
		rv_nft_set(r, option, "%s", text);
	rv_buf_free(b);
	return ok && get_flags(r, e->flags) ? 0 : rv_nft_strange(r, e);
}

static int read_nat(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	bool source = e->type == NFT_NAT_SNAT, ok = true;
	struct rv_buf b = RV_BUF_INIT;

	if (e->type > NFT_NAT_DNAT || e->family != r->family || (!e->regs[0] && !e->regs[2]) ||
	    rv_nft_only_target(r, source ? "SNAT" : "DNAT"))
		return rv_nft_strange(r, e);
	if (e->regs[0])
		ok = put_addresses(r, e, &b);
	if (e->regs[2]) {
		rv_buf_putc(&b, ':');
		ok = ok && put_ports(r, e, &b);
	}
	return put_text(r, e, source ? "to-source" : "to-destination", &b, ok);
}

static int read_own_address(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_buf b = RV_BUF_INIT;
	bool ok;

	if (rv_nft_only_target(r, e->kind == RV_NFT_MASQ ? "MASQUERADE" : "REDIRECT"))
		return -1;
	if (!e->regs[2])
		return get_flags(r, e->flags) ? 0 : rv_nft_strange(r, e);
	ok = put_ports(r, e, &b);
	return put_text(r, e, "to-ports", &b, ok);
}

static int read_tproxy(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	char address[INET6_ADDRSTRLEN];
	int port = get_port(r, e->regs[2]);

	if (e->family != r->family || (e->regs[2] && port < 0) || rv_nft_only_target(r, "TPROXY"))
		return rv_nft_strange(r, e);
	rv_nft_set(r, "on-port", "%d", e->regs[2] ? port : 0);
	if (e->regs[0]) {
		if (!get_address(r, e->regs[0], address))
			return rv_nft_strange(r, e);
		rv_nft_set(r, "on-ip", "%s", address);
	}
	r->target.tproxy = true;
	return 0;
}

static int read_dup(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	char address[INET6_ADDRSTRLEN], name[IFNAMSIZ];
	const uint8_t *device = e->regs[1] ? rv_nft_constant(r, e->regs[1], 4) : NULL;

	if (!get_address(r, e->regs[0], address) || (e->regs[1] && !device) || rv_nft_only_target(r, "TEE"))
		return rv_nft_strange(r, e);
	rv_nft_set(r, "gateway", "%s", address);
	if (!device)
		return 0;
	/* A device that no longer exists has only a number. */
	if (!if_indextoname((unsigned int)rv_get_uint(device, 4), name))
		return rv_nft_strange(r, e);
	rv_nft_set(r, "oif", "%s", name);
	return 0;
}

/* ---- others ---------------------------------------------------------------------------------------- */

static int read_reject(struct rv_nft_reader *r, const struct rv_nft_expr *e)
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
		if (e->type == NFT_REJECT_ICMP_UNREACH && codes[i].family == r->family &&
		    codes[i].code == e->code)
			name = codes[i].name;
	if (!name || rv_nft_only_target(r, "REJECT"))
		return rv_nft_strange(r, e);
	rv_nft_set(r, "reject-with", "%s", name);
	return 0;
}

static int read_synproxy(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	if (e->flags & ~(uint32_t)(SYN_MSS | SYN_WSCALE | SYN_SACK | SYN_TIME) ||
	    rv_nft_only_target(r, "SYNPROXY"))
		return rv_nft_strange(r, e);
	if (e->flags & SYN_SACK)
		rv_nft_flag(r, "sack-perm");
	if (e->flags & SYN_TIME)
		rv_nft_flag(r, "timestamp");
	if (e->flags & SYN_WSCALE) {
		rv_nft_set(r, "wscale", "%u", e->wscale);
	}
	if (e->flags & SYN_MSS) {
		rv_nft_set(r, "mss", "%u", e->mss);
	}
	return 0;
}

static int read_queue(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	unsigned int last = e->group + (e->total ? e->total - 1u : 0);

	if (e->mss & ~(NFT_QUEUE_FLAG_BYPASS | NFT_QUEUE_FLAG_CPU_FANOUT) || last > UINT16_MAX ||
	    rv_nft_only_target(r, "NFQUEUE"))
		return rv_nft_strange(r, e);
	if (last > e->group) {
		rv_nft_set(r, "queue-balance", "%u:%u", e->group, last);
	} else {
		rv_nft_set(r, "queue-num", "%u", e->group);
	}
	if (e->mss & NFT_QUEUE_FLAG_BYPASS)
		rv_nft_flag(r, "queue-bypass");
	if (e->mss & NFT_QUEUE_FLAG_CPU_FANOUT)
		rv_nft_flag(r, "queue-cpu-fanout");
	return 0;
}

static int read_notrack(struct rv_nft_reader *r)
{
	if (rv_nft_only_target(r, "CT"))
		return -1;
	rv_nft_flag(r, "notrack");
	return 0;
}

int rv_nft_statement(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	switch (e->kind) {
	case RV_NFT_LIMIT:
	case RV_NFT_QUOTA:
	case RV_NFT_DYNSET:
		return rv_nft_counting_statement(r, e);
	case RV_NFT_LOG:
		return read_log(r, e);
	case RV_NFT_META:
		return set_meta(r, e);
	case RV_NFT_CT:
		return e->key == NFT_CT_MARK ? set_connection_mark(r, e) : rv_nft_strange(r, e);
	case RV_NFT_PAYLOAD:
		return set_payload(r, e);
	case RV_NFT_EXTHDR:
		return set_header(r, e);
	case RV_NFT_NAT:
		return read_nat(r, e);
	case RV_NFT_MASQ:
	case RV_NFT_REDIR:
		return read_own_address(r, e);
	case RV_NFT_TPROXY:
		return read_tproxy(r, e);
	case RV_NFT_DUP:
		return read_dup(r, e);
	case RV_NFT_REJECT:
		return read_reject(r, e);
	case RV_NFT_SYNPROXY:
		return read_synproxy(r, e);
	case RV_NFT_QUEUE:
		return read_queue(r, e);
	case RV_NFT_NOTRACK:
		return read_notrack(r);
	default:
		return rv_nft_strange(r, e);
	}
}
