/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests that need user space: allocation failures, threads, time. Each returns the line that
 * failed, or 0.
 */
#ifndef RAVELIN_TESTS_ENGINE_USER_H
#define RAVELIN_TESTS_ENGINE_USER_H

unsigned int rv_test_allocations(void);
unsigned int rv_test_threads(void);
unsigned int rv_test_writers(void);
unsigned int rv_test_time(void);
unsigned int rv_test_registering(void);
unsigned int rv_test_ct_time(void);
unsigned int rv_test_ct_memory(void);
unsigned int rv_test_ct_threads(void);

#endif
