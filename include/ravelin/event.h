/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to a ruleset and in it, as the kernel tells whoever listens: changes by any
 * program, and the way of packets that the target TRACE has marked.
 */
#ifndef RAVELIN_EVENT_H
#define RAVELIN_EVENT_H

#include <ravelin/ir.h>

enum rv_event_kind {
	RV_EVENT_TABLE,
	RV_EVENT_CHAIN,
	RV_EVENT_RULE,
	RV_EVENT_GENERATION,	/* the changes that went by are true from now on */
	RV_EVENT_TRACE,
	RV_EVENT_LOST,		/* events came faster than they were read; some are missing */
};

enum rv_trace_kind {
	RV_TRACE_RULE,		/* a rule that matched; handle 0: the end of a chain that none did */
	RV_TRACE_RETURN,	/* the end of a chain, or a RETURN without a rule to blame */
	RV_TRACE_POLICY,
};

/* Bytes of a header, as they were on the wire; data NULL: not told. */
struct rv_header {
	const unsigned char *data;
	size_t len;
};

/* One step of a packet. The headers come with its first step in each base chain. */
struct rv_trace {
	uint32_t id;			/* of the packet */
	enum rv_trace_kind kind;
	uint32_t verdict;		/* NF_* of linux/netfilter.h or NFT_* of nf_tables.h */
	const char *jump;		/* chain of NFT_JUMP and NFT_GOTO, or NULL */
	uint8_t proto;			/* NFPROTO_* of the packet: an inet table sees both */
	uint32_t in, out;		/* interfaces by index, 0: none */
	uint16_t in_type;		/* ARPHRD_* of linux/if_arp.h */
	uint32_t mark;
	bool has_mark;
	struct rv_header link, network, transport;
};

/* What does not belong to the kind is zero. All pointers are lent. */
struct rv_event {
	enum rv_event_kind kind;
	bool deleted;
	uint8_t family;			/* NFPROTO_*, of the table */
	const char *table, *chain;
	uint64_t handle;
	uint32_t number;		/* TRACE of a rule: in its chain, from 1; 0: not known */
	uint32_t flags, use;
	bool has_flags;
	/* A base chain. */
	bool base;
	const char *type, *device;
	uint32_t hook, policy;
	int32_t priority;
	struct rv_counters counters;
	/* RULE, and TRACE of a rule. NULL: it is not understood, or gone; why says so. */
	const struct rv_rule *rule;
	const char *why;
	/* GENERATION: of which process. */
	uint32_t generation, pid;
	const char *name;
	struct rv_trace trace;
};

/* How the name of rv_monitor.mark's table begins; the process's number follows. */
#define RV_TRACE_TABLE "ravelin-trace-"

struct rv_monitor {
	bool changes, traces;		/* what is wanted */
	/*
	 * A rule with target TRACE that selects the packets to trace. It is in a table of its own while
	 * monitoring lasts; changes of that table are not reported. NULL: only existing TRACE rules select
	 * packets.
	 */
	const struct rv_rule *mark;
	rv_family_t mark_family;
	unsigned int seconds;		/* that the watch lasts; 0: until event ends it */
	/* A result other than 0 ends the watch. */
	int (*event)(const struct rv_event *e, void *arg);
	void *arg;
};

#endif
