/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files in and out of buffers. Both return 0, or -1 with errno set. */
#ifndef RAVELIN_IO_H
#define RAVELIN_IO_H

#include <ravelin/buf.h>

/* Appends all that can be read. */
int rv_read_all(int fd, struct rv_buf *b);
int rv_write_all(int fd, const struct rv_buf *b);

#endif
