/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin explain --live: real packets that match a filter, traced by the kernel for a while. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/explain/cli.h"
#include "cli/iptables/iptables.h"

#define SECONDS 10
#define SECONDS_MAX 86400

/* --in and --out are other words for -i and -o. */
static void rename_words(struct rv_explain_words *w)
{
	static const struct {
		const char *from, *to;
	} names[] = { { "--in", "-i" }, { "--out", "-o" } };

	for (int i = 0; i < w->n; i++)
		for (unsigned int n = 0; n < sizeof(names) / sizeof(*names); n++)
			if (!strcmp(w->word[i], names[n].from))
				w->word[i] = (char *)names[n].to;
}

int rv_explain_live(struct rv_explaining *e, const struct rv_explain_words *filter)
{
	struct rv_explain_words words = *filter;
	const rv_family_t family = rv_packet_family(e->cli->family, words.n, words.word);
	struct rv_error err = { 0 };
	struct rv_rule *rule = NULL;
	uint64_t seconds = SECONDS;
	int rc;

	if (e->seconds && !rv_parse_uint(e->seconds, 1, SECONDS_MAX, &seconds)) {
		rv_cli_message("%s: \"%s\" is not a number of seconds from 1 to %d", e->cli->name, e->seconds,
			       SECONDS_MAX);
		return RV_EXPLAIN_ERROR;
	}
	rename_words(&words);
	rc = rv_packet_rule(family, words.n, words.word, true, &rule, &err);
	if (!rc)
		rc = rv_cli_trace(e->cli, rule, family, (unsigned int)seconds, e->json, &err);
	if (rule)
		rv_rule_free(rule);
	return rc ? rv_explain_error(e, &err) : 0;
}
