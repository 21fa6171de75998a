/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message headers, and the table, chain and handle of a rule message. */
#include <arpa/inet.h>

#include "wire.h"

void rv_nft_put_message(struct rv_buf *b, uint16_t type, uint16_t flags, rv_family_t family,
			uint16_t res_id, uint32_t seq)
{
	struct {
		struct nlmsghdr nlh;
		struct nfgenmsg nfg;
	} head = {
		.nlh = {
			.nlmsg_len = sizeof(head), .nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = seq,
		},
		.nfg = { .nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(res_id) },
	};

	rv_buf_add(b, &head, sizeof(head));
}

void rv_nft_end_message(struct rv_buf *b, size_t start)
{
	uint32_t len = b->len - start;

	if (!b->failed)
		memcpy(b->data + start + offsetof(struct nlmsghdr, nlmsg_len), &len, sizeof(len));
}

size_t rv_nft_begin_message(struct rv_buf *b, uint32_t *seq, uint8_t type, uint16_t flags,
			    rv_family_t family)
{
	size_t start = b->len;

	rv_nft_put_message(b, NFNL_SUBSYS_NFTABLES << 8 | type, flags, family, 0, (*seq)++);
	return start;
}

void rv_nft_put_batch_begin(struct rv_buf *b)
{
	rv_nft_put_message(b, NFNL_MSG_BATCH_BEGIN, 0, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES, 0);
}

void rv_nft_put_batch_end(struct rv_buf *b, uint32_t seq)
{
	rv_nft_put_message(b, NFNL_MSG_BATCH_END, 0, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES, seq);
}

int rv_nft_malformed(struct rv_error *err)
{
	return rv_fail(err, RV_ERR_RESOURCE, NULL, "the kernel's answer is malformed");
}

int rv_nft_changed(struct rv_error *err)
{
	return rv_fail(err, RV_ERR_AGAIN, NULL, "Resource temporarily unavailable");
}

int rv_nft_changed_by_others(struct rv_error *err)
{
	rv_nft_changed(err);
	return rv_hint(err, "another program changed the ruleset at the same time");
}

int rv_nft_place_of(struct rv_nft_view attrs, struct rv_nft_view *t, struct rv_nft_place *place,
		    struct rv_error *err)
{
	*place = (struct rv_nft_place){ .table = "?", .chain = "?" };
	if (!rv_nft_attr_table(attrs, t, NFTA_RULE_MAX + 1) ||
	    !rv_nft_get_text(t[NFTA_RULE_TABLE]) || !rv_nft_get_text(t[NFTA_RULE_CHAIN]) ||
	    (t[NFTA_RULE_HANDLE].data && !rv_nft_get_u64(t[NFTA_RULE_HANDLE], &place->handle)))
		return rv_nft_malformed(err);
	place->table = rv_nft_get_text(t[NFTA_RULE_TABLE]);
	place->chain = rv_nft_get_text(t[NFTA_RULE_CHAIN]);
	return 0;
}

bool rv_nft_is_sayable(const char *name)
{
	if (!*name || *name == '-' || *name == '!' || strlen(name) >= RV_CHAIN_NAME_LEN ||
	    rv_verdict_find(name) != RV_VERDICT_NONE)
		return false;
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' || *name == 0x7f)
			return false;
	return true;
}
