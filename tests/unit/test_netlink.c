/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says about a transaction, with answers that got lost: netlink.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "backend/nft/nft.h"

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);

/* What recv() does, call by call: an errno, or 0 for a refusal with EBUSY of message 7. */
static const int *answers;

static ssize_t refusal(void *buf)
{
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr e;
	} answer = {
		.nlh = { .nlmsg_len = sizeof(answer), .nlmsg_type = NLMSG_ERROR },
		.e = { .error = -EBUSY, .msg = { .nlmsg_len = sizeof(answer.e.msg), .nlmsg_seq = 7 } },
	};

	memcpy(buf, &answer, sizeof(answer));
	return sizeof(answer);
}

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	(void)fd;
	(void)flags;
	assert_true(len > 64);
	if (!*answers) {
		answers++;
		return refusal(buf);
	}
	errno = *answers++;
	return -1;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	size_t len = 0;

	(void)fd;
	(void)flags;
	for (size_t i = 0; i < msg->msg_iovlen; i++)
		len += msg->msg_iov[i].iov_len;
	return (ssize_t)len;
}

static struct rv_nft_verdict send_one(const int *script)
{
	char bytes[32] = { 0 };
	const struct iovec part = { bytes, sizeof(bytes) };
	struct rv_nft_socket n;
	struct rv_nft_verdict v;
	struct rv_error err = { 0 };

	answers = script;
	assert_int_equal(rv_nft_open(&n, &err), 0);
	assert_int_equal(rv_nft_send(&n, &part, 1, 1, &v, &err), 0);
	rv_nft_close(&n);
	return v;
}

static void test_done(void **state)
{
	static const int nothing[] = { EAGAIN };

	(void)state;
	assert_int_equal(send_one(nothing).code, 0);
}

/* Nothing is sent but refusals: one that got lost was one, whatever the generation is by then. */
static void test_lost_refusal(void **state)
{
	static const int lost[] = { ENOBUFS, EAGAIN }, interrupted[] = { EINTR, ENOBUFS, EINTR, EAGAIN };

	(void)state;
	assert_int_equal(send_one(lost).code, ENOBUFS);
	assert_int_equal(send_one(interrupted).code, ENOBUFS);
}

static void test_first_refusal(void **state)
{
	static const int behind[] = { 0, ENOBUFS, EAGAIN }, before[] = { ENOBUFS, 0, EAGAIN };

	(void)state;
	assert_int_equal(send_one(behind).code, EBUSY);
	assert_int_equal(send_one(behind).seq, 7);
	assert_int_equal(send_one(before).code, EBUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_lost_refusal),
		cmocka_unit_test(test_first_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
