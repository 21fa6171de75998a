// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Throws tables that are nearly right at ravelin.ko: those that its namespace has, with random
 * changes.
 *   mutate SEED COUNT      COUNT replacements, and other calls in between
 *
 * A table that is taken must come back as it was given, and packets go through it. In the end there are no tables
 * any more. The kernel's log and the module's count of objects say whether it took harm.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/netfilter.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uapi/ravelin.h>
#include <unistd.h>

#define TABLES		(2 * 5)
#define PACKETS		4		/* to each address, through each table that is taken */

/* A table as it was in the beginning. */
struct table {
	struct rvk_info info;
	uint8_t *entries;		/* info.table.size bytes; NULL: there was none */
};

/* One call. */
struct buffer {
	uint8_t *bytes;
	uint32_t len, room;
};

static struct table tables[TABLES];
static int calls_fd, packets_fd[2];
static uint32_t taken, refused, stale, others;

__attribute__((format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("mutate: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* ---- chance ------------------------------------------------------------------------------- */

static uint64_t state;

static uint32_t dice(uint32_t sides)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return sides ? (uint32_t)(state >> 33) % sides : 0;
}

static uint32_t odd_number(uint32_t was)
{
	static const uint32_t odd[] = { 0, 1, 7, 8, 40, 168, 208, 0x7fffffff, 0x80000000,
					0xffffffff, 0xfffffff8, 0xffff, 0x10000, 0x1fffffff };

	if (dice(2))
		return odd[dice(sizeof(odd) / sizeof(odd[0]))];
	return was + 8 * (dice(64) - 32);
}

/* Small numbers, ends of ranges and bytes from elsewhere go further than noise does. */
static void change(uint8_t *at, uint32_t len)
{
	uint32_t off = dice(len), from, some, word;

	switch (dice(5)) {
	case 0:
		at[off] ^= 1u << dice(8);
		break;
	case 1:
		at[off] = dice(256);
		break;
	case 2:
		if (len < sizeof(word))
			break;
		off = dice(len / 4) * 4;
		memcpy(&word, at + off, sizeof(word));
		word = odd_number(word);
		memcpy(at + off, &word, sizeof(word));
		break;
	case 3:
		off &= ~7u;
		from = dice(len) & ~7u;
		some = 8 + dice(32) * 8;
		if (off + some <= len && from + some <= len)
			memmove(at + off, at + from, some);
		break;
	case 4:
		memset(at + off, 0, dice(len - off < 64 ? len - off : 64));
		break;
	}
}

/* ---- calls ---------------------------------------------------------------------------------- */

static int call(uint32_t option, void *buf, uint32_t *len)
{
	socklen_t size = *len;
	int rc = getsockopt(calls_fd, SOL_IP, option, buf, &size) ? -errno : 0;

	*len = size;
	return rc;
}

static struct rvk_info info_of(uint32_t n)
{
	static const char *const names[] = { "raw", "mangle", "nat", "filter", "security" };
	struct rvk_info info = { .version = RVK_VERSION };
	uint32_t len = sizeof(info);
	int rc;

	strcpy(info.table.name, names[n / 2]);
	info.table.family = n % 2 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	rc = call(RVK_SO_INFO, &info, &len);
	if (rc)
		die("information about %s: %s", names[n / 2], strerror(-rc));
	return info;
}

/* The entries of now; NULL: there are none. */
static uint8_t *entries_of(const struct rvk_info *info)
{
	uint32_t len = sizeof(*info) + info->table.size;
	uint8_t *buf, *entries;
	int rc;

	if (!info->table.size)
		return NULL;
	buf = malloc(len);
	entries = malloc(info->table.size);
	if (!buf || !entries)
		die("no memory");
	memcpy(buf, info, sizeof(*info));
	rc = call(RVK_SO_ENTRIES, buf, &len);
	if (rc)
		die("entries of %s: %s", info->table.name, strerror(-rc));
	memcpy(entries, buf + sizeof(*info), info->table.size);
	free(buf);
	return entries;
}

/* A buffer of that length, with zeros from what it was long before. */
static void *append(struct buffer *b, uint32_t more)
{
	if (b->len + more > b->room) {
		b->room = 2 * (b->len + more);
		b->bytes = realloc(b->bytes, b->room);
		if (!b->bytes)
			die("no memory");
	}
	memset(b->bytes + b->len, 0, more);
	b->len += more;
	return b->bytes + b->len - more;
}

static void begin(struct buffer *b)
{
	struct rvk_replace *head;

	b->len = 0;
	head = append(b, sizeof(*head));
	head->version = RVK_VERSION;
}

/* Table n as it was, or away with it, in the place of what there is now. Returns where its entries are. */
static uint32_t append_table(struct buffer *b, uint32_t n, bool away)
{
	struct rvk_info now = info_of(n);
	struct rvk_table table = tables[n].info.table;
	uint32_t at;

	if (away) {
		table = (struct rvk_table){ .family = now.table.family };
		memcpy(table.name, now.table.name, sizeof(table.name));
	}
	table.generation = now.table.generation;
	table.old_count = now.table.count;
	memcpy(append(b, sizeof(table)), &table, sizeof(table));
	at = b->len;
	memcpy(append(b, table.size), away ? (const void *)"" : tables[n].entries, table.size);
	append(b, table.old_count * sizeof(struct rvk_counters));
	((struct rvk_replace *)b->bytes)->ntables++;
	((struct rvk_replace *)b->bytes)->size = b->len;
	return at;
}

/* ---- what was taken ------------------------------------------------------------------------- */

static void send_packets(void)
{
	const struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(53),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(53),
					 .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	/* Whatever the rules make of them is right. */
	for (int i = 0; i < PACKETS; i++) {
		sendto(packets_fd[0], "12345678", 2 * i, MSG_DONTWAIT, (const void *)&v4, sizeof(v4));
		sendto(packets_fd[1], "12345678", 2 * i, MSG_DONTWAIT, (const void *)&v6, sizeof(v6));
	}
}

/* Counters go on, and whose they went on with is not told; both are looked away from. */
static void forget_counters(uint8_t *entries, uint32_t size)
{
	for (uint32_t off = 0; off < size;) {
		struct rvk_entry *e = (void *)(entries + off);

		memset(&e->counters, 0, sizeof(e->counters));
		e->index = 0;
		off += e->next;
	}
}

static void expect_back(uint32_t n, const uint8_t *given)
{
	struct rvk_info now = info_of(n);
	uint8_t *entries = entries_of(&now), *want = NULL;
	uint32_t size = now.table.size;

	if (!entries)
		return;
	want = malloc(size);
	if (!want)
		die("no memory");
	memcpy(want, given, size);
	forget_counters(want, size);
	forget_counters(entries, size);
	if (memcmp(want, entries, size))
		die("%s came back as something else", now.table.name);
	free(want);
	free(entries);
}

/* ---- rounds ------------------------------------------------------------------------------------ */

static uint32_t some_table(void)
{
	uint32_t n = dice(TABLES);

	while (!tables[n].entries)
		n = (n + 1) % TABLES;
	return n;
}

static void count(int rc)
{
	taken += rc == 0;
	stale += rc == -EAGAIN;
	refused += rc && rc != -EAGAIN;
}

/* Most changes are in one entry's bytes; some in what stands before, some anywhere. */
static void change_some(struct buffer *b, uint32_t entries)
{
	for (uint32_t n = 1 + dice(4); n--;) {
		switch (dice(8)) {
		case 0:
			change(b->bytes, b->len);
			break;
		case 1:
			change(b->bytes + sizeof(struct rvk_replace), sizeof(struct rvk_table));
			break;
		default:
			change(b->bytes + entries, b->len - entries);
			break;
		}
	}
}

static void replace(struct buffer *b)
{
	uint32_t n = some_table(), entries, len;
	uint8_t *given;
	int rc;

	begin(b);
	if (!dice(8))
		append_table(b, (n + 1) % TABLES, true);
	entries = append_table(b, n, !dice(32));
	change_some(b, entries < b->len ? entries : 0);
	given = malloc(b->len);
	if (!given)
		die("no memory");
	memcpy(given, b->bytes, b->len);
	/* A length that its fields do not say now and then. */
	len = dice(50) ? b->len : dice(b->len);
	rc = call(RVK_SO_REPLACE, b->bytes, &len);
	count(rc);
	if (!rc && !(((struct rvk_replace *)given)->flags & RVK_REPLACE_DRY)) {
		send_packets();
		if (!memcmp(given + entries - sizeof(struct rvk_table), tables[n].info.table.name, RVK_TABLE_LEN))
			expect_back(n, given + entries);
	}
	free(given);
}

/* The other calls, with a table that may be asked for. */
static void ask(struct buffer *b)
{
	uint32_t option = RVK_SO_BASE + dice(6), len;
	struct rvk_info info = info_of(some_table());

	b->len = 0;
	if (option == RVK_SO_HAS) {
		struct rvk_has *has = append(b, sizeof(*has));

		*has = (struct rvk_has){ .version = RVK_VERSION, .family = NFPROTO_IPV4,
					 .kind = 1 + dice(2), .revision = dice(3) };
		strcpy(has->name, dice(2) ? "conntrack" : "tcp");
	} else {
		memcpy(append(b, sizeof(info)), &info, sizeof(info));
		if (option == RVK_SO_ENTRIES)
			append(b, info.table.size);
		if (option == RVK_SO_COUNTERS)
			append(b, info.table.count * sizeof(struct rvk_counters));
	}
	for (uint32_t n = dice(4); n--;)
		change(b->bytes, dice(4) ? b->len : sizeof(info) < b->len ? sizeof(info) : b->len);
	len = dice(8) ? b->len : dice(b->len);
	if (option == RVK_SO_COUNTERS)
		setsockopt(calls_fd, SOL_IP, option, b->bytes, len);
	else
		call(option, b->bytes, &len);
	others++;
}

static void take_away(struct buffer *b)
{
	uint32_t len;
	int rc;

	begin(b);
	for (uint32_t n = 0; n < TABLES; n++)
		append_table(b, n, true);
	len = b->len;
	rc = call(RVK_SO_REPLACE, b->bytes, &len);
	if (rc)
		die("tables could not be taken away: %s", strerror(-rc));
}

static void set_up(void)
{
	bool any = false;

	calls_fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	packets_fd[0] = socket(AF_INET, SOCK_DGRAM, 0);
	packets_fd[1] = socket(AF_INET6, SOCK_DGRAM, 0);
	if (calls_fd < 0 || packets_fd[0] < 0 || packets_fd[1] < 0)
		die("socket: %s", strerror(errno));
	for (uint32_t n = 0; n < TABLES; n++) {
		tables[n].info = info_of(n);
		tables[n].entries = entries_of(&tables[n].info);
		any |= tables[n].entries != NULL;
	}
	if (!any)
		die("this namespace has no tables");
}

int main(int argc, char **argv)
{
	struct buffer b = { NULL, 0, 0 };
	uint32_t rounds;

	if (argc != 3)
		die("mutate SEED COUNT");
	state = strtoul(argv[1], NULL, 0);
	rounds = strtoul(argv[2], NULL, 0);
	set_up();
	for (uint32_t i = 0; i < rounds; i++) {
		replace(&b);
		if (!dice(8))
			ask(&b);
	}
	take_away(&b);
	free(b.bytes);
	printf("seed %s: %u mutated tables: %u taken, %u refused, %u stale; %u other calls\n",
	       argv[1], rounds, taken, refused, stale, others);
	return 0;
}
