/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a second -v shows: the messages of a transaction as libnftnl, and so nft's and stock's
 * debugging, writes them.
 */
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <stdlib.h>

#include <ravelin/library.h>

#include "nft.h"

#define LONGEST 65536		/* of a rule; what goes beyond is cut by libnftnl */

/* What a message may be about, and what is not shown of it: an id of this transaction only. */
#define OBJECTS(X)	\
	X(table, (void)0)	\
	X(chain, (void)0)	\
	X(rule, lib.rule_unset(o, NFTNL_RULE_ID))

#define FUNCTIONS(X, object)	\
	X(object, alloc)	\
	X(object, free)		\
	X(object, nlmsg_parse)	\
	X(object, snprintf)

/* Loaded when it is asked for: no other command is to pay for it. */
static struct {
#define RV_Y(object, name) typeof(nftnl_##object##_##name) *object##_##name;
#define RV_X(object, trim) FUNCTIONS(RV_Y, object)
	OBJECTS(RV_X)
#undef RV_X
#undef RV_Y
	typeof(nftnl_rule_unset) *rule_unset;
} lib;

static const struct rv_symbol symbols[] = {
#define RV_Y(object, name) { "nftnl_" #object "_" #name, &lib.object##_##name },
#define RV_X(object, trim) FUNCTIONS(RV_Y, object)
	OBJECTS(RV_X)
#undef RV_X
#undef RV_Y
	{ "nftnl_rule_unset", &lib.rule_unset },
	{ NULL, NULL },
};

static const char *const sonames[] = { "libnftnl.so.11", NULL };

static const struct rv_library library = {
	.sonames = sonames,
	.symbols = symbols,
	.lacking = "a second -v needs libnftnl",
	.hint = "Debian's package is libnftnl11",
};

/* Of the text without the newline that a rule's ends with. */
static size_t length(const char *text)
{
	size_t len = strlen(text);

	return len && text[len - 1] == '\n' ? len - 1 : len;
}

/* Appends the text of a message about such an object. */
#define RV_X(object, trim)									\
	static void say_##object(struct rv_buf *b, const struct nlmsghdr *nlh)			\
	{											\
		struct nftnl_##object *o = lib.object##_alloc();				\
		char *text = malloc(LONGEST);							\
												\
		if (!o || !text) {								\
			b->failed = true;							\
		} else if (lib.object##_nlmsg_parse(nlh, o) >= 0) {				\
			trim;									\
			*text = '\0';								\
			lib.object##_snprintf(text, LONGEST, o, NFTNL_OUTPUT_DEFAULT, 0);	\
			rv_buf_printf(b, "%.*s\n", (int)length(text), text);		\
		}										\
		free(text);									\
		if (o)										\
			lib.object##_free(o);							\
	}
OBJECTS(RV_X)
#undef RV_X

static void say(struct rv_buf *b, const struct nlmsghdr *nlh)
{
	switch (nlh->nlmsg_type & 0xff) {
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_DELTABLE:
		say_table(b, nlh);
		break;
	case NFT_MSG_NEWCHAIN:
	case NFT_MSG_DELCHAIN:
		say_chain(b, nlh);
		break;
	case NFT_MSG_NEWRULE:
	case NFT_MSG_DELRULE:
		say_rule(b, nlh);
		break;
	default:
		break;
	}
}

int rv_nft_explain(struct rv_store *s, struct rv_buf *b, struct rv_error *err)
{
	struct rv_nft_batch *batch = &((struct rv_nft *)s->priv)->batch;

	if (!lib.table_alloc && rv_library_load(&library, err))
		return -1;
	for (; batch->explained < batch->nrecords; batch->explained++)
		say(b, (const void *)(batch->bytes.data + batch->records[batch->explained].offset));
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}
