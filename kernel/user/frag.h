/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reassembly of fragmented packets (RFC 791, RFC 8200) in programs. The module uses that of the
 * kernel, with the same results unless noted in frag.c.
 */
#ifndef RAVELIN_KERNEL_FRAG_H
#define RAVELIN_KERNEL_FRAG_H

#include "user.h"

/*
 * Limits per family. If fragments need more than the first, the oldest incomplete packets are
 * dropped until they need no more than the second.
 */
#define RV_FRAGS_HIGH		(4U << 20)
#define RV_FRAGS_LOW		(3U << 20)
/* Nanoseconds from the first fragment to arrive until an incomplete packet is dropped. */
#define RV_FRAGS_LIFE_V4	30000000000ULL
#define RV_FRAGS_LIFE_V6	60000000000ULL

#define RV_FRAGS_PACKET_MAX	(40 + 65535)	/* of a reassembled packet, bytes */

enum rv_frag {
	RV_FRAG_NONE,		/* no fragment, or the only one (RFC 6946): packet unchanged */
	RV_FRAG_KEPT,		/* waits for others */
	RV_FRAG_WHOLE,		/* the last missing one */
	/* Dropped: */
	RV_FRAG_DUPLICATE,	/* received before */
	RV_FRAG_OVERLAP,	/* overlaps others, which are dropped too (RFC 5722) */
	RV_FRAG_LENGTH,		/* empty, not a multiple of 8 bytes, or contradicts the last one */
	RV_FRAG_TINY,		/* the first, without a complete transport header */
	RV_FRAG_LONG,		/* the packet would be too long */
	RV_FRAG_ECN,		/* contradictory ECN fields (RFC 3168, 5.3) */
	RV_FRAG_MEMORY,		/* out of memory */
	RV_FRAG_RESULTS
};

/* "overlaps another fragment", ... */
extern const char *const rv_frag_names[RV_FRAG_RESULTS];

/* A packet; the capture may lack its end. */
struct rv_frag_packet {
	const uint8_t *bytes;		/* starts with the network header */
	uint32_t len;			/* bytes at bytes */
	uint32_t whole;			/* length of the packet, at least len */
	uint32_t fragment_max;		/* reassembled: length of the largest fragment */
};

struct rv_frags;

/* NULL: out of memory. Single-threaded. */
struct rv_frags *rv_frags_new(void);
void rv_frags_free(struct rv_frags *f);
/*
 * Adds a packet received at a time in nanoseconds. With RV_FRAG_WHOLE, *whole is the reassembled
 * packet, valid until the next call.
 */
enum rv_frag rv_frags_add(struct rv_frags *f, const struct rv_frag_packet *in, uint64_t now,
			  struct rv_frag_packet *whole);
/* Fragments that were kept and whose packet is incomplete or was dropped. */
uint64_t rv_frags_lost(const struct rv_frags *f);
/* Bytes allocated for fragments of a family. */
uint64_t rv_frags_memory(const struct rv_frags *f, uint8_t family);

#endif
