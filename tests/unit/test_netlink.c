/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lost and interrupted replies of the kernel: netlink.c, and rules of a dump: dump.c. */
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
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *request, size_t len);

/* Results of recv(), call by call: an errno, or 0 for a refusal of message 7 with EBUSY. */
static const int *answers;

/* Alternatively a dump, in parts that end at cuts. */
static struct rv_buf dump = RV_BUF_INIT;
static size_t cuts[8], ncuts, told, asked;

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
	if (told < dump.len) {
		size_t end = dump.len;

		for (size_t i = ncuts; i-- > 0; )
			if (cuts[i] > told)
				end = cuts[i];
		assert_true(end - told <= len);
		memcpy(buf, dump.data + told, end - told);
		len = end - told;
		told = end;
		return (ssize_t)len;
	}
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

/* All replies are refusals: a lost one was a refusal too, whatever the generation. */
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

/* ---- rules of a dump ---------------------------------------------------------------- */

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *request, size_t len)
{
	(void)nl;
	(void)request;
	asked++;
	return (ssize_t)len;
}

#define GENERATION 7

/* Sequence number of the current request. */
static uint32_t seq = 1;

static void end(size_t at)
{
	uint32_t len = (uint32_t)(dump.len - at);

	memcpy(dump.data + at, &len, sizeof(len));
}

/* Adds a rule to the dump; before: handle of the previous rule in the chain, 0: none. */
static void tell_rule(const char *chain, uint64_t handle, uint64_t before)
{
	size_t at = dump.len;

	rv_nft_put_message(&dump, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE, NLM_F_MULTI,
			   NFPROTO_IPV4, GENERATION, seq);
	rv_nft_put_text(&dump, NFTA_RULE_TABLE, "filter");
	rv_nft_put_text(&dump, NFTA_RULE_CHAIN, chain);
	rv_nft_put_u64(&dump, NFTA_RULE_HANDLE, handle);
	if (before)
		rv_nft_put_u64(&dump, NFTA_RULE_POSITION, before);
	end(at);
}

static int count(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	(void)attrs;
	(void)err;
	++*(int *)arg;
	return 0;
}

/* Ends the current part. */
static void cut(void)
{
	cuts[ncuts++] = dump.len;
}

/* Ends the dump; what follows belongs to the next one. */
static void done(void)
{
	size_t at = dump.len;

	cut();
	rv_nft_put_message(&dump, NLMSG_DONE, NLM_F_MULTI, NFPROTO_IPV4, GENERATION, seq++);
	end(at);
	cut();
}

/* Number of rules seen, or -1: the dump must be repeated. */
static int read_dumps(rv_nft_whole_fn *whole)
{
	struct rv_nft n = { .fresh = NULL };
	struct rv_store s = { .priv = &n };
	struct rv_error err = { 0 };
	int seen = 0, rc;

	s.rs.family = NFPROTO_IPV4;
	assert_int_equal(rv_nft_open(&n.socket, &err), 0);
	n.socket.generation = GENERATION;
	n.socket.has_generation = true;
	told = asked = 0;
	rc = rv_nft_ask_rules(&s, "filter", NULL, count, whole, &seen, &err);
	if (rc)
		assert_int_equal(err.kind, RV_ERR_AGAIN);
	else
		assert_int_equal(told, dump.len);
	rv_nft_close(&n.socket);
	rv_buf_free(&dump);
	ncuts = told = 0;
	seq = 1;
	return rc ? -1 : seen;
}

static int read_dump(void)
{
	done();
	return read_dumps(NULL);
}

static void test_whole_dump(void **state)
{
	(void)state;
	tell_rule("a", 4, 0);
	tell_rule("a", 9, 4);
	tell_rule("a", 5, 9);
	tell_rule("b", 6, 0);
	tell_rule("b", 7, 6);
	assert_int_equal(read_dump(), 5);
}

static void tell_generation(uint32_t generation)
{
	size_t at = dump.len;

	rv_nft_put_message(&dump, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN, 0, NFPROTO_UNSPEC, 0, seq);
	rv_nft_put_u32(&dump, NFTA_GEN_ID, generation);
	end(at);
}

/* An empty dump does not have a generation. */
static void test_empty_dump(void **state)
{
	(void)state;
	done();
	tell_generation(GENERATION);
	assert_int_equal(read_dumps(NULL), 0);
	done();
	tell_generation(GENERATION + 1);
	assert_int_equal(read_dumps(NULL), -1);
}

/* Rules of a refused transaction confuse the kernel's count. */
static void test_torn_dump(void **state)
{
	(void)state;
	tell_rule("a", 4, 0);
	tell_rule("a", 5, 9);
	assert_int_equal(read_dump(), -1);
	tell_rule("a", 4, 0);
	tell_rule("a", 9, 4);
	tell_rule("a", 4, 0);
	assert_int_equal(read_dump(), -1);
	tell_rule("a", 4, 0);
	tell_rule("b", 7, 6);
	assert_int_equal(read_dump(), -1);
}

/* A part that starts with the rule after the previous one proves that nothing is missing. */
static void test_parts(void **state)
{
	(void)state;
	tell_rule("a", 4, 0);
	cut();
	tell_rule("a", 9, 4);
	tell_rule("b", 5, 0);
	cut();
	tell_rule("b", 6, 5);
	assert_int_equal(read_dump(), 4);
	assert_int_equal(asked, 1);
	tell_rule("a", 4, 0);
	cut();
	tell_rule("a", 9, 5);
	assert_int_equal(read_dump(), -1);
}

static void tell_two_parts(uint64_t last)
{
	tell_rule("a", 4, 0);
	cut();
	tell_rule("b", last, 0);
	done();
}

/* Between parts, a rule of the first chain or whole chains may have been skipped. */
static void test_doubtful_parts(void **state)
{
	(void)state;
	tell_two_parts(5);
	tell_two_parts(5);
	assert_int_equal(read_dumps(NULL), 2);
	assert_int_equal(asked, 2);
	tell_two_parts(5);
	tell_two_parts(6);
	assert_int_equal(read_dumps(NULL), -1);
	tell_two_parts(5);
	tell_rule("a", 4, 0);
	cut();
	tell_rule("a", 7, 4);
	tell_rule("b", 5, 0);
	done();
	assert_int_equal(read_dumps(NULL), -1);
}

static bool knows(void *arg)
{
	return *(int *)arg == 2;
}

/* With a rule count, no second dump is needed. */
static void test_counted_parts(void **state)
{
	(void)state;
	tell_two_parts(5);
	assert_int_equal(read_dumps(knows), 2);
	assert_int_equal(asked, 1);
}

static void tell_rules(uint64_t count)
{
	tell_rule("a", 1, 0);
	for (uint64_t handle = 2; handle <= count; handle++)
		tell_rule("a", handle, handle - 1);
	done();
}

/* The last part is full, so rules may be missing. 64 bytes each. */
static void test_full_part(void **state)
{
	(void)state;
	tell_rules(56);
	tell_rules(56);
	assert_int_equal(read_dumps(NULL), 56);
	assert_int_equal(asked, 2);
	tell_rules(56);
	tell_rules(57);
	assert_int_equal(read_dumps(NULL), -1);
	tell_rules(50);
	assert_int_equal(read_dumps(NULL), 50);
	assert_int_equal(asked, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_lost_refusal),
		cmocka_unit_test(test_first_refusal),
		cmocka_unit_test(test_whole_dump),
		cmocka_unit_test(test_empty_dump),
		cmocka_unit_test(test_torn_dump),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_doubtful_parts),
		cmocka_unit_test(test_counted_parts),
		cmocka_unit_test(test_full_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
