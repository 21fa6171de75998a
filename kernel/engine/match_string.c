/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * string: bytes somewhere between two offsets. Whatever algorithm is asked for, the bytes are compared one
 * place after the other: patterns have at most 128 bytes.
 */
#include "internal.h"

#include <linux/netfilter/xt_string.h>

#define WINDOW	512	/* of a packet that is not in one piece */

static bool is_algorithm(const char *name)
{
	return !strcmp(name, "bm") || !strcmp(name, "kmp") || !strcmp(name, "fsm");
}

static int check_string(struct rv_admit *a)
{
	const struct xt_string_info *info = a->data;

	if (info->from_offset > info->to_offset || !info->patlen ||
	    info->patlen > XT_STRING_MAX_PATTERN_SIZE)
		return -EINVAL;
	if (info->u.v1.flags & ~(XT_STRING_FLAG_INVERT | XT_STRING_FLAG_IGNORECASE))
		return -EINVAL;
	if (!memchr(info->algo, 0, sizeof(info->algo)))
		return -EINVAL;
	return is_algorithm(info->algo) ? 0 : -ENOENT;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool is_pattern(const struct xt_string_info *info, const uint8_t *at)
{
	bool ignore = info->u.v1.flags & XT_STRING_FLAG_IGNORECASE;

	for (unsigned int i = 0; i < info->patlen; i++) {
		uint8_t wanted = info->pattern[i];

		if (ignore ? lower(at[i]) != lower(wanted) : at[i] != wanted)
			return false;
	}
	return true;
}

static bool is_within(const struct xt_string_info *info, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i + info->patlen <= len; i++)
		if (is_pattern(info, bytes + i))
			return true;
	return false;
}

/* Window by window, each beginning with what could be the start of the pattern. */
static bool found(const struct rv_pkt *pkt, const struct xt_string_info *info)
{
	uint32_t to = info->to_offset < pkt->len ? info->to_offset : pkt->len;
	uint32_t off = info->from_offset;
	uint8_t buf[WINDOW];

	while (off + info->patlen <= to) {
		uint32_t len = to - off < WINDOW ? to - off : WINDOW;
		const uint8_t *bytes = rv_pkt_pull(pkt, off, len, buf);

		if (!bytes)
			return false;
		if (is_within(info, bytes, len))
			return true;
		off += len - info->patlen + 1U;
	}
	return false;
}

static bool match_pattern(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_string_info *info = data;

	(void)state;
	return found(pkt, info) != !!(info->u.v1.flags & XT_STRING_FLAG_INVERT);
}

struct rv_handler rv_matches_string[] = {
	{
		.name = "string", .kind = RVK_KIND_MATCH, .revision = 1,
		.size = sizeof(struct xt_string_info), .looks = { 0, RV_LOOKS(RV_LOOK_PAYLOAD) },
		.check = check_string, .match = match_pattern,
	},
	{ .name = NULL },
};
