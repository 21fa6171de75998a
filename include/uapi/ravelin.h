/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * The ABI of ravelin.ko. This comment is its manual.
 *
 * All calls are getsockopt() or setsockopt() with level SOL_IP on a raw IPv4 socket
 * (socket(AF_INET, SOCK_RAW, IPPROTO_RAW)) and need CAP_NET_ADMIN in the user namespace that
 * owns the socket's network namespace, which is the one they are about. IPv4 and IPv6 tables are
 * both reached through it: the family is a field.
 *
 *   option             call        buffer
 *   RVK_SO_INFO        getsockopt  in and out: struct rvk_info
 *   RVK_SO_ENTRIES     getsockopt  in: struct rvk_info; out: it, then its size bytes of entries
 *   RVK_SO_REPLACE     getsockopt  in and out: struct rvk_replace, then tables
 *   RVK_SO_COUNTERS    setsockopt  struct rvk_info, then its count struct rvk_counters
 *   RVK_SO_HAS         getsockopt  in and out: struct rvk_has
 *
 * Buffers hold no pointers. Numbers have fixed widths, are in host byte order unless said
 * otherwise, and stand at multiples of their size: 32-bit and 64-bit programs write the same
 * bytes. Whatever is called reserved, a bit without a name in a set of flags, and the rest of a
 * name's field behind its NUL must be 0. A call of another RVK_VERSION fails with
 * EPROTONOSUPPORT, a buffer of another length than its own fields say with EINVAL.
 *
 *
 * Tables
 *
 * A namespace has the tables raw, mangle, nat, filter and security, of each family. One that was
 * never replaced has generation 0, no entries and no effect. Each replacement gives it another
 * generation; nothing else does. It goes with the namespace or the module.
 *
 * RVK_SO_INFO fills in the table whose name and family were given. The buffer of RVK_SO_ENTRIES has
 * room for struct rvk_info and the entries; size tells how much room that is and generation which
 * entries are wanted. If the table has another generation by now it fails with EAGAIN. The entries
 * come back byte for byte as they were given, but for counters, which are those of now, and index, which is 0.
 *
 * RVK_SO_REPLACE puts up to RVK_TABLES_MAX tables in the place of the present ones: all of them or
 * none. Behind struct rvk_replace stands for each table its struct rvk_table, size bytes of entries
 * and room for old_count struct rvk_counters. generation names the table this one was made from,
 * and old_count is that table's count (both 0 if it was never replaced); if it has been replaced
 * since, the call fails with EAGAIN and nothing has happened. When all tables are found to be right they are
 * exchanged, no packet sees half of one, and each old table's counters are written to the
 * room behind its successor: they are final, no packet is counted there any more. Each rvk_table comes back
 * with its new generation. One whose size, count, valid_hooks and offsets are 0 takes the table away: it is
 * then as if it had never been replaced. With RVK_REPLACE_DRY nothing is exchanged.
 *
 * The counters that a new entry starts with stand in it. index names the entry of the old table whose count it
 * goes on with, from 1; 0: none. What that one has counted in the end is added to what stands there, before any
 * other call sees the table: who has read N packets and wants them kept writes 0, who wants M instead writes
 * M - N (modulo 2^64), and nothing is lost or counted twice however many replace the table at once.
 * RVK_SO_COUNTERS adds to the counters of all entries, in their order (EAGAIN if generation is not the present one).
 *
 * On EINVAL, ENOENT, ELOOP and the like refusal says which entry of which table was refused, and why;
 * reason 0 then means that the buffer itself is malformed.
 *
 *
 * Entries
 *
 * An entry is struct rvk_entry, which holds the IP part of the rule, and elements: matches, which are tested in
 * order, and one target, the last. It starts at a multiple of 8 and next bytes on stands the
 * one behind it. Offsets of entries are counted from the start of the first one.
 *
 * The entries of a table are its chains, one after the other, without a gap:
 *   - the base chain of each hook in valid_hooks (bits 1 << NF_INET_*: all that the table has), in
 *     order of the hooks. hook_entry is the offset of the first of its entries, underflow that of the last,
 *     the policy: an entry without condition whose verdict is RVK_ACCEPT or RVK_DROP.
 *   - each user chain: a head, which is an entry without condition whose target has the form RVK_FORM_CHAIN
 *     and the chain's name (no other chain has it); its rules; an entry without condition whose
 *     verdict is RVK_RETURN.
 *
 * An entry without condition has an IP part of zeros and no matches.
 *
 * An element is struct rvk_element and then its data, by form:
 *   RVK_FORM_PREDICATES  (matches) struct rvk_predicate, one or more, one behind the other, all of which must
 *                        be true. The name is that of the match they came from: a name the engine knows
 *                        brings along that match's restrictions on protocols, hooks and tables.
 *   RVK_FORM_DATA        (both) the struct of linux/netfilter/xt_*.h of that name and revision, as a
 *                        64-bit program lays it out, padded with zeros to a multiple of 8. The engine's own
 *                        match or target takes it, or else the kernel's of that name (struct xt_match, xt_target).
 *   RVK_FORM_VERDICT     (targets) struct rvk_verdict; the name is empty
 *   RVK_FORM_CHAIN       (targets) nothing
 *
 * A verdict is the end of the walk if it is negative. Otherwise it is the offset of the entry behind the head
 * of a user chain: the walk goes on there, and RVK_RETURN or the chain's end lead back behind the
 * jump; with RVK_VERDICT_GOTO, behind the last jump that was no goto. From a base chain such a return
 * leads to its policy. Chains may not lead back to themselves, nor be nested deeper than RVK_DEPTH_MAX, nor
 * may jumps lead a packet through more than RVK_VISITS_MAX entries beyond those that the table has.
 *
 *
 * Predicates
 *
 * A predicate compares len bytes that the selector loads from the packet. Values stand in
 * value, other and list at their start, in the order of bytes that belongs to the selector: N as in the packet, H as a number of the
 * host, S as a string padded with zeros. Sizes are compared bytewise for N, as numbers for H.
 * What is not in the packet, such as the port of an ICMP packet or of a fragment behind the first, makes
 * the predicate false, also with RVK_PREDICATE_NEGATE. A packet which ends inside of the header
 * that is loaded is dropped, as the matches of xt_tcpudp do.
 */
#ifndef RAVELIN_UAPI_RAVELIN_H
#define RAVELIN_UAPI_RAVELIN_H

#include <linux/types.h>

#define RVK_VERSION	2

/* Options; a range that nothing else in the kernel uses (ip_tables 64, ip_vs 1152). */
#define RVK_SO_BASE	2304
#define RVK_SO_INFO	(RVK_SO_BASE + 0)
#define RVK_SO_ENTRIES	(RVK_SO_BASE + 1)
#define RVK_SO_REPLACE	(RVK_SO_BASE + 2)
#define RVK_SO_COUNTERS	(RVK_SO_BASE + 3)
#define RVK_SO_HAS	(RVK_SO_BASE + 4)
#define RVK_SO_END	(RVK_SO_BASE + 16)	/* one past the last that may ever be used */

#define RVK_NAME_LEN	29	/* of chains, matches and targets, with the NUL */
#define RVK_TABLE_LEN	32
#define RVK_HOOKS	5	/* NF_INET_NUMHOOKS */
#define RVK_TABLES_MAX	10	/* five tables, two families */
#define RVK_DEPTH_MAX	256	/* jumps that wait for a return */
#define RVK_VISITS_MAX	(1U << 20)	/* entries that jumps add to a walk */
#define RVK_SIZE_MAX	(512U << 20)	/* entries of one table, bytes */

struct rvk_counters {
	__aligned_u64 packets;
	__aligned_u64 bytes;
};

/* A table without its entries. */
struct rvk_table {
	char name[RVK_TABLE_LEN];
	__u8 family;			/* NFPROTO_IPV4, NFPROTO_IPV6 */
	__u8 reserved[3];
	__u32 valid_hooks;		/* bits of 1 << NF_INET_* */
	__u32 hook_entry[RVK_HOOKS];	/* by NF_INET_*; 0 where the table has no base chain */
	__u32 underflow[RVK_HOOKS];
	__u32 size;			/* of the entries, bytes */
	__u32 count;			/* of entries: rules, policies, heads and ends of chains */
	__aligned_u64 generation;
	__u32 old_count;		/* RVK_SO_REPLACE: entries of the table it replaces; else 0 */
	__u32 reserved2;
};

struct rvk_info {
	__u32 version;
	__u32 flags;			/* none yet */
	struct rvk_table table;
};

/* Where a check failed: the order in which they are made. */
enum rvk_stage {
	RVK_STAGE_NONE,
	RVK_STAGE_TABLE,	/* name, family, hooks, size; entry says nothing */
	RVK_STAGE_LAYOUT,	/* entries and elements: sizes, names, flags */
	RVK_STAGE_CHAINS,	/* base chains, policies, heads, ends */
	RVK_STAGE_JUMPS,	/* targets of jumps, loops, depth, visits */
	RVK_STAGE_PARTS,	/* each match and target */
};

enum rvk_reason {
	RVK_WHY_NONE,
	RVK_WHY_TABLE,		/* no such table, or family */
	RVK_WHY_HOOKS,		/* valid_hooks are not the table's */
	RVK_WHY_SIZE,		/* an entry, element or predicate ends outside of what holds it */
	RVK_WHY_COUNT,		/* there are not as many entries as count says */
	RVK_WHY_ALIGN,		/* it does not start at a multiple of 8 */
	RVK_WHY_RESERVED,	/* a bit or field without a meaning is not 0 */
	RVK_WHY_NAME,		/* a name without an end, empty, or with something behind its NUL */
	RVK_WHY_KIND,		/* an element of that kind or form cannot stand there */
	RVK_WHY_IP,		/* a protocol, mask or flag of the IP part that this family lacks */
	RVK_WHY_ENTRY,		/* hook_entry is not where the hook's chain starts */
	RVK_WHY_UNDERFLOW,	/* underflow is not the last entry of the hook's chain */
	RVK_WHY_POLICY,		/* the policy has a condition or is neither accept nor drop */
	RVK_WHY_END,		/* a user chain does not end with a return without condition */
	RVK_WHY_HEAD,		/* a head has a condition */
	RVK_WHY_TWICE,		/* a chain of that name is there already */
	RVK_WHY_VERDICT,	/* no such verdict */
	RVK_WHY_JUMP,		/* it does not lead to the first rule of a user chain */
	RVK_WHY_LOOP,		/* the chain leads back to itself */
	RVK_WHY_DEPTH,		/* deeper than RVK_DEPTH_MAX */
	RVK_WHY_PREDICATE,	/* operator, length, flags or list of a predicate */
	RVK_WHY_SELECTOR,	/* no such selector, or not in this family */
	RVK_WHY_UNKNOWN,	/* neither engine nor kernel know a match or target of that name */
	RVK_WHY_REVISION,	/* they know the name, not the revision */
	RVK_WHY_DATA_SIZE,	/* the data has not the size that this revision has */
	RVK_WHY_IN_TABLE,	/* a match or target that is not for this table */
	RVK_WHY_IN_HOOK,	/* nor for a base chain that leads here */
	RVK_WHY_PROTOCOL,	/* only for rules of another protocol */
	RVK_WHY_CHECK,		/* its own check failed: error */
	RVK_WHY_NAT,		/* rules in nat are not there yet */
	RVK_WHY_MEMORY,		/* none left (ENOMEM) */
	RVK_WHY_GENERATION,	/* replaced since (EAGAIN) */
	RVK_WHY_INDEX,		/* index is beyond the old table's entries */
	RVK_WHY_VISITS,		/* a packet may pass more entries than RVK_VISITS_MAX allows */
	RVK_WHY_USERS,		/* it names users, and the caller is in another user namespace */
};

struct rvk_refusal {
	__u32 table;			/* number in the call, from 0 */
	__u32 entry;			/* number in the table, from 0 */
	__u32 offset;			/* of that entry */
	__u32 element;			/* number in the entry, from 0; RVK_NO_ELEMENT */
	__u16 stage;			/* enum rvk_stage */
	__u16 reason;			/* enum rvk_reason */
	__s32 error;			/* RVK_WHY_CHECK: what the check returned, -Exxx; else 0 */
	char name[RVK_TABLE_LEN];	/* of the element's match or target, of the chain, or "" */
};
#define RVK_NO_ELEMENT	0xffffffffU

/* Flags of struct rvk_replace. */
/*
 * All that a replacement checks is checked, generations as well, and nothing is exchanged. Matches and targets are
 * asked, so modules of the kernel that have them may be loaded, and stay.
 */
#define RVK_REPLACE_DRY		(1 << 0)
#define RVK_REPLACE_FLAGS	RVK_REPLACE_DRY

struct rvk_replace {
	__u32 version;
	__u32 flags;
	__u32 ntables;
	__u32 size;			/* of the whole buffer */
	struct rvk_refusal refusal;	/* written */
};

/* Flags of struct rvk_ip. */
#define RVK_IP_PROTO	(1 << 0)	/* protocol is compared */
#define RVK_IP_FRAG	(1 << 1)	/* IPv4: a fragment behind the first */
#define RVK_IP_FLAGS	(RVK_IP_PROTO | RVK_IP_FRAG)

/* Bits of rvk_ip.invert; those of protocol and fragment need the flag. */
#define RVK_INV_SRC	(1 << 0)
#define RVK_INV_DST	(1 << 1)
#define RVK_INV_IN	(1 << 2)
#define RVK_INV_OUT	(1 << 3)
#define RVK_INV_PROTO	(1 << 4)
#define RVK_INV_FRAG	(1 << 5)
#define RVK_INV_ALL	0x3f

/*
 * Addresses are in network order, IPv4 ones in the first four bytes; the rest is 0. A packet's
 * field is compared where the mask has bits. Names of interfaces may hold anything outside of
 * their mask, such as the '+' the user wrote, but end with a NUL.
 */
struct rvk_ip {
	__u8 src[16], smask[16];
	__u8 dst[16], dmask[16];
	char in[16];
	__u8 in_mask[16];
	char out[16];
	__u8 out_mask[16];
	__u16 proto;			/* in IPv6 the one behind the extension headers */
	__u8 flags;
	__u8 invert;
	__u32 reserved;
};

struct rvk_entry {
	__u32 next;			/* bytes from here to the entry behind it */
	__u32 target;			/* bytes from here to the target's element */
	__u32 index;			/* in: whose counters it goes on with; out: 0 */
	__u32 uses;			/* the engine's own: 0 in, 0 out */
	struct rvk_counters counters;
	struct rvk_ip ip;
	/* elements */
};

#define RVK_KIND_MATCH	1
#define RVK_KIND_TARGET	2
#define RVK_KIND_LOOKUP	3	/* later: selects the next entry by hash or interval */
#define RVK_KIND_SELECTOR 4	/* RVK_SO_HAS only */

#define RVK_FORM_PREDICATES 1
#define RVK_FORM_DATA	2
#define RVK_FORM_VERDICT 3
#define RVK_FORM_CHAIN	4

struct rvk_element {
	__u32 size;			/* with its data, a multiple of 8 */
	__u32 slot;			/* the engine's own: 0 in, 0 out */
	__u8 kind;
	__u8 form;
	__u8 revision;
	char name[RVK_NAME_LEN];
	/* data */
};

/* Verdicts; not negative: an offset. Those of linux/netfilter.h are -NF_* - 1. */
#define RVK_DROP	(-1)
#define RVK_ACCEPT	(-2)
#define RVK_QUEUE	(-4)
#define RVK_RETURN	(-5)
#define RVK_CONTINUE	(-6)	/* on to the next rule: one without a target */

#define RVK_VERDICT_GOTO	(1 << 0)
#define RVK_VERDICT_FLAGS	RVK_VERDICT_GOTO

struct rvk_verdict {
	__s32 verdict;
	__u32 flags;
};

#define RVK_OP_EQ	1	/* x == value */
#define RVK_OP_PREFIX	2	/* the first len bytes of x == value; len may be 0: always */
#define RVK_OP_MASK	3	/* (x & other) == value */
#define RVK_OP_ANY	4	/* (x & value) != 0 */
#define RVK_OP_RANGE	5	/* value <= x <= other */
#define RVK_OP_IN	6	/* x is in one of the intervals of list */

#define RVK_PREDICATE_NEGATE	(1 << 0)
#define RVK_PREDICATE_FLAGS	RVK_PREDICATE_NEGATE
#define RVK_PREDICATE_LIST	15

struct rvk_interval {
	__u8 from[16], to[16];		/* inclusive */
};

struct rvk_predicate {
	__u16 size;			/* with its list: 48 + 32 * count */
	__u16 sel;			/* enum rvk_sel */
	__u8 op;
	__u8 flags;
	__u8 len;			/* of the selector; for RVK_OP_PREFIX of the prefix */
	__u8 count;			/* of list; RVK_OP_IN: 1 to RVK_PREDICATE_LIST, else 0 */
	__u8 value[16];
	__u8 other[16];
	__u32 param;			/* of the selector, where it has one; else 0 */
	__u32 reserved;
	/* struct rvk_interval list[count] */
};

/* What a predicate can look at. Numbers, bytes and order stand in the rows that this includes. */
enum rvk_sel {
	RVK_SEL_NONE = 0,
#define RV_MODULE_SELECTOR(number, id, ...) RVK_SEL_##id = (number),
#include <ravelin/selectors.def>
	RVK_SEL_COUNT = 1
#define RV_MODULE_SELECTOR(...) + 1
#include <ravelin/selectors.def>
};

/* Does the engine or the kernel have it, in this revision? If not, that is no error: where is 0. */
struct rvk_has {
	__u32 version;
	__u32 flags;			/* none yet */
	__u8 family;			/* NFPROTO_IPV4, NFPROTO_IPV6 */
	__u8 kind;			/* RVK_KIND_MATCH, _TARGET, _SELECTOR */
	__u8 revision;			/* of a match or target */
	__u8 where;			/* written: RVK_HAS_* */
	__u32 sel;			/* RVK_KIND_SELECTOR: enum rvk_sel; else 0 */
	char name[RVK_TABLE_LEN];	/* of the match or target, at most RVK_NAME_LEN - 1 bytes */
	__u32 best;			/* written: 1 + the highest revision known, 0: not the name */
	__u32 reserved;
} __attribute__((aligned(8)));

#define RVK_HAS_NOT	0
#define RVK_HAS_ENGINE	1
#define RVK_HAS_KERNEL	2	/* the kernel's xt match or target */

#ifndef __cplusplus
_Static_assert(sizeof(struct rvk_counters) == 16, "struct rvk_counters");
_Static_assert(sizeof(struct rvk_table) == 104, "struct rvk_table");
_Static_assert(sizeof(struct rvk_info) == 112, "struct rvk_info");
_Static_assert(sizeof(struct rvk_refusal) == 56, "struct rvk_refusal");
_Static_assert(sizeof(struct rvk_replace) == 72, "struct rvk_replace");
_Static_assert(sizeof(struct rvk_ip) == 136, "struct rvk_ip");
_Static_assert(sizeof(struct rvk_entry) == 168, "struct rvk_entry");
_Static_assert(sizeof(struct rvk_element) == 40, "struct rvk_element");
_Static_assert(sizeof(struct rvk_verdict) == 8, "struct rvk_verdict");
_Static_assert(sizeof(struct rvk_interval) == 32, "struct rvk_interval");
_Static_assert(sizeof(struct rvk_predicate) == 48, "struct rvk_predicate");
_Static_assert(sizeof(struct rvk_has) == 56, "struct rvk_has");
#endif

#endif
