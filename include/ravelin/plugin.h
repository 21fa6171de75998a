/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Third-party matches and targets: a shared object NAME.so in the plugin directory that defines
 * rv_plugin. It is loaded when a NAME that is not built in is used with -m or -j, or is found in
 * the kernel. docs/extension-example has a complete one.
 *
 *   static const struct rv_ext condition = { ... };
 *   RV_PLUGIN(&condition);
 *
 * Hooks may call the functions of extension.h, buf.h, error.h and predicate.h; registry/plugin.symbols
 * lists them.
 */
#ifndef RAVELIN_PLUGIN_H
#define RAVELIN_PLUGIN_H

#include <ravelin/extension.h>

/*
 * Incremented by each incompatible change of extension.h, ir.h or predicate.h. Objects built for
 * another number are refused.
 */
#define RV_PLUGIN_ABI 6

struct rv_plugin {
	uint32_t abi;			/* RV_PLUGIN_ABI; always the first field */
	/* Struct sizes the object was built with, to detect changes without a new RV_PLUGIN_ABI. */
	uint16_t ext_size, option_size, wire_size, parse_size, rule_size, selectors;
	const struct rv_ext *const *ext;	/* ends with NULL */
};

#define RV_PLUGIN_HEAD							\
	.abi = RV_PLUGIN_ABI, .ext_size = sizeof(struct rv_ext),	\
	.option_size = sizeof(struct rv_option), .wire_size = sizeof(struct rv_revision), \
	.parse_size = sizeof(struct rv_parse), .rule_size = sizeof(struct rv_rule), \
	.selectors = RV_SEL_COUNT

/* Defines rv_plugin with these descriptors. */
#define RV_PLUGIN(...)							\
	extern const struct rv_plugin rv_plugin;			\
	__attribute__((visibility("default"))) const struct rv_plugin rv_plugin = { \
		RV_PLUGIN_HEAD, .ext = (const struct rv_ext *const[]){ __VA_ARGS__, NULL }, \
	}

#endif
