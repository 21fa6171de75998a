/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's tests in user space. Ends with "N passed, N failed". */
#include <stdio.h>

#include "tests/engine/test.h"
#include "tests/engine/user/user.h"

static unsigned int passed, failed;

static void say(const char *name, unsigned int failed_line)
{
	if (failed_line)
		printf("engine: %s: line %u FAIL\n", name, failed_line);
	else
		printf("engine: %s: pass\n", name);
	passed += !failed_line;
	failed += failed_line != 0;
}

int main(void)
{
	long live = rv_user_live();

	rv_test_slots = RV_USER_SLOTS;
	rv_engine_selftest(say);
	say("every allocation fails once", rv_test_allocations());
	say("what is remembered ages", rv_test_time());
	say("tables are replaced while packets pass", rv_test_threads());
	say("several writers at once lose no count", rv_test_writers());
	say("a match comes and goes while packets pass", rv_test_registering());
	say("connections end with their timeouts", rv_test_ct_time());
	say("without memory, packets are dropped, not passed untracked", rv_test_ct_memory());
	say("connections are found while the table changes", rv_test_ct_threads());
	say("nothing is left behind", rv_user_live() != live ? __LINE__ : 0);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
