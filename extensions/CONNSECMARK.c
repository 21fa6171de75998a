/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CONNSECMARK: copies security marks between packet and connection (uapi xt_CONNSECMARK.h). */
#include <linux/netfilter/xt_CONNSECMARK.h>

#include <ravelin/extension.h>

enum { SAVE, RESTORE };

#define ROW(row, other, word, how, text)					\
	[row] = { .name = word, .type = RV_T_FLAG, .flags = RV_OPT_SETS,	\
		  RV_FIELD(struct xt_connsecmark_target_info, mode), .value = how, \
		  .excludes = 1 << (other), .list = word, .help = text }

static const struct rv_option connsecmark_options[] = {
	ROW(SAVE, RESTORE, "save", CONNSECMARK_SAVE, "copy from packet to connection"),
	ROW(RESTORE, SAVE, "restore", CONNSECMARK_RESTORE, "copy from connection to packet"),
	{ 0 },
};

RV_EXTENSION(connsecmark) = {
	.name = "CONNSECMARK", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES_NOTHING,
	RV_STRUCT(struct xt_connsecmark_target_info, 0), .options = connsecmark_options,
	.list = "CONNSECMARK", .only = RV_ONLY(.tables = "mangle security"),
	.required = "CONNSECMARK target: parameter required",
	.help = "copies the security label between packet and connection",
};
