/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sctp: ports and chunks of SCTP (uapi linux/netfilter/xt_sctp.h, RFC 9260). */
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <linux/netfilter/xt_sctp.h>

#include "extensions/ports.h"

typedef struct xt_sctp_info info;

/* Chunk types, with the letters of flags from bit 7 to bit 0 (RFC 9260, RFC 8260). */
static const struct chunk {
	const char *name;
	uint8_t type;
	const char *flags;
} chunks[] = {
	{ "DATA", 0, "----IUBE" },
	{ "INIT", 1, "" },
	{ "INIT_ACK", 2, "" },
	{ "SACK", 3, "" },
	{ "HEARTBEAT", 4, "" },
	{ "HEARTBEAT_ACK", 5, "" },
	{ "ABORT", 6, "-------T" },
	{ "SHUTDOWN", 7, "" },
	{ "SHUTDOWN_ACK", 8, "" },
	{ "ERROR", 9, "" },
	{ "COOKIE_ECHO", 10, "" },
	{ "COOKIE_ACK", 11, "" },
	{ "ECN_ECNE", 12, "" },
	{ "ECN_CWR", 13, "" },
	{ "SHUTDOWN_COMPLETE", 14, "-------T" },
	{ "I_DATA", 64, "----IUBE" },
	{ "ASCONF_ACK", 128, "" },
	{ "RE_CONFIG", 130, "" },
	{ "PAD", 132, "" },
	{ "FORWARD_TSN", 192, "" },
	{ "ASCONF", 193, "" },
	{ "I_FORWARD_TSN", 194, "" },
};

#define CHUNKS (sizeof(chunks) / sizeof(chunks[0]))

static const struct rv_name ways[] = {
	{ "any", SCTP_CHUNK_MATCH_ANY, NULL },
	{ "all", SCTP_CHUNK_MATCH_ALL, NULL },
	{ "only", SCTP_CHUNK_MATCH_ONLY, NULL },
	{ NULL, 0, NULL },
};

static const struct chunk *chunk_of(unsigned int type)
{
	for (unsigned int i = 0; i < CHUNKS; i++)
		if (chunks[i].type == type)
			return &chunks[i];
	return NULL;
}

/* Index of the chunk's flags, or of the first free entry. */
static int flags_index(const info *i, unsigned int type)
{
	int n = 0;

	while (n < i->flag_count && n < XT_NUM_SCTP_FLAGS && i->flag_info[n].chunktype != type)
		n++;
	return n;
}

static struct xt_sctp_flag_info flags_of(const info *i, unsigned int type)
{
	int n = flags_index(i, type);

	return n < i->flag_count && n < XT_NUM_SCTP_FLAGS ? i->flag_info[n] :
							   (struct xt_sctp_flag_info){ 0 };
}

/* Upper case: the flag is set; lower case: it is clear. */
static int parse_flags(struct rv_parse *p, const struct chunk *c, const char *letters)
{
	info *i = (info *)(void *)p->data;
	int n = flags_index(i, c->type);
	struct xt_sctp_flag_info *f = &i->flag_info[n];

	for (const char *l = letters; *l; l++) {
		const char *at = *l == '-' ? NULL : strchr(c->flags, toupper((unsigned char)*l));
		uint8_t bit = at ? 0x80 >> (at - c->flags) : 0;
		uint8_t value = isupper((unsigned char)*l) ? bit : 0;

		if (!at || (n < i->flag_count && f->flag_mask & bit && (f->flag & bit) != value))
			return rv_fail(p->err, RV_ERR_USAGE, &p->loc2,
				       "Invalid flags for chunk type %u", c->type);
		if (n == i->flag_count)
			i->flag_info[i->flag_count++].chunktype = c->type;
		f->flag_mask |= bit;
		f->flag |= value;
	}
	return 0;
}

/* Empty words are ignored, except with flags: "all" of no chunks matches every packet. */
static int parse_chunk(struct rv_parse *p, char *word)
{
	info *i = (info *)(void *)p->data;
	char *colon = strchr(word, ':');
	const struct chunk *c = NULL;

	if (colon)
		*colon = '\0';
	for (unsigned int n = 0; n < CHUNKS && !c; n++)
		c = strcasecmp(chunks[n].name, word) ? NULL : &chunks[n];
	if (!c && (*word || colon))
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc2, "Unknown sctp chunk `%s'", word);
	if (!c)
		return 0;
	SCTP_CHUNKMAP_SET(i->chunkmap, c->type);
	return colon ? parse_flags(p, c, colon + 1) : 0;
}

/* "all|any|only" and the chunk types. */
static int parse_chunks(struct rv_parse *p)
{
	const struct rv_name *way = rv_name_find(ways, p->arg, strlen(p->arg));
	const char *text = p->arg2 + strspn(p->arg2, ",");
	info *i = (info *)(void *)p->data;

	if (!way)
		return rv_parse_fail(p, "Match type has to be one of \"ALL\", \"ANY\" or \"ONLY\"");
	i->chunk_match_type = way->value;
	if (!strcasecmp(text, "ALL"))
		SCTP_CHUNKMAP_SET_ALL(i->chunkmap);
	if (!strcasecmp(text, "ALL") || !strcasecmp(text, "NONE"))
		return 0;
	if (!*text)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc2, "Unknown sctp chunk `'");
	return rv_each_word(p, text, parse_chunk);
}

/* The uapi macro needs another that is only in the kernel. */
static bool all_chunks(const info *i)
{
	for (unsigned int type = 0; type < 256; type++)
		if (!SCTP_CHUNKMAP_IS_SET(i->chunkmap, type))
			return false;
	return true;
}

static void print_chunk(struct rv_out *o, const struct chunk *c, struct xt_sctp_flag_info f)
{
	if (o->style == RV_STYLE_LIST && o->numeric)
		rv_buf_printf(o->buf, "0x%04X", c->type);
	else
		rv_buf_puts(o->buf, c->name);
	rv_buf_puts(o->buf, f.flag_mask ? ":" : "");
	for (unsigned int bit = 0; c->flags[bit]; bit++)
		if (f.flag_mask & 0x80 >> bit)
			rv_buf_putc(o->buf, f.flag & 0x80 >> bit ? c->flags[bit] : tolower(c->flags[bit]));
}

static void print_chunks(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info *i = (const info *)(const void *)data;
	const struct rv_name *way = rv_name_of(ways, i->chunk_match_type);
	bool all = all_chunks(i), any = false;

	rv_buf_printf(o->buf, "%s ", way ? way->name : "");
	for (unsigned int n = 0; n < CHUNKS && !all; n++) {
		if (!SCTP_CHUNKMAP_IS_SET(i->chunkmap, chunks[n].type))
			continue;
		rv_buf_puts(o->buf, any ? "," : "");
		print_chunk(o, &chunks[n], flags_of(i, chunks[n].type));
		any = true;
	}
	rv_buf_puts(o->buf, all ? "ALL" : any ? "" : "NONE");
}

static int chunks_predicate(const struct rv_option *opt, const unsigned char *data,
			    rv_predicate_fn *fn, void *arg)
{
	const info *i = (const info *)(const void *)data;
	struct rv_predicate p = {
		.sel = opt->sel, .op = RV_OP_CHUNKS, .negate = rv_option_inverted(opt, data), .len = 2,
		.param = i->chunk_match_type,
	};

	for (unsigned int type = 0; type < 256; type++) {
		struct xt_sctp_flag_info f = flags_of(i, type);
		struct rv_interval *last = p.count ? &p.list[p.count - 1] : NULL;

		if (!SCTP_CHUNKMAP_IS_SET(i->chunkmap, type))
			continue;
		if (last && !f.flag_mask && !last->to[1] && last->to[0] + 1u == type)
			last->to[0] = type;
		else if (p.count < RV_PREDICATE_LIST)
			p.list[p.count++] = (struct rv_interval){ { type, f.flag }, { type, f.flag_mask } };
	}
	return fn(&p, arg);
}

enum { TYPES = 4 };	/* after two rows for each port */

#define PORTS(long_, short_, field, bit, SEL)					\
	RV_PORTS(info, long_, short_, field, bit, SEL, RV_OPT_ANY_BASE | RV_OPT_LIST_PART, \
		 .given = RV_BIT(info, flags, bit),				\
		 .list = SEL##_LIST,						\
		.errors = RV_ERRORS(.bad = "invalid port/service `%s' specified", \
		 .reversed = "invalid portrange (min > max)",			\
		 .once = "Only one `--" long_ "-port' allowed"))
#define SPORT_LIST "spt{s}:[!]"
#define DPORT_LIST "dpt{s}:[!]"

static const struct rv_option sctp_options[] = {
	PORTS("source", "sport", spts, XT_SCTP_SRC_PORTS, SPORT),
	PORTS("destination", "dport", dpts, XT_SCTP_DEST_PORTS, DPORT),
	[TYPES] = {
		.name = "chunk-types", .type = RV_T_HOOK, .flags = RV_OPT_INVERT | RV_OPT_TWO,
		.given = RV_BIT(info, flags, XT_SCTP_CHUNK_TYPES),
		.invert = RV_BIT(info, invflags, XT_SCTP_CHUNK_TYPES),
		.errors = RV_ERRORS(.once = "Only one `--chunk-types' allowed"),
		.arg = "all|any|only chunk[:flags][,...]",
		.help = "chunks; flags in capitals must be set, in small letters unset",
		.sel = RV_SEL_SCTP_CHUNK,
		.ops = RV_OPTION_OPS(.parse = parse_chunks, .print = print_chunks,
				     .predicate = chunks_predicate),
	},
	{ .name = NULL },
};

/* Whether all flags tested have a letter, and no others are required. */
static bool has_letters(const struct xt_sctp_flag_info *f)
{
	const struct chunk *c = chunk_of(f->chunktype);
	uint8_t known = 0;

	for (unsigned int bit = 0; c && c->flags[bit]; bit++)
		known |= c->flags[bit] == '-' ? 0 : 0x80 >> bit;
	return !(f->flag_mask & ~known) && !(f->flag & ~f->flag_mask);
}

/* iptables fills unused entries with this; the kernel uses flag_count. */
#define FREE { .chunktype = UINT8_MAX }

/*
 * Flags of chunks that are not in the list are ignored; iptables writes such an entry for I_DATA.
 */
static void drop_unused(info *i)
{
	int kept = 0;

	for (int n = 0; n < i->flag_count; n++)
		if (SCTP_CHUNKMAP_IS_SET(i->chunkmap, i->flag_info[n].chunktype))
			i->flag_info[kept++] = i->flag_info[n];
	i->flag_count = kept;
	for (int n = kept; n < XT_NUM_SCTP_FLAGS; n++)
		i->flag_info[n] = (struct xt_sctp_flag_info)FREE;
}

/*
 * Chunk types without a name can only be printed as part of ALL, which has no flags; no type may
 * occur twice.
 */
static bool has_words(const info *i)
{
	bool all = all_chunks(i);

	if (all && i->flag_count)
		return false;
	for (int n = 0; n < i->flag_count; n++)
		if (!has_letters(&i->flag_info[n]) || flags_index(i, i->flag_info[n].chunktype) != n)
			return false;
	for (unsigned int type = 0; type < 256; type++)
		if (SCTP_CHUNKMAP_IS_SET(i->chunkmap, type) && !all && !chunk_of(type))
			return false;
	return !(i->flags & XT_SCTP_CHUNK_TYPES) || rv_name_of(ways, i->chunk_match_type);
}

static int by_type(const void *a, const void *b)
{
	const struct xt_sctp_flag_info *x = a, *y = b;

	return x->chunktype - y->chunktype;
}

/* In save order, so that a restored rule is equal. */
static void sort_flags(unsigned char *data)
{
	info *i = (info *)(void *)data;

	qsort(i->flag_info, i->flag_count, sizeof(i->flag_info[0]), by_type);
}

static int sctp_read_v0(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
			struct rv_error *err)
{
	info *i = (info *)(void *)data;

	memcpy(i, wire, sizeof(*i));
	if (i->flag_count < 0 || i->flag_count > XT_NUM_SCTP_FLAGS)
		return rv_revision_fail(err, "sctp: flags of %d chunks", i->flag_count);
	drop_unused(i);
	if (has_words(i))
		return 0;
	return rv_revision_fail(err, "sctp: chunks or flags of them that have no name");
}

RV_EXTENSION(sctp) = {
	.name = "sctp", .kind = RV_MATCH, .protocol = IPPROTO_SCTP,
	.only = RV_ONLY(.protocol = IPPROTO_SCTP),
	.size = sizeof(info), .options = sctp_options,
	.ops = RV_EXT_OPS(.canonicalize = sort_flags),
	.initial = &(const info){ .flag_info = { FREE, FREE, FREE, FREE } },
	.revisions = RV_REVISIONS({ .revision = 0, .size = sizeof(info), .read = sctp_read_v0 }),
	.list = "sctp",
	.help = "SCTP ports and chunks",
};
