/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of a ruleset reported by the kernel: changes by any program, and the path of packets that
 * the TRACE target has marked.
 */
#ifndef RAVELIN_EVENT_H
#define RAVELIN_EVENT_H

#include <ravelin/ir.h>

enum rv_event_kind {
	RV_EVENT_TABLE,
	RV_EVENT_CHAIN,
	RV_EVENT_RULE,
	RV_EVENT_GENERATION,	/* the preceding changes are now in effect */
	RV_EVENT_TRACE,
	RV_EVENT_LOST,		/* the socket overran; events are missing */
};

enum rv_trace_kind {
	RV_TRACE_RULE,		/* a rule matched; handle 0: end of a chain without a match */
	RV_TRACE_RETURN,	/* end of a chain, or RETURN without a rule to attribute it to */
	RV_TRACE_POLICY,
};

/* Header bytes as on the wire; data NULL: not reported. */
struct rv_header {
	const unsigned char *data;
	size_t len;
};

/* One step of a packet. The first step in each base chain has the headers. */
struct rv_trace {
	uint32_t id;			/* packet id */
	enum rv_trace_kind kind;
	uint32_t verdict;		/* NF_* of linux/netfilter.h or NFT_* of nf_tables.h */
	const char *jump;		/* chain of NFT_JUMP and NFT_GOTO, or NULL */
	uint8_t proto;			/* NFPROTO_* of the packet; an inet table sees both
					 * families */
	uint32_t in, out;		/* interface indices, 0: none */
	uint16_t in_type;		/* ARPHRD_* of linux/if_arp.h */
	uint32_t mark;
	bool has_mark;
	struct rv_header link, network, transport;
};

/* Fields that do not apply to the kind are zero. All pointers are borrowed. */
struct rv_event {
	enum rv_event_kind kind;
	bool deleted;
	uint8_t family;			/* NFPROTO_* of the table */
	const char *table, *chain;
	uint64_t handle;
	uint32_t number;		/* TRACE of a rule: position in its chain, from 1; 0:
					 * unknown */
	uint32_t flags, use;
	bool has_flags;
	/* A base chain. */
	bool base;
	const char *type, *device;
	uint32_t hook, policy;
	int32_t priority;
	struct rv_counters counters;
	/* RULE, and TRACE of a rule. NULL: not decodable, or deleted; why has the reason. */
	const struct rv_rule *rule;
	const char *why;
	/* GENERATION: of the process that made the change. */
	uint32_t generation, pid;
	const char *name;
	struct rv_trace trace;
};

/* Prefix of the name of rv_monitor.mark's table; the process id follows. */
#define RV_TRACE_TABLE "ravelin-trace-"

struct rv_monitor {
	bool changes, traces;		/* which events to report */
	/*
	 * A rule with target TRACE that selects the packets to trace. It is in a table of its own
	 * while monitoring lasts; changes of that table are not reported. NULL: only existing TRACE
	 * rules select packets.
	 */
	const struct rv_rule *mark;
	rv_family_t mark_family;
	unsigned int seconds;		/* duration; 0: until event ends it */
	/* A nonzero result ends the monitor. */
	int (*event)(const struct rv_event *e, void *arg);
	void *arg;
};

#endif
