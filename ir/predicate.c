/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ravelin/predicate.h>

const struct rv_selector rv_selectors[RV_SEL_COUNT] = {
#define RV_X(id, name, len, order) [RV_SEL_##id] = { name, len, RV_ORDER_##order },
	RV_SELECTORS(RV_X)
#undef RV_X
};
