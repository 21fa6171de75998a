/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RAVELIN_KERNEL_SELFTEST_H
#define RAVELIN_KERNEL_SELFTEST_H

/*
 * In debug builds, runs the engine's tests with a log line each. Returns 0, or -EBADE if one failed
 * or leaked memory. Otherwise returns 0.
 */
int rv_selftest(void);

#endif
