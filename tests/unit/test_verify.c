/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Validation of descriptors: all built-in ones are valid, and each kind of defect is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include <ravelin/registry.h>

#include "registry/plugin.h"

static unsigned int seen, wrong;

static void verify(const struct rv_ext *ext, void *arg)
{
	struct rv_error err = { 0 };

	(void)arg;
	seen++;
	if (ext->kind == RV_CORE || !rv_ext_verify(ext, &err))
		return;
	wrong++;
	fprintf(stderr, "%s\n", err.text);
}

static void test_built_in(void **state)
{
	(void)state;
	rv_ext_each(verify, NULL);
	assert_true(seen > 90);
	assert_int_equal(wrong, 0);
}

struct data {
	uint32_t number;
	char text[8];
	uint8_t invert;
};

/* A valid descriptor that each case corrupts. */
static struct rv_option rows[3];
static struct rv_revision wires[2];
static struct rv_ext ext;

static void make_right(void)
{
	rows[0] = (struct rv_option){ .name = "number", .type = RV_T_UINT,
				      RV_FIELD(struct data, number), .flags = RV_OPT_INVERT,
				      .invert = RV_BIT(struct data, invert, 1) };
	rows[1] = (struct rv_option){ .name = "text", .type = RV_T_STRING,
				      RV_FIELD(struct data, text) };
	rows[2] = (struct rv_option){ 0 };
	wires[0] = (struct rv_revision){ .size = sizeof(struct data) };
	wires[1] = (struct rv_revision){ 0 };
	ext = (struct rv_ext){ .name = "right", .kind = RV_MATCH, .size = sizeof(struct data),
			       .options = rows, .revisions = wires };
}

static int no_parse(struct rv_parse *p)
{
	(void)p;
	return 0;
}

static void expect(const char *why)
{
	struct rv_error err = { 0 };
	int rc = rv_ext_verify(&ext, &err);

	make_right();
	assert_string_equal(err.text, why ? why : "");
	assert_int_equal(rc, why ? -1 : 0);
}

static void test_wholes(void **state)
{
	(void)state;
	make_right();
	expect(NULL);
	ext.name = NULL;
	expect("a descriptor has no name");
	ext.name = "../right";
	expect("a descriptor has no name");
	ext.name = "a-name-that-is-longer-than-any";
	expect("a descriptor has no name");
	ext.kind = RV_CORE;
	expect("match `right': kind 2 is neither match nor target");
	ext.family = 7;
	expect("match `right': unknown family 7");
	ext.kernel_name = "a b";
	expect("match `right': invalid alternative name");
	ext.compare = 100;
	expect("match `right': compares 100 of 16 bytes");
	ext.header = RV_HEADER(.sel = 4000);
	expect("match `right': unknown selector 4000");
	ext.header = RV_HEADER(.absent = { .offset = 16, .width = 1 });
	expect("match `right': bits outside the data");
	ext.header = RV_HEADER(.param = { .offset = 0, .width = 3 });
	expect("match `right': bits outside the data");
	ext.native = 1 << 2;
	expect("match `right': nonexistent native option");
	wires[0].size = 40000;
	expect("match `right': revision 0 of 40000 bytes is too long");
	wires[0].name = "";
	expect("match `right': revision 0 has no name");
}

static void test_rows(void **state)
{
	(void)state;
	make_right();
	rows[0].name = "a b";
	expect("match `right': `a b' is not an option name");
	rows[0].name = "text";
	expect("match `right': --text: duplicate name");
	rows[1] = (struct rv_option){ .name = "other", .alias_of = "nothing" };
	expect("match `right': --other: alias of --nothing, which does not exist");
	rows[0].type = 99;
	expect("match `right': --number: unknown type 99");
	rows[0].sel = RV_SEL_MARK;
	rows[0].sel_more = RV_SEL_MORE(.ipv6 = 4000);
	expect("match `right': --number: unknown selector 4000");
	rows[0].excludes = 1 << 5;
	expect("match `right': --number: excludes or requires a nonexistent option");
	rows[0].invert.offset = 16;
	expect("match `right': --number: bits outside the data");
	rows[0].invert.width = 3;
	expect("match `right': --number: bits outside the data");
	rows[0].sel_more = RV_SEL_MORE(.param = { .offset = 13, .width = 4 });
	expect("match `right': --number: bits outside the data");
	rows[0].invert.width = 0;
	expect("match `right': --number: inversion without a bit for it");
	rows[0].offset = 13;
	expect("match `right': --number: field ends at byte 17 of 16");
	rows[0].offset = UINT16_MAX;
	expect("match `right': --number: field ends at byte 65539 of 16");
	rows[0].size = 3;
	expect("match `right': --number: invalid field size 3");
	rows[1].size = 0;
	expect("match `right': --text: invalid field size 0");
	rows[0].type = RV_T_ADDR_MASK;
	rows[0].mask_offset = 14;
	expect("match `right': --number: second field ends at byte 18 of 16");
	rows[0].type = RV_T_ENUM;
	expect("match `right': --number: names of its values are missing");
	rows[1].type = RV_T_HOOK;
	expect("match `right': --text: no hook parses its value");
	rows[1].type = RV_T_HOOK;
	rows[1].ops = RV_OPTION_OPS(.parse = no_parse);
	expect("match `right': --text: no hook prints its value");
}

static void test_too_many_rows(void **state)
{
	static struct rv_option many[66];
	static char names[65][16];

	(void)state;
	make_right();
	for (int i = 0; i < 65; i++) {
		snprintf(names[i], sizeof(names[i]), "row%d", i);
		many[i] = (struct rv_option){ .name = names[i], .type = RV_T_FLAG };
	}
	ext.options = many;
	expect("match `right': more than 64 options");
	many[64].name = NULL;
	ext.options = many;
	expect(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_wholes),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_too_many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
