/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HMARK: sets the mark to a hash of addresses and ports (uapi xt_HMARK.h). */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/xt_HMARK.h>

#include "extensions/revision.h"

#define FLAG(id) (1u << XT_HMARK_##id)

/*
 * The kernel's ct flag is a separate field here, because only one word of --hmark-tuple means it.
 */
struct hmark_data {
	struct xt_hmark_info info;
	uint32_t ct;
};

enum {
	SRC, DST, SPORT_MASK, DPORT_MASK, SPI_MASK, SPORT, DPORT, SPI, PROTO, RND, MOD, OFFSET,
	TUPLE
};

#define PORT_MASKS (FLAG(SPORT_MASK) | FLAG(DPORT_MASK))
#define PORTS (FLAG(SPORT) | FLAG(DPORT))
#define MAX_FLAGS (FLAG(OFFSET) * 2 - 1)

/* Two digits, although the kernel's field has 16 bits. */
static void print_proto(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct hmark_data *d = (const struct hmark_data *)(const void *)data;

	rv_buf_printf(o->buf, "0x%02x", d->info.proto_mask);
}

/* Words of --hmark-tuple, which stand for a row with all bits set; ct does not. */
static const struct rv_name hmark_words[] = {
	{ "ct", TUPLE, NULL },
	{ "src", SRC, NULL },
	{ "dst", DST, NULL },
	{ "sport", SPORT_MASK, NULL },
	{ "dport", DPORT_MASK, NULL },
	{ "spi", SPI_MASK, NULL },
	{ "proto", PROTO, NULL },
	{ NULL, 0, NULL },
};

static int use_whole(struct rv_parse *p, unsigned int row)
{
	struct hmark_data *d = (struct hmark_data *)(void *)p->data;
	const struct rv_option *opt = p->ext->options + row;
	unsigned int size = opt->size;

	if (row == TUPLE) {
		d->ct = 1;
		return 0;
	}
	if (p->part->seen & 1ULL << row)
		return rv_parse_fail(p, "HMARK: option \"--%s\" can only be used once.\n",
				     opt->name);
	if (row <= DST && p->family == NFPROTO_IPV4)
		size = sizeof(struct in_addr);
	memset(p->data + opt->offset, 0xff, size);
	d->info.flags |= opt->given.mask;
	return 0;
}

static const struct rv_name *find_word(const char *text, size_t len)
{
	const struct rv_name *name = hmark_words;

	while (name->name && strncasecmp(name->name, text, len) != 0)
		name++;
	return name->name ? name : NULL;
}

/* Words may be abbreviated. */
static int parse_tuple(struct rv_parse *p)
{
	const char *text = p->arg;
	uint64_t rows = 0;
	size_t len;

	for (;; text += len + 1) {
		const struct rv_name *name;

		len = strcspn(text, ",");
		if (!*text)
			return rv_parse_fail(p,
					     "\"--hmark-tuple\" requires a list of types with no spaces, "
					     "e.g. src,dst,sport,dport,proto");
		name = len ? find_word(text, len) : NULL;
		if (!name)
			return rv_parse_fail(p, "Bad type \"%s\"", text);
		if (use_whole(p, name->value))
			return -1;
		rows |= name->value == TUPLE ? 0 : 1ULL << name->value;
		if (!text[len])
			break;
	}
	p->part->seen |= rows;
	return 0;
}

static void print_tuple(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	rv_buf_puts(o->buf, "ct");
}

#define ROW(row, word, kind, field, bit, parameter, text, ...)			\
	[row] = { .name = "hmark-" word, .type = kind, RV_FIELD(struct hmark_data, info.field), \
		  .given = RV_BIT(struct hmark_data, info.flags, FLAG(bit)), \
		  .arg = parameter, .help = text, __VA_ARGS__ }

#define PREFIX_ROW(row, word, field, bit, text)					\
	ROW(row, word, RV_T_PREFIX, field, bit, "length", text)

#define NUMBER_ROW(row, word, field, bit, text)					\
	ROW(row, word, RV_T_UINT, field, bit, "number", text,			\
	    .flags = RV_OPT_HEX | RV_OPT_PADDED | RV_OPT_BE)

static const struct rv_option hmark_options[] = {
	PREFIX_ROW(SRC, "src-prefix", src_mask, SADDR_MASK, "prefix length of the source address"),
	PREFIX_ROW(DST, "dst-prefix", dst_mask, DADDR_MASK, "prefix length of the destination address"),
	NUMBER_ROW(SPORT_MASK, "sport-mask", port_mask.b16.src, SPORT_MASK,
		   "mask for the source port"),
	NUMBER_ROW(DPORT_MASK, "dport-mask", port_mask.b16.dst, DPORT_MASK,
		   "mask for the destination port"),
	NUMBER_ROW(SPI_MASK, "spi-mask", port_mask.b32, SPI_MASK, "mask for the SPI"),
	NUMBER_ROW(SPORT, "sport", port_set.b16.src, SPORT, "set these bits of the source port before hashing"),
	NUMBER_ROW(DPORT, "dport", port_set.b16.dst, DPORT,
		   "set these bits of the destination port before hashing"),
	NUMBER_ROW(SPI, "spi", port_set.b32, SPI, "set these bits of the SPI before hashing"),
	ROW(PROTO, "proto-mask", RV_T_UINT, proto_mask, PROTO_MASK, "number",
	    "mask for the protocol number", .ops = RV_OPTION_OPS(.print = print_proto)),
	ROW(RND, "rnd", RV_T_UINT, hashrnd, RND, "number", "initial value of the hash",
	    .flags = RV_OPT_HEX | RV_OPT_PADDED),
	ROW(MOD, "mod", RV_T_UINT, hmodulus, MODULUS, "number", "number of marks",
	    .min = 1),
	ROW(OFFSET, "offset", RV_T_UINT, hoffset, OFFSET, "number", "first mark", .min = 0),
	[TUPLE] = {
		.name = "hmark-tuple", .type = RV_T_HOOK,
		RV_FIELD(struct hmark_data, ct),
		.arg = "word[,...]",
		.help = "fields to hash: src dst sport dport spi proto; ct: of the connection",
		.ops = RV_OPTION_OPS(.parse = parse_tuple, .print = print_tuple),
	},
	{ 0 },
};

static const char *wrong(const struct hmark_data *d)
{
	uint32_t flags = d->info.flags;

	if (!(flags & FLAG(MODULUS)))
		return "--hmark-mod is mandatory";
	if (!(flags & FLAG(RND)))
		return "--hmark-rnd is mandatory";
	if (flags & FLAG(SPI_MASK) && flags & PORT_MASKS)
		return "you cannot use --hmark-spi-mask and --hmark-?port-mask,at the same time";
	if (!(flags & ~(FLAG(RND) | FLAG(MODULUS) | FLAG(OFFSET))) && !d->ct)
		return "you have to specify --hmark-tuple at least";
	return NULL;
}

static int check_parameters(struct rv_check *c)
{
	const struct hmark_data *d = (const struct hmark_data *)(void *)c->part->data;
	const char *why = wrong(d);

	return why ? rv_check_fail(c, "%s", why) : 0;
}

static int hmark_kernel_check(struct rv_check *c)
{
	const struct hmark_data *d = (const struct hmark_data *)(void *)c->part->data;

	if (d->info.flags & FLAG(SPI) && d->info.flags & PORTS)
		return rv_check_refuse(c,
				       "HMARK: --hmark-spi cannot be combined with "
				       "--hmark-sport or --hmark-dport");
	return 0;
}

/* Bytes of IPv4 masks after the address are ignored. */
static bool read_mask(const struct rv_revision *w, union nf_inet_addr *to,
		      const union nf_inet_addr *from)
{
	*to = (union nf_inet_addr){ 0 };
	memcpy(to, from, w->arg == NFPROTO_IPV4 ? sizeof(from->in) : sizeof(*from));
	return rv_mask_length(w->arg, to) >= 0;
}

static int hmark_read_info(const struct rv_revision *w, const unsigned char *wire,
			   unsigned char *data, struct rv_error *err)
{
	const struct xt_hmark_info *from = (const struct xt_hmark_info *)(const void *)wire;
	struct hmark_data *d = (struct hmark_data *)(void *)data;
	bool good = read_mask(w, &d->info.src_mask, &from->src_mask) &&
		    read_mask(w, &d->info.dst_mask, &from->dst_mask);

	d->info.port_mask = from->port_mask;
	d->info.port_set = from->port_set;
	d->info.flags = from->flags & ~FLAG(CT);
	d->info.proto_mask = from->proto_mask;
	d->info.hashrnd = from->hashrnd;
	d->info.hmodulus = from->hmodulus;
	d->info.hoffset = from->hoffset;
	d->ct = from->flags & FLAG(CT) ? 1 : 0;
	if (good && !(d->info.flags & ~MAX_FLAGS) && d->info.hmodulus && !wrong(d))
		return 0;
	return rv_revision_fail(err, "HMARK with flags 0x%x, modulus %u", from->flags, from->hmodulus);
}

static int hmark_write_info(const struct rv_revision *w, const unsigned char *data,
			    unsigned char *wire, struct rv_error *err)
{
	const struct hmark_data *d = (const struct hmark_data *)(const void *)data;
	struct xt_hmark_info info = d->info;

	info.flags |= d->ct ? FLAG(CT) : 0;
	memcpy(wire, &info, sizeof(info));
	return 0;
}

#define HMARK(nfproto)								\
	{									\
		.name = "HMARK", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES, .family = (nfproto),	\
		.writes = RV_WRITES(RV_SEL_MARK),	\
		.size = sizeof(struct hmark_data), .options = hmark_options,		\
		.revisions = RV_REVISIONS({ .size = sizeof(struct xt_hmark_info), .read = hmark_read_info, \
				  .write = hmark_write_info, .arg = (nfproto) }),	\
		.help = "sets the mark to a hash of packet fields", \
		.ops = RV_EXT_OPS(.check = check_parameters,			\
				  .kernel_check = hmark_kernel_check),		\
		/* Starts with what save prints last, and ends with a space. */ \
		.list_template = " HMARK mod <hmark-mod>{hmark-offset: + <hmark-offset:x>}" \
			      "{hmark-tuple: ct,}"				\
			      "{hmark-src-prefix: src-prefix <hmark-src-prefix>}" \
			      "{hmark-dst-prefix: dst-prefix <hmark-dst-prefix>}" \
			      "{hmark-sport-mask: sport-mask <hmark-sport-mask:x>}" \
			      "{hmark-dport-mask: dport-mask <hmark-dport-mask:x>}" \
			      "{hmark-spi-mask: spi-mask <hmark-spi-mask:x>}"	\
			      "{hmark-sport: sport <hmark-sport:x>}"		\
			      "{hmark-dport: dport <hmark-dport:x>}"		\
			      "{hmark-spi: spi <hmark-spi:x>}"			\
			      "{hmark-proto-mask: proto-mask <hmark-proto-mask:x>}" \
			      "{hmark-rnd: rnd <hmark-rnd:x>} ",			\
	}

RV_EXTENSION(hmark4) = HMARK(NFPROTO_IPV4);
RV_EXTENSION(hmark6) = HMARK(NFPROTO_IPV6);
