/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <ravelin/io.h>

#include "backend/file/replace.h"

static int file_fail(const struct rv_file *f, struct rv_error *err, const char *what)
{
	return rv_fail(err, RV_ERR_RESOURCE, NULL, "cannot %s %s: %s", what, f->name,
		       strerror(errno));
}

/* ---- finding the file ------------------------------------------------------------- */

/* MAXSYMLINKS of the kernel */
#define MOST_LINKS 40

static int open_at(int at, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = resolve };
	int fd = (int)syscall(SYS_openat2, at, path, &how, sizeof(how));

	/* Linux before 5.6, or a seccomp filter that does not know it. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(at, path, (int)flags | O_CLOEXEC);
	return fd;
}

/*
 * Splits a path into an open directory and the last component. Paths that end in '/' are refused.
 */
static int open_directory_of(int at, const char *path, char **last)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *dir = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path))
							: strdup(".");
	int fd = -1;

	*last = strdup(name);
	if (!dir || !*last)
		errno = ENOMEM;
	else if (!*path)
		errno = ENOENT;
	else if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		errno = EISDIR;
	else
		fd = open_at(at, dir, O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
	free(dir);
	if (fd >= 0)
		return fd;
	free(*last);
	*last = NULL;
	return -1;
}

/*
 * fs.protected_symlinks, Documentation/admin-guide/sysctl/fs.rst in the kernel: in a sticky
 * world-writable directory, a link is followed only if its owner is the process's user or the owner
 * of the directory.
 */
static bool may_follow(int at, int link)
{
	struct stat dir, st;

	if (fstat(at, &dir) < 0 || fstat(link, &st) < 0)
		return false;
	if ((dir.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) || st.st_uid == geteuid() ||
	    st.st_uid == dir.st_uid)
		return true;
	errno = EACCES;
	return false;
}

/* Reads a link through its own descriptor, so that it cannot be exchanged. */
static char *read_link(int at, int link)
{
	char text[PATH_MAX];
	ssize_t len = may_follow(at, link) ? readlinkat(link, "", text, sizeof(text) - 1) : -1;

	if (len < 0)
		return NULL;
	text[len] = '\0';
	return strdup(text);
}

/* Links in /proc may lead to objects without a path, such as a pipe. */
static bool is_magic(int link)
{
	struct statfs fs;

	return fstatfs(link, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* Target of the link at f->at; NULL with errno 0: not a link, or one to be kept. */
static char *next_path(const struct rv_file *f, bool writer)
{
	int fd = openat(f->at, f->last, O_PATH | O_NOFOLLOW | O_CLOEXEC), code;
	char *path = NULL;
	struct stat st;

	if (fd < 0) {
		errno = errno == ENOENT ? 0 : errno;
		return NULL;
	}
	if (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode) && (writer || !is_magic(fd)))
		path = read_link(f->at, fd);
	else
		errno = 0;
	code = errno;
	close(fd);
	errno = code;
	return path;
}

static int locate(struct rv_file *f, bool writer, struct rv_error *err)
{
	char *path = strdup(f->name), *last;

	for (int links = 0; path; links++) {
		int fd = open_directory_of(f->at < 0 ? AT_FDCWD : f->at, path, &last);

		free(path);
		/* For a reader, a missing directory is a missing file, not an error. */
		if (fd < 0 && errno == ENOENT && !writer) {
			free(f->last);
			f->last = NULL;
			return 0;
		}
		if (fd < 0)
			return file_fail(f, err, errno == ENOENT ? "create" : "open");
		if (f->at >= 0)
			close(f->at);
		free(f->last);
		f->at = fd;
		f->last = last;
		path = next_path(f, writer);
		if (!path && errno == 0)
			return 0;
		if (links == MOST_LINKS) {
			free(path);
			path = NULL;
			errno = ELOOP;
		}
	}
	return file_fail(f, err, "open");
}

/* ---- locking ---------------------------------------------------------------------- */

static uint64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* flock(2) has no timeout, so this polls. */
static int take_lock(const struct rv_file *f, int fd, uint64_t until, struct rv_error *err)
{
	const struct timespec pause = { .tv_nsec = 2000000 };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return file_fail(f, err, "lock");
		if (monotonic_ms() >= until) {
			rv_fail(err, RV_ERR_RESOURCE, NULL,
				"Another app is currently holding the lock of %s.", f->name);
			return rv_hint(err, "find it with: fuser -v %s", f->name);
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Locks the file. Returns 1; 0 to retry because it was replaced meanwhile; -1. */
static int lock_existing(struct rv_file *f, uint64_t until, struct rv_error *err)
{
	struct stat mine, there;

	if (fstat(f->fd, &mine) < 0)
		return file_fail(f, err, "open");
	/* rename() needs write permission only for the directory; respect the file's as well. */
	if (faccessat(f->at, f->last, W_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : file_fail(f, err, "write");
	if (take_lock(f, f->fd, until, err) < 0)
		return -1;
	return fstatat(f->at, f->last, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       same_file(&mine, &there);
}

/* The file does not exist yet: locks the directory instead. Results as above. */
static int lock_missing(struct rv_file *f, uint64_t until, struct rv_error *err)
{
	f->dir_fd = openat(f->at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir_fd < 0)
		return file_fail(f, err, "create");
	if (take_lock(f, f->dir_fd, until, err) < 0)
		return -1;
	return faccessat(f->at, f->last, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static void close_fds(struct rv_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->dir_fd >= 0)
		close(f->dir_fd);
	f->fd = f->dir_fd = -1;
}

/*
 * Opening a pipe without a writer blocks, and reading a device may not end: both are refused, as
 * are links created meanwhile. Links in /proc are followed for reading.
 */
static int open_file(struct rv_file *f, bool writer, struct rv_error *err)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat st;

	if (!f->last)
		return 0;
	f->fd = openat(f->at, f->last, flags | O_NOFOLLOW);
	if (f->fd < 0 && errno == ELOOP && !writer && is_magic(f->at))
		f->fd = openat(f->at, f->last, flags);
	if (f->fd < 0)
		return errno == ENOENT ? 0 : file_fail(f, err, "open");
	if (fstat(f->fd, &st) < 0)
		return file_fail(f, err, "open");
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
		if (open_file(f, true, err) < 0)
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
	f->at = f->fd = f->dir_fd = -1;
	f->name = strdup(name);
	rc = f->name ? locate(f, writer, err) : rv_fail_memory(err);
	if (rc == 0)
		rc = writer ? open_for_writing(f, monotonic_ms() + patience, err)
			    : open_file(f, false, err);
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
	if (f->at >= 0)
		close(f->at);
	free(f->name);
	free(f->last);
	memset(f, 0, sizeof(*f));
	f->at = f->fd = f->dir_fd = -1;
}

/* ---- reading and writing ---------------------------------------------------------- */

int rv_file_read(struct rv_file *f, struct rv_buf *b, struct rv_error *err)
{
	return f->fd >= 0 && rv_read_all(f->fd, b) < 0 ? file_fail(f, err, "read") : 0;
}

static mode_t new_mode(mode_t mode)
{
	mode_t mask = umask(0);

	umask(mask);
	return mode & ~mask;
}

/* Owner first: chown() clears mode bits. */
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

/* EINVAL: the file system cannot sync directories. */
static int sync_dir(int at)
{
	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	if (rc < 0 && errno == EINVAL)
		rc = 0;
	close(fd);
	return rc;
}

/* Links an O_TMPFILE file to an unused name. */
static int give_name(int fd, int at, const char *name)
{
	char link[64];
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_nlink > 0)
		return st.st_nlink > 0 ? 0 : -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, link, at, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != EEXIST || unlinkat(at, name, 0) < 0)
		return -1;
	return linkat(AT_FDCWD, link, at, name, AT_SYMLINK_FOLLOW);
}

/* Falls back to a path in /proc: a seccomp filter may allow rename() but not renameat2(). */
static int rename_in(int at, const char *from, const char *to)
{
	char old[PATH_MAX], new[PATH_MAX];

	snprintf(old, sizeof(old), "/proc/self/fd/%d/%s", at, from);
	snprintf(new, sizeof(new), "/proc/self/fd/%d/%s", at, to);
	if (access("/proc/self/fd", X_OK) == 0)
		return rename(old, new);
	return renameat(at, from, at, to);
}

/*
 * The new file is locked before it is renamed, so that no other writer can get the lock in between.
 */
static int put_in_place(struct rv_file *f, int fd, const char *temporary, const struct rv_buf *b,
			struct rv_error *err)
{
	if (rv_write_all(fd, b) < 0)
		return file_fail(f, err, "write");
	if (keep_mode(f, fd) < 0)
		return file_fail(f, err, "keep the owner and mode of");
	if (fsync(fd) < 0)
		return file_fail(f, err, "write");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return file_fail(f, err, "lock");
	if (give_name(fd, f->at, temporary) < 0 || rename_in(f->at, temporary, f->last) < 0)
		return file_fail(f, err, "replace");
	return 0;
}

/*
 * O_TMPFILE keeps the new file nameless until it is complete; without it, the temporary name is
 * used from the start.
 */
static int open_temporary(const struct rv_file *f, const char *temporary)
{
	int fd = -1;

	if (access("/proc/self/fd", F_OK) == 0)
		fd = openat(f->at, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL))
		return fd;
	unlinkat(f->at, temporary, 0);
	return openat(f->at, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/*
 * The writer's lock protects the temporary name: an existing file of that name was left by a killed
 * writer.
 */
static char *temporary_name(const struct rv_file *f)
{
	char *name;

	return asprintf(&name, ".%s.ravelin", f->last) < 0 ? NULL : name;
}

int rv_file_replace(struct rv_file *f, const struct rv_buf *b, struct rv_error *err)
{
	char *temporary = temporary_name(f);
	int fd, rc, code;

	if (!temporary)
		return rv_fail_memory(err);
	fd = open_temporary(f, temporary);
	if (fd < 0) {
		file_fail(f, err, "write");
		free(temporary);
		return rv_hint(err, "the new file is first written to the same directory");
	}
	rc = put_in_place(f, fd, temporary, b, err);
	code = errno;
	if (rc < 0) {
		unlinkat(f->at, temporary, 0);
		close(fd);
	} else {
		close_fds(f);
		f->fd = fd;
		if (sync_dir(f->at) < 0) {
			rc = file_fail(f, err, "sync the directory of");
			code = errno;
		}
	}
	free(temporary);
	errno = code;
	return rc;
}
