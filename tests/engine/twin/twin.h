/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A deliberately naive reference implementation of the engine. Packets are descriptions instead of
 * bytes, rules are the IR instead of entries; it evaluates them one by one, recursively, and shares
 * no code with the engine. Both must have equal results.
 */
#ifndef RAVELIN_TESTS_TWIN_H
#define RAVELIN_TESTS_TWIN_H

#include "kernel/user/user.h"

#include <ravelin/extension.h>

#define TWIN_BYTES	256
#define TWIN_OPTIONS	8	/* TCP options, kinds only */

struct twin_packet {
	rv_family_t family;
	uint8_t hook;
	uint8_t src[16], dst[16];
	uint8_t proto, tos, ttl;
	uint16_t fragment;		/* fragment offset in units of 8 bytes */
	bool destination_options;	/* IPv6: a destination options header precedes the
					 * transport header */
	uint16_t sport, dport;
	uint8_t tcp_flags, tcp_options[TWIN_OPTIONS], ntcp_options;
	uint8_t icmp_type, icmp_code;
	unsigned int payload;
	unsigned int cut;		/* bytes of the transport header present; 0: all */
	char in[IFNAMSIZ], out[IFNAMSIZ];
	uint8_t mac[6];
	uint8_t pkttype;
	uint32_t mark;
	bool has_owner;
	uint32_t uid, gid;
};

/* A recorded step. */
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

/* twin.c: traverses the table and updates its counters. Returns NF_ACCEPT, NF_DROP or NF_QUEUE. */
unsigned int twin_run(struct twin_walk *w);
/* match.c */
bool twin_rule_fits(struct twin_walk *w, const struct rv_rule *r);

/* packet.c: encodes from the network header on, with correct checksums. Returns the length. */
unsigned int twin_bytes(const struct twin_packet *p, uint8_t bytes[TWIN_BYTES]);

/* random.c */
void twin_seed(uint64_t seed);
unsigned int twin_below(unsigned int n);
void twin_random_packet(struct twin_packet *p, rv_family_t family, uint32_t hooks);
/* Fills an initialised ruleset. NULL: a rule was refused, with err set. */
struct rv_table *twin_random_table(struct rv_ruleset *rs, struct rv_error *err);

#endif
