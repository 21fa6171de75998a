/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>

#include <linux/netfilter/nf_conntrack_tuple_common.h>

#include "sources.h"

#define PLACE(k, b, o, n) .kind = (k), .base = (b), .offset = (o), .len = (n)
#define NETWORK(off, n) PLACE(RV_NFT_PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, off, n)
#define BITS(off, n, which) NETWORK(off, n), .bits = (which)
#define TRANSPORT(off, n) PLACE(RV_NFT_PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, off, n)
#define PORTS(off) TRANSPORT(off, 2)
#define HEADER(type, off, n) PLACE(RV_NFT_EXTHDR, type, off, n)
#define META(key, ...) PLACE(RV_NFT_META, NFT_META_##key, 0, 0)
#define CT(key, dir) PLACE(RV_NFT_CT, NFT_CT_##key, 0, 0), .direction = (dir)

enum { EITHER, ORIGINAL = 1 + IP_CT_DIR_ORIGINAL, REPLY = 1 + IP_CT_DIR_REPLY };

const struct rv_nft_source *const rv_nft_sources[RV_SEL_COUNT] = {
	[RV_SEL_NONE] = (const struct rv_nft_source[]){ { .kind = RV_NFT_KINDS } },
#define RV_SELECTOR(id, name, length, order, fam, protocol, class, ...)				\
	[RV_SEL_##id] = (const struct rv_nft_source[]){ __VA_ARGS__ { .kind = RV_NFT_KINDS } },
#define AT(...) { __VA_ARGS__ },
#define ALSO(fam, ...) { .family = NFPROTO_##fam, __VA_ARGS__ },
#define IN_ENGINE(...)
#include <ravelin/selectors.def>
};

const unsigned char rv_nft_never_iface[8] = "INVAL/D";

bool rv_nft_source_fits(const struct rv_nft_source *source, enum rv_sel sel, rv_family_t family)
{
	uint8_t wanted = source->family ? source->family : rv_selectors[sel].family;

	return !wanted || wanted == family;
}

bool rv_nft_source_is(const struct rv_nft_source *source, const struct rv_nft_load *l)
{
	if (l->kind != source->kind)
		return false;
	switch (source->kind) {
	case RV_NFT_PAYLOAD:
		return l->base == source->base && l->offset == source->offset;
	case RV_NFT_EXTHDR:
		return l->header == source->base && l->offset == source->offset && !l->flags &&
		       l->op == NFT_EXTHDR_OP_IPV6;
	case RV_NFT_CT:
		return l->key == source->base &&
		       (l->given & 1U << NFTA_CT_DIRECTION ? l->direction + 1 : 0) == source->direction;
	default:
		return l->key == source->base;
	}
}
