/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The netlink socket: requests, dumps and batches (netlink(7), linux/netlink.h,
 * linux/netfilter/nfnetlink.h). Every answer contains the low half of the ruleset's generation, so
 * a read detects other writers; watch.c decides whether their changes matter.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "netlink.h"

/* The kernel makes parts of a dump as large as the reader's buffer, up to 32 KiB. */
#define RECEIVE_BUFFER (64 * 1024)

/* Receive buffer used by one error message: an skb, however short the text. */
#define ERROR_COST 1024
#define RECEIVE_MAX (512 * 1024 * 1024)

/* Minimum send buffer of a new socket (net.core.wmem_default). */
#define SEND_DEFAULT (64 * 1024)

int rv_nft_failed(int code, struct rv_error *err)
{
	return rv_fail(err, RV_ERR_RESOURCE, NULL, "netlink: %s", strerror(code));
}

/* ---- opening ------------------------------------------------------------------- */

static int connect_socket(struct rv_nft_socket *n)
{
	int on = 1;

	n->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!n->nl)
		return -1;
	/* Both only improve error messages; kernels before 4.12 lack them. */
	mnl_socket_setsockopt(n->nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(n->nl, NETLINK_CAP_ACK, &on, sizeof(on));
	return mnl_socket_bind(n->nl, 0, MNL_SOCKET_AUTOPID);
}

int rv_nft_open(struct rv_nft_socket *n, struct rv_error *err)
{
	*n = (struct rv_nft_socket){ 0 };
	n->buf = malloc(RECEIVE_BUFFER);
	if (!n->buf)
		return rv_fail_memory(err);
	if (!connect_socket(n))
		return 0;
	rv_fail(err, RV_ERR_RESOURCE, NULL, "Failed to initialize nft: %s", strerror(errno));
	rv_hint(err, "the kernel has no netlink socket for netfilter (CONFIG_NETFILTER_NETLINK)");
	rv_nft_close(n);
	return -1;
}

void rv_nft_close(struct rv_nft_socket *n)
{
	if (n->nl)
		mnl_socket_close(n->nl);
	rv_nft_watch_close(n->watch);
	free(n->buf);
	*n = (struct rv_nft_socket){ 0 };
}

/* Abandons an unfinished dump together with its socket. */
static int reconnect(struct rv_nft_socket *n, struct rv_error *err)
{
	mnl_socket_close(n->nl);
	if (!connect_socket(n))
		return 0;
	return rv_fail(err, RV_ERR_RESOURCE, NULL, "Failed to initialize nft: %s", strerror(errno));
}

/* ---- questions ----------------------------------------------------------------- */

static struct nlmsghdr *start_message(void *at, uint16_t type, uint16_t flags, rv_family_t family,
				      uint32_t seq)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = seq;
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

static ssize_t receive(struct rv_nft_socket *n, int flags)
{
	ssize_t len;

	do {
		len = recv(mnl_socket_get_fd(n->nl), n->buf, RECEIVE_BUFFER, flags | MSG_TRUNC);
	} while (len < 0 && errno == EINTR);
	if (len > RECEIVE_BUFFER) {
		errno = EMSGSIZE;
		return -1;
	}
	return len;
}

/* A request and the callbacks for its answers. */
struct exchange {
	struct rv_nft_socket *n;
	uint32_t seq;
	struct rv_nft_dump *dump;	/* NULL: a single answer */
	bool check_generation;
	rv_nft_answer_fn *fn;
	void *arg;
	struct rv_error *err;
	int code;		/* errno of the kernel's error reply */
};

enum { GO_ON, FINISHED, FAILED };

static int see_answer(struct exchange *x, const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct rv_nft_view attrs;

	if (nlh->nlmsg_len < sizeof(*nlh) + sizeof(*nfg))
		return rv_nft_malformed(x->err), FAILED;
	if (x->check_generation && ntohs(nfg->res_id) != (uint16_t)x->n->generation)
		return rv_nft_changed_by_others(x->err), FAILED;
	attrs.data = (const unsigned char *)(nfg + 1);
	attrs.len = nlh->nlmsg_len - sizeof(*nlh) - sizeof(*nfg);
	if (x->dump && !rv_nft_dump_see(x->dump, attrs, nlh->nlmsg_len))
		return rv_nft_changed_by_others(x->err), FAILED;
	if (x->fn && x->fn(attrs, x->arg, x->err))
		return FAILED;
	return x->dump ? GO_ON : FINISHED;
}

static int see_message(struct exchange *x, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_seq != x->seq)
		return GO_ON;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR && x->check_generation)
		return rv_nft_changed_by_others(x->err), FAILED;
	if (nlh->nlmsg_type == NLMSG_DONE)
		return FINISHED;
	if (nlh->nlmsg_type != NLMSG_ERROR)
		return see_answer(x, nlh);
	if (nlh->nlmsg_len < sizeof(*nlh) + sizeof(e->error))
		return rv_nft_malformed(x->err), FAILED;
	x->code = -e->error;
	return FINISHED;
}

static int see_buffer(struct exchange *x, ssize_t len)
{
	const struct nlmsghdr *nlh = (const void *)x->n->buf;
	int left = len, rc;

	if (x->dump)
		rv_nft_dump_part(x->dump, len);
	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		rc = see_message(x, nlh);
		if (rc != GO_ON)
			return rc;
	}
	return GO_ON;
}

/* A dump that is outdated need not be read to its end. */
static bool outdated(const struct exchange *x, int rc)
{
	rv_nft_watch_drain(x->n->watch);
	return rc == GO_ON && x->dump && !rv_nft_watch_holds(x->n->watch);
}

static int exchange(struct exchange *x, const struct nlmsghdr *nlh)
{
	int rc = GO_ON;

	if (mnl_socket_sendto(x->n->nl, nlh, nlh->nlmsg_len) < 0)
		return rv_nft_failed(errno, x->err);
	while (rc == GO_ON) {
		ssize_t len = receive(x->n, 0);

		if (len < 0 && errno == ENOBUFS)
			rc = (rv_nft_changed_by_others(x->err), FAILED);
		else if (len < 0)
			return rv_nft_failed(errno, x->err);
		else if (len == 0)
			return rv_fail(x->err, RV_ERR_RESOURCE, NULL, "netlink: no answer");
		else
			rc = see_buffer(x, len);
		if (x->n->watch && outdated(x, rc))
			rc = (rv_nft_changed_by_others(x->err), FAILED);
	}
	if (rc == FAILED && x->dump)
		reconnect(x->n, x->err);
	return rc == FAILED ? -1 : 0;
}

/* ---- the generation ------------------------------------------------------------- */

static int see_generation(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_GEN_MAX + 1];

	if (rv_nft_attr_table(attrs, t, NFTA_GEN_MAX + 1) && rv_nft_get_u32(t[NFTA_GEN_ID], arg))
		return 0;
	return rv_nft_malformed(err);
}

static int no_generation(int code, struct rv_error *err)
{
	if (code == EPERM)
		return rv_fail(err, RV_ERR_RESOURCE, NULL,
			       "Could not fetch rule set generation id: "
			       "Permission denied (you must be root)");
	rv_fail(err, RV_ERR_RESOURCE, NULL, "Could not fetch rule set generation id: %s",
		strerror(code));
	return rv_hint(err, "the kernel lacks nf_tables (CONFIG_NF_TABLES, module nf_tables)");
}

static int fetch_generation(struct rv_nft_socket *n, uint32_t *generation, struct rv_error *err)
{
	_Alignas(8) char request[64];
	struct exchange x = {
		.n = n, .seq = ++n->seq, .fn = see_generation, .arg = generation, .err = err,
	};

	if (exchange(&x, start_message(request, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0,
				       NFPROTO_UNSPEC, x.seq)))
		return -1;
	return x.code ? no_generation(x.code, err) : 0;
}

int rv_nft_generation(struct rv_nft_socket *n, struct rv_error *err)
{
	if (n->has_generation)
		return 0;
	if (fetch_generation(n, &n->generation, err))
		return -1;
	n->has_generation = true;
	if (n->watch)
		rv_nft_watch_begin(n->watch, n->generation);
	return 0;
}

int rv_nft_watch_start(struct rv_nft_socket *n, struct rv_error *err)
{
	n->watch = rv_nft_watch_open();
	n->has_generation = false;
	return rv_nft_generation(n, err);
}

static int settle(struct rv_nft_socket *n, bool all_chains, struct rv_error *err)
{
	uint32_t now = 0;

	if (fetch_generation(n, &now, err))
		return -1;
	if (now == n->generation)
		return 0;
	if (!n->watch || !rv_nft_watch_settle(n->watch, &now, all_chains))
		return rv_nft_changed_by_others(err);
	n->generation = now;
	return 0;
}

int rv_nft_settle(struct rv_nft_socket *n, struct rv_error *err)
{
	return settle(n, false, err);
}

/* Changes before this read do not affect it. */
int rv_nft_read(struct rv_nft_socket *n, rv_family_t family, const char *table, const char *chain,
		unsigned int what, struct rv_error *err)
{
	if (rv_nft_generation(n, err))
		return -1;
	if (!n->watch)
		return 0;
	if (settle(n, false, err))
		return -1;
	rv_nft_watch_read(n->watch, family, table, chain, what);
	return 0;
}

static unsigned int what_is_read(uint8_t type)
{
	switch (type) {
	case NFT_MSG_GETTABLE:
		return 0;
	case NFT_MSG_GETCHAIN:
		return RV_NFT_READ_CHAINS;
	case NFT_MSG_GETRULE:
		return RV_NFT_READ_CHAINS | RV_NFT_READ_RULES;
	default:
		return RV_NFT_READ_SETS;
	}
}

static int begin_read(struct rv_nft_socket *n, const struct rv_nft_query *q, struct rv_error *err)
{
	unsigned int what = what_is_read(q->type);

	/* The name is a chain's only in requests about chains. */
	return rv_nft_read(n, q->family, q->table ? q->table : q->of,
			   what & RV_NFT_READ_CHAINS ? q->chain : NULL, what, err);
}

/*
 * The kernel continues a dump by counting objects. Dumps of chains iterate over all tables of the
 * family, so a chain added or removed in any of them shifts the count, unless the dump had only one
 * part. Without a watch, each object has the generation it belongs to; without objects, the kernel
 * is asked for it.
 */
static int end_read(struct rv_nft_socket *n, const struct exchange *x, const struct rv_nft_query *q,
		    struct rv_error *err)
{
	if (n->watch)
		return settle(n, x->dump && !q->table && x->dump->parts > 1, err);
	return x->check_generation && x->dump && !x->dump->parts ? settle(n, false, err) : 0;
}

static int ask(struct rv_nft_socket *n, const struct rv_nft_query *q, struct rv_nft_dump *dump,
	       rv_nft_answer_fn *fn, void *arg, struct rv_error *err)
{
	_Alignas(8) char request[512];
	struct exchange x = {
		.n = n, .dump = dump, .check_generation = !n->watch && !n->unchecked,
		.fn = fn, .arg = arg, .err = err,
	};
	struct nlmsghdr *nlh;

	if (begin_read(n, q, err))
		return -1;
	x.seq = ++n->seq;
	nlh = start_message(request, NFNL_SUBSYS_NFTABLES << 8 | q->type, q->dump ? NLM_F_DUMP : 0,
			    q->family, x.seq);
	if ((q->table && !mnl_attr_put_strz_check(nlh, sizeof(request), q->table_attr, q->table)) ||
	    (q->chain && !mnl_attr_put_strz_check(nlh, sizeof(request), q->chain_attr, q->chain)) ||
	    (q->handle && !mnl_attr_put_u64_check(nlh, sizeof(request), q->handle_attr,
						  htobe64(q->handle))) ||
	    (q->nest_attr && !mnl_attr_put_check(nlh, sizeof(request), q->nest_attr | NLA_F_NESTED,
						 q->nest.len, q->nest.data)))
		return rv_fail_memory(err);
	if (exchange(&x, nlh) || end_read(n, &x, q, err))
		return -1;
	if (x.code && x.code != ENOENT)
		return rv_nft_failed(x.code, err);
	return x.code ? 1 : 0;
}

/* A second dump must return the same. */
static int confirm(struct rv_nft_socket *n, const struct rv_nft_query *q,
		   const struct rv_nft_dump *first, struct rv_error *err)
{
	struct rv_nft_dump second = rv_nft_dump_begin(q->type);
	int rc = ask(n, q, &second, NULL, NULL, err);

	return rc < 0 || (!rc && second.digest == first->digest) ? rc : rv_nft_changed_by_others(err);
}

int rv_nft_ask(struct rv_nft_socket *n, const struct rv_nft_query *q, rv_nft_answer_fn *fn,
	       void *arg, struct rv_error *err)
{
	struct rv_nft_dump dump = rv_nft_dump_begin(q->type);
	int rc = ask(n, q, q->dump ? &dump : NULL, fn, arg, err);

	if (rc || !q->dump || rv_nft_dump_is_whole(&dump) || (q->whole && q->whole(arg)))
		return rc;
	return confirm(n, q, &dump, err);
}

static int see_flags(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_TABLE_MAX + 1];

	(void)err;
	if (rv_nft_attr_table(attrs, t, NFTA_TABLE_MAX + 1))
		rv_nft_get_u32(t[NFTA_TABLE_FLAGS], arg);
	return 0;
}

int rv_nft_ask_table(struct rv_nft_socket *n, rv_family_t family, const char *table, uint32_t *flags,
		     struct rv_error *err)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETTABLE, .family = family, .table = table, .table_attr = NFTA_TABLE_NAME,
	};

	*flags = 0;
	return rv_nft_ask(n, &q, see_flags, flags, err);
}

void rv_nft_aside_forget(struct rv_nft_aside *a)
{
	for (size_t i = 0; i < a->nusers; i++)
		free(a->users[i].set);
	free(a->users);
	free(a->table);
	a->users = NULL;
	a->table = NULL;
	a->nusers = a->room = 0;
}

int rv_nft_aside_open(struct rv_nft_aside *a, struct rv_error *err)
{
	if (a->open)
		return 0;
	if (rv_nft_open(&a->socket, err))
		return -1;
	a->open = true;
	return 0;
}

void rv_nft_aside_close(struct rv_nft_aside *a)
{
	if (a->open)
		rv_nft_close(&a->socket);
	rv_nft_aside_forget(a);
	a->open = false;
}

int rv_nft_aside_ask(struct rv_nft_aside *a, const struct rv_nft_query *q, rv_nft_answer_fn *fn,
		     void *arg, struct rv_error *err)
{
	if (rv_nft_aside_open(a, err))
		return -1;
	a->socket.has_generation = a->of && a->of->has_generation;
	a->socket.generation = a->of ? a->of->generation : 0;
	/* The watch of the other socket covers these reads. */
	a->socket.unchecked = a->of && a->of->watch;
	return rv_nft_ask(&a->socket, q, fn, arg, err);
}

enum rv_nft_has rv_nft_kernel_has(struct rv_nft_socket *n, rv_family_t family, const char *name,
				  uint32_t revision, bool target)
{
	_Alignas(8) char request[256];
	struct rv_error err = { 0 };
	struct exchange x = { .n = n, .seq = ++n->seq, .err = &err };
	const uint16_t type = NFNL_SUBSYS_NFT_COMPAT << 8 | NFNL_MSG_COMPAT_GET;
	struct nlmsghdr *nlh = start_message(request, type, 0, family, x.seq);

	if (!mnl_attr_put_strz_check(nlh, sizeof(request), NFTA_COMPAT_NAME, name))
		return RV_NFT_HAS;
	mnl_attr_put_u32(nlh, NFTA_COMPAT_REV, htonl(revision));
	mnl_attr_put_u32(nlh, NFTA_COMPAT_TYPE, htonl(target));
	if (exchange(&x, nlh) || (x.code != ENOENT && x.code != EPROTONOSUPPORT))
		return RV_NFT_HAS;
	return x.code == ENOENT ? RV_NFT_LACKS : RV_NFT_HAS_OTHERS;
}

/* ---- batches ------------------------------------------------------------------- */

/* Sets a buffer size: as privileged user beyond the limits, else up to them. */
static void set_buffer(const struct rv_nft_socket *n, int force, int plain, size_t size)
{
	int fd = mnl_socket_get_fd(n->nl);
	int value = size < INT32_MAX / 2 ? (int)size : INT32_MAX / 2;

	if (setsockopt(fd, SOL_SOCKET, force, &value, sizeof(value)))
		setsockopt(fd, SOL_SOCKET, plain, &value, sizeof(value));
}

void rv_nft_make_room(const struct rv_nft_socket *n, size_t bytes, size_t messages)
{
	size_t errors = messages < RECEIVE_MAX / ERROR_COST ? messages * ERROR_COST : RECEIVE_MAX;

	if (bytes > SEND_DEFAULT)
		set_buffer(n, SO_SNDBUFFORCE, SO_SNDBUF, bytes);
	if (errors > SEND_DEFAULT)
		set_buffer(n, SO_RCVBUFFORCE, SO_RCVBUF, errors);
}

static int not_sent(size_t bytes, struct rv_error *err)
{
	rv_fail(err, RV_ERR_RESOURCE, NULL,
		"netlink: cannot send a transaction of %zu bytes: %s", bytes, strerror(errno));
	if (errno == EMSGSIZE)
		rv_hint(err, "the socket's send buffer is limited: see net.core.wmem_max, or "
			     "give CAP_NET_ADMIN");
	return -1;
}

/* Extended acknowledgement: offset in the message, and text. */
static void see_details(const struct nlmsghdr *nlh, const struct nlmsgerr *e,
			struct rv_nft_verdict *v)
{
	struct rv_nft_view t[NLMSGERR_ATTR_MAX + 1], tail;
	size_t skip = sizeof(*nlh) + sizeof(*e);

	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len > sizeof(e->msg))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len - sizeof(e->msg));
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || nlh->nlmsg_len < skip)
		return;
	tail.data = (const unsigned char *)nlh + skip;
	tail.len = nlh->nlmsg_len - skip;
	if (!rv_nft_attr_table(tail, t, NLMSGERR_ATTR_MAX + 1))
		return;
	if (t[NLMSGERR_ATTR_OFFS].len == sizeof(v->offset))
		memcpy(&v->offset, t[NLMSGERR_ATTR_OFFS].data, sizeof(v->offset));
	if (rv_nft_get_text(t[NLMSGERR_ATTR_MSG]))
		snprintf(v->text, sizeof(v->text), "%s", rv_nft_get_text(t[NLMSGERR_ATTR_MSG]));
}

/* The first error is the cause; later ones are often consequences. */
static void see_errors(const struct rv_nft_socket *n, ssize_t len, struct rv_nft_verdict *v)
{
	const struct nlmsghdr *nlh = (const void *)n->buf;
	int left = len;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		if (v->code || nlh->nlmsg_type != NLMSG_ERROR ||
		    nlh->nlmsg_len < sizeof(*nlh) + sizeof(*e) || !e->error)
			continue;
		v->code = -e->error;
		v->seq = e->msg.nlmsg_seq;
		see_details(nlh, e, v);
	}
}

/*
 * The batch is executed before sendmsg() returns, so all errors, and nothing else, are waiting to
 * be read. If one was lost for lack of memory, the batch was rejected.
 */
static int collect(struct rv_nft_socket *n, struct rv_nft_verdict *v, struct rv_error *err)
{
	bool overrun = false;
	ssize_t len;

	for (;;) {
		len = receive(n, MSG_DONTWAIT);
		if (len < 0 && errno == ENOBUFS)
			overrun = true;
		else if (len <= 0)
			break;
		else
			see_errors(n, len, v);
	}
	if (len < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		return rv_nft_failed(errno, err);
	if (overrun && !v->code)
		v->code = ENOBUFS;
	return 0;
}

int rv_nft_send(struct rv_nft_socket *n, const struct iovec *parts, size_t nparts, size_t messages,
		struct rv_nft_verdict *v, struct rv_error *err)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct msghdr msg = {
		.msg_name = &kernel, .msg_namelen = sizeof(kernel),
		.msg_iov = (struct iovec *)parts, .msg_iovlen = nparts,
	};
	size_t bytes = 0;

	*v = (struct rv_nft_verdict){ 0 };
	for (size_t i = 0; i < nparts; i++)
		bytes += parts[i].iov_len;
	rv_nft_make_room(n, bytes, messages);
	if (sendmsg(mnl_socket_get_fd(n->nl), &msg, 0) < 0)
		return not_sent(bytes, err);
	return collect(n, v, err);
}

int rv_nft_end_and_send(struct rv_nft_socket *n, struct rv_buf *batch, uint32_t seq,
			struct rv_nft_verdict *v, struct rv_error *err)
{
	struct iovec part;

	rv_nft_put_batch_end(batch, seq);
	if (!rv_buf_ok(batch))
		return rv_fail_memory(err);
	part = (struct iovec){ batch->data, batch->len };
	return rv_nft_send(n, &part, 1, seq - 1, v, err);
}
