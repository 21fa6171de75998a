/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <ravelin/io.h>

#include "cli/apply/rollback_state.h"

#define DIRECTORY "/run/ravelin"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71	/* asm-generic/socket.h, since Linux 5.14 */
#endif

static int state_fail(struct rv_error *err, const char *what, const char *name)
{
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "cannot %s " DIRECTORY "%s%s: %s", what,
		       name ? "/" : "", name ? name : "", strerror(errno));
}

/* ---- directory ----------------------------------------------------------------------- */

struct name {
	char text[64];
};

static struct name state_name(uint64_t inode, const char *suffix)
{
	struct name n;

	snprintf(n.text, sizeof(n.text), "apply-%" PRIu64 ".%s", inode, suffix);
	return n;
}

/* Kernels without the cookie: uses the inode only. */
static int learn_namespace(struct rv_pending *p, struct rv_error *err)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(p->cookie);
	struct stat st;

	if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &p->cookie, &len) < 0)
		p->cookie = 0;
	if (fd >= 0)
		close(fd);
	if (stat("/proc/self/ns/net", &st) < 0)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "cannot look at /proc/self/ns/net: %s",
			       strerror(errno));
	p->inode = st.st_ino;
	return 0;
}

/* Rules must not be read from a directory that others can write to. */
static int check_directory(const struct rv_pending *p, struct rv_error *err)
{
	struct stat st;

	if (fstat(p->dir, &st) < 0)
		return state_fail(err, "look at", NULL);
	if (st.st_uid == geteuid() && !(st.st_mode & 077))
		return 0;
	rv_fail(err, RV_ERR_PROBLEM, NULL, DIRECTORY " is accessible to other users");
	return rv_hint(err, "chown root " DIRECTORY " && chmod 0700 " DIRECTORY);
}

int rv_pending_open(struct rv_pending *p, bool create, struct rv_error *err)
{
	*p = (struct rv_pending){ .dir = -1, .lock = -1 };
	if (create && mkdir(DIRECTORY, 0700) < 0 && errno != EEXIST)
		return state_fail(err, "make", NULL);
	p->dir = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->dir < 0 && errno == ENOENT)
		return 1;
	if (p->dir < 0)
		return state_fail(err, "open", NULL);
	if (check_directory(p, err) == 0 && learn_namespace(p, err) == 0)
		return 0;
	rv_pending_close(p);
	return -1;
}

void rv_pending_close(struct rv_pending *p)
{
	if (p->lock >= 0)
		close(p->lock);
	if (p->dir >= 0)
		close(p->dir);
	p->lock = p->dir = -1;
}

/* ---- state file ----------------------------------------------------------------------- */

static const char state_head[] = "ravelin apply 2\n";

/* Length-prefixed, since the data may contain any byte. */
static void put_string(struct rv_buf *b, const char *data, size_t len)
{
	rv_buf_printf(b, "%zu\n", len);
	rv_buf_add(b, data, len);
	rv_buf_putc(b, '\n');
}

/* Unparsed rest of a state file. */
struct rest {
	const char *at, *end;
};

static bool get_number(struct rest *r, uint64_t *n)
{
	*n = 0;
	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
		if (*n > UINT64_MAX / 10 - 1)
			return false;
		*n = *n * 10 + (uint64_t)(*r->at - '0');
	}
	return r->at < r->end && *r->at++ == '\n';
}

static bool get_text(struct rest *r, struct rv_buf *b)
{
	uint64_t len;

	if (!get_number(r, &len) || len >= (uint64_t)(r->end - r->at))
		return false;
	rv_buf_add(b, r->at, len);
	r->at += len;
	return *r->at++ == '\n';
}

static int write_file(int dir, const char *name, const struct rv_buf *b)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc, code;

	if (fd < 0)
		return -1;
	rc = rv_write_all(fd, b);
	code = errno;
	close(fd);
	errno = code;
	return rc;
}

int rv_pending_write(struct rv_pending *p, const char *spec, const struct rv_buf *rules,
		     struct rv_error *err)
{
	struct name state = state_name(p->inode, "state"), part = state_name(p->inode, "part");
	struct rv_buf b = RV_BUF_INIT;
	int rc = -1;

	rv_buf_puts(&b, state_head);
	rv_buf_printf(&b, "%" PRIu64 "\n", p->cookie);
	put_string(&b, spec ? spec : "", spec ? strlen(spec) : 0);
	put_string(&b, rules->data, rules->len);
	if (!rv_buf_ok(&b))
		rv_fail_memory(err);
	else if (write_file(p->dir, part.text, &b) < 0 ||
		 renameat(p->dir, part.text, p->dir, state.text) < 0)
		state_fail(err, "write", state.text);
	else
		rc = 0;
	if (rc < 0)
		unlinkat(p->dir, part.text, 0);
	rv_buf_free(&b);
	return rc;
}

static bool parse_state(struct rv_buf *b, uint64_t *cookie, struct rv_buf *spec,
			struct rv_buf *rules)
{
	size_t head = strlen(state_head);
	struct rest r = { b->data + head, b->data + b->len };

	return b->len > head && memcmp(b->data, state_head, head) == 0 &&
	       get_number(&r, cookie) && get_text(&r, spec) && get_text(&r, rules) &&
	       r.at == r.end;
}

static int read_state_file(const struct rv_pending *p, const char *name, struct rv_buf *b,
			   struct rv_error *err)
{
	int fd = openat(p->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), rc;

	if (fd < 0)
		return state_fail(err, "open", name);
	rc = rv_read_all(fd, b);
	if (rc < 0)
		state_fail(err, "read", name);
	close(fd);
	return rc;
}

int rv_pending_read(struct rv_pending *p, char **spec, struct rv_buf *rules,
		    struct rv_error *err)
{
	struct name state = state_name(p->inode, "state");
	struct rv_buf b = RV_BUF_INIT, word = RV_BUF_INIT;
	uint64_t cookie = 0;
	int rc = read_state_file(p, state.text, &b, err);

	*spec = NULL;
	if (rc == 0 && !parse_state(&b, &cookie, &word, rules))
		rc = rv_fail(err, RV_ERR_PROBLEM, NULL, DIRECTORY "/%s is malformed", state.text);
	if (rc == 0 && cookie != p->cookie)
		rc = rv_fail(err, RV_ERR_PROBLEM, NULL,
			     DIRECTORY "/%s belongs to a network namespace that no longer exists", state.text);
	if (rc == 0 && word.len && (!rv_buf_text(&word) || !(*spec = strdup(word.data))))
		rc = rv_fail_memory(err);
	if (rc == 0 && !rv_buf_ok(rules))
		rc = rv_fail_memory(err);
	rv_buf_free(&word);
	rv_buf_free(&b);
	return rc;
}

void rv_pending_remove(struct rv_pending *p)
{
	unlinkat(p->dir, state_name(p->inode, "state").text, 0);
	unlinkat(p->dir, state_name(p->inode, "socket").text, 0);
	unlinkat(p->dir, state_name(p->inode, "lock").text, 0);
	p->stale = false;
}

/* ---- the lock --------------------------------------------------------------------------- */

/* A state with another cookie belongs to an earlier namespace with the same inode. */
static int look_for_state(struct rv_pending *p, struct rv_error *err)
{
	struct name state = state_name(p->inode, "state");
	struct rv_buf b = RV_BUF_INIT, spec = RV_BUF_INIT, rules = RV_BUF_INIT;
	uint64_t cookie;
	int rc = 0;

	p->stale = faccessat(p->dir, state.text, F_OK, 0) == 0;
	if (p->stale)
		rc = read_state_file(p, state.text, &b, err);
	if (p->stale && rc == 0 && parse_state(&b, &cookie, &spec, &rules) && cookie != p->cookie) {
		unlinkat(p->dir, state.text, 0);
		p->stale = false;
	}
	rv_buf_free(&rules);
	rv_buf_free(&spec);
	rv_buf_free(&b);
	return rc;
}

/* Returns 0: locked; 1: locked by another process; 2: the file was removed meanwhile. */
static int try_lock(struct rv_pending *p, const char *name, struct rv_error *err)
{
	struct stat mine, there;

	p->lock = openat(p->dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (p->lock < 0)
		return state_fail(err, "open", name);
	if (flock(p->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 1 : state_fail(err, "lock", name);
	if (fstat(p->lock, &mine) == 0 && fstatat(p->dir, name, &there, 0) == 0 &&
	    mine.st_ino == there.st_ino)
		return 0;
	return 2;
}

int rv_pending_lock(struct rv_pending *p, struct rv_error *err)
{
	struct name lock = state_name(p->inode, "lock");
	int rc;

	while ((rc = try_lock(p, lock.text, err)) == 2)
		close(p->lock);
	if (rc == 0 && look_for_state(p, err) < 0)
		return -1;
	if (rc == 0 && !p->stale)
		rv_pending_note(p, 0);
	if (rc == 0)
		return 0;
	if (p->lock >= 0)
		close(p->lock);
	p->lock = -1;
	return rc;
}

/* ---- command's process group ------------------------------------------------------------ */

/* Contents of the lock file: a process group of the daemon's session, or 0. */
struct note {
	pid_t group, session;
};

void rv_pending_note(struct rv_pending *p, pid_t group)
{
	struct note n = { group, getsid(0) };

	(void)!pwrite(p->lock, &n, sizeof(n), 0);
}

/* number of attempts to wait for a killed group to exit */
#define GONE_TRIES	4000
#define GONE_PAUSE	5000

/* Whether the process is in the group and not a zombie. */
static bool lives_in(const char *number, pid_t group)
{
	char path[32], text[512], *rest;
	int fd, pgrp = 0;
	ssize_t n = -1;
	char state = 'Z';

	snprintf(path, sizeof(path), "/proc/%.10s/stat", number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n <= 0)
		return false;
	text[n] = '\0';
	/* proc(5): "PID (NAME) STATE PPID PGRP"; the name may contain parentheses. */
	rest = strrchr(text, ')');
	return rest && sscanf(rest, ") %c %*d %d", &state, &pgrp) == 2 && pgrp == group &&
	       state != 'Z' && state != 'X';
}

/* Without /proc, assumes that a process which can be signalled is alive. */
static bool group_lives(pid_t group)
{
	DIR *dir = opendir("/proc");
	bool lives = !dir;

	for (struct dirent *d; dir && !lives && (d = readdir(dir)); )
		lives = d->d_name[0] >= '1' && d->d_name[0] <= '9' && lives_in(d->d_name, group);
	if (dir)
		closedir(dir);
	return lives;
}

/*
 * A process group id is not reused while the group has members: if its leader is gone, it is the
 * recorded group; if the leader exists, its session id tells.
 */
void rv_pending_end_group(struct rv_pending *p)
{
	struct note n;
	pid_t session;

	if (pread(p->lock, &n, sizeof(n), 0) != sizeof(n) || n.group <= 1)
		return;
	session = getsid(n.group);
	if (session >= 0 && session != n.session)
		return;
	/* A killed process still finishes its current system call. */
	for (int i = 0; i < GONE_TRIES && !kill(-n.group, SIGKILL) && group_lives(n.group); i++)
		usleep(GONE_PAUSE);
}

/* ---- socket ------------------------------------------------------------------------------ */

static struct sockaddr_un address_of(const struct rv_pending *p)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), DIRECTORY "/%s",
		 state_name(p->inode, "socket").text);
	return a;
}

static int give_up(int fd)
{
	int code = errno;

	close(fd);
	errno = code;
	return -1;
}

int rv_pending_listen(struct rv_pending *p)
{
	struct sockaddr_un a = address_of(p);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	unlink(a.sun_path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 4) < 0)
		return give_up(fd);
	return fd;
}

int rv_pending_connect(struct rv_pending *p)
{
	struct sockaddr_un a = address_of(p);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? give_up(fd) : fd;
}

/* ---- other namespaces ----------------------------------------------------------------------- */

static bool is_held(int dir, const char *lock)
{
	int fd = openat(dir, lock, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	bool held;

	if (fd < 0)
		return false;
	held = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

void rv_pending_others(struct rv_pending *p, struct rv_buf *b)
{
	int fd = openat(p->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	uint64_t inode;

	if (!d && fd >= 0)
		close(fd);
	while (d && (e = readdir(d))) {
		n = 0;
		if (sscanf(e->d_name, "apply-%" SCNu64 ".lock%n", &inode, &n) == 1 && n &&
		    !e->d_name[n] && inode != p->inode && is_held(p->dir, e->d_name))
			rv_buf_printf(b, "one is waiting in network namespace net:[%" PRIu64 "]\n",
				      inode);
	}
	if (d)
		closedir(d);
}
