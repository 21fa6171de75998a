/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine in user space: functions beyond port.h, and packets in memory. */
#ifndef RAVELIN_KERNEL_USER_H
#define RAVELIN_KERNEL_USER_H

#include "../engine/engine.h"

/* Slots for rv_engine_new(): concurrent readers. A further thread waits until one exits. */
#define RV_USER_SLOTS	16

/* ---- for tests --------------------------------------------------------------------------- */

/* Makes the nth allocation from now fail, once; 0: none. Returns the rest of the previous count. */
unsigned long rv_user_fail_nth(unsigned long n);
/* Number of live allocations. */
long rv_user_live(void);
/* Stops all clocks at this number of nanoseconds; UINT64_MAX: real time. */
void rv_user_set_clock(uint64_t ns);
/* Seeds the random numbers; 0: real ones. Single-threaded. */
void rv_user_set_random(uint64_t seed);

/* ---- decisions of the program ---------------------------------------------------------------- */

/*
 * Name of a match and a target that the program decides, with rv_user_packet.ask_match and
 * ask_target.
 */
#define RV_USER_ASK	"?"

/* Their data. If name is not empty, the data of that handler of the engine follows. */
struct rv_user_ask {
	uint32_t number;		/* chosen by the program */
	uint8_t revision;		/* of name */
	char name[RVK_NAME_LEN + 2];
	uint32_t size;			/* of the data that follows */
};

/* Arguments of the program's decision. */
struct rv_user_asked {
	uint32_t number;
	const struct rv_handler *inner;	/* the engine's handler, or NULL */
	const void *data;		/* for inner */
	void *state;
};

/* Registers both. -EEXIST: already registered, which is not a failure. */
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

/* A packet in the caller's memory. Zero it, call rv_user_packet_init(), then set known fields. */
struct rv_user_packet {
	struct rv_pkt pkt;
	uint8_t *bytes;			/* starts with the network header */
	uint32_t room;			/* size of the memory, for targets that extend the packet */
	bool has_owner;
	uint32_t uid, gid;
	const char *bridge_in, *bridge_out;	/* ports, 16 bytes each; NULL */
	const uint8_t *ether;		/* Ethernet header, 14 bytes, or NULL */
	/* Results of targets: */
	bool rejected;
	unsigned int reject_with;
	unsigned int logs;		/* number of LOG and NFLOG calls */
	void (*log)(void *arg, const struct rv_pkt *pkt, const struct rv_log *log);	/* may be NULL */
	void (*trace)(void *arg, const struct rv_pkt *pkt, const struct rv_trace_step *trace);
	/* RV_USER_ASK; NULL: the match is false, the target drops. */
	bool (*ask_match)(void *arg, struct rv_pkt *pkt, const struct rv_user_asked *asked);
	unsigned int (*ask_target)(void *arg, struct rv_pkt *pkt, const struct rv_user_asked *asked);
	void *arg;
};

/*
 * Initialises a packet of len bytes at bytes; the IP version determines the family. -EINVAL:
 * neither IPv4 nor IPv6, or malformed. The caller sets hook, in, out, mark and other fields of pkt.
 */
int rv_user_packet_init(struct rv_user_packet *p, void *bytes, uint32_t len, uint32_t room);

#endif
