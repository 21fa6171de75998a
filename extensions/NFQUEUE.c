/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NFQUEUE: sends packets to a user-space queue (uapi xt_NFQUEUE.h). */
#include <netinet/in.h>

#include <linux/netfilter/xt_NFQUEUE.h>

#include "extensions/revision.h"

typedef struct xt_NFQ_info_v3 info_t;

enum { NUM, BALANCE, BYPASS, FANOUT };

/* Last queue of a range: the number of queues is a 16-bit field. */
#define LAST_QUEUE (UINT16_MAX - 1)

/* The kernel stores the first queue and the number of queues. */
static int parse_balance(struct rv_parse *p)
{
	const struct rv_option row = { .name = p->opt->name, .type = RV_T_UINT_RANGE,
				       .size = 2 * sizeof(uint16_t), .max = LAST_QUEUE };
	info_t *info = (info_t *)(void *)p->data;
	uint16_t range[2];
	struct rv_parse q = *p;

	q.opt = &row;
	q.data = (unsigned char *)range;
	if (rv_value_parse(&q, p->arg, q.data))
		return -1;
	if (range[0] == range[1])
		return strchr(p->arg, ':') ?
			       rv_parse_fail(p, "%u should be less than %u", range[0], range[1]) :
			       rv_parse_fail(p, "Bad range \"%s\"", p->arg);
	info->queuenum = range[0];
	info->queues_total = range[1] - range[0] + 1;
	return 0;
}

static void print_balance(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info_t *info = (const info_t *)(const void *)data;

	rv_buf_printf(o->buf, "%u:%u", info->queuenum, info->queuenum + info->queues_total - 1);
}

#define FLAG_ROW(word, bit, text, ...)						\
	{									\
		.name = "queue-" word, .type = RV_T_FLAG, RV_FIELD(info_t, flags), \
		.value = (bit), .list = word, .help = text, __VA_ARGS__		\
	}

static const struct rv_option nfqueue_options[] = {
	[NUM] = {
		.name = "queue-num", .type = RV_T_UINT,
		RV_FIELD(info_t, queuenum),
		.given = RV_BIT_IS(info_t, queues_total, 1), .excludes = 1 << BALANCE,
		.list = "num", .arg = "number", .help = "queue number (default 0)",
	},
	[BALANCE] = {
		.name = "queue-balance", .type = RV_T_HOOK,
		RV_FIELD(info_t, queues_total), .excludes = 1 << NUM,
		.list = "balance", .arg = "first:last",
		.help = "range of queues; a connection stays in one queue",
		.ops = RV_OPTION_OPS(.parse = parse_balance, .print = print_balance),
	},
	[BYPASS] = FLAG_ROW("bypass", NFQ_FLAG_BYPASS, "accept packets if no program listens",
			    .excludes = 0),
	[FANOUT] = FLAG_ROW("cpu-fanout", NFQ_FLAG_CPU_FANOUT, "choose the queue by CPU",
			    .needs = 1 << BALANCE),
	{ 0 },
};

/* arg: flags of this revision. Before there were flags, bypass was a separate field. */
static int nfqueue_read_info(const struct rv_revision *w, const unsigned char *wire,
			     unsigned char *data, struct rv_error *err)
{
	info_t *info = (info_t *)(void *)data;

	memcpy(info, wire, w->size);
	if (info->queues_total && info->queuenum + info->queues_total - 1 <= UINT16_MAX &&
	    !(info->flags & ~w->arg) &&
	    (!(info->flags & NFQ_FLAG_CPU_FANOUT) || info->queues_total > 1))
		return 0;
	return rv_revision_fail(err, "NFQUEUE of %u queues from %u with flags 0x%x", info->queues_total,
			    info->queuenum, info->flags);
}

RV_EXTENSION(nfqueue) = {
	.name = "NFQUEUE", .kind = RV_TARGET, .effect = RV_EFFECT_ENDS,
	.size = sizeof(info_t), .options = nfqueue_options,
	.initial = &(const info_t){ .queues_total = 1 },
	.revisions = RV_REVISIONS(
		{ .revision = 3, .size = sizeof(info_t), .read = nfqueue_read_info, .arg = NFQ_FLAG_MASK },
		{ .revision = 2, .size = sizeof(struct xt_NFQ_info_v2), .read = nfqueue_read_info,
		  .arg = NFQ_FLAG_BYPASS },
		{ .revision = 1, .size = sizeof(struct xt_NFQ_info_v1), .read = nfqueue_read_info },
		{ .revision = 0, .size = sizeof(struct xt_NFQ_info), .read = nfqueue_read_info }),
	.list = "NFQUEUE",
	.nft = " queue num {queue-balance:<queue-balance:r>|<queue-num:d>}{queue-bypass: bypass}"
	       "{queue-cpu-fanout:{queue-bypass:,| }fanout}",
	.help = "passes the packet to a program for a decision",
};
