/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparison of rule lists, checked against a textbook longest common subsequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ravelin/diff.h>

#define MOST 48

static struct rv_rule *new_rule(unsigned int kind)
{
	struct rv_rule *r = rv_rule_new();

	assert_non_null(r);
	r->verdict = RV_VERDICT_DROP;
	r->ip.src.ip = kind;
	r->ip.smask.ip = UINT32_MAX;
	return r;
}

struct list {
	struct rv_diff_side side;
	unsigned int kind[4096];
};

static void add(struct list *l, unsigned int kind)
{
	if (!l->side.rules) {
		l->side.rules = calloc(4096, sizeof(*l->side.rules));
		l->side.kept = calloc(4096, sizeof(*l->side.kept));
	}
	assert_true(l->side.count < 4096);
	l->kind[l->side.count] = kind;
	l->side.rules[l->side.count++] = new_rule(kind);
}

static void clear(struct list *l)
{
	for (size_t i = 0; i < l->side.count; i++)
		rv_rule_free((struct rv_rule *)l->side.rules[i]);
	free(l->side.rules);
	free(l->side.kept);
	memset(l, 0, sizeof(*l));
}

static size_t longest(const struct list *a, const struct list *b)
{
	static size_t t[MOST + 1][MOST + 1];

	for (size_t i = 1; i <= a->side.count; i++)
		for (size_t j = 1; j <= b->side.count; j++)
			t[i][j] = a->kind[i - 1] == b->kind[j - 1] ? t[i - 1][j - 1] + 1 :
				  t[i - 1][j] > t[i][j - 1] ? t[i - 1][j] : t[i][j - 1];
	return t[a->side.count][b->side.count];
}

/* The kept rules of both sides, which must be equal. Returns their number. */
static size_t kept(const struct list *a, const struct list *b)
{
	size_t i = 0, j = 0, n = 0;

	for (;; i++, j++, n++) {
		while (i < a->side.count && !a->side.kept[i])
			i++;
		while (j < b->side.count && !b->side.kept[j])
			j++;
		if (i == a->side.count || j == b->side.count)
			break;
		assert_int_equal(a->kind[i], b->kind[j]);
	}
	assert_int_equal(i, a->side.count);
	assert_int_equal(j, b->side.count);
	return n;
}

static void random_lists(void **state)
{
	static struct list a, b;
	unsigned int seed = (unsigned int)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srandom(seed);
	for (int round = 0; round < 2000; round++) {
		unsigned int kinds = 1 + (unsigned int)random() % 20;

		add(&a, 0);
		add(&b, 0);
		for (long n = random() % MOST; n > 1; n--)
			add(&a, 1 + (unsigned int)random() % kinds);
		for (long n = random() % MOST; n > 1; n--)
			add(&b, 1 + (unsigned int)random() % kinds);
		assert_int_equal(rv_diff_rules(&a.side, &b.side, false), 0);
		assert_int_equal(kept(&a, &b), longest(&a, &b));
		clear(&a);
		clear(&b);
	}
}

/* More equal rules than are considered pairwise. */
static void many_equal(void **state)
{
	static struct list a, b;

	(void)state;
	add(&a, 7);
	add(&b, 8);
	for (unsigned int i = 0; i < 2000; i++) {
		add(&a, i % 2);
		add(&b, i % 2);
	}
	add(&b, 1);
	add(&b, 9);
	add(&a, 10);
	assert_int_equal(rv_diff_rules(&a.side, &b.side, false), 0);
	assert_int_equal(kept(&a, &b), 2000);
	clear(&a);
	clear(&b);
}

static void counters(void **state)
{
	static struct list a, b;

	(void)state;
	add(&a, 1);
	add(&b, 1);
	((struct rv_rule *)b.side.rules[0])->counters.packets = 5;
	assert_int_equal(rv_diff_rules(&a.side, &b.side, false), 0);
	assert_int_equal(kept(&a, &b), 1);
	assert_int_equal(rv_diff_rules(&a.side, &b.side, true), 0);
	assert_int_equal(kept(&a, &b), 0);
	clear(&a);
	clear(&b);
}

/* Equal rules have equal hashes. */
static void hash(void **state)
{
	struct rv_rule *a = new_rule(1), *b = new_rule(1);

	(void)state;
	strcpy(a->ip.in, "+");
	strcpy(b->ip.out, "+");
	b->counters.bytes = 9;
	b->handle = 4;
	assert_true(rv_rule_equal(a, b));
	assert_true(rv_rule_hash(a) == rv_rule_hash(b));
	strcpy(b->ip.in, "eth0");
	assert_false(rv_rule_equal(a, b));
	assert_false(rv_rule_hash(a) == rv_rule_hash(b));
	rv_rule_free(a);
	rv_rule_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_lists), cmocka_unit_test(many_equal),
		cmocka_unit_test(counters), cmocka_unit_test(hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
