/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How nf_tables loads selectors, from include/ravelin/selectors.def. */
#ifndef RAVELIN_NFT_SOURCES_H
#define RAVELIN_NFT_SOURCES_H

#include "wire.h"

/* Whose option rows store the predicate of a selector. */
enum owner {
	OWNER_NONE,		/* iptables-nft does not write this form */
	OWNER_IP,		/* the core options */
	OWNER_PROTOCOL,		/* the match of the rule's -p */
	OWNER_MATCH,		/* the match named in the row */
};

/* Conversion of the field's number to the selector's. */
enum conversion {
	PLAIN,
	BYTES,		/* not a number but an address; may be compared by leading bytes */
	BIT,		/* n is the bit 1 << n */
	UNITS,		/* n is 8 * n + 8 bytes */
	SECONDS,	/* milliseconds */
	STATES, STATUSES,
	SOME,		/* 1 if it is more than 0 */
};

struct rv_nft_source {
	uint8_t family;		/* NFPROTO_*; 0: that of the selector */
	uint8_t kind;		/* enum rv_nft_kind; RV_NFT_KINDS ends a list */
	uint8_t base;		/* payload base; key of meta, ct; header of exthdr */
	uint8_t offset, len;	/* len of meta and ct: 0 */
	uint16_t bits;		/* mask of a bit field; 0: whole bytes */
	uint8_t named;		/* bits with option names; 0: all */
	uint8_t direction;	/* ct direction + 1; 0: none */
	enum conversion conversion;
	enum owner owner;
	const char *match;	/* OWNER_MATCH */
};

/* The field that an expression loads. */
struct rv_nft_load {
	enum rv_nft_kind kind;
	uint32_t base, offset, len, key, op, flags, type, modulus, given;
	uint8_t header, direction;
};

/* By selector; those with an owner come first. */
extern const struct rv_nft_source *const rv_nft_sources[RV_SEL_COUNT];

/* Both ports at once. */
#define RV_NFT_PORTS_LEN 4

/* iptables-nft compares with this name to say "never": -i + inverted. */
extern const unsigned char rv_nft_never_iface[8];

/* Number of bytes to load. */
static inline unsigned int rv_nft_source_len(const struct rv_nft_source *source, enum rv_sel sel)
{
	return source->len ? source->len : rv_selectors[sel].len;
}

static inline bool rv_nft_all_are(const uint8_t *bytes, unsigned int len, uint8_t what)
{
	while (len--)
		if (*bytes++ != what)
			return false;
	return true;
}

/* Returns whether packets of the family have this source. */
bool rv_nft_source_fits(const struct rv_nft_source *source, enum rv_sel sel, rv_family_t family);
/* Returns whether the load is from this source, regardless of its length. */
bool rv_nft_source_is(const struct rv_nft_source *source, const struct rv_nft_load *l);

#endif
