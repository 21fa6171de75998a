// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * floor FILE: replays a recording of record.c and does nothing else, so its time is the minimum for
 * the kernel and for starting a process. Prints the number of rules and errors received.
 *
 * floor -c: prints the number of IPv4 rules, so that benchmarks are not checked by the programs
 * they compare.
 *
 * Sequence numbers and port IDs are sent as recorded: the kernel echoes sequence numbers, and takes the
 * port ID from the socket. The generation ID in a batch is replaced by the current one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording.h"

#define NFT_TYPE(msg) (NFNL_SUBSYS_NFTABLES << 8 | (msg))

/* default for recordings without receives; MNL_SOCKET_BUFFER_SIZE of libmnl */
#define DEFAULT_BUFFER 32768

struct replies {
	unsigned long rules;
	unsigned long errors;
	unsigned int dumps_ended;
	bool generation_known;
	uint32_t generation; /* network byte order, as received */
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void refuse(const char *why)
{
	fprintf(stderr, "floor: %s\n", why);
	exit(1);
}

static int open_socket(void)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		die("socket");
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)))
		die("bind");
	return fd;
}

/* Value of an attribute of a nfnetlink message, or NULL. */
static uint32_t *find_u32(struct nlmsghdr *nlh, uint16_t type)
{
	char *p = (char *)NLMSG_DATA(nlh) + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	char *end = (char *)nlh + nlh->nlmsg_len;

	while (p + NLA_HDRLEN <= end) {
		struct nlattr *a = (struct nlattr *)p;

		if (a->nla_len < NLA_HDRLEN)
			break;
		if ((a->nla_type & NLA_TYPE_MASK) == type &&
		    a->nla_len == NLA_HDRLEN + sizeof(uint32_t))
			return (uint32_t *)(p + NLA_HDRLEN);
		p += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

static void take_reply(struct replies *r, struct nlmsghdr *nlh, bool *dump_ended)
{
	uint32_t *generation;

	switch (nlh->nlmsg_type) {
	case NLMSG_DONE:
		*dump_ended = true;
		break;
	case NLMSG_ERROR:
		if (((struct nlmsgerr *)NLMSG_DATA(nlh))->error) {
			r->errors++;
			*dump_ended = true;
		}
		break;
	case NFT_TYPE(NFT_MSG_NEWRULE):
		r->rules++;
		break;
	case NFT_TYPE(NFT_MSG_NEWGEN):
		generation = find_u32(nlh, NFTA_GEN_ID);
		if (generation) {
			r->generation = *generation;
			r->generation_known = true;
		}
		break;
	}
}

/* Returns the number of dumps that ended in this datagram. */
static unsigned int take_replies(struct replies *r, void *data, size_t len)
{
	struct nlmsghdr *nlh = data;
	unsigned int ended = 0;

	for (; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len)) {
		bool dump_ended = false;

		take_reply(r, nlh, &dump_ended);
		ended += dump_ended;
	}
	return ended;
}

/*
 * Reads until `dumps` dumps have ended, then everything pending. Other replies are queued before
 * send() returns, so only dumps need waiting.
 */
static void drain(int fd, unsigned int dumps, size_t size, struct replies *r)
{
	static char *buffer;
	static size_t allocated;

	if (size > allocated) {
		free(buffer);
		buffer = malloc(size);
		if (!buffer)
			die("malloc");
		allocated = size;
	}
	for (;;) {
		int flags = MSG_TRUNC | (dumps ? 0 : MSG_DONTWAIT);
		ssize_t n = recv(fd, buffer, size, flags);
		unsigned int ended;

		if (n < 0 && (errno == EINTR || errno == ENOBUFS))
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			die("recv");
		if ((size_t)n > size)
			refuse("a reply is larger than the recorded buffer");
		ended = take_replies(r, buffer, n);
		dumps -= ended < dumps ? ended : dumps;
	}
}

static void send_all(int fd, const void *data, size_t len)
{
	if (send(fd, data, len, 0) != (ssize_t)len)
		die("send");
}

/* Sends a request that is only a nfnetlink header. */
static void ask(int fd, uint16_t msg, uint16_t flags, uint8_t family, struct replies *r)
{
	struct {
		struct nlmsghdr nlh;
		struct nfgenmsg nfg;
	} request = {
		.nlh.nlmsg_len = sizeof(request),
		.nlh.nlmsg_type = NFT_TYPE(msg),
		.nlh.nlmsg_flags = NLM_F_REQUEST | flags,
		.nfg.nfgen_family = family,
		.nfg.version = NFNETLINK_V0,
	};

	send_all(fd, &request, sizeof(request));
	drain(fd, flags == NLM_F_DUMP, DEFAULT_BUFFER, r);
}

static void renew_generation(int fd, struct nlmsghdr *begin, struct replies *r)
{
	uint32_t *generation = find_u32(begin, NFNL_BATCH_GENID);

	if (!generation)
		return;
	if (!r->generation_known)
		ask(fd, NFT_MSG_GETGEN, 0, AF_UNSPEC, r);
	*generation = r->generation;
}

/*
 * Number of dumps a recorded datagram requests. Batches, by far the largest, cannot contain one and
 * are not scanned, to avoid touching their pages.
 */
static unsigned int count_dumps(struct nlmsghdr *nlh, size_t len)
{
	unsigned int dumps = 0;

	if (nlh->nlmsg_type == NFNL_MSG_BATCH_BEGIN)
		return 0;
	for (; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len))
		dumps += (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	return dumps;
}

static const char *next_entry(const char *p)
{
	const struct recording_entry *e = (const void *)p;

	return p + sizeof(*e) + RECORDING_ALIGN(e->len);
}

/* Largest receive buffer used after this send. */
static size_t buffer_after(const char *p, const char *end)
{
	uint32_t socket = ((const struct recording_entry *)p)->socket;
	size_t size = 0;

	for (p = next_entry(p); p < end; p = next_entry(p)) {
		const struct recording_entry *e = (const void *)p;

		if (e->socket != socket)
			continue;
		if (e->kind == RECORDING_SEND)
			break;
		if (e->kind == RECORDING_RECEIVE && e->arg > size)
			size = e->arg;
	}
	return size ? size : DEFAULT_BUFFER;
}

static void replay_send(int fd, char *p, const char *end, struct replies *r)
{
	struct recording_entry *e = (void *)p;
	struct nlmsghdr *nlh = (void *)(e + 1);

	if (e->len < sizeof(*nlh))
		refuse("a recorded message is too short");
	if (nlh->nlmsg_type == NFNL_MSG_BATCH_BEGIN)
		renew_generation(fd, nlh, r);
	send_all(fd, nlh, e->len);
	drain(fd, count_dumps(nlh, e->len), buffer_after(p, end), r);
}

static void replay_option(int fd, const struct recording_entry *e)
{
	/* a failure is ignored: the recorded program continued too */
	(void)!setsockopt(fd, (int)(e->arg >> 16), (int)(e->arg & 0xffff), e + 1, e->len);
}

static void replay(char *p, const char *end, struct replies *r)
{
	int fds[RECORDING_MAX_SOCKETS];

	for (; p < end; p += next_entry(p) - p) {
		struct recording_entry *e = (void *)p;

		if (e->socket >= RECORDING_MAX_SOCKETS || next_entry(p) > end)
			refuse("the recording is damaged");
		if (e->kind == RECORDING_OPEN)
			fds[e->socket] = open_socket();
		else if (e->kind == RECORDING_OPTION)
			replay_option(fds[e->socket], e);
		else if (e->kind == RECORDING_SEND)
			replay_send(fds[e->socket], p, end, r);
	}
}

/* Private, because the generation id is modified. */
static char *map_recording(const char *path, size_t *len)
{
	struct stat st;
	char *p;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		die(path);
	p = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		die(path);
	close(fd);
	*len = st.st_size;
	if (*len < RECORDING_MAGIC_LEN || memcmp(p, RECORDING_MAGIC, RECORDING_MAGIC_LEN))
		refuse("not a recording");
	return p;
}

int main(int argc, char **argv)
{
	struct replies r = { 0 };
	size_t len;
	char *p;

	if (argc != 2) {
		fprintf(stderr, "usage: floor FILE | floor -c\n");
		return 2;
	}
	if (!strcmp(argv[1], "-c")) {
		ask(open_socket(), NFT_MSG_GETRULE, NLM_F_DUMP, AF_INET, &r);
		printf("%lu\n", r.rules);
		return r.errors != 0;
	}
	p = map_recording(argv[1], &len);
	replay(p + RECORDING_MAGIC_LEN, p + len, &r);
	printf("rules %lu errors %lu\n", r.rules, r.errors);
	return 0;
}
