/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Detects captures with packets of both directions: pairs of addresses and their reverses. */
#include <stdlib.h>
#include <string.h>

#include "cli/run/run.h"

#define PAIRS	65536		/* slots, a power of two; when nearly full, new pairs are not
				 * stored */

struct pair {
	uint8_t src[16], dst[16];
};

struct rv_run_flows {
	rv_family_t family;
	bool both;
	struct pair found;
	unsigned int n;
	uint8_t used[PAIRS];
	struct pair pairs[PAIRS];
};

struct rv_run_flows *rv_run_flows_new(void)
{
	return calloc(1, sizeof(struct rv_run_flows));
}

void rv_run_flows_free(struct rv_run_flows *f)
{
	free(f);
}

/* FNV-1a; collisions only slow down the run. */
static unsigned int pair_hash(const struct pair *p)
{
	const uint8_t *bytes = (const uint8_t *)p;
	uint32_t h = 2166136261u;

	for (unsigned int i = 0; i < sizeof(*p); i++)
		h = (h ^ bytes[i]) * 16777619u;
	return (h ^ h >> 16) % PAIRS;
}

#define STEPS	64		/* limit of probes */

/* Slot of a pair, or a free one; PAIRS: not found nearby. */
static unsigned int find_pair(const struct rv_run_flows *f, const struct pair *p)
{
	unsigned int at = pair_hash(p);

	for (unsigned int i = 0; i < STEPS; i++, at = (at + 1) % PAIRS)
		if (!f->used[at] || !memcmp(&f->pairs[at], p, sizeof(*p)))
			return at;
	return PAIRS;
}

void rv_run_flows_add(struct rv_run_flows *f, const struct rv_frame *frame)
{
	const unsigned int len = rv_family(frame->family)->address_len;
	const uint8_t *from = frame->data + (len == 4 ? 12 : 8);
	struct pair p = { 0 }, back = { 0 };
	unsigned int at;

	if (f->both || !memcmp(from, from + len, len))
		return;
	memcpy(p.src, from, len);
	memcpy(p.dst, from + len, len);
	memcpy(back.src, p.dst, len);
	memcpy(back.dst, p.src, len);
	f->family = frame->family;
	at = find_pair(f, &back);
	if (at < PAIRS && f->used[at]) {
		f->both = true;
		f->found = back;
		return;
	}
	at = find_pair(f, &p);
	if (at == PAIRS || f->used[at] || f->n >= PAIRS / 4 * 3)
		return;
	f->used[at] = 1;
	f->pairs[at] = p;
	f->n++;
}

bool rv_run_flows_both(const struct rv_run_flows *f, struct rv_buf *b)
{
	union nf_inet_addr addr;

	if (!f->both)
		return false;
	memcpy(&addr, f->found.src, sizeof(addr));
	rv_print_address(b, f->family, &addr);
	rv_buf_puts(b, " and ");
	memcpy(&addr, f->found.dst, sizeof(addr));
	rv_print_address(b, f->family, &addr);
	return true;
}
