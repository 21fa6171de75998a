/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is read as it is and only ever replaced as a whole. */
#ifndef RAVELIN_REPLACE_H
#define RAVELIN_REPLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include <ravelin/buf.h>
#include <ravelin/error.h>

struct rv_file {
	char *name;		/* as given, for messages; owned */
	int at;			/* the directory that it is in; links were followed until there */
	char *last;		/* its name there, which is no link; owned */
	mode_t mode;		/* of a new file, before the umask; 0600 unless it is set */
	int fd;			/* of the file, -1: there is none. A writer holds its lock */
	int dir_fd;		/* a writer of a missing file holds the directory's lock; else -1 */
};

/*
 * Symbolic links are followed as the kernel does with fs.protected_symlinks, whatever that is set
 * to: not one that somebody else has put in a directory that all may write to, such as /tmp. What
 * is opened, written and renamed from then on is in the directory that was found.
 *
 * Opens the file. A missing file is none, which is no error. A writer waits for others, at
 * most patience milliseconds, and keeps them out until rv_file_close(); readers neither wait
 * nor keep anybody waiting. What is no regular file is refused. On failure nothing needs closing,
 * and errno says why.
 */
int rv_file_open(struct rv_file *f, const char *name, bool writer, unsigned int patience,
		 struct rv_error *err);
int rv_file_read(struct rv_file *f, struct rv_buf *b, struct rv_error *err);
/*
 * Puts the text in place of the file, which keeps its mode and owner. Either all of it is on
 * disk, or the file is as before, and errno says why. A killed writer leaves at most one file of
 * another name, which the next one deletes.
 */
int rv_file_replace(struct rv_file *f, const struct rv_buf *b, struct rv_error *err);
void rv_file_close(struct rv_file *f);

#endif
