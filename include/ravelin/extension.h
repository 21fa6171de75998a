/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One descriptor per match or target. Each option is one row, from which parsing, equality, save,
 * list, help and predicates are derived. Hooks cover what a row cannot express.
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
	bool numeric;		/* -n: do not resolve hosts, networks or services */
	bool counters;		/* print counters */
	rv_family_t family;
	uint16_t proto;		/* the rule's -p, to look up service names; 0 = none */
};

/* ---- reading options -------------------------------------------------- */

/* Argument of a parse hook. */
struct rv_parse {
	rv_family_t family;
	const char *table;		/* name */
	const struct rv_ext *ext;
	const struct rv_option *opt;
	struct rv_rule *rule;		/* the rule so far; this extension's part is not in it
					 * yet */
	struct rv_part *part;		/* the part being parsed */
	unsigned char *data;		/* part->data, or &rule->ip for core options */
	const char *arg;		/* the option's argument, NULL for a flag */
	const char *arg2;		/* the second argument of RV_OPT_TWO rows */
	bool invert;
	struct rv_loc loc;		/* of arg, or of the option if it has no argument */
	struct rv_loc loc2;		/* of arg2 */
	struct rv_error *err;
};

/*
 * Value types. Each has one parser (registry/value_parse.c), printer (registry/value_print.c) and
 * predicate form (registry/option_predicates.c). "field" is the field at rv_option.offset.
 */
enum rv_type {
	RV_T_FLAG,	/* no argument; field (size 1, 2, 4): |= or = value, see RV_OPT_SETS */
	RV_T_UINT,	/* field of size 1, 2, 4 or 8, host order; min..max; RV_OPT_HEX prints 0x */
	RV_T_UINT_RANGE,/* n or from:to; field: two uints of size/2 */
	RV_T_PORT_RANGE,/* port or from:to, names; field: uint16_t[2], host order or RV_OPT_BE */
	RV_T_MASKED,	/* value[/mask] as 0x; field: two uints, value, mask (.mask_offset) */
	RV_T_STRING,	/* field: char[size], at most size - 1 bytes */
	RV_T_ENUM,	/* one of names; field: uint of size */
	RV_T_BITS,	/* comma list of names, ORed; field: uint of size */
	RV_T_ADDR,	/* host address; field: nf_inet_addr (size 4: in_addr, 16: in6_addr) */
	RV_T_ADDR_MASK,	/* address[/mask]; field: address, mask at .mask_offset */
	RV_T_ADDR_RANGE,/* from-to; field: two addresses of size/2 (union nf_inet_addr: 16 each) */
	RV_T_MAC,	/* field: 6 bytes */
	RV_T_IFACE,	/* field: char[IFNAMSIZ]; trailing '+' kept */
	RV_T_PROTO,	/* protocol name or number; field: uint16_t */
	RV_T_CHANGE,	/* changes bits of an integer; field: two uints, value then mask */
	RV_T_PREFIX,	/* prefix length or netmask; field: the length (size 1) or the mask */
	RV_T_PORT,	/* port number or service name; field: uint16_t (RV_OPT_BE: network
			 * order) */
	RV_T_SET,	/* ipset name and "src|dst[,...]", RV_OPT_TWO; field: struct rv_ipset */
	RV_T_NAT,	/* [address[-address]][:port[-port[/base]]]; field: struct nf_nat_range2 */
	RV_T_HOOK,	/* the row's parse, print (and predicate) hooks do everything */
};

/*
 * Notations for changing bits. All are stored as (value, mask); the result is (x & ~mask) ^ value.
 */
enum rv_way {
	RV_WAY_XMASKED,	/* value[/mask], stored unchanged; save prints every notation as this one */
	RV_WAY_MASKED,	/* value[/mask]: clears the bits set in either, then sets those of value */
	RV_WAY_AND,
	RV_WAY_OR,
	RV_WAY_XOR,
};

enum {
	RV_OPT_INVERT = 1 << 0,		/* may be negated */
	RV_OPT_REQUIRED = 1 << 1,	/* must be given */
	RV_OPT_REPEAT = 1 << 2,		/* may be given more than once */
	RV_OPT_TWO = 1 << 3,		/* takes two arguments */
	RV_OPT_ALWAYS = 1 << 4,		/* save prints it even at its default value */
	RV_OPT_HEX = 1 << 5,		/* printed as 0x%x */
	RV_OPT_BE = 1 << 6,		/* field is in network byte order */
	RV_OPT_SETS = 1 << 7,		/* RV_T_FLAG: field = value, instead of |= */
	RV_OPT_OPTIONAL_ARG = 1 << 8,	/* argument may be missing */
	RV_OPT_HIDDEN = 1 << 9,		/* save does not print it (another row shows its effect) */
	RV_OPT_LIST_ALWAYS = 1 << 10,	/* -L prints it even at its default value */
	RV_OPT_LIST_NEVER = 1 << 11,	/* -L does not print it */
	RV_OPT_CIDR = 1 << 13,		/* a mask is printed even when it is a single host (/32) */
	RV_OPT_ABBREV = 1 << 14,	/* RV_T_ENUM, RV_T_BITS: names may be abbreviated */
	RV_OPT_NETWORK = 1 << 15,	/* RV_T_ADDR_MASK: clears bits outside the mask */
	RV_OPT_NAMES = 1 << 16,		/* RV_T_PORT_RANGE: -L without -n prints service names */
	RV_OPT_NUMBER = 1 << 17,	/* RV_T_PROTO: printed as a number */
	RV_OPT_ANY_BASE = 1 << 18,	/* RV_T_PORT_RANGE: also accepts hex and octal; services
					 * of ext->protocol only */
	RV_OPT_TRUNCATE = 1 << 19,		/* RV_T_STRING: truncated to fit the field */
	RV_OPT_PADDED = 1 << 20,	/* RV_OPT_HEX with leading zeros to the field's width:
					 * 0x0a */
	RV_OPT_EXACT = 1 << 21,		/* RV_T_ENUM, RV_T_BITS: case-sensitive */
	RV_OPT_BARE = 1 << 22,		/* RV_T_STRING: save quotes it only if a reader would
					 * split it */
	RV_OPT_LITERAL = 1 << 23,	/* RV_T_ADDR_MASK: never resolved to a host name, not
					 * even in -L */
	RV_OPT_OPEN_ENDED = 1 << 24,		/* RV_T_UINT_RANGE: "n" means "n or more" */
	RV_OPT_ZERO = 1 << 25,		/* RV_T_FLAG: the predicate is sel == 0 instead of sel ==
					 * 1 */
	RV_OPT_LIST_TIGHT = 1 << 26,	/* -L prints no space before it */
	RV_OPT_LIST_PART = 1 << 27,	/* RV_T_*_RANGE: -L omits a range that covers all values */
	RV_OPT_ABOVE = 1 << 28,		/* RV_T_UINT: the predicate is sel > value */
	RV_OPT_BELOW = 1 << 29,		/* RV_T_UINT: the predicate is sel < value */
	RV_OPT_NO_PREDICATE = 1 << 30,		/* needs no predicate: implied by other rows, or
						 * never evaluated */
	RV_OPT_NOT_ZERO = 1u << 31,	/* RV_T_UINT: 0 means "not given" */
};

/*
 * A bit field in the data: negation, or "was given". width 0: none. If number is set, the bits of
 * mask hold an integer, and the condition is that it equals is.
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

/* For rv_option.given of a row that is always given. */
#define RV_GIVEN_ALWAYS { 0, 1, false, 0, 0 }

/* Offset and size of a field, for a row. */
#define RV_FIELD(type, field) \
	.offset = offsetof(type, field), .size = sizeof(((type *)0)->field)

/*
 * A keyword and its value. Arrays end with a NULL name. Of several names for one value, the first
 * is printed.
 */
struct rv_name {
	const char *name;
	uint64_t value;
	const char *help;		/* may be NULL */
	const char *nft;		/* nft's keyword, for rv_ext.nft; NULL: none */
};

/*
 * A file that maps numbers to names, one "number name" per line, '#' starts a comment: those of
 * iproute2, and connlabel.conf. A missing file has no names. (registry/names.c)
 */
struct rv_names {
	const char *file;
	bool whole_line;		/* the name is the rest of the line, not one word */
};

bool rv_names_value(const struct rv_names *names, const char *name, uint32_t *value);
bool rv_names_name(const struct rv_names *names, uint32_t value, char *name, size_t room);

/* Replaces rv_option.sel while the bit is set. Arrays end with RV_SEL_NONE. */
struct rv_sel_when {
	enum rv_sel sel;
	struct rv_bit when;
};

/*
 * Side effects of a match or target. The compiler moves no test across a part whose effect is
 * unknown: a descriptor without an effect is a barrier. Source: the match and target functions of
 * net/netfilter/xt_*.c in the kernel.
 */
enum rv_effect {
	RV_EFFECT_UNKNOWN,
	/* Matches, and their options. */
	RV_EFFECT_PURE,		/* no state, and never drops a truncated packet */
	RV_EFFECT_STATE,	/* earlier packets change its result */
	RV_EFFECT_SIDE,		/* changes something other than its own state */
	/* Targets. rv_ext.writes lists what they change. */
	RV_EFFECT_CONTINUES,	/* the packet continues with the next rule */
	RV_EFFECT_MAY_END,	/* continues, or sets a verdict */
	RV_EFFECT_ENDS,		/* always sets a verdict; later rules never see what it wrote */
};

/* Why an option has no predicate. */
struct rv_opaque {
	enum rv_effect effect;
	const char *why;		/* NULL: the option is not opaque */
};

/* Selectors of an option that depend on more than its row. */
struct rv_sel_more {
	enum rv_sel ipv6;		/* for IPv6; RV_SEL_NONE: rv_option.sel */
	const struct rv_sel_when *when;	/* depend on bits of the data; NULL: none */
	struct rv_bit param;		/* .mask: bits of the data that become the selector's
					 * param */
};
#define RV_SEL_MORE(...) (&(const struct rv_sel_more){ __VA_ARGS__ })

/* Where the kernel accepts rules that use an option or extension. */
struct rv_only {
	const char *tables;		/* "nat mangle"; NULL: all */
	uint32_t hooks;			/* base chains, bits of 1 << NF_INET_*; 0: all */
	uint16_t protocol;		/* extensions: only in rules with this -p; 0: in all */
	/*
	 * Extensions: any other reason why the kernel refuses the data in a rule reached from these
	 * hooks, or NULL.
	 */
	const char *(*refused)(const unsigned char *data, uint32_t hooks);
};
#define RV_ONLY(...) (&(const struct rv_only){ __VA_ARGS__ })

/* Error messages that differ from the default ones, with iptables' text; NULL: default. */
struct rv_option_errors {
	const char *newline;		/* RV_T_STRING: it contains a newline */
	const char *bad;		/* invalid value; %s is replaced by it */
	const char *reversed;		/* lower bound above the upper bound */
	const char *once;		/* given twice, or together with a conflicting row */
	const char *no_invert;		/* negated although it cannot be */
	const char *other_family;	/* used with the other family; NULL: unknown option there */
	const char *warning;		/* printed when it is given: deprecated spelling */
};
#define RV_ERRORS(...) (&(const struct rv_option_errors){ __VA_ARGS__ })

/* Functions that replace those of the option's type; NULL: the type's. */
struct rv_option_ops {
	int (*parse)(struct rv_parse *p);	/* 0, or -1 with p->err set */
	void (*print)(struct rv_out *o, const struct rv_option *opt, const unsigned char *data);
	int (*predicate)(const struct rv_option *opt, const unsigned char *data,
			 rv_predicate_fn *fn, void *arg);
	/*
	 * Stores a predicate decoded from the backend in the data, with its negation and "given"
	 * bit. Returns 0, or -1 if it cannot be expressed by this option.
	 */
	int (*absorb)(const struct rv_option *opt, const struct rv_predicate *p, unsigned char *data);
};
#define RV_OPTION_OPS(...) (&(const struct rv_option_ops){ __VA_ARGS__ })

struct rv_option {
	const char *name;		/* without the dashes; NULL ends the table */
	const char *alias_of;		/* this row is another spelling of that one, and takes
					 * all other fields from it */
	char letter;			/* short form, core options only; 0 = none */
	enum rv_type type;
	uint32_t flags;			/* RV_OPT_* */
	uint16_t offset, size;		/* of the field in the data */
	uint16_t mask_offset;		/* RV_T_MASKED, RV_T_ADDR_MASK: of the mask; 0 = directly
					 * after the value. RV_T_*_RANGE: of the upper bound;
					 * size is then that of one bound */
	struct rv_bit invert;		/* set by '!' */
	struct rv_bit given;		/* set when given; without it, "differs from the initial
					 * data" */
	uint64_t min;			/* RV_T_UINT*, RV_T_MASKED */
	union {
		uint64_t max;		/* the same; 0 = the field's maximum */
		uint64_t sel_bits;	/* RV_T_FLAG: the predicate is that these bits of sel are
					 * set; 0: that it is 1 */
	};
	union {
		uint64_t value;		/* RV_T_FLAG: stored value */
		uint64_t owned;		/* RV_T_ENUM, RV_T_BITS, RV_T_UINT: bits of the field this
					 * row owns, 0 = all */
		enum rv_way way;	/* RV_T_CHANGE: notation */
		uint64_t nat;		/* RV_T_NAT: NF_NAT_RANGE_* the option accepts; without
					 * MAP_IPS only ports */
	};
	const struct rv_name *names;	/* RV_T_ENUM, RV_T_BITS; RV_T_UINT: names of some values */
	const char *title;		/* heading of the list of names at the end of the help;
					 * programs parse it */
	const struct rv_names *file;	/* RV_T_MASKED: file with names of values */
	uint64_t excludes;		/* rows (bits by index) that conflict with this one */
	uint64_t needs;			/* rows (bits by index) of which at least one is required
					 * with this one */
	enum rv_sel sel;		/* selector the value is compared with; RV_SEL_NONE:
					 * opaque */
	const struct rv_sel_more *sel_more;	/* RV_SEL_MORE(); NULL: always sel */
	struct rv_opaque opaque;	/* why it has no predicate; overrides the extension's
					 * reason */
	const char *arg;		/* name of the argument in help: "port[:port]" */
	const char *help;		/* a line */
	/*
	 * What -L prints before the value; NULL: the value alone. If this ends in a letter, a space
	 * separates it from the value; "%s" is replaced by the value. "[...]" is printed only if
	 * negated (without it, "! " is prepended), "(...)" only if not, "{...}" only for a range:
	 * "dpt{s}:[!]".
	 */
	const char *list;
	const char *save;		/* name in save output; NULL: name */
	rv_family_t family;		/* restricts the row to a family; RV_FAMILY_ANY: both */
	const struct rv_only *only;	/* RV_ONLY(); NULL: rules that use it may be anywhere */
	const struct rv_option_errors *errors;	/* RV_ERRORS(); NULL: the default messages */
	const struct rv_option_ops *ops;	/* RV_OPTION_OPS(); NULL: the type's functions */
};

/* ---- extensions ------------------------------------------------------- */

enum rv_ext_kind { RV_MATCH, RV_TARGET, RV_CORE };

/* How a field is converted between the kernel's struct and rv_part.data. */
enum rv_move {
	RV_MOVE_PLAIN,	/* copied; if the sizes differ, an integer in host order on both sides */
	RV_MOVE_SWAP,	/* integer in network order in the kernel's struct, host order in data */
	RV_MOVE_SET,	/* struct xt_set_info in the kernel's struct, struct rv_ipset in data;
			 * asks the kernel for the name */
	RV_MOVE_SET_V0,	/* the same for struct xt_set_info_v0 */
};

/* A field whose offset in the kernel's struct differs from that in rv_part.data. */
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
 * One revision of the kernel's struct. Newest first: the newest the kernel supports is written.
 * fields maps the struct to rv_part.data; without it the two are identical. read and write run
 * after fields, for conversions a field table cannot express. write may query the kernel (set
 * names). read gets exactly size bytes of untrusted data. Both return 0, or -1 with err set.
 *
 * After read, the rows validate the result: ranges, unnamed bits, unterminated strings, missing
 * required options. An older revision is written only if reading it back yields an equal part.
 */
struct rv_revision {
	uint8_t revision;
	uint16_t size;			/* of the kernel's struct, unaligned */
	bool no_struct;			/* no struct: the name is the whole information; size is
					 * 0 */
	uint16_t bytes;			/* bytes that carry options; the rest is private to the
					 * kernel. 0: all */
	struct rv_bit valid_bits;		/* bits of this field that have an option; a blob
						 * with others is refused */
	const struct rv_revision_field *fields;
	int (*read)(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		    struct rv_error *err);
	int (*write)(const struct rv_revision *w, const unsigned char *data, unsigned char *wire,
		     struct rv_error *err);
	uint32_t arg;			/* passed to the hooks: what differs between rows that
					 * share them */
	const char *name;		/* name in the kernel; NULL: the descriptor's */
};

/* Iterates over the revisions of a descriptor, which may have none. */
#define rv_revision_each(w, ext) \
	for (const struct rv_revision *w = (ext)->revisions; w && (w->size || w->no_struct); w++)

/* Initialisers for rv_ext.revisions and rv_revision.fields. */
#define RV_REVISIONS(...) (const struct rv_revision[]){ __VA_ARGS__, { .size = 0 } }
#define RV_REVISION_FIELDS(...) (const struct rv_revision_field[]){ __VA_ARGS__, { .wire_size = 0 } }

/* Sets rv_ext.size and .revisions for data that is the kernel's struct, with one revision. */
#define RV_STRUCT(type, rev) \
	.size = sizeof(type), .revisions = RV_REVISIONS({ .revision = (rev), .size = sizeof(type) })

/* Argument of rv_ext.check, which runs after all options of the part are parsed. */
struct rv_check {
	rv_family_t family;
	const char *table;
	const struct rv_ext *ext;
	const struct rv_rule *rule;
	struct rv_part *part;
	uint64_t seen;			/* rows given, bits by index */
	struct rv_loc loc;		/* of the -m or -j argument (of -p, if that loaded the
					 * match) */
	struct rv_error *err;
};

/*
 * Errors reported by hooks: in an option; in a part; what only the kernel would refuse; in a kernel
 * struct.
 */
#define rv_parse_fail(p, ...) rv_fail((p)->err, RV_ERR_USAGE, &(p)->loc, __VA_ARGS__)
#define rv_check_fail(c, ...) rv_fail((c)->err, RV_ERR_USAGE, &(c)->loc, __VA_ARGS__)
#define rv_check_refuse(c, ...) rv_fail((c)->err, RV_ERR_PROBLEM, &(c)->loc, __VA_ARGS__)
#define rv_revision_fail(err, ...) rv_fail(err, RV_ERR_PROBLEM, NULL, __VA_ARGS__)

#define RV_FAMILY_ANY 0

/* The header that a match tests. */
struct rv_header_test {
	enum rv_sel sel;		/* selector that is 1 if the header is present */
	struct rv_bit param;		/* .mask: bits of the data that become its param */
	struct rv_bit absent;		/* set: the match is true if the header is absent */
};
#define RV_HEADER(...) (&(const struct rv_header_test){ __VA_ARGS__ })

/* Functions of an extension for what rows do not express; NULL: none. */
struct rv_ext_ops {
	/*
	 * Two descriptors may share a kernel name and revision (state and conntrack): returns
	 * whether this blob, as the kernel sent it, belongs to this one. The other descriptor
	 * leaves it NULL. Not called for revisions with a name of their own.
	 */
	bool (*owns_blob)(const unsigned char *wire);
	int (*check)(struct rv_check *c);
	/*
	 * Reports what the kernel would refuse with a better message. Called for rules to be
	 * written, after all other checks passed.
	 */
	int (*kernel_check)(struct rv_check *c);
	/* Converts equivalent data to one canonical form, after parsing or decoding. */
	void (*canonicalize)(unsigned char *data);
	/* Save and -L, instead of templates. */
	void (*save)(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data);
	void (*show)(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data);
	/*
	 * Calls fn for each chain the data jumps to; fn returns a replacement name, or NULL to keep
	 * it. Returns 0, or -1 when memory ran out. NULL: the match does not jump.
	 */
	int (*chains)(unsigned char *data, rv_family_t family, rv_chain_fn *fn, void *arg);
};
#define RV_EXT_OPS(...) (&(const struct rv_ext_ops){ __VA_ARGS__ })

struct rv_ext {
	const char *name;		/* argument of -m or -j */
	const char *alias;		/* second name, or NULL */
	const char *kernel_name;	/* name in the kernel; NULL: name */
	enum rv_ext_kind kind;
	enum rv_effect effect;
	/*
	 * Selectors the target may change, RV_WRITES(). RV_WRITES_CONNECTION stands for all of
	 * class RV_STATEFUL. NULL: unknown, hence all.
	 */
	const uint16_t *writes;
	rv_family_t family;		/* NFPROTO_IPV4, NFPROTO_IPV6 or RV_FAMILY_ANY */
	uint16_t protocol;		/* this -p loads the match implicitly when one of its
					 * options follows; 0 none */
	uint16_t size;			/* of rv_part.data */
	uint16_t compare;		/* leading bytes that equality compares; 0: all */
	const void *initial;		/* initial data, size bytes; NULL: zeros */
	const struct rv_revision *revisions;	/* ends with size 0 and no_struct unset */
	const struct rv_option *options;
	/*
	 * Rows (bits by index) that iptables-nft writes as nf_tables expressions. If at least one
	 * row is given and all given rows are in this set, the part is written as expressions, else
	 * as an xt compat blob. 0: always compat.
	 */
	uint64_t native;
	const struct rv_header_test *header;	/* RV_HEADER(); NULL: tests no header of its own */
	const char *list;		/* printed by -L before the rows: "multiport" */
	const struct rv_only *only;	/* RV_ONLY(); NULL: may be in all rules */
	/*
	 * Kernel config symbol without "CONFIG_"; a leading '_' is replaced by "IP_" or "IP6_".
	 * NULL: NETFILTER_XT_MATCH_ or NETFILTER_XT_TARGET_ and the kernel name in capitals.
	 */
	const char *config;
	const char *required;		/* error if no row is given, in iptables' words; NULL: no
					 * row is required */
	uint64_t one_of;		/* rows of which at least one is required, else the error
					 * is .required; 0: any row */
	const char *help;		/* one line: what it does */
	bool whole;			/* the match is its whole rule, verdict included */
	const char *opaque;		/* for the documentation: why options without a predicate
					 * have none */

	/* Templates that replace the default walk over the rows, see struct rv_template. */
	const char *save_template, *list_template;
	const char *nft;		/* template of the nft syntax; options it does not
					 * mention cannot be translated */
	const struct rv_ext_ops *ops;	/* RV_EXT_OPS(); NULL: none */
};

/* For rv_ext.writes. */
#define RV_WRITES(...) ((const uint16_t[]){ __VA_ARGS__, RV_SEL_NONE })
#define RV_WRITES_NOTHING ((const uint16_t[]){ RV_SEL_NONE })
#define RV_WRITES_CONNECTION	RV_SEL_COUNT	/* all selectors of class RV_STATEFUL */
/* Selectors that read arbitrary bytes of the packet. */
#define RV_WRITES_BYTES		RV_SEL_BYTES, RV_SEL_BYTES_ICASE, RV_SEL_U32, RV_SEL_BPF

/* Rare parts of a descriptor; zeros if it has none. */
#define RV_RARE(name, type, owner, field)						\
	static inline const struct type *name(const struct owner *of)			\
	{										\
		static const struct type none;						\
											\
		return of->field ? of->field : &none;					\
	}
RV_RARE(rv_option_errors, rv_option_errors, rv_option, errors)
RV_RARE(rv_option_ops, rv_option_ops, rv_option, ops)
RV_RARE(rv_option_only, rv_only, rv_option, only)
RV_RARE(rv_option_sel_more, rv_sel_more, rv_option, sel_more)
RV_RARE(rv_ext_ops, rv_ext_ops, rv_ext, ops)
RV_RARE(rv_ext_only, rv_only, rv_ext, only)
RV_RARE(rv_ext_header, rv_header_test, rv_ext, header)

/* ---- built-in extensions ----------------------------------------------------------- */

/* Puts a descriptor into the linker section the registry reads. */
#define RV_REGISTER(ext)							\
	static const struct rv_ext *const rv_registered_##ext			\
	__attribute__((used, section("rv_extensions"), aligned(sizeof(void *)))) = &(ext)
/* Defines and registers a descriptor: "RV_EXTENSION(tcp) = { ... };" */
#define RV_EXTENSION(ext)							\
	static const struct rv_ext ext;						\
	RV_REGISTER(ext);							\
	static const struct rv_ext ext

/* ---- rows (registry/option.c) ---------------------------------------------------- */

/* Whether the data has the option given; and negated. */
bool rv_option_given(const struct rv_ext *ext, const struct rv_option *opt, const unsigned char *data);
bool rv_option_inverted(const struct rv_option *opt, const unsigned char *data);

/*
 * Fills p with the default predicate of the row's type, for a predicate hook that modifies it.
 * False: the type has no predicate.
 */
bool rv_row_predicate(const struct rv_option *opt, enum rv_sel sel, const unsigned char *data,
		      struct rv_predicate *p);
/* ---- templates (registry/template.c) ------------------------------------------------ */

/*
 * Syntax of rv_ext.save_template, list_template and nft:
 *
 *   <row>             the row's value as save or -L prints it; <row:d> and <row:x> as a number,
 *                     <row:m> with its mask, <row:w> as nft's keyword, <row:-> its bit names
 *                     joined by '-', <row:q> as a string without the surrounding quotes
 *   {row:text|other}  text if the row was given, else other, which may be omitted
 *   {!row:text}       text if it was not given;  {~row:text}  if it is negated
 *   {a=b:text}        if the two numbers are equal; {a=0:text} if it equals that number
 *   {a%name:text}     if that bit is set
 *   {a&b:text}        if both hold, {a+b:text} if either does; evaluated from left to right
 *   {$4:...} {$6:...} if the rule's family is IPv4, IPv6; {$n:...} for -n, {$p:...} for one protocol
 *   ^                 fails: the rule has no such representation
 *   \                 escapes the next character
 *
 * Conditionals may be nested.
 */

/* ---- helpers for hooks (registry/value.c) ---------------------------------------- */

/*
 * Parses a number that is the whole string, with strtoul() base 0: decimal, 0x, octal. Leading
 * white space and '+' are allowed.
 */
bool rv_parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *value);
/* The same, but stops at the first other byte and sets *end to it. */
bool rv_parse_uint_prefix(const char *text, uint64_t min, uint64_t max, uint64_t *value,
			  const char **end);
/* Service name or port number; proto 0 tries tcp, then udp. Host order. -1: unknown. */
int rv_parse_port(const char *text, uint16_t proto);
/* Protocol name or number (0..255), -1: unknown. "all" is 0. */
int rv_parse_protocol(rv_family_t family, const char *text);
/* Name in the built-in list iptables prints from, or NULL. */
const char *rv_protocol_name(rv_family_t family, uint16_t proto);
/* Parses a numeric address. Never queries DNS. */
bool rv_parse_address(rv_family_t family, const char *text, union nf_inet_addr *addr);
void rv_print_address(struct rv_buf *b, rv_family_t family, const union nf_inet_addr *addr);
/* The same, but resolves other text as a host name. Returns 0, or -1 with p->err set. */
int rv_resolve_address(struct rv_parse *p, const char *text, union nf_inet_addr *addr);
/* A prefix length or a dotted netmask. */
bool rv_parse_mask(rv_family_t family, const char *text, union nf_inet_addr *mask);
/* Prefix length of a contiguous mask, or -1. */
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
 * Calls fn with a copy of each comma-separated word of text, empty ones included. Stops at the
 * first failure and returns its result, or -1 with p->err set when memory ran out.
 */
int rv_each_word(struct rv_parse *p, const char *text, int (*fn)(struct rv_parse *p, char *word));

/* Prints a string as save does: unquoted if unambiguous, else quoted and escaped. */
void rv_print_quoted(struct rv_buf *b, const char *text);
/* Prints a chain name in a rule: unquoted as iptables does, unless it could not be parsed back. */
void rv_print_name(struct rv_buf *b, const char *name);

/*
 * Parses one value of the option's type from text into field. Called by rv_option_parse() after the
 * common checks; hooks may call it for the regular part of their syntax.
 */
int rv_value_parse(struct rv_parse *p, const char *text, unsigned char *field);
/* Prints the row's value with its print hook or its type's printer. */
void rv_row_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data);
/* Prints the value in the option's field with its type's printer. */
void rv_value_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data);

/* Prints a port; as a service name in -L without -n. */
void rv_print_port(struct rv_out *o, uint16_t port);

/*
 * Reports "NAME: ..." in iptables' words: prefixes the extension's name and the option. Returns -1.
 */
int rv_option_fail(const struct rv_parse *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
