/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multi-call binary: the name it is called by, or the first argument, selects the program. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/programs.h"
#include "commit.h"

/* __VERSION__ of clang starts with its name. */
#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

static int usage(FILE *to, int code)
{
	const struct rv_backend *const *b;
	const struct rv_program *p;

	fputs("Usage: ravelin [--backend NAME[:ARG]] PROGRAM [ARGUMENTS]\n"
	      "       ravelin --version | --help\n\nPrograms:\n", to);
	for (p = rv_programs; p->name; p++)
		if (p->help)
			fprintf(to, "  %-28s %s\n", p->name, p->help);
	fputs("\nBackends (or in $RAVELIN_BACKEND):", to);
	for (b = rv_backends; *b; b++)
		fprintf(to, " %s%s", (*b)->name, b == rv_backends ? " (default)" : "");
	fputs("\n  file:PATH uses an iptables-save file; needs neither root nor the kernel.\n", to);
	return code;
}

static int version(void)
{
	printf("ravelin %s (%s%s, " COMPILER "), speaks iptables %s\n", RAVELIN_VERSION,
	       *RAVELIN_COMMIT ? "commit " : "no commit", RAVELIN_COMMIT, RV_STOCK_VERSION);
	return RV_EXIT_OK;
}

/* Parses the arguments before the program name. Returns its index, or the exit code in *code. */
static int own_options(int argc, char **argv, const char **spec, int *code)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0) {
			*code = version();
			return 0;
		}
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			*code = usage(stdout, RV_EXIT_OK);
			return 0;
		}
		if (strncmp(argv[i], "--backend=", 10) == 0) {
			*spec = argv[i] + 10;
		} else if (strcmp(argv[i], "--backend") == 0 && i + 1 < argc) {
			*spec = argv[++i];
		} else {
			rv_cli_message("ravelin: unknown option or missing argument: %s", argv[i]);
			*code = usage(stderr, RV_EXIT_PARAMETER);
			return 0;
		}
	}
	return i;
}

/*
 * Opens descriptors 0 to 2, so that no other file gets these numbers. A closed stdin remains
 * unreadable and a closed stdout unwritable. Ignores SIGXFSZ, so that the file size limit is a
 * write error.
 */
static void prepare(void)
{
	int fd;

	do
		fd = open("/dev/null", (fcntl(STDIN_FILENO, F_GETFD) < 0 ? O_WRONLY : O_RDONLY) |
					       O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	signal(SIGXFSZ, SIG_IGN);
}

/* Callers of iptables-legacy expect the legacy tables and must not get nf_tables ones. */
static bool is_legacy(const char *path)
{
	return strstr(basename(path), "tables-legacy") != NULL;
}

static int refuse_legacy(const char *path)
{
	fprintf(stderr, "ravelin: %s is not included: Ravelin does not access the tables of "
		"iptables-legacy, which only that program can list and change\n",
		basename(path));
	return RV_EXIT_VERSION;
}

static int run_program(int argc, char **argv)
{
	const char *env = getenv("RAVELIN_BACKEND");
	const char *spec = env && *env ? env : NULL;
	const struct rv_program *p = argc > 0 ? rv_program_find(rv_programs, argv[0], &spec) : NULL;
	struct rv_cli cli = { 0 };
	int at = 0, code = RV_EXIT_PARAMETER;

	prepare();
	if (argc > 0 && is_legacy(argv[0]))
		return refuse_legacy(argv[0]);
	if (!p) {
		at = own_options(argc, argv, &spec, &code);
		if (at == 0)
			return code;
		if (at >= argc)
			return usage(stderr, RV_EXIT_PARAMETER);
		p = rv_program_find(rv_programs, argv[at], &spec);
		if (!p && is_legacy(argv[at]))
			return refuse_legacy(argv[at]);
		if (!p) {
			rv_cli_message("ravelin: unknown program: %s", argv[at]);
			return usage(stderr, RV_EXIT_PARAMETER);
		}
	}
	/*
	 * Like iptables: -save and -restore print the name they were called by, iptables does not.
	 */
	cli.programs = rv_programs;
	cli.program = p;
	cli.name = p->run == rv_cli_iptables ? p->name : basename(argv[at]);
	cli.family = p->family;
	cli.restore = p->reads & RV_RESTORE_INPUT;
	cli.spec = spec;
	cli.argc = argc - at;
	cli.argv = argv + at;
	return p->run(&cli);
}

/* Like iptables: setuid execution is unsafe under any name, so no argument is looked at. */
#define EXIT_SETUID 111

int main(int argc, char **argv)
{
	if (getuid() != geteuid())
		_exit(EXIT_SETUID);
	return run_program(argc, argv);
}
