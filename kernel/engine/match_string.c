/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * string: bytes anywhere between two offsets. Uses Knuth-Morris-Pratt whatever algorithm the rule
 * names: linear time for every packet.
 */
#include "internal.h"

#include <linux/netfilter/xt_string.h>

#define WINDOW	64	/* buffer for non-linear packets */

static bool is_algorithm(const char *name)
{
	return !strcmp(name, "bm") || !strcmp(name, "kmp") || !strcmp(name, "fsm");
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* KMP failure function: for each prefix of the pattern, the length of its longest border. */
struct kmp {
	uint8_t again[XT_STRING_MAX_PATTERN_SIZE + 1];
};

static bool is_same(const struct xt_string_info *info, uint8_t a, uint8_t b)
{
	return info->u.v1.flags & XT_STRING_FLAG_IGNORECASE ? lower(a) == lower(b) : a == b;
}

/* Length of the longest prefix of the pattern that ends at byte c, given the length before it. */
static unsigned int go_on(const struct kmp *s, const struct xt_string_info *info,
			  unsigned int matched, uint8_t c)
{
	while (matched && !is_same(info, info->pattern[matched], c))
		matched = s->again[matched];
	return matched + is_same(info, info->pattern[matched], c);
}

static void prepare(struct kmp *s, const struct xt_string_info *info)
{
	unsigned int matched = 0;

	for (unsigned int i = 1; i < info->patlen; i++) {
		matched = go_on(s, info, matched, info->pattern[i]);
		s->again[i + 1] = (uint8_t)matched;
	}
}

static int check_string(struct rv_check_ctx *a)
{
	const struct xt_string_info *info = a->data;

	if (info->from_offset > info->to_offset || !info->patlen ||
	    info->patlen > XT_STRING_MAX_PATTERN_SIZE)
		return -EINVAL;
	if (info->u.v1.flags & ~(XT_STRING_FLAG_INVERT | XT_STRING_FLAG_IGNORECASE))
		return -EINVAL;
	if (!memchr(info->algo, 0, sizeof(info->algo)))
		return -EINVAL;
	if (!is_algorithm(info->algo))
		return -ENOENT;
	a->state = rv_alloc(sizeof(struct kmp), true);
	if (!a->state)
		return -ENOMEM;
	prepare(a->state, info);
	return 0;
}

static bool contains(const struct rv_pkt *pkt, const struct xt_string_info *info,
		     const struct kmp *s)
{
	uint32_t to = info->to_offset < pkt->len ? info->to_offset : pkt->len;
	unsigned int matched = 0;
	uint8_t buf[WINDOW];

	for (uint32_t off = info->from_offset; off < to; off += WINDOW) {
		uint32_t len = to - off < WINDOW ? to - off : WINDOW;
		const uint8_t *bytes = rv_pkt_pull(pkt, off, len, buf);

		for (uint32_t i = 0; bytes && i < len; i++) {
			matched = go_on(s, info, matched, bytes[i]);
			if (matched == info->patlen)
				return true;
		}
		if (!bytes)
			return false;
	}
	return false;
}

static bool match_pattern(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_string_info *info = data;

	return contains(pkt, info, state) != !!(info->u.v1.flags & XT_STRING_FLAG_INVERT);
}

struct rv_handler rv_matches_string[] = {
	{
		.name = "string", .kind = RVK_KIND_MATCH, .revision = 1,
		.size = sizeof(struct xt_string_info), .reads = RV_READS(RV_READS_PAYLOAD),
		.check = check_string, .match = match_pattern,
		.destroy = rv_state_free,
	},
	{ .name = NULL },
};
