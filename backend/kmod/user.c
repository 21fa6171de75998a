/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transport to an engine in this process, for trying rules. All links share one engine, which lives
 * until the last is closed. Not thread-safe.
 */
#include <stdlib.h>

#include "kernel/user/user.h"
#include "kmod.h"

/* Set: chains are compiled whether it pays or not, for tests; as in backend/nft/fast. */
#define EAGER "RAVELIN_EAGER"

static struct rv_engine *engine;
static unsigned int links;

static int user_open(void **priv, const char *arg, struct rv_error *err)
{
	if (getenv(EAGER))
		rv_lookup_rules = 1;
	if (!engine)
		engine = rv_engine_new(NULL, NULL, RV_USER_SLOTS);
	*priv = engine;
	if (!engine)
		return rv_fail_memory(err);
	links++;
	return 0;
}

static void user_close(void *priv)
{
	if (!priv || --links)
		return;
	rv_engine_free(engine);
	engine = NULL;
}

static int call(void *priv, unsigned int option, void *buf, uint32_t len)
{
	return rv_engine_call(priv, option, buf, &len);
}

struct rv_engine *rv_kmod_user_engine(const struct rv_kmod_link *link)
{
	return link->transport == &rv_kmod_user ? link->priv : NULL;
}

const struct rv_kmod_transport rv_kmod_user = {
	.open = user_open,
	.close = user_close,
	.call = call,
};
