/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Placeholders for matches and targets that the program decides instead of the engine. A
 * placeholder may contain a match or target of the engine, which is checked and freed with it, and
 * evaluated on request.
 */
#include "../engine/internal.h"
#include "user.h"

/* Passes the data after the placeholder's own to a handler of the engine. */
static int check_inner(const struct rv_check_ctx *a, struct rv_user_asked *asked)
{
	const struct rv_user_ask *ask = a->data;
	struct rv_check_ctx inner = *a;
	int best, rc;

	asked->inner = rv_handler_get(a->engine, a->handler->kind, a->family, ask->name,
				      ask->revision, &best);
	if (!asked->inner)
		return -ENOENT;
	asked->data = ask + 1;
	inner.name = ask->name;
	inner.revision = ask->revision;
	inner.data = asked->data;
	inner.size = ask->size;
	inner.handler = asked->inner;
	inner.state = NULL;
	if (asked->inner->size != RV_ANY_SIZE && (asked->inner->size + 7) / 8 * 8 != ask->size)
		rc = -EINVAL;
	else
		rc = asked->inner->check ? asked->inner->check(&inner) : 0;
	asked->state = inner.state;
	if (rc)
		rv_handler_put(asked->inner);
	return rc;
}

static int check_placeholder(struct rv_check_ctx *a)
{
	const struct rv_user_ask *ask = a->data;
	struct rv_user_asked *asked;
	int rc;

	if (a->size < sizeof(*ask) || a->size - sizeof(*ask) != ask->size ||
	    !rv_name_valid(ask->name, sizeof(ask->name), true))
		return -EINVAL;
	asked = rv_alloc(sizeof(*asked), true);
	if (!asked)
		return -ENOMEM;
	asked->number = ask->number;
	rc = ask->name[0] ? check_inner(a, asked) : 0;
	if (rc)
		rv_free(asked);
	else
		a->state = asked;
	return rc;
}

static void begin(const void *data, void *state)
{
	const struct rv_user_asked *asked = state;

	(void)data;
	if (asked->inner && asked->inner->begin)
		asked->inner->begin(asked->data, asked->state);
}

static void destroy(const void *data, void *state)
{
	struct rv_user_asked *asked = state;

	(void)data;
	if (asked->inner) {
		if (asked->inner->destroy)
			asked->inner->destroy(asked->data, asked->state);
		rv_handler_put(asked->inner);
	}
	rv_free(asked);
}

static bool match(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct rv_user_packet *p = pkt->port;

	(void)data;
	return p->ask_match && p->ask_match(p->arg, pkt, state);
}

static unsigned int run_target(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct rv_user_packet *p = pkt->port;

	(void)data;
	return p->ask_target ? p->ask_target(p->arg, pkt, state) : NF_DROP;
}

int rv_user_ask_register(void)
{
	static struct rv_handler ask_match = {
		.name = RV_USER_ASK, .kind = RVK_KIND_MATCH, .size = RV_ANY_SIZE, .check = check_placeholder,
		.begin = begin, .destroy = destroy, .match = match,
	}, ask_target = {
		.name = RV_USER_ASK, .kind = RVK_KIND_TARGET, .size = RV_ANY_SIZE, .check = check_placeholder,
		.begin = begin, .destroy = destroy, .target = run_target,
	};
	int rc = rv_register_match(&ask_match);

	return rc ? rc : rv_register_target(&ask_target);
}
