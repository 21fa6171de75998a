/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ravelin/io.h>

#include "backend/file/replace.h"

static int fail(const struct rv_file *f, struct rv_error *err, const char *what)
{
	return rv_fail(err, RV_ERR_RESOURCE, NULL, "cannot %s %s: %s", what, f->name,
		       strerror(errno));
}

/* ---- where it is ------------------------------------------------------------------ */

/* path of a link's text: beside the link unless it is absolute. */
static char *beside(const char *link, const char *target)
{
	const char *slash = strrchr(link, '/');
	char *path;

	if (target[0] == '/' || !slash)
		return strdup(target);
	if (asprintf(&path, "%.*s/%s", (int)(slash - link), link, target) < 0)
		return NULL;
	return path;
}

/*
 * The file a name leads to, even when that is not there yet: then realpath() gives up
 * and the last link is followed by hand. The caller frees the result.
 */
static char *follow(const char *name)
{
	char *path = strdup(name), target[PATH_MAX];

	for (int links = 0; path; links++) {
		char *full = realpath(path, NULL), *next;
		ssize_t len;

		if (full || errno != ENOENT) {
			free(path);
			return full;
		}
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			return path;
		if (links > 40) {
			free(path);
			errno = ELOOP;
			return NULL;
		}
		target[len] = '\0';
		next = beside(path, target);
		free(path);
		path = next;
	}
	return NULL;
}

static int locate(struct rv_file *f, const char *name, struct rv_error *err)
{
	char *copy;

	f->name = strdup(name);
	if (!f->name)
		return rv_fail_memory(err);
	f->path = follow(name);
	if (!f->path)
		return fail(f, err, "open");
	copy = strdup(f->path);
	f->dir = copy ? strdup(dirname(copy)) : NULL;
	free(copy);
	return f->dir ? 0 : rv_fail_memory(err);
}

/* ---- the lock --------------------------------------------------------------------- */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* flock() itself cannot be told how long to wait. */
static int take_lock(const struct rv_file *f, int fd, uint64_t until, struct rv_error *err)
{
	const struct timespec pause = { .tv_nsec = 2000000 };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail(f, err, "lock");
		if (now_ms() >= until) {
			rv_fail(err, RV_ERR_RESOURCE, NULL,
				"Another app is currently holding the lock of %s.", f->name);
			return rv_hint(err, "see who with: fuser -v %s", f->name);
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Locks the file itself. Returns 1; 0 to try again, since it was replaced meanwhile; -1. */
static int lock_existing(struct rv_file *f, uint64_t until, struct rv_error *err)
{
	struct stat mine, there;

	if (fstat(f->fd, &mine) < 0)
		return fail(f, err, "open");
	/* Replacing asks only the directory: a file that says no is not to be overruled. */
	if (faccessat(AT_FDCWD, f->path, W_OK, AT_EACCESS) < 0)
		return errno == ENOENT ? 0 : fail(f, err, "write");
	if (take_lock(f, f->fd, until, err) < 0)
		return -1;
	return stat(f->path, &there) == 0 && same_file(&mine, &there);
}

/* Nothing to lock yet: the directory stands in. Results as above. */
static int lock_missing(struct rv_file *f, uint64_t until, struct rv_error *err)
{
	f->dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir_fd < 0)
		return fail(f, err, "create");
	if (take_lock(f, f->dir_fd, until, err) < 0)
		return -1;
	return access(f->path, F_OK) < 0 && errno == ENOENT;
}

static void close_fds(struct rv_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->dir_fd >= 0)
		close(f->dir_fd);
	f->fd = f->dir_fd = -1;
}

/* A pipe without a writer would be waited for, and a device never ends: both are refused. */
static int open_file(struct rv_file *f, struct rv_error *err)
{
	struct stat st;

	f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (f->fd < 0)
		return errno == ENOENT ? 0 : fail(f, err, "open");
	if (fstat(f->fd, &st) < 0)
		return fail(f, err, "open");
	if (S_ISREG(st.st_mode))
		return 0;
	rv_fail(err, RV_ERR_RESOURCE, NULL, "cannot open %s: not a regular file", f->name);
	errno = EINVAL;
	return -1;
}

static int open_for_writing(struct rv_file *f, uint64_t until, struct rv_error *err)
{
	int locked = 0;

	while (!locked) {
		close_fds(f);
		if (open_file(f, err) < 0)
			return -1;
		locked = f->fd >= 0 ? lock_existing(f, until, err) : lock_missing(f, until, err);
	}
	return locked < 0 ? -1 : 0;
}

int rv_file_open(struct rv_file *f, const char *name, bool writer, unsigned int patience,
		 struct rv_error *err)
{
	int rc, code;

	memset(f, 0, sizeof(*f));
	f->mode = 0600;
	f->fd = f->dir_fd = -1;
	if (!writer && access(name, F_OK) == 0) {
		/* As it is named: a pipe in /proc/self/fd has no path to follow. */
		f->name = strdup(name);
		f->path = strdup(name);
		rc = f->name && f->path ? open_file(f, err) : rv_fail_memory(err);
	} else {
		rc = locate(f, name, err);
		if (rc == 0 && writer)
			rc = open_for_writing(f, now_ms() + patience, err);
	}
	if (rc < 0) {
		code = errno;
		rv_file_close(f);
		errno = code;
	}
	return rc;
}

void rv_file_close(struct rv_file *f)
{
	close_fds(f);
	free(f->name);
	free(f->path);
	free(f->dir);
	memset(f, 0, sizeof(*f));
	f->fd = f->dir_fd = -1;
}

/* ---- reading and writing ---------------------------------------------------------- */

int rv_file_read(struct rv_file *f, struct rv_buf *b, struct rv_error *err)
{
	return f->fd >= 0 && rv_read_all(f->fd, b) < 0 ? fail(f, err, "read") : 0;
}

static mode_t new_mode(mode_t mode)
{
	mode_t mask = umask(0);

	umask(mask);
	return mode & ~mask;
}

/* Owner first: changing it clears bits of the mode. */
static int keep_mode(const struct rv_file *f, int to)
{
	struct stat st, own;
	int from = f->fd;

	if (from < 0)
		return fchmod(to, new_mode(f->mode));
	if (fstat(from, &st) < 0 || fstat(to, &own) < 0)
		return -1;
	if ((st.st_uid != own.st_uid || st.st_gid != own.st_gid) &&
	    fchown(to, st.st_uid, st.st_gid) < 0)
		return -1;
	return fchmod(to, st.st_mode & 07777);
}

/* Some file systems cannot sync a directory; they say EINVAL. */
static int sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	if (rc < 0 && errno == EINVAL)
		rc = 0;
	close(fd);
	return rc;
}

/* Gives a file without a name this one, which nobody else uses. */
static int give_name(int fd, const char *name)
{
	char link[64];
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_nlink > 0)
		return st.st_nlink > 0 ? 0 : -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != EEXIST || unlink(name) < 0)
		return -1;
	return linkat(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/*
 * The new file is locked before it gets the name, so that there is no moment in which
 * another writer could slip in while this one goes on.
 */
static int put_in_place(struct rv_file *f, int fd, const char *temporary, const struct rv_buf *b,
			struct rv_error *err)
{
	if (rv_write_all(fd, b) < 0)
		return fail(f, err, "write");
	if (keep_mode(f, fd) < 0)
		return fail(f, err, "keep the owner and mode of");
	if (fsync(fd) < 0)
		return fail(f, err, "write");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return fail(f, err, "lock");
	if (give_name(fd, temporary) < 0 || rename(temporary, f->path) < 0)
		return fail(f, err, "replace");
	return 0;
}

/*
 * The new text is in a file without a name until it is complete. Where the file system has none,
 * it has the temporary name from the start.
 */
static int open_temporary(const struct rv_file *f, const char *temporary)
{
	int fd = -1;

	if (access("/proc/self/fd", F_OK) == 0)
		fd = open(f->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL))
		return fd;
	unlink(temporary);
	return open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* The lock that the writer holds makes the temporary name its own: one there is of a killed writer. */
static char *temporary_name(const struct rv_file *f)
{
	const char *slash = strrchr(f->path, '/'), *last = slash ? slash + 1 : f->path;
	char *name;

	return asprintf(&name, "%s/.%s.ravelin", f->dir, last) < 0 ? NULL : name;
}

int rv_file_replace(struct rv_file *f, const struct rv_buf *b, struct rv_error *err)
{
	char *temporary = temporary_name(f);
	int fd, rc, code;

	if (!temporary)
		return rv_fail_memory(err);
	fd = open_temporary(f, temporary);
	if (fd < 0) {
		fail(f, err, "write");
		free(temporary);
		return rv_hint(err, "the new text is written beside the file first");
	}
	rc = put_in_place(f, fd, temporary, b, err);
	code = errno;
	if (rc < 0) {
		unlink(temporary);
		close(fd);
	} else {
		close_fds(f);
		f->fd = fd;
		if (sync_dir(f->dir) < 0) {
			rc = fail(f, err, "sync the directory of");
			code = errno;
		}
	}
	free(temporary);
	errno = code;
	return rc;
}
