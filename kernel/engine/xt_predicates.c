/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stateless matches given as xt structs are translated to predicates when the table is checked, so
 * that both forms share one evaluator.
 */
#include "internal.h"

struct rvk_predicate *rv_say(struct rv_said *said, unsigned int sel, unsigned int op, bool negate,
			     unsigned int len, const void *value, const void *other)
{
	struct rvk_predicate *p = (void *)(said->predicates + said->size);

	*p = (struct rvk_predicate){
		.size = sizeof(*p), .sel = sel, .op = op, .len = len,
		.flags = negate ? RVK_PREDICATE_NEGATE : 0,
	};
	if (value)
		memcpy(p->value, value, len);
	if (other)
		memcpy(p->other, other, len);
	said->size += p->size;
	return p;
}

void rv_say_interval(struct rv_said *said, struct rvk_predicate *p, const void *from,
		     const void *to)
{
	struct rvk_interval *i = (void *)(said->predicates + said->size);

	memset(i, 0, sizeof(*i));
	memcpy(i->from, from, p->len);
	memcpy(i->to, to, p->len);
	p->size += sizeof(*i);
	p->count++;
	said->size += sizeof(*i);
}

int rv_said_check(struct rv_check_ctx *a)
{
	const struct rv_says *says = a->handler->arg;
	struct rv_said *said = rv_alloc(sizeof(*said), true), *state;
	size_t size;
	int rc;

	if (!said)
		return -ENOMEM;
	rc = says->say(a, said);
	size = offsetof(struct rv_said, predicates) + said->size;
	state = rc ? NULL : rv_alloc(size, true);
	if (state)
		memcpy(state, said, size);
	else if (!rc)
		rc = -ENOMEM;
	rv_free(said);
	a->state = state;
	return rc;
}

bool rv_said_match(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct rv_said *said = state;
	uint32_t off = 0;

	(void)data;
	while (off < said->size) {
		const struct rvk_predicate *p = (const void *)(said->predicates + off);

		if (!rv_predicate_true(pkt, p))
			return false;
		off += p->size;
	}
	return true;
}

void rv_state_free(const void *data, void *state)
{
	(void)data;
	rv_free(state);
}
