/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers for tests of connection tracking. */
#ifndef RAVELIN_TESTS_ENGINE_CT_H
#define RAVELIN_TESTS_ENGINE_CT_H

#include "../../kernel/engine/ct.h"

/* A tracker with accounting, without checksums. */
struct rv_ct *rv_test_ct(uint32_t buckets, uint32_t max);
/* Exchanges addresses and ports. */
void rv_test_turn(struct rv_test_packet *t);

#define RV_TEST_DROPPED	1000
/*
 * Tracks a packet; with confirm also through the last hook. Returns enum ip_conntrack_info,
 * RV_CT_UNTRACKED, RV_TEST_DROPPED, or -enum rvk_ct_why if it is INVALID.
 */
int rv_test_track(struct rv_ct *ct, struct rv_test_packet *t, bool confirm);
/* The connection of a packet, or NULL. */
struct rv_conn *rv_test_conn(struct rv_ct *ct, struct rv_test_packet *t, enum rv_ct_dir *dir);

#endif
