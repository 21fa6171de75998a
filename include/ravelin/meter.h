/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is told how far long work has got. */
#ifndef RAVELIN_METER_H
#define RAVELIN_METER_H

struct rv_meter {
	void (*step)(void *arg);	/* one more rule or line is done */
	void *arg;
};

/* m NULL: nobody is told. */
static inline void rv_meter_step(const struct rv_meter *m)
{
	if (m)
		m->step(m->arg);
}

#endif
