/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command lines and restore files: resulting commands, or the error and its location. In an input,
 * {braces} surround the bytes an error must point at; they are removed first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ravelin/parser.h>
#include <ravelin/registry.h>
#include <ravelin/render.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct test {
	const char *input;
	const char *result;		/* NULL: an error is expected */
	const char *error;
	enum rv_error_kind kind;
};

/* ---- results as text ------------------------------------------------------------- */

static char letter_of(enum rv_command_kind kind)
{
	if (kind == RV_CMD_NONE)
		return '0';
	for (const struct rv_core_option *o = rv_core_options; o->name; o++)
		if (o->command == kind)
			return o->letter;
	return kind == RV_CMD_DELETE_NUM ? 'D' : ':';
}

/* "A filter INPUT 3 | -s ... | ...": the rules without "-A chain". */
static void show_command(struct rv_buf *b, rv_family_t family, const struct rv_command *cmd)
{
	struct rv_buf rule = RV_BUF_INIT;

	rv_buf_printf(b, "%c %s", letter_of(cmd->kind), cmd->table ? cmd->table->name : "");
	if (cmd->chain[0])
		rv_buf_printf(b, " %s", cmd->chain);
	if (cmd->new_name[0])
		rv_buf_printf(b, " to %s", cmd->new_name);
	if (cmd->number)
		rv_buf_printf(b, " %u", cmd->number);
	if (cmd->zero)
		rv_buf_puts(b, " zero");
	if (cmd->policy_name)
		rv_buf_printf(b, " %s=%d", cmd->policy_name, cmd->policy);
	if (cmd->has_counters)
		rv_buf_printf(b, " [%llu:%llu]", (unsigned long long)cmd->counters.packets,
			      (unsigned long long)cmd->counters.bytes);
	rv_list_each(r, &cmd->rules, struct rv_rule, node) {
		bool counted = r->counters.packets || r->counters.bytes;
		const char *text, *at;

		rv_buf_reset(&rule);
		rv_render_rule(&rule, family, "-", r,
			       counted ? RV_COUNTERS_OPTION : RV_COUNTERS_NONE);
		text = rv_buf_text(&rule);
		at = text + strlen("-A -");
		rv_buf_printf(b, " |%.*s", (int)strcspn(at, "\n"), at);
	}
	rv_buf_free(&rule);
}

static void show_options(struct rv_buf *b, const struct rv_options *o)
{
	static const char *const names[] = { "n", "x", "l", "W", "M", "V", "h" };
	const bool set[] = { o->numeric, o->exact, o->line_numbers, o->wait_interval,
			     o->modprobe, o->version, o->help };

	for (size_t i = 0; i < COUNT(set); i++)
		if (set[i])
			rv_buf_printf(b, " +%s", names[i]);
	if (o->verbose)
		rv_buf_printf(b, " +v%u", o->verbose);
	if (o->wait)
		rv_buf_printf(b, " +w%u", o->wait_seconds);
	for (unsigned int i = 0; i < o->nhelp; i++)
		rv_buf_printf(b, " %s", o->help_exts[i]->name);
}

/* Removes the braces and returns their location; "~" has no width. */
static struct rv_loc take_braces(char *text)
{
	struct rv_loc loc = { .line = 1 };
	uint32_t column = 0;
	bool done = false;
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '{') {
			loc.first = column;
			continue;
		}
		if (*from == '}') {
			loc.end = column;
			done = true;
			continue;
		}
		*to++ = *from;
		column += *from != '~';
		if (*from == '\n' && !done) {
			loc.line++;
			column = 0;
		}
	}
	*to = '\0';
	return loc;
}

static void compare(const struct test *t, const char *got, const struct rv_error *err,
		    const struct rv_loc *loc)
{
	if (t->result) {
		if (err->kind != RV_ERR_NONE || strcmp(got, t->result) != 0)
			print_error("input: %s\n", t->input);
		assert_string_equal(err->text, "");
		assert_string_equal(got, t->result);
		return;
	}
	if (strcmp(err->text, t->error) != 0 || err->kind != t->kind ||
	    err->loc.line != loc->line || err->loc.first != loc->first || err->loc.end != loc->end)
		print_error("input: %s\ngot: %s (kind %d) at %u:%u-%u, wanted %u:%u-%u\n", t->input,
			    err->text, err->kind, err->loc.line, err->loc.first, err->loc.end,
			    loc->line, loc->first, loc->end);
	assert_string_equal(err->text, t->error);
	assert_int_equal(err->kind, t->kind);
	assert_int_equal(err->loc.line, loc->line);
	assert_int_equal(err->loc.first, loc->first);
	assert_int_equal(err->loc.end, loc->end);
}

/* ---- command lines ------------------------------------------------------------------ */

#define WORDS 32

/* Words are separated by single spaces; "_" stands for a space, "~" for an empty word. */
static int split(char *text, char *argv[WORDS])
{
	int argc = 0;

	for (char *word = strtok(text, " "); word && argc < WORDS; word = strtok(NULL, " ")) {
		for (char *c = word; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		argv[argc++] = strcmp(word, "~") ? word : word + 1;
	}
	return argc;
}

static void run_argv(const struct test *t, rv_family_t family)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_options opts;
	struct rv_command cmd;
	char text[512], *argv[WORDS];
	struct rv_loc loc;
	int argc;

	snprintf(text, sizeof(text), "%s %s", family == NFPROTO_IPV6 ? "ip6tables" : "iptables",
		 t->input);
	loc = take_braces(text);
	loc.line = 0;
	argc = split(text, argv);
	rv_command_init(&cmd);
	if (!rv_parse_argv(argc, argv, family, &cmd, &opts, &err)) {
		show_command(&b, family, &cmd);
		show_options(&b, &opts);
	}
	compare(t, rv_buf_text(&b), &err, &loc);
	rv_command_clear(&cmd);
	rv_buf_free(&b);
}

static void run_all_argv(const struct test *tests, size_t count, rv_family_t family)
{
	for (size_t i = 0; i < count; i++)
		run_argv(&tests[i], family);
}

#define OK(input, result) { input, result, NULL, RV_ERR_NONE }
#define USAGE(input, error) { input, NULL, error, RV_ERR_USAGE }
#define BARE(input, error) { input, NULL, error, RV_ERR_BARE }

static const struct test command_lines[] = {
	OK("-A INPUT", "A filter INPUT |"),
	OK("--append INPUT", "A filter INPUT |"),
	OK("--app=INPUT", "A filter INPUT |"),
	OK("--a INPUT", "A filter INPUT |"),
	OK("-AINPUT", "A filter INPUT |"),
	OK("-A -D", "A filter -D |"),
	OK("-C x", "C filter x |"),
	OK("-D INPUT", "D filter INPUT |"),
	OK("-D INPUT 3", "D filter INPUT 3"),
	OK("-DINPUT 3", "D filter INPUT 3"),
	OK("-D INPUT 010", "D filter INPUT 10"),
	OK("-D INPUT 2147483647", "D filter INPUT 2147483647"),
	OK("-I INPUT", "I filter INPUT |"),
	OK("-I INPUT 2 -j DROP", "I filter INPUT 2 | -j DROP"),
	OK("-R INPUT 1 -j DROP", "R filter INPUT 1 | -j DROP"),
	OK("-L", "L filter"),
	OK("-L INPUT 4", "L filter INPUT 4"),
	OK("-LINPUT 4", "L filter INPUT 4"),
	OK("-nvL --line-numbers -x", "L filter +n +x +l +v1"),
	OK("-vL INPUT -v -n", "L filter INPUT +n +v2"),
	OK("--list-r", "S filter"),
	OK("-S INPUT", "S filter INPUT"),
	OK("-F", "F filter"),
	OK("-Z INPUT 2", "Z filter INPUT 2"),
	OK("-L -Z -n", "L filter zero +n"),
	OK("-Z -L INPUT", "L filter INPUT zero"),
	OK("-S -Z", "S filter zero"),
	OK("-N abcdefghijklmnopqrstuvwxyz01", "N filter abcdefghijklmnopqrstuvwxyz01"),
	OK("-N tcp", "N filter tcp"),
	OK("-X", "X filter"),
	OK("--new foo", "N filter foo"),
	OK("-E old new", "E filter old to new"),
	OK("-P INPUT DROP", "P filter INPUT DROP=2"),
	OK("-P INPUT foo", "P filter INPUT foo=0"),
	OK("-P INPUT DROP -c 1 2", "P filter INPUT DROP=2 [1:2]"),
	OK("-t nat -L", "L nat"),
	OK("-tnat -L", "L nat"),
	OK("-L --table=mangle", "L mangle"),
	OK("-t nat -t filter -L", "L filter"),
	OK("-V -L --bogus", "0  +V"),
	OK("-p tcp -m udp -h -x", "0  +h udp"),
	OK("-p tcp -h", "0  +h tcp"),
	OK("-j LOG -h", "0  +h LOG"),
	OK("-4 -L", "L filter"),
	OK("-L --", "L filter"),
	OK("! -w -L", "L filter +w0"),
};

static const struct test wrong_command_lines[] = {
	USAGE("-F INPUT {-p} tcp", "Illegal option `--protocol' with this command"),
	USAGE("{}", "no command specified"),
	USAGE("-j ACCEPT{}", "no command specified"),
	USAGE("{-A}", "option \"-A\" requires an argument"),
	USAGE("{-nA}", "option \"-nA\" requires an argument"),
	USAGE("{--append}", "option \"--append\" requires an argument"),
	USAGE("-A INPUT {-D} INPUT", "Cannot use -D with -A"),
	USAGE("-A INPUT {-A} INPUT", "Cannot use -A with -A"),
	USAGE("-L {-S}", "Cannot use -S with -L"),
	USAGE("-F {-Z}", "Cannot use -Z with -F"),
	USAGE("-D INPUT 1 {-A} INPUT", "Cannot use -A with -D"),
	BARE("-A INPUT {foo}", "Bad argument `foo'"),
	BARE("-A INPUT {~}", "Bad argument `'"),
	BARE("-A INPUT {-}", "Bad argument `-'"),
	BARE("{foo}", "Bad argument `foo'"),
	BARE("-L INPUT 1 {2}", "Bad argument `2'"),
	BARE("-X foo {bar}", "Bad argument `bar'"),
	USAGE("-D INPUT {0}", "Invalid rule number `0'"),
	USAGE("-D INPUT {2147483648}", "Invalid rule number `2147483648'"),
	USAGE("-D INPUT {99999999999}", "Invalid rule number `99999999999'"),
	USAGE("-D INPUT {1x}", "Invalid rule number `1x'"),
	USAGE("-D INPUT {0x1}", "Invalid rule number `0x1'"),
	USAGE("-D INPUT {_-1}", "Invalid rule number ` -1'"),
	USAGE("-I INPUT {~}", "Invalid rule number `'"),
	USAGE("-D INPUT {-1}", "unknown option \"-1\""),
	USAGE("{-R} INPUT", "-R requires a rule number"),
	USAGE("{-R} INPUT -s 1.2.3.4", "-R requires a rule number"),
	USAGE("{-E} old", "-E requires old-chain-name and new-chain-name"),
	USAGE("{-E} old -new", "-E requires old-chain-name and new-chain-name"),
	USAGE("{-P} INPUT", "-P requires a chain and a policy"),
	USAGE("-N {abcdefghijklmnopqrstuvwxyz012}",
	      "chain name `abcdefghijklmnopqrstuvwxyz012' too long (must be under 29 chars)"),
	USAGE("-F {abcdefghijklmnopqrstuvwxyz012}",
	      "chain name `abcdefghijklmnopqrstuvwxyz012' too long (must be under 29 chars)"),
	USAGE("-N {-foo}", "chain name not allowed to start with `-'"),
	USAGE("-N {!foo}", "chain name not allowed to start with `!'"),
	USAGE("-N {a_b}", "Invalid chain name `a b'"),
	USAGE("-N {ACCEPT}", "chain name may not clash with target name"),
	USAGE("-N {LOG}", "chain name may not clash with target name"),
	USAGE("-N {~}", "chain name may not clash with target name"),
	USAGE("-E a {DROP}", "chain name may not clash with target name"),
	{ "-F {~}", NULL, "No chain/target/match by that name.", RV_ERR_STATE },
	{ "-X {~}", NULL, "No chain/target/match by that name.", RV_ERR_STATE },
	{ "-L -t {foo}", NULL, "table 'foo' does not exist", RV_ERR_VERSION },
	USAGE("-L {-t}", "option \"-t\" requires an argument"),
	USAGE("{!} -A INPUT", "unexpected '!' flag"),
	USAGE("{!} -t filter -L", "unexpected ! flag before --table"),
	USAGE("-L {!} -n", "cannot have ! before --numeric"),
	USAGE("-L {!} -v", "cannot have ! before --verbose"),
	USAGE("-L -n {-n}", "multiple --numeric options not allowed"),
	USAGE("-L -n{n}", "multiple --numeric options not allowed"),
	USAGE("-A INPUT {-n}", "Illegal option `--numeric' with this command"),
	USAGE("-S {-x}", "Illegal option `--exact' with this command"),
	USAGE("-F {--line-numbers}", "Illegal option `--line-numbers' with this command"),
	USAGE("-Z {-n}", "Illegal option `--numeric' with this command"),
	USAGE("-L {!}", "nothing appropriate following !"),
	USAGE("-L -- {INPUT}", "unknown arguments found on commandline"),
	USAGE("{--bogus}", "unknown option \"--bogus\""),
	USAGE("-A INPUT {--bogus=3}", "unknown option \"--bogus=3\""),
	USAGE("-L {--numeric=1}", "unknown option \"-n\""),
	USAGE("-n{q}", "unknown option \"-q\""),
	USAGE("{-0} -L", "unknown option \"-0\""),
	USAGE("{--l}", "unknown option \"--l\""),
	USAGE("-L {--ipv}", "unknown option \"--ipv\""),
	BARE("-L {-6}", ""),
};

static void commands(void **state)
{
	(void)state;
	run_all_argv(command_lines, COUNT(command_lines), NFPROTO_IPV4);
	run_all_argv(wrong_command_lines, COUNT(wrong_command_lines), NFPROTO_IPV4);
}

static const struct test rule_lines[] = {
	OK("-A x -ptcp -s1.2.3.4 -ieth0 -jACCEPT",
	   "A filter x | -s 1.2.3.4/32 -i eth0 -p tcp -j ACCEPT"),
	OK("-A x --protocol=tcp --jump=ACCEPT", "A filter x | -p tcp -j ACCEPT"),
	OK("-j ACCEPT -p tcp -A x -t nat", "A nat x | -p tcp -j ACCEPT"),
	OK("-A x ! -s 1.2.3.4 ! -d 10/8 ! -i a ! -o b+ ! -p udp ! -f",
	   "A filter x | ! -s 1.2.3.4/32 ! -d 10.0.0.0/8 ! -i a ! -o b+ ! -p udp ! -f"),
	OK("-A x --src 1.2.3.4 --dst 1.2.3.5", "A filter x | -s 1.2.3.4/32 -d 1.2.3.5/32"),
	OK("-A x --sou 1.2.3.4 --pr tcp", "A filter x | -s 1.2.3.4/32 -p tcp"),
	OK("-A x -g y", "A filter x | -g y"),
	OK("-A x -j y", "A filter x | -j y"),
	OK("-A x -j -foo", "A filter x | -j -foo"),
	OK("-A x -g ACCEPT", "A filter x | -g ACCEPT"),
	OK("-A x -g LOG", "A filter x | -g LOG"),
	OK("-A x -p all", "A filter x |"),
	OK("-A x -p 6", "A filter x | -p tcp"),
	OK("-A x -c 1 2", "A filter x | -c 1 2"),
	OK("-A x -c 1,2 -j DROP", "A filter x | -c 1 2 -j DROP"),
	OK("-A x -c 18446744073709551616 010", "A filter x | -c 18446744073709551615 10"),
	OK("-A x -w5 -w", "A filter x | +w0"),
	OK("-A x -w 7", "A filter x | +w7"),
	OK("-A x --wait=2 -W 5", "A filter x | +W +w2"),
	OK("-A x -w1.5", "A filter x | +w1"),
	OK("-A x -M /bin/true", "A filter x | +M"),
	OK("-A x -p tcp --dport 80", "A filter x | -p tcp -m tcp --dport 80"),
	OK("-A x -p tcp --dpor 80", "A filter x | -p tcp -m tcp --dport 80"),
	OK("-A x -p tcp --dport=80", "A filter x | -p tcp -m tcp --dport 80"),
	OK("-A x ! -p tcp --dport 80", "A filter x | ! -p tcp -m tcp --dport 80"),
	OK("-A x -m comment --comment a -p udp --sport 1:5",
	   "A filter x | -p udp -m comment --comment a -m udp --sport 1:5"),
	OK("-A x -m comment --comment a -m comment --comment b",
	   "A filter x | -m comment --comment a -m comment --comment b"),
	OK("-A x -m comment --comment -j -j DROP",
	   "A filter x | -m comment --comment -j -j DROP"),
	OK("-A x -p tcp --tcp-flags SYN,ACK SYN",
	   "A filter x | -p tcp -m tcp --tcp-flags SYN,ACK SYN"),
	OK("-A x -p tcp --tcp-flags=SYN SYN -j DROP",
	   "A filter x | -p tcp -m tcp --tcp-flags SYN SYN -j DROP"),
	OK("-A x -p tcp ! --dport 80 --sport 1",
	   "A filter x | -p tcp -m tcp --sport 1 ! --dport 80"),
	OK("-A x -j LOG --log-prefix a_b", "A filter x | -j LOG --log-prefix \"a b\""),
	OK("-A x -p tcp --destination 1.2.3.4", "A filter x | -d 1.2.3.4/32 -p tcp"),
};

static const struct test wrong_rule_lines[] = {
	USAGE("-A x -p tcp --dport 80 {--des} 1", "unknown option \"--des\""),
	USAGE("-A x {--dport} 80 -p tcp", "unknown option \"--dport\""),
	USAGE("-A x -p icmp {--dport} 80", "unknown option \"--dport\""),
	USAGE("-A x -p all {--dport} 80", "unknown option \"--dport\""),
	USAGE("-A x {--s} 1.2.3.4", "unknown option \"--s\""),
	USAGE("-A x -p tcp {--dport}", "option \"--dport\" requires an argument"),
	USAGE("-A x -p tcp {--tcp-flags}", "option \"--tcp-flags\" requires an argument"),
	USAGE("-A x -p tcp {--tcp-flags} SYN", "--tcp-flags requires two args."),
	USAGE("-A x -p tcp {--tcp-flags} SYN -j DROP", "--tcp-flags requires two args."),
	USAGE("-A x -p {tcpp}", "unknown protocol \"tcpp\" specified"),
	USAGE("-A x ! -p {all}", "rule would never match protocol"),
	USAGE("-A x -s 1.1.1.1 {-s} 1.2.3.5", "multiple --source options not allowed"),
	USAGE("-A x -s 1.1.1.1 {--src} 1.2.3.5", "multiple --source options not allowed"),
	USAGE("-A x -f {-f}", "multiple --fragments options not allowed"),
	USAGE("-A x -j DROP {-g} y", "multiple --jump options not allowed"),
	USAGE("-A x -c 1 2 {-c} 1 2", "multiple --set-counters options not allowed"),
	USAGE("-A x -c {1}", "--set-counters requires packet and byte counter"),
	USAGE("-A x -c {a} 1", "--set-counters packet counter not numeric"),
	USAGE("-A x -c 1 {b}", "--set-counters byte counter not numeric"),
	USAGE("-A x -c {1,b}", "--set-counters byte counter not numeric"),
	BARE("-A x -c 1,2 {3}", "Bad argument `3'"),
	USAGE("-C x {-c} 1 2", "Illegal option `--set-counters' with this command"),
	USAGE("-D x 1 {-s} 1.2.3.4", "Illegal option `--source' with this command"),
	USAGE("-L {-j} DROP", "Illegal option `--jump' with this command"),
	USAGE("-L {-g} x", "Illegal option `--jump' with this command"),
	USAGE("-A INPUT {-o} a", "Can't use --out-interface with INPUT"),
	USAGE("-A OUTPUT {-i} a", "Can't use --in-interface with OUTPUT"),
	USAGE("-t nat -D POSTROUTING {-i}a", "Can't use --in-interface with POSTROUTING"),
	USAGE("-A x {!} -j DROP", "cannot have ! before --jump"),
	USAGE("-A x {!} -g y", "cannot have ! before --jump"),
	USAGE("-A x {!} -m tcp", "unexpected ! flag before --match"),
	USAGE("-A x {!} -c 1 2", "cannot have ! before --set-counters"),
	USAGE("-A x ! {!} -s 1.2.3.4", "multiple consecutive ! not allowed"),
	BARE("-A x -s ! {1.2.3.4}", "Bad argument `1.2.3.4'"),
	USAGE("-A x -m {nosuch}",
	      "Couldn't load match `nosuch':No such file or directory\n"),
	USAGE("-A x -m {~}", "Couldn't load match `':No such file or directory\n"),
	USAGE("-A x -m {LOG}", "Couldn't load match `LOG':No such file or directory\n"),
	USAGE("-A x -m {abcdefghijklmnopqrstuvwxyz012}",
	      "Invalid match name \"abcdefghijklmnopqrstuvwxyz012\" (28 chars max)"),
	USAGE("-A x -m {comment}", "comment: option \"--comment\" must be specified\n"),
	USAGE("-m {comment}", "comment: option \"--comment\" must be specified\n"),
	USAGE("-A x -j {~}", "Invalid target name (too short)"),
	USAGE("-A x -j {a_b}", "Invalid target name `a b'"),
	USAGE("-A x -g {abcdefghijklmnopqrstuvwxyz012}",
	      "Invalid target name `abcdefghijklmnopqrstuvwxyz012' (28 chars max)"),
	USAGE("-t nat -A x -j {DROP}",
	      "\nThe \"nat\" table is not intended for filtering, the use of DROP is "
	      "therefore inhibited.\n\n"),
	USAGE("-A x -w {x}", "wait seconds not numeric"),
	USAGE("-A x -w{x}", "wait seconds not numeric"),
	USAGE("-A x -w -W {x}", "wait interval not numeric"),
	USAGE("-A x {-W} 5", "--wait-interval only makes sense with --wait\n"),
	USAGE("-A x {-W}", "wait interval value required"),
};

static void rules(void **state)
{
	(void)state;
	run_all_argv(rule_lines, COUNT(rule_lines), NFPROTO_IPV4);
	run_all_argv(wrong_rule_lines, COUNT(wrong_rule_lines), NFPROTO_IPV4);
}

static void addresses(void **state)
{
	static const struct test tests[] = {
		OK("-A x -s 1.2.3.4,5.6.7.8 -d 1.1.1.1,2.2.2.2",
		   "A filter x | -s 1.2.3.4/32 -d 1.1.1.1/32 | -s 1.2.3.4/32 -d 2.2.2.2/32"
		   " | -s 5.6.7.8/32 -d 1.1.1.1/32 | -s 5.6.7.8/32 -d 2.2.2.2/32"),
		OK("-D x -s 1.2.3.4,_5.6.7.8/16 -j DROP",
		   "D filter x | -s 1.2.3.4/32 -j DROP | -s 5.6.0.0/16 -j DROP"),
		OK("-A x -s 1.2.3.4,1.2.3.4", "A filter x | -s 1.2.3.4/32 | -s 1.2.3.4/32"),
		OK("-A x -s 1.2.3.4/255.255.0.255", "A filter x | -s 1.2.0.4/255.255.0.255"),
		OK("-A x -s 1.2.3.4/0", "A filter x |"),
		OK("-A x -s nohost.invalid/0", "A filter x |"),
		OK("-A x -s 10.1", "A filter x | -s 10.1.0.0/32"),
		OK("-A x -s 010.0x2.3.4/0x18", "A filter x | -s 8.2.3.0/24"),
		OK("-A x -s 16909060", "A filter x | -s 1.2.3.4/32"),
		USAGE("-A x ! -s {1.2.3.4,1.2.3.5}",
		      "! not allowed with multiple source or destination IP addresses"),
		USAGE("-A x ! -s 1.2.3.4 -d {1.1.1.1,2.2.2.2}",
		      "! not allowed with multiple source or destination IP addresses"),
		USAGE("-R x 1 -s {1.2.3.4,1.2.3.5}",
		      "Replacement rule does not specify a unique address"),
		USAGE("-A x -s 1.2.3.4,1.2.3.5,{1.2.3.256},1.2.3.4",
		      "host/network `1.2.3.256' not found"),
		USAGE("-A x -s 1.2.3.4,{}", "host/network `' not found"),
		USAGE("-A x --source={1.2.3.4.5}", "host/network `1.2.3.4.5' not found"),
		USAGE("-A x -s{=1.2.3.4}", "host/network `=1.2.3.4' not found"),
		USAGE("-A x -s {::1}", "host/network `::1' not found"),
		USAGE("-A x -s {1.2.3.4/33}", "invalid mask `33' specified"),
		USAGE("-A x -s {1.2.3.4/}", "invalid mask `' specified"),
		USAGE("-A x -s {1.2.3.4/255.255}", "invalid mask `255.255' specified"),
		USAGE("-A x -s {1.2.3.4/24/24}", "host/network `1.2.3.4/24' not found"),
		USAGE("-A x -s {1.2.3.4_}", "host/network `1.2.3.4 ' not found"),
	};

	(void)state;
	run_all_argv(tests, COUNT(tests), NFPROTO_IPV4);
}

static void ipv6(void **state)
{
	static const struct test tests[] = {
		OK("-A x -s ::1,fe80::/10", "A filter x | -s ::1/128 | -s fe80::/10"),
		OK("-A x -s ::1/ffff::", "A filter x | -s ::/16"),
		OK("-A x -p icmpv6 --icmpv6-type 128",
		   "A filter x | -p ipv6-icmp -m icmp6 --icmpv6-type 128"),
		OK("-6 -L", "L filter"),
		USAGE("-A x -s {1.2.3.4}", "host/network `1.2.3.4' not found"),
		USAGE("-A x -s {::1/129}", "invalid mask `129' specified"),
		USAGE("-A x -s {1::2::3}", "host/network `1::2::3' not found"),
		USAGE("-A x {-f}", "`-f' is not supported in IPv6, use -m frag instead"),
		USAGE("-A x -m {icmp}", "Couldn't load match `icmp':No such file or directory\n"),
		BARE("{-4} -L", ""),
	};

	(void)state;
	run_all_argv(tests, COUNT(tests), NFPROTO_IPV6);
}

/* ---- restore files ------------------------------------------------------------------------ */

struct log {
	struct rv_buf text;
	const char *only;
};

static int on_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip, void *arg,
		    struct rv_error *err)
{
	struct log *log = arg;

	(void)loc;
	(void)err;
	*skip = log->only && strcmp(log->only, def->name) != 0;
	rv_buf_printf(&log->text, "*%s\n", def->name);
	return 0;
}

static int on_command(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		      struct rv_error *err)
{
	struct log *log = arg;

	(void)err;
	show_command(&log->text, NFPROTO_IPV4, cmd);
	show_options(&log->text, opts);
	rv_buf_putc(&log->text, '\n');
	return 0;
}

static int on_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	struct log *log = arg;

	(void)loc;
	(void)err;
	rv_buf_puts(&log->text, "COMMIT\n");
	return 0;
}

static int on_comment(const char *text, size_t len, void *arg, struct rv_error *err)
{
	struct log *log = arg;

	(void)err;
	rv_buf_printf(&log->text, "<%.*s>\n", (int)len, text);
	return 0;
}

static int restore(const char *text, size_t len, struct log *log, bool counters,
		   struct rv_error *err)
{
	const struct rv_restore_sink sink = {
		.counters = counters, .table = on_table, .command = on_command,
		.commit = on_commit, .comment = on_comment, .arg = log,
	};
	/* exact size, for the sanitizers */
	char *copy = malloc(len ? len : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, text, len);
	rc = rv_parse_restore(copy, len, NFPROTO_IPV4, &sink, err);
	free(copy);
	return rc;
}

static void run_restore(const struct test *t, bool counters, const char *only)
{
	struct log log = { RV_BUF_INIT, only };
	struct rv_error err = { 0 };
	char text[1024];
	struct rv_loc loc;

	snprintf(text, sizeof(text), "%s", t->input);
	loc = take_braces(text);
	restore(text, strlen(text), &log, counters, &err);
	compare(t, rv_buf_text(&log.text), &err, &loc);
	rv_buf_free(&log.text);
}

/* Rules of table filter between "*filter" and "COMMIT". */
#define F(lines) "*filter\n" lines "\nCOMMIT\n"
#define FOK(lines, out) OK(F(lines), "*filter\n" out "COMMIT\n")
#define STRAY(input, error) { input, NULL, error, RV_ERR_RESTORE }

static const struct test files_right[] = {
	OK("", ""),
	OK("\n#foo\n\n", "<>\n<#foo>\n<>\n"),
	OK("*filter\nCOMMIT", "*filter\nCOMMIT\n"),
	OK("*filter\nCOMMIT\n*nat\nCOMMIT\n*filter\nCOMMIT\n",
	   "*filter\nCOMMIT\n*nat\nCOMMIT\n*filter\nCOMMIT\n"),
	OK("* filter x\t\nCOMMIT\n", "*filter\nCOMMIT\n"),
	FOK("\n#x", "<>\n<#x>\n"),
	FOK(" -A INPUT\n\t-A  INPUT\t-j   ACCEPT ",
	    "A filter INPUT |\nA filter INPUT | -j ACCEPT\n"),
	FOK(":INPUT DROP [5:6]", ": filter INPUT DROP=2\n"),
	FOK(":INPUT DROP", ": filter INPUT DROP=2\n"),
	FOK(":INPUT - [5:6", ": filter INPUT\n"),
	FOK(":foo ACCEPT [x", ": filter foo\n"),
	FOK(": foo - [0:0] x y", ": filter foo\n"),
	FOK(":LOG -", ": filter LOG\n"),
	FOK(":\"a -", ": filter \"a\n"),
	FOK(":INPUT foo", ": filter INPUT foo=0\n"),
	FOK("[1:2] -A INPUT", "A filter INPUT |\n"),
	FOK("[1:2]-A INPUT", "A filter INPUT |\n"),
	FOK("[a:b] -A INPUT -c 3 4", "A filter INPUT | -c 3 4\n"),
	FOK("-4 -A INPUT\n-A INPUT -6 --bogus\n--ipv6 foo\n-A OUTPUT",
	    "A filter INPUT |\nA filter OUTPUT |\n"),
	FOK("-L", "L filter\n"),
	FOK("-V foo", "0  +V\n"),
	FOK("-P INPUT DROP\n-N x\n-X\n-Z\n-F x\n-E a b\n-D INPUT 3",
	    "P filter INPUT DROP=2\nN filter x\nX filter\nZ filter\nF filter x\n"
	    "E filter a to b\nD filter INPUT 3\n"),
	FOK("-A x -s 1.2.3.4,1.2.3.5", "A filter x | -s 1.2.3.4/32 | -s 1.2.3.5/32\n"),
	FOK("-A x -p tcp --dport 1\n-A x -p tcp --sport 2",
	    "A filter x | -p tcp -m tcp --dport 1\nA filter x | -p tcp -m tcp --sport 2\n"),
};

static const struct test files_wrong[] = {
	STRAY("{-}A INPUT\n", "line 1 failed"),
	STRAY("\n{C}OMMIT\n", "line 2 failed"),
	STRAY("{ }\n", "line 1 failed"),
	STRAY("{:}foo - [0:0]\n", "line 1 failed"),
	STRAY("{ }*filter\n", "line 1 failed"),
	STRAY("*filter\nCOMMIT\n{C}OMMIT\n", "line 3 failed"),
	STRAY("*filter\n{}", "COMMIT expected at line 2"),
	STRAY("*filter\n-A INPUT\n{}", "COMMIT expected at line 3"),
	USAGE("*{foo}\nCOMMIT\n", "iptables-restore: line 1 table name 'foo' invalid"),
	USAGE("*{filter\r}\n", "iptables-restore: line 1 table name 'filter\r' invalid"),
	BARE("*filter\n{*nat}\nCOMMIT\n", "Bad argument `*nat'"),
	BARE("*filter\n-A INPUT\n{COMMIT} \n", "Bad argument `COMMIT'"),
	BARE("*filter\n{COMMITx}\n", "Bad argument `COMMITx'"),
	BARE("*filter\n {COMMIT}\n", "Bad argument `COMMIT'"),
	BARE("*filter\n{Commit}\n", "Bad argument `Commit'"),
	BARE("*filter\n {#} foo\n", "Bad argument `#'"),
	BARE("*filter\n-A INPUT {#}\n", "Bad argument `#'"),
	BARE("*filter\n {:foo} - [0:0]\n", "Bad argument `:foo'"),
	BARE("*filter\n {[1:2]} -A INPUT\n", "Bad argument `[1:2]'"),
	BARE("*filter\n{\r}\n", "Bad argument `\r'"),
	USAGE("*filter\n:{foo}\n", "iptables-restore: line 2 policy invalid"),
	USAGE("*filter\n:{-foo} -\n", "chain name not allowed to start with `-'"),
	USAGE("*filter\n:{ACCEPT} -\n", "chain name may not clash with target name"),
	USAGE("*filter\n:{abcdefghijklmnopqrstuvwxyz012} -\n",
	      "chain name `abcdefghijklmnopqrstuvwxyz012' too long (must be under 29 chars)"),
	USAGE("*filter\n:INPUT DROP {5:6}\n", "invalid policy counters for chain 'INPUT'"),
	USAGE("*filter\n:INPUT DROP {[5]}\n", "invalid policy counters for chain 'INPUT'"),
	USAGE("*filter\n:INPUT DROP {[5} :6]\n",
	      "invalid policy counters for chain 'INPUT'"),
	USAGE("*filter\n{[1:2}\n", "Bad line 2: need ]"),
	USAGE("*filter\n{[1}] -A INPUT\n", "Bad line 2: need ]"),
	USAGE("*filter\n{[}:1] -A INPUT\n", "Bad line 2: need ]"),
	USAGE("*filter\n-A INPUT {-t} nat\n",
	      "The -t option cannot be used in iptables-restore.\n"),
	USAGE("*filter\n-A INPUT {--tab=}nat\n",
	      "The -t option cannot be used in iptables-restore.\n"),
	USAGE("*filter\n {}\n", "no command specified"),
	USAGE("*filter\n-j DROP{}\n", "no command specified"),
	USAGE("{*}\n", "iptables-restore: line 1 table name invalid"),
	USAGE("*filter\n{:}\n", "iptables-restore: line 2 chain name invalid"),
	USAGE("*filter\n-A INPUT {-w}\n", "You cannot use `-w' from iptables-restore"),
	USAGE("*filter\n-A INPUT {-W} 5\n", "You cannot use `-W' from iptables-restore"),
	USAGE("*filter\n-A INPUT\n-A INPUT {--bogus}\n", "unknown option \"--bogus\""),
	USAGE("*filter\n-A INPUT {--dport} 80\n", "unknown option \"--dport\""),
	USAGE("*filter\n-A INPUT -s {x.invalid/33}\n", "invalid mask `33' specified"),
};

static void files(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files_right); i++)
		run_restore(&files_right[i], false, NULL);
	for (size_t i = 0; i < COUNT(files_wrong); i++)
		run_restore(&files_wrong[i], false, NULL);
}

static void counters(void **state)
{
	static const struct test tests[] = {
		FOK("[1:2] -A x", "A filter x | -c 1 2\n"),
		FOK("[1:2] -A x -s 1.1.1.1,1.1.1.2",
		    "A filter x | -s 1.1.1.1/32 -c 1 2 | -s 1.1.1.2/32 -c 1 2\n"),
		FOK("[99999999999999999999:010] -I x", "I filter x | -c 18446744073709551615 10\n"),
		FOK(":INPUT DROP [5:6]", ": filter INPUT DROP=2 [5:6]\n"),
		FOK(":INPUT - [5:6x", ": filter INPUT [5:6]\n"),
		FOK("[1:2] -P INPUT DROP", "P filter INPUT DROP=2 [1:2]\n"),
		FOK("-A x", "A filter x |\n"),
		USAGE("*filter\n{[a:b]} -A x\n", "--set-counters packet counter not numeric"),
		USAGE("*filter\n[1:2] -A x {-c} 3 4\n",
		      "multiple --set-counters options not allowed"),
		USAGE("*filter\n:{INPUT} DROP\n", "invalid policy counters for chain 'INPUT'"),
		USAGE("*filter\n:INPUT DROP {[0x5:6]}\n",
		      "invalid policy counters for chain 'INPUT'"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tests); i++)
		run_restore(&tests[i], true, NULL);
}

static void only_one_table(void **state)
{
	static const struct test tests[] = {
		OK("*filter\nfoo\n:\n\n#x\nCOMMIT\nbar\n*nat\n-A x\nCOMMIT\n",
		   "*filter\n*nat\nA nat x |\nCOMMIT\n"),
		OK("*filter\nfoo\n*nat\nCOMMIT\n", "*filter\n*nat\nCOMMIT\n"),
		OK("*filter\nfoo\n", "*filter\n"),
		STRAY("{C}OMMIT\n", "line 1 failed"),
		USAGE("*{foo}\n", "iptables-restore: line 1 table name 'foo' invalid"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tests); i++)
		run_restore(&tests[i], false, "nat");
}

/* Comments of "-A x -m comment --comment WORD" as the kernel would receive them. */
static void quotes(void **state)
{
	static const struct test tests[] = {
		FOK("-A x -m comment --comment \"a b\"",
		    "A filter x | -m comment --comment \"a b\"\n"),
		FOK("-A x -m comment --comment \"a\\\"b\"",
		    "A filter x | -m comment --comment \"a\\\"b\"\n"),
		FOK("-A x -m comment --comment \"a\\nb\"",
		    "A filter x | -m comment --comment anb\n"),
		FOK("-A x -m comment --comment a\\b",
		    "A filter x | -m comment --comment \"a\\\\b\"\n"),
		FOK("-A x -m comment --comment a\"b c\" -j DROP",
		    "A filter x | -m comment --comment \"ab c\" -j DROP\n"),
		FOK("-A x -m comment --comment \"\" -j DROP",
		    "A filter x | -m comment --comment \"\" -j DROP\n"),
		FOK("-A x -m comment --comment \"-j\" -j DROP",
		    "A filter x | -m comment --comment -j -j DROP\n"),
		FOK("-A x -m comment --comment \"a b\"-j DROP",
		    "A filter x | -m comment --comment \"a b\" -j DROP\n"),
		FOK("\"-A\" \"x\" \"!\" -s 1.2.3.4", "A filter x | ! -s 1.2.3.4/32\n"),
		/* An unclosed quote ends with its line. */
		FOK("-A x -m comment --comment \"a -j DROP",
		    "A filter x | -m comment --comment \"a -j DROP\"\n"),
		FOK("-A x -m comment --comment \"a\\", "A filter x | -m comment --comment a\n"),
		BARE("*filter\n-A x -m comment --comment \"a\"{b}\n", "Bad argument `b'"),
		BARE("*filter\n-A x -m comment --comment a\"b c\"{d}\n", "Bad argument `d'"),
		BARE("*filter\n-A x -m comment --comment \"a\" {\"b\"}\n", "Bad argument `b'"),
		BARE("*filter\n-A x -m comment --comment 'a {b'}\n", "Bad argument `b''"),
		BARE("*filter\n-A x -m comment --comment a\\ {b}\n", "Bad argument `b'"),
		BARE("*filter\n{\"\"}\n", "Bad argument `'"),
		USAGE("*filter\n-A x -m {\"no such\"}\n",
		      "Couldn't load match `no such':No such file or directory\n"),
		USAGE("*filter\n-A x -m comment {--comment}",
		      "option \"--comment\" requires an argument"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tests); i++)
		run_restore(&tests[i], false, NULL);
}

/* Inputs that text with braces cannot express: NUL bytes and long inputs. */
static void fails(const char *text, size_t len, const char *error, uint32_t line, uint32_t first,
		  uint32_t end)
{
	struct log log = { RV_BUF_INIT, NULL };
	struct rv_error err = { 0 };

	assert_int_equal(restore(text, len, &log, false, &err), -1);
	assert_string_equal(err.text, error);
	assert_int_equal(err.loc.line, line);
	assert_int_equal(err.loc.first, first);
	assert_int_equal(err.loc.end, end);
	rv_buf_free(&log.text);
}

static void nul_bytes_are_refused(void **state)
{
	static const char in_rule[] = "*filter\n-A INPUT -j ACC\0EPT\nCOMMIT\n";
	static const char at_front[] = "*filter\n\0-A INPUT\nCOMMIT\n";
	static const char behind_commit[] = "*filter\nCOMMIT\0\n";
	static const char in_table[] = "*fil\0ter\nCOMMIT\n";

	(void)state;
	fails(in_rule, sizeof(in_rule) - 1, "Bad line 2: NUL byte", 2, 15, 16);
	fails(at_front, sizeof(at_front) - 1, "Bad line 2: NUL byte", 2, 0, 1);
	fails(behind_commit, sizeof(behind_commit) - 1, "Bad line 2: NUL byte", 2, 6, 7);
	fails(in_table, sizeof(in_table) - 1, "Bad line 1: NUL byte", 1, 4, 5);
}

static char *long_line(const char *before, char fill, size_t n, const char *after, size_t *len)
{
	size_t b = strlen(before), a = strlen(after);
	char *text = malloc(b + n + a);

	assert_non_null(text);
	memcpy(text, before, b);
	memset(text + b, fill, n);
	memcpy(text + b + n, after, a);
	*len = b + n + a;
	return text;
}

static void long_lines_are_read(void **state)
{
	const size_t n = 1 << 20;
	struct log log = { RV_BUF_INIT, NULL };
	struct rv_error err = { 0 };
	size_t len;
	char *text;

	(void)state;
	text = long_line("*filter\n-A x", ' ', n, "-j DROP\nCOMMIT\n", &len);
	assert_int_equal(restore(text, len, &log, false, &err), 0);
	assert_string_equal(rv_buf_text(&log.text), "*filter\nA filter x | -j DROP\nCOMMIT\n");
	rv_buf_free(&log.text);
	free(text);
	text = long_line("*filter\n-A x -m comment --comment ", 'a', n, "\nCOMMIT\n", &len);
	fails(text, len, "Parameter too long!", 2, 26, 26 + n);
	free(text);
	text = long_line("*filter\n-A x -m comment --comment \"", 'a', 1024, "\"\nCOMMIT\n", &len);
	fails(text, len, "Parameter too long!", 2, 26, 26 + 1026);
	free(text);
}

static void too_many_rules_are_refused(void **state)
{
	char list[601], program[] = "iptables", append[] = "-A", chain[] = "x";
	char source[] = "-s", destination[] = "-d";
	char *argv[] = { program, append, chain, source, list, destination, list };
	struct rv_error err = { 0 };
	struct rv_options opts;
	struct rv_command cmd;

	(void)state;
	for (size_t i = 0; i < sizeof(list) - 1; i++)
		list[i] = i % 2 ? ',' : '1';
	list[sizeof(list) - 2] = '\0';
	rv_command_init(&cmd);
	assert_int_equal(rv_parse_argv(COUNT(argv), argv, NFPROTO_IPV4, &cmd, &opts, &err), -1);
	assert_string_equal(err.text, "more than 65536 pairs of addresses");
	rv_command_clear(&cmd);
}

static void sources_are_shown(void **state)
{
	static char program[] = "iptables", a[] = "-A", b[] = "a b";
	char *argv[] = { program, a, b };
	static const char text[] = "first\n\nthird";
	struct rv_buf buf = RV_BUF_INIT;

	(void)state;
	rv_source_argv(&buf, 3, argv);
	assert_string_equal(rv_buf_text(&buf), "iptables -A a b");
	rv_buf_reset(&buf);
	for (uint32_t line = 1; line < 6; line++) {
		rv_source_line(&buf, text, sizeof(text) - 1, line);
		rv_buf_putc(&buf, '|');
	}
	assert_string_equal(rv_buf_text(&buf), "first||third|||");
	rv_buf_free(&buf);
}

/* Ambiguous rows would be unreachable, as in getopt_long(3). */
static void words_of_the_core_are_unique(void **state)
{
	const struct rv_core_option *a, *b;

	(void)state;
	for (a = rv_core_options; a->name; a++) {
		assert_non_null(a->run);
		assert_non_null(a->help);
		assert_int_equal(a->arity != RV_ARGS_NONE, a->arg != NULL);
		for (b = a + 1; b->name; b++) {
			assert_string_not_equal(a->name, b->name);
			assert_false(a->letter && a->letter == b->letter);
		}
		for (const struct rv_option *o = rv_ext_ip.options; o->name; o++) {
			assert_string_not_equal(a->name, o->name);
			assert_false(o->letter && a->letter == o->letter);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(rules),
		cmocka_unit_test(addresses),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(files),
		cmocka_unit_test(counters),
		cmocka_unit_test(only_one_table),
		cmocka_unit_test(quotes),
		cmocka_unit_test(nul_bytes_are_refused),
		cmocka_unit_test(long_lines_are_read),
		cmocka_unit_test(too_many_rules_are_refused),
		cmocka_unit_test(sources_are_shown),
		cmocka_unit_test(words_of_the_core_are_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
