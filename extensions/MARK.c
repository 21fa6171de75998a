/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MARK: changes the packet's mark (uapi xt_mark.h). */
#include <linux/netfilter/xt_MARK.h>

#include <ravelin/extension.h>

enum { SET_XMARK, SET_MARK, AND_MARK, OR_MARK, XOR_MARK, ROWS };

#define OTHERS(row) ((1 << ROWS) - 1 - (1 << (row)))

/* All notations are stored as the first one's value and mask; only that one is printed. */
#define ROW(row, word, how, bits, parameter, text)				\
	[row] = { .name = (word), .type = RV_T_CHANGE, .flags = (bits),		\
		  .offset = offsetof(struct xt_mark_tginfo2, mark),		\
		  .size = sizeof(struct xt_mark_tginfo2), .way = (how),	\
		  .excludes = OTHERS(row), .arg = (parameter), .help = (text) }

static const struct rv_option mark_options[] = {
	ROW(SET_XMARK, "set-xmark", RV_WAY_XMASKED, RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
	    "value[/mask]", "clear the bits of mask, then XOR value"),
	ROW(SET_MARK, "set-mark", RV_WAY_MASKED, RV_OPT_HIDDEN,
	    "value[/mask]", "clear the bits of mask, then OR value"),
	ROW(AND_MARK, "and-mark", RV_WAY_AND, RV_OPT_HIDDEN, "bits", "keep only these bits"),
	ROW(OR_MARK, "or-mark", RV_WAY_OR, RV_OPT_HIDDEN, "bits", "set these bits"),
	ROW(XOR_MARK, "xor-mark", RV_WAY_XOR, RV_OPT_HIDDEN, "bits", "invert these bits"),
	[ROWS] = { 0 },
};

RV_EXTENSION(mark_target) = {
	.name = "MARK", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES(RV_SEL_MARK),
	RV_STRUCT(struct xt_mark_tginfo2, 2), .options = mark_options,
	.config = "NETFILTER_XT_MARK", .list = "MARK",
	.nft = " meta mark set <set-xmark:cmark,and>",
	.required = "MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required",
	.help = "sets the packet mark",
};
