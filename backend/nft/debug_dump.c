/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output of a second -v: the rules read and the messages of a transaction, printed by libnftnl like
 * in stock's debugging output. A third -v prints the messages with libmnl.
 */
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <stdlib.h>

#include <ravelin/library.h>

#include "debug_dump.h"

#define LONGEST 65536		/* maximum length of a rule; libnftnl truncates the rest */

/* Objects of messages, and the function that removes what is not printed. */
#define OBJECTS(X)	\
	X(table, (void)0)	\
	X(chain, (void)0)	\
	X(rule, trim(o, nlh))

#define FUNCTIONS(X, object)	\
	X(object, alloc)	\
	X(object, free)		\
	X(object, nlmsg_parse)	\
	X(object, snprintf)

/* Loaded on demand, so that other commands do not need it. */
static struct {
#define RV_Y(object, name) typeof(nftnl_##object##_##name) *object##_##name;
#define RV_X(object, less) FUNCTIONS(RV_Y, object)
	OBJECTS(RV_X)
#undef RV_X
#undef RV_Y
	typeof(nftnl_rule_unset) *rule_unset;
	typeof(nftnl_rule_is_set) *rule_is_set;
} lib;

static const struct rv_symbol symbols[] = {
#define RV_Y(object, name) { "nftnl_" #object "_" #name, &lib.object##_##name },
#define RV_X(object, less) FUNCTIONS(RV_Y, object)
	OBJECTS(RV_X)
#undef RV_X
#undef RV_Y
	{ "nftnl_rule_unset", &lib.rule_unset },
	{ "nftnl_rule_is_set", &lib.rule_is_set },
	{ NULL, NULL },
};

static const char *const sonames[] = { "libnftnl.so.11", NULL };

static const struct rv_library library = {
	.sonames = sonames,
	.symbols = symbols,
	.lacking = "a second -v has no effect without libnftnl",
	.hint = "install libnftnl (Debian: libnftnl11)",
};

/* Length without the newline at the end of a rule. */
static size_t length(const char *text)
{
	size_t len = strlen(text);

	return len && text[len - 1] == '\n' ? len - 1 : len;
}

/* IDs are only valid in this transaction; stock omits the family of a flushed chain. */
static void trim(struct nftnl_rule *r, const struct nlmsghdr *nlh)
{
	bool one = lib.rule_is_set(r, NFTNL_RULE_HANDLE) || lib.rule_is_set(r, NFTNL_RULE_ID);

	lib.rule_unset(r, NFTNL_RULE_ID);
	if ((nlh->nlmsg_type & 0xff) == NFT_MSG_DELRULE && !one)
		lib.rule_unset(r, NFTNL_RULE_FAMILY);
}

/* Appends the text of a message about this kind of object. */
#define RV_X(object, less)									\
	static void say_##object(struct rv_buf *b, const struct nlmsghdr *nlh)			\
	{											\
		struct nftnl_##object *o = lib.object##_alloc();				\
		char *text = malloc(LONGEST);							\
												\
		if (!o || !text) {								\
			b->failed = true;							\
		} else if (lib.object##_nlmsg_parse(nlh, o) >= 0) {				\
			less;									\
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

void rv_nft_explain_message(struct rv_buf *b, const struct nlmsghdr *nlh)
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

bool rv_nft_can_explain(struct rv_store *s, struct rv_error *err)
{
	static bool tried, works;
	struct rv_error why = { .kind = RV_ERR_NONE };

	if (!tried) {
		works = rv_library_load(&library, &why) == 0;
		tried = true;
	}
	if (!works) {
		if (why.text[0])
			rv_warn(err, "%s (%s)", why.text, why.hint);
		s->explain = (struct rv_explain){ .read = NULL };
	}
	return works;
}

int rv_nft_explain_rule(struct rv_nft_view attrs, struct rv_buf *b, struct rv_error *err)
{
	const size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));

	say_rule(b, (const void *)(attrs.data - head));
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}
