/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches of nft that count packets: limit, quota, and the dynamic sets of hashlimit and connlimit.
 * The tests before such a match determine what it counts.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "formats/text.h"
#include "reader.h"

int rv_nft_count(struct rv_nft_reader *r)
{
	struct rv_nft_meaning *m = r->m;

	if (m->ncounted == RV_NFT_COUNTED)
		return rv_nft_unsupported(r, "more than 8 matches that count are not supported");
	if (r->is_ether || r->reserved2)
		return rv_nft_unsupported(r, "a match that counts within a test is not supported");
	if (rv_nft_end_ranges(r) || rv_nft_pending(r))
		return -1;
	m->counted[m->ncounted++] = (struct rv_nft_counted){ .part = m->nparts };
	return 0;
}

/* ---- rates ------------------------------------------------------------------------------ */

/* Gets the rate, or returns false if iptables cannot express it. */
static bool get_rate(const struct rv_nft_expr *e, struct rv_rate *rate)
{
	*rate = (struct rv_rate){
		.rate = e->rate, .seconds = e->unit, .burst = e->burst,
		.bytes = e->type == NFT_LIMIT_PKT_BYTES,
	};
	return rv_limit_unit_of(e->unit) && e->type <= NFT_LIMIT_PKT_BYTES &&
	       !(e->flags & ~(uint32_t)NFT_LIMIT_F_INV) && (!rate->bytes || e->unit == 1);
}

static bool same_rate(const struct rv_rate *a, const struct rv_rate *b)
{
	const uint64_t most = UINT64_MAX / (24 * 60 * 60);

	return a->bytes == b->bytes && a->burst == b->burst &&
	       ((a->rate == b->rate && a->seconds == b->seconds) ||
		(a->rate <= most && b->rate <= most &&
		 a->rate * b->seconds == b->rate * a->seconds));
}

int rv_nft_check_rates(struct rv_nft_reader *r)
{
	const struct rv_nft_meaning *m = r->m;

	for (unsigned int i = 0; i < m->ncounted; i++) {
		const struct rv_nft_counted *c = &m->counted[i];
		const struct rv_part *part = m->parts[c->part].part;
		struct rv_rate said;

		if (!c->limits)
			continue;
		said = rv_rate_of(part->ext, part->data);
		if (!same_rate(&c->rate, &said))
			return rv_nft_unsupported(r, "a limit of %llu per %u seconds and a burst "
						  "of %llu is too exact", (unsigned long long)
						  c->rate.rate, c->rate.seconds,
						  (unsigned long long)c->rate.burst);
	}
	return 0;
}

static int read_quota(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	if (e->flags & ~(uint32_t)(NFT_QUOTA_F_INV | NFT_QUOTA_F_DEPLETED))
		return rv_nft_strange(r, e);
	if (rv_nft_count(r))
		return -1;
	/* The packet that uses up the quota still matches in iptables, but not in nft. */
	r->m->loose = true;
	rv_nft_match(r, "quota");
	r->invert = e->flags & NFT_QUOTA_F_INV;
	rv_nft_set(r, "quota", "%llu", (unsigned long long)e->bytes);
	return 0;
}

/* ---- keys ------------------------------------------------------------------------------- */

enum { SRC, DST, SIDES };

/* Fields in the key of a dynamic set. */
struct key {
	bool address[SIDES], port[SIDES];
	int bits[SIDES];		/* prefix lengths of the source and destination address */
	unsigned int fields, len;	/* len: bytes of the key in nf_tables */
};

/* Returns the prefix length of an address, or -1 if the mask is not a prefix. */
static int kept_bits(const struct rv_nft_reg *h, rv_family_t family)
{
	union nf_inet_addr mask;

	memset(&mask, 0xff, sizeof(mask));
	for (uint32_t i = 0; h->masked && i < h->len; i++) {
		if (h->flip[i])
			return -1;
		((uint8_t *)&mask)[i] = h->mask[i];
	}
	return rv_mask_length(family, &mask);
}

static bool add_field(struct rv_nft_reader *r, const struct rv_nft_reg *h, struct key *k)
{
	enum rv_sel sel = rv_nft_field(r, h);
	int side = sel == RV_SEL_IP_DADDR || sel == RV_SEL_IP6_DADDR || sel == RV_SEL_TH_DPORT;
	bool port = sel == RV_SEL_TH_SPORT || sel == RV_SEL_TH_DPORT;
	bool *has = port ? &k->port[side] : &k->address[side];

	if (!port && sel != RV_SEL_IP_SADDR && sel != RV_SEL_IP6_SADDR && !side)
		return false;
	k->bits[side] = port ? k->bits[side] : kept_bits(h, r->family);
	if (*has || h->swapped || h->bounded || h->len != rv_selectors[sel].len ||
	    (port ? h->masked : k->bits[side] < 0))
		return false;
	*has = true;
	/* In a concatenation, each field is padded to whole words. */
	k->len = k->fields ? (k->len + 3) / 4 * 4 + h->words * 4 : h->len;
	k->fields++;
	return true;
}

/* Reads a key: fields in consecutive registers that have not been used yet. */
static bool get_key(struct rv_nft_reader *r, uint32_t reg, struct key *k)
{
	struct rv_nft_reg *h = rv_nft_reg(r, reg);

	*k = (struct key){ .fields = 0 };
	while (h && h < r->held + RV_NFT_WORDS && r->live >> (h - r->held) & 1 && h->kind == RV_NFT_FIELD && !h->used) {
		if (!add_field(r, h, k))
			return false;
		h->used = true;
		h += h->words;
	}
	return k->fields;
}

/* ---- matches that fill a set ----------------------------------------------------------- */

static void use_set(struct rv_nft_reader *r, const struct rv_nft_expr *e, const struct key *k,
		    uint32_t flags)
{
	struct rv_nft_counted *c = &r->m->counted[r->m->ncounted - 1];

	c->set = e->name;
	c->len = k->len;
	c->flags = flags;
}

static void put_modes(struct rv_nft_reader *r, const struct key *k)
{
	static const char *const words[] = { "srcip", "srcport", "dstip", "dstport" };
	const bool has[] = { k->address[SRC], k->port[SRC], k->address[DST], k->port[DST] };
	struct rv_buf b = RV_BUF_INIT;

	for (unsigned int i = 0; i < 4; i++)
		if (has[i])
			rv_buf_printf(&b, "%s%s", b.len ? "," : "", words[i]);
	rv_nft_set(r, "hashlimit-mode", "%s", rv_buf_text(&b) ? rv_buf_text(&b) : "");
	rv_buf_free(&b);
}

/* Sets the rate of the last match added. */
static void put_rate(struct rv_nft_reader *r, const char *option, const struct rv_rate *rate)
{
	struct rv_nft_counted *c = &r->m->counted[r->m->ncounted - 1];

	c->limits = true;
	c->rate = *rate;
	if (rate->bytes)
		rv_nft_set(r, option, "%llub/second", (unsigned long long)rate->rate);
	else
		rv_nft_set(r, option, "%llu/%s", (unsigned long long)rate->rate,
			   rv_limit_unit_of(rate->seconds)->word);
}

static int put_hashlimit(struct rv_nft_reader *r, const struct rv_nft_expr *e,
			 const struct rv_nft_expr *limit, const struct key *k)
{
	static const char *const masks[] = { "hashlimit-srcmask", "hashlimit-dstmask" };
	struct rv_rate rate;

	if (!get_rate(limit, &rate) || e->op != NFT_DYNSET_OP_UPDATE || !e->timeout)
		return rv_nft_strange(r, e);
	if (rv_nft_count(r))
		return -1;
	rv_nft_match(r, "hashlimit");
	use_set(r, e, k, NFT_SET_EVAL | NFT_SET_TIMEOUT);
	put_rate(r, limit->flags ? "hashlimit-above" : "hashlimit-upto", &rate);
	if (rate.burst)
		rv_nft_set(r, "hashlimit-burst", "%u%s", limit->burst, rate.bytes ? "b" : "");
	put_modes(r, k);
	rv_nft_set(r, "hashlimit-name", "%s", e->name);
	rv_nft_set(r, "hashlimit-htable-expire", "%llu", (unsigned long long)e->timeout);
	for (int side = SRC; side < SIDES; side++)
		if (k->address[side])
			rv_nft_set(r, masks[side], "%d", k->bits[side]);
	return 0;
}

/* "connlimit0" */
static bool is_numbered(const char *name)
{
	size_t len = strcspn(name, "0123456789");

	return len == 9 && !strncmp(name, "connlimit", len) && name[len] &&
	       !name[len + strspn(name + len, "0123456789")];
}

static int put_connlimit(struct rv_nft_reader *r, const struct rv_nft_expr *e,
			 const struct rv_nft_expr *count, const struct key *k)
{
	int side = k->address[DST] ? DST : SRC;

	if (k->fields != 1 || !k->address[side] || e->op != NFT_DYNSET_OP_ADD || e->timeout ||
	    count->flags & ~(uint32_t)NFT_CONNLIMIT_F_INV || !is_numbered(e->name))
		return rv_nft_strange(r, e);
	if (rv_nft_count(r))
		return -1;
	rv_nft_match(r, "connlimit");
	use_set(r, e, k, NFT_SET_EVAL);
	rv_nft_set(r, count->flags ? "connlimit-above" : "connlimit-upto", "%u", count->count);
	rv_nft_set(r, "connlimit-mask", "%d", k->bits[side]);
	rv_nft_flag(r, side == SRC ? "connlimit-saddr" : "connlimit-daddr");
	return 0;
}

/* "update @set { key timeout 60s limit ... }", "add @connlimit0 { key ct count ... }" */
static int read_dynset(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	const char *what, *why;
	struct rv_nft_expr inner;
	struct key k;

	if (!e->data.data || !e->name || e->flags || !rv_text_is_name(e->name) ||
	    rv_nft_expr_read(e->data, &inner, &what, &why) || !get_key(r, e->sreg, &k))
		return rv_nft_strange(r, e);
	if (inner.kind == RV_NFT_LIMIT)
		return put_hashlimit(r, e, &inner, &k);
	return inner.kind == RV_NFT_CONNLIMIT ? put_connlimit(r, e, &inner, &k) :
						rv_nft_strange(r, e);
}

int rv_nft_counting_statement(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	if (r->ended)
		return rv_nft_strange(r, e);
	return e->kind == RV_NFT_QUOTA ? read_quota(r, e) : read_dynset(r, e);
}
