/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets each allocation fail once while a ruleset is read, changed and written: this must be
 * reported as an error, without leaks (checked by the sanitizer build) and without changing the
 * file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <ravelin/parser.h>
#include <ravelin/store.h>

#include "failing.h"

static const char rules[] =
	"*filter\n"
	":INPUT DROP [3:4]\n"
	":ONE - [0:0]\n"
	"-A INPUT -s 10.0.0.0/8,192.168.0.0/16 -i eth+ -p tcp -m tcp --dport 22 -j ONE\n"
	"-A INPUT -m conntrack --ctstate NEW -m limit --limit 5/min -j LOG --log-prefix \"a b\"\n"
	"-A ONE -m comment --comment \"x \\\"y\\\"\" -j REJECT\n"
	"-I INPUT 2 -p udp -m multiport --dports 1,2,3:4 -j ACCEPT\n"
	"-D INPUT 1\n"
	"-E ONE TWO\n"
	"COMMIT\n"
	"*nat\n"
	"-A POSTROUTING -o eth0 -j MASQUERADE\n"
	"-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.2:8080\n"
	"COMMIT\n";

static int on_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip, void *arg,
		    struct rv_error *err)
{
	struct rv_command clear;

	(void)skip;
	rv_command_init(&clear);
	clear.kind = RV_CMD_CLEAR;
	clear.table = def;
	clear.loc = *loc;
	return rv_store_apply(arg, &clear, err);
}

static int on_command(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		      struct rv_error *err)
{
	(void)opts;
	return rv_store_apply(arg, cmd, err);
}

static int on_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	(void)loc;
	(void)arg;
	(void)err;
	return 0;
}

static int load(const char *spec, struct rv_error *err)
{
	struct rv_restore_sink sink = { .table = on_table, .command = on_command, .commit = on_commit };
	struct rv_store s;
	int rc;

	if (rv_store_open(&s, spec, NFPROTO_IPV4, false, err))
		return -1;
	s.bulk = true;
	sink.arg = &s;
	rc = rv_parse_restore(rules, sizeof(rules) - 1, NFPROTO_IPV4, &sink, err);
	if (!rc)
		rc = rv_store_commit(&s, err);
	rv_store_close(&s);
	return rc;
}

static char *content(const char *path)
{
	static char text[4096];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	if (f)
		fclose(f);
	return text;
}

static void a_failed_allocation_changes_nothing(void **state)
{
	char dir[] = "/tmp/rv-alloc-XXXXXX", path[64], spec[80];
	struct rv_error err = { 0 };
	long n = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/rules", dir);
	snprintf(spec, sizeof(spec), "file:%s", path);
	for (;; n++) {
		bool ok;

		memset(&err, 0, sizeof(err));
		left = n;
		ok = !load(spec, &err);
		if (left >= 0) {
			left = -1;
			assert_true(ok);
			break;
		}
		if (!ok) {
			assert_true(err.kind != RV_ERR_NONE);
			assert_string_equal(content(path), "");
		}
		left = -1;
		unlink(path);
	}
	print_message("%ld allocations failed, one at a time\n", n);
	assert_true(n > 30);
	assert_non_null(strstr(content(path), "-A TWO"));
	unlink(path);
	snprintf(spec, sizeof(spec), "%s.lock", path);
	unlink(spec);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_allocation_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
