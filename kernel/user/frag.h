/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reassembles fragmented packets (RFC 791, RFC 8200) for programs in user space. The kernel module
 * uses the kernel's own reassembly; frag.c lists the differences.
 */
#ifndef RAVELIN_KERNEL_FRAG_H
#define RAVELIN_KERNEL_FRAG_H

#include "user.h"

/*
 * Memory limits per family, in bytes. When fragments need more than RV_FRAGS_HIGH, the oldest
 * incomplete packets are dropped until the rest needs at most RV_FRAGS_LOW.
 */
#define RV_FRAGS_HIGH		(4U << 20)
#define RV_FRAGS_LOW		(3U << 20)
/* Nanoseconds from the arrival of a first fragment until the incomplete packet is dropped. */
#define RV_FRAGS_LIFE_V4	30000000000ULL
#define RV_FRAGS_LIFE_V6	60000000000ULL

#define RV_FRAGS_PACKET_MAX	(40 + 65535)	/* of a reassembled packet, bytes */

enum rv_frag {
	RV_FRAG_NONE,		/* not a fragment, or an atomic one (RFC 6946): not changed */
	RV_FRAG_KEPT,		/* stored until the other fragments arrive */
	RV_FRAG_WHOLE,		/* the packet is complete */
	/* Dropped: */
	RV_FRAG_DUPLICATE,	/* received before */
	RV_FRAG_OVERLAP,	/* overlaps others, which are dropped too (RFC 5722) */
	RV_FRAG_LENGTH,		/* empty, not a multiple of 8 bytes, or beyond the last fragment */
	RV_FRAG_TINY,		/* the first, without a complete transport header */
	RV_FRAG_LONG,		/* the packet would be too long */
	RV_FRAG_ECN,		/* contradictory ECN fields (RFC 3168, 5.3) */
	RV_FRAG_MEMORY,		/* out of memory */
	RV_FRAG_RESULTS
};

/* "overlaps another fragment", ... */
extern const char *const rv_frag_names[RV_FRAG_RESULTS];

/* A packet, of which a capture may contain only the start. */
struct rv_frag_packet {
	const uint8_t *bytes;		/* starts with the network header */
	uint32_t len;			/* number of captured bytes */
	uint32_t whole;			/* length of the packet as sent, at least len */
	uint32_t fragment_max;		/* reassembled packets: length of the largest fragment */
};

struct rv_frags;

/* Returns NULL if out of memory. Not thread-safe. */
struct rv_frags *rv_frags_new(void);
void rv_frags_free(struct rv_frags *f);
/*
 * Adds a packet received at time now, in nanoseconds. If the result is RV_FRAG_WHOLE, *whole is the
 * reassembled packet, valid until the next call.
 */
enum rv_frag rv_frags_add(struct rv_frags *f, const struct rv_frag_packet *in, uint64_t now,
			  struct rv_frag_packet *whole);
/* Returns the number of stored fragments whose packet is incomplete or was dropped. */
uint64_t rv_frags_lost(const struct rv_frags *f);
/* Returns how many bytes are allocated for fragments of a family. */
uint64_t rv_frags_memory(const struct rv_frags *f, uint8_t family);

#endif
