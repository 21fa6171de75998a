// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/net/ravelin: what the namespace's tables are and take. First a line for the whole module,
 * then one per table that was ever written.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "module.h"

static void show_table(struct seq_file *seq, struct rv_engine *engine, u8 family, enum rv_table_id id)
{
	struct rv_engine_stat stat;

	rv_engine_stat(engine, family, id, &stat);
	if (!stat.generation)
		return;
	seq_printf(seq, "%s %s generation %llu entries %u chains %u parts %u depth %u size %llu memory %llu\n",
		   family == NFPROTO_IPV6 ? "ip6" : "ip", rv_engine_tables[id].name,
		   stat.generation, stat.entries, stat.chains, stat.parts, stat.depth, stat.size,
		   stat.memory);
}

static int show(struct seq_file *seq, void *unused)
{
	struct rv_net *rv = rv_net(seq_file_single_net(seq));
	enum rv_table_id id;

	seq_printf(seq, "version %u", RVK_VERSION);
	/* What other namespaces hold is not a container's to see. */
	if (seq_file_single_net(seq) == &init_net)
		seq_printf(seq, " objects %ld", rv_live_objects());
	seq_putc(seq, '\n');
	mutex_lock(&rv->mutex);
	for (id = 0; id < RV_TABLES; id++)
		show_table(seq, rv->engine, NFPROTO_IPV4, id);
	for (id = 0; id < RV_TABLES; id++)
		show_table(seq, rv->engine, NFPROTO_IPV6, id);
	mutex_unlock(&rv->mutex);
	return 0;
}

int rv_proc_add(struct net *net)
{
	return proc_create_net_single("ravelin", 0440, net->proc_net, show, NULL) ? 0 : -ENOMEM;
}

void rv_proc_remove(struct net *net)
{
	remove_proc_entry("ravelin", net->proc_net);
}
