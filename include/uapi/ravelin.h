/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * The ABI of ravelin.ko.
 *
 * All calls are getsockopt() or setsockopt() with level SOL_IP on a raw IPv4 socket
 * (socket(AF_INET, SOCK_RAW, IPPROTO_RAW)). They act on the socket's network namespace and need
 * CAP_NET_ADMIN in the user namespace that owns it. The same socket serves IPv4 and IPv6 tables;
 * the family is a field.
 *
 *   option             call        buffer
 *   RVK_SO_INFO        getsockopt  in/out: struct rvk_info
 *   RVK_SO_ENTRIES     getsockopt  in: struct rvk_info; out: also size bytes of entries
 *   RVK_SO_REPLACE     getsockopt  in/out: struct rvk_replace, then tables
 *   RVK_SO_COUNTERS    setsockopt  in: struct rvk_info, then count struct rvk_counters
 *   RVK_SO_HAS         getsockopt  in/out: struct rvk_has
 *
 * Buffers contain no pointers. Integers have fixed widths, host byte order unless noted, and
 * natural alignment, so 32-bit and 64-bit programs use the same layout. Reserved fields, undefined
 * flag bits and the bytes after a name's NUL must be 0. A call with another RVK_VERSION fails with
 * EPROTONOSUPPORT; a buffer whose length does not match its fields fails with EINVAL.
 *
 *
 * Tables
 *
 * A network namespace has the tables raw, mangle, nat, filter and security of each family. Until a
 * table is first replaced, it has generation 0, no entries and no effect. Each replacement, and
 * nothing else, changes its generation. Tables are deleted with the namespace or the module.
 *
 * RVK_SO_INFO returns the header of the table with the given name and family. For RVK_SO_ENTRIES,
 * the buffer is struct rvk_info followed by room for the entries; size is that room in bytes and
 * generation names the wanted generation. If the table has another one, the call fails with EAGAIN.
 * Entries are returned exactly as they were loaded, except that counters are current and index is
 * 0.
 *
 * RVK_SO_REPLACE atomically replaces up to RVK_TABLES_MAX tables, all or none. After struct
 * rvk_replace, the buffer has for each table: struct rvk_table, size bytes of entries, and room for
 * old_count struct rvk_counters. generation and old_count are those of the table being replaced
 * (both 0 if it never was); if it has been replaced meanwhile, the call fails with EAGAIN and
 * changes nothing. No packet sees a partially replaced table. Afterwards the room after each
 * table's entries holds the final counters of the old table, and each rvk_table has its new
 * generation. A table whose size, count, valid_hooks and offsets are 0 is deleted: its state is as
 * if it had never been replaced. With RVK_REPLACE_DRY everything is checked but nothing exchanged.
 *
 * An entry's counters field is its initial value. index, if not 0, names an entry of the old table,
 * counted from 1; that entry's final counters are added, before any other call sees the new table.
 * To keep the old counters, write 0; to set them to M after having read N, write M - N (modulo
 * 2^64). Nothing is lost or counted twice, even with concurrent replacements. RVK_SO_COUNTERS adds
 * to the counters of all entries, in order (EAGAIN if generation is not current).
 *
 * If a replacement fails with EINVAL, ENOENT, ELOOP or a similar error, refusal names the table,
 * the entry and the reason. Reason 0 means that the buffer itself is malformed.
 *
 *
 * Entries
 *
 * An entry is struct rvk_entry, which contains the IP part of the rule, followed by elements:
 * matches in evaluation order, then one target. Entries are aligned to 8 bytes; the next entry is
 * next bytes further. Offsets of entries are relative to the first entry.
 *
 * A table's entries are its chains, without gaps:
 *   - the base chain of each hook in valid_hooks (bits 1 << NF_INET_*; exactly the table's hooks),
 *     in hook order. hook_entry is the offset of its first entry, underflow that of its last, the
 *     policy: an unconditional entry with verdict RVK_ACCEPT or RVK_DROP.
 *   - each user chain: a head, which is an unconditional entry whose target has form RVK_FORM_CHAIN
 *     and the chain's name (unique in the table); its rules; an unconditional entry with verdict
 *     RVK_RETURN.
 *
 * An unconditional entry has an IP part of zeros and no matches.
 *
 * An element is struct rvk_element followed by data, depending on its form:
 *   RVK_FORM_PREDICATES  (matches) one or more struct rvk_predicate, all of which must be true. The
 *                        name is that of the match they stand for; if the engine knows the name,
 *                        the match's restrictions on protocol, hook and table apply.
 *   RVK_FORM_DATA        (both) the struct of linux/netfilter/xt_*.h for that name and revision, in
 *                        64-bit layout, zero-padded to a multiple of 8. Evaluated by the engine's
 *                        match or target of that name, else by the kernel's (struct xt_match,
 *                        xt_target).
 *   RVK_FORM_VERDICT     (targets) struct rvk_verdict; the name is empty
 *   RVK_FORM_CHAIN       (targets) no data
 *
 * A negative verdict ends the traversal. Otherwise the verdict is the offset of the entry after the
 * head of a user chain, where the traversal continues; RVK_RETURN and the end of the chain return
 * to the entry after the jump, or with RVK_VERDICT_GOTO to the entry after the last jump that was
 * not a goto. From a base chain they lead to its policy. Chains must not be recursive nor nested
 * deeper than RVK_DEPTH_MAX, and jumps must not lead a packet through more than RVK_VISITS_MAX
 * entries in addition to those of the table.
 *
 *
 * Predicates
 *
 * A predicate compares len bytes that its selector loads from the packet. value, other and list are
 * left-aligned and in the selector's byte order: N network order, H host order, S zero-padded
 * string. N is compared bytewise, H as an integer. If the packet does not have the field (the port
 * of an ICMP packet or of a later fragment), the predicate is false, also with
 * RVK_PREDICATE_NEGATE. A packet that ends within the header being loaded is dropped, as by
 * xt_tcpudp.
 */
#ifndef RAVELIN_UAPI_RAVELIN_H
#define RAVELIN_UAPI_RAVELIN_H

#include <linux/types.h>

#define RVK_VERSION	2

/* Socket option numbers unused by the kernel (ip_tables has 64, ip_vs 1152). */
#define RVK_SO_BASE	2304
#define RVK_SO_INFO	(RVK_SO_BASE + 0)
#define RVK_SO_ENTRIES	(RVK_SO_BASE + 1)
#define RVK_SO_REPLACE	(RVK_SO_BASE + 2)
#define RVK_SO_COUNTERS	(RVK_SO_BASE + 3)
#define RVK_SO_HAS	(RVK_SO_BASE + 4)
#define RVK_SO_END	(RVK_SO_BASE + 16)	/* end of the reserved range, exclusive */

#define RVK_NAME_LEN	29	/* of chains, matches and targets, including the NUL */
#define RVK_TABLE_LEN	32
#define RVK_HOOKS	5	/* NF_INET_NUMHOOKS */
#define RVK_TABLES_MAX	10	/* five tables for two families */
#define RVK_DEPTH_MAX	256	/* nested jumps */
#define RVK_VISITS_MAX	(1U << 20)	/* additional entries that jumps can add to a traversal */
#define RVK_SIZE_MAX	(512U << 20)	/* bytes of entries in one table */

struct rvk_counters {
	__aligned_u64 packets;
	__aligned_u64 bytes;
};

/* Header of a table; the entries follow it. */
struct rvk_table {
	char name[RVK_TABLE_LEN];
	__u8 family;			/* NFPROTO_IPV4, NFPROTO_IPV6 */
	__u8 reserved[3];
	__u32 valid_hooks;		/* bits of 1 << NF_INET_* */
	__u32 hook_entry[RVK_HOOKS];	/* index NF_INET_*; 0 if the table has no such base chain */
	__u32 underflow[RVK_HOOKS];
	__u32 size;			/* of all entries, bytes */
	__u32 count;			/* of entries: rules, policies, heads and ends of chains */
	__aligned_u64 generation;
	__u32 old_count;		/* RVK_SO_REPLACE: entries of the replaced table; else 0 */
	__u32 reserved2;
};

struct rvk_info {
	__u32 version;
	__u32 flags;			/* must be 0 */
	struct rvk_table table;
};

/* The check that failed, in order of execution. */
enum rvk_stage {
	RVK_STAGE_NONE,
	RVK_STAGE_TABLE,	/* name, family, hooks, size; entry is undefined */
	RVK_STAGE_LAYOUT,	/* sizes, names, flags of entries and elements */
	RVK_STAGE_CHAINS,	/* base chains, policies, heads and ends of chains */
	RVK_STAGE_JUMPS,	/* jump targets, loops, depth, visits */
	RVK_STAGE_PARTS,	/* matches and targets */
};

enum rvk_reason {
	RVK_WHY_NONE,
	RVK_WHY_TABLE,		/* no such table or family */
	RVK_WHY_HOOKS,		/* valid_hooks differs from the table's hooks */
	RVK_WHY_SIZE,		/* an entry, element or predicate exceeds its container */
	RVK_WHY_COUNT,		/* count differs from the number of entries */
	RVK_WHY_ALIGN,		/* offset is not a multiple of 8 */
	RVK_WHY_RESERVED,	/* a reserved field or undefined bit is not 0 */
	RVK_WHY_NAME,		/* a name is empty, unterminated, or not zero after its NUL */
	RVK_WHY_KIND,		/* an element of this kind or form is not allowed here */
	RVK_WHY_IP,		/* protocol, mask or flag that is invalid for the family */
	RVK_WHY_ENTRY,		/* hook_entry is not the first entry of the hook's chain */
	RVK_WHY_UNDERFLOW,	/* underflow is not the last entry of the hook's chain */
	RVK_WHY_POLICY,		/* the policy has a condition or another verdict than accept or
				 * drop */
	RVK_WHY_END,		/* a user chain does not end with an unconditional return */
	RVK_WHY_HEAD,		/* the head of a chain has a condition */
	RVK_WHY_TWICE,		/* duplicate chain name */
	RVK_WHY_VERDICT,	/* undefined verdict */
	RVK_WHY_JUMP,		/* the jump target is not the first rule of a user chain */
	RVK_WHY_LOOP,		/* the chain can reach itself */
	RVK_WHY_DEPTH,		/* nested deeper than RVK_DEPTH_MAX */
	RVK_WHY_PREDICATE,	/* invalid operator, length, flags or list of a predicate */
	RVK_WHY_SELECTOR,	/* no such selector in this family */
	RVK_WHY_UNKNOWN,	/* neither the engine nor the kernel has a match or target of
				 * that name */
	RVK_WHY_REVISION,	/* the name exists, but not in that revision */
	RVK_WHY_DATA_SIZE,	/* the data's size differs from that of the revision */
	RVK_WHY_IN_TABLE,	/* the match or target is not allowed in this table */
	RVK_WHY_IN_HOOK,	/* it is not allowed in a base chain that reaches this rule */
	RVK_WHY_PROTOCOL,	/* it requires another protocol */
	RVK_WHY_CHECK,		/* its check function failed; see error */
	RVK_WHY_NAT,		/* table nat, and the kernel has no NAT */
	RVK_WHY_MEMORY,		/* out of memory (ENOMEM) */
	RVK_WHY_GENERATION,	/* replaced by another call (EAGAIN) */
	RVK_WHY_INDEX,		/* index exceeds the old table's entries */
	RVK_WHY_VISITS,		/* a packet could pass more than RVK_VISITS_MAX entries */
	RVK_WHY_USERS,		/* it refers to user ids, and the caller is in another user
				 * namespace */
};

/* Why connection tracking calls a packet INVALID. */
enum rvk_ct_why {
	RVK_CT_VALID,
	RVK_CT_FRAGMENT,	/* not reassembled */
	RVK_CT_SHORT,		/* ends within the transport header */
	RVK_CT_LENGTH,		/* the header's length field exceeds the packet or is too small */
	RVK_CT_CHECKSUM,	/* wrong transport checksum */
	RVK_CT_FLAGS,		/* impossible combination of TCP flags */
	RVK_CT_TYPE,		/* ICMP: cannot start a connection, and belongs to none */
	RVK_CT_QUOTE,		/* ICMP error: the packet quoted is malformed */
	RVK_CT_UNRELATED,	/* ICMP error: no connection has the packet quoted */
	RVK_CT_OUTER,		/* ICMP error: its destination is not the connection's */
	RVK_CT_STATE,		/* TCP: not allowed in the connection's state */
	RVK_CT_NOT_SYN,		/* TCP: no connection, and it does not start one */
	RVK_CT_SEQ,		/* TCP: above the receiver's window */
	RVK_CT_ACK,		/* TCP: acknowledges data that was not sent */
	RVK_CT_RST,		/* TCP: RST below the highest acknowledgement */
	RVK_CT_WHYS
};

struct rvk_refusal {
	__u32 table;			/* index of the table in the call, from 0 */
	__u32 entry;			/* index of the entry in the table, from 0 */
	__u32 offset;			/* byte offset of that entry */
	__u32 element;			/* index of the element in the entry, from 0, or
					 * RVK_NO_ELEMENT */
	__u16 stage;			/* enum rvk_stage */
	__u16 reason;			/* enum rvk_reason */
	__s32 error;			/* RVK_WHY_CHECK: result of the check, -Exxx; else 0 */
	char name[RVK_TABLE_LEN];	/* match, target or chain, or "" */
};
#define RVK_NO_ELEMENT	0xffffffffU

/* Flags of struct rvk_replace. */
/*
 * Performs all checks of a replacement, including generations, but exchanges nothing. Checks may
 * load kernel modules of matches and targets; they stay loaded.
 */
#define RVK_REPLACE_DRY		(1 << 0)
#define RVK_REPLACE_FLAGS	RVK_REPLACE_DRY

struct rvk_replace {
	__u32 version;
	__u32 flags;
	__u32 ntables;
	__u32 size;			/* of the whole buffer, bytes */
	struct rvk_refusal refusal;	/* written */
};

/* Flags of struct rvk_ip. */
#define RVK_IP_PROTO	(1 << 0)	/* compare the protocol */
#define RVK_IP_FRAG	(1 << 1)	/* IPv4: match fragments other than the first */
#define RVK_IP_FLAGS	(RVK_IP_PROTO | RVK_IP_FRAG)

/* Bits of rvk_ip.invert. PROTO and FRAG require the flag. */
#define RVK_INV_SRC	(1 << 0)
#define RVK_INV_DST	(1 << 1)
#define RVK_INV_IN	(1 << 2)
#define RVK_INV_OUT	(1 << 3)
#define RVK_INV_PROTO	(1 << 4)
#define RVK_INV_FRAG	(1 << 5)
#define RVK_INV_ALL	0x3f

/*
 * Addresses are in network order, IPv4 in the first four bytes, the rest 0. Only bits set in the
 * mask are compared. An interface name may contain anything outside its mask, such as the user's
 * '+', but must be NUL-terminated.
 */
struct rvk_ip {
	__u8 src[16], smask[16];
	__u8 dst[16], dmask[16];
	char in[16];
	__u8 in_mask[16];
	char out[16];
	__u8 out_mask[16];
	__u16 proto;			/* IPv6: the protocol after extension headers */
	__u8 flags;
	__u8 invert;
	__u32 reserved;
};

struct rvk_entry {
	__u32 next;			/* bytes from here to the next entry */
	__u32 target;			/* bytes from here to the target's element */
	__u32 index;			/* in: entry of the old table whose counters it
					 * continues; out: 0 */
	__u32 uses;			/* used by the engine: 0 in, 0 out */
	struct rvk_counters counters;
	struct rvk_ip ip;
	/* elements */
};

#define RVK_KIND_MATCH	1
#define RVK_KIND_TARGET	2
#define RVK_KIND_SELECTOR 4	/* RVK_SO_HAS only */

#define RVK_FORM_PREDICATES 1
#define RVK_FORM_DATA	2
#define RVK_FORM_VERDICT 3
#define RVK_FORM_CHAIN	4

struct rvk_element {
	__u32 size;			/* including its data, a multiple of 8 */
	__u32 slot;			/* used by the engine: 0 in, 0 out */
	__u8 kind;
	__u8 form;
	__u8 revision;
	char name[RVK_NAME_LEN];
	/* data */
};

/* Verdicts. Non-negative: an offset. Those of linux/netfilter.h are -NF_* - 1. */
#define RVK_DROP	(-1)
#define RVK_ACCEPT	(-2)
#define RVK_QUEUE	(-4)
#define RVK_RETURN	(-5)
#define RVK_CONTINUE	(-6)	/* continue with the next rule: a rule without target */

#define RVK_VERDICT_GOTO	(1 << 0)
#define RVK_VERDICT_FLAGS	RVK_VERDICT_GOTO

struct rvk_verdict {
	__s32 verdict;
	__u32 flags;
};

/* Operators: the rows of the included file that have a number. */
enum rvk_op {
#define RV_MODULE_OPERATOR(number, id) RVK_OP_##id = (number),
#include <ravelin/operators.def>
};

#define RVK_PREDICATE_NEGATE	(1 << 0)
#define RVK_PREDICATE_FLAGS	RVK_PREDICATE_NEGATE
#define RVK_PREDICATE_LIST	15

struct rvk_interval {
	__u8 from[16], to[16];		/* inclusive bounds */
};

struct rvk_predicate {
	__u16 size;			/* including list: 48 + 32 * count */
	__u16 sel;			/* enum rvk_sel */
	__u8 op;			/* enum rvk_op */
	__u8 flags;
	__u8 len;			/* of the selector; RVK_OP_PREFIX: of the prefix */
	__u8 count;			/* entries in list; RVK_OP_IN: 1 to RVK_PREDICATE_LIST,
					 * else 0 */
	__u8 value[16];
	__u8 other[16];
	__u32 param;			/* parameter of the selector, if it has one; else 0 */
	__u32 reserved;
	/* struct rvk_interval list[count] */
};

/* Selectors. Number, length and byte order are in the rows of the included file. */
enum rvk_sel {
	RVK_SEL_NONE = 0,
#define RV_MODULE_SELECTOR(number, id, ...) RVK_SEL_##id = (number),
#include <ravelin/selectors.def>
	RVK_SEL_COUNT = 1
#define RV_MODULE_SELECTOR(...) + 1
#include <ravelin/selectors.def>
};

/*
 * Whether the engine or the kernel has a match, target or selector. If not, the call succeeds with
 * where RVK_HAS_NOT.
 */
struct rvk_has {
	__u32 version;
	__u32 flags;			/* must be 0 */
	__u8 family;			/* NFPROTO_IPV4, NFPROTO_IPV6 */
	__u8 kind;			/* RVK_KIND_MATCH, _TARGET, _SELECTOR */
	__u8 revision;			/* of a match or target */
	__u8 where;			/* out: RVK_HAS_* */
	__u32 sel;			/* RVK_KIND_SELECTOR: enum rvk_sel; else 0 */
	char name[RVK_TABLE_LEN];	/* of the match or target, at most RVK_NAME_LEN - 1 bytes */
	__u32 best;			/* out: 1 + the highest revision, 0: no such name */
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
