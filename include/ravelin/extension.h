/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One descriptor per match or target. An option is one row: parsing, equality,
 * save, list, help and predicates read it. Hooks are for what a row cannot say.
 */
#ifndef RAVELIN_EXTENSION_H
#define RAVELIN_EXTENSION_H

#include <stddef.h>
#include <stdint.h>

#include <ravelin/ir.h>
#include <ravelin/predicate.h>

struct rv_option;
struct rv_ext;

/* ---- rendering ------------------------------------------------------- */

enum rv_style {
	RV_STYLE_SAVE,	/* as iptables-save and -S */
	RV_STYLE_LIST,	/* as -L */
};

struct rv_out {
	struct rv_buf *buf;
	enum rv_style style;
	bool numeric;		/* -n: no names of hosts, networks, services */
	bool counters;		/* what was counted is shown */
	rv_family_t family;
	uint16_t proto;		/* the rule's -p, for the names of services; 0 = none */
};

/* ---- reading options -------------------------------------------------- */

/* What a parse hook gets. */
struct rv_parse {
	rv_family_t family;
	const char *table;		/* name */
	const struct rv_ext *ext;
	const struct rv_option *opt;
	struct rv_rule *rule;		/* as far as it is read; ext's own part is not in it yet */
	struct rv_part *part;		/* that part */
	unsigned char *data;		/* part->data, or &rule->ip for the core's rows */
	const char *arg;		/* the option's argument, NULL for a flag */
	const char *arg2;		/* the second, for RV_OPT_TWO rows */
	bool invert;
	struct rv_loc loc;		/* of arg, or of the option if it has none */
	struct rv_loc loc2;		/* of arg2 */
	struct rv_error *err;
};

/*
 * The types of values. Each has one parser, printer and predicate form in
 * registry/value_parse.c, registry/value_print.c, registry/option_predicates.c; "field" is what stands at rv_option.offset.
 */
enum rv_type {
	RV_T_FLAG,	/* no argument; field (size 1, 2, 4): |= or = value, see RV_OPT_SETS */
	RV_T_UINT,	/* field of size 1, 2, 4 or 8, host order; min..max; base 10, RV_OPT_HEX prints 0x */
	RV_T_UINT_RANGE,/* n or from:to; field: two uints of size/2 */
	RV_T_PORT_RANGE,/* port or from:to, names; field: uint16_t[2], host order (RV_OPT_BE: network) */
	RV_T_MASKED,	/* value[/mask] as 0x; field: two uints, value then mask (see .mask_offset) */
	RV_T_STRING,	/* field: char[size], at most size - 1 bytes */
	RV_T_ENUM,	/* one of names; field: uint of size */
	RV_T_BITS,	/* comma list of names, ORed; field: uint of size */
	RV_T_ADDR,	/* host address; field: union nf_inet_addr (size 4: in_addr, 16: in6_addr) */
	RV_T_ADDR_MASK,	/* address[/mask]; field: address, mask at .mask_offset */
	RV_T_ADDR_RANGE,/* from-to; field: two addresses of size/2 (union nf_inet_addr: 16 each) */
	RV_T_MAC,	/* field: 6 bytes */
	RV_T_IFACE,	/* field: char[IFNAMSIZ]; trailing '+' kept */
	RV_T_PROTO,	/* protocol name or number; field: uint16_t */
	RV_T_CHANGE,	/* how bits of a number change, .value an rv_way; field: two uints, value then mask */
	RV_T_PREFIX,	/* length of a prefix or a mask; field: the length (size 1) or the mask itself */
	RV_T_PORT,	/* number or name of a service; field: uint16_t (RV_OPT_BE: network order) */
	RV_T_SET,	/* name and "src|dst[,...]" of an ipset, RV_OPT_TWO; field: struct rv_ipset */
	RV_T_NAT,	/* [address[-address]][:port[-port[/base]]]; field: struct nf_nat_range2, .value: the
			 * NF_NAT_RANGE_* bits of what may stand there; without MAP_IPS ports alone */
	RV_T_HOOK,	/* parse, print (and predicate) hooks of the row do it all */
};

/*
 * Ways to write down a change of bits; stored as (value, mask), whatever the way,
 * it makes of x: (x & ~mask) ^ value.
 */
enum rv_way {
	RV_WAY_XMASKED,	/* value[/mask], stored as it is; this is how save prints all of them */
	RV_WAY_MASKED,	/* value[/mask]: the bits of both are cleared, those of value set */
	RV_WAY_AND,
	RV_WAY_OR,
	RV_WAY_XOR,
};

enum {
	RV_OPT_INVERT = 1 << 0,		/* '!' may stand before it */
	RV_OPT_REQUIRED = 1 << 1,	/* must be given */
	RV_OPT_REPEAT = 1 << 2,		/* may be given more than once */
	RV_OPT_TWO = 1 << 3,		/* takes two arguments */
	RV_OPT_ALWAYS = 1 << 4,		/* save prints it though it equals its default */
	RV_OPT_HEX = 1 << 5,		/* printed as 0x%x */
	RV_OPT_BE = 1 << 6,		/* field is in network byte order */
	RV_OPT_SETS = 1 << 7,		/* RV_T_FLAG: field = value, instead of |= */
	RV_OPT_OPTIONAL_ARG = 1 << 8,	/* argument may be missing */
	RV_OPT_HIDDEN = 1 << 9,		/* save does not print it (its effect shows in another row) */
	RV_OPT_LIST_ALWAYS = 1 << 10,	/* -L prints it though it equals its default */
	RV_OPT_LIST_NEVER = 1 << 11,	/* -L does not print it */
	RV_OPT_QUOTED = 1 << 12,	/* -L puts the string in quotes (save quotes by need) */
	RV_OPT_CIDR = 1 << 13,		/* a mask is printed even when it is a single host (/32) */
	RV_OPT_ABBREV = 1 << 14,	/* RV_T_ENUM, RV_T_BITS: names may be cut short */
	RV_OPT_NETWORK = 1 << 15,	/* RV_T_ADDR_MASK: address bits outside the mask are cleared */
	RV_OPT_NAMES = 1 << 16,		/* RV_T_PORT_RANGE: -L without -n prints names of services */
	RV_OPT_NUMBER = 1 << 17,	/* RV_T_PROTO: printed as a number */
	RV_OPT_ANY_BASE = 1 << 18,	/* RV_T_PORT_RANGE: also 0x and 0; services of ext->protocol only */
	RV_OPT_TRUNCATE = 1 << 19,		/* RV_T_STRING: what does not fit is cut off */
	RV_OPT_PADDED = 1 << 20,	/* RV_OPT_HEX with all digits of the field: 0x0a */
	RV_OPT_EXACT = 1 << 21,		/* RV_T_ENUM, RV_T_BITS: upper and lower case differ */
	RV_OPT_BARE = 1 << 22,		/* RV_T_STRING: save quotes it only if it would be cut else */
	RV_OPT_LITERAL = 1 << 23,	/* RV_T_ADDR_MASK: never a host's name, -L or not */
	RV_OPT_OPEN_ENDED = 1 << 24,		/* RV_T_UINT_RANGE: "n" is "n or more" */
	RV_OPT_ZERO = 1 << 25,		/* RV_T_FLAG: says that sel is 0, not 1 */
	RV_OPT_LIST_TIGHT = 1 << 26,	/* -L puts no blank before it */
	RV_OPT_LIST_PART = 1 << 27,	/* RV_T_*_RANGE: -L does not print a range of all there is */
	RV_OPT_ABOVE = 1 << 28,		/* RV_T_UINT: its predicate is "more than that", */
	RV_OPT_BELOW = 1 << 29,		/* "less than that" */
	RV_OPT_NO_PREDICATE = 1 << 30,		/* other rows' predicates tell it, or nobody looks at it */
	RV_OPT_NOT_ZERO = 1u << 31,	/* RV_T_UINT: counts as not given while it is 0 */
};

/*
 * A bit in the data that says something: '!', or "was given". width 0: none. With
 * number the bits of mask hold one of several numbers, and it is "is" that says so.
 */
struct rv_bit {
	uint16_t offset;
	uint8_t width;			/* bytes of the field: 1, 2, 4 */
	bool number;
	uint32_t mask;
	uint32_t is;
};
#define RV_BIT(type, field, bits) \
	{ offsetof(type, field), sizeof(((type *)0)->field), false, (bits), 0 }
#define RV_BIT_IS(type, field, number) \
	{ offsetof(type, field), sizeof(((type *)0)->field), true, \
	  UINT32_MAX >> (32 - 8 * sizeof(((type *)0)->field)), (number) }

/* For rv_option.given of a row that must be given, whatever its value. */
#define RV_GIVEN_ALWAYS { 0, 1, false, 0, 0 }

/* offset and size of a field, for a row. */
#define RV_FIELD(type, field) \
	.offset = offsetof(type, field), .size = sizeof(((type *)0)->field)

/* A word and its value. Tables end with a NULL name. The first row of a value is how it is printed. */
struct rv_name {
	const char *name;
	uint64_t value;
	const char *help;		/* may be NULL */
	const char *nft;		/* nft's word for it, where rv_ext.nft asks for that */
};

/*
 * A file that gives names to numbers, a line "number name" each, "#" before a remark: those of
 * iproute2, connlabel.conf. A file that is not there has no names. (registry/names.c)
 */
struct rv_names {
	const char *file;
	bool whole_line;		/* a name ends with its line, not with its word */
};

bool rv_names_value(const struct rv_names *names, const char *name, uint32_t *value);
bool rv_names_name(const struct rv_names *names, uint32_t value, char *name, size_t room);

/* A selector that takes the place of rv_option.sel while the bit is set. NONE ends the table. */
struct rv_sel_when {
	enum rv_sel sel;
	struct rv_bit when;
};

/*
 * What evaluating a part does besides answering. The compiler moves no test across a part whose
 * effect is not known: a descriptor that says nothing is a barrier. Sources: the match and target
 * functions of the kernel's net/netfilter/xt_*.c.
 */
enum rv_effect {
	RV_EFFECT_UNKNOWN,
	/* Matches, and their options. */
	RV_EFFECT_PURE,		/* keeps no state, and never drops a packet with a cut header */
	RV_EFFECT_STATE,	/* packets that come by change what it answers to others */
	RV_EFFECT_SIDE,		/* it changes something else */
	/* Targets. What they write says rv_ext.writes. */
	RV_EFFECT_CONTINUES,	/* the packet goes on to the next rule */
	RV_EFFECT_MAY_END,	/* it does, or it gets a verdict */
	RV_EFFECT_ENDS,		/* it always gets a verdict; what it writes no later rule sees */
};

/* Why no predicate tells what an option says. */
struct rv_opaque {
	enum rv_effect effect;
	const char *why;		/* NULL: nothing is opaque */
};

struct rv_option {
	const char *name;		/* without the dashes; NULL ends the table */
	const char *alias_of;		/* another spelling of that row: all the rest is taken from there */
	char letter;			/* short form, for the core's rows; 0 = none */
	enum rv_type type;
	uint32_t flags;			/* RV_OPT_* */
	uint16_t offset, size;		/* of the field in the data */
	uint16_t mask_offset;		/* RV_T_MASKED, RV_T_ADDR_MASK: of the mask, 0 = right behind the value;
					 * RV_T_*_RANGE: of the end, size is then that of one of the two */
	struct rv_bit invert;		/* set by '!' */
	struct rv_bit given;		/* set when given; without it "differs from initial data" says so */
	uint64_t min, max;		/* RV_T_UINT*, RV_T_MASKED; max 0 = all that fits; RV_T_FLAG with a
					 * max says that these bits of sel are set */
	uint64_t value;			/* RV_T_FLAG: what is stored; RV_T_ENUM, RV_T_BITS, RV_T_UINT: the
					 * bits of the field that are its own, 0 = all */
	const struct rv_name *names;	/* RV_T_ENUM, RV_T_BITS; RV_T_UINT: words for some numbers */
	const char *title;		/* over the names in help, and to its end: programs read them there */
	const struct rv_names *file;	/* RV_T_MASKED: a file that has names for numbers */
	uint64_t excludes;		/* rows (bits by index) that cannot be given with this one */
	uint64_t needs;			/* rows of which at least one must be given too */
	enum rv_sel sel;		/* what the value says about a packet; RV_SEL_NONE: opaque */
	enum rv_sel sel6;		/* the same in IPv6; RV_SEL_NONE: sel */
	const struct rv_sel_when *sel_when;	/* another where bits of the data say so; NULL: none */
	struct rv_bit param;		/* its mask: the bits of the data that are the selector's param */
	struct rv_opaque opaque;	/* why it has no predicate, if not for the extension's reason */
	const char *arg;		/* what help calls the argument: "port[:port]" */
	const char *help;		/* a line */
	/*
	 * What -L puts before the value; NULL: the value alone. The value follows after a blank
	 * if this ends in a letter, else at once; or it takes the place of "%s". "[...]" is
	 * printed only when inverted (without it "! " comes first), "(...)" only when not,
	 * "{...}" only for a range: "dpt{s}:[!]".
	 */
	const char *list;
	const char *save;		/* what save calls it; NULL: name */
	rv_family_t family;		/* only for this one; RV_FAMILY_ANY: both */
	const char *tables;		/* a rule with it is for these only, as rv_ext.tables and .hooks */
	uint32_t hooks;
	/* Errors in stock's words where they are not the usual ones; NULL: the usual. */
	const char *newline;		/* RV_T_STRING: its own words for a newline in it; NULL: the usual */
	const char *bad;		/* for a value that is none; %s stands for it */
	const char *reversed;		/* for a range that ends before it starts */
	const char *once;		/* given twice, or together with a row it excludes */
	const char *no_invert;		/* '!' where it may not stand */
	const char *other_family;	/* in the other family; NULL: it is unknown there */
	const char *warning;		/* said when it is given: a spelling that is going away */

	/* Hooks; NULL = the type's own. parse returns 0 or -1 with p->err set. */
	int (*parse)(struct rv_parse *p);
	void (*print)(struct rv_out *o, const struct rv_option *opt, const unsigned char *data);
	int (*predicate)(const struct rv_option *opt, const unsigned char *data,
			 rv_predicate_fn *fn, void *arg);
	/* Takes a predicate read from the backend back into the data, its negation and the
	 * "given" bit included; 0, or -1 if it does not fit. */
	int (*absorb)(const struct rv_option *opt, const struct rv_predicate *p, unsigned char *data);
};

/* ---- extensions ------------------------------------------------------- */

enum rv_ext_kind { RV_MATCH, RV_TARGET, RV_CORE };

/* How a field comes from a layout into rv_part.data, and back. */
enum rv_move {
	RV_MOVE_PLAIN,	/* as it is; of two sizes it is a number, in host order on both sides */
	RV_MOVE_SWAP,	/* a number in network order on the wire, in host order in data */
	RV_MOVE_SET,	/* struct xt_set_info on the wire, struct rv_ipset in data: asks the kernel */
	RV_MOVE_SET_V0,	/* struct xt_set_info_v0 likewise */
};

/* A field that stands at one place of a layout and at another of rv_part.data. */
struct rv_revision_field {
	uint16_t wire, wire_size;
	uint16_t data, data_size;	/* wire_size 0 ends the table */
	enum rv_move move;
};
#define RV_REVISION_PLACES(wire_type, wire_field, data_type, data_field)		\
	offsetof(wire_type, wire_field), sizeof(((wire_type *)0)->wire_field),	\
	offsetof(data_type, data_field), sizeof(((data_type *)0)->data_field)
#define RV_REVISION_FIELD(...) { RV_REVISION_PLACES(__VA_ARGS__), RV_MOVE_PLAIN }
#define RV_REVISION_SWAPPED(...) { RV_REVISION_PLACES(__VA_ARGS__), RV_MOVE_SWAP }
#define RV_REVISION_SET(...) { RV_REVISION_PLACES(__VA_ARGS__), RV_MOVE_SET }
#define RV_REVISION_SET_V0(...) { RV_REVISION_PLACES(__VA_ARGS__), RV_MOVE_SET_V0 }

/*
 * One layout the kernel knows, the newest first: that one is written unless the kernel turns
 * out to have only an older one. Between it and rv_part.data, fields move; without those the
 * bytes are the same. Where that is not all, read and write do it: after the fields have
 * moved, or alone. write may ask the system (set names); it returns 0, or -1 with err set.
 * read gets exactly size bytes, which may be anything: it returns -1 on nonsense. What rows
 * say (numbers out of range, bits without a name, strings without an end, an option that must
 * be there and is not) is looked at after it.
 * In an older layout a rule is written only if it comes back from it as the same.
 */
struct rv_revision {
	uint8_t revision;
	uint16_t size;			/* of the kernel's struct, unaligned */
	bool no_struct;			/* there is no struct, the name says all; size is 0 */
	uint16_t bytes;			/* the first of them; the rest is the kernel's own. 0: all */
	struct rv_bit valid_bits;		/* other bits of this field of the wire have no words */
	const struct rv_revision_field *fields;
	int (*read)(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		    struct rv_error *err);
	int (*write)(const struct rv_revision *w, const unsigned char *data, unsigned char *wire,
		     struct rv_error *err);
	uint32_t arg;			/* for the hooks: what differs between rows that share them */
	const char *name;		/* in the kernel, if it is not the descriptor's */
};

/* Declares w and runs through the layouts of a descriptor, which may have none. */
#define rv_revision_each(w, ext) \
	for (const struct rv_revision *w = (ext)->revisions; w && (w->size || w->no_struct); w++)

/* For rv_ext.revisions: the layouts, for rv_revision.fields: the fields. */
#define RV_REVISIONS(...) (const struct rv_revision[]){ __VA_ARGS__, { .size = 0 } }
#define RV_REVISION_FIELDS(...) (const struct rv_revision_field[]){ __VA_ARGS__, { .wire_size = 0 } }

/* For rv_ext, size and wire: the data is the kernel's struct, of which there is one revision. */
#define RV_STRUCT(type, rev) \
	.size = sizeof(type), .revisions = RV_REVISIONS({ .revision = (rev), .size = sizeof(type) })

/* For rv_ext.check: called when all options of the part are read. */
struct rv_check {
	rv_family_t family;
	const char *table;
	const struct rv_ext *ext;
	const struct rv_rule *rule;
	struct rv_part *part;
	uint64_t seen;			/* rows given */
	struct rv_loc loc;		/* of the -m or -j word (or -p, if it was loaded by that) */
	struct rv_error *err;
};

/* Errors of the hooks: in an option, in a whole part, what only the kernel would refuse, in a layout. */
#define rv_parse_fail(p, ...) rv_fail((p)->err, RV_ERR_USAGE, &(p)->loc, __VA_ARGS__)
#define rv_check_fail(c, ...) rv_fail((c)->err, RV_ERR_USAGE, &(c)->loc, __VA_ARGS__)
#define rv_check_refuse(c, ...) rv_fail((c)->err, RV_ERR_PROBLEM, &(c)->loc, __VA_ARGS__)
#define rv_revision_fail(err, ...) rv_fail(err, RV_ERR_PROBLEM, NULL, __VA_ARGS__)

#define RV_FAMILY_ANY 0

struct rv_ext {
	const char *name;		/* in -m or -j */
	const char *alias;		/* another name it is found by, or NULL */
	const char *kernel_name;	/* in the kernel; NULL: name */
	enum rv_ext_kind kind;
	enum rv_effect effect;
	/*
	 * Selectors that the target may change, RV_WRITES(): all that are about the connection for
	 * RV_WRITES_CONNECTION. NULL: nobody has said, so whatever it likes.
	 */
	const uint16_t *writes;
	rv_family_t family;		/* NFPROTO_IPV4, NFPROTO_IPV6 or RV_FAMILY_ANY */
	uint16_t protocol;		/* -p that loads the match when one of its options follows; 0 none */
	uint16_t size;			/* of rv_part.data */
	uint16_t compare;		/* leading bytes that equality looks at; 0: all */
	const void *initial;		/* size bytes to start from; NULL: zeros */
	const struct rv_revision *revisions;	/* ends with size 0 and no_struct unset */
	const struct rv_option *options;
	/*
	 * Rows whose sel nf_tables can load itself and stock writes so: the part is
	 * written as native expressions when only such rows are given (and at least
	 * one), else as a compat blob. Bits by row index; 0: always compat.
	 */
	uint64_t native;
	enum rv_sel present;		/* the header that the match is about: 1 where it is there */
	struct rv_bit param;		/* its mask: the bits of the data that are the param of present */
	struct rv_bit absent;		/* the match is true where it is not there */
	const char *list;		/* what -L puts before the rows: "multiport" */
	const char *tables;		/* target or match is for these tables only: "nat mangle"; NULL: all */
	uint32_t hooks;			/* base chains it may be used in, bits of 1 << NF_INET_*; 0: all */
	uint16_t only_protocol;		/* the kernel takes it only in rules of this -p; 0: in all */
	/* What else the kernel refuses of a rule reached from these hooks: why, or NULL. */
	const char *(*refused)(const unsigned char *data, uint32_t hooks);
	/*
	 * The kernel's option, without "CONFIG_"; a leading '_' stands for "IP_" or "IP6_" as the
	 * family is. NULL: NETFILTER_XT_MATCH_ or NETFILTER_XT_TARGET_ and the kernel's name.
	 */
	const char *config;
	const char *required;		/* error when no row is given, in stock's words; NULL: none needed */
	uint64_t one_of;		/* rows of which at least one must be given, or it is required's error; 0: any */
	const char *help;		/* one line saying what it does */
	const char *opaque;		/* why options without a predicate have none, for the docs */

	/*
	 * Two descriptors may share a kernel name and revision (state, conntrack): is this blob,
	 * as it is on the wire, this one's? The other of the two leaves it NULL. Not asked for
	 * a row of wire with a name of its own.
	 */
	bool (*owns_blob)(const unsigned char *wire);
	int (*check)(struct rv_check *c);
	/* What the kernel would refuse, said in better words: for a rule that is to be written, once
	 * nothing else is wrong with the command. */
	int (*kernel_check)(struct rv_check *c);
	/* Brings the data into the one form of several that mean the same, when all of it was read. */
	void (*canonicalize)(unsigned char *data);
	/* Replace the walk over the rows: texts with rows in them, see struct rv_words. */
	const char *save_words, *list_words;
	const char *nft;		/* nft's syntax for it; an option that is not in it has no words */
	/* Likewise, for what such a text cannot say. */
	void (*save)(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data);
	void (*show)(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data);
	/*
	 * Chains that the data jumps to: each is given to fn, which returns another name for it, or NULL
	 * to leave it. 0, or -1 when memory ran out. NULL: the match jumps nowhere.
	 */
	int (*chains)(unsigned char *data, rv_family_t family, rv_chain_fn *fn, void *arg);
};

/* For rv_ext.writes. */
#define RV_WRITES(...) ((const uint16_t[]){ __VA_ARGS__, RV_SEL_NONE })
#define RV_WRITES_NOTHING ((const uint16_t[]){ RV_SEL_NONE })
#define RV_WRITES_CONNECTION	RV_SEL_COUNT	/* those of class RV_STATEFUL */
/* Whatever looks at bytes anywhere in the packet. */
#define RV_WRITES_BYTES		RV_SEL_BYTES, RV_SEL_BYTES_ICASE, RV_SEL_U32, RV_SEL_BPF

/* Whether what the part does may change the selector; true if its descriptor does not say. */
bool rv_ext_writes(const struct rv_ext *ext, enum rv_sel sel);

/* ---- the registry (registry/registry.c) ---------------------------------------- */

/* Puts a descriptor of extensions/ into a linker section, where the registry finds it. */
#define RV_REGISTER(ext)							\
	static const struct rv_ext *const rv_registered_##ext			\
	__attribute__((used, section("rv_extensions"), aligned(sizeof(void *)))) = &(ext)
/* Registers and defines one: "RV_EXTENSION(tcp) = { ... };" */
#define RV_EXTENSION(ext)							\
	static const struct rv_ext ext;						\
	RV_REGISTER(ext);							\
	static const struct rv_ext ext

/*
 * By name or alias as in -m and -j. NULL: unknown. For a name that is not built in, a shared
 * object is looked for (ravelin/plugin.h).
 */
const struct rv_ext *rv_ext_find(enum rv_ext_kind kind, rv_family_t family, const char *name);
/* The match that options after "-p proto" load. NULL: none. */
const struct rv_ext *rv_ext_for_protocol(rv_family_t family, uint16_t protocol);
/*
 * By the kernel's name and revision, for a blob of size bytes (stock pads them
 * to 8). Sets *wire. NULL: a name, revision or size nobody knows.
 */
const struct rv_ext *rv_ext_find_wire(enum rv_ext_kind kind, rv_family_t family, const char *name,
				      uint32_t revision, size_t size, const unsigned char *data,
				      const struct rv_revision **wire);
/* Why the shared object of that name cannot be used, with its path; NULL: nothing is wrong. */
const char *rv_ext_trouble(const char *name);
/* Calls fn with each descriptor, in order of kind and name; those in shared objects too. */
void rv_ext_each(void (*fn)(const struct rv_ext *ext, void *arg), void *arg);
/* The core's own options as a descriptor: extensions/ip.c. */
extern const struct rv_ext rv_ext_ip;

/* ---- rows (registry/option.c) ---------------------------------------------------- */

/* Row index of the row an alias stands for, or of the row itself. */
unsigned int rv_option_index(const struct rv_ext *ext, const struct rv_option *opt);
bool rv_option_takes_arg(const struct rv_option *opt);

/*
 * Reads one option into p->data: duplicates, '!', exclusions, range, value. p->opt may
 * be an alias row. Returns 0, or -1 with p->err set in stock's words.
 */
int rv_option_parse(struct rv_parse *p);
/* After the last option: required rows, exclusions, then ext->check. */
int rv_part_check(struct rv_check *c);
/* When all else of the command is right and the rule is to be written: ext->kernel_check. */
int rv_part_kernel_check(struct rv_check *c);

/* Whether the data says the row was given; and inverted. */
bool rv_option_given(const struct rv_ext *ext, const struct rv_option *opt, const unsigned char *data);
bool rv_option_inverted(const struct rv_option *opt, const unsigned char *data);

/* Renders the options of a part (a leading blank before each word). */
void rv_part_render(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data);

/* The predicates of a part's rows that have a selector. */
int rv_part_predicates(rv_family_t family, const struct rv_ext *ext, const unsigned char *data,
		       rv_predicate_fn *fn, void *arg);
/* Whether that is all the part says: no option that is given is opaque. */
bool rv_part_is_pure(const struct rv_ext *ext, const unsigned char *data);
/*
 * Fills p with what the row's type makes of its value, for a predicate hook that changes it.
 * False: the type has no predicate.
 */
bool rv_row_predicate(const struct rv_option *opt, enum rv_sel sel, const unsigned char *data,
		      struct rv_predicate *p);
/*
 * Stores a predicate in the row with its selector (and sets its bits). Returns 0,
 * or -1 when no row takes it: then data is unchanged.
 */
int rv_part_from_predicate(rv_family_t family, const struct rv_ext *ext, const struct rv_predicate *p,
		   unsigned char *data);

/* ---- the kernel's own form (registry/revision.c) ------------------------------------- */

/* The name a match or target has in the kernel. */
const char *rv_ext_kernel_name(const struct rv_ext *ext);

/* Appends the name of the kernel's option that brings it: "CONFIG_NETFILTER_XT_MATCH_LIMIT". */
void rv_ext_config(struct rv_buf *b, rv_family_t family, const struct rv_ext *ext);
/* And of its module: "xt_limit". */
void rv_ext_module(struct rv_buf *b, rv_family_t family, const struct rv_ext *ext);

/*
 * Fills wire, len bytes of at least w->size (8-byte aligned; what is behind w->size is zero),
 * with the part in the layout w of its descriptor. Returns 0, or -1 with err set: an older
 * layout may have no place for what the rule says.
 */
int rv_part_to_wire(const struct rv_part *part, const struct rv_revision *w, unsigned char *wire,
		    size_t len, struct rv_error *err);

/*
 * Fills data, which is as rv_part_new() leaves it, from w->size bytes of any content that are
 * aligned to eight. Returns 0, or -1 with err set: what is there has no words.
 */
int rv_revision_read(const struct rv_ext *ext, const struct rv_revision *w, const unsigned char *wire,
		 unsigned char *data, struct rv_error *err);

/* ---- layouts that the kernel has (registry/layout.c) ------------------------------ */

/* Whether a kernel has a layout of an extension. Which function it is tells one kernel from another. */
typedef bool rv_layout_has_fn(void *arg, rv_family_t family, const struct rv_ext *ext,
			      const struct rv_revision *w);

/* The layout to write; NULL or one of size 0 that is not bare: the extension has none. */
const struct rv_revision *rv_layout(rv_layout_has_fn *has, rv_family_t family,
				const struct rv_ext *ext);
/* The name that the kernel knows the layout by. */
const char *rv_layout_name(const struct rv_ext *ext, const struct rv_revision *w);
/*
 * Asks which layouts there are, unless that was asked already. Returns whether it is another
 * one that is written from now on: then a refused transaction is worth another try.
 */
bool rv_layout_learn(rv_layout_has_fn *has, void *arg, rv_family_t family,
		     const struct rv_ext *ext);
/* Forgets what was learnt. */
void rv_layout_forget(void);

/* What a blob says of itself. */
struct rv_revision_name {
	enum rv_ext_kind kind;
	const char *name;		/* the kernel's */
	uint32_t revision;
};

/*
 * The part in a blob of len bytes, of any alignment, that may be anything. NULL with err set:
 * a name, revision or size nobody knows, or nonsense inside.
 */
struct rv_part *rv_part_from_wire(rv_family_t family, const struct rv_revision_name *name,
				  const unsigned char *wire, size_t len, struct rv_error *err);

/* ---- texts with rows in them (registry/template.c) ---------------------------------- */

/*
 * rv_ext.save_words, list_words and nft. In such a text
 *
 *   <row>             is the row's value as save or -L print it; <row:d> and <row:x> its number,
 *                     <row:m> with its mask, <row:w> nft's word for it, <row:-> the names of
 *                     its bits with '-' between, <row:q> its text as it stands inside quotes
 *   {row:text|other}  is text where the row was given, else other, which may be missing
 *   {!row:text}       where it was not given;  {~row:text}  where it is inverted
 *   {a=b:text}        where their numbers are the same; {a=0:text} where it is that number
 *   {a%name:text}         where that bit of it is set
 *   {a&b:text}        where both hold, {a+b:text} where one does; read from left to right
 *   {$4:...} {$6:...} where the rule is for that family, {$n:...} for -n, {$p:...} for one protocol
 *   ^                 has no words: what is written is not to be used
 *   \                 takes from the next character what it means
 *
 * and choices may stand in choices.
 */
struct rv_words {
	struct rv_out out;
	const struct rv_ext *ext;
	const unsigned char *data;
	bool has_protocol;		/* for $p */
	/* Writes a value; NULL: rv_words_value(). Whether that could be done. */
	bool (*value)(struct rv_words *w, const struct rv_option *opt, const char *format);
	void *arg;			/* for it */
	uint64_t mentioned;		/* rows that the text speaks of, by index */
	bool failed;
	bool wrong;			/* the text names a row that there is not */
};

/* Appends the text to w->out.buf. False: there are no words. */
bool rv_words_put(struct rv_words *w, const char *text);
bool rv_words_value(struct rv_words *w, const struct rv_option *opt, const char *format);

/* ---- values, for hooks (registry/value.c) ---------------------------------------- */

/* Whole-string numbers: decimal, 0x, 0 octal as strtoul base 0. Blanks and a '+' may stand before. */
bool rv_parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *value);
/* Same, stopping at the first other byte, which *end points to. */
bool rv_parse_uint_prefix(const char *text, uint64_t min, uint64_t max, uint64_t *value,
			  const char **end);
/* Service name or number; proto 0 tries tcp, udp. Host order. -1: unknown. */
int rv_parse_port(const char *text, uint16_t proto);
/* Protocol name or number (0..255), -1: unknown. "all" is 0. */
int rv_parse_protocol(rv_family_t family, const char *text);
/* Name of the small built-in list stock prints, or NULL. */
const char *rv_protocol_name(rv_family_t family, uint16_t proto);
/* A literal address. Never asks the resolver. */
bool rv_parse_address(rv_family_t family, const char *text, union nf_inet_addr *addr);
void rv_print_address(struct rv_buf *b, rv_family_t family, const union nf_inet_addr *addr);
/* Likewise, and asks the resolver for what is no literal. Returns 0, or -1 with p->err set. */
int rv_resolve_address(struct rv_parse *p, const char *text, union nf_inet_addr *addr);
/* "24" or a whole dotted mask. */
bool rv_parse_mask(rv_family_t family, const char *text, union nf_inet_addr *mask);
/* Length of a contiguous mask, or -1. */
int rv_mask_length(rv_family_t family, const union nf_inet_addr *mask);
void rv_mask_make(rv_family_t family, unsigned int length, union nf_inet_addr *mask);
/* "/24", "/255.0.255.0" or nothing for a single host. */
void rv_print_mask(struct rv_buf *b, rv_family_t family, const union nf_inet_addr *mask);
bool rv_parse_mac(const char *text, unsigned char mac[6]);
const struct rv_name *rv_name_find(const struct rv_name *names, const char *text, size_t len);
const struct rv_name *rv_name_of(const struct rv_name *names, uint64_t value);
uint64_t rv_get_uint(const unsigned char *field, unsigned int size);
void rv_set_uint(unsigned char *field, unsigned int size, uint64_t value);

/*
 * Calls fn with a copy of each word of text, which commas part; empty ones too. Ends with the
 * first that is not taken and returns what fn did, or -1 with p->err set when memory is short.
 */
int rv_each_word(struct rv_parse *p, const char *text, int (*fn)(struct rv_parse *p, char *word));

/* A string as save prints it: bare if it may stand so, else in quotes with escapes. */
void rv_print_quoted(struct rv_buf *b, const char *text);
/* The name of a chain in a rule: bare, as stock has it, unless it could not be read back so. */
void rv_print_name(struct rv_buf *b, const char *name);

/*
 * Reads one value of the option's type from text into field. rv_option_parse() uses it
 * after the checks that all types share; hooks may use it for the plain part of theirs.
 */
int rv_value_parse(struct rv_parse *p, const char *text, unsigned char *field);
/* Prints the value of a row by its hook or its type. */
void rv_row_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data);
/* Prints the value that stands at the option's field. */
void rv_value_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data);

/* A port, by name in -L without -n. */
void rv_print_port(struct rv_out *o, uint16_t port);

/* "%s: ..." errors of options in stock's words: the extension's name and the option come first. */
int rv_option_fail(const struct rv_parse *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
