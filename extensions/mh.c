/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mh: the Mobility Header of IPv6 (uapi linux/netfilter_ipv6/ip6t_mh.h, RFC 6275). */
#include <netinet/in.h>
#include <string.h>

#include <ravelin/extension.h>

#include <linux/netfilter_ipv6/ip6t_mh.h>

/* Prefixes of names are accepted; the first match is used. */
static const struct rv_name mh_types[] = {
	{ "binding-refresh-request", 0, NULL }, { "brr", 0, NULL },
	{ "home-test-init", 1, NULL }, { "hoti", 1, NULL },
	{ "careof-test-init", 2, NULL }, { "coti", 2, NULL },
	{ "home-test", 3, NULL }, { "hot", 3, NULL },
	{ "careof-test", 4, NULL }, { "cot", 4, NULL },
	{ "binding-update", 5, NULL }, { "bu", 5, NULL },
	{ "binding-acknowledgement", 6, NULL }, { "ba", 6, NULL },
	{ "binding-error", 7, NULL }, { "be", 7, NULL },
	{ NULL, 0, NULL },
};

static bool find_type(const char *text, size_t len, uint8_t *type)
{
	const struct rv_name *name = rv_name_find(mh_types, text, len);
	const char *end;
	uint64_t n;

	if (rv_parse_uint_prefix(text, 0, UINT8_MAX, &n, &end) && end == text + len) {
		*type = n;
		return true;
	}
	for (const struct rv_name *t = mh_types; t->name && !name && len; t++)
		if (!strncasecmp(t->name, text, len))
			name = t;
	*type = name ? name->value : 0;
	return name != NULL;
}

/* "type" or "from:to"; either bound may be omitted. */
static int parse_types(struct rv_parse *p)
{
	struct ip6t_mh *mh = (struct ip6t_mh *)(void *)p->data;
	const char *colon = strchr(p->arg, ':'), *to = colon ? colon + 1 : p->arg;
	size_t len = colon ? (size_t)(colon - p->arg) : strlen(p->arg);

	mh->types[0] = 0;
	mh->types[1] = UINT8_MAX;
	if ((!colon || len) && !find_type(p->arg, len, &mh->types[0]))
		return rv_parse_fail(p, "Invalid MH type `%.*s'", (int)len, p->arg);
	if ((!colon || *to) && !find_type(to, strlen(to), &mh->types[1]))
		return rv_parse_fail(p, "Invalid MH type `%s'", to);
	if (mh->types[0] > mh->types[1])
		return rv_parse_fail(p, "Invalid MH type range (min > max)");
	return 0;
}

static void print_type(struct rv_out *o, uint8_t type)
{
	const struct rv_name *name = rv_name_of(mh_types, type);

	if (name && o->style == RV_STYLE_LIST && !o->numeric)
		rv_buf_puts(o->buf, name->name);
	else
		rv_buf_u64(o->buf, type);
}

static void print_types(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct ip6t_mh *mh = (const struct ip6t_mh *)data;

	print_type(o, mh->types[0]);
	if (mh->types[0] == mh->types[1])
		return;
	rv_buf_putc(o->buf, ':');
	print_type(o, mh->types[1]);
}

static const struct rv_option mh_options[] = {
	{
		.name = "mh-type", .type = RV_T_UINT_RANGE, .flags = RV_OPT_INVERT,
		RV_FIELD(struct ip6t_mh, types),
		.invert = RV_BIT(struct ip6t_mh, invflags, IP6T_MH_INV_TYPE), .sel = RV_SEL_MH_TYPE,
		.list = "[!]", .arg = "type[:type]",
		.help = "message type, by name or number",
		.ops = RV_OPTION_OPS(.parse = parse_types, .print = print_types),
	},
	{ .name = NULL },
};

RV_EXTENSION(mh) = {
	.name = "mh", .kind = RV_MATCH, .family = NFPROTO_IPV6, .protocol = IPPROTO_MH,
	.only = RV_ONLY(.protocol = IPPROTO_MH),
	RV_STRUCT(struct ip6t_mh, 0), .options = mh_options,
	.initial = &(const struct ip6t_mh){ .types = { 0, UINT8_MAX } },
	.config = "IP6_NF_MATCH_MH", .list = "mh",
	.help = "IPv6 Mobility Header",
};
