/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buffers, values, containers, equality and the check of a loaded table. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ravelin/registry.h>
#include <ravelin/library.h>
#include <ravelin/map.h>
#include <ravelin/render.h>

static void numbers_are_whole_words(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		bool ok;
		uint64_t value;
	} rows[] = {
		{ "0", 0, 10, true, 0 },
		{ "0x10", 0, 16, true, 16 },
		{ "010", 0, 16, true, 8 },
		{ "18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", 0, UINT64_MAX, false, 0 },
		{ "11", 0, 10, false, 0 },
		{ "4", 5, 10, false, 0 },
		{ "-1", 0, UINT64_MAX, false, 0 },
		{ "+1", 0, 10, true, 1 },
		{ "+-1", 0, UINT64_MAX, false, 0 },
		{ " 1", 0, 10, true, 1 },
		{ " -1", 0, UINT64_MAX, false, 0 },
		{ "1 ", 0, 10, false, 0 },
		{ "", 0, 10, false, 0 },
		{ "1x", 0, 10, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t n = 99;

		assert_int_equal(rv_parse_uint(rows[i].text, rows[i].min, rows[i].max, &n),
				 rows[i].ok);
		if (rows[i].ok)
			assert_true(n == rows[i].value);
	}
}

static const char *shown(struct rv_buf *b, const char *text)
{
	union nf_inet_addr addr;

	rv_buf_reset(b);
	if (!rv_parse_address(NFPROTO_IPV4, text, &addr))
		return NULL;
	rv_print_address(b, NFPROTO_IPV4, &addr);
	return rv_buf_text(b);
}

static void addresses_are_read_as_stock_reads_them(void **state)
{
	static const char *const rows[][2] = {
		{ "1.2.3.4", "1.2.3.4" }, { "10", "10.0.0.0" },	    { "1.2.3", "1.2.3.0" },
		{ "0x7f.1", "127.1.0.0" }, { "010.1.1.1", "8.1.1.1" }, { "1.2.3.256", NULL },
		{ "1.2.3.4.5", NULL },	   { "1.2.3.", NULL },	    { "", NULL },
		{ "a.b", NULL },	   { "1.2.3.4 ", NULL },
	};
	struct rv_buf b = RV_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *text = shown(&b, rows[i][0]);

		if (!rows[i][1])
			assert_null(text);
		else
			assert_string_equal(text, rows[i][1]);
	}
	rv_buf_free(&b);
}

static void masks_are_lengths_or_dotted(void **state)
{
	union nf_inet_addr mask;

	(void)state;
	assert_true(rv_parse_mask(NFPROTO_IPV4, "24", &mask));
	assert_int_equal(rv_mask_length(NFPROTO_IPV4, &mask), 24);
	assert_true(rv_parse_mask(NFPROTO_IPV4, "255.0.255.0", &mask));
	assert_int_equal(rv_mask_length(NFPROTO_IPV4, &mask), -1);
	assert_true(rv_parse_mask(NFPROTO_IPV6, "ffff:ff00::", &mask));
	assert_int_equal(rv_mask_length(NFPROTO_IPV6, &mask), 24);
	assert_false(rv_parse_mask(NFPROTO_IPV4, "33", &mask));
	assert_false(rv_parse_mask(NFPROTO_IPV4, "255.0", &mask));
	assert_false(rv_parse_mask(NFPROTO_IPV6, "129", &mask));
	for (unsigned int n = 0; n <= 128; n++) {
		rv_mask_make(NFPROTO_IPV6, n, &mask);
		assert_int_equal(rv_mask_length(NFPROTO_IPV6, &mask), n);
	}
}

static void quotes_are_used_where_needed(void **state)
{
	static const char *const rows[][2] = {
		{ "plain_word-1", "plain_word-1" },
		{ "", "\"\"" },
		{ "a b", "\"a b\"" },
		{ "it's", "\"it\\'s\"" },
		{ "\"q\" \\", "\"\\\"q\\\" \\\\\"" },
	};
	struct rv_buf b = RV_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		rv_buf_reset(&b);
		rv_print_quoted(&b, rows[i][0]);
		assert_string_equal(rv_buf_text(&b), rows[i][1]);
	}
	rv_buf_free(&b);
}

static void mac_addresses_have_six_bytes(void **state)
{
	unsigned char mac[6];

	(void)state;
	assert_true(rv_parse_mac("00:1A:2b:3c:4d:5e", mac));
	assert_int_equal(mac[1], 0x1a);
	assert_int_equal(mac[5], 0x5e);
	assert_false(rv_parse_mac("00:1a:2b:3c:4d", mac));
	assert_false(rv_parse_mac("00:1a:2b:3c:4d:5e:6f", mac));
	assert_false(rv_parse_mac("00:1a:2b:3c:4d:5g", mac));
	assert_true(rv_parse_mac("0:1a:2b:3c:4d:5e", mac));
	assert_int_equal(mac[0], 0);
	assert_false(rv_parse_mac(":1a:2b:3c:4d:5e", mac));
	assert_false(rv_parse_mac("000:1a:2b:3c:4d:5e", mac));
	assert_false(rv_parse_mac("", mac));
}

static void a_buffer_remembers_what_failed(void **state)
{
	struct rv_buf b = RV_BUF_INIT;

	(void)state;
	rv_buf_puts(&b, "abc");
	assert_null(rv_buf_grow(&b, SIZE_MAX / 2));
	assert_false(rv_buf_ok(&b));
	assert_null(rv_buf_text(&b));
	rv_buf_reset(&b);
	rv_buf_printf(&b, "%0300d", 7);
	assert_int_equal(b.len, 300);
	assert_int_equal(strlen(rv_buf_text(&b)), 300);
	rv_buf_free(&b);
}

/* ---- containers --------------------------------------------------------------- */

static struct rv_table *filter(struct rv_ruleset *rs)
{
	rv_ruleset_init(rs, NFPROTO_IPV4);
	return rv_ruleset_table(rs, rv_table_def_find("filter"));
}

static struct rv_chain *add_chain(struct rv_table *t, const char *name)
{
	struct rv_chain *c = rv_table_add_chain(t, name);

	assert_non_null(c);
	c->exists = c->loaded = true;
	return c;
}

static struct rv_rule *add_jump(struct rv_chain *c, const char *to)
{
	struct rv_rule *r = rv_rule_new();

	assert_non_null(r);
	r->verdict = RV_VERDICT_JUMP;
	rv_chain_name_set(r->jump, to);
	rv_chain_add_rule(c, r, NULL);
	return r;
}

static void chains_are_found_by_name(void **state)
{
	struct rv_ruleset rs;
	struct rv_table *t = filter(&rs);
	char name[RV_CHAIN_NAME_LEN];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "C%d", i);
		add_chain(t, name);
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "C%d", i);
		assert_string_equal(rv_table_chain(t, name)->name, name);
	}
	assert_null(rv_table_chain(t, "C5000"));
	rv_chain_rename(rv_table_chain(t, "C7"), "C5000");
	assert_null(rv_table_chain(t, "C7"));
	assert_non_null(rv_table_chain(t, "C5000"));
	rv_chain_free(rv_table_chain(t, "C5000"));
	assert_null(rv_table_chain(t, "C5000"));
	rv_ruleset_clear(&rs);
}

/* ---- index, compared with a list search -------------------------------------------------- */

#define KINDS 7

static struct rv_rule *kind_of_rule(unsigned int kind)
{
	struct rv_rule *r = rv_rule_new();

	assert_non_null(r);
	r->ip.proto = kind;
	r->ip.flags = RV_IP_PROTO;
	return r;
}

static struct rv_rule *walk_to(struct rv_chain *c, uint32_t n)
{
	rv_list_each(r, &c->rules, struct rv_rule, node)
		if (!--n)
			return r;
	return NULL;
}

static struct rv_rule *walk_for(struct rv_chain *c, const struct rv_rule *wanted)
{
	rv_list_each(r, &c->rules, struct rv_rule, node)
		if (rv_rule_equal(r, wanted))
			return r;
	return NULL;
}

static void index_finds_what_a_walk_finds(void **state)
{
	struct rv_ruleset rs;
	struct rv_table *t = filter(&rs);
	struct rv_chain *c = add_chain(t, "c");
	unsigned int seed = 1;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		struct rv_rule *wanted = kind_of_rule(rand_r(&seed) % KINDS), *r;
		uint32_t n = 1 + rand_r(&seed) % (c->nrules + 1);

		assert_ptr_equal(rv_chain_find(c, wanted), walk_for(c, wanted));
		assert_ptr_equal(rv_chain_rule(c, n), walk_to(c, n));
		if (step >= 500)
			assert_non_null(c->index);
		if (c->nrules < 50 || (c->nrules < 400 && rand_r(&seed) % 2)) {
			rv_chain_add_rule(c, wanted, walk_to(c, n));
			continue;
		}
		r = rand_r(&seed) % 2 ? walk_for(c, wanted) : NULL;
		r = r ? r : walk_to(c, 1 + rand_r(&seed) % c->nrules);
		rv_chain_remove_rule(c, r);
		rv_rule_free(r);
		rv_rule_free(wanted);
	}
	rv_chain_flush(c);
	assert_null(c->index);
	rv_ruleset_clear(&rs);
}

static void renamed_chain_takes_its_jumps_along(void **state)
{
	struct rv_ruleset rs;
	struct rv_table *t = filter(&rs);
	struct rv_chain *from = add_chain(t, "from"), *to = add_chain(t, "to");
	struct rv_rule *wanted = rv_rule_new();

	(void)state;
	for (int i = 0; i < 40; i++) {
		struct rv_rule *r = kind_of_rule(i);

		r->verdict = RV_VERDICT_JUMP;
		strcpy(r->jump, "to");
		rv_chain_add_rule(from, r, NULL);
	}
	wanted->ip.proto = 17;
	wanted->ip.flags = RV_IP_PROTO;
	wanted->verdict = RV_VERDICT_JUMP;
	strcpy(wanted->jump, "to");
	for (int i = 0; i < 3; i++)
		assert_non_null(rv_chain_find(from, wanted));
	rv_chain_rename(to, "new");
	assert_null(rv_chain_find(from, wanted));
	strcpy(wanted->jump, "new");
	assert_ptr_equal(rv_chain_find(from, wanted), walk_to(from, 18));
	rv_table_count_references(t, NULL);
	assert_int_equal(to->references, 40);
	rv_chain_free(to);
	rv_rule_free(wanted);
	rv_ruleset_clear(&rs);
}

static void map_keeps_what_is_put(void **state)
{
	struct rv_map m = { 0 };

	(void)state;
	assert_null(rv_map_get(&m, 0));
	for (uint64_t i = 0; i < 10000; i++)
		*rv_map_put(&m, i << 40) = i;
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(*rv_map_get(&m, i << 40), i);
	assert_null(rv_map_get(&m, 1));
	rv_map_free(&m);
}

static void chains_are_sorted_base_chains_first(void **state)
{
	static const char *const order[] = { "INPUT", "FORWARD", "OUTPUT", "AAA", "Zed", "abc" };
	struct rv_ruleset rs;
	struct rv_table *t = filter(&rs);
	size_t i = 0;

	(void)state;
	add_chain(t, "abc");
	add_chain(t, "Zed");
	add_chain(t, "AAA");
	assert_int_equal(rv_table_sort(t), 0);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		assert_string_equal(c->name, order[i++]);
	assert_int_equal(i, 6);
	rv_ruleset_clear(&rs);
}

static void rules_are_equal_but_for_what_no_packet_sees(void **state)
{
	struct rv_rule *a = rv_rule_new(), *b;

	(void)state;
	assert_non_null(a);
	a->verdict = RV_VERDICT_ACCEPT;
	b = rv_rule_clone(a);
	assert_non_null(b);
	b->counters.packets = 7;
	b->handle = 9;
	b->loc.line = 3;
	assert_true(rv_rule_equal(a, b));
	b->verdict = RV_VERDICT_DROP;
	assert_false(rv_rule_equal(a, b));
	b->verdict = RV_VERDICT_ACCEPT;
	b->ip.invert = RV_IP_SRC;
	assert_false(rv_rule_equal(a, b));
	b->ip.invert = 0;
	strcpy(b->ip.in, "+");
	assert_true(rv_rule_equal(a, b));
	rv_rule_free(a);
	rv_rule_free(b);
}

/* Rules whose match and target differ in one byte of data, or in which parts there are. */
static void rules_are_equal_only_with_the_same_parts(void **state)
{
	const struct rv_ext *mark = rv_ext_find(RV_MATCH, NFPROTO_IPV4, "mark");
	const struct rv_ext *set_mark = rv_ext_find(RV_TARGET, NFPROTO_IPV4, "MARK");
	struct rv_rule *a = rv_rule_new(), *b;

	(void)state;
	assert_non_null(mark);
	assert_non_null(set_mark);
	rv_rule_add_match(a, rv_part_new(mark));
	a->target = rv_part_new(set_mark);
	b = rv_rule_clone(a);
	assert_true(rv_rule_equal(a, b));
	b->matches->data[0] ^= 1;
	assert_false(rv_rule_equal(a, b));
	b->matches->data[0] ^= 1;
	b->target->data[0] ^= 1;
	assert_false(rv_rule_equal(a, b));
	b->target->data[0] ^= 1;
	rv_rule_add_match(b, rv_part_new(mark));
	assert_false(rv_rule_equal(a, b));
	assert_false(rv_rule_equal(b, a));
	rv_rule_free(a);
	rv_rule_free(b);
}

/* ---- rules the kernel refuses ----------------------------------------------------- */

static void a_loop_of_jumps_is_refused(void **state)
{
	struct rv_error err = { 0 };
	struct rv_ruleset rs;
	struct rv_table *t = filter(&rs);
	struct rv_chain *a, *b;

	(void)state;
	a = add_chain(t, "A");
	b = add_chain(t, "B");
	add_jump(rv_table_chain(t, "INPUT"), "A");
	add_jump(a, "B");
	assert_int_equal(rv_table_check(t, &err), 0);
	add_jump(b, "A")->loc = (struct rv_loc){ 4, 1, 2 };
	assert_int_equal(rv_table_check(t, &err), -1);
	assert_string_equal(err.text, " RULE_APPEND failed (Too many links): rule in chain B: "
			    "-A B -j A: the jump creates a loop");
	assert_int_equal(err.loc.line, 4);
	rv_ruleset_clear(&rs);
}

static int check_nested(int depth)
{
	struct rv_error err = { 0 };
	struct rv_ruleset rs;
	struct rv_table *t = filter(&rs);
	char name[RV_CHAIN_NAME_LEN];
	int rc;

	add_jump(rv_table_chain(t, "INPUT"), "C1");
	for (int i = 1; i <= depth; i++) {
		snprintf(name, sizeof(name), "C%d", i);
		add_chain(t, name);
	}
	for (int i = 1; i < depth; i++) {
		char to[RV_CHAIN_NAME_LEN];

		snprintf(name, sizeof(name), "C%d", i);
		snprintf(to, sizeof(to), "C%d", i + 1);
		add_jump(rv_table_chain(t, name), to);
	}
	rc = rv_table_check(t, &err);
	rv_ruleset_clear(&rs);
	return rc;
}

static void jumps_nest_as_deep_as_in_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(check_nested(15), 0);
	assert_int_equal(check_nested(16), -1);
	assert_int_equal(check_nested(100000), -1);
}

/* ---- listing ------------------------------------------------------------------------ */

static void large_counters_are_cut_short(void **state)
{
	static const struct {
		uint64_t packets;
		const char *shown;
	} rows[] = {
		{ 99999, "99999 " }, { 100000, " 100K " }, { 9999499, "9999K " },
		{ 9999500, "  10M " }, { 99999999999ULL, " 100G " },
	};
	struct rv_list_format f = { .numeric = true, .verbose = true };
	struct rv_rule *r = rv_rule_new();
	struct rv_buf b = RV_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		rv_buf_reset(&b);
		r->counters.packets = rows[i].packets;
		rv_render_list_rule(&b, NFPROTO_IPV4, r, 1, &f);
		assert_non_null(rv_buf_text(&b));
		assert_memory_equal(b.data, rows[i].shown, 6);
	}
	rv_buf_free(&b);
	rv_rule_free(r);
}

/* The first soname found is loaded; a missing library is reported with its purpose. */
static void libraries_are_loaded_or_named(void **state)
{
	static const char *const names[] = { "libnosuch.so.7", "libc.so.6", NULL };
	int (*number)(const char *text) = NULL;
	const struct rv_symbol there[] = { { "atoi", &number }, { NULL, NULL } };
	const struct rv_symbol not_there[] = { { "rv_no_such", NULL }, { NULL, NULL } };
	struct rv_library l = { names, there, "none of it", "install it" };
	struct rv_error err = { 0 };

	(void)state;
	assert_int_equal(rv_library_load(&l, &err), 0);
	assert_int_equal(number("4"), 4);
	l.symbols = not_there;
	assert_int_equal(rv_library_load(&l, &err), -1);
	assert_string_equal(err.text, "none of it: libc.so.6 is too old: no rv_no_such");
	rv_error_reset(&err);
	l.sonames = (const char *const[]){ names[0], NULL };
	assert_int_equal(rv_library_load(&l, &err), -1);
	assert_memory_equal(err.text, "none of it: libnosuch.so.7", 26);
	assert_string_equal(err.hint, "install it");
}

/* Classification of errno values, and errors of commands for which exit code 1 is an answer. */
static void only_an_answer_is_exit_code_1(void **state)
{
	static const int circumstances[] = { EPERM, ENOMEM, ENOBUFS, EINTR, EAGAIN, EMFILE, EIO };
	static const int answers[] = { EINVAL, ENOENT, EEXIST, EBUSY, EOPNOTSUPP, ELOOP, EMLINK };
	struct rv_error err = { .kind = RV_ERR_PROBLEM };

	(void)state;
	for (size_t i = 0; i < sizeof(circumstances) / sizeof(*circumstances); i++)
		assert_int_equal(rv_errno_kind(circumstances[i]), RV_ERR_RESOURCE);
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		assert_int_equal(rv_errno_kind(answers[i]), RV_ERR_PROBLEM);
	assert_int_equal(rv_error_exit(&err), RV_EXIT_OTHER);
	rv_error_undecided(&err);
	assert_int_equal(rv_error_exit(&err), RV_EXIT_RESOURCE);
	err.kind = RV_ERR_STATE;
	rv_error_undecided(&err);
	assert_int_equal(rv_error_exit(&err), RV_EXIT_OTHER);
	err.kind = RV_ERR_USAGE;
	rv_error_undecided(&err);
	assert_int_equal(rv_error_exit(&err), RV_EXIT_PARAMETER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_whole_words),
		cmocka_unit_test(addresses_are_read_as_stock_reads_them),
		cmocka_unit_test(masks_are_lengths_or_dotted),
		cmocka_unit_test(quotes_are_used_where_needed),
		cmocka_unit_test(mac_addresses_have_six_bytes),
		cmocka_unit_test(a_buffer_remembers_what_failed),
		cmocka_unit_test(chains_are_found_by_name),
		cmocka_unit_test(index_finds_what_a_walk_finds),
		cmocka_unit_test(renamed_chain_takes_its_jumps_along),
		cmocka_unit_test(map_keeps_what_is_put),
		cmocka_unit_test(chains_are_sorted_base_chains_first),
		cmocka_unit_test(rules_are_equal_but_for_what_no_packet_sees),
		cmocka_unit_test(rules_are_equal_only_with_the_same_parts),
		cmocka_unit_test(a_loop_of_jumps_is_refused),
		cmocka_unit_test(jumps_nest_as_deep_as_in_the_kernel),
		cmocka_unit_test(large_counters_are_cut_short),
		cmocka_unit_test(libraries_are_loaded_or_named),
		cmocka_unit_test(only_an_answer_is_exit_code_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
