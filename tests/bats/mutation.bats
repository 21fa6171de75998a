#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which code tests/mutation/run mutates.

load lib

# sites: mutants of the C code on stdin, as "line operator: the line".
sites()
{
	PYTHONDONTWRITEBYTECODE=1 python3 -c '
import sys
sys.path.insert(0, sys.argv[1])
import sites
for s in sites.of_text("x.c", sys.stdin.read()):
    print(s.line, s.operator + ":", s.text.strip())' "$LIB_DIR/../mutation"
}

@test "operators, constants, conditions, results and calls of a line are each a site" {
	same '2 < to <=: if (a <= b && !c) {
2 && to ||: if (a < b || !c) {
2 without !: if (a < b && c) {
2 condition negated: if (!(a < b && !c)) {
3 constant + 1: call(a, 2);
3 constant - 1: call(a, 0);
3 call skipped: ;
4 + to -: return a - b;
4 return 0: return 0;
6 return 0: return 0;
7 ++ to --: a--;
8 true to false: c = false;
9 constant + 1: a = 0x11;
9 constant - 1: a = 0xf;' "$(sites <<'C'
{
	if (a < b && !c) {
		call(a, 1);
		return a + b;
	}
	return -1;
	a++;
	c = true;
	a = 0x10;
}
C
)" 'sites'
}

@test "comments, strings, macros, prototypes and sizes of buffers are none" {
	same '' "$(sites <<'C'
/* a == b, 1
 * return 1;
 */
#define A (1 + \
	   2)
int call(int a);
static const char *const text = "a == b && 1";
	char buf[64];
	const char *s = "\" 1 == 2", c = '1';
C
)" 'no sites'
}
