/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link to an engine in this program. It lives as long as the link: the tables are for
 * trying rules, and go with it.
 */
#include <errno.h>

#include "kernel/user/user.h"
#include "kmod.h"

static int user_open(void **priv, const char *arg, struct rv_error *err)
{
	(void)arg;
	*priv = rv_engine_new(NULL, NULL, RV_USER_SLOTS);
	return *priv ? 0 : rv_fail_memory(err);
}

static void user_close(void *priv)
{
	rv_engine_free(priv);
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
