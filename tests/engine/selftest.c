/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs all tests. */
#include "test.h"

static const struct rv_test *const all[] = {
	rv_tests_check, rv_tests_run, rv_tests_match, rv_tests_state, rv_tests_target,
	rv_tests_call, rv_tests_ct, rv_tests_ct_tcp, rv_tests_ct_rules, rv_tests_lookup,
};

unsigned int rv_test_slots = 1;
static unsigned int failed_line;

void rv_test_fail(unsigned int line)
{
	if (!failed_line)
		failed_line = line;
}

unsigned int rv_engine_selftest(void (*say)(const char *name, unsigned int failed_line))
{
	unsigned int failed = 0;

	for (unsigned int i = 0; i < RV_COUNT(all); i++)
		for (const struct rv_test *test = all[i]; test->name; test++) {
			failed_line = 0;
			test->run();
			failed += failed_line != 0;
			say(test->name, failed_line);
		}
	return failed;
}
