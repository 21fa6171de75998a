/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshot and restore of backend kmod, with an engine in this process instead of the module:
 * restoring reproduces the snapshot including counters, whatever changed meanwhile; malformed
 * snapshots are refused, and a check changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <ravelin/parser.h>

/* All links share one engine, which stands for the module. */
#define rv_kmod_link_open shared_open
#define rv_kmod_link_close shared_close
#define rv_kmod_image_ops shared_image_ops
#include "backend/kmod/image.c"
#include "tests/unit/memory.h"
#undef rv_kmod_link_open
#undef rv_kmod_link_close

int rv_kmod_link_open(struct rv_kmod_link *link, const char *arg, struct rv_error *err);
void rv_kmod_link_close(struct rv_kmod_link *link);

static struct rv_kmod_link shared;

int shared_open(struct rv_kmod_link *link, const char *arg, struct rv_error *err)
{
	(void)arg;
	(void)err;
	*link = shared;
	return 0;
}

void shared_close(struct rv_kmod_link *link)
{
	(void)link;
}

/* ---- loading rules into the engine --------------------------------------------------- */

/* Replaces all tables of the family; those missing from the text are deleted. */
static void load(const char *text)
{
	struct rv_kmod_change c = { .link = &shared };
	struct rv_error err = { 0 };
	struct rv_store s;

	memory_open(&s, NFPROTO_IPV4);
	assert_int_equal(rv_load_restore(&s, text, strlen(text), true, &err), 0);
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++) {
		struct rvk_info now = { .version = RVK_VERSION, .table.family = NFPROTO_IPV4 };
		struct rv_table *t = rv_ruleset_table(&s.rs, def);

		memcpy(now.table.name, def->name, strlen(def->name));
		assert_int_equal(shared.transport->call(shared.priv, RVK_SO_INFO, &now, sizeof(now)), 0);
		if (!t->exists && !now.table.count)
			continue;
		assert_int_equal(rv_kmod_change_add(&c, t, now.table.generation, now.table.count, &err), 0);
	}
	assert_int_equal(rv_kmod_change_send(&c, &err), 0);
	rv_kmod_change_free(&c);
	rv_ruleset_clear(&s.rs);
}

/* Entries of all tables, without generations, which each replacement changes. */
static void entries(struct rv_buf *b)
{
	size_t at = 0;

	assert_int_equal(append_all(&shared, b), 0);
	while (at < b->len) {
		struct rvk_table *t = (void *)(b->data + at + offsetof(struct rvk_info, table));

		t->generation = 0;
		assert_non_null(next_table(b, &at));
	}
}

static void assert_entries(const struct rv_buf *want)
{
	struct rv_buf now = RV_BUF_INIT;

	entries(&now);
	assert_int_equal(now.len, want->len);
	assert_memory_equal(now.data, want->data, want->len);
	rv_buf_free(&now);
}

static const char old_rules[] =
	"*mangle\n:PREROUTING ACCEPT [1:2]\n[3:4] -A PREROUTING -p tcp --dport 22 -j MARK --set-mark 3\n"
	"COMMIT\n*filter\n:INPUT DROP [5:6]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:user - [0:0]\n"
	"[7:8] -A INPUT -p udp -m multiport --dports 1,2:9 -j user\n[9:10] -A user -s 10.0.0.0/8 -j ACCEPT\n"
	"COMMIT\n";
static const char new_rules[] =
	"*filter\n:INPUT ACCEPT [0:0]\n:other - [0:0]\n-A INPUT -j other\n-A INPUT -j other\n"
	"-A other -j RETURN\nCOMMIT\n*raw\n-A PREROUTING -s 10.0.0.1 -j DROP\nCOMMIT\n";

static void open_all(struct rv_image *im, struct rv_buf *before)
{
	struct rv_error err = { 0 };

	assert_int_equal(rv_kmod_link_open(&shared, "user", &err), 0);
	load(old_rules);
	entries(before);
	*im = (struct rv_image){ .ops = &shared_image_ops };
	assert_int_equal(rv_image_take(im, &err), 0);
}

static void close_all(struct rv_image *im, struct rv_buf *before)
{
	rv_image_free(im);
	rv_buf_free(before);
	rv_kmod_link_close(&shared);
}

static void test_there_and_back(void **state)
{
	struct rv_buf before = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_image im;

	(void)state;
	open_all(&im, &before);
	assert_int_equal(rv_image_hold(&im, &err), 0);
	assert_int_equal(rv_image_check(&im, &err), 0);
	assert_entries(&before);
	for (int i = 0; i < 2; i++) {
		struct rv_buf now = RV_BUF_INIT;

		load(new_rules);
		entries(&now);
		assert_true(now.len != before.len);
		rv_buf_free(&now);
		assert_int_equal(rv_image_check(&im, &err), 0);
		assert_int_equal(rv_image_put(&im, &err), 0);
		assert_entries(&before);
	}
	close_all(&im, &before);
}

static void test_malformed(void **state)
{
	struct rv_buf before = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_image im;
	size_t len;

	(void)state;
	open_all(&im, &before);
	len = im.bytes.len;
	for (im.bytes.len = 0; im.bytes.len < len; im.bytes.len += 8) {
		/* Truncated between two tables, it is a valid snapshot of fewer tables. */
		if (is_image(&im.bytes))
			continue;
		rv_error_reset(&err);
		assert_int_equal(rv_image_hold(&im, &err), -1);
		assert_string_equal(err.text, "the stored rules are malformed");
	}
	assert_entries(&before);
	close_all(&im, &before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests_name("kmod_image", tests, NULL, NULL);
}
