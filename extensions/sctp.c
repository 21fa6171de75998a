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

/*
 * Chunks by number, with the letters of their flags from bit 7 to bit 0. Those of I-DATA are left
 * out: stock's save drops them or, when it finds them in the kernel, crashes.
 */
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
	{ "I_DATA", 64, "" },
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

static const struct chunk *find_chunk(const char *name, size_t len)
{
	for (unsigned int i = 0; i < CHUNKS; i++)
		if (strlen(chunks[i].name) == len && !strncasecmp(chunks[i].name, name, len))
			return &chunks[i];
	return NULL;
}

static const char *chunk_name(unsigned int type)
{
	for (unsigned int i = 0; i < CHUNKS; i++)
		if (chunks[i].type == type)
			return chunks[i].name;
	return NULL;
}

static int count(const info *i)
{
	return i->flag_count < XT_NUM_SCTP_FLAGS ? i->flag_count : XT_NUM_SCTP_FLAGS;
}

/* What is asked of the flags of a chunk; made if it is not there. There is room for all four. */
static struct xt_sctp_flag_info *flags_of(info *i, uint8_t type)
{
	int n = 0;

	while (n < i->flag_count && i->flag_info[n].chunktype != type)
		n++;
	if (n == i->flag_count)
		i->flag_info[i->flag_count++].chunktype = type;
	return &i->flag_info[n];
}

/* A capital letter: the flag is set, a small one: it is not. */
static int parse_flags(struct rv_parse *p, const struct chunk *c, const char *letters, size_t len)
{
	info *i = (info *)(void *)p->data;

	for (const char *l = letters; l < letters + len; l++) {
		const char *at = *l == '-' ? NULL : strchr(c->flags, toupper((unsigned char)*l));
		struct xt_sctp_flag_info *f = at ? flags_of(i, c->type) : NULL;
		uint8_t bit = at ? 0x80 >> (at - c->flags) : 0;
		uint8_t value = isupper((unsigned char)*l) ? bit : 0;

		if (!at || (f->flag_mask & bit && (f->flag & bit) != value))
			return rv_fail(p->err, RV_ERR_USAGE, &p->loc2,
				       "Invalid flags for chunk type %u", c->type);
		f->flag_mask |= bit;
		f->flag |= value;
	}
	return 0;
}

static int parse_chunk(struct rv_parse *p, const char *word, size_t len)
{
	info *i = (info *)(void *)p->data;
	const char *colon = memchr(word, ':', len);
	size_t name = colon ? (size_t)(colon - word) : len;
	const struct chunk *c = find_chunk(word, name);

	if (!c)
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc2, "Unknown sctp chunk `%.*s'", (int)name,
			       word);
	SCTP_CHUNKMAP_SET(i->chunkmap, c->type);
	return colon ? parse_flags(p, c, colon + 1, len - name - 1) : 0;
}

/* "all|any|only" and the chunks. Empty words between commas are passed over. */
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
	do {
		size_t len = strcspn(text, ",");

		if (parse_chunk(p, text, len))
			return -1;
		text += len;
		text += strspn(text, ",");
	} while (*text);
	return 0;
}

static void print_flags(struct rv_out *o, const info *i, unsigned int type)
{
	for (int n = 0; n < count(i); n++) {
		const struct xt_sctp_flag_info *f = &i->flag_info[n];
		const char *name = chunk_name(type), *letters = "";

		if (f->chunktype != type || !f->flag_mask)
			continue;
		rv_buf_putc(o->buf, ':');
		if (name)
			letters = find_chunk(name, strlen(name))->flags;
		for (unsigned int bit = 0; letters[bit]; bit++)
			if (f->flag_mask & 0x80 >> bit)
				rv_buf_putc(o->buf, f->flag & 0x80 >> bit ?
							    letters[bit] : tolower(letters[bit]));
	}
}

/* The header's own macro for it needs another that only the kernel has. */
static bool all_chunks(const info *i)
{
	for (unsigned int type = 0; type < 256; type++)
		if (!SCTP_CHUNKMAP_IS_SET(i->chunkmap, type))
			return false;
	return true;
}

static void print_chunks(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info *i = (const info *)(const void *)data;
	const struct rv_name *way = rv_name_of(ways, i->chunk_match_type);
	bool numbers = o->style == RV_STYLE_LIST && o->numeric;
	const char *comma = "";

	rv_buf_printf(o->buf, "%s ", way ? way->name : "any");
	if (all_chunks(i)) {
		rv_buf_puts(o->buf, "ALL");
		return;
	}
	for (unsigned int type = 0; type < 256; type++) {
		const char *name = numbers ? NULL : chunk_name(type);

		if (!SCTP_CHUNKMAP_IS_SET(i->chunkmap, type))
			continue;
		rv_buf_puts(o->buf, comma);
		if (name)
			rv_buf_puts(o->buf, name);
		else
			rv_buf_printf(o->buf, "0x%04X", type);
		comma = ",";
		print_flags(o, i, type);
	}
	rv_buf_puts(o->buf, *comma ? "" : "NONE");
}

enum { TYPES = 4 };	/* behind the two rows of each port */

#define PORTS(long_, short_, field, bit, SEL)					\
	RV_PORTS(info, long_, short_, field, bit, SEL, RV_OPT_ANY_BASE | RV_OPT_LIST_PART, \
		 .given = RV_BIT(info, flags, bit),				\
		 .list = SEL##_LIST, .bad = "invalid port/service `%s' specified", \
		 .reversed = "invalid portrange (min > max)",			\
		 .once = "Only one `--" long_ "-port' allowed")
#define SPORT_LIST "spt{s}:[!]"
#define DPORT_LIST "dpt{s}:[!]"

static const struct rv_option options[] = {
	PORTS("source", "sport", spts, XT_SCTP_SRC_PORTS, SPORT),
	PORTS("destination", "dport", dpts, XT_SCTP_DEST_PORTS, DPORT),
	[TYPES] = {
		.name = "chunk-types", .type = RV_T_HOOK, .flags = RV_OPT_INVERT | RV_OPT_TWO,
		.given = RV_BIT(info, flags, XT_SCTP_CHUNK_TYPES),
		.invert = RV_BIT(info, invflags, XT_SCTP_CHUNK_TYPES),
		.once = "Only one `--chunk-types' allowed",
		.arg = "all|any|only chunk[:flags][,...]",
		.help = "these chunks are there; flags: capital letters set, small ones not",
		.parse = parse_chunks, .print = print_chunks,
	},
	{ .name = NULL },
};

/* Whether all flags that are asked for have a letter. */
static bool has_letters(const struct xt_sctp_flag_info *f)
{
	const char *name = chunk_name(f->chunktype);
	const char *letters = name ? find_chunk(name, strlen(name))->flags : "";
	uint8_t known = 0;

	for (unsigned int bit = 0; letters[bit]; bit++)
		known |= letters[bit] == '-' ? 0 : 0x80 >> bit;
	return !(f->flag_mask & ~known);
}

static int by_type(const void *a, const void *b)
{
	const struct xt_sctp_flag_info *x = a, *y = b;

	return x->chunktype - y->chunktype;
}

/* As save prints them, so that what was saved is the same rule. */
static void sort_flags(unsigned char *data)
{
	info *i = (info *)(void *)data;

	qsort(i->flag_info, i->flag_count, sizeof(i->flag_info[0]), by_type);
}

static int read_v0(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	info *i = (info *)(void *)data;
	bool bad;

	memcpy(i, wire, sizeof(*i));
	bad = i->flag_count < 0 || i->flag_count > XT_NUM_SCTP_FLAGS;
	for (int n = 0; !bad && n < i->flag_count; n++)
		bad = !has_letters(&i->flag_info[n]);
	if (bad)
		return rv_wire_fail(err, "sctp: unknown flags of chunks");
	return 0;
}

/* Stock marks what it leaves free so; the kernel looks at flag_count. */
#define FREE { .chunktype = UINT8_MAX }
RV_EXTENSION(sctp) = {
	.name = "sctp", .kind = RV_MATCH, .protocol = IPPROTO_SCTP, .only_protocol = IPPROTO_SCTP,
	.size = sizeof(info), .options = options, .settle = sort_flags,
	.initial = &(const info){ .flag_info = { FREE, FREE, FREE, FREE } },
	.wire = RV_WIRE({ .revision = 0, .size = sizeof(info), .read = read_v0 }),
	.list = "sctp",
	.opaque = "chunks, with flags for each", .help = "ports and chunks of SCTP",
};
