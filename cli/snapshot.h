/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All rules of both families as they are at a moment, and back. */
#ifndef RAVELIN_SNAPSHOT_H
#define RAVELIN_SNAPSHOT_H

#include "cli/cli.h"

/* Save texts with counters: IPv4, IPv6. */
struct rv_snapshot {
	struct rv_buf text[2];
};

/* spec: the backend, as for rv_store_open(). Both return 0, or -1 with err set. */
int rv_snapshot_take(struct rv_snapshot *s, const char *spec, struct rv_error *err);
/*
 * Makes the rules what they were: in one transaction where the backend can. Tables that were
 * not there are removed.
 */
int rv_snapshot_put(const struct rv_snapshot *s, const char *spec, struct rv_error *err);
void rv_snapshot_free(struct rv_snapshot *s);

#endif
