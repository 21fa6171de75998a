/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mark: the packet's mark (uapi linux/netfilter/xt_mark.h). */
#include <linux/netfilter/xt_mark.h>

#include <ravelin/extension.h>

/* All marks and masks are valid, even 0/0, so a separate field says that it was given. */
struct mark_data {
	struct xt_mark_mtinfo1 info;
	uint8_t given;
};

static const struct rv_option mark_options[] = {
	{
		.name = "mark", .type = RV_T_MASKED,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS |
			 RV_OPT_HEX,
		RV_FIELD(struct mark_data, info.mark),
		.mask_offset = offsetof(struct mark_data, info.mask),
		.given = RV_BIT(struct mark_data, given, 1),
		.invert = RV_BIT(struct mark_data, info.invert, 1), .sel = RV_SEL_MARK,
		.list = "mark match [! ]", .arg = "value[/mask]",
		.help = "mark, compared after applying the mask",
	},
	{ .name = NULL },
};

static int read_given(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		      struct rv_error *err)
{
	struct mark_data *d = (struct mark_data *)(void *)data;

	d->given = 1;
	return 0;
}

RV_EXTENSION(mark) = {
	.name = "mark", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	.size = sizeof(struct mark_data), .options = mark_options, .native = 1 << 0,
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(struct xt_mark_mtinfo1), .read = read_given,
		  .valid_bits = RV_BIT(struct xt_mark_mtinfo1, invert, 1), .fields = RV_REVISION_FIELDS(
			  RV_REVISION_FIELD(struct xt_mark_mtinfo1, mark, struct mark_data, info.mark),
			  RV_REVISION_FIELD(struct xt_mark_mtinfo1, mask, struct mark_data, info.mask),
			  RV_REVISION_FIELD(struct xt_mark_mtinfo1, invert, struct mark_data, info.invert)) }),
	.config = "NETFILTER_XT_MARK",
	.help = "packet mark",
};
