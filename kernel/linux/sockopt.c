// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Socket options of include/uapi/ravelin.h: copies memory from and to user space and calls the
 * engine.
 */
#include <linux/audit.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "module.h"

/* All tables of a call at their maximum size are less than INT_MAX. */
#define LEN_MAX		(1U << 30)

static s32 policy_of(const void *entry)
{
	const struct rvk_element *target = entry + ((const struct rvk_entry *)entry)->target;
	const struct rvk_verdict *verdict = (const void *)(target + 1);

	return verdict->verdict;
}

/*
 * Whether a table accepts everything. It has been validated: without user chains and rules, only
 * policies remain.
 */
static bool is_idle(const struct rvk_table *table, const u8 *entries)
{
	unsigned int hook;

	if (table->count != hweight32(table->valid_hooks))
		return false;
	for (hook = 0; hook < RVK_HOOKS; hook++) {
		/* Only valid hooks have entries; a deleted table has none. */
		if (table->valid_hooks & 1U << hook &&
		    policy_of(entries + table->underflow[hook]) != RVK_ACCEPT)
			return false;
	}
	return true;
}

static enum rv_table_id id_of(const char *name)
{
	enum rv_table_id id;

	for (id = 0; id < RV_TABLES - 1; id++)
		if (!strcmp(rv_engine_tables[id].name, name))
			break;
	return id;
}

/* NETFILTER_CFG records like those of ip_tables. */
static void tell_audit(const struct rvk_table *table)
{
	enum audit_nfcfgop op = !table->count ? AUDIT_XT_OP_UNREGISTER :
				!table->old_count ? AUDIT_XT_OP_REGISTER : AUDIT_XT_OP_REPLACE;

	audit_log_nfcfg(table->name, table->family, table->count, op, GFP_KERNEL);
}

/* After a replacement: pins the module while a table of the namespace is in use. */
static void note_busy(struct rv_net *rv, const struct rvk_replace *replace)
{
	const u8 *at = (const void *)(replace + 1);
	u32 was = rv->busy, i;

	if (replace->flags & RVK_REPLACE_DRY)
		return;
	for (i = 0; i < replace->ntables; i++) {
		const struct rvk_table *table = (const void *)at;
		u32 bit = 1U << (rv_family_index(table->family) * RV_TABLES + id_of(table->name));

		tell_audit(table);
		if (is_idle(table, at + sizeof(*table)))
			rv->busy &= ~bit;
		else
			rv->busy |= bit;
		at += sizeof(*table) + table->size + table->old_count * sizeof(struct rvk_counters);
	}
	if (rv->busy && !was)
		__module_get(THIS_MODULE);
	else if (!rv->busy && was)
		module_put(THIS_MODULE);
}

static int call(const struct sock *sk, unsigned int option, void *buf, u32 *len)
{
	struct rv_net *rv = rv_net(sock_net(sk));
	int err;

	if (mutex_lock_killable(&rv->mutex))
		return -EINTR;
	err = rv_engine_call(rv->engine, option, buf, len);
	if (!err && option == RVK_SO_REPLACE)
		note_busy(rv, buf);
	mutex_unlock(&rv->mutex);
	return err;
}

/* Allocates the buffer of a call, or returns an error pointer. */
static void *buffer(const struct sock *sk, unsigned int len)
{
	void *buf;

	if (!ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN))
		return ERR_PTR(-EPERM);
	if (len > LEN_MAX)
		return ERR_PTR(-EINVAL);
	buf = kvmalloc(len, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	return buf ? buf : ERR_PTR(-ENOMEM);
}

static int ravelin_setsockopt(struct sock *sk, int option, sockptr_t arg, unsigned int len)
{
	void *buf = buffer(sk, len);
	u32 size = len;
	int err = -EFAULT;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	if (option != RVK_SO_COUNTERS)
		err = -ENOPROTOOPT;
	else if (!copy_from_sockptr(buf, arg, len))
		err = call(sk, option, buf, &size);
	kvfree(buf);
	return err;
}

/*
 * Result of a replacement: table headers, which have the new generations, and final counters. The
 * entries between them are unchanged.
 */
static int put_replaced(void __user *user, const void *buf)
{
	const struct rvk_replace *replace = buf;
	u32 at = sizeof(*replace), i;

	if (copy_to_user(user, buf, at))
		return -EFAULT;
	for (i = 0; i < replace->ntables; i++) {
		const struct rvk_table *table = buf + at;
		u32 counters = at + sizeof(*table) + table->size;
		u32 len = table->old_count * sizeof(struct rvk_counters);

		if (copy_to_user(user + at, table, sizeof(*table)) ||
		    copy_to_user(user + counters, buf + counters, len))
			return -EFAULT;
		at = counters + len;
	}
	return 0;
}

static int put_answer(void __user *user, const void *buf, u32 size, bool replaced)
{
	if (replaced)
		return put_replaced(user, buf);
	return copy_to_user(user, buf, size) ? -EFAULT : 0;
}

static int get(struct sock *sk, int option, void __user *user, int *len)
{
	void *buf = buffer(sk, *len < 0 ? UINT_MAX : *len);
	u32 size = *len;
	int err = -EFAULT;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	if (option == RVK_SO_COUNTERS)
		err = -ENOPROTOOPT;
	else if (!copy_from_user(buf, user, size)) {
		err = call(sk, option, buf, &size);
		/*
		 * Also on error, since it may name the refused entry. A completed replacement
		 * returns success even if the counters cannot be copied out.
		 */
		if (size > *len || put_answer(user, buf, size, !err && option == RVK_SO_REPLACE))
			err = err || option == RVK_SO_REPLACE ? err : -EFAULT;
		*len = size;
	}
	kvfree(buf);
	return err;
}

static struct nf_sockopt_ops sockopts = {
	.pf = PF_INET,
	.set_optmin = RVK_SO_BASE,
	.set_optmax = RVK_SO_END,
	.set = ravelin_setsockopt,
	.get_optmin = RVK_SO_BASE,
	.get_optmax = RVK_SO_END,
	.get = get,
	.owner = THIS_MODULE,
};

int rv_sockopt_init(void)
{
	return nf_register_sockopt(&sockopts);
}

void rv_sockopt_exit(void)
{
	nf_unregister_sockopt(&sockopts);
}
