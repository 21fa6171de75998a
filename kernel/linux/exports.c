// SPDX-License-Identifier: GPL-2.0-or-later
/* Exports the registry under names with a prefix. */
#include <linux/export.h>

#include "ravelin.h"

#define EXPORT(verb, kind)						\
	int ravelin_##verb##_##kind(struct rv_handler *h)		\
	{								\
		return rv_##verb##_##kind(h);				\
	}								\
	EXPORT_SYMBOL_GPL(ravelin_##verb##_##kind)

EXPORT(register, match);
EXPORT(unregister, match);
EXPORT(register, target);
EXPORT(unregister, target);
