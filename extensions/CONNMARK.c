/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CONNMARK: changes the connection's mark, or copies it to or from the packet (uapi xt_connmark.h).
 */
#include <linux/netfilter/xt_CONNMARK.h>

#include <ravelin/extension.h>

typedef struct xt_connmark_tginfo2 info_t;

enum {
	SET_XMARK, SET_MARK, AND_MARK, OR_MARK, XOR_MARK, SAVE_MARK, RESTORE_MARK, OPERATIONS,
	LEFT_SHIFT = OPERATIONS, RIGHT_SHIFT, CTMASK, NFMASK, MASK, ROWS
};

#define OTHERS(row) ((1 << OPERATIONS) - 1 - (1 << (row)))

/* All notations are stored as value and mask; the row only determines the operation. */
#define SET(row, word, how, parameter, text)					\
	[row] = { .name = (word), .type = RV_T_CHANGE, .offset = offsetof(info_t, ctmark), \
		  .size = 8, .given = RV_BIT_IS(info_t, mode, XT_CONNMARK_SET),	\
		  .way = (how), .flags = (row) == SET_XMARK ? 0 : RV_OPT_HIDDEN, \
		  .excludes = OTHERS(row), .arg = (parameter), .help = (text) }

#define COPY(row, word, number, text)						\
	[row] = { .name = (word), .type = RV_T_FLAG,				\
		  .given = RV_BIT_IS(info_t, mode, number),			\
		  .excludes = OTHERS(row), .help = (text) }

#define SHIFT(row, word, dir, text)						\
	[row] = { .name = (word), .type = RV_T_UINT, RV_FIELD(info_t, shift_bits), .max = 32, \
		  .flags = RV_OPT_NOT_ZERO,					\
		  .given = RV_BIT_IS(info_t, shift_dir, dir), .arg = "bits", .help = (text) }

#define MASK_OF(row, word, field, text)						\
	[row] = { .name = (word), .type = RV_T_UINT, RV_FIELD(info_t, field),	\
		  .flags = RV_OPT_HEX, .excludes = 1 << MASK, .arg = "mask", .help = (text) }

_Static_assert(offsetof(info_t, ctmask) == offsetof(info_t, ctmark) + 4, "value, then mask");

static int parse_mask(struct rv_parse *p)
{
	return rv_value_parse(p, p->arg, p->data + offsetof(info_t, ctmask)) ||
	       rv_value_parse(p, p->arg, p->data + offsetof(info_t, nfmask)) ? -1 : 0;
}

static const struct rv_option connmark_options[] = {
	SET(SET_XMARK, "set-xmark", RV_WAY_XMASKED, "value[/mask]",
	    "clear the bits of mask, then XOR value"),
	SET(SET_MARK, "set-mark", RV_WAY_MASKED, "value[/mask]",
	    "clear the bits of mask, then OR value"),
	SET(AND_MARK, "and-mark", RV_WAY_AND, "bits", "keep only these bits"),
	SET(OR_MARK, "or-mark", RV_WAY_OR, "bits", "set these bits"),
	SET(XOR_MARK, "xor-mark", RV_WAY_XOR, "bits", "invert these bits"),
	COPY(SAVE_MARK, "save-mark", XT_CONNMARK_SAVE, "copy the packet mark to the connection"),
	COPY(RESTORE_MARK, "restore-mark", XT_CONNMARK_RESTORE,
	     "copy the connection mark to the packet"),
	SHIFT(LEFT_SHIFT, "left-shift-mark", D_SHIFT_LEFT, "shift the mark left after copying"),
	SHIFT(RIGHT_SHIFT, "right-shift-mark", D_SHIFT_RIGHT, "shift the mark right after copying"),
	MASK_OF(CTMASK, "ctmask", ctmask, "mask for the connection mark"),
	MASK_OF(NFMASK, "nfmask", nfmask, "mask for the packet mark"),
	[MASK] = {
		.name = "mask", .type = RV_T_UINT, .flags = RV_OPT_HIDDEN,
		RV_FIELD(info_t, ctmask), .excludes = 1 << CTMASK | 1 << NFMASK,
		.arg = "mask", .help = "set both masks",
		.ops = RV_OPTION_OPS(.parse = parse_mask),
	},
	[ROWS] = { 0 },
};

static int check_operation(struct rv_check *c)
{
	if (c->seen & ((1 << OPERATIONS) - 1))
		return 0;
	return rv_check_fail(c, "CONNMARK target: No operation specified");
}

static int connmark_kernel_check(struct rv_check *c)
{
	const info_t *info = (const info_t *)(void *)c->part->data;

	if (info->shift_bits > 31)
		return rv_check_refuse(c, "CONNMARK: the kernel shifts a mark by 31 bits at most");
	return 0;
}

static int understood(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		      struct rv_error *err)
{
	const info_t *info = (const info_t *)(void *)data;

	if (info->mode <= XT_CONNMARK_RESTORE && info->shift_dir <= D_SHIFT_RIGHT &&
	    info->shift_bits <= 31)
		return 0;
	return rv_revision_fail(err, "CONNMARK with mode %u, shift %u by %u", info->mode,
			    info->shift_dir, info->shift_bits);
}

#define FIELDS(type)								\
	RV_REVISION_FIELD(type, ctmark, info_t, ctmark), RV_REVISION_FIELD(type, ctmask, info_t, ctmask), \
	RV_REVISION_FIELD(type, nfmask, info_t, nfmask), RV_REVISION_FIELD(type, mode, info_t, mode)

RV_EXTENSION(connmark_target) = {
	.name = "CONNMARK", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES(RV_SEL_MARK, RV_SEL_CT_MARK),
	.size = sizeof(info_t), .options = connmark_options,
	.ops = RV_EXT_OPS(.check = check_operation, .kernel_check = connmark_kernel_check),
	.initial = &(const info_t){ .ctmask = UINT32_MAX, .nfmask = UINT32_MAX },
	.revisions = RV_REVISIONS(
		{ .revision = 2, .size = sizeof(info_t), .read = understood,
		  .fields = RV_REVISION_FIELDS(
			  FIELDS(info_t), RV_REVISION_FIELD(info_t, shift_dir, info_t, shift_dir),
			  RV_REVISION_FIELD(info_t, shift_bits, info_t, shift_bits)) },
		{ .revision = 1, .size = sizeof(struct xt_connmark_tginfo1), .read = understood,
		  .fields = RV_REVISION_FIELDS(FIELDS(struct xt_connmark_tginfo1)) }),
	.config = "NETFILTER_XT_CONNMARK",
	.nft = "{left-shift-mark+right-shift-mark:^}"
	       "{save-mark:{ctmask:^} ct mark set mark{nfmask: and <nfmask:x>}|"
	       "{restore-mark:{nfmask:^} meta mark set ct mark{ctmask: and <ctmask:x>}|"
	       " ct mark set <set-xmark:cct mark,and>}}",
	/* The meaning of a field depends on the operation. */
	.save_template = "{save-mark+restore-mark:"
		      " --{save-mark:save|restore}-mark --nfmask <nfmask> --ctmask <ctmask>|"
		      " --set-xmark <set-xmark>}"
		      "{left-shift-mark: --left-shift-mark <left-shift-mark>}"
		      "{right-shift-mark: --right-shift-mark <right-shift-mark>}",
	.list_template = " CONNMARK {save-mark+restore-mark:{save-mark:save|restore}"
		      "{nfmask=ctmask:{nfmask: mask <nfmask>}|"
		      "{save-mark: nfmask <nfmask> ctmask ~<ctmask>|"
		      " ctmask <ctmask> nfmask ~<nfmask>}}|<set-xmark>}"
		      "{left-shift-mark: left-shift-mark <left-shift-mark>}"
		      "{right-shift-mark: right-shift-mark <right-shift-mark>}",
	.help = "sets the connection mark, or copies it from or to the packet",
};
