/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/watcher.h"

/* How often putting the old rules back is tried, and the pause between in seconds. */
#define TRIES 10
#define PAUSE 1

/* What a command that is told to end may take for it, in ms. */
#define GRACE_MS 1000

/* What has happened while we waited. */
enum event {
	EVENT_TIMEOUT,
	EVENT_YES,
	EVENT_NO,
	EVENT_GONE,		/* the process at the terminal has ended */
	EVENT_TOLD,		/* a signal tells us to end */
	EVENT_REVERT,		/* by another session */
	EVENT_CHILD,		/* the command has ended */
};

static void say(const struct rv_watch *w, enum rv_watch_word word)
{
	char c = (char)word;

	(void)!send(w->parent, &c, 1, MSG_NOSIGNAL);
}

/* Counts the time that the machine sleeps too. */
static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- what comes in ------------------------------------------------------------------- */

static enum event hear_parent(const struct rv_watch *w)
{
	char c;

	if (recv(w->parent, &c, 1, 0) != 1)
		return EVENT_GONE;
	return c == RV_WATCH_YES ? EVENT_YES : EVENT_NO;
}

static void answer(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

/*
 * A word of another session, which has 100 ms to say it. Whoever may open the socket may
 * change the rules. *session stays open for the answer to a word that ends the wait.
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
	answer(p.fd, "that is not understood");
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

/* Waits for the first thing to happen until then. */
static enum event await(const struct rv_watch *w, int signals, int64_t until, int *session)
{
	struct pollfd p[] = {
		{ .fd = w->parent, .events = POLLIN },
		{ .fd = w->listener, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	enum event event;

	for (;;) {
		int64_t left = until - now_ms();
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

/* ---- the command ----------------------------------------------------------------------- */

/*
 * It must not go on changing rules once we are gone. Nobody types into it: it is in the
 * background.
 */
static void exec_command(const struct rv_watch *w, pid_t watcher)
{
	int null = open("/dev/null", O_RDONLY);
	char *argv[] = { (char *)w->command, NULL };
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != watcher)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	execvp(w->command, argv);
	rv_cli_message("%s: cannot run %s: %s", w->cli->name, w->command, strerror(errno));
	_exit(127);
}

/*
 * Kills what is left of the command's group, and waits until all of it is gone: what a process
 * has asked of the kernel is still done when it has been killed. Orphans of the group have
 * become our children (PR_SET_CHILD_SUBREAPER).
 */
static void end_group(pid_t pid)
{
	kill(-pid, SIGKILL);
	while (waitpid(-pid, NULL, 0) > 0 || errno == EINTR)
		;
}

/* Ends the command with all that it started in its group. */
static void end_command(pid_t pid)
{
	int64_t until = now_ms() + GRACE_MS;

	kill(-pid, SIGTERM);
	while (waitpid(pid, NULL, WNOHANG) == 0 && now_ms() < until)
		usleep(10000);
	end_group(pid);
}

/* Whether the command has done its work in time, with somebody still there to ask. */
static bool run_command(const struct rv_watch *w, int signals)
{
	int64_t until = now_ms() + (int64_t)w->timeout * 1000;
	pid_t self = getpid(), pid = fork();
	int status, session = -1;
	enum event event;

	if (pid < 0)
		return false;
	if (pid == 0)
		exec_command(w, self);
	setpgid(pid, pid);
	rv_pending_note(w->pending, pid);
	do {
		event = await(w, signals, until, &session);
		if (session >= 0)
			answer(session, "the command is still running");
		session = -1;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			rv_pending_note(w->pending, 0);
			if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
				return true;
			end_group(pid);
			return false;
		}
	} while (event == EVENT_CHILD || event == EVENT_YES);
	end_command(pid);
	rv_pending_note(w->pending, 0);
	return false;
}

/* ---- the end ---------------------------------------------------------------------------- */

/* The state stays when that fails: "ravelin revert" can try again. */
static bool put_back(const struct rv_watch *w)
{
	struct rv_error err = { 0 };

	for (int i = 0; i < TRIES; i++) {
		if (i)
			sleep(PAUSE);
		rv_error_reset(&err);
		if (rv_snapshot_put(w->before, w->cli->spec, &err) == 0) {
			rv_pending_remove(w->pending);
			return true;
		}
	}
	rv_cli_error(w->cli, &err);
	return false;
}

static int go_back(const struct rv_watch *w)
{
	bool done = put_back(w);

	say(w, done ? RV_WATCH_REVERTED : RV_WATCH_STUCK);
	return done ? RV_EXIT_OK : RV_EXIT_OTHER;
}

static int keep(const struct rv_watch *w)
{
	rv_pending_remove(w->pending);
	say(w, RV_WATCH_CONFIRMED);
	return RV_EXIT_OK;
}

static int decide(const struct rv_watch *w, int signals)
{
	int64_t until = now_ms() + (int64_t)w->timeout * 1000;
	int session = -1, rc;
	enum event event;

	do
		event = await(w, signals, until, &session);
	while (event == EVENT_CHILD);
	if (event == EVENT_YES) {
		rc = keep(w);
	} else {
		if (event != EVENT_NO)
			say(w, event == EVENT_REVERT ? RV_WATCH_DENIED : RV_WATCH_LATE);
		rc = go_back(w);
	}
	if (session >= 0)
		answer(session, rc ? "the old rules could not be put back" : RV_PENDING_DONE);
	return rc;
}

/* They are read, not acted upon. */
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

int rv_watch_run(struct rv_watch *w)
{
	int signals = take_signals();
	bool done;

	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (signals < 0)
		done = false;
	else if (w->command)
		done = run_command(w, signals);
	else
		done = rv_cli_restore_text(w->cli) == RV_EXIT_OK;
	if (!done) {
		say(w, RV_WATCH_REFUSED);
		return go_back(w);
	}
	say(w, RV_WATCH_APPLIED);
	return decide(w, signals);
}
