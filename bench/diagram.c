/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The diagram of chain FORWARD of table filter:
 *
 *   diagram FILE
 *
 * Prints the nodes of its outcome, the bytes of a node, and milliseconds of CPU time to build it. bench/boxes compares
 * them with lists of boxes.
 */
#include <stdio.h>
#include <string.h>

#include "analysis/prove.h"
#include "backend/file/load.h"
#include "bench/timing.h"

static int show(const struct rv_ruleset *rs)
{
	const struct rv_table_def *def = rv_table_def_find("filter");
	struct rv_error err = { 0 };
	struct rv_proof_chain c;
	struct rv_proof p = { 0 };
	const uint64_t start = cpu_ns();
	unsigned int base = 0;
	int rc;

	while (strcmp(def->base[base].name, "FORWARD") != 0)
		base++;
	rc = rv_proof_init(&p, rs, NULL, NULL, &err);
	if (rc == 0)
		rc = rv_proof_chain(&p, def, base, &c);
	if (rc != 0) {
		fprintf(stderr, "diagram: %s\n", rc < 0 ? err.text : p.walk.unknown);
	} else {
		const uint64_t took = cpu_ns() - start;

		rv_dd_need(&p.space.d, c.outcome[0]);
		rv_dd_collect(&p.space.d);
		printf("%u %zu %.1f\n", p.space.d.n - p.space.d.nfree, sizeof(struct rv_dd_node), (double)took / 1e6);
	}
	if (p.side[0])
		rv_proof_free(&p);
	return rc != 0;
}

int main(int argc, char **argv)
{
	struct rv_buf text = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_store s;
	FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
	char part[4096];
	int rc = 1;

	if (!f) {
		fprintf(stderr, "usage: diagram FILE\n");
		return 2;
	}
	for (size_t n; (n = fread(part, 1, sizeof(part), f)) > 0;)
		rv_buf_add(&text, part, n);
	fclose(f);
	if (!rv_buf_text(&text) || rv_load_text(&s, NFPROTO_IPV4, text.data, text.len, NULL, &err) < 0) {
		fprintf(stderr, "diagram: %s\n", err.text);
	} else {
		rc = show(&s.rs);
		rv_store_close(&s);
	}
	rv_buf_free(&text);
	return rc;
}
