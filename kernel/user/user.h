/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine in a program: what its port can do beyond port.h, and packets that lie in memory. */
#ifndef RAVELIN_KERNEL_USER_H
#define RAVELIN_KERNEL_USER_H

#include "../engine/engine.h"

/* Slots for rv_engine_new(): threads that can be readers at once. One more waits for one to end. */
#define RV_USER_SLOTS	16

/* ---- for tests --------------------------------------------------------------------------- */

/* The nth allocation from now on fails, once; 0: none. Returns what was left of the last number. */
unsigned long rv_user_fail_nth(unsigned long n);
/* Pieces of memory that are allocated and not freed yet. */
long rv_user_live(void);
/* A clock that stands still at this many nanoseconds (all three); UINT64_MAX: the real one again. */
void rv_user_set_clock(uint64_t ns);
/* Random numbers from a seed, the same each time; 0: real ones again. For one thread. */
void rv_user_set_random(uint64_t seed);

/* ---- what the program decides ---------------------------------------------------------------- */

/*
 * A match and a target of this name stand for what the engine is not to decide: it asks the
 * program, by rv_user_packet.ask_match and ask_target.
 */
#define RV_USER_ASK	"?"

/* Their data. Where name is not empty, the data of that match or target of the engine's is behind it. */
struct rv_user_ask {
	uint32_t number;		/* the program's */
	uint8_t revision;		/* of name */
	char name[RVK_NAME_LEN + 2];
	uint32_t size;			/* of the data behind it */
};

/* What the program is asked. */
struct rv_user_asked {
	uint32_t number;
	const struct rv_handler *inner;	/* the engine's own, or NULL */
	const void *data;		/* for it */
	void *state;
};

/* Makes the two known. -EEXIST is no failure: they were. */
int rv_user_ask_register(void);

static inline bool rv_user_inner_match(struct rv_pkt *pkt, const struct rv_user_asked *asked)
{
	return asked->inner->match(pkt, asked->data, asked->state);
}

static inline unsigned int rv_user_inner_target(struct rv_pkt *pkt, const struct rv_user_asked *asked)
{
	return asked->inner->target(pkt, asked->data, asked->state);
}

/* ---- packets in memory ---------------------------------------------------------------------- */

/* A packet in the caller's memory. Zeroed, then rv_user_packet_init(), then what is known of it. */
struct rv_user_packet {
	struct rv_pkt pkt;
	uint8_t *bytes;			/* from the network header on */
	uint32_t room;			/* of the memory, for targets that add to the packet */
	bool has_owner;
	uint32_t uid, gid;
	const char *bridge_in, *bridge_out;	/* ports, 16 bytes each; NULL */
	const uint8_t *ether;		/* Ethernet header, 14 bytes, or NULL */
	/* What targets did: */
	bool rejected;
	unsigned int reject_with;
	unsigned int logs;		/* how often LOG or NFLOG spoke */
	void (*log)(void *arg, const struct rv_pkt *pkt, const struct rv_log *log);	/* or NULL */
	void (*trace)(void *arg, const struct rv_pkt *pkt, const struct rv_trace_step *trace);
	/* RV_USER_ASK; NULL: such a match is false, such a target drops. */
	bool (*ask_match)(void *arg, struct rv_pkt *pkt, const struct rv_user_asked *asked);
	unsigned int (*ask_target)(void *arg, struct rv_pkt *pkt, const struct rv_user_asked *asked);
	void *arg;
};

/*
 * len bytes, of which the network header is the first; the family is what its version says.
 * -EINVAL: it is neither of the two, or malformed. hook, in, out, mark and the rest of pkt are
 * the caller's to set.
 */
int rv_user_packet_init(struct rv_user_packet *p, void *bytes, uint32_t len, uint32_t room);

#endif
