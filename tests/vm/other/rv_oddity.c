// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module with a match and a target for ravelin.ko that is not part of it: what engine.h and the exported
 * functions are for. The match keeps something for each rule, so that one not given back is seen.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <engine/engine.h>
#include <ravelin.h>

#include "oddity.h"

/* What rules hold of it at the moment: /sys/module/rv_oddity/parameters/live. */
static int live;
static DEFINE_SPINLOCK(live_lock);
module_param(live, int, 0444);
MODULE_PARM_DESC(live, "rules that use the match");

static void live_add(int n)
{
	spin_lock_bh(&live_lock);
	live += n;
	spin_unlock_bh(&live_lock);
}

/* What is kept for a rule: a copy of its number, to be found again when packets come. */
struct kept {
	u32 remainder;
};

static int oddity_check(struct rv_check_ctx *a)
{
	const struct oddity_info *info = a->data;
	struct kept *kept;

	if (info->remainder >= ODDITY_DIVISOR)
		return -ERANGE;
	kept = kmalloc(sizeof(*kept), GFP_KERNEL);
	if (!kept)
		return -ENOMEM;
	kept->remainder = info->remainder;
	a->state = kept;
	live_add(1);
	return 0;
}

/* Of a rule that was refused, too: then there is no state. */
static void oddity_destroy(const void *data, void *state)
{
	if (!state)
		return;
	live_add(-1);
	kfree(state);
}

static bool oddity_match(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct oddity_info *info = data;
	const struct kept *kept = state;

	return (pkt->len % ODDITY_DIVISOR == kept->remainder) != !!info->invert;
}

static unsigned int stamp_target(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct stamp_info *info = data;

	pkt->mark += info->step;
	return RV_CONTINUE;
}

static struct rv_handler oddity = {
	.name = "oddity",
	.kind = RVK_KIND_MATCH,
	.family = NFPROTO_UNSPEC,
	.size = sizeof(struct oddity_info),
	.reads = RV_READS(RVK_SEL_LENGTH),
	.check = oddity_check,
	.destroy = oddity_destroy,
	.match = oddity_match,
	.module = THIS_MODULE,
};

static struct rv_handler stamp = {
	.name = "STAMP",
	.kind = RVK_KIND_TARGET,
	.family = NFPROTO_UNSPEC,
	.size = sizeof(struct stamp_info),
	.tables = "mangle",
	.target = stamp_target,
	.module = THIS_MODULE,
};

static int __init oddity_init(void)
{
	int err = ravelin_register_match(&oddity);

	if (err)
		return err;
	/* Nobody has two of one name, and nobody takes away what is not there. */
	WARN_ON(ravelin_register_match(&oddity) != -EEXIST);
	WARN_ON(ravelin_unregister_target(&stamp) != -ENOENT);
	err = ravelin_register_target(&stamp);
	if (err)
		WARN_ON(ravelin_unregister_match(&oddity));
	return err;
}

static void __exit oddity_exit(void)
{
	WARN_ON(ravelin_unregister_target(&stamp));
	WARN_ON(ravelin_unregister_match(&oddity));
	WARN_ON(live);
}

module_init(oddity_init);
module_exit(oddity_exit);

MODULE_DESCRIPTION("A match and a target for ravelin.ko");
MODULE_AUTHOR("The Ravelin authors");
MODULE_LICENSE("GPL");
