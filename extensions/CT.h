/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CT and NOTRACK share: to the kernel both are CT (uapi xt_CT.h). */
#ifndef RAVELIN_EXTENSIONS_CT_H
#define RAVELIN_EXTENSIONS_CT_H

#include <linux/netfilter/xt_CT.h>

#include "extensions/revision.h"

/* Revision 2 is revision 1 with more flags. */
typedef struct xt_ct_target_info_v1 rv_ct_info_t;

/* -j NOTRACK is CT --notrack with a bit that remembers the word. */
#define RV_CT_ALIAS (XT_CT_NOTRACK | XT_CT_NOTRACK_ALIAS)

#endif
