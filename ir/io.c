/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ravelin/io.h>

#define CHUNK 65536

/* st_size is only a hint: the file may be a pipe, or grow. */
static size_t first_chunk(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return CHUNK;
	return (size_t)st.st_size + 1;
}

int rv_read_all(int fd, struct rv_buf *b)
{
	size_t chunk = first_chunk(fd);

	for (;;) {
		char *at = rv_buf_grow(b, chunk);
		ssize_t n;

		if (!at) {
			errno = ENOMEM;
			return -1;
		}
		b->len -= chunk;
		n = read(fd, at, chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -1 : 0;
		b->len += (size_t)n;
		chunk = CHUNK;
	}
}

int rv_write_all(int fd, const struct rv_buf *b)
{
	for (size_t done = 0; done < b->len;) {
		ssize_t n = write(fd, b->data + done, b->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}
