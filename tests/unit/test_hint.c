/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hints for random lines: none may crash, and proposals differ from the input. */
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/hint/hint.h"
#include "cli/programs.h"

#define LINES 1500
#define MAX_WORDS 12

static const char *const words[] = {
	"-A", "-I", "-D", "-N", "-P", "-F", "-X", "-L", "-E", "-R", "-t", "-p", "-s", "-d", "-m", "-j",
	"-g", "-i", "-o", "-c", "-n", "--dport", "--dports", "--sport=1", "--ctstate", "--to-source",
	"--comment", "--limit", "--match-set", "--tcp-flags", "--icmp-type", "--reject-with", "--jmp",
	"--nosuch", "--", "-", "", "!", "!-s", "-dport", "INPUT", "OUTPUT", "PREROUTING", "web", "nat",
	"filter", "NAT", "tcp", "udp", "icmp", "tcpp", "multiport", "conntrack", "ACCEPT", "drop",
	"DNAT", "MASQUERADE", "REJECT", "LOG", "10.0.0.1", "10.0.0.1/8", "fd00::1", "10.0.0.1:80",
	"1.1.1.1-1.1.1.9", "22", "22,80", "80-90", "90:80", "0", "7", "NEW,", "ESTABLISHED", "'a", "b'",
	"\"", "#", ",", "/", ":", "=", "--=", "-=x", "\xe2\x80\x93", "\xe2\x80\x9cx", "y\xe2\x80\x9d",
	("\xe2\x80\x93\xe2\x80\x93" "dport"), "\xc2\xa0", "\xef\xbb\xbf", "\xff\xfe", "iptables", "sudo",
	"COMMIT", "*nat", ":web", "[1:2]", "[", "--set-mark", "echo-requst", "src", "x\\", "a b",
};

/* Avoids DNS queries. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **list)
{
	return EAI_NONAME;
}

static unsigned int next;

static unsigned int below(unsigned int n)
{
	next = next * 1103515245 + 12345;
	return (next >> 16) % n;
}

static const char *word(void)
{
	return words[below(sizeof(words) / sizeof(*words))];
}

/* A hint consists of complete lines and does not propose the input. */
static void check_hint(const struct rv_cli *cli, const struct rv_error *err)
{
	struct rv_buf hint = RV_BUF_INIT, line = RV_BUF_INIT;
	struct rv_loc loc = err->loc;
	const char *at;

	rv_cli_hint(cli, err, &loc, &hint);
	assert_true(rv_buf_ok(&hint));
	assert_true(loc.first <= loc.end);
	at = hint.len ? strstr(rv_buf_text(&hint), "try:  ") : NULL;
	if (at && !cli->text) {
		rv_source_argv(&line, cli->argc, cli->argv);
		rv_buf_putc(&line, '\n');
		assert_string_not_equal(at + strlen("try:  "), rv_buf_text(&line));
	}
	if (hint.len)
		assert_int_equal(hint.data[hint.len - 1], '\n');
	rv_buf_free(&line);
	rv_buf_free(&hint);
}

static void test_command_lines(void **state)
{
	const char *spec = NULL;
	unsigned int failed = 0;

	for (unsigned int i = 0; i < LINES; i++) {
		bool six = below(4) == 0;
		char program[16], *argv[MAX_WORDS + 2] = { program };
		struct rv_cli cli = { .program = rv_program_find(rv_programs, six ? "ip6tables" : "iptables", &spec),
				      .family = six ? NFPROTO_IPV6 : NFPROTO_IPV4, .spec = *state,
				      .name = six ? "ip6tables" : "iptables", .argv = argv, .argc = 1 };
		struct rv_error err = { 0 };
		struct rv_command cmd;
		struct rv_options opts;

		strcpy(program, cli.name);
		for (unsigned int n = below(MAX_WORDS + 1); n; n--)
			argv[cli.argc++] = (char *)(uintptr_t)word();
		rv_command_init(&cmd);
		if (rv_parse_argv(cli.argc, argv, cli.family, &cmd, &opts, &err)) {
			failed++;
			check_hint(&cli, &err);
		}
		rv_command_clear(&cmd);
	}
	assert_true(failed > LINES / 2);
}

static int on_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip, void *arg,
		    struct rv_error *err)
{
	return 0;
}

static int on_command(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		      struct rv_error *err)
{
	return 0;
}

static int on_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	return 0;
}

static void test_files(void **state)
{
	static const char *const heads[] = { "*filter\n", "*nat\n:web - [0:0]\n", "", "*filter\r\n", "*fltr\n",
					     "\xef\xbb\xbf*filter\n", "#!/bin/sh\n" };
	const struct rv_restore_sink sink = { .table = on_table, .command = on_command,
					      .commit = on_commit };
	const char *spec = NULL;
	unsigned int failed = 0;

	for (unsigned int i = 0; i < LINES; i++) {
		struct rv_cli cli = { .program = rv_program_find(rv_programs, "iptables-restore", &spec), .spec = *state,
				      .family = NFPROTO_IPV4, .name = "iptables-restore", .restore = true };
		struct rv_error err = { 0 };
		struct rv_buf text = RV_BUF_INIT;

		rv_buf_puts(&text, heads[below(sizeof(heads) / sizeof(*heads))]);
		for (unsigned int lines = below(4); lines; lines--) {
			rv_buf_puts(&text, below(3) ? "-A INPUT" : "");
			for (unsigned int n = below(MAX_WORDS); n; n--)
				rv_buf_printf(&text, " %s", word());
			rv_buf_puts(&text, below(6) ? "\n" : "\r\n");
		}
		rv_buf_puts(&text, below(3) ? "COMMIT\n" : below(2) ? "" : "COMMIT\nCOMMIT\n");
		cli.text = rv_buf_text(&text);
		cli.len = text.len;
		if (rv_parse_restore(cli.text, cli.len, cli.family, &sink, &err)) {
			failed++;
			check_hint(&cli, &err);
		}
		rv_buf_free(&text);
	}
	assert_true(failed > LINES / 2);
}

static int make_file(void **state)
{
	static char spec[] = "file:/tmp/rv-hint-XXXXXX";
	int fd = mkstemp(spec + strlen("file:"));

	*state = spec;
	return fd < 0 || close(fd) ? -1 : 0;
}

static int remove_file(void **state)
{
	return unlink((char *)*state + strlen("file:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_lines),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
