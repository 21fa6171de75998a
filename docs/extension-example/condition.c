/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An extension that is not built in: -m condition [!] --condition NAME is true while
 * the administrator says so in /proc/net/nf_condition/NAME (a module of xtables-addons).
 *
 *   cc -shared -fPIC -o condition.so condition.c -I/usr/local/include
 *   install -m 0755 -o root condition.so /usr/local/lib/ravelin/extensions/
 *
 * The name of the file is the name in -m. From the row come parsing, errors, -C and -D, save,
 * list and help.
 */
#include <ravelin/plugin.h>

/* The kernel's struct, to the byte. */
struct condition_info {
	char name[31];
	uint8_t invert;
	uint64_t kernel_only __attribute__((aligned(8)));
};

static const struct rv_option options[] = {
	{ .name = "condition", .type = RV_T_STRING, .flags = RV_OPT_REQUIRED | RV_OPT_INVERT,
	  RV_FIELD(struct condition_info, name), .invert = RV_BIT(struct condition_info, invert, 1),
	  .arg = "name", .list = "condition [!]%s",
	  .help = "the condition of that name holds" },
	{ .name = NULL },
};

static const struct rv_revision layouts[] = {
	{ .revision = 1, .size = sizeof(struct condition_info) },
	{ .size = 0 },
};

static const struct rv_ext condition = {
	.name = "condition",
	.kind = RV_MATCH,
	.family = RV_FAMILY_ANY,
	.size = sizeof(struct condition_info),
	.compare = offsetof(struct condition_info, kernel_only),
	.revisions = layouts,
	.options = options,
	.help = "something the administrator turns on and off",
};

RV_PLUGIN(&condition);
