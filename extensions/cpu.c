/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu: the processor that handles the packet (uapi linux/netfilter/xt_cpu.h). */
#include <linux/netfilter/xt_cpu.h>

#include <ravelin/extension.h>

static const struct rv_option cpu_options[] = {
	{
		.name = "cpu", .type = RV_T_UINT, .flags = RV_OPT_INVERT | RV_OPT_REQUIRED,
		RV_FIELD(struct xt_cpu_info, cpu),
		.given = RV_GIVEN_ALWAYS, .invert = RV_BIT(struct xt_cpu_info, invert, 1),
		.sel = RV_SEL_CPU,
		.list = "cpu [! ]", .arg = "number", .help = "number of the CPU, from 0",
	},
	{ .name = NULL },
};

RV_EXTENSION(cpu) = {
	.name = "cpu", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	RV_STRUCT(struct xt_cpu_info, 0), .options = cpu_options,
	.help = "CPU that processes the packet",
};
