/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin prove A B: whether two rulesets treat every packet the same. ravelin prove A 'PACKETS =>
 * VERDICT': whether these packets get that verdict. Counterexamples are packets that were run in
 * the engine.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/prove.h"
#include "backend/file/load.h"
#include "cli/flags.h"

enum { PROVEN = 0, DIFFERENT = 1, UNKNOWN = 2, TROUBLE = 3 };

static const char about[] =
	"\nA and B are files in iptables-save format, - or live. For each base chain, verdict, NAT, mark and log of\n"
	"all packets are compared. CLAIM is 'PACKETS => VERDICT': PACKETS are rule options, VERDICT is ACCEPT,\n"
	"DROP (includes REJECT) or REJECT. With -A CHAIN, the claim is about that chain; otherwise about each\n"
	"chain of table filter that has such packets.\n"
	"\nExit codes: 0 proven, 1 refuted (a packet is printed), 2 unknown, 3 error.\n"
	"\nExamples: ravelin prove old.v4 new.v4\n"
	"          ravelin prove rules.v4 '-i eth1 -d 10.0.0.0/8 -p tcp --dport 22 => DROP'\n";

struct prove {
	struct rv_cli *cli;
	bool verdicts, no_log, no_mark, quiet, version, help;
	const char *table, *claim;
	struct rv_ruleset side[2];
	struct rv_store words;		/* contains the rule that PACKETS was parsed to */
	bool words_open;
	struct rv_proof proof;
	struct rv_buf out;
	int result;
};

#define AT(field) RV_FLAG_AT(struct prove, field)

const struct rv_flag rv_prove_flags[] = {
	{ 'v', "verdicts", RV_FLAG_PLAIN, NULL, "compare only whether packets are accepted, dropped or rejected", AT(verdicts) },
	{ 'L', "no-log", RV_FLAG_PLAIN, NULL, "ignore differences in LOG and other side effects", AT(no_log) },
	{ 'M', "no-mark", RV_FLAG_PLAIN, NULL, "ignore differences in marks", AT(no_mark) },
	{ 't', "table", RV_FLAG_ARG, "table", "only this table (default: all; for a claim: filter)", AT(table) },
	{ 'q', "quiet", RV_FLAG_PLAIN, NULL, "print nothing, only set the exit code", AT(quiet) },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "IPv4 rules (default)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "IPv6 rules" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ .help = about },
};

static void worse(struct prove *p, int result)
{
	if (result > p->result || (result == DIFFERENT && p->result == UNKNOWN))
		p->result = result;
}

/* ---- output ---------------------------------------------------------------------------------- */

static void put_place(struct prove *p, const struct rv_proof_chain *c)
{
	rv_buf_printf(&p->out, "%s %s: ", c->def->name, c->base->name);
}

/* "FORWARD 3" or "the policy of FORWARD", for a packet that was run. */
static void put_rule(struct rv_buf *b, const struct rv_replay *r)
{
	if (r->rule)
		rv_buf_printf(b, "rule %u of %s", r->rule, r->chain);
	else
		rv_buf_printf(b, "policy of %s", r->chain);
}

/* Outcome for the packet on one side. Returns whether the engine confirms it. */
static bool put_side(struct prove *p, const struct rv_proof_chain *c, unsigned int side, const uint8_t *values,
		     const char *name)
{
	const struct rv_outcome *o = rv_proof_outcome(&p->proof, c, side, values);
	struct rv_error err = { 0 };
	struct rv_replay r = { 0 };
	bool agrees = true;
	int rc;

	rv_buf_printf(&p->out, "  %s: ", name);
	if (o)
		rv_outcome_words(&p->out, &p->proof, o, values);
	if (c->chain[side]) {
		rc = rv_replay(&p->proof.space, c->chain[side], values, &r, &err);
		agrees = rc != 0 || !o || rv_replay_agrees(&p->proof, &r, o, values);
		rv_buf_puts(&p->out, rc == 0 ? ", by " : ", not run: such a packet cannot be made here");
		if (rc == 0)
			put_rule(&p->out, &r);
		rv_buf_free(&r.effects);
	}
	rv_buf_putc(&p->out, '\n');
	if (!agrees)
		rv_buf_printf(&p->out, "  (the engine says %s: this is a defect, please report it)\n", r.end);
	return agrees;
}

static int put_packet(struct prove *p, const struct rv_proof_chain *c, rv_dd set, const char *const names[2])
{
	struct rv_space *s = &p->proof.space;
	uint8_t *values = malloc(s->nvars + 1);
	int result = DIFFERENT;

	if (!values || !rv_region_point(s, set, values)) {
		free(values);
		return -1;
	}
	rv_point_settle_in(s, set, values);
	rv_buf_puts(&p->out, "  packet: ");
	rv_point_words(&p->out, s, values);
	rv_buf_putc(&p->out, '\n');
	for (unsigned int i = 0; i < 2 && names[i]; i++)
		if (!put_side(p, c, i, values, names[i]))
			result = UNKNOWN;
	free(values);
	worse(p, result);
	return 0;
}

static void put_unknown(struct prove *p, const struct rv_proof_chain *c)
{
	put_place(p, c);
	rv_buf_printf(&p->out, "not known: %s\n", p->proof.walk.unknown);
	p->proof.walk.unknown[0] = '\0';
	worse(p, UNKNOWN);
}

/* ---- two rulesets ---------------------------------------------------------------------------------------- */

static int compare_chain(struct prove *p, const struct rv_table_def *def, unsigned int base, char **names)
{
	const char *const sides[2] = { names[0], names[1] };
	struct rv_proof_chain c;
	int rc = rv_proof_chain(&p->proof, def, base, &c);

	if (rc > 0)
		put_unknown(p, &c);
	if (rc)
		return rc < 0 ? -1 : 0;
	put_place(p, &c);
	rv_buf_puts(&p->out, c.differs == RV_DD_FALSE ? "the same\n" : "not the same\n");
	return c.differs == RV_DD_FALSE ? 0 : put_packet(p, &c, c.differs, sides);
}

static int compare(struct prove *p, char **names, struct rv_error *err)
{
	int rc = 0;

	if (rv_proof_init(&p->proof, &p->side[0], &p->side[1], NULL, err) < 0)
		return -1;
	p->proof.ignore = (p->verdicts ? RV_PROVE_VERDICTS : 0u) | (p->no_log ? RV_PROVE_NO_LOG : 0u) |
			  (p->no_mark ? RV_PROVE_NO_MARK : 0u);
	for (const struct rv_table_def *def = rv_table_defs; def->name && rc == 0; def++)
		for (unsigned int i = 0; i < def->nbase && rc == 0; i++)
			if ((!p->table || !strcmp(p->table, def->name)) && rv_proof_has(&p->proof, def, i))
				rc = compare_chain(p, def, i, names);
	return rc < 0 ? rv_fail_memory(err) : 0;
}

/* ---- claims ---------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned int fates;
} verdicts[] = {
	{ "ACCEPT", 1 << RV_FATE_ACCEPT },
	{ "DROP", 1 << RV_FATE_DROP | 1 << RV_FATE_REJECT },
	{ "REJECT", 1 << RV_FATE_REJECT },
};

/* Parses the text before "=>" as a rule; -1 with err set. */
static int read_packets(struct prove *p, const char *claim, const char *arrow, struct rv_error *err)
{
	struct rv_buf text = RV_BUF_INIT;
	bool has_chain = !strncmp(claim, "-A ", 3);
	int rc;

	rv_buf_printf(&text, "*%s\n", p->table ? p->table : "filter");
	if (!has_chain)
		rv_buf_puts(&text, ":packets - [0:0]\n-A packets ");
	rv_buf_add(&text, claim, (size_t)(arrow - claim));
	rv_buf_puts(&text, "\nCOMMIT\n");
	if (!rv_buf_text(&text))
		return rv_fail_memory(err);
	rc = rv_load_text(&p->words, p->cli->family, text.data, text.len, NULL, err);
	p->words_open = rc == 0;
	err->loc = (struct rv_loc){ 0 };
	rv_buf_free(&text);
	return rc;
}

static const struct rv_rule *only_rule(const struct prove *p, const struct rv_chain **chain)
{
	rv_list_each(t, &p->words.rs.tables, struct rv_table, node)
		rv_list_each(c, &t->chains, struct rv_chain, node)
			rv_list_each(r, &c->rules, struct rv_rule, node) {
				*chain = c;
				return r;
			}
	return NULL;
}

static int claim_chain(struct prove *p, const struct rv_rule *r, const struct rv_table_def *def, unsigned int base,
		       unsigned int fates)
{
	const char *const names[2] = { "verdict", NULL };
	struct rv_diagram *d = &p->proof.space.d;
	struct rv_proof_chain c;
	rv_dd packets, wrong;
	int rc = rv_proof_chain(&p->proof, def, base, &c);

	if (rc > 0)
		put_unknown(p, &c);
	if (rc)
		return rc < 0 ? -1 : 0;
	packets = rv_dd_and(d, rv_region_rule(&p->proof.space, r), c.possible);
	wrong = rv_dd_minus(d, packets, rv_walk_fates(&p->proof.walk, c.outcome[0], fates));
	put_place(p, &c);
	rv_buf_puts(&p->out, packets == RV_DD_FALSE ? "there are no such packets\n"
						  : wrong == RV_DD_FALSE ? "proven\n" : "not so\n");
	return wrong == RV_DD_FALSE ? 0 : put_packet(p, &c, wrong, names);
}

static int check_claim(struct prove *p, const char *claim, struct rv_error *err)
{
	const char *arrow = strstr(claim, "=>"), *verdict = arrow + 2 + strspn(arrow + 2, " ");
	const struct rv_chain *chain = NULL;
	const struct rv_rule *r;
	unsigned int fates = 0;
	int rc = 0;

	for (unsigned int i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		if (!strcmp(verdict, verdicts[i].name))
			fates = verdicts[i].fates;
	if (!fates)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "\"%s\" is not a verdict: ACCEPT, DROP or REJECT", verdict);
	if (read_packets(p, claim, arrow, err) < 0)
		return -1;
	r = only_rule(p, &chain);
	if (!r)
		return rv_fail_memory(err);
	if (rv_proof_init(&p->proof, &p->side[0], NULL, r, err) < 0)
		return -1;
	for (unsigned int i = 0; i < chain->table->def->nbase && rc == 0; i++) {
		uint8_t hook = chain->table->def->base[i].hook;

		if (chain->base >= 0 && (unsigned int)chain->base != i)
			continue;
		/* Without a chain: the base chains whose hooks have the given interfaces. */
		if (chain->base < 0 && ((r->ip.in[0] && hook == NF_INET_LOCAL_OUT) || (r->ip.out[0] && hook == NF_INET_LOCAL_IN)))
			continue;
		rc = claim_chain(p, r, chain->table->def, i, fates);
	}
	return rc < 0 ? rv_fail_memory(err) : 0;
}

/* ---- command --------------------------------------------------------------------------------- */

static int prove_run(struct prove *p, char **names)
{
	struct rv_error err = { 0 };
	int rc = rv_cli_ruleset(p->cli, &p->side[0], names[0], &err);

	if (rc == 0 && !p->claim)
		rc = rv_cli_ruleset(p->cli, &p->side[1], names[1], &err);
	if (rc == 0)
		rc = p->claim ? check_claim(p, p->claim, &err) : compare(p, names, &err);
	if (rc < 0) {
		rv_cli_error(p->cli, &err);
		return TROUBLE;
	}
	if (!p->quiet && rv_cli_write(p->cli, STDOUT_FILENO, &p->out))
		return TROUBLE;
	return p->result;
}

/* A claim may start with '-' like a rule; it is not an option. */
static const char *take_claim(struct rv_cli *cli)
{
	const char *claim = NULL;

	for (int i = 1, n = 1, all = cli->argc; i < all; i++) {
		if (!claim && strstr(cli->argv[i], "=>")) {
			claim = cli->argv[i];
			cli->argc--;
			continue;
		}
		cli->argv[n++] = cli->argv[i];
	}
	return claim;
}

int rv_cli_prove(struct rv_cli *cli)
{
	struct prove p = { .cli = cli };
	int words, rc;

	cli->name = "ravelin prove";
	p.claim = take_claim(cli);
	words = rv_flags_read(rv_prove_flags, cli, &p);
	for (int i = 0; i < 2; i++)
		rv_ruleset_init(&p.side[i], cli->family);
	if (p.version || p.help) {
		rc = rv_flags_help(cli, p.version);
	} else if (words < 0 || cli->argc - words != 2 - (p.claim != NULL)) {
		rv_flags_misused(cli, words, "two rulesets, or a ruleset and a claim \"PACKETS => VERDICT\"");
		rc = TROUBLE;
	} else if (p.table && !rv_table_def_find(p.table)) {
		rv_cli_message("%s: no table %s", cli->name, p.table);
		rc = TROUBLE;
	} else {
		rc = prove_run(&p, cli->argv + words);
	}
	if (p.proof.side[0])
		rv_proof_free(&p.proof);
	if (p.words_open)
		rv_store_close(&p.words);
	for (int i = 0; i < 2; i++)
		rv_ruleset_clear(&p.side[i]);
	rv_buf_free(&p.out);
	return rc;
}
