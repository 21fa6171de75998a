/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RAVELIN_KERNEL_SELFTEST_H
#define RAVELIN_KERNEL_SELFTEST_H

/*
 * In debug builds runs the engine's tests, a line of the log for each: 0, or -EBADE when one has
 * failed or left memory behind. Otherwise 0.
 */
int rv_selftest(void);

#endif
