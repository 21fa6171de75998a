/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are read in place and replaced atomically. */
#ifndef RAVELIN_REPLACE_H
#define RAVELIN_REPLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include <ravelin/buf.h>
#include <ravelin/error.h>

struct rv_file {
	char *name;		/* as given, for messages; owned */
	int at;			/* the directory that contains it, after following links */
	char *last;		/* its name there, not a link; owned */
	mode_t mode;		/* of a new file, before the umask; 0600 if 0 */
	int fd;			/* of the file, -1: it does not exist. A writer holds its lock */
	int dir_fd;		/* locked directory if a writer's file does not exist; else -1 */
};

/*
 * Opens the file. A missing file is not an error. A writer waits at most patience ms for other
 * writers and excludes them until rv_file_close(); readers neither wait nor block others. Refuses
 * anything but a regular file. On failure nothing needs closing and errno is set.
 *
 * Symbolic links are followed as with fs.protected_symlinks, whatever its setting: not one that
 * another user created in a world-writable sticky directory such as /tmp. All later operations are
 * relative to the directory found.
 */
int rv_file_open(struct rv_file *f, const char *name, bool writer, unsigned int patience,
		 struct rv_error *err);
int rv_file_read(struct rv_file *f, struct rv_buf *b, struct rv_error *err);
/*
 * Atomically replaces the file's contents, keeping mode and owner. Either everything is on disk, or
 * the file is unchanged and errno is set. A killed writer leaves at most one temporary file, which
 * the next writer removes.
 */
int rv_file_replace(struct rv_file *f, const struct rv_buf *b, struct rv_error *err);
void rv_file_close(struct rv_file *f);

#endif
