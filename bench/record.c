// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * record.so, for LD_PRELOAD: records messages sent on NETLINK_NETFILTER sockets and the receive
 * calls, in the file named by BENCH_RECORD (format: recording.h). floor replays it.
 *
 * Intercepts the calls that netlink programs make directly or through libmnl. For a program that
 * uses others (sendmmsg, write, io_uring) the recording has no messages, and bench/run reports that
 * and fails.
 */
/* clang cannot define fortified functions of glibc 2.40 and later. */
#undef _FORTIFY_SOURCE
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "recording.h"

#define MAX_FD 1024

/* index of the recorded socket + 1; 0: other descriptor */
static unsigned int index_of[MAX_FD];
static unsigned int opened;
static int out = -1;

static void fail(const char *what)
{
	perror(what);
	abort();
}

static void write_all(const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(out, p, len);

		if (n < 0)
			fail("BENCH_RECORD: write");
		p += n;
		len -= n;
	}
}

static void open_output(void)
{
	const char *path = getenv("BENCH_RECORD");

	if (!path)
		fail("BENCH_RECORD: not set");
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0)
		fail(path);
	write_all(RECORDING_MAGIC, RECORDING_MAGIC_LEN);
}

static void put_entry(int fd, enum recording_kind kind, uint32_t arg, size_t len)
{
	struct recording_entry e = {
		.kind = kind,
		.socket = index_of[fd] - 1,
		.arg = arg,
		.len = len,
	};

	write_all(&e, sizeof(e));
}

static void put_padding(size_t len)
{
	static const char zero[8];

	write_all(zero, RECORDING_ALIGN(len) - len);
}

static void put(int fd, enum recording_kind kind, uint32_t arg, const void *data, size_t len)
{
	put_entry(fd, kind, arg, len);
	write_all(data, len);
	put_padding(len);
}

static int recorded(int fd)
{
	return fd >= 0 && fd < MAX_FD && index_of[fd];
}

static size_t iov_bytes(const struct msghdr *msg)
{
	size_t total = 0;

	for (size_t i = 0; i < msg->msg_iovlen; i++)
		total += msg->msg_iov[i].iov_len;
	return total;
}

static void put_msg(int fd, const struct msghdr *msg)
{
	size_t total = iov_bytes(msg);

	put_entry(fd, RECORDING_SEND, 0, total);
	for (size_t i = 0; i < msg->msg_iovlen; i++)
		write_all(msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len);
	put_padding(total);
}

/* The C library's function, looked up once per wrapper. */
#define REAL(name)                                                                                 \
	static __typeof__(&name) real;                                                             \
	if (!real && !(real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)))                         \
	fail(#name)

int socket(int domain, int type, int protocol)
{
	REAL(socket);
	int fd = real(domain, type, protocol);

	if (fd < 0 || fd >= MAX_FD)
		return fd;
	index_of[fd] = 0; /* the number of a closed descriptor is reused */
	if (domain != AF_NETLINK || protocol != NETLINK_NETFILTER)
		return fd;
	if (out < 0)
		open_output();
	if (opened == RECORDING_MAX_SOCKETS)
		fail("BENCH_RECORD: too many sockets");
	index_of[fd] = ++opened;
	put(fd, RECORDING_OPEN, 0, NULL, 0);
	return fd;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	REAL(setsockopt);

	if (recorded(fd))
		put(fd, RECORDING_OPTION, (uint32_t)level << 16 | (uint32_t)name, value, len);
	return real(fd, level, name, value, len);
}

/* Failed sends are not recorded: they had no effect and are retried. */
ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	REAL(sendmsg);
	ssize_t n = real(fd, msg, flags);

	if (n >= 0 && recorded(fd))
		put_msg(fd, msg);
	return n;
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *addr,
	       socklen_t addrlen)
{
	REAL(sendto);
	ssize_t n = real(fd, data, len, flags, addr, addrlen);

	if (n >= 0 && recorded(fd))
		put(fd, RECORDING_SEND, 0, data, len);
	return n;
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	return sendto(fd, data, len, flags, NULL, 0);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	REAL(recvmsg);

	if (recorded(fd))
		put(fd, RECORDING_RECEIVE, iov_bytes(msg), NULL, 0);
	return real(fd, msg, flags);
}

ssize_t recvfrom(int fd, void *data, size_t len, int flags, struct sockaddr *addr,
		 socklen_t *addrlen)
{
	REAL(recvfrom);

	if (recorded(fd))
		put(fd, RECORDING_RECEIVE, len, NULL, 0);
	return real(fd, data, len, flags, addr, addrlen);
}

ssize_t recv(int fd, void *data, size_t len, int flags)
{
	return recvfrom(fd, data, len, flags, NULL, NULL);
}

/*
 * Variants called by programs built with _FORTIFY_SOURCE. The C library declares them only in such
 * programs.
 */
ssize_t __recvfrom_chk(int fd, void *data, size_t len, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *addrlen);
ssize_t __recv_chk(int fd, void *data, size_t len, size_t room, int flags);

ssize_t __recvfrom_chk(int fd, void *data, size_t len, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *addrlen)
{
	if (len > room)
		abort();
	return recvfrom(fd, data, len, flags, addr, addrlen);
}

ssize_t __recv_chk(int fd, void *data, size_t len, size_t room, int flags)
{
	return __recvfrom_chk(fd, data, len, room, flags, NULL, NULL);
}
