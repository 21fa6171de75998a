/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands read for the match and the target of rv_oddity.c; STAMP.so is a link to its object. */
#include <ravelin/plugin.h>

#include "oddity.h"

static const struct rv_option oddity_options[] = {
	{ .name = "remainder", .type = RV_T_UINT, .flags = RV_OPT_REQUIRED | RV_OPT_INVERT,
	  RV_FIELD(struct oddity_info, remainder), .given = RV_GIVEN_ALWAYS,
	  .invert = RV_BIT(struct oddity_info, invert, 1),
	  .arg = "number", .list = "oddity [!]", .help = "what division of the length by seven leaves" },
	{ .name = NULL },
};

static const struct rv_ext oddity = {
	.name = "oddity", .kind = RV_MATCH, .family = RV_FAMILY_ANY,
	RV_STRUCT(struct oddity_info, 0), .options = oddity_options,
	.help = "the length divided by seven",
};

static const struct rv_option stamp_options[] = {
	{ .name = "step", .type = RV_T_UINT, .flags = RV_OPT_REQUIRED,
	  RV_FIELD(struct stamp_info, step), .given = RV_GIVEN_ALWAYS, .arg = "number", .list = "STAMP ",
	  .help = "what is added to the packet's mark" },
	{ .name = NULL },
};

static const struct rv_ext stamp = {
	.name = "STAMP", .kind = RV_TARGET, .family = RV_FAMILY_ANY, .only = RV_ONLY(.tables = "mangle"),
	RV_STRUCT(struct stamp_info, 0), .options = stamp_options,
	.help = "adds to the packet's mark",
};

RV_PLUGIN(&oddity, &stamp);
