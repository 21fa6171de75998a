/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TTL and HL: change the TTL or hop limit; the same struct and modes under two names (uapi
 * ipt_TTL.h, ip6t_HL.h).
 */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ipt_TTL.h>
#include <linux/netfilter_ipv6/ip6t_HL.h>

#include <ravelin/extension.h>

typedef struct ipt_TTL_info info;

_Static_assert(sizeof(info) == sizeof(struct ip6t_HL_info) &&
	       (int)IPT_TTL_SET == (int)IP6T_HL_SET && (int)IPT_TTL_INC == (int)IP6T_HL_INC &&
	       (int)IPT_TTL_DEC == (int)IP6T_HL_DEC, "TTL and HL have the same modes");

#define ROW(row, word, how, least, words, text)					\
	[row] = {								\
		.name = word, .type = RV_T_UINT, RV_FIELD(info, ttl), .min = (least), \
		.given = RV_BIT_IS(info, mode, how), .excludes = 7 & ~(1 << (row)), \
		.list = words, .arg = "number", .help = text,			\
	}

#define ROWS(letters)								\
	{									\
		ROW(0, letters "-set", IPT_TTL_SET, 0, "set to", "set to this value"), \
		ROW(1, letters "-dec", IPT_TTL_DEC, 1, "decrement by", "decrement by this value"), \
		ROW(2, letters "-inc", IPT_TTL_INC, 1, "increment by", "increment by this value"), \
		{ 0 },								\
	}

static const struct rv_option ttl_options[] = ROWS("ttl"), hl_options[] = ROWS("hl");

#define TARGET(word, nfproto, rows, words)					\
	{									\
		.name = word, .kind = RV_TARGET, .effect = RV_EFFECT_MAY_END, .family = (nfproto),		\
		.writes = RV_WRITES(RV_SEL_TTL, RV_SEL_HOPLIMIT, RV_WRITES_BYTES),	\
		RV_STRUCT(info, 0), .options = rows,				\
		.config = "NETFILTER_XT_TARGET_HL", .list = word,		\
		.only = RV_ONLY(.tables = "mangle"), .nft = words,		\
		.required = word ": You must specify an action",		\
		.help = "changes the TTL or hop limit",		\
	}

RV_EXTENSION(ttl) = TARGET("TTL", NFPROTO_IPV4, ttl_options, " ip ttl set <ttl-set:d>");
RV_EXTENSION(hl) = TARGET("HL", NFPROTO_IPV6, hl_options, " ip6 hoplimit set <hl-set:d>");
