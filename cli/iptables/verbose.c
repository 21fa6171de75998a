/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output of -v for a change: the rule on one line, or the chains affected by a command without
 * chain name.
 */
#include <string.h>

#include <ravelin/registry.h>

#include "cli/iptables/iptables.h"

static const char *target_name(const struct rv_rule *r)
{
	const char *verdict = rv_verdict_name(r->verdict);

	if (r->target)
		return r->target->ext->name;
	if (r->jump[0])
		return r->jump;
	return verdict ? verdict : "";
}

static void add_proto(struct rv_buf *b, rv_family_t family, const struct rv_ip *ip)
{
	const char *name = rv_protocol_name(family, ip->proto);

	rv_buf_putc(b, ip->invert & RV_IP_PROTO ? '!' : ' ');
	if (name)
		rv_buf_puts(b, name);
	else
		rv_buf_u64(b, ip->proto);
}

static void add_frag(struct rv_buf *b, const struct rv_ip *ip)
{
	rv_buf_puts(b, " opt ");
	if (ip->invert & RV_IP_FRAG)
		rv_buf_puts(b, "!f");
	else
		rv_buf_puts(b, ip->flags & RV_IP_FRAG ? "-f" : "--");
}

static void add_iface(struct rv_buf *b, const char *word, const char *name, bool invert)
{
	rv_buf_puts(b, word);
	if (invert)
		rv_buf_putc(b, '!');
	rv_buf_puts(b, name[0] && (invert || strcmp(name, "+")) ? name : "*");
}

/* "any" is printed as an address with length: 0.0.0.0/0, ::/0. */
static void add_address(struct rv_buf *b, rv_family_t family, const union nf_inet_addr *addr,
			const union nf_inet_addr *mask)
{
	rv_print_address(b, family, addr);
	rv_print_mask(b, family, mask);
}

static void add_rule_line(struct rv_buf *b, rv_family_t family, const struct rv_rule *r)
{
	const struct rv_ip *ip = &r->ip;
	struct rv_out o = {
		.buf = b, .style = RV_STYLE_LIST, .numeric = true, .family = family,
		.proto = ip->proto,
	};

	rv_buf_puts(b, target_name(r));
	rv_buf_putc(b, ' ');
	add_proto(b, family, ip);
	add_frag(b, ip);
	add_iface(b, " in ", ip->in, ip->invert & RV_IP_IN);
	add_iface(b, " out ", ip->out, ip->invert & RV_IP_OUT);
	rv_buf_puts(b, ip->invert & RV_IP_SRC ? " !" : "  ");
	add_address(b, family, &ip->src, &ip->smask);
	rv_buf_puts(b, ip->invert & RV_IP_DST ? " !-> " : "  -> ");
	add_address(b, family, &ip->dst, &ip->dmask);
	rv_buf_puts(b, r->verdict == RV_VERDICT_GOTO ? "  [goto] " : "  ");
	for (const struct rv_part *m = r->matches; m; m = m->next)
		rv_part_render(&o, m->ext, m->data);
	if (r->target)
		rv_part_render(&o, r->target->ext, r->target->data);
	rv_buf_putc(b, '\n');
}

/* Chains affected by a command: the one named, or all; user: only user-defined ones. */
static int add_chains(struct rv_buf *b, struct rv_store *s, const struct rv_command *cmd,
		      const char *word, bool user, struct rv_error *err)
{
	struct rv_table *t;
	bool exists;

	if (cmd->chain[0]) {
		rv_buf_printf(b, "%s chain `%s'\n", word, cmd->chain);
		return 0;
	}
	if (rv_store_table_exists(s, cmd->table, &exists, err) < 0)
		return -1;
	t = rv_ruleset_table(&s->rs, cmd->table);
	if (!t || rv_table_sort(t) < 0)
		return rv_fail_memory(err);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->base < 0 ? c->exists : !user)
			rv_buf_printf(b, "%s chain `%s'\n", word, c->name);
	return 0;
}

int rv_cli_verbose(struct rv_buf *b, struct rv_store *s, const struct rv_command *cmd,
		   struct rv_error *err)
{
	switch (cmd->kind) {
	case RV_CMD_APPEND:
	case RV_CMD_INSERT:
	case RV_CMD_REPLACE:
	case RV_CMD_DELETE:
	case RV_CMD_CHECK:
		rv_list_each(r, &cmd->rules, struct rv_rule, node)
			add_rule_line(b, s->rs.family, r);
		return 0;
	case RV_CMD_FLUSH:
		return add_chains(b, s, cmd, "Flushing", false, err);
	case RV_CMD_DELETE_CHAIN:
		return add_chains(b, s, cmd, "Deleting", true, err);
	case RV_CMD_ZERO:
		return cmd->number ? 0 : add_chains(b, s, cmd, "Zeroing", false, err);
	default:
		return 0;
	}
}
