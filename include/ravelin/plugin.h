/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches and targets of third parties: a shared object NAME.so in the directory for them,
 * which defines rv_plugin. It is opened when somebody asks for -m NAME or -j NAME, or the
 * kernel tells of a NAME, that is not built in. docs/extension-example shows one.
 *
 *   static const struct rv_ext condition = { ... };
 *   RV_PLUGIN(&condition);
 *
 * Functions of ravelin that hooks may call are those of extension.h, buf.h and error.h.
 */
#ifndef RAVELIN_PLUGIN_H
#define RAVELIN_PLUGIN_H

#include <ravelin/extension.h>

/*
 * Goes up with every change of what the structs of extension.h, ir.h and predicate.h mean. An
 * object made for another number is refused.
 */
#define RV_PLUGIN_ABI 5

struct rv_plugin {
	uint32_t abi;			/* RV_PLUGIN_ABI, first for ever */
	/* Of the structs as the object knows them: a change nobody counted is noticed. */
	uint16_t ext_size, option_size, wire_size, parse_size, rule_size, selectors;
	const struct rv_ext *const *ext;	/* ends with NULL */
};

#define RV_PLUGIN_HEAD							\
	.abi = RV_PLUGIN_ABI, .ext_size = sizeof(struct rv_ext),	\
	.option_size = sizeof(struct rv_option), .wire_size = sizeof(struct rv_revision), \
	.parse_size = sizeof(struct rv_parse), .rule_size = sizeof(struct rv_rule), \
	.selectors = RV_SEL_COUNT

/* Defines the object's rv_plugin with these descriptors. */
#define RV_PLUGIN(...)							\
	extern const struct rv_plugin rv_plugin;			\
	__attribute__((visibility("default"))) const struct rv_plugin rv_plugin = { \
		RV_PLUGIN_HEAD, .ext = (const struct rv_ext *const[]){ __VA_ARGS__, NULL }, \
	}

#endif
