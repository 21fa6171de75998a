/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where nf_tables loads a selector from: the places in include/ravelin/selectors.def. */
#ifndef RAVELIN_NFT_SOURCES_H
#define RAVELIN_NFT_SOURCES_H

#include "wire.h"

/* Whose rows take the predicate of a selector that was read. */
enum owner {
	OWNER_NONE,		/* iptables-nft does not write it so */
	OWNER_IP,		/* the core's */
	OWNER_PROTOCOL,		/* of the match that belongs to the rule's -p */
	OWNER_MATCH,		/* of the match that the row names */
};

/* How the number in the field becomes that of the selector. */
enum conversion {
	PLAIN,
	BYTES,		/* no number: an address; a mask of whole leading bytes compares fewer of them */
	BIT,		/* n is the bit 1 << n */
	UNITS,		/* n is 8 * n + 8 bytes */
	SECONDS,	/* milliseconds */
	STATES, STATUSES,
	SOME,		/* whether it is more than 0 */
};

struct rv_nft_source {
	uint8_t family;		/* NFPROTO_*; 0: that of the selector */
	uint8_t kind;		/* enum rv_nft_kind; RV_NFT_KINDS ends a list */
	uint8_t base;		/* of payload; the key of meta, ct; the header of exthdr */
	uint8_t offset, len;	/* len of meta and ct: 0 */
	uint16_t bits;		/* of a field that is part of its bytes; 0: all */
	uint8_t named;		/* bits of a byte that options have names for; 0: all */
	uint8_t direction;	/* of ct, + 1; 0: none */
	enum conversion conversion;
	enum owner owner;
	const char *match;	/* OWNER_MATCH */
};

/* What an expression loads. */
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

/* Bytes that are loaded of it. */
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

/* Whether the place is one in packets of the family. */
bool rv_nft_source_fits(const struct rv_nft_source *source, enum rv_sel sel, rv_family_t family);
/* Whether that place is loaded, however many bytes of it. */
bool rv_nft_source_is(const struct rv_nft_source *source, const struct rv_nft_load *l);

#endif
