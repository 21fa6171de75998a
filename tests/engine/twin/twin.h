/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A deliberately naive twin of the engine. It has a packet as a list of what it is made of, not as
 * bytes, and rules as the IR has them, not as entries; it goes through them one by one, calls itself for
 * jumps, and knows nothing of how the engine does any of that. Both must come to the same.
 */
#ifndef RAVELIN_TESTS_TWIN_H
#define RAVELIN_TESTS_TWIN_H

#include "kernel/user/user.h"

#include <ravelin/extension.h>

#define TWIN_BYTES	256
#define TWIN_OPTIONS	8	/* of TCP, each of one byte's kind */

struct twin_packet {
	rv_family_t family;
	uint8_t hook;
	uint8_t src[16], dst[16];
	uint8_t proto, tos, ttl;
	uint16_t fragment;		/* offset, in units of 8 bytes */
	bool destination_options;	/* IPv6: such a header stands before the transport's */
	uint16_t sport, dport;
	uint8_t tcp_flags, tcp_options[TWIN_OPTIONS], ntcp_options;
	uint8_t icmp_type, icmp_code;
	unsigned int payload;
	unsigned int cut;		/* bytes of the transport header that are there; 0: all */
	char in[IFNAMSIZ], out[IFNAMSIZ];
	uint8_t mac[6];
	uint8_t pkttype;
	uint32_t mark;
	bool has_owner;
	uint32_t uid, gid;
};

/* What happened to it. */
struct twin_step {
	const struct rv_chain *chain;
	const struct rv_rule *rule;	/* NULL: the policy, or the end of the chain */
};

#define TWIN_STEPS	2048

struct twin_walk {
	struct rv_table *table;
	struct twin_packet *packet;
	unsigned int len;		/* bytes, for counters */
	bool dropped;			/* a match found it malformed */
	unsigned int nsteps;
	struct twin_step steps[TWIN_STEPS];
};

/* twin.c: goes through the table, counts in its rules, and says NF_ACCEPT, NF_DROP or NF_QUEUE. */
unsigned int twin_run(struct twin_walk *w);
/* match.c */
bool twin_rule_fits(struct twin_walk *w, const struct rv_rule *r);

/* packet.c: bytes from the network header on, with right checksums; returns how many. */
unsigned int twin_bytes(const struct twin_packet *p, uint8_t bytes[TWIN_BYTES]);

/* random.c */
void twin_seed(uint64_t seed);
unsigned int twin_below(unsigned int n);
void twin_random_packet(struct twin_packet *p, rv_family_t family, uint32_t hooks);
/* Fills a ruleset that is initialised; prints nothing. False: a rule was refused, which is in err. */
struct rv_table *twin_random_table(struct rv_ruleset *rs, struct rv_error *err);

#endif
