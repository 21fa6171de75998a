/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>

#include "cli/complete/candidates.h"

/* ---- words ---------------------------------------------------------------------------- */

void rv_offer(struct rv_offers *o, const char *word, const char *help)
{
	if (strncmp(word, o->part, o->len) != 0)
		return;
	rv_buf_add(&o->out, o->head, o->head_len);
	rv_buf_printf(&o->out, "%s\t%s\n", word, help ? help : "");
}

void rv_offers_start(struct rv_offers *o, const char *word, size_t start)
{
	o->head = word;
	o->head_len = start;
	o->part = word + start;
	o->len = strlen(o->part);
}

void rv_offer_option(struct rv_offers *o, char letter, const char *name, const char *help)
{
	char text[64];

	snprintf(text, sizeof(text), "--%s", name);
	rv_offer(o, text, help);
	if (!letter || o->part[0] != '-')
		return;
	snprintf(text, sizeof(text), "-%c", letter);
	rv_offer(o, text, help);
}

/* ---- chains --------------------------------------------------------------------------- */

static void offer_chain(struct rv_offers *o, const struct rv_chain *c, enum rv_chains which)
{
	if (c->base >= 0 && which & RV_CHAINS_BASE)
		rv_offer(o, c->name, "built-in chain");
	else if (c->base < 0 && c->exists && which & RV_CHAINS_USER)
		rv_offer(o, c->name, "chain");
}

void rv_offer_chains(struct rv_offers *o, rv_family_t family, const struct rv_table_def *def,
		     enum rv_chains which)
{
	struct rv_error err = { 0 };
	struct rv_table *t = NULL;
	struct rv_ruleset bare;
	struct rv_store s;
	bool exists, open;

	rv_ruleset_init(&bare, family);
	open = rv_store_open(&s, o->spec, family, true, &err) == 0;
	if (open && rv_store_table_exists(&s, def, &exists, &err) == 0)
		t = rv_ruleset_table(&s.rs, def);
	else
		t = rv_ruleset_table(&bare, def);
	if (t)
		rv_list_each(c, &t->chains, struct rv_chain, node)
			offer_chain(o, c, which);
	if (open)
		rv_store_close(&s);
	rv_ruleset_clear(&bare);
}

/* ---- extensions ------------------------------------------------------------------------- */

struct name_search {
	struct rv_offers *o;
	enum rv_ext_kind kind;
	rv_family_t family;
	const char *table;
};

/* Whether the space-separated list contains the word. */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

static void offer_ext(const struct rv_ext *ext, void *arg)
{
	struct name_search *s = arg;

	if (ext->kind != s->kind || (ext->family && ext->family != s->family) ||
	    (rv_ext_only(ext)->tables && !has_word(rv_ext_only(ext)->tables, s->table)))
		return;
	rv_offer(s->o, ext->name, ext->help);
}

void rv_offer_exts(struct rv_offers *o, enum rv_ext_kind kind, rv_family_t family,
		   const struct rv_table_def *def)
{
	struct name_search s = { o, kind, family, def->name };

	rv_ext_each(offer_ext, &s);
}

/* ---- the system -------------------------------------------------------------------------- */

void rv_offer_interfaces(struct rv_offers *o)
{
	struct if_nameindex *names = if_nameindex();

	for (struct if_nameindex *i = names; i && i->if_name; i++)
		rv_offer(o, i->if_name, "interface");
	if (names)
		if_freenameindex(names);
}

void rv_offer_protocols(struct rv_offers *o, rv_family_t family)
{
	for (unsigned int i = 0; i <= UINT8_MAX; i++) {
		const char *name = rv_protocol_name(family, (uint16_t)i);

		if (name)
			rv_offer(o, name, "protocol");
	}
}

static int offer_set(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(a) == IPSET_ATTR_SETNAME &&
		    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0)
			rv_offer(arg, mnl_attr_get_str(a), "set");
	return MNL_CB_OK;
}

/* Request for the names of all sets: linux/netfilter/ipset/ip_set.h. */
static struct nlmsghdr *ask_sets(void *at)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_IPSET << 8 | IPSET_CMD_LIST;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = NFPROTO_IPV4;
	nfg->version = NFNETLINK_V0;
	mnl_attr_put_u8(nlh, IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL);
	mnl_attr_put_u32(nlh, IPSET_ATTR_FLAGS, htonl(IPSET_FLAG_LIST_SETNAME));
	return nlh;
}

void rv_offer_sets(struct rv_offers *o)
{
	_Alignas(8) char buf[8192];
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	struct nlmsghdr *nlh = ask_sets(buf);
	ssize_t len;

	if (!nl)
		return;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) >= 0)
		while ((len = mnl_socket_recvfrom(nl, buf, sizeof(buf))) > 0 &&
		       mnl_cb_run(buf, (size_t)len, 0, mnl_socket_get_portid(nl), offer_set, o) > 0)
			;
	mnl_socket_close(nl);
}
