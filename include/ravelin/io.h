/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read and write whole files. Both return 0, or -1 with errno set. */
#ifndef RAVELIN_IO_H
#define RAVELIN_IO_H

#include <ravelin/buf.h>

/* Appends everything up to end of file. */
int rv_read_all(int fd, struct rv_buf *b);
int rv_write_all(int fd, const struct rv_buf *b);

#endif
