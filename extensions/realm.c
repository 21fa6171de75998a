/* SPDX-License-Identifier: GPL-2.0-or-later */
/* realm: the realm of the packet's route (uapi linux/netfilter/xt_realm.h). */
#include <stdio.h>
#include <string.h>

#include <linux/netfilter/xt_realm.h>

#include <ravelin/extension.h>

/* ip-route(8): lines of a number and a name; '#' begins a comment. */
#define NAMES_FILE "/etc/iproute2/rt_realms"
#define NAME_LEN 64

/* Calls until a line of the file fits: the one of that name, or of that number if name is empty. */
static bool find_realm(char name[NAME_LEN], uint64_t *number)
{
	char line[512], number_text[32], word[NAME_LEN];
	FILE *f = fopen(NAMES_FILE, "re");
	bool found = false;
	uint64_t n;

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %31s %63s", number_text, word) != 2 || *number_text == '#' ||
		    !rv_parse_uint(number_text, 0, UINT32_MAX, &n))
			continue;
		found = *name ? !strcmp(word, name) : n == *number;
		if (found) {
			*number = n;
			strcpy(name, word);
		}
	}
	if (f)
		fclose(f);
	return found;
}

/* A number with or without mask, or a name, which has none. */
static int parse_realm(struct rv_parse *p)
{
	struct xt_realm_info *info = (struct xt_realm_info *)(void *)p->data;
	char name[NAME_LEN];
	const char *end;
	uint64_t n;

	if (rv_parse_uint_prefix(p->arg, 0, UINT32_MAX, &n, &end) && (!*end || *end == '/'))
		return rv_value_parse(p, p->arg, p->data + p->opt->offset);
	snprintf(name, sizeof(name), "%s", p->arg);
	if (!*name || strcmp(name, p->arg) != 0 || !find_realm(name, &n))
		return rv_option_fail(p, "could not map name %s to an integer value for option "
				      "\"--%s\".\n", p->arg, p->opt->name);
	info->id = n;
	info->mask = UINT32_MAX;
	return 0;
}

static void print_realm(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct xt_realm_info *info = (const struct xt_realm_info *)(const void *)data;
	uint64_t number = info->id;
	char name[NAME_LEN] = "";

	if (!o->numeric && info->mask == UINT32_MAX && find_realm(name, &number))
		rv_buf_puts(o->buf, name);
	else
		rv_value_print(o, opt, data);
}

static const struct rv_option options[] = {
	{
		.name = "realm",
		.type = RV_T_MASKED,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS |
			 RV_OPT_HEX,
		RV_FIELD(struct xt_realm_info, id),
		.mask_offset = offsetof(struct xt_realm_info, mask),
		.invert = RV_BIT(struct xt_realm_info, invert, 1),
		.given = RV_GIVEN_ALWAYS,
		.sel = RV_SEL_REALM,
		.list = "realm",
		.arg = "number[/mask]|name",
		.help = "the realm, of which only the bits in mask count",
		.parse = parse_realm,
		.print = print_realm,
	},
	{ .name = NULL },
};

static const struct rv_wire wire[] = {
	{ .revision = 0, .size = sizeof(struct xt_realm_info) },
	{ .size = 0 },
};

static const struct rv_ext realm = {
	.name = "realm",
	.kind = RV_MATCH,
	.family = NFPROTO_IPV4,
	.size = sizeof(struct xt_realm_info),
	.wire = wire,
	.options = options,
	.hooks = 1 << NF_INET_LOCAL_IN | 1 << NF_INET_FORWARD | 1 << NF_INET_LOCAL_OUT |
		 1 << NF_INET_POST_ROUTING,
	.help = "the realm of the packet's route",
};
RV_REGISTER(realm);
