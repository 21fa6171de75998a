/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by iptables, iptables-save, iptables-restore and xtables-monitor. */
#ifndef RAVELIN_CLI_IPTABLES_H
#define RAVELIN_CLI_IPTABLES_H

#include "cli/cli.h"

/* ---- pages.c ---------------------------------------------------------------------- */

/*
 * Collects rules, which may arrive interleaved between chains, into one buffer per chain, in order
 * of the chains.
 */
struct rv_page {
	const struct rv_chain *chain;
	uint32_t rules;			/* number so far */
	struct rv_buf text;
};

struct rv_pages {
	struct rv_page *page;		/* in order of the table's chains */
	struct rv_page **by_chain;	/* the same pages sorted by address */
	size_t count;
	struct rv_page *last;
	bool others;			/* the table has base chains that are not iptables' */
};

/* One page per existing chain, or only for one. Returns 0, or -1 when memory ran out. */
int rv_pages_open(struct rv_pages *p, const struct rv_table *t, const char *only);
/* The page of a chain, or NULL. */
struct rv_page *rv_pages_find(struct rv_pages *p, const struct rv_chain *c);
/* Appends all pages, separated by sep. */
void rv_pages_join(struct rv_pages *p, struct rv_buf *b);
/* Appends iptables' comment that the table has chains that are not shown. */
void rv_pages_notice(const struct rv_pages *p, const struct rv_table_def *table, struct rv_buf *b);
void rv_pages_close(struct rv_pages *p);

/* ---- verbose.c: output of -v -------------------------------------------------- */

/*
 * Appends what -v prints for a command. Before it is applied: that takes its rules and
 * removes chains. Returns 0, or -1 with err set.
 */
int rv_cli_verbose(struct rv_buf *b, struct rv_store *s, const struct rv_command *cmd,
		   struct rv_error *err);

/* ---- listing.c: -L and -S -------------------------------------------------------- */

/* Appends the listing of a command. Returns 0, or -1 with err set. */
int rv_cli_list(struct rv_store *s, const struct rv_command *cmd, const struct rv_options *opts,
		struct rv_buf *b, struct rv_error *err);

/* ---- command.c -------------------------------------------------------------------- */

/* Whether a command changes nothing. */
bool rv_cli_only_reads(const struct rv_command *cmd);
/* Applies a command and appends its listing or the output of -v. Returns 0, or -1 with err set. */
int rv_cli_command(struct rv_store *s, struct rv_command *cmd, const struct rv_options *opts,
		   unsigned int verbose, struct rv_buf *b, struct rv_error *err);

/* ---- packet.c --------------------------------------------------------------------- */

struct rv_trace;

/* Appends "PACKET: ..." for a trace step with headers. */
void rv_cli_packet(struct rv_buf *b, const struct rv_trace *t);
/*
 * Traces packets that match a rule with target TRACE for a number of seconds: monitor.c. json: one object
 * per line for each packet, rule and policy.
 */
int rv_cli_trace(struct rv_cli *cli, const struct rv_rule *rule, rv_family_t family, unsigned int seconds,
		 bool json, struct rv_error *err);

/* ---- help.c ---------------------------------------------------------------------- */

void rv_cli_help(const struct rv_cli *cli, const struct rv_options *opts, struct rv_buf *b);

#endif
