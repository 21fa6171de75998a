/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet on its path, shared by path.c, route.c and nat.c. */
#ifndef RAVELIN_EXPLAINWALK_H
#define RAVELIN_EXPLAINWALK_H

#include "cli/explain/explain.h"

/* Spare bytes after a packet, for the option that TCPMSS may add. */
#define RV_WALK_ROOM 64

struct rv_walk {
	struct rv_explaining *e;
	struct rv_question_packet *q;
	struct rv_explained *x;
	struct rv_explain_rules *rules;
	struct rv_error *err;
	/* The start of the path: route.c */
	uint8_t *start;			/* the packet's bytes */
	bool local_out, host;		/* sent by this host; the host's routes are used */
	char in[16], out[16];
	uint16_t state;			/* XT_CONNTRACK_STATE_* */
	struct rv_host_connection connection;	/* state 0: not found */
	/* The current way: */
	struct rv_explain_way *way;
	struct rv_path path;
	struct rv_user_packet packet;
	struct rv_record record;
	struct rv_observer observer;
	struct rv_run_pass *pass;
	uint32_t nsteps;
	enum rv_table_id id;
	bool rejected, open, failed, unrouted, routed_away;
	/* The connection: nat.c */
	bool tracked;			/* past the hook of connection tracking */
	bool untracked;			/* by a rule of table raw */
	bool done[2];			/* source, destination: table nat has decided */
	bool snat, dnat;
	bool redirected;		/* to this host, address not known */
	union nf_inet_addr orig[2];	/* source, destination */
	uint16_t orig_port[2];
	bool has_ports;
	struct { uint8_t src[16], dst[16], tos; uint32_t mark; } routed;	/* the routing key before OUTPUT */
};

void rv_walk_note(struct rv_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- route.c ---- */

/* Finds the start of the path and the connection state. Returns -1 with err set. */
int rv_walk_aim(struct rv_walk *w);
enum rv_route rv_walk_route(struct rv_path *path);
enum rv_answer rv_walk_local(void *arg, const struct rv_pkt *pkt, bool dst);
/* Handles a packet to be forwarded whose TTL or hop limit is exhausted. */
void rv_walk_expired(struct rv_walk *w);
/* Sets err: the route is unknown. Returns -1. */
int rv_walk_not_routed(struct rv_walk *w);
bool rv_walk_is_local(const struct rv_walk *w, const uint8_t *addr);

/* ---- nat.c ---- */

/* Updates what is known of the connection: at the start of a way, and before each table. */
void rv_walk_begin(struct rv_walk *w);
void rv_walk_state(struct rv_walk *w, enum rv_table_id id);
/* Whether table nat is evaluated at this hook. If not, applies the existing translation. */
bool rv_walk_asks_nat(struct rv_walk *w);
bool rv_walk_is_nat(const struct rv_part *target);
unsigned int rv_walk_nat(struct rv_walk *w, const struct rv_part *target);
/* Returns whether the packet has a connection at this point. */
bool rv_walk_has_connection(const struct rv_walk *w);
/* The result of a match on a packet without a connection; OPEN: the match does not test the connection. */
enum rv_answer rv_walk_match_without(const struct rv_walk *w, const struct rv_part *match);
bool rv_walk_used_nat(const struct rv_walk *w);
const char *rv_walk_state_name(uint16_t state);
/* The state of a packet that starts a connection or belongs to none. */
uint16_t rv_walk_first_state(const uint8_t *bytes, uint32_t len);

#endif
