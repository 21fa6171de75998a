/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Progress callback of long operations. */
#ifndef RAVELIN_METER_H
#define RAVELIN_METER_H

struct rv_meter {
	void (*step)(void *arg);	/* called after each rule or line */
	void *arg;
};

/* m may be NULL. */
static inline void rv_meter_step(const struct rv_meter *m)
{
	if (m)
		m->step(m->arg);
}

#endif
