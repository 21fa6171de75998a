// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/net/ravelin: state and memory of the namespace's tables. One line for the whole module, one
 * per table that was ever replaced, one per hashlimit table and list of recent.
 *
 * /proc/net/ravelin_recent: addresses in lists of recent. Writing "NAME +ADDRESS" adds one, "NAME
 * -ADDRESS" removes one, "NAME /" clears the list.
 */
#include <linux/inet.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "module.h"

static const char *family_name(u8 family)
{
	return family == NFPROTO_UNSPEC ? "any" : family == NFPROTO_IPV6 ? "ip6" : "ip";
}

static void show_table(struct seq_file *seq, struct rv_engine *engine, u8 family, enum rv_table_id id)
{
	struct rv_engine_stat stat;

	rv_engine_stat(engine, family, id, &stat);
	if (!stat.generation)
		return;
	seq_printf(seq, "%s %s generation %llu entries %u chains %u parts %u depth %u lookups %u size %llu memory %llu\n",
		   family_name(family), rv_engine_tables[id].name,
		   stat.generation, stat.entries, stat.chains, stat.parts, stat.depth, stat.lookups,
		   stat.size, stat.memory);
}

static void show_filled(const struct rv_filled *f, void *seq)
{
	seq_printf(seq, "%s %s ", family_name(f->family), f->match);
	seq_escape(seq, f->name, " \t\n\\");
	seq_printf(seq, " entries %u max %u\n", f->entries, f->max);
}

static int show(struct seq_file *seq, void *unused)
{
	struct rv_net *rv = rv_net(seq_file_single_net(seq));
	enum rv_table_id id;

	seq_printf(seq, "version %u", RVK_VERSION);
	/* A container must not see what other namespaces use. */
	if (seq_file_single_net(seq) == &init_net)
		seq_printf(seq, " objects %ld", rv_live_objects());
	seq_putc(seq, '\n');
	mutex_lock(&rv->mutex);
	for (id = 0; id < RV_TABLES; id++)
		show_table(seq, rv->engine, NFPROTO_IPV4, id);
	for (id = 0; id < RV_TABLES; id++)
		show_table(seq, rv->engine, NFPROTO_IPV6, id);
	rv_engine_filled(rv->engine, show_filled, seq);
	mutex_unlock(&rv->mutex);
	return 0;
}

static void show_address(const struct rv_recent *r, void *seq)
{
	seq_escape(seq, r->list, " \t\n\\");
	if (r->family == NFPROTO_IPV6)
		seq_printf(seq, " src=%pI6c", r->addr);
	else
		seq_printf(seq, " src=%pI4", r->addr);
	seq_printf(seq, " ttl: %u hits: %u last_seen: %llu ms ago\n", r->ttl, r->hits,
		   div_u64(r->ago, NSEC_PER_MSEC));
}

static int show_recent(struct seq_file *seq, void *unused)
{
	struct rv_net *rv = rv_net(seq_file_single_net(seq));

	mutex_lock(&rv->mutex);
	rv_recent_each(rv->engine, show_address, seq);
	mutex_unlock(&rv->mutex);
	return 0;
}

/* Parses an address into addr and returns its family; 0: invalid. */
static u8 parse_address(const char *text, u8 addr[16])
{
	if (in4_pton(text, -1, addr, -1, NULL))
		return NFPROTO_IPV4;
	return in6_pton(text, -1, addr, -1, NULL) ? NFPROTO_IPV6 : 0;
}

/* line: NUL-terminated "NAME +ADDRESS" etc. */
static int edit_recent(struct rv_net *rv, char *line)
{
	char *name = strsep(&line, " ");
	u8 addr[16] = {}, family = NFPROTO_IPV4;
	int err;

	if (!line || !*name || (line[0] == '/' ? line[1] : !(family = parse_address(line + 1, addr))))
		return -EINVAL;
	if (mutex_lock_killable(&rv->mutex))
		return -EINTR;
	err = rv_recent_edit(rv->engine, name, line[0], family, addr);
	mutex_unlock(&rv->mutex);
	return err;
}

static int write_recent(struct file *file, char *buf, size_t size)
{
	struct net *net = seq_file_single_net(file->private_data);

	if (!ns_capable(net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	return edit_recent(rv_net(net), strim(buf));
}

/* Makes the file owned by root of the user namespace that owns the network namespace. */
static bool give(struct proc_dir_entry *entry, const struct net *net)
{
	kuid_t uid = make_kuid(net->user_ns, 0);
	kgid_t gid = make_kgid(net->user_ns, 0);

	if (entry && uid_valid(uid) && gid_valid(gid))
		proc_set_user(entry, uid, gid);
	return entry;
}

int rv_proc_add(struct net *net)
{
	if (!give(proc_create_net_single("ravelin", 0440, net->proc_net, show, NULL), net))
		return -ENOMEM;
	if (give(proc_create_net_single_write("ravelin_recent", 0640, net->proc_net, show_recent,
					      write_recent, NULL), net))
		return 0;
	remove_proc_entry("ravelin", net->proc_net);
	return -ENOMEM;
}

void rv_proc_remove(struct net *net)
{
	remove_proc_entry("ravelin_recent", net->proc_net);
	remove_proc_entry("ravelin", net->proc_net);
}
