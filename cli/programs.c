/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Program names of the multi-call binary. */
#include <stdio.h>
#include <string.h>

#include "cli/flags.h"
#include "cli/programs.h"

const struct rv_program rv_programs[] = {
	{ "iptables", NFPROTO_IPV4, false, rv_cli_iptables, NULL, NULL,
	  "list and change IPv4 rules" },
	{ "iptables-save", NFPROTO_IPV4, false, rv_cli_save, rv_save_flags, NULL,
	  "print all IPv4 rules" },
	{ "iptables-restore", NFPROTO_IPV4, true, rv_cli_restore, rv_restore_flags, "[FILE]",
	  "load IPv4 rules" },
	{ "iptables-translate", NFPROTO_IPV4, false, rv_cli_translate, NULL, NULL,
	  "translate a command to nft syntax" },
	{ "iptables-restore-translate", NFPROTO_IPV4, true, rv_cli_restore_translate,
	  rv_translate_flags, NULL,
	  "translate iptables-save output to nft" },
	{ "iptables-apply", NFPROTO_IPV4, true, rv_cli_apply, rv_apply_flags, "[RULESFILE | -c PROGRAM]",
	  "load rules; undo them unless confirmed in time" },
	{ "ip6tables", NFPROTO_IPV6, false, rv_cli_iptables, NULL, NULL,
	  "list and change IPv6 rules" },
	{ "ip6tables-save", NFPROTO_IPV6, false, rv_cli_save, rv_save_flags, NULL,
	  "print all IPv6 rules" },
	{ "ip6tables-restore", NFPROTO_IPV6, true, rv_cli_restore, rv_restore_flags, "[FILE]",
	  "load IPv6 rules" },
	{ "ip6tables-translate", NFPROTO_IPV6, false, rv_cli_translate, NULL, NULL,
	  "translate a command to nft syntax" },
	{ "ip6tables-restore-translate", NFPROTO_IPV6, true, rv_cli_restore_translate,
	  rv_translate_flags, NULL,
	  "translate iptables-save output to nft" },
	{ "ip6tables-apply", NFPROTO_IPV6, true, rv_cli_apply, rv_apply_flags, "[RULESFILE | -c PROGRAM]",
	  "load rules; undo them unless confirmed in time" },
	{ "xtables-monitor", NFPROTO_UNSPEC, false, rv_cli_monitor, rv_monitor_flags, NULL,
	  "show rule changes and trace packets" },
	{ "apply", NFPROTO_IPV4, true, rv_cli_apply, rv_apply_flags, "[RULESFILE | -c PROGRAM]",
	  "load rules; undo them unless confirmed in time" },
	{ "confirm", NFPROTO_UNSPEC, false, rv_cli_confirm, rv_confirm_flags, NULL,
	  "keep the rules that ravelin apply loaded" },
	{ "diff", NFPROTO_IPV4, false, rv_cli_diff, rv_diff_flags, "FILE|-|live FILE|-|live",
	  "compare two rulesets" },
	{ "lint", NFPROTO_IPV4, false, rv_cli_lint, rv_lint_flags, "FILE|-|live",
	  "find likely mistakes in a ruleset" },
	{ "optimize", NFPROTO_IPV4, false, rv_cli_optimize, rv_optimize_flags, "FILE|-|live",
	  "print a smaller ruleset that is proven equivalent" },
	{ "prove", NFPROTO_IPV4, false, rv_cli_prove, rv_prove_flags, "FILE|-|live FILE|-|live|CLAIM",
	  "prove that two rulesets treat all packets alike" },
	{ "revert", NFPROTO_UNSPEC, false, rv_cli_revert, rv_confirm_flags, NULL,
	  "undo the rules that ravelin apply loaded" },
	{ "iptables-xml", NFPROTO_IPV4, false, rv_cli_xml, rv_xml_flags, "[FILE]",
	  "convert rules to XML and back" },
	{ "json", NFPROTO_IPV4, false, rv_cli_json, rv_json_flags, "[FILE]",
	  "convert rules to JSON and back" },
	{ "run", NFPROTO_IPV4, false, rv_cli_run, rv_run_flags, NULL,
	  "run the packets of a capture through a ruleset" },
	{ "explain", NFPROTO_IPV4, false, rv_cli_explain, rv_explain_flags, "PACKET [-- PACKET]...",
	  "show what the rules do with a packet, and why" },
	{ "test", NFPROTO_IPV4, false, rv_cli_test, rv_test_flags, "FILE",
	  "check packets against expected verdicts" },
	{ "compile", NFPROTO_IPV4, false, rv_cli_compile, rv_compile_flags, "[FILE]",
	  "show which rules can share one map lookup" },
	{ "profile", NFPROTO_IPV4, false, rv_cli_profile, rv_profile_flags, "fast|compat",
	  "convert nf_tables tables to profile fast, or back" },
	{ "graph", NFPROTO_IPV4, false, rv_cli_graph, rv_graph_flags, "[FILE|-|live]",
	  "draw chains and jumps as a graph" },
	{ "metrics", NFPROTO_UNSPEC, false, rv_cli_metrics, rv_metrics_flags, NULL,
	  "export counters to a monitoring system" },
	{ "top", NFPROTO_UNSPEC, false, rv_cli_top, rv_top_flags, NULL,
	  "show the busiest rules on the terminal" },
	{ "report", NFPROTO_UNSPEC, false, rv_cli_report, rv_report_flags, "[FILE|live]",
	  "write an HTML page about a ruleset" },
	{ "close-host", NFPROTO_UNSPEC, false, rv_cli_shut, rv_shut_flags, NULL, NULL },
	{ "complete", NFPROTO_UNSPEC, false, rv_cli_complete, NULL, NULL, NULL },
	{ NULL },
};

/* Suffixes of "iptables" that select a backend; NULL: the default. */
static const struct {
	const char *mark;
	const char *backend;
} variants[] = {
	{ "tables-nft", NULL },
	{ "tables-kmod", "kmod" },
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const struct rv_program *find_plain(const char *name)
{
	for (const struct rv_program *p = rv_programs; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

/* Whether spec is "NAME" or "NAME:ARG". */
static bool names_backend(const char *spec, const char *name)
{
	size_t len = strlen(name);

	return spec && strncmp(spec, name, len) == 0 && (!spec[len] || spec[len] == ':');
}

const struct rv_program *rv_program_find(const char *path, const char **backend)
{
	const char *name = base_name(path);
	char plain[32];

	for (unsigned int i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		const char *mark = strstr(name, variants[i].mark);
		int head = (int)(mark ? mark - name : 0) + (int)strlen("tables");

		if (!mark)
			continue;
		if (snprintf(plain, sizeof(plain), "%.*s%s", head, name,
			     mark + strlen(variants[i].mark)) >= (int)sizeof(plain))
			return NULL;
		if (variants[i].backend && !names_backend(*backend, variants[i].backend))
			*backend = variants[i].backend;
		return find_plain(plain);
	}
	return find_plain(name);
}
