/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Detects rules that also apply but are not shown: those of iptables-legacy, and of foreign
 * nf_tables tables.
 */
#include <fcntl.h>
#include <unistd.h>

#include "fast/fast.h"
#include "nft.h"

/* The kernel lists the legacy tables in use: /proc/net/ip_tables_names, proc(5). */
static bool has_legacy(rv_family_t family)
{
	int fd = open(rv_family(family)->legacy, O_RDONLY | O_CLOEXEC);
	char byte;
	bool some;

	if (fd < 0)
		return false;
	some = read(fd, &byte, 1) == 1;
	close(fd);
	return some;
}

/* Families whose chains see IPv4 or IPv6 packets, by their names in nft. */
static const struct {
	uint8_t family;
	const char *name;
} families[] = {
	{ NFPROTO_IPV4, "ip" }, { NFPROTO_IPV6, "ip6" }, { NFPROTO_INET, "inet" },
	{ NFPROTO_NETDEV, "netdev" }, { NFPROTO_BRIDGE, "bridge" },
};

/* Tables found so far, for a one-line message. */
struct found {
	uint8_t family;
	const char *family_name;
	const struct rv_nft_batch *ours;	/* determines which tables are shown; NULL: none */
	char last[NFT_TABLE_MAXNAMELEN];
	struct rv_buf names;
	unsigned int count;
};

#define MOST 5

static void note_table(struct found *f, const char *name)
{
	if (!strcmp(f->last, name))
		return;
	snprintf(f->last, sizeof(f->last), "%s", name);
	if (f->count++ < MOST)
		rv_buf_printf(&f->names, "%s%s %s", f->count > 1 ? ", " : "", f->family_name, name);
}

/* For a table in profile fast, the one of profile compat is not shown. */
static bool is_shown(const struct found *f, const char *table)
{
	for (const struct rv_table_def *def = rv_table_defs; f->ours && def->name; def++)
		if (!strcmp(rv_nft_table_name(f->ours, def), table))
			return true;
	return false;
}

/* A table counts if one of its base chains has rules. */
static int see_chain(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_CHAIN_MAX + 1];
	struct found *f = arg;
	const char *table;
	uint32_t use = 0;

	(void)err;
	if (!rv_nft_attr_table(attrs, t, NFTA_CHAIN_MAX + 1) || !t[NFTA_CHAIN_HOOK].data ||
	    !rv_nft_get_u32(t[NFTA_CHAIN_USE], &use) || !use)
		return 0;
	table = rv_nft_get_text(t[NFTA_CHAIN_TABLE]);
	if (table && !is_shown(f, table))
		note_table(f, table);
	return 0;
}

/* An incomplete dump only affects a warning. */
static bool enough(void *arg)
{
	(void)arg;
	return true;
}

static void find_tables(struct rv_nft_socket *n, rv_family_t family,
			const struct rv_nft_batch *ours, struct found *f)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		const struct rv_nft_query q = {
			.type = NFT_MSG_GETCHAIN, .family = families[i].family, .dump = true,
			.whole = enough,
		};
		bool other = families[i].family == NFPROTO_IPV4 ||
			     families[i].family == NFPROTO_IPV6;
		struct rv_error err = { 0 };

		if (other && families[i].family != family)
			continue;
		f->ours = families[i].family == family ? ours : NULL;
		f->family_name = families[i].name;
		f->last[0] = '\0';
		/* Errors only affect a warning. */
		rv_nft_ask(n, &q, see_chain, f, &err);
	}
}

static void warn_of_legacy(rv_family_t family, const char *suffix, struct rv_error *err)
{
	const char *tool = rv_family(family)->tool;

	if (has_legacy(family))
		rv_warn(err, "# Warning: %s-legacy tables present, use %s-legacy%s to see them",
			tool, tool, suffix);
}

static void warn_of_tables(struct rv_nft_socket *n, rv_family_t family,
			   const struct rv_nft_batch *ours, struct rv_error *err)
{
	struct found f = { .count = 0 };

	find_tables(n, family, ours, &f);
	if (f.count && rv_buf_ok(&f.names))
		rv_warn(err, "# Warning: packets also pass nf_tables rules outside %s (%s%s), "
			"use 'nft list ruleset' to see them", ours ? "iptables" : "ravelin.ko",
			rv_buf_text(&f.names), f.count > MOST ? ", ..." : "");
	rv_buf_free(&f.names);
}

void rv_nft_other_rules(struct rv_store *s, const char *suffix, bool person, struct rv_error *err)
{
	struct rv_nft *n = s->priv;

	warn_of_legacy(s->rs.family, suffix, err);
	if (!person)
		return;
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++) {
		const struct rv_table t = { .def = def };
		struct rv_error none = { 0 };

		rv_fast_know(s, &t, &none);
	}
	warn_of_tables(&n->socket, s->rs.family, &n->batch, err);
}

void rv_nft_module_rules(struct rv_store *s, const char *suffix, bool person, struct rv_error *err)
{
	struct rv_nft_socket n = { 0 };
	struct rv_error none = { 0 };

	warn_of_legacy(s->rs.family, suffix, err);
	/* A kernel without nf_tables has no rules there. */
	if (!person || rv_nft_open(&n, &none))
		return;
	warn_of_tables(&n, s->rs.family, NULL, err);
	rv_nft_close(&n);
}
