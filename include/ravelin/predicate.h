/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a stateless match means: selector, operator, value, negation.
 * Whatever wants to understand rules (nf_tables expressions, evaluators, a rule
 * compiler, explanations) reads predicates, never an extension's own struct.
 */
#ifndef RAVELIN_PREDICATE_H
#define RAVELIN_PREDICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rv_rule;

/*
 * Selectors: name, bytes, byte order (N: as in the packet; H: host order; S: a
 * string padded with zeros; T: a text of any length). One row here and, where nf_tables
 * can load it, one in backend/nft/predicate.c is all a new selector needs.
 *
 * Some have several values at once (th.port, tcp.option): a predicate is true if it is of one of
 * them, and its negation if it is of none. A packet that has no such field fits neither; what is
 * not in the packet (owner, helper) may be missing, and then the negation is true.
 * Some need a parameter, rv_predicate.param: the remark says what it is.
 */
#define RV_SELECTORS(X)							\
	X(IP_SADDR, "ip.saddr", 4, N)					\
	X(IP_DADDR, "ip.daddr", 4, N)					\
	X(IP_PROTO, "ip.protocol", 1, N)				\
	X(IP_FRAG, "ip.frag_off", 2, N)					\
	X(IP6_SADDR, "ip6.saddr", 16, N)				\
	X(IP6_DADDR, "ip6.daddr", 16, N)				\
	X(L4PROTO, "meta.l4proto", 1, N)				\
	X(IIFNAME, "meta.iifname", 16, S)				\
	X(OIFNAME, "meta.oifname", 16, S)				\
	X(MARK, "meta.mark", 4, H)					\
	X(UID, "meta.skuid", 4, H)					\
	X(GID, "meta.skgid", 4, H)					\
	X(GROUPS, "meta.skgroups", 4, H) /* that one and the user's others */ \
	X(CGROUPS, "socket.cgroups", 0, T) /* path of the group, and of those above */ \
	X(SOCKET, "socket.exists", 1, H)				\
	/* The socket it is for. param: XT_SOCKET_NOWILDCARD if one for all addresses counts. */ \
	X(SOCKET_FOUND, "socket.found", 1, H)				\
	X(SOCKET_TRANSPARENT, "socket.transparent", 1, H)		\
	X(TH_SPORT, "th.sport", 2, N)					\
	X(TH_DPORT, "th.dport", 2, N)					\
	X(TH_PORT, "th.port", 2, N)	/* either of the two */		\
	X(TCP_FLAGS, "tcp.flags", 1, N)					\
	X(TCP_OPTION, "tcp.option", 1, N)				\
	X(TCP_MSS, "tcp.option.mss", 2, N)				\
	X(PKTTYPE, "meta.pkttype", 1, H)				\
	X(REALM, "rt.classid", 4, H)					\
	X(PHYSIN, "bridge.in", 16, S)					\
	X(PHYSOUT, "bridge.out", 16, S)					\
	X(PHYS_IS_IN, "bridge.has_in", 1, H)				\
	X(PHYS_IS_OUT, "bridge.has_out", 1, H)				\
	X(PHYS_BRIDGED, "bridge.bridged", 1, H)				\
	X(TOS, "ip.tos", 1, N)						\
	X(IPCOMP_SPI, "ipcomp.spi", 4, N)				\
	X(MH_TYPE, "mh.type", 1, N)					\
	X(IP6_HEADERS, "ip6.headers", 1, H)				\
	X(RT_TYPE, "rt.type", 4, H)					\
	X(RT_SEGLEFT, "rt.segments_left", 4, H)			\
	X(RT_LEN, "rt.length", 4, H)					\
	X(RT_RESERVED, "rt.reserved", 4, N)	/* of type 0, as the next two */ \
	X(RT_ADDRESSES, "rt.addresses", 1, H)	/* how many */		\
	/*								\
	 * param: which, from 1; 0: the first that fits behind the one that was found for the	\
	 * predicate of this match before this one.			\
	 */								\
	X(RT_ADDRESS, "rt.address", 16, N)				\
	X(SRH_NEXT, "srh.next_header", 1, N)				\
	X(SRH_LEN, "srh.header_length", 1, N)				\
	X(SRH_SEGLEFT, "srh.segments_left", 1, N)			\
	X(SRH_LAST, "srh.last_entry", 1, N)				\
	X(SRH_TAG, "srh.tag", 2, N)					\
	X(SRH_PSID, "srh.previous_segment", 16, N)			\
	X(SRH_NSID, "srh.next_segment", 16, N)				\
	X(SRH_LSID, "srh.last_segment", 16, N)				\
	X(ICMP_TYPE, "icmp.type_code", 2, N)				\
	X(ICMP6_TYPE, "icmp6.type_code", 2, N)				\
	X(ETHER_SADDR, "ether.saddr", 6, N)				\
	X(ADDRTYPE_SRC, "fib.saddr.type", 2, H)				\
	X(ADDRTYPE_DST, "fib.daddr.type", 2, H)				\
	X(ADDRTYPE_SRC_IN, "fib.saddr.iif.type", 2, H)	/* as that interface sees it */ \
	X(ADDRTYPE_DST_IN, "fib.daddr.iif.type", 2, H)			\
	X(ADDRTYPE_SRC_OUT, "fib.saddr.oif.type", 2, H)		\
	X(ADDRTYPE_DST_OUT, "fib.daddr.oif.type", 2, H)		\
	X(RPFILTER, "fib.saddr.reverse", 1, H)	/* a way back; param: XT_RPFILTER_* but INVERT */ \
	X(CT_STATE, "ct.state", 2, H)					\
	X(CT_STATUS, "ct.status", 2, H)					\
	X(CT_EXPIRE, "ct.expiration", 4, H)				\
	X(CT_DIR, "ct.direction", 1, H)					\
	X(CT_PROTO, "ct.protocol", 1, N)				\
	X(CT_ORIG_SADDR, "ct.original.saddr", 16, N)			\
	X(CT_ORIG_DADDR, "ct.original.daddr", 16, N)			\
	X(CT_REPL_SADDR, "ct.reply.saddr", 16, N)			\
	X(CT_REPL_DADDR, "ct.reply.daddr", 16, N)			\
	X(CT_ORIG_SPORT, "ct.original.sport", 2, N)			\
	X(CT_ORIG_DPORT, "ct.original.dport", 2, N)			\
	X(CT_REPL_SPORT, "ct.reply.sport", 2, N)			\
	X(CT_REPL_DPORT, "ct.reply.dport", 2, N)			\
	X(CT_MARK, "ct.mark", 4, H)					\
	X(CT_LABEL, "ct.label", 2, H)	/* a label that is set */	\
	/*								\
	 * jhash_1word() of the connection's first source, jhash2() of one of IPv6, with param as	\
	 * initval; where another one has expected it, of that one's.	\
	 */								\
	X(CT_HASH, "ct.original.saddr.hash", 4, H)			\
	X(CT_HELPER, "ct.helper", 0, T)	/* of the connection that expected this one */ \
	X(CT_ORIG_PACKETS, "ct.original.packets", 8, H)			\
	X(CT_REPL_PACKETS, "ct.reply.packets", 8, H)			\
	X(CT_PACKETS, "ct.packets", 8, H)				\
	X(CT_ORIG_BYTES, "ct.original.bytes", 8, H)			\
	X(CT_REPL_BYTES, "ct.reply.bytes", 8, H)			\
	X(CT_BYTES, "ct.bytes", 8, H)					\
	X(CT_ORIG_AVGPKT, "ct.original.avgpkt", 8, H)			\
	X(CT_REPL_AVGPKT, "ct.reply.avgpkt", 8, H)			\
	X(CT_AVGPKT, "ct.avgpkt", 8, H)					\
	X(IPVS, "ipvs.exists", 1, H)	/* a connection of the load balancer's, as all of ipvs */ \
	X(IPVS_PROTO, "ipvs.protocol", 1, N)				\
	X(IPVS_VADDR, "ipvs.vaddr", 16, N)				\
	X(IPVS_VPORT, "ipvs.vport", 2, N)				\
	X(IPVS_DIR, "ipvs.direction", 1, H)				\
	X(IPVS_METHOD, "ipvs.method", 1, H)	/* IP_VS_CONN_F_* */	\
	X(IPVS_CONTROL, "ipvs.control.vport", 2, N)			\
	/*								\
	 * What IPsec undid and what it will do, the innermost first. param: which, from 1;	\
	 * 0: one of them, the same for all predicates of a match.	\
	 */								\
	X(XFRM_IN, "xfrm.in.count", 1, H)				\
	X(XFRM_OUT, "xfrm.out.count", 1, H)				\
	X(XFRM_IN_REQID, "xfrm.in.reqid", 4, H)				\
	X(XFRM_OUT_REQID, "xfrm.out.reqid", 4, H)			\
	X(XFRM_IN_SPI, "xfrm.in.spi", 4, N)				\
	X(XFRM_OUT_SPI, "xfrm.out.spi", 4, N)				\
	X(XFRM_IN_PROTO, "xfrm.in.protocol", 1, N)			\
	X(XFRM_OUT_PROTO, "xfrm.out.protocol", 1, N)			\
	X(XFRM_IN_MODE, "xfrm.in.mode", 1, H)	/* XT_POLICY_MODE_* */	\
	X(XFRM_OUT_MODE, "xfrm.out.mode", 1, H)				\
	X(XFRM_IN_DADDR, "xfrm.in.daddr", 16, N)			\
	X(XFRM_OUT_DADDR, "xfrm.out.daddr", 16, N)			\
	X(XFRM_IN_SADDR, "xfrm.in.saddr", 16, N)			\
	X(XFRM_OUT_SADDR, "xfrm.out.saddr", 16, N)			\
	/* The clock: in UTC, or in the kernel's zone. */		\
	X(DATE, "time.date", 4, H)		/* seconds since 1970, up to INT32_MAX */ \
	X(LOCAL_DATE, "time.local.date", 4, H)				\
	X(DAYTIME, "time.second", 4, H)		/* of the day */	\
	X(LOCAL_DAYTIME, "time.local.second", 4, H)			\
	/* As bits: 1 << 1 is Monday, or the first. param: that many seconds ago */ \
	X(WEEKDAY, "time.weekday", 1, H)				\
	X(LOCAL_WEEKDAY, "time.local.weekday", 1, H)			\
	X(MONTHDAY, "time.monthday", 4, H)				\
	X(LOCAL_MONTHDAY, "time.local.monthday", 4, H)			\
	X(OSF, "osf.name", 0, T)		/* param: how the TTL is compared, as --ttl */ \
	X(IP_DSCP, "ip.dscp", 1, N)					\
	X(IP6_DSCP, "ip6.dscp", 1, N)					\
	X(IP_ECN, "ip.ecn", 1, N)					\
	X(IP6_ECN, "ip6.ecn", 1, N)					\
	X(TTL, "ip.ttl", 1, N)					\
	X(HOPLIMIT, "ip6.hoplimit", 1, N)				\
	X(LENGTH, "packet.length", 4, H) /* from the network header on */ \
	/*								\
	 * Each run of bytes between two offsets from the network header on. param: the first of	\
	 * them and, in the upper half, the one behind the last.	\
	 */								\
	X(BYTES, "packet.bytes", 0, T)					\
	X(BYTES_ICASE, "packet.bytes.icase", 0, T)	/* capital letters as small ones */ \
	/*								\
	 * What a program finds in the packet. packet.u32: tests that all hold, struct xt_u32_test of	\
	 * uapi linux/netfilter/xt_u32.h, without one always; packet.bpf: a result other than 0,	\
	 * struct sock_filter of uapi linux/filter.h.			\
	 */								\
	X(U32, "packet.u32", 0, T)					\
	X(BPF, "packet.bpf", 0, T)					\
	X(CPU, "meta.cpu", 4, H)					\
	X(CGROUP, "meta.cgroup", 4, H)					\
	X(IIFGROUP, "meta.iifgroup", 4, H)				\
	X(OIFGROUP, "meta.oifgroup", 4, H)				\
	X(AH, "ah.exists", 1, H)					\
	X(AH_SPI, "ah.spi", 4, N)					\
	X(AH_LENGTH, "ah.length", 4, H)	/* of the header, in bytes */	\
	X(AH_RESERVED, "ah.reserved", 2, N)				\
	X(ESP_SPI, "esp.spi", 4, N)					\
	/*								\
	 * The type of a chunk of SCTP and its flags, for RV_OP_CHUNKS. param: SCTP_CHUNK_MATCH_*,	\
	 * one chunk is in the list, each of the list is met, or no chunk is without the list.	\
	 */								\
	X(SCTP_CHUNK, "sctp.chunk", 2, N)				\
	X(DCCP_TYPE, "dccp.type", 2, H)	/* as a bit */			\
	X(DCCP_OPTION, "dccp.option", 1, N)				\
	X(FRAG, "frag.exists", 1, H)					\
	X(FRAG_ID, "frag.id", 4, N)					\
	X(FRAG_RESERVED, "frag.reserved", 1, N)				\
	X(FRAG_OFFSET, "frag.frag-off", 2, N)				\
	X(FRAG_MORE, "frag.more-fragments", 1, N)			\
	X(DST, "dst.exists", 1, H)					\
	X(DST_LENGTH, "dst.length", 4, H)				\
	X(DST_OPTION, "dst.option", 2, N)	/* type and length; param: which, from 1 */ \
	X(HBH, "hbh.exists", 1, H)					\
	X(HBH_LENGTH, "hbh.length", 4, H)				\
	X(HBH_OPTION, "hbh.option", 2, N)

enum rv_sel {
	RV_SEL_NONE,
#define RV_X(id, name, len, order) RV_SEL_##id,
	RV_SELECTORS(RV_X)
#undef RV_X
	RV_SEL_COUNT
};

enum rv_order { RV_ORDER_N, RV_ORDER_H, RV_ORDER_S, RV_ORDER_T };

struct rv_selector {
	const char *name;
	uint8_t len;
	enum rv_order order;
};

extern const struct rv_selector rv_selectors[RV_SEL_COUNT];

/* A number as wide as the selector (up to 8 bytes) and in its byte order. */
void rv_selector_put(enum rv_sel sel, uint64_t n, uint8_t *bytes);
uint64_t rv_selector_get(enum rv_sel sel, const uint8_t *bytes);

enum rv_op {
	RV_OP_EQ,	/* x == value */
	RV_OP_PREFIX,	/* the first len bytes of x == value (interface wildcards) */
	RV_OP_MASK,	/* (x & other) == value */
	RV_OP_ANY,	/* (x & value) != 0 (sets of bits: states, address types) */
	RV_OP_RANGE,	/* value <= x <= other */
	RV_OP_IN,	/* x in one of the ranges of list */
	RV_OP_BEGINS,	/* text begins with x */
	RV_OP_CHUNKS,	/* one of list: a type from from[0] to to[0], whose flags & to[1] are from[1] */
};

/* Inclusive; in the selector's byte order. */
struct rv_interval {
	uint8_t from[16], to[16];
};

#define RV_PREDICATE_LIST 22	/* the chunks of SCTP that have names, the longest list there is */

struct rv_predicate {
	enum rv_sel sel;
	enum rv_op op;
	bool negate;
	uint16_t len;		/* bytes compared: the selector's, fewer for RV_OP_PREFIX */
	uint8_t value[16];
	uint8_t other[16];	/* mask or end of range */
	uint32_t param;		/* of the selector, where it has one */
	const char *text;	/* of RV_ORDER_T, instead of value: len bytes or, where that is 0, up
				 * to a NUL; it belongs to the part */
	uint8_t count;		/* of list */
	struct rv_interval list[RV_PREDICATE_LIST];
};

/*
 * Puts a predicate into its normal form: two that are true of the same packets because they
 * say the same otherwise (a range of one number, a mask of all bits, bits that are 0) are alike
 * then. Unused bytes are zero afterwards.
 */
void rv_predicate_normalise(struct rv_predicate *p);
/* Whether two predicates in normal form are the same. */
bool rv_predicate_equal(const struct rv_predicate *a, const struct rv_predicate *b);

/* Called once per predicate; a result other than 0 ends the walk and is returned. */
typedef int rv_predicate_fn(const struct rv_predicate *p, void *arg);

#endif
