/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hashlimit: a rate limit per address, network or port (uapi linux/netfilter/xt_hashlimit.h).
 * Depends on kernel state, so there is no predicate.
 *
 * A rate is stored as cost. For packets: the time between two packets, in 1/SCALE s. For bytes:
 * 2^32 divided by the number of 16-byte blocks per second.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/xt_hashlimit.h>

#include <ravelin/extension.h>

#include "extensions/limit.h"

#define SCALE 1000000		/* fractions of a second from revision 2 */
#define SCALE_1 10000		/* fractions of a second in revision 1 */
#define MAX_BURST 1000000
#define MAX_INTERVAL INT32_MAX
#define DEFAULT_GC 1000		/* ms */
#define EXPIRE_BYTES 15		/* seconds; for packets the default is the unit of the rate */
#define EXPIRE_BYTES_BURST 60
#define BLOCK_SHIFT 4		/* log2 of the block size in bytes */

#define HASHES (XT_HASHLIMIT_HASH_DIP | XT_HASHLIMIT_HASH_DPT | \
		XT_HASHLIMIT_HASH_SIP | XT_HASHLIMIT_HASH_SPT)
#define MODES (HASHES | XT_HASHLIMIT_INVERT | XT_HASHLIMIT_BYTES | XT_HASHLIMIT_RATE_MATCH)

/*
 * every is cfg.interval; 0: one second, the default. The fields from expires are used only while
 * options are parsed.
 */
struct hashlimit {
	struct xt_hashlimit_mtinfo3 info;
	uint32_t every;
	uint8_t expires;	/* cfg.expire differs from the rate's default */
	uint8_t turned;		/* '!' exchanges "up to" and "above" */
	uint8_t burst_bytes;	/* the burst was given in bytes */
	uint32_t seconds;	/* of the rate's unit */
};

enum {
	UPTO, ALIAS, ABOVE, BURST, MODE, NAME, SIZE, MAX, GC, EXPIRE, SRCMASK, DSTMASK, RATE_MATCH,
	INTERVAL
};

static uint64_t cost_of_bytes(uint64_t bytes)
{
	return UINT32_MAX / ((bytes >> BLOCK_SHIFT) + 1);
}

static uint64_t bytes_of_cost(uint64_t cost)
{
	uint64_t blocks = cost ? UINT32_MAX / cost : UINT32_MAX;

	return blocks ? (blocks - 1) << BLOCK_SHIFT : 0;
}

/* ---- reading ------------------------------------------------------------------- */

/* The unit named by the first len bytes of text, or NULL. */
static const struct rv_byte_unit *find_size(const char *text, size_t len)
{
	for (const struct rv_byte_unit *u = rv_byte_units; u < rv_byte_units + RV_BYTE_UNITS; u++)
		if (strlen(u->name) == len && !strncmp(text, u->name, len))
			return u;
	return NULL;
}

static int fail_rate(struct rv_parse *p)
{
	return rv_option_fail(p, "Bad value for \"--%s\" option: \"%s\"", p->opt->name, p->arg);
}

static int fail_fast(struct rv_parse *p)
{
	return rv_parse_fail(p, "Rate too fast \"%s\"", p->arg);
}

/* A rate below one block would be stored as no rate. */
static int set_bytes(struct rv_parse *p, struct hashlimit *d, uint64_t bytes)
{
	if (bytes >> BLOCK_SHIFT >= UINT32_MAX)
		return fail_fast(p);
	if (!(bytes >> BLOCK_SHIFT))
		return fail_rate(p);
	d->info.cfg.mode |= XT_HASHLIMIT_BYTES;
	d->info.cfg.avg = cost_of_bytes(bytes);
	return 0;
}

/* "packets" per second, "packets/unit", or "bytes{b,kb,mb}/second"; units may be abbreviated. */
static int parse_rate(struct rv_parse *p)
{
	struct hashlimit *d = (struct hashlimit *)(void *)p->data;
	const char *slash = strchr(p->arg, '/');
	const struct rv_limit_unit *unit = rv_limit_find_unit(slash ? slash + 1 : "second");
	const struct rv_byte_unit *size;
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(p->arg, &end, 10);
	if (!unit || !n)
		return fail_rate(p);
	if (errno)
		return fail_fast(p);
	size = slash ? find_size(end, slash - end) : NULL;
	if (size && unit->seconds == 1)
		return n > UINT64_MAX >> 20 ? fail_fast(p) : set_bytes(p, d, n * size->bytes);
	if (*end && end != slash)
		return fail_rate(p);
	d->seconds = unit->seconds;
	d->info.cfg.avg = (uint64_t)SCALE * d->seconds / n;
	return d->info.cfg.avg ? 0 : fail_fast(p);
}

#define BURST_RANGE "bad value for option \"--hashlimit-burst\", or out of range (1-%u)."

static int parse_burst(struct rv_parse *p)
{
	struct hashlimit *d = (struct hashlimit *)(void *)p->data;
	const struct rv_byte_unit *size = NULL;
	const char *end = p->arg;
	uint64_t n;
	bool ok = rv_parse_uint_prefix(p->arg, 1, UINT64_MAX >> 20, &n, &end);

	if (ok && *end)
		size = find_size(end, strlen(end));
	if (size)
		n *= size->bytes;
	if (!ok || (*end && !size) || (!size && n > MAX_BURST))
		return rv_parse_fail(p, BURST_RANGE, MAX_BURST);
	d->burst_bytes = size != NULL;
	d->info.cfg.burst = n;
	return 0;
}

static int parse_interval(struct rv_parse *p)
{
	struct hashlimit *d = (struct hashlimit *)(void *)p->data;
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(p->arg, &end, 10);
	if (!isdigit((unsigned char)*p->arg) || *end || errno || !n || n > MAX_INTERVAL)
		return fail_rate(p);
	d->every = n;
	return 0;
}

/* ---- printing ------------------------------------------------------------------ */

/* Largest unit in which the printed rate parses to the same cost; bytes if it exceeds 32 bits. */
static const struct rv_byte_unit *rate_unit(uint64_t cost)
{
	const struct rv_byte_unit *u = rv_byte_units;
	uint64_t bytes = bytes_of_cost(cost);

	while (u->bytes > 1 && (bytes < u->bytes || bytes > UINT32_MAX ||
				cost_of_bytes(bytes & ~(u->bytes - 1)) != cost))
		u++;
	return u;
}

static bool of_bytes(const struct hashlimit *d)
{
	return d->info.cfg.mode & XT_HASHLIMIT_BYTES;
}

/* -L prints the rate for the whole interval. */
static uint64_t listed_cost(const struct hashlimit *d)
{
	return d->every && !of_bytes(d) ? d->info.cfg.avg * d->every : d->info.cfg.avg;
}

static void print_rate(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct hashlimit *d = (const struct hashlimit *)(const void *)data;

	const struct rv_byte_unit *u = rate_unit(d->info.cfg.avg);

	if (of_bytes(d))
		rv_buf_printf(o->buf, "%llu%s/s", (unsigned long long)
			      (bytes_of_cost(d->info.cfg.avg) / u->bytes), u->name);
	else
		rv_limit_print(o->buf, o->style == RV_STYLE_LIST ? listed_cost(d) : d->info.cfg.avg,
			       SCALE);
}

/* Number of multiples of second in bytes, rounded up. */
static uint64_t times(uint64_t bytes, uint64_t second)
{
	return bytes / second + (bytes % second != 0);
}

/* The same for a burst in bytes, burst times second. NULL: exceeds 64 bits. */
static const struct rv_byte_unit *burst_unit(uint64_t burst, uint64_t second)
{
	const struct rv_byte_unit *u = rv_byte_units;

	if (!second || burst > UINT64_MAX / second)
		return NULL;
	while (u->bytes > 1 && times(burst * second & ~(u->bytes - 1), second) != burst)
		u++;
	return u;
}

static void print_burst(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct hashlimit *d = (const struct hashlimit *)(const void *)data;
	uint64_t second = bytes_of_cost(d->info.cfg.avg), burst = d->info.cfg.burst;
	const struct rv_byte_unit *u = of_bytes(d) ? burst_unit(burst, second) : NULL;

	if (u)
		rv_buf_printf(o->buf, "%llu%s", (unsigned long long)(burst * second / u->bytes),
			      u->name);
	else
		rv_buf_u64(o->buf, burst);
}

/* The rate as printed, which may be rounded. */
struct rv_rate rv_hashlimit_rate(const unsigned char *data)
{
	const struct hashlimit *d = (const struct hashlimit *)(const void *)data;
	uint64_t second = bytes_of_cost(d->info.cfg.avg), burst = d->info.cfg.burst;
	const struct rv_byte_unit *u = burst_unit(burst, second);

	if (!of_bytes(d))
		return rv_rate_of_packets(d->info.cfg.avg, SCALE, burst);
	return (struct rv_rate){
		.rate = second & ~(rate_unit(d->info.cfg.avg)->bytes - 1), .seconds = 1,
		.burst = u ? burst * second & ~(u->bytes - 1) : UINT64_MAX, .bytes = true,
	};
}

/* Default expiry in ms of the rate, as printed for this cost. */
static uint64_t default_expire(const struct hashlimit *d, uint64_t cost)
{
	uint32_t seconds = d->info.cfg.burst ? EXPIRE_BYTES_BURST : EXPIRE_BYTES;

	if (!of_bytes(d))
		seconds = rv_limit_unit(cost, SCALE)->seconds;
	return seconds * UINT64_C(1000);
}

/* -L prints it if it differs from the default of the rate it prints. */
static void print_expire(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct hashlimit *d = (const struct hashlimit *)(const void *)data;

	if (o->style == RV_STYLE_SAVE)
		rv_value_print(o, opt, data);
	else if (d->info.cfg.expire != default_expire(d, listed_cost(d)))
		rv_buf_printf(o->buf, " htable-expire %u", d->info.cfg.expire);
}

/* Unquoted like iptables, unless it could not be parsed as one word. */
static void print_name(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const char *name = (const char *)data + opt->offset;

	if (strpbrk(name, " \t\n\"'\\"))
		rv_print_quoted(o->buf, name);
	else
		rv_buf_puts(o->buf, name);
}

/* ---- options ------------------------------------------------------------------- */

static const struct rv_name hashes[] = {
	{ "srcip", XT_HASHLIMIT_HASH_SIP, NULL },
	{ "srcport", XT_HASHLIMIT_HASH_SPT, NULL },
	{ "dstip", XT_HASHLIMIT_HASH_DIP, NULL },
	{ "dstport", XT_HASHLIMIT_HASH_DPT, NULL },
	{ NULL, 0, NULL },
};

#define RATE(row, other, word, is, text)					\
	[row] = {								\
		.name = "hashlimit-" word, .type = RV_T_HOOK, .flags = RV_OPT_INVERT, \
		.given = { offsetof(struct hashlimit, info.cfg.mode), 4, true,	\
			   XT_HASHLIMIT_INVERT, (is) },				\
		.invert = RV_BIT(struct hashlimit, turned, 1),			\
		.excludes = 1 << other,						\
		.ops = RV_OPTION_OPS(.parse = parse_rate, .print = print_rate),	\
		.arg = "packets[/unit]|bytes{b,kb,mb}/s", .help = text,		\
	}

#define NUMBER(row, word, field, parameter, text, ...)				\
	[row] = {								\
		.name = "hashlimit-htable-" word, .type = RV_T_UINT,		\
		RV_FIELD(struct hashlimit, info.cfg.field),			\
		.arg = parameter, .help = text, __VA_ARGS__			\
	}

#define PREFIX(row, word, text)							\
	[row] = {								\
		.name = "hashlimit-" #word, .type = RV_T_PREFIX,			\
		RV_FIELD(struct hashlimit, info.cfg.word),			\
		.arg = "length", .help = text,					\
	}

static const struct rv_option hashlimit_options[] = {
	RATE(UPTO, ABOVE, "upto", 0, "match up to this rate"),
	[ALIAS] = { .name = "hashlimit", .alias_of = "hashlimit-upto" },
	RATE(ABOVE, UPTO, "above", XT_HASHLIMIT_INVERT, "match above this rate"),
	[BURST] = {
		.name = "hashlimit-burst", .type = RV_T_HOOK,
		RV_FIELD(struct hashlimit, info.cfg.burst),
		.arg = "packets|bytes{b,kb,mb}",
		.help = "burst size (default 5 packets)",
		.ops = RV_OPTION_OPS(.parse = parse_burst, .print = print_burst),
	},
	[MODE] = {
		.name = "hashlimit-mode", .type = RV_T_BITS, .flags = RV_OPT_EXACT,
		RV_FIELD(struct hashlimit, info.cfg.mode), .owned = HASHES, .names = hashes,
		.arg = "srcip|srcport|dstip|dstport[,...]", .help = "fields with a bucket of their own",
	},
	[NAME] = {
		.name = "hashlimit-name", .type = RV_T_STRING, .flags = RV_OPT_REQUIRED,
		RV_FIELD(struct hashlimit, info.name),
		.min = 1, .arg = "name", .help = "name of the table in /proc/net/ipt_hashlimit",
		.ops = RV_OPTION_OPS(.print = print_name),
	},
	NUMBER(SIZE, "size", size, "number", "number of buckets of the table"),
	NUMBER(MAX, "max", max, "number", "maximum number of entries of the table"),
	NUMBER(GC, "gcinterval", gc_interval, "ms", "interval between cleanups (default 1000)"),
	NUMBER(EXPIRE, "expire", expire, "ms", "lifetime of idle entries",
	       .given = RV_BIT(struct hashlimit, expires, 1),
	.ops = RV_OPTION_OPS(.print = print_expire)),
	PREFIX(SRCMASK, srcmask, "prefix length for source addresses"),
	PREFIX(DSTMASK, dstmask, "prefix length for destination addresses"),
	[RATE_MATCH] = {
		.name = "hashlimit-rate-match", .type = RV_T_FLAG,
		RV_FIELD(struct hashlimit, info.cfg.mode), .value = XT_HASHLIMIT_RATE_MATCH,
		.help = "compare the measured rate instead of tokens",
	},
	[INTERVAL] = {
		.name = "hashlimit-rate-interval", .type = RV_T_UINT,
		RV_FIELD(struct hashlimit, every), .needs = 1 << RATE_MATCH,
		.arg = "seconds", .help = "interval of the rate measurement",
		.ops = RV_OPTION_OPS(.parse = parse_interval),
	},
	{ .name = NULL },
};

/* ---- descriptor ---------------------------------------------------------------- */

static int check_burst(struct rv_check *c, struct hashlimit *d)
{
	struct hashlimit_cfg3 *cfg = &d->info.cfg;
	uint64_t second = bytes_of_cost(cfg->avg);

	if (!(c->seen & 1 << BURST)) {
		cfg->burst = of_bytes(d) ? 0 : RV_LIMIT_BURST;
		return 0;
	}
	if (!of_bytes(d))
		return !d->burst_bytes ? 0 : rv_check_fail(c, BURST_RANGE, MAX_BURST);
	if (cfg->burst < second)
		return rv_check_fail(c, "burst cannot be smaller than %llub",
				     (unsigned long long)second);
	cfg->burst = times(cfg->burst, second);
	return 0;
}

/* Like the kernel: the name becomes a file name. */
static int check_name(struct rv_check *c, const char *name)
{
	if (!strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
		return 0;
	return rv_check_refuse(c, "hashlimit: \"%s\" cannot be the name of a file", name);
}

static void set_defaults(struct hashlimit *d, uint64_t seen)
{
	struct hashlimit_cfg3 *cfg = &d->info.cfg;

	if (d->turned)
		cfg->mode ^= XT_HASHLIMIT_INVERT;
	if (!(seen & 1 << EXPIRE))
		cfg->expire = of_bytes(d) ? default_expire(d, cfg->avg) : d->seconds * 1000;
	/* With an interval, the rate is per second and the unit is the interval. */
	if (cfg->mode & XT_HASHLIMIT_RATE_MATCH && !of_bytes(d)) {
		cfg->avg /= d->seconds;
		d->every = seen & 1 << INTERVAL ? d->every : d->seconds;
	}
	d->every = d->every == 1 ? 0 : d->every;
	d->expires = cfg->expire != default_expire(d, cfg->avg);
	d->turned = d->burst_bytes = d->seconds = 0;
}

static int check_limit(struct rv_check *c)
{
	struct hashlimit *d = (struct hashlimit *)(void *)c->part->data;

	if (!(c->seen & (1 << UPTO | 1 << ABOVE)))
		return rv_check_fail(c, "You have to specify --hashlimit");
	if (check_burst(c, d))
		return -1;
	set_defaults(d, c->seen);
	return 0;
}

static int hashlimit_kernel_check(struct rv_check *c)
{
	const struct hashlimit *d = (const struct hashlimit *)(void *)c->part->data;

	if (check_name(c, d->info.name))
		return -1;
	if (d->info.cfg.gc_interval && d->info.cfg.expire)
		return 0;
	return rv_check_refuse(c, "hashlimit: intervals must not be 0 ms");
}

/* ---- kernel structs ------------------------------------------------------------ */

/* Location of the name. What follows is private to the kernel. */
static char *name_in(const struct rv_revision *w, unsigned char *wire, size_t *room)
{
	*room = w->revision == 1 ? sizeof(((struct xt_hashlimit_mtinfo1 *)0)->name) : NAME_MAX;
	return (char *)wire + w->arg;
}

/* Revision 1 divides a second into fewer fractions. */
static uint64_t scale(const struct rv_revision *w, const struct hashlimit_cfg3 *cfg)
{
	return w->revision == 1 && !(cfg->mode & XT_HASHLIMIT_BYTES) ? SCALE / SCALE_1 : 1;
}

static int hashlimit_read_any(const struct rv_revision *w, const unsigned char *wire,
			      unsigned char *data, struct rv_error *err)
{
	struct hashlimit *d = (struct hashlimit *)(void *)data;
	struct hashlimit_cfg3 *cfg = &d->info.cfg;
	size_t room;
	const char *name = name_in(w, (unsigned char *)(uintptr_t)wire, &room);

	memcpy(d->info.name, name, strnlen(name, room - 1));
	cfg->avg *= scale(w, cfg);
	if (cfg->mode & ~(uint32_t)MODES || !cfg->avg || cfg->srcmask > 128 || cfg->dstmask > 128)
		return rv_revision_fail(err, "hashlimit with mode 0x%x, rate %llu, masks %u and %u",
				    cfg->mode, (unsigned long long)cfg->avg, cfg->srcmask,
				    cfg->dstmask);
	d->every = cfg->mode & XT_HASHLIMIT_RATE_MATCH && cfg->interval != 1 ? cfg->interval : 0;
	cfg->interval = 0;
	d->seconds = 0;
	d->expires = cfg->expire != default_expire(d, cfg->avg);
	return 0;
}

static int write_any(const struct rv_revision *w, const unsigned char *data, unsigned char *wire,
		     struct rv_error *err)
{
	const struct hashlimit *d = (const struct hashlimit *)(const void *)data;
	size_t room;
	char *name = name_in(w, wire, &room);
	uint32_t interval = d->every ? d->every : 1;

	memcpy(name, d->info.name, strnlen(d->info.name, room - 1));
	if (w->revision == 3 && d->info.cfg.mode & XT_HASHLIMIT_RATE_MATCH)
		((struct xt_hashlimit_mtinfo3 *)(void *)wire)->cfg.interval = interval;
	if (w->revision == 1)
		((struct xt_hashlimit_mtinfo1 *)(void *)wire)->cfg.avg =
			d->info.cfg.avg / scale(w, &d->info.cfg);
	return 0;
}

#define FIELD(type, field) RV_REVISION_FIELD(type, cfg.field, struct hashlimit, info.cfg.field)

#define FIELDS(type) \
	FIELD(type, avg), FIELD(type, mode), FIELD(type, burst), FIELD(type, size), \
	FIELD(type, max), FIELD(type, gc_interval), FIELD(type, expire), \
	FIELD(type, srcmask), FIELD(type, dstmask)

#define LAYOUT(number, type, ...) \
	{ .revision = number, .size = sizeof(type), .read = hashlimit_read_any, .write = write_any, \
	  .arg = offsetof(type, name), .fields = RV_REVISION_FIELDS(__VA_ARGS__) }

static const struct rv_revision wire_rows[] = {
	LAYOUT(3, struct xt_hashlimit_mtinfo3, FIELDS(struct xt_hashlimit_mtinfo3),
	       FIELD(struct xt_hashlimit_mtinfo3, interval)),
	LAYOUT(2, struct xt_hashlimit_mtinfo2, FIELDS(struct xt_hashlimit_mtinfo2)),
	LAYOUT(1, struct xt_hashlimit_mtinfo1, FIELDS(struct xt_hashlimit_mtinfo1)),
	{ .size = 0 },
};

#define INITIAL(bits)								\
	{ .info.cfg = { .gc_interval = DEFAULT_GC, .srcmask = bits, .dstmask = bits }, .seconds = 1 }

static const struct hashlimit initial4 = INITIAL(32), initial6 = INITIAL(128);

/* All but the name. */
#define LIST " limit: {hashlimit-above:above <hashlimit-above>|up to <hashlimit-upto>}"	\
	     "{hashlimit-burst: burst <hashlimit-burst>}"				\
	     "{hashlimit-mode: mode <hashlimit-mode:->}"				\
	     "{hashlimit-htable-size: htable-size <hashlimit-htable-size>}"		\
	     "{hashlimit-htable-max: htable-max <hashlimit-htable-max>}"		\
	     "{hashlimit-htable-gcinterval: htable-gcinterval <hashlimit-htable-gcinterval>}" \
	     "<hashlimit-htable-expire>"						\
	     "{hashlimit-srcmask: srcmask <hashlimit-srcmask>}"				\
	     "{hashlimit-dstmask: dstmask <hashlimit-dstmask>}"				\
	     "{hashlimit-rate-match: rate-match}"					\
	     "{hashlimit-rate-interval: rate-interval <hashlimit-rate-interval>}"

/* Fields of the key, in iptables' order; followed by ". " if there are more. */
#define BY(name) "hashlimit-mode%" name
#define KEY "{" BY("dstip") ":<hashlimit-dstmask:k,daddr> {" BY("dstport") "+" BY("srcip") "+" BY("srcport") ":. }}" \
	    "{" BY("dstport") ":<hashlimit-mode:k,dport> {" BY("srcip") "+" BY("srcport") ":. }}" \
	    "{" BY("srcip") ":<hashlimit-srcmask:k,saddr> {" BY("srcport") ":. }}"	\
	    "{" BY("srcport") ":<hashlimit-mode:k,sport> }"

/* nft has no syntax for the table's size and garbage collection. */
#define NFT " meter <hashlimit-name:n> \\{ {hashlimit-mode:|^}" KEY			\
	    "timeout <hashlimit-htable-expire:s> limit rate {hashlimit-above:over }"	\
	    "<hashlimit-upto:l>{hashlimit-burst:} \\}"

#define HASHLIMIT(family_, initial_)						\
	{									\
		.name = "hashlimit", .kind = RV_MATCH, .family = family_,	\
		.effect = RV_EFFECT_STATE, .opaque = "it counts",					\
		.size = sizeof(struct hashlimit), .initial = &initial_,		\
		.revisions = wire_rows, .options = hashlimit_options,				\
		.help = "rate limit per address or port", \
		.ops = RV_EXT_OPS(.check = check_limit,				\
				  .kernel_check = hashlimit_kernel_check),	\
				.list_template = LIST,				\
		.nft = NFT,							\
	}

RV_EXTENSION(hashlimit4) = HASHLIMIT(NFPROTO_IPV4, initial4);
RV_EXTENSION(hashlimit6) = HASHLIMIT(NFPROTO_IPV6, initial6);
