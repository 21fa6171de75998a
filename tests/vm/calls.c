// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Speaks to ravelin.ko as include/uapi/ravelin.h says, without the rest of the project; built as a
 * 32-bit program too.
 *   calls exchange     reads the IPv4 filter table, puts it back, reads it again: the same bytes
 *   calls wait         puts it back again and again: at its quickest that must take less than half of the
 *                      shortest grace period, which the kernel is made to wait for in turn
 */
#include <errno.h>
#include <linux/membarrier.h>
#include <math.h>
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <uapi/ravelin.h>

struct table {
	struct rvk_info info;
	uint8_t *entries;		/* info.table.size bytes */
};

static int call(int fd, int option, void *buf, socklen_t len)
{
	return getsockopt(fd, SOL_IP, option, buf, &len) ? -errno : 0;
}

static struct rvk_info named(void)
{
	struct rvk_info info = { .version = RVK_VERSION };

	strcpy(info.table.name, "filter");
	info.table.family = NFPROTO_IPV4;
	return info;
}

static int read_table(int fd, struct table *t)
{
	uint8_t *buf;
	int rc;

	t->info = named();
	rc = call(fd, RVK_SO_INFO, &t->info, sizeof(t->info));
	if (rc)
		return rc;
	buf = malloc(sizeof(t->info) + t->info.table.size);
	if (!buf)
		return -ENOMEM;
	memcpy(buf, &t->info, sizeof(t->info));
	rc = call(fd, RVK_SO_ENTRIES, buf, sizeof(t->info) + t->info.table.size);
	t->entries = malloc(t->info.table.size);
	if (t->entries)
		memcpy(t->entries, buf + sizeof(t->info), t->info.table.size);
	free(buf);
	return t->entries ? rc : -ENOMEM;
}

/* The call that puts t in the place of itself, and its length. */
static uint8_t *replacement(const struct table *t, uint32_t *len)
{
	struct rvk_replace head = { .version = RVK_VERSION, .ntables = 1 };
	struct rvk_table table = t->info.table;
	uint8_t *buf;

	table.old_count = table.count;
	*len = sizeof(head) + sizeof(table) + table.size +
	       table.old_count * sizeof(struct rvk_counters);
	head.size = *len;
	buf = calloc(1, *len);
	if (!buf)
		exit(1);
	memcpy(buf, &head, sizeof(head));
	memcpy(buf + sizeof(head), &table, sizeof(table));
	memcpy(buf + sizeof(head) + sizeof(table), t->entries, table.size);
	return buf;
}

static int exchange(int fd)
{
	struct table before, after;
	uint32_t len;
	uint8_t *buf;
	int rc;

	rc = read_table(fd, &before);
	if (rc)
		return rc;
	buf = replacement(&before, &len);
	rc = call(fd, RVK_SO_REPLACE, buf, len);
	if (rc)
		return rc;
	rc = read_table(fd, &after);
	if (rc)
		return rc;
	if (before.info.table.size != after.info.table.size ||
	    before.info.table.generation == after.info.table.generation ||
	    memcmp(before.entries, after.entries, after.info.table.size))
		return -EILSEQ;
	printf("%zu-bit: %u entries, %u bytes, the same again\n", 8 * sizeof(void *),
	       after.info.table.count, after.info.table.size);
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

#define TIMES 20

static int wait_for_it(int fd)
{
	double start, took, replaced = HUGE_VAL, waited = HUGE_VAL;
	struct table table;
	uint32_t len;
	uint8_t *buf;
	int rc = 0;

	for (int i = 0; i < TIMES && !rc; i++) {
		rc = read_table(fd, &table);
		if (rc)
			return rc;
		buf = replacement(&table, &len);
		start = now();
		rc = call(fd, RVK_SO_REPLACE, buf, len);
		took = now() - start;
		replaced = took < replaced ? took : replaced;
		start = now();
		if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
			return -errno;
		took = now() - start;
		waited = took < waited ? took : waited;
		free(buf);
	}
	printf("of %d, the quickest replacement %.6f s, the shortest grace period %.6f s\n", TIMES, replaced, waited);
	return rc ? rc : replaced < waited / 2 ? 0 : -ETIME;
}

int main(int argc, char **argv)
{
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), rc = -EINVAL;

	if (fd >= 0 && argc == 2 && !strcmp(argv[1], "exchange"))
		rc = exchange(fd);
	else if (fd >= 0 && argc == 2 && !strcmp(argv[1], "wait"))
		rc = wait_for_it(fd);
	if (rc)
		fprintf(stderr, "calls: %s\n", strerror(-rc));
	return rc != 0;
}
