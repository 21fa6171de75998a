/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds which named sets, chains and objects a rule kept as an object uses and the kernel lacks. */
#include "backend/nft/wire/object.h"
#include "batch.h"

struct search {
	struct rv_nft_socket *n;
	rv_family_t family;
	const struct rv_table *table;
	struct rv_buf *found;
};

/* Kinds of named objects, and how to request them. */
static const struct kind {
	enum rv_nft_spot spot;
	uint8_t type;
	uint16_t table, name;
	const char *what;
} kinds[] = {
	{ RV_NFT_SPOT_SET, NFT_MSG_GETSET, NFTA_SET_TABLE, NFTA_SET_NAME, "set" },
	{ RV_NFT_SPOT_CHAIN, NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, "chain" },
	{ RV_NFT_SPOT_FLOWTABLE, NFT_MSG_GETFLOWTABLE, NFTA_FLOWTABLE_TABLE, NFTA_FLOWTABLE_NAME,
	  "flowtable" },
	/* These also have a type, which references do not always contain. */
	{ RV_NFT_SPOT_OBJECT, 0, 0, 0, "object" },
};

static bool is_missing(const struct search *s, const struct kind *k, const char *name)
{
	const struct rv_nft_query q = {
		.type = k->type, .family = s->family, .table_attr = k->table,
		.table = s->table->def->name, .chain_attr = k->name, .chain = name,
	};
	const struct rv_chain *c = k->spot == RV_NFT_SPOT_CHAIN ? rv_table_chain(s->table, name) : NULL;
	struct rv_error err = { 0 };

	if (c && (c->exists || c->base >= 0))
		return false;
	return !k->type || rv_nft_ask(s->n, &q, NULL, NULL, &err) == 1;
}

static int look_at(struct rv_nft_copier *c, enum rv_nft_spot spot, uint16_t type, struct rv_nft_view v)
{
	const struct search *s = c->arg;
	const char *name = rv_nft_get_text(v);

	for (size_t i = 0; name && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (kinds[i].spot != spot || strchr(name, '%') || !is_missing(s, &kinds[i], name))
			continue;
		rv_buf_printf(s->found, "%s%s `%s'", s->found->len ? ", " : "", kinds[i].what, name);
	}
	return 0;
}

void rv_nft_object_lacks(struct rv_buf *b, struct rv_nft_socket *n, rv_family_t family,
			 const struct rv_table *table, const struct rv_bytes *object)
{
	struct rv_nft_walk w = rv_nft_attrs((struct rv_nft_view){ object->data, object->len });
	struct rv_buf found = RV_BUF_INIT, copy = RV_BUF_INIT;
	struct search s = { .n = n, .family = family, .table = table, .found = &found };
	struct rv_nft_attr a;

	while (rv_nft_next(&w, &a)) {
		struct rv_nft_copier c = { .out = &copy, .spot = look_at, .arg = &s };

		rv_nft_copy_level(&c, rv_nft_message_level(a.type), a.value);
	}
	if (found.len)
		rv_buf_printf(b, ": missing: %s", rv_buf_text(&found));
	rv_buf_free(&found);
	rv_buf_free(&copy);
}
