/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/apply/rollback_daemon.h"

/* time a command gets to exit after SIGTERM, ms */
#define GRACE_MS 1000

/* Results of waiting. */
enum event {
	EVENT_TIMEOUT,
	EVENT_YES,
	EVENT_NO,
	EVENT_GONE,		/* the process at the terminal exited */
	EVENT_TOLD,		/* a signal asks us to exit */
	EVENT_REVERT,		/* requested by another session */
	EVENT_CHILD,		/* the command exited */
};

static void send_word(const struct rv_watch *w, enum rv_watch_word word)
{
	char c = (char)word;

	(void)!send(w->parent, &c, 1, MSG_NOSIGNAL);
}

/* CLOCK_BOOTTIME, which includes suspend. */
static int64_t boottime_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- events ------------------------------------------------------------------------- */

static enum event hear_parent(const struct rv_watch *w)
{
	char c;

	if (recv(w->parent, &c, 1, 0) != 1)
		return EVENT_GONE;
	return c == RV_WATCH_YES ? EVENT_YES : EVENT_NO;
}

static void answer_session(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

/*
 * Receives a request from another session, within 100 ms. The permissions of the socket authorise
 * it. *session stays open to answer a request that ends the wait.
 */
static bool hear_session(const struct rv_watch *w, int *session, enum event *event)
{
	struct pollfd p = { .fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC), .events = POLLIN };
	char word[16] = "";

	if (p.fd < 0)
		return false;
	if (poll(&p, 1, 100) == 1 && recv(p.fd, word, sizeof(word) - 1, MSG_DONTWAIT) > 0) {
		*session = p.fd;
		*event = strcmp(word, RV_PENDING_CONFIRM) == 0 ? EVENT_YES : EVENT_REVERT;
		if (*event == EVENT_YES || strcmp(word, RV_PENDING_REVERT) == 0)
			return true;
	}
	*session = -1;
	answer_session(p.fd, "unknown request");
	return false;
}

static bool hear_signal(int signals, enum event *event)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGHUP)
		return false;
	*event = info.ssi_signo == SIGCHLD ? EVENT_CHILD : EVENT_TOLD;
	return true;
}

/* Waits for the first event until the deadline. */
static enum event await(const struct rv_watch *w, int signals, int64_t until, int *session)
{
	struct pollfd p[] = {
		{ .fd = w->parent, .events = POLLIN },
		{ .fd = w->listener, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	enum event event;

	for (;;) {
		int64_t left = until - boottime_ms();
		int most = left > 3600000 ? 3600000 : (int)left;

		if (left <= 0)
			return EVENT_TIMEOUT;
		if (poll(p, 3, most) <= 0)
			continue;
		if (p[0].revents)
			return hear_parent(w);
		if (p[1].revents && hear_session(w, session, &event))
			return event;
		if (p[2].revents && hear_signal(signals, &event))
			return event;
	}
}

/* ---- changing the rules ----------------------------------------------------------------- */

/* Result. */
enum change {
	CHANGE_DONE,
	CHANGE_NOTHING,		/* the rules are unchanged */
	CHANGE_UNKNOWN,		/* they may be partially changed */
};

static void set_oom_score(const char *score)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, score, strlen(score));
	close(fd);
}

/* Restores the signal dispositions from before iptables-apply. */
static void default_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ };
	sigset_t none;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		signal(numbers[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Runs in a child, which may run out of memory or crash. It must not outlive the daemon. A command
 * is in the background of the terminal and cannot read from it.
 */
static void make_change(const struct rv_watch *w, pid_t watcher)
{
	int null = open("/dev/null", O_RDONLY);
	char *argv[] = { (char *)w->command, NULL };

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != watcher)
		_exit(127);
	/* Done by the child, since the daemon may be killed before it could. */
	rv_pending_note(w->pending, getpid());
	set_oom_score(w->oom_score);
	default_signals();
	if (!w->command) {
		signal(SIGXFSZ, SIG_IGN);
		_exit(rv_cli_restore_text(w->cli));
	}
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	execvp(w->command, argv);
	rv_cli_message("%s: cannot run %s: %s", w->cli->name, w->command, strerror(errno));
	_exit(127);
}

/*
 * Kills the rest of the command's process group and waits until all have exited: a killed process
 * still finishes its current system call. Orphans of the group become our children
 * (PR_SET_CHILD_SUBREAPER).
 */
static void end_group(pid_t pid)
{
	kill(-pid, SIGKILL);
	while (waitpid(-pid, NULL, 0) > 0 || errno == EINTR)
		;
}

/* Ends the command and everything in its process group. */
static void end_command(pid_t pid)
{
	int64_t until = boottime_ms() + GRACE_MS;

	kill(-pid, SIGTERM);
	while (waitpid(pid, NULL, WNOHANG) == 0 && boottime_ms() < until)
		usleep(10000);
	end_group(pid);
}

/* A file that fails to load changes nothing. */
static enum change change_of(const struct rv_watch *w, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return CHANGE_DONE;
	return WIFEXITED(status) && !w->command ? CHANGE_NOTHING : CHANGE_UNKNOWN;
}

/* Loading has no time limit; a command has the given time, and the user is asked meanwhile. */
static enum change change_rules(const struct rv_watch *w, int signals)
{
	int64_t until = w->command ? boottime_ms() + (int64_t)w->timeout * 1000 : INT64_MAX;
	pid_t self = getpid(), pid = fork();
	int status, session = -1;
	enum event event;

	if (pid < 0)
		return CHANGE_NOTHING;
	if (pid == 0)
		make_change(w, self);
	setpgid(pid, pid);
	rv_pending_note(w->pending, pid);
	do {
		event = await(w, signals, until, &session);
		if (session >= 0)
			answer_session(session, w->command ? "the command is still running"
						      : "the rules are still being loaded");
		session = -1;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			enum change change = change_of(w, status);

			if (change != CHANGE_DONE)
				end_group(pid);
			rv_pending_note(w->pending, 0);
			return change;
		}
	} while (event == EVENT_CHILD || event == EVENT_YES);
	end_command(pid);
	rv_pending_note(w->pending, 0);
	return CHANGE_UNKNOWN;
}

/* ---- rollback --------------------------------------------------------------------------- */

static const enum rv_watch_word revert_words[] = {
	[RV_ROLLBACK_DONE] = RV_WATCH_REVERTED,
	[RV_ROLLBACK_CLOSED] = RV_WATCH_CLOSED,
	[RV_ROLLBACK_STUCK] = RV_WATCH_STUCK,
};

/* On failure the state file stays, so that "ravelin revert" can retry. */
static enum rv_rollback go_back(const struct rv_watch *w)
{
	enum rv_rollback how = rv_rollback_go(w->cli, w->before);

	if (how == RV_ROLLBACK_DONE)
		rv_pending_remove(w->pending);
	send_word(w, revert_words[how]);
	return how;
}

/* Keeps the rules: nothing to roll back. */
static int stay(const struct rv_watch *w)
{
	rv_pending_remove(w->pending);
	send_word(w, RV_WATCH_REVERTED);
	return RV_EXIT_OK;
}

static void confirm_rules(const struct rv_watch *w)
{
	rv_pending_remove(w->pending);
	send_word(w, RV_WATCH_CONFIRMED);
}

static int decide(const struct rv_watch *w, int signals)
{
	int64_t until = boottime_ms() + (int64_t)w->timeout * 1000;
	enum rv_rollback how = RV_ROLLBACK_DONE;
	int session = -1;
	enum event event;

	do
		event = await(w, signals, until, &session);
	while (event == EVENT_CHILD);
	if (event == EVENT_YES) {
		confirm_rules(w);
	} else {
		if (event != EVENT_NO)
			send_word(w, event == EVENT_REVERT ? RV_WATCH_DENIED : RV_WATCH_LATE);
		how = go_back(w);
	}
	if (session >= 0)
		answer_session(session, how == RV_ROLLBACK_DONE ? RV_PENDING_DONE
								: rv_rollback_text(how));
	return rv_rollback_exit(how);
}

/* Signals are read from a signalfd. */
static int take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Protects against the OOM killer and paging. Both need privileges; best effort. */
static void protect(struct rv_watch *w)
{
	int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, w->oom_score, sizeof(w->oom_score) - 1);

	w->oom_score[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
	set_oom_score("-1000");
	mlockall(MCL_CURRENT);
}

int rv_watch_run(struct rv_watch *w)
{
	int signals = take_signals();
	enum change change = CHANGE_NOTHING;

	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	protect(w);
	if (signals >= 0)
		change = change_rules(w, signals);
	if (change == CHANGE_DONE) {
		send_word(w, RV_WATCH_APPLIED);
		return decide(w, signals);
	}
	send_word(w, RV_WATCH_REFUSED);
	return change == CHANGE_NOTHING ? stay(w) : rv_rollback_exit(go_back(w));
}
