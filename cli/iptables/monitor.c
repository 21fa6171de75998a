/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xtables-monitor: changes by any program and paths of traced packets, in iptables' format. Rules
 * that cannot be decoded are reported as such, whereas iptables prints an incomplete rule.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <linux/netfilter/nf_tables.h>

#include <ravelin/event.h>

#include "cli/explain/explain.h"
#include "cli/flags.h"
#include "cli/iptables/iptables.h"

struct monitor {
	struct rv_cli *cli;
	bool changes, traces, counters, version, help;
	bool only4, only6, json;
	uint32_t marked;		/* id of the last marked packet printed, 0: none */
	struct rv_buf line;
};

#define AT(field) RV_FLAG_AT(struct monitor, field)

const struct rv_flag rv_monitor_flags[] = {
	{ 't', "trace", RV_FLAG_PLAIN, NULL, "show the path of packets marked by -j TRACE", AT(traces) },
	{ 'e', "event", RV_FLAG_PLAIN, NULL, "show changes to the ruleset", AT(changes) },
	{ '4', "ipv4", RV_FLAG_PLAIN, NULL, "IPv4 only", AT(only4) },
	{ '6', "ipv6", RV_FLAG_PLAIN, NULL, "IPv6 only", AT(only6) },
	{ 'c', "counters", RV_FLAG_PLAIN, NULL, "show counters of rules", AT(counters) },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

/* ---- names ------------------------------------------------------------------------------ */

static const char *family_name(uint8_t family)
{
	static const char *const names[] = {
		[NFPROTO_INET] = "inet", [NFPROTO_IPV4] = "ip", [NFPROTO_ARP] = "arp",
		[NFPROTO_NETDEV] = "netdev", [NFPROTO_BRIDGE] = "bridge", [NFPROTO_IPV6] = "ip6",
	};

	return family < sizeof(names) / sizeof(*names) && names[family] ? names[family] : "?";
}

/* Hook numbers of linux/netfilter.h, netfilter_arp.h and netdev chains. */
static const char *hook_name(uint8_t family, uint32_t hook)
{
	static const char *const inet[] = {
		"prerouting", "input", "forward", "output", "postrouting", "ingress",
	};
	static const char *const arp[] = { "input", "output", "forward" };
	static const char *const netdev[] = { "ingress", "egress" };

	if (family == NFPROTO_ARP)
		return hook < 3 ? arp[hook] : "?";
	if (family == NFPROTO_NETDEV)
		return hook < 2 ? netdev[hook] : "?";
	return hook < 6 ? inet[hook] : "?";
}

static bool is_ours(const struct rv_event *e)
{
	return (e->family == NFPROTO_IPV4 || e->family == NFPROTO_IPV6) &&
	       rv_table_def_find(e->table);
}

static const char *change_name(const struct rv_event *e)
{
	return e->deleted ? "DEL" : "NEW";
}

/* "iptables -t filter ", before a command. */
static void add_command(struct rv_buf *b, const struct rv_event *e)
{
	rv_buf_printf(b, "%s -t %s ", rv_family(e->family)->tool,
		      e->table);
}

/* ---- changes ------------------------------------------------------------------------------ */

static void table_event(struct monitor *m, const struct rv_event *e)
{
	rv_buf_printf(&m->line, " EVENT: nft: %s table: table %s %s flags %x use %u handle %llu\n",
		      change_name(e), e->table, family_name(e->family), e->flags, e->use,
		      (unsigned long long)e->handle);
}

static void add_base(struct rv_buf *b, const struct rv_event *e)
{
	rv_buf_printf(b, " type %s hook %s", e->type ? e->type : "?",
		      hook_name(e->family, e->hook));
	if (e->device)
		rv_buf_printf(b, " dev %s", e->device);
	rv_buf_printf(b, " prio %d policy %s packets %llu bytes %llu", e->priority,
		      e->policy == NF_DROP ? "drop" : "accept",
		      (unsigned long long)e->counters.packets,
		      (unsigned long long)e->counters.bytes);
}

/* The kernel reports a deleted base chain without its hook; iptables prints -X for it too. */
static void chain_event(struct monitor *m, const struct rv_event *e)
{
	struct rv_buf *b = &m->line;

	rv_buf_puts(b, " EVENT: ");
	if (is_ours(e) && !e->base) {
		add_command(b, e);
		rv_buf_printf(b, "-%c %s\n", e->deleted ? 'X' : 'N', e->chain);
		return;
	}
	rv_buf_printf(b, "nft: %s chain: %s %s %s use %u", change_name(e),
		      family_name(e->family), e->table, e->chain, e->use);
	if (e->base)
		add_base(b, e);
	if (e->has_flags)
		rv_buf_printf(b, " flags %x", e->flags);
	rv_buf_putc(b, '\n');
}

/* "-A chain ...", or "-D chain ..." for a deleted rule, with a newline. */
static void add_rule_text(struct monitor *m, const struct rv_event *e)
{
	struct rv_buf *b = &m->line;
	size_t start = b->len, at;

	add_command(b, e);
	at = b->len;
	rv_render_rule(b, e->family, e->chain, e->rule,
		       m->counters ? RV_COUNTERS_PREFIX : RV_COUNTERS_NONE);
	if (!e->deleted || !rv_buf_ok(b) || start == b->len)
		return;
	/* The counters precede "-A". */
	if (m->counters)
		at = (size_t)((char *)memchr(b->data + at, ']', b->len - at) + 2 - b->data);
	b->data[at + 1] = 'D';
}

static void rule_event(struct monitor *m, const struct rv_event *e)
{
	rv_buf_puts(&m->line, " EVENT: ");
	if (e->rule) {
		add_rule_text(m, e);
		return;
	}
	rv_buf_printf(&m->line, "nft: %s rule: %s %s %s handle %llu", change_name(e),
		      family_name(e->family), e->table, e->chain, (unsigned long long)e->handle);
	if (e->why)
		rv_buf_printf(&m->line, " # %s", e->why);
	rv_buf_putc(&m->line, '\n');
}

static void add_generation(struct monitor *m, const struct rv_event *e)
{
	rv_buf_printf(&m->line, "NEWGEN: GENID=%u PID=%u NAME=%s\n", e->generation, e->pid,
		      e->name ? e->name : "");
}

/* ---- traces ----------------------------------------------------------------------------------- */

/* NULL: a code without a name. */
static const char *verdict_name(const struct rv_trace *t)
{
	static const struct {
		uint32_t code;
		const char *name;
	} names[] = {
		{ NF_DROP, "DROP" }, { NF_ACCEPT, "ACCEPT" }, { NF_STOLEN, "STOLEN" },
		{ NF_QUEUE, "QUEUE" }, { NF_REPEAT, "REPEAT" }, { NF_STOP, "STOP" },
		{ (uint32_t)NFT_CONTINUE, "CONTINUE" }, { (uint32_t)NFT_BREAK, "BREAK" },
		{ (uint32_t)NFT_JUMP, "JUMP" }, { (uint32_t)NFT_GOTO, "GOTO" },
		{ (uint32_t)NFT_RETURN, "RETURN" },
	};
	uint32_t code = t->verdict;

	/* The queue number is in the upper 16 bits. */
	if ((int32_t)code > 0)
		code &= NF_VERDICT_MASK;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].code == code)
			return names[i].name;
	return NULL;
}

static void add_verdict(struct rv_buf *b, const struct rv_trace *t)
{
	if (!verdict_name(t))
		rv_buf_printf(b, "0x%x", t->verdict);
	else if (t->jump)
		rv_buf_printf(b, "%s:%s", verdict_name(t), t->jump);
	else
		rv_buf_puts(b, verdict_name(t));
}

static void add_trace(struct monitor *m, const struct rv_event *e)
{
	const struct rv_trace *t = &e->trace;
	struct rv_buf *b = &m->line;

	if ((t->network.data || t->link.data) && (!m->marked || t->id != m->marked))
		rv_cli_packet(b, t);
	m->marked = 0;
	if (t->kind == RV_TRACE_RULE && !e->handle)
		return;
	rv_buf_printf(b, " TRACE: %u %08x %s:%s:", t->proto, t->id, e->table, e->chain);
	switch (t->kind) {
	case RV_TRACE_RULE:
		/* iptables prints the handle in hex. A deleted rule has no number. */
		rv_buf_printf(b, e->number ? "rule:%u:" : "rule:?:", e->number);
		add_verdict(b, t);
		rv_buf_puts(b, "  ");
		if (e->rule)
			add_rule_text(m, e);
		else
			rv_buf_printf(b, "# %s\n", e->why ? e->why : "not an iptables rule");
		return;
	case RV_TRACE_RETURN:
		rv_buf_puts(b, "return:");
		break;
	case RV_TRACE_POLICY:
		rv_buf_puts(b, "policy:");
		add_verdict(b, t);
		break;
	}
	rv_buf_puts(b, " \n");
}

/* ---- command --------------------------------------------------------------------------------- */

static bool is_wanted(const struct monitor *m, const struct rv_event *e)
{
	uint8_t family = e->kind == RV_EVENT_TRACE ? e->trace.proto : e->family;

	if (e->kind == RV_EVENT_GENERATION || m->only4 == m->only6)
		return true;
	return family == (m->only4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

/* nft allows newlines in names, which would fake another event. */
static const char *one_line(struct rv_buf *b, const char *name)
{
	if (!name)
		return NULL;
	for (; *name; name++) {
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			rv_buf_printf(b, "\\x%02x", (unsigned char)*name);
		else
			rv_buf_putc(b, *name);
	}
	return rv_buf_text(b) ? b->data : "?";
}

static int add_event(struct monitor *m, const struct rv_event *event,
		     void (*add)(struct monitor *m, const struct rv_event *e))
{
	struct rv_buf table = RV_BUF_INIT, chain = RV_BUF_INIT, jump = RV_BUF_INIT;
	struct rv_event e = *event;

	e.table = one_line(&table, e.table);
	e.chain = one_line(&chain, e.chain);
	e.trace.jump = one_line(&jump, e.trace.jump);
	rv_buf_reset(&m->line);
	add(m, &e);
	rv_buf_free(&table);
	rv_buf_free(&chain);
	rv_buf_free(&jump);
	return rv_cli_write(m->cli, STDOUT_FILENO, &m->line);
}

static int on_event(const struct rv_event *e, void *arg)
{
	static void (*const add[])(struct monitor *m, const struct rv_event *e) = {
		[RV_EVENT_TABLE] = table_event, [RV_EVENT_CHAIN] = chain_event,
		[RV_EVENT_RULE] = rule_event, [RV_EVENT_GENERATION] = add_generation,
		[RV_EVENT_TRACE] = add_trace,
	};
	struct monitor *m = arg;

	if (e->kind == RV_EVENT_LOST) {
		rv_cli_message("%s: some events were lost: they arrived faster than they "
			       "were read", m->cli->name);
		return 0;
	}
	if (!is_wanted(m, e))
		return 0;
	return add_event(m, e, add[e->kind]);
}

static int watch(struct rv_cli *cli, const struct rv_monitor *w, struct rv_error *err)
{
	struct rv_store s;
	int rc;

	if (rv_store_open(&s, cli->spec, NFPROTO_IPV4, true, err) < 0)
		return -1;
	rc = s.backend->monitor ? s.backend->monitor(w, err)
				: rv_fail(err, RV_ERR_PROBLEM, NULL, "backend %s has no events",
					  s.backend->name);
	rv_store_close(&s);
	return rc;
}

static int monitor_run(struct monitor *m)
{
	const struct rv_monitor w = {
		.changes = m->changes, .traces = m->traces, .event = on_event, .arg = m,
	};
	struct rv_error err = { 0 };

	return watch(m->cli, &w, &err) < 0 ? rv_cli_error(m->cli, &err) : RV_EXIT_OTHER;
}

/* ---- traces as JSON ------------------------------------------------------------------------------ */

static void set_string(json_t *j, const char *name, const char *text)
{
	struct rv_buf shown = RV_BUF_INIT;

	rv_cli_printable(&shown, text, strlen(text), "");
	json_object_set_new(j, name, json_string(rv_buf_text(&shown) ? shown.data : ""));
	rv_buf_free(&shown);
}

static void set_interface(json_t *j, const char *name, uint32_t index)
{
	char text[IF_NAMESIZE];

	if (index && if_indextoname(index, text))
		set_string(j, name, text);
}

static void set_packet(json_t *j, const struct rv_trace *t)
{
	struct rv_buf bytes = RV_BUF_INIT, text = RV_BUF_INIT;

	rv_buf_add(&bytes, (const char *)t->network.data, t->network.len);
	if (t->transport.data)
		rv_buf_add(&bytes, (const char *)t->transport.data, t->transport.len);
	rv_packet_print(&text, (const uint8_t *)bytes.data, (uint32_t)bytes.len);
	set_string(j, "packet", rv_buf_text(&text) ? text.data : "");
	set_interface(j, "in", t->in);
	set_interface(j, "out", t->out);
	if (t->has_mark)
		json_object_set_new(j, "mark", json_integer(t->mark));
	rv_buf_free(&bytes);
	rv_buf_free(&text);
}

static void set_rule(json_t *j, const struct rv_event *e)
{
	struct rv_buf text = RV_BUF_INIT;

	if (e->number)
		json_object_set_new(j, "rule", json_integer(e->number));
	if (e->rule) {
		rv_render_rule(&text, e->family, e->chain, e->rule, RV_COUNTERS_NONE);
		if (rv_buf_text(&text))
			text.data[--text.len] = '\0';
		set_string(j, "text", rv_buf_text(&text) ? text.data : "");
	} else {
		set_string(j, "why", e->why ? e->why : "not an iptables rule");
	}
	rv_buf_free(&text);
}

static void set_step(json_t *j, const struct rv_event *e)
{
	const struct rv_trace *t = &e->trace;

	set_string(j, "table", e->table);
	set_string(j, "chain", e->chain);
	if (t->kind == RV_TRACE_RULE)
		set_rule(j, e);
	if (t->kind != RV_TRACE_RETURN && verdict_name(t))
		set_string(j, "verdict", verdict_name(t));
	if (t->jump)
		set_string(j, "to", t->jump);
}

/* A line for the packet, and one for each rule and policy that it meets. */
static int write_json(struct monitor *m, const struct rv_event *e, bool packet)
{
	static const char *const names[] = {
		[RV_TRACE_RULE] = "rule", [RV_TRACE_RETURN] = "return", [RV_TRACE_POLICY] = "policy",
	};
	json_t *j = json_object();
	char id[16], *text;

	snprintf(id, sizeof(id), "%08x", e->trace.id);
	set_string(j, "event", packet ? "packet" : names[e->trace.kind]);
	set_string(j, "id", id);
	set_string(j, "family", rv_family(e->trace.proto)->word);
	if (packet)
		set_packet(j, &e->trace);
	else
		set_step(j, e);
	text = json_dumps(j, JSON_COMPACT);
	rv_buf_reset(&m->line);
	rv_buf_printf(&m->line, "%s\n", text ? text : "");
	m->line.failed |= !text;
	free(text);
	json_decref(j);
	return rv_cli_write(m->cli, STDOUT_FILENO, &m->line);
}

static int on_traced(const struct rv_event *e, void *arg)
{
	struct monitor *m = arg;

	if (e->kind != RV_EVENT_TRACE || !m->json)
		return on_event(e, arg);
	/* The end of a chain has no rule. */
	return e->trace.kind == RV_TRACE_RULE && !e->handle ? 0 : write_json(m, e, false);
}

/* For the table that marks packets, only the packet is printed. */
static int on_marked(const struct rv_event *e, void *arg)
{
	struct monitor *m = arg;

	if (e->kind != RV_EVENT_TRACE || strncmp(e->table, RV_TRACE_TABLE, strlen(RV_TRACE_TABLE)) != 0)
		return on_traced(e, arg);
	if (e->trace.kind != RV_TRACE_RULE || (!e->trace.network.data && !e->trace.link.data))
		return 0;
	m->marked = e->trace.id;
	if (m->json)
		return write_json(m, e, true);
	rv_buf_reset(&m->line);
	rv_cli_packet(&m->line, &e->trace);
	return rv_cli_write(m->cli, STDOUT_FILENO, &m->line);
}

int rv_cli_trace(struct rv_cli *cli, const struct rv_rule *rule, rv_family_t family, unsigned int seconds,
		 bool json, struct rv_error *err)
{
	struct monitor m = { .cli = cli, .json = json };
	const struct rv_monitor w = {
		.traces = true, .mark = rule, .mark_family = family, .seconds = seconds,
		.event = on_marked, .arg = &m,
	};
	int rc = watch(cli, &w, err);

	rv_buf_free(&m.line);
	return rc;
}

/* Unlike other programs of iptables, the original does not print its backend. */
static int print_version(struct monitor *m)
{
	rv_buf_printf(&m->line, "%s %s\n", m->cli->name, RV_STOCK_VERSION);
	return rv_cli_write(m->cli, STDOUT_FILENO, &m->line);
}

int rv_cli_monitor(struct rv_cli *cli)
{
	struct monitor m = { .cli = cli };
	int words = rv_flags_read(rv_monitor_flags, cli, &m), rc;

	if (words < 0) {
		rv_cli_message("Try `%s -h' for more information.", cli->name);
		rc = RV_EXIT_PARAMETER;
	} else if (m.version) {
		rc = print_version(&m);
	} else if (m.help || (!m.changes && !m.traces)) {
		rc = rv_flags_help(cli, false) || !m.help;
	} else {
		rc = monitor_run(&m);
	}
	rv_buf_free(&m.line);
	return rc;
}
