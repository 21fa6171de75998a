/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin explain and ravelin test: one packet on its whole path, and why. */
#ifndef RAVELIN_EXPLAIN_H
#define RAVELIN_EXPLAIN_H

#include "cli/flags.h"
#include "cli/run/run.h"
#include "kernel/user/path.h"

#define RV_EXPLAIN_LOCALS 256

/* Exit codes. */
enum {
	RV_EXPLAIN_ACCEPTED = 0,
	RV_EXPLAIN_DROPPED = 1,
	RV_EXPLAIN_DEPENDS = 2,
	RV_EXPLAIN_ERROR = 3,
};

struct rv_explaining;

/* ---- packets: packet.c ---------------------------------------------------------------- */

/* Properties of the packet that were not given and have default values. */
enum {
	RV_CHOSEN_SRC = 1 << 0,
	RV_CHOSEN_DST = 1 << 1,
	RV_CHOSEN_PROTO = 1 << 2,
	RV_CHOSEN_SPORT = 1 << 3,
	RV_CHOSEN_DPORT = 1 << 4,
	RV_CHOSEN_STATE = 1 << 5,
	RV_CHOSEN_IN = 1 << 6,
	RV_CHOSEN_FLAGS = 1 << 7,
};

/* A packet, from the command line or a capture. */
struct rv_question_packet {
	rv_family_t family;
	struct rv_buf bytes;		/* starting at the network header */
	uint32_t whole;			/* length of the packet; bytes may be shorter */
	char in[16], out[16];		/* "": not given */
	bool local;			/* --local without addresses: to or from this host */
	union nf_inet_addr locals[RV_EXPLAIN_LOCALS];	/* --local ADDRESS,... */
	unsigned int nlocal;
	uint32_t mark;
	uint8_t pkttype;
	uint8_t ether[14];
	bool has_ether;
	uint16_t state;			/* XT_CONNTRACK_STATE_*; 0: not given */
	bool tracked;			/* state follows from earlier packets of the capture */
	bool has_dir;
	unsigned int chosen;		/* RV_CHOSEN_* */
	struct rv_rule *rule;		/* its options; those not in bytes become facts */
	uint64_t number, time;		/* in the capture; 0: not from a capture */
};

/* The IP family of the addresses and options in argv; family if they do not determine it. */
rv_family_t rv_packet_family(rv_family_t family, int argc, char *const argv[]);
/*
 * Reads a packet from options, which may begin with -4 or -6. family: the default. frame: the packet
 * itself, to which the options add interfaces, marks and so on; or NULL. Returns 0, or -1 with err set.
 */
int rv_packet_read(struct rv_question_packet *q, rv_family_t family, int argc, char *const argv[],
		   const struct rv_frame *frame, struct rv_error *err);
/* Parses options as a rule, owned by the caller; matches need no -m. trace: adds -j TRACE. */
int rv_packet_rule(rv_family_t family, int argc, char *const argv[], bool trace, struct rv_rule **rule,
		   struct rv_error *err);
void rv_packet_free(struct rv_question_packet *q);
/* "tcp 192.0.2.7:40000 > 198.51.100.2:443 SYN" */
void rv_packet_print(struct rv_buf *b, const uint8_t *bytes, uint32_t len);
/* Address and port of one end, "198.51.100.2:443"; ports only where there are some. */
void rv_packet_end(struct rv_buf *b, const uint8_t *bytes, uint32_t len, bool dst, bool port);
/* Offset of the ports, source first; 0: the packet has none. */
uint32_t rv_packet_ports(const uint8_t *bytes, uint32_t len);
uint8_t *rv_packet_address(uint8_t *bytes, bool dst);
static inline unsigned int rv_packet_address_len(const uint8_t *bytes)
{
	return bytes[0] >> 4 == 6 ? 16 : 4;
}

/* ---- rules: rules.c -------------------------------------------------------------------- */

/* The rules of a family in the program's engine. */
struct rv_explain_rules {
	rv_family_t family;
	const char *path;		/* file; NULL: the loaded rules */
	struct rv_buf text;
	struct rv_store store;
	bool open;
	struct rv_kmod_change change;
	struct rv_kmod_link link;
	struct rv_asking asking;
	struct rv_assumed *assumed;
	struct rv_run_set *sets;
	size_t nbase;			/* facts that hold for all packets */
	struct rv_marked ctmark;
	struct rv_buf notes;		/* lines about the ruleset */
};

int rv_explain_load(struct rv_explaining *e, struct rv_explain_rules *r, struct rv_error *err);
void rv_explain_unload(struct rv_explain_rules *r);

/* ---- the host: host.c -------------------------------------------------------------------- */

struct rv_host_route {
	uint8_t type;			/* RTN_*; RTN_UNSPEC: no route */
	char out[16];
	union nf_inet_addr gateway, source;
	bool has_gateway, has_source;
};

/* The key of a route lookup. */
struct rv_host_query {
	rv_family_t family;
	const uint8_t *src, *dst;	/* src NULL: any */
	const char *in;			/* NULL: this host sends it */
	const char *out;		/* interface that the socket is bound to, or NULL */
	uint32_t mark;
	uint8_t tos, proto;
	uint16_t sport, dport;		/* 0: none */
};

/* Looks up the route in the kernel. Returns 0, or -1 with err set. */
int rv_host_route(const struct rv_host_query *q, struct rv_host_route *route, struct rv_error *err);
/* Lists addresses of an interface of this host (NULL: of all). Returns their number. */
unsigned int rv_host_addresses(rv_family_t family, const char *interface, union nf_inet_addr *list,
			       unsigned int room, struct rv_error *err);
/* An entry of the host's connection tracking table. */
struct rv_host_connection {
	uint16_t state;			/* XT_CONNTRACK_STATE_* */
	bool reply;
	uint32_t mark;
	/* Source and destination after translation, for packets in this direction. */
	bool snat, dnat;
	union nf_inet_addr to_src, to_dst;
	uint16_t to_sport, to_dport;	/* network order */
};
/*
 * Looks up the packet's connection. Returns 0 (c->state 0: none), or -1 if unknown; *why is then
 * the reason, and unchanged without memory.
 */
int rv_host_connection(const uint8_t *bytes, uint32_t len, struct rv_host_connection *c,
		       const char **why);

/* ---- the path: path.c ------------------------------------------------------------------- */

/* A rule that was evaluated and did not match. */
struct rv_explain_miss {
	unsigned int pass;
	struct rv_miss miss;
	uint32_t at;			/* number of steps before it in the pass */
	char *text;			/* "--dport 22: packet has 443" */
};

/* What a target of table nat did. */
struct rv_explain_change {
	unsigned int pass;
	char text[160];			/* "198.51.100.2:443 -> 10.0.0.5:8443" */
};

struct rv_explain_way {
	const char *fate;		/* "ACCEPT", ... */
	struct rv_run_way way;
	unsigned int npasses, decided;	/* index of the deciding pass; npasses: the routing decision */
	struct rv_run_pass passes[RV_RUN_PASSES];
	unsigned int route_after;	/* number of passes before the routing decision */
	char route[160];		/* the routing decision as text; "": not reached */
	unsigned int nchanges;
	struct rv_explain_change changes[8];
	struct rv_explain_miss *misses;
	size_t nmisses, misses_room;
	struct rv_looked looked;
	struct rv_sel_set looked_more;
	uint32_t mark;
	struct rv_buf bytes;		/* the packet at the end of its path */
	struct rv_buf notes;
};

/* Where the state of a connection is from. */
struct rv_state_source {
	const char *text, *json;
};

struct rv_explained {
	struct rv_question_packet *packet;
	struct rv_explain_rules *rules;
	char in[16];			/* input interface, or "" */
	uint16_t state;
	const struct rv_state_source *state_from;
	struct rv_explain_way *ways;
	unsigned int nways;
	bool more;
	const char *fate;		/* the same for all ways; NULL: they differ */
	struct rv_buf notes;
};

int rv_explain_packet(struct rv_explaining *e, struct rv_question_packet *q, struct rv_explained *x,
		      struct rv_error *err);
void rv_explained_free(struct rv_explained *x);
int rv_explained_status(const struct rv_explained *x);
/* The rule or policy that decided the pass, or NULL. */
const struct rv_kmod_entry *rv_explained_rule(const struct rv_run_pass *pass);

/* ---- why: why.c -------------------------------------------------------------------------- */

/* The first test of an entry that failed, "--dport 22: packet has 443". malloc'ed; NULL without memory. */
char *rv_explain_miss_text(struct rv_explain_rules *r, struct rv_pkt *pkt, const struct rv_miss *miss,
			   const struct rv_kmod_blob *blob);

/* ---- printing: text.c, json.c ----------------------------------------------------- */

void rv_explain_text(struct rv_buf *b, const struct rv_explaining *e, const struct rv_explained *x);
void rv_explain_json(struct rv_buf *b, const struct rv_explaining *e, const struct rv_explained *x);
/* "rule 3 of FORWARD in filter" */
void rv_explain_place(struct rv_buf *b, const struct rv_run_pass *pass);

/* ---- the whole: explain.c ------------------------------------------------------------------------ */

/* A rule that --why-not names. */
struct rv_explain_target {
	const char *table;		/* NULL: any */
	char chain[RV_CHAIN_NAME_LEN];
	uint32_t number;
	const char *text;		/* the rule as text, instead of chain and number */
};

struct rv_explaining {
	struct rv_cli *cli;
	const char *rules, *rules6, *pcap, *packets, *in, *out, *mark_word, *ways_word, *why_not, *seconds;
	struct rv_flag_words assume, set_words;
	bool why, json, live, version, help, quiet;
	bool local;
	const char *locals;
	unsigned int max_ways;
	struct rv_explain_target target;
	struct rv_explain_rules family[2];
	union nf_inet_addr host[2][RV_EXPLAIN_LOCALS];	/* addresses of this host, for live rules */
	unsigned int nhost[2];
	struct rv_buf out_text;
};

#endif
