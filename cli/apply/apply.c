/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables-apply and ip6tables-apply: loads rules and rolls them back unless confirmed. This
 * process asks the user; the rollback daemon (cli/apply/rollback_daemon.c) changes the rules and rolls
 * them back even if this process dies. If the daemon is killed, this process rolls back. Messages
 * and exit codes are those of iptables' script.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <ravelin/io.h>

#include "backend/file/replace.h"
#include "cli/apply/meaning.h"
#include "cli/flags.h"
#include "cli/apply/rollback_daemon.h"

/* Exit codes of iptables' script. */
enum {
	EXIT_TIMEOUT_ARGUMENT = 1,
	EXIT_NO_RULESFILE = 2,
	EXIT_NO_SAVE = 4,
	EXIT_NOT_APPLIED = 5,
	EXIT_NO_COMMAND = 6,
	EXIT_COMMAND_FAILED = 7,
	EXIT_SAVEFILE = 8,
	EXIT_NOT_WRITTEN = 9,
	EXIT_REVERTED = 255,
};

#define DEFAULT_TIMEOUT 10
#define MOST_SECONDS (366 * 24 * 3600)

/* time a writer of the savefile waits for another, ms */
#define PATIENCE_MS 10000

struct apply {
	struct rv_cli *cli;
	bool run, version, help;	/* -c, -V, -h */
	bool quick, meaning;		/* --no-meaning, --meaning */
	const char *seconds;		/* argument of -t */
	const char *save;		/* -w; NULL: not given */
	char path[64], save_path[64];	/* defaults of file and save */
	const char *file;		/* rules to load, or the command to run */
	unsigned int timeout;
	struct rv_buf rules;
	struct rv_image before;
	struct rv_pending pending;
	int watcher;			/* socket to the rollback daemon */
	pid_t pid;
	bool deaf;			/* end of file on stdin */
};

#define AT(field) RV_FLAG_AT(struct apply, field)

const struct rv_flag rv_apply_flags[] = {
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "load IPv4 rules (default of ravelin apply)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "load IPv6 rules" },
	{ 't', "timeout", RV_FLAG_ARG, "SECONDS", "seconds to wait for confirmation (default 10)", AT(seconds) },
	{ 'w', "write", RV_FLAG_ARG, "FILE", "save the rules there after confirmation", AT(save) },
	{ 'c', "command", RV_FLAG_PLAIN, NULL, "run a program that changes the rules instead of loading a file", AT(run) },
	{ 'm', "meaning", RV_FLAG_PLAIN, NULL, "show what traffic the rules open and close (default at a terminal)", AT(meaning) },
	{ 'n', "no-meaning", RV_FLAG_PLAIN, NULL, "do not show it", AT(quick) },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

/* ---- options -------------------------------------------------------------------------- */

static int complain(int code, const char *what, const char *name)
{
	rv_cli_message("Error: %s%s%s", what, name ? ": " : "", name ? name : "");
	return code;
}

static bool get_seconds(const char *text, unsigned int *n)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	*n = (unsigned int)value;
	return !errno && !*end && value <= MOST_SECONDS;
}

static int check_savefile(const struct apply *a)
{
	struct stat st;

	if (!a->save || stat(a->save, &st) < 0)
		return 0;
	if (S_ISREG(st.st_mode) && access(a->save, W_OK) == 0)
		return 0;
	return complain(EXIT_SAVEFILE, "savefile not writable", a->save);
}

static int read_rules(struct apply *a)
{
	int fd = open(a->file, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return complain(EXIT_NO_RULESFILE, "rulesfile not readable", a->file);
	rc = rv_read_all(fd, &a->rules);
	close(fd);
	if (rc < 0 || !rv_buf_ok(&a->rules))
		return complain(EXIT_NO_RULESFILE, "rulesfile not readable", a->file);
	a->cli->text = a->rules.data ? a->rules.data : "";
	a->cli->len = a->rules.len;
	return 0;
}

static int check_command(const struct apply *a)
{
	struct stat st;

	if (stat(a->file, &st) == 0 && S_ISREG(st.st_mode) && access(a->file, X_OK) == 0)
		return 0;
	return complain(EXIT_NO_COMMAND, "runcmd not executable", a->file);
}

static int check_arguments(struct apply *a, const char *file)
{
	int rc;

	if (!a->seconds)
		a->timeout = DEFAULT_TIMEOUT;
	else if (!get_seconds(a->seconds, &a->timeout))
		return complain(EXIT_TIMEOUT_ARGUMENT, "timeout must be a positive number", NULL);
	rc = check_savefile(a);
	if (rc)
		return rc;
	snprintf(a->path, sizeof(a->path), "/etc/network/%s.up.%s",
		 rv_family(a->cli->family)->tool,
		 a->run ? "run" : "rules");
	a->file = file && *file ? file : a->path;
	return a->run ? check_command(a) : read_rules(a);
}

/* ---- before the change ------------------------------------------------------------------ */

/* Reports that another apply is waiting for confirmation. Returns -1. */
static int taken(enum rv_error_kind kind, const char *text, struct rv_error *err)
{
	rv_fail(err, kind, NULL, "%s", text);
	return rv_hint(err, "\"ravelin confirm\" keeps its rules, \"ravelin revert\" undoes them");
}

/* Returns 0; 1: another apply is waiting; -1: error. */
static int check_place(struct apply *a, struct rv_error *err)
{
	int rc = rv_pending_open(&a->pending, true, err);

	if (rc == 0)
		rc = rv_pending_lock(&a->pending, err);
	if (rc == 1)
		taken(RV_ERR_RESOURCE, "another iptables-apply is waiting for confirmation in this "
		      "network namespace", err);
	if (rc == 0 && a->pending.stale) {
		taken(RV_ERR_STATE, "an earlier iptables-apply was killed before its rules were "
		      "confirmed", err);
		return 1;
	}
	return rc;
}

/* On success, everything a rollback needs is in memory and in the state file. */
static int prepare(struct apply *a)
{
	struct rv_error err = { 0 };
	int rc = rv_image_init(&a->before, a->cli->spec, &err);

	if (rc < 0)
		return rv_cli_error(a->cli, &err);
	rc = check_place(a, &err);
	if (rc == 0) {
		rc = rv_rollback_prepare(&a->before, a->cli->spec, &err);
		if (rc == 0)
			rc = rv_pending_write(&a->pending, a->cli->spec, &a->before.bytes, &err);
		if (rc < 0)
			rv_pending_remove(&a->pending);
	}
	if (rc == 0)
		return 0;
	rv_cli_error(a->cli, &err);
	if (rc < 0)
		complain(EXIT_NO_SAVE, "unknown error saving old iptables rules", NULL);
	return EXIT_NO_SAVE;
}

/* The daemon is forked and has its own copy of *a. */
static int start_watcher(struct apply *a)
{
	int pair[2], listener = rv_pending_listen(&a->pending);
	struct rv_watch w = {
		.cli = a->cli, .command = a->run ? a->file : NULL, .timeout = a->timeout,
		.pending = &a->pending, .before = &a->before, .listener = listener,
	};

	if (listener < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	a->pid = fork();
	if (a->pid == 0) {
		close(pair[0]);
		w.parent = pair[1];
		_exit(rv_watch_run(&w));
	}
	close(pair[1]);
	close(listener);
	a->watcher = pair[0];
	return a->pid < 0 ? -1 : 0;
}

/* ---- the question --------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* Signals count as "no"; without SA_RESTART they interrupt the wait. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction sa = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaction(numbers[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void print_stdout(const char *text)
{
	const struct rv_buf b = { .data = (char *)text, .len = strlen(text) };
	struct rv_buf safe = RV_BUF_INIT;

	if (rv_cli_for_terminal(STDOUT_FILENO, &b, &safe))
		fwrite(safe.data, 1, safe.len, stdout);
	else
		fputs(text, stdout);
	fflush(stdout);
	rv_buf_free(&safe);
}

/* before 'name'... */
static void print_name(const char *before, const char *name)
{
	struct rv_buf b = RV_BUF_INIT;

	rv_buf_printf(&b, "%s '%s'...", before, name);
	print_stdout(rv_buf_text(&b) ? b.data : before);
	rv_buf_free(&b);
}

/* Next message of the daemon; 0: it died. */
static int hear(const struct apply *a)
{
	char c;
	ssize_t n;

	do
		n = recv(a->watcher, &c, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 1 ? c : 0;
}

/* Disables line buffering of the terminal. Returns whether it must be restored. */
static bool read_keys_at_once(struct termios *old)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, old) < 0)
		return false;
	now = *old;
	now.c_lflag &= ~(tcflag_t)ICANON;
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &now) == 0;
}

/*
 * Without a terminal, end of file is not an answer: the answer comes from another session or the
 * timeout.
 */
static void wait_elsewhere(struct apply *a)
{
	a->deaf = true;
	if (rv_cli_for_a_person())
		rv_cli_message("\nno terminal: waiting %u s for \"ravelin confirm\" in another session",
			       a->timeout);
}

/* Waits for a key, a message of the daemon, or end of input: '\0' in *key. */
static int wait_for_key(struct apply *a, char *key)
{
	struct pollfd p[] = {
		{ .fd = a->watcher, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	bool terminal = isatty(STDIN_FILENO);
	ssize_t n;

	*key = '\0';
	while (!interrupted) {
		if (poll(p, a->deaf ? 1 : 2, -1) < 0)
			continue;
		if (p[0].revents)
			return hear(a);
		n = read(STDIN_FILENO, key, 1);
		if (n < 1 && !terminal) {
			wait_elsewhere(a);
			continue;
		}
		if (n != 1 || *key == '\n')
			*key = '\0';
		return -1;
	}
	return -1;
}

/* Sends the answer. Returns the daemon's next message. */
static int send_key(struct apply *a, char *key)
{
	struct termios old;
	bool raw = read_keys_at_once(&old);
	char answer;
	int word;

	print_stdout("Can you establish NEW connections to the machine? (y/N) ");
	word = wait_for_key(a, key);
	if (raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	if (word >= 0)
		return word;
	answer = *key == 'y' || *key == 'Y' ? RV_WATCH_YES : RV_WATCH_NO;
	if (send(a->watcher, &answer, 1, MSG_NOSIGNAL) != 1)
		return 0;
	return answer == RV_WATCH_NO ? RV_WATCH_NO : hear(a);
}

/* ---- rollback --------------------------------------------------------------------------- */

static const struct {
	int word;
	enum rv_rollback how;
} ends[] = {
	{ RV_WATCH_REVERTED, RV_ROLLBACK_DONE },
	{ RV_WATCH_CLOSED, RV_ROLLBACK_CLOSED },
	{ RV_WATCH_STUCK, RV_ROLLBACK_STUCK },
};

/* Rolls back here, because the daemon died. */
static enum rv_rollback go_back(struct apply *a)
{
	enum rv_rollback how;

	rv_pending_end_group(&a->pending);
	how = rv_rollback_go(a->cli, &a->before);
	if (how == RV_ROLLBACK_DONE)
		rv_pending_remove(&a->pending);
	return how;
}

/* The daemon reports its rollback; if it died, rolls back here. */
static int revert(struct apply *a, int code)
{
	enum rv_rollback how = RV_ROLLBACK_DONE;
	int word;

	print_stdout("Reverting to old iptables rules... ");
	word = hear(a);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (ends[i].word == word)
			how = ends[i].how;
	if (word == 0)
		how = go_back(a);
	print_stdout(how == RV_ROLLBACK_DONE ? "done.\n" : "failed.\n");
	return how == RV_ROLLBACK_DONE ? code : rv_rollback_exit(how);
}

static int write_savefile(const struct apply *a)
{
	struct rv_cli save = {
		.name = rv_family(a->cli->family)->save,
		.family = a->cli->family, .spec = a->cli->spec,
	};
	struct rv_buf text = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_file f;
	int rc;

	print_name("Writing successfully applied rules to", a->save);
	print_stdout("\n");
	rc = rv_cli_save_text(&save, false, &text, &err);
	if (rc == 0)
		rc = rv_file_open(&f, a->save, true, PATIENCE_MS, &err);
	if (rc == 0) {
		rc = rv_file_replace(&f, &text, &err);
		rv_file_close(&f);
	}
	rv_buf_free(&text);
	if (rc == 0)
		return 0;
	rv_cli_error(&save, &err);
	return complain(EXIT_NOT_WRITTEN, "unknown error writing successfully applied rules",
			a->save);
}

static int kept(const struct apply *a)
{
	int rc = a->save ? write_savefile(a) : 0;

	if (rc == 0)
		print_stdout("... then my job is done. See you next time.\n");
	return rc;
}

static int not_applied(struct apply *a)
{
	print_stdout("failed.\n");
	if (a->run)
		complain(EXIT_COMMAND_FAILED, "unknown error running command", a->file);
	else
		complain(EXIT_NOT_APPLIED, "unknown error applying new iptables rules", a->file);
	return revert(a, a->run ? EXIT_COMMAND_FAILED : EXIT_NOT_APPLIED);
}

static int decide(struct apply *a)
{
	char key;
	int word = send_key(a, &key);

	print_stdout("\n");
	if (word == RV_WATCH_CONFIRMED)
		return kept(a);
	if (word == RV_WATCH_DENIED)
		print_stdout("Reverted by another session.\n");
	else if (word == RV_WATCH_NO && key)
		print_stdout("No affirmative response! Better play it safe...\n");
	else
		print_stdout("Timeout! Something happened (or did not). Better play it safe...\n");
	return revert(a, EXIT_REVERTED);
}

/* Callers without a terminal get stock's output unless they ask for more. */
static void show_meaning(const struct apply *a)
{
	struct rv_buf b = RV_BUF_INIT;

	if (a->run || a->quick || !(a->meaning || (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))))
		return;
	rv_apply_meaning(a->cli, &b);
	print_stdout("What changes for packets:\n");
	print_stdout(rv_buf_text(&b) ? b.data : "not compared: out of memory\n");
	rv_buf_free(&b);
}

static int apply_run(struct apply *a)
{
	int rc;

	show_meaning(a);
	rc = prepare(a);
	if (rc)
		return rc;
	catch_signals();
	print_name(a->run ? "Running command" : "Applying new iptables rules from", a->file);
	print_stdout(" ");
	if (start_watcher(a) < 0) {
		rv_cli_message("%s: cannot start the rollback process: %s", a->cli->name, strerror(errno));
		rv_pending_remove(&a->pending);
		return EXIT_NO_SAVE;
	}
	if (hear(a) != RV_WATCH_APPLIED)
		return not_applied(a);
	print_stdout("done.\n");
	return decide(a);
}

int rv_cli_apply(struct rv_cli *cli)
{
	struct apply a = { .cli = cli, .pending = { .dir = -1, .lock = -1 } };
	int words, rc;

	if (strcmp(cli->name, "apply") == 0)
		cli->name = "ravelin apply";
	words = rv_flags_read(rv_apply_flags, cli, &a);
	snprintf(a.save_path, sizeof(a.save_path), "/etc/network/%s.up.rules",
		 rv_family(cli->family)->tool);
	if (a.save && !*a.save)
		a.save = a.save_path;
	if (words < 0)
		rc = RV_EXIT_OTHER;
	else if (a.version || a.help)
		rc = rv_flags_help(cli, a.version);
	else
		rc = check_arguments(&a, words < cli->argc ? cli->argv[words] : NULL);
	if (rc == 0 && !a.version && !a.help)
		rc = apply_run(&a);
	if (a.pid > 0)
		waitpid(a.pid, NULL, 0);
	rv_pending_close(&a.pending);
	rv_image_free(&a.before);
	rv_buf_free(&a.rules);
	return rc;
}
