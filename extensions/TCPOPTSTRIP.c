/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCPOPTSTRIP: removes TCP options (uapi xt_TCPOPTSTRIP.h). */
#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter/xt_TCPOPTSTRIP.h>

#include "extensions/revision.h"

typedef struct xt_tcpoptstrip_target_info info_t;

#define NUMBERS 256
#define FIRST 2			/* 0 and 1 are end of list and padding */

static const struct rv_name names[] = {
	{ "mss", 2, NULL },
	{ "wscale", 3, NULL },
	{ "sack-permitted", 4, NULL },
	{ "sack", 5, NULL },
	{ "timestamp", 8, NULL },
	{ "md5", 19, NULL },
	{ NULL, 0, NULL },
};

static bool has(const info_t *info, unsigned int n)
{
	return info->strip_bmap[n / 32] >> n % 32 & 1;
}

/* A number, or a name of the table with exact case; -1: neither. */
static int parse_number(const char *word)
{
	const struct rv_name *name = rv_name_find(names, word, strlen(word));
	uint64_t n;

	if (name && !strcmp(name->name, word))
		return name->value;
	return rv_parse_uint(word, 0, NUMBERS - 1, &n) ? (int)n : -1;
}

static int parse_word(struct rv_parse *p, char *word)
{
	info_t *info = (info_t *)(void *)p->data;
	int n = parse_number(word);

	if (n < 0)
		return rv_parse_fail(p, "Bad TCP option value \"%s\"", word);
	if (n < FIRST)
		return rv_parse_fail(p, "Option value may not be 0 or 1");
	if (has(info, n))
		return rv_parse_fail(p, "Option \"%s\" already specified", word);
	info->strip_bmap[n / 32] |= 1u << n % 32;
	return 0;
}

static int parse_list(struct rv_parse *p)
{
	return rv_each_word(p, p->arg, parse_word);
}

static void print_list(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info_t *info = (const info_t *)(const void *)data;
	bool words = o->style == RV_STYLE_LIST && !o->numeric;
	const char *comma = "";

	for (unsigned int n = FIRST; n < NUMBERS; n++) {
		const struct rv_name *name = words ? rv_name_of(names, n) : NULL;

		if (!has(info, n))
			continue;
		rv_buf_puts(o->buf, comma);
		if (name)
			rv_buf_puts(o->buf, name->name);
		else
			rv_buf_u64(o->buf, n);
		comma = ",";
	}
}

static const struct rv_option tcpoptstrip_options[] = {
	{
		.name = "strip-options", .type = RV_T_HOOK,
		RV_FIELD(info_t, strip_bmap),
		.list = "TCPOPTSTRIP options", .arg = "option[,...]",
		.help = "numbers, or mss wscale sack-permitted sack timestamp md5",
		.ops = RV_OPTION_OPS(.parse = parse_list, .print = print_list),
	},
	{ 0 },
};

static int tcpoptstrip_read_info(const struct rv_revision *w, const unsigned char *wire,
				 unsigned char *data, struct rv_error *err)
{
	const info_t *info = (const info_t *)(const void *)wire;

	if (has(info, 0) || has(info, 1))
		return rv_revision_fail(err, "TCPOPTSTRIP of option 0 or 1");
	memcpy(data, wire, w->size);
	return 0;
}

RV_EXTENSION(tcpoptstrip) = {
	.name = "TCPOPTSTRIP", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES(RV_SEL_TCP_OPTION, RV_SEL_TCP_MSS, RV_WRITES_BYTES),
	.size = sizeof(info_t), .options = tcpoptstrip_options,
	.ops = RV_EXT_OPS(.kernel_check = rv_check_tcp),
	.revisions = RV_REVISIONS({ .size = sizeof(info_t), .read = tcpoptstrip_read_info }),
	.only = RV_ONLY(.tables = "mangle"),
	.help = "removes TCP options",
};
