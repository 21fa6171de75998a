// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests that must pass before the module loads. */
#include <linux/printk.h>

#include "module.h"
#include "selftest.h"

#ifdef RV_DEBUG

#include "../../tests/engine/test.h"

static void report_result(const char *name, unsigned int failed_line)
{
	if (failed_line)
		pr_err("ravelin: %s: failed at line %u\n", name, failed_line);
	else
		pr_info("ravelin: %s: pass\n", name);
}

int rv_selftest(void)
{
	const long before = rv_live_objects();

	rv_test_slots = nr_cpu_ids;
	if (rv_engine_selftest(report_result))
		return -EBADE;
	if (rv_live_objects() != before) {
		pr_err("ravelin: the tests left %ld objects\n", rv_live_objects() - before);
		return -EBADE;
	}
	return 0;
}

#else

int rv_selftest(void)
{
	return 0;
}

#endif
