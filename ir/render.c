/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include <ravelin/registry.h>
#include <ravelin/render.h>

static const char *target_name(const struct rv_rule *r)
{
	if (r->target)
		return r->target->ext->name;
	if (r->jump[0])
		return r->jump;
	return rv_verdict_name(r->verdict);
}

/* -L prints the kernel's name of a target: NOTRACK is CT there. */
static const char *listed_name(const struct rv_rule *r)
{
	if (r->target && r->target->ext->kernel_name)
		return r->target->ext->kernel_name;
	return target_name(r);
}

/* ---- save and -S ------------------------------------------------------------ */

void rv_render_rule_body(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
			 enum rv_counter_form counters)
{
	struct rv_out o = { .buf = b, .style = RV_STYLE_SAVE, .family = family,
			    .proto = r->ip.proto, .counters = counters != RV_COUNTERS_NONE };
	const char *target = target_name(r);

	rv_part_render(&o, rv_family(o.family)->core, (const unsigned char *)&r->ip);
	for (const struct rv_part *m = r->matches; m; m = m->next) {
		rv_buf_puts(b, " -m ");
		rv_buf_puts(b, m->ext->name);
		rv_part_render(&o, m->ext, m->data);
	}
	if (counters == RV_COUNTERS_OPTION)
		rv_buf_printf(b, " -c %llu %llu", (unsigned long long)r->counters.packets,
			      (unsigned long long)r->counters.bytes);
	if (target) {
		rv_buf_puts(b, r->verdict == RV_VERDICT_GOTO ? " -g " : " -j ");
		rv_print_name(b, target);
	}
	if (r->target)
		rv_part_render(&o, r->target->ext, r->target->data);
}

void rv_render_rule(struct rv_buf *b, rv_family_t family, const char *chain,
		    const struct rv_rule *r, enum rv_counter_form counters)
{
	unsigned long long packets = r->counters.packets, bytes = r->counters.bytes;

	if (counters == RV_COUNTERS_PREFIX ||
	    (counters == RV_COUNTERS_NONZERO && (packets || bytes)))
		rv_buf_printf(b, "[%llu:%llu] ", packets, bytes);
	rv_buf_puts(b, "-A ");
	rv_print_name(b, chain);
	rv_render_rule_body(b, family, r, counters);
	rv_buf_putc(b, '\n');
}

static const char *policy_name(const struct rv_chain *c)
{
	return c->base < 0 ? "-" : rv_verdict_name(c->policy);
}

void rv_render_chain(struct rv_buf *b, const struct rv_chain *c)
{
	bool own = c->base >= 0;

	rv_buf_printf(b, ":%s %s [%llu:%llu]\n", c->name, policy_name(c),
		      own ? (unsigned long long)c->counters.packets : 0,
		      own ? (unsigned long long)c->counters.bytes : 0);
}

static void put_at(struct rv_buf *b, const struct rv_chain *c)
{
	rv_buf_printf(b, "-P %s %s", c->name, policy_name(c));
	if (!c->at.elsewhere)
		return;
	rv_buf_puts(b, " --base \"");
	rv_base_at_print(b, &c->at);
	rv_buf_putc(b, '"');
}

void rv_render_base(struct rv_buf *b, const struct rv_chain *c)
{
	if (c->base < 0 || !c->at.elsewhere)
		return;
	put_at(b, c);
	rv_buf_putc(b, '\n');
}

void rv_render_table(struct rv_buf *b, const struct rv_table *t, enum rv_counter_form counters)
{
	rv_remarks_render(b, t->remarks);
	rv_buf_printf(b, "*%s\n", t->def->name);
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		rv_remarks_render(b, c->remarks);
		if (c->base >= 0 || c->exists)
			rv_render_chain(b, c);
	}
	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_render_base(b, c);
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		rv_list_each(r, &c->rules, struct rv_rule, node) {
			rv_remarks_render(b, r->remarks);
			rv_render_rule(b, t->ruleset->family, c->name, r, counters);
		}
		rv_remarks_render(b, c->tail);
	}
	rv_remarks_render(b, t->tail);
	rv_buf_puts(b, "COMMIT\n");
}

void rv_render_chain_command(struct rv_buf *b, const struct rv_chain *c, bool counters)
{
	if (c->base < 0) {
		rv_buf_printf(b, "-N %s\n", c->name);
		return;
	}
	put_at(b, c);
	if (counters)
		rv_buf_printf(b, " -c %llu %llu", (unsigned long long)c->counters.packets,
			      (unsigned long long)c->counters.bytes);
	rv_buf_putc(b, '\n');
}

/* ---- -L ------------------------------------------------------------------------ */

/* Numbers above 99,999 are abbreviated with K, M, ... unless exact. */
static const char *short_number(unsigned long long n, const struct rv_list_format *f, char *text,
				size_t size)
{
	const char *unit = "";

	if (!f->exact && n > 99999) {
		for (const char *u = "KMGT"; *u; u++) {
			n = (n + 500) / 1000;
			unit = u;
			if (n <= 9999)
				break;
		}
	}
	snprintf(text, size, "%llu%.1s", n, unit);
	return text;
}

void rv_render_list_head(struct rv_buf *b, const struct rv_chain *c,
			 const struct rv_list_format *f)
{
	char packets[32], bytes[32];

	rv_buf_printf(b, "Chain %s (", c->name);
	if (c->base < 0)
		rv_buf_printf(b, "%u references", c->references);
	else
		rv_buf_printf(b, "policy %s", policy_name(c));
	if (c->base >= 0 && f->verbose)
		rv_buf_printf(b, " %s packets, %s bytes",
			      short_number(c->counters.packets, f, packets, sizeof(packets)),
			      short_number(c->counters.bytes, f, bytes, sizeof(bytes)));
	rv_buf_puts(b, ")\n");
	if (f->line_numbers)
		rv_buf_puts(b, "num  ");
	if (f->verbose)
		rv_buf_puts(b, f->exact ? "    pkts      bytes " : " pkts bytes ");
	rv_buf_puts(b, "target     prot opt");
	rv_buf_puts(b, f->verbose ? " in     out    " : "");
	rv_buf_puts(b, " source               destination         \n");
}

/* Name of the protocol; -n uses only the small built-in list. */
static void put_protocol(struct rv_buf *b, rv_family_t family, const struct rv_ip *ip,
			 const struct rv_list_format *f)
{
	const char *name = rv_protocol_name(family, ip->proto);
	const struct protoent *known = name || f->numeric ? NULL : getprotobynumber(ip->proto);
	char number[8];

	snprintf(number, sizeof(number), "%u", ip->proto);
	if (!name)
		name = known ? known->p_name : number;
	rv_buf_printf(b, "%c%-4s ", ip->invert & RV_IP_PROTO ? '!' : ' ', name);
}

/* Resolves an address to a host or network name. false: it has none. */
static bool named_address(rv_family_t family, const union nf_inet_addr *addr, char *name,
			  size_t size)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = addr->in };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_addr = addr->in6 };
	bool v4 = family == NFPROTO_IPV4;
	const struct netent *net;

	if (!getnameinfo(v4 ? (struct sockaddr *)&sin : (struct sockaddr *)&sin6,
			 v4 ? sizeof(sin) : sizeof(sin6), name, size, NULL, 0, NI_NAMEREQD))
		return true;
	net = v4 ? getnetbyaddr(ntohl(addr->ip), AF_INET) : NULL;
	if (net)
		snprintf(name, size, "%s", net->n_name);
	return net != NULL;
}

/* iptables prints the IPv6 unspecified address as "anywhere" whatever its mask. */
static bool is_anywhere(rv_family_t family, const union nf_inet_addr *addr,
			const union nf_inet_addr *mask)
{
	static const union nf_inet_addr unspecified;

	return !rv_mask_length(family, mask) ||
	       (family == NFPROTO_IPV6 && !memcmp(addr, &unspecified, sizeof(*addr)));
}

static void list_address(struct rv_buf *b, rv_family_t family, const union nf_inet_addr *addr,
			 const union nf_inet_addr *mask, bool invert,
			 const struct rv_list_format *f)
{
	struct rv_buf text = RV_BUF_INIT;
	char name[NI_MAXHOST];

	if (!f->numeric && is_anywhere(family, addr, mask))
		rv_buf_puts(&text, "anywhere");
	else {
		if (!f->numeric && named_address(family, addr, name, sizeof(name)))
			rv_buf_puts(&text, name);
		else
			rv_print_address(&text, family, addr);
		rv_print_mask(&text, family, mask);
	}
	rv_buf_printf(b, "%c%-19s ", invert ? '!' : ' ', rv_buf_text(&text) ? text.data : "");
	b->failed |= text.failed;
	rv_buf_free(&text);
}

/* pad precedes the first of the two columns. */
static void put_iface(struct rv_buf *b, const char *pad, const char *name, bool invert,
		      const struct rv_list_format *f)
{
	char text[IFNAMSIZ + 2];

	if (!*name || (!strcmp(name, "+") && !invert))
		name = f->numeric ? "*" : "any";
	snprintf(text, sizeof(text), "%s%s", invert ? "!" : "", name);
	rv_buf_printf(b, "%s%-6s ", pad, text);
}

static void list_counters(struct rv_buf *b, const struct rv_counters *c,
			  const struct rv_list_format *f)
{
	int width = f->exact ? 8 : 5;
	char text[32];

	rv_buf_printf(b, "%*s ", width, short_number(c->packets, f, text, sizeof(text)));
	rv_buf_printf(b, "%*s ", width, short_number(c->bytes, f, text, sizeof(text)));
}

void rv_render_list_rule(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
			 uint32_t num, const struct rv_list_format *f)
{
	struct rv_out o = { .buf = b, .style = RV_STYLE_LIST, .numeric = f->numeric,
			    .family = family, .proto = r->ip.proto };
	const struct rv_ip *ip = &r->ip;
	const char *target = listed_name(r);

	if (f->line_numbers)
		rv_buf_printf(b, "%-4u ", num);
	if (f->verbose)
		list_counters(b, &r->counters, f);
	rv_buf_printf(b, "%-9s ", target ? target : "");
	put_protocol(b, family, ip, f);
	rv_buf_putc(b, ip->invert & RV_IP_FRAG ? '!' : '-');
	rv_buf_puts(b, ip->flags & RV_IP_FRAG ? "f " : "- ");
	if (f->verbose) {
		put_iface(b, " ", ip->in, ip->invert & RV_IP_IN, f);
		put_iface(b, "", ip->out, ip->invert & RV_IP_OUT, f);
	}
	list_address(b, family, &ip->src, &ip->smask, ip->invert & RV_IP_SRC, f);
	list_address(b, family, &ip->dst, &ip->dmask, ip->invert & RV_IP_DST, f);
	if (r->verdict == RV_VERDICT_GOTO)
		rv_buf_puts(b, "[goto] ");
	for (const struct rv_part *m = r->matches; m; m = m->next)
		rv_part_render(&o, m->ext, m->data);
	if (r->target)
		rv_part_render(&o, r->target->ext, r->target->data);
	rv_buf_putc(b, '\n');
}
