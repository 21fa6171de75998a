/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks that a dump is complete. It comes in parts, and between parts the kernel only remembers
 * how many objects it has passed, including those of a transaction being checked. If that
 * transaction is rejected, there is no new generation, no notification and no NLM_F_DUMP_INTR, but
 * the next part starts too late, so objects are missing, or, if the transaction began in between,
 * too early, so they are repeated.
 *
 * A rule message contains the handle of the previous rule in the chain, which proves that nothing
 * is missing between them. This proves nothing where a part begins with another chain, or where the
 * last part has no space for one more rule: following rules may have been skipped. Other objects
 * have no such reference.
 */
#include "netlink.h"

/* The attribute with the handle. Elements have none: their readers must count them. */
static const struct { uint8_t type, handle; } handles[] = {
	{ NFT_MSG_GETTABLE, NFTA_TABLE_HANDLE },
	{ NFT_MSG_GETCHAIN, NFTA_CHAIN_HANDLE },
	{ NFT_MSG_GETRULE, NFTA_RULE_HANDLE },
	{ NFT_MSG_GETSET, NFTA_SET_HANDLE },
	{ NFT_MSG_GETOBJ, NFTA_OBJ_HANDLE },
	{ NFT_MSG_GETFLOWTABLE, NFTA_FLOWTABLE_HANDLE },
};

static uint16_t handle_attr(uint8_t type)
{
	for (size_t i = 0; i < sizeof(handles) / sizeof(*handles); i++)
		if (handles[i].type == type)
			return handles[i].handle;
	return 0;
}

struct rv_nft_dump rv_nft_dump_begin(uint8_t type)
{
	return (struct rv_nft_dump){ .type = type, .proven = true };
}

void rv_nft_dump_part(struct rv_nft_dump *d, size_t len)
{
	d->next = len;
}

/* Returns false if a rule is missing before this one, or it is repeated. */
static bool follow(struct rv_nft_dump *d, const struct rv_nft_view *t, uint64_t handle)
{
	const char *chain = rv_nft_get_text(t[NFTA_RULE_CHAIN]);
	uint64_t before = 0;
	bool same = chain && !strcmp(d->chain, chain);

	rv_nft_get_u64(t[NFTA_RULE_POSITION], &before);
	if (before != (same ? d->handle : 0))
		return false;
	if (!same)
		snprintf(d->chain, sizeof(d->chain), "%s", chain ? chain : "");
	d->handle = handle;
	/* The first part starts at the start of the dump. */
	d->proven &= same || !d->next || !d->parts;
	return true;
}

bool rv_nft_dump_see(struct rv_nft_dump *d, struct rv_nft_view attrs, size_t len)
{
	struct rv_nft_view t[NFTA_SET_MAX + 1];	/* the largest attribute table */
	uint16_t attr = handle_attr(d->type);
	uint64_t handle = 0;

	/* Malformed messages are reported where they are parsed. */
	if (!attr || !rv_nft_attr_table(attrs, t, NFTA_SET_MAX + 1))
		return true;
	rv_nft_get_u64(t[attr], &handle);
	if (d->type != NFT_MSG_GETRULE)
		d->proven &= !d->next || !d->parts;
	else if (!follow(d, t, handle))
		return false;
	/* FNV-1a over handles. */
	d->digest = (d->digest ^ handle) * 1099511628211u;
	d->digest++;
	if (d->next) {
		d->len = d->next;
		d->parts++;
	}
	d->next = 0;
	if (d->largest < len)
		d->largest = len;
	return true;
}

/*
 * A part is a socket buffer of one page, two pages, or 32 KiB, minus the kernel's reserve
 * (netlink_dump() in net/netlink/af_netlink.c).
 */
#define LEAST_ROOM 4096
#define RESERVED 512

bool rv_nft_dump_is_whole(const struct rv_nft_dump *d)
{
	size_t room = LEAST_ROOM;

	while (room < d->len)
		room *= 2;
	return d->proven && d->len + d->largest + RESERVED <= room;
}
