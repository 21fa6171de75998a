/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule holds of the match and the target of this folder, for the kernel and for the commands. */
#ifndef RAVELIN_TEST_ODDITY_H
#define RAVELIN_TEST_ODDITY_H

#include <linux/types.h>

#define ODDITY_DIVISOR	7

/* -m oddity [!] --remainder N: the packet's length divided by ODDITY_DIVISOR leaves that. */
struct oddity_info {
	__u8 remainder;			/* less than ODDITY_DIVISOR, which only the kernel checks */
	__u8 invert;
};

/* -j STAMP --step N: adds to the packet's mark. */
struct stamp_info {
	__u32 step;
};

#endif
