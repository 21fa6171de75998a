// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ravelin.ko: an engine per network namespace.
 *
 * A table is registered at the hooks from its first replacement on. While any table has rules,
 * chains or a drop policy, the module cannot be unloaded, since that would open what they close.
 */
#include <linux/cred.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "module.h"
#include "selftest.h"

static unsigned int net_id __read_mostly;

struct rv_net *rv_net(const struct net *net)
{
	return net_generic(net, net_id);
}

/*
 * br_netfilter passes bridged packets to the hooks and provides their ports; without it no such
 * rule would match.
 */
static void bridge_needed(struct rv_engine *engine)
{
	request_module("br_netfilter");
}

static bool has_users(struct rv_engine *engine)
{
	const struct net *net = rv_engine_context(engine);

	return net->user_ns == current_user_ns();
}

static const struct rv_engine_ops engine_ops = {
	.bridge_needed = bridge_needed,
	.has_users = has_users,
	.get = rv_xt_get,
	.put = rv_xt_put,
	.table_made = rv_hooks_add,
};

static int __net_init net_init(struct net *net)
{
	struct rv_net *rv = rv_net(net);
	int err;

	mutex_init(&rv->mutex);
	rv->engine = rv_engine_new(&engine_ops, net, nr_cpu_ids);
	if (!rv->engine)
		return -ENOMEM;
	err = rv_proc_add(net);
	if (err)
		rv_engine_free(rv->engine);
	return err;
}

/* No new packets enter; after a grace period, none are left. */
static void __net_exit net_exit(struct net *net)
{
	rv_hooks_remove(net);
}

static void __net_exit end(struct net *net)
{
	struct rv_net *rv = rv_net(net);

	rv_proc_remove(net);
	rv_host_nat_untrack(net);
	rv_hooks_free(net);
	rv_engine_free(rv->engine);
	if (rv->busy)
		module_put(THIS_MODULE);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.pre_exit = net_exit,
	.exit = end,
	.id = &net_id,
	.size = sizeof(struct rv_net),
};

static bool module_ops_get(void *module)
{
	return try_module_get(module);
}

static void module_ops_put(void *module)
{
	module_put(module);
}

static const struct rv_module_ops module_ops = {
	.get = module_ops_get,
	.put = module_ops_put,
};

static int __init ravelin_init(void)
{
	int err;

	rv_engine_modules(&module_ops);
	err = rv_selftest();
	if (err)
		return err;
	rv_loggers_get();
	err = register_pernet_subsys(&net_ops);
	if (err)
		goto no_net;
	err = rv_sockopt_init();
	if (err)
		goto no_sockopt;
	return 0;

no_sockopt:
	unregister_pernet_subsys(&net_ops);
no_net:
	rv_loggers_put();
	return err;
}

static void __exit ravelin_exit(void)
{
	rv_sockopt_exit();
	unregister_pernet_subsys(&net_ops);
	rv_loggers_put();
	WARN_ON(rv_live_objects());
}

module_param_named(packet_memory, rv_packet_memory, ullong, 0644);
MODULE_PARM_DESC(packet_memory, "bytes that packets may fill in a namespace's tables of hashlimit and lists of recent");
module_param_named(recent_entries, rv_recent_entries, uint, 0644);
MODULE_PARM_DESC(recent_entries, "addresses that a list of match recent holds (lists made from now on)");
module_param_named(lookup_rules, rv_lookup_rules, uint, 0644);
MODULE_PARM_DESC(lookup_rules, "rules from which a chain is compiled (tables loaded from now on); 0: never");

module_init(ravelin_init);
module_exit(ravelin_exit);


MODULE_DESCRIPTION("Ravelin: iptables' tables with an engine of their own");
MODULE_AUTHOR("The Ravelin authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(RAVELIN_VERSION);
