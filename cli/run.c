/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin run: packets of a capture through the rules of a save file, by the engine that the
 * module has. Nothing is sent, no rule of the machine is looked at, no privilege is needed.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/rtnetlink.h>

#include "cli/flags.h"
#include "cli/run.h"
#include "kernel/user/user.h"

static const char about[] =
	"\nEach packet passes the tables that have the chain: raw, mangle, filter, security. What a\n"
	"table decided, by which rules, and what of the packet was looked at is printed, and at the end\n"
	"the rules with what they counted. The clock is that of the capture. Rules of table nat and\n"
	"what connection tracking knows are not there yet: nat is left out, with a warning.\n"
	"Packets of the other family and malformed ones are counted, not run. Before FORWARD a packet's\n"
	"TTL (hop limit) goes down by one, as in a router, which drops it at zero.\n"
	"\nExit codes: 0 all was run, 1 the rules or the capture cannot be read or run, 2 wrong words.\n"
	"\nExample: ravelin run --rules rules.v4 --pcap in.pcap --hook PREROUTING,INPUT --in eth0\n";

/* Bytes behind a packet, for options that TCPMSS adds. */
#define ROOM 64

#define LOCALS 64

struct run {
	struct rv_cli *cli;
	const char *rules, *pcap, *hooks, *table, *locals, *in_word, *out_word, *mark_word;
	char in[IFNAMSIZ], out[IFNAMSIZ];
	uint32_t mark;
	bool json, quiet, version, help;
	struct rv_store store;
	bool store_open;
	struct rv_kmod_change change;
	struct rv_kmod_link link;
	struct rv_engine *engine;
	struct rv_run_pass passes[RV_RUN_PASSES];
	unsigned int npasses;
	union nf_inet_addr local[LOCALS];
	unsigned int nlocal;
	struct rv_run_pass *current;
	bool forwarded;			/* the packet has been to FORWARD */
	struct rv_run_totals totals;
	struct rv_user_packet packet;
	const struct rv_pkt_ops *plain;	/* those it came with */
	struct rv_pkt_ops ops;
	struct rv_buf bytes;		/* of the packet */
	struct rv_buf print;
};

#define AT(field) RV_FLAG_AT(struct run, field)

const struct rv_flag rv_run_flags[] = {
	{ 'r', "rules", RV_FLAG_ARG, "FILE", "the rules, as iptables-save prints them", AT(rules) },
	{ 'p', "pcap", RV_FLAG_ARG, "IN", "the packets: pcap or pcapng; - is stdin", AT(pcap) },
	{ 'H', "hook", RV_FLAG_ARG, "CHAIN,...", "base chains they pass, in this order (INPUT)", AT(hooks) },
	{ 'i', "in", RV_FLAG_ARG, "NAME", "interface they come in by", AT(in_word) },
	{ 'o', "out", RV_FLAG_ARG, "NAME", "interface they go out by", AT(out_word) },
	{ 't', "table", RV_FLAG_ARG, "TABLE", "only this table; else all, in the kernel's order", AT(table) },
	{ 'm', "mark", RV_FLAG_ARG, "NUMBER", "mark they start with", AT(mark_word) },
	{ 'l', "local", RV_FLAG_ARG, "ADDRESS,...", "addresses that addrtype takes for the host's own", AT(locals) },
	{ 'j', "json", RV_FLAG_PLAIN, NULL, "print JSON", AT(json) },
	{ 'q', "quiet", RV_FLAG_PLAIN, NULL, "print only the totals", AT(quiet) },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "rules and packets are IPv4 (if nothing is said)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "rules and packets are IPv6" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this", AT(help) },
	{ 0 },
};

/* ---- options --------------------------------------------------------------------------- */

static int set_interface(char to[IFNAMSIZ], const char *arg)
{
	if (!arg)
		return 0;
	if (!*arg || strlen(arg) >= IFNAMSIZ)
		return rv_cli_message("ravelin run: \"%s\" is no name of an interface", arg);
	memset(to, 0, IFNAMSIZ);
	strcpy(to, arg);
	return 0;
}

static int set_mark(struct run *r, const char *arg)
{
	uint64_t mark = 0;

	if (arg && !rv_parse_uint(arg, 0, UINT32_MAX, &mark))
		return rv_cli_message("ravelin run: \"%s\" is no mark", arg);
	r->mark = (uint32_t)mark;
	return 0;
}

/* Calls fn with each word of a list with commas; the first result that is not 0 ends it. */
static int each_word(struct run *r, const char *list, int (*fn)(struct run *r, const char *word))
{
	char *copy = strdup(list), *rest = copy, *word;
	int rc = copy ? 0 : rv_cli_message("ravelin run: out of memory");

	while (!rc && (word = strsep(&rest, ",")) != NULL)
		rc = fn(r, word);
	free(copy);
	return rc;
}

static int add_local(struct run *r, const char *word)
{
	if (r->nlocal == LOCALS)
		return rv_cli_message("ravelin run: more than %d local addresses", LOCALS);
	if (!rv_parse_address(r->cli->family, word, &r->local[r->nlocal]))
		return rv_cli_message("ravelin run: \"%s\" is no address", word);
	r->nlocal++;
	return 0;
}

/* ---- what targets say ------------------------------------------------------------------------ */

static char *new_note(struct run *r)
{
	struct rv_run_pass *pass = r->current;

	return pass->nnotes < RV_RUN_NOTES ? pass->notes[pass->nnotes++] : NULL;
}

static void note_log(void *arg, const struct rv_pkt *pkt, const struct rv_log *log)
{
	char *note = new_note(arg);

	if (note)
		snprintf(note, sizeof(((struct rv_run_pass *)0)->notes[0]), "%s \"%s\"",
			 log->netlink ? "NFLOG" : "LOG", log->prefix);
}

static void note_reject(struct run *r)
{
	char *note = r->packet.rejected ? new_note(r) : NULL;

	if (note)
		strcpy(note, "REJECT answers");
	r->packet.rejected = false;
}

/* The program's own packets have a plain idea of addresses; the host's own are told by --local. */
static uint8_t addrtype(const struct rv_pkt *pkt, const uint8_t *addr, enum rv_iface on)
{
	const struct rv_user_packet *packet = pkt->port;
	const struct run *r = packet->arg;

	for (unsigned int i = 0; i < r->nlocal; i++)
		if (!memcmp(&r->local[i], addr, pkt->family == NFPROTO_IPV4 ? 4 : 16))
			return RTN_LOCAL;
	return r->plain->addrtype(pkt, addr, on);
}

/* ---- loading -------------------------------------------------------------------------------- */

static int open_rules(struct run *r, struct rv_error *err)
{
	struct rv_buf spec = RV_BUF_INIT;
	int rc;

	rv_buf_printf(&spec, "file:%s", r->rules);
	if (!rv_buf_text(&spec))
		return rv_fail_memory(err);
	if (access(r->rules, R_OK) < 0)
		rc = rv_fail(err, RV_ERR_PROBLEM, NULL, "cannot open %s: %m", r->rules);
	else
		rc = rv_store_open(&r->store, spec.data, r->cli->family, true, err);
	r->store_open = !rc;
	rv_buf_free(&spec);
	return rc;
}

static bool has_rules(const struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->nrules)
			return true;
	return false;
}

/* Rules count from zero here, whatever the file has. */
static void forget_counters(struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		c->counters = (struct rv_counters){ 0 };
		rv_list_each(rule, &c->rules, struct rv_rule, node)
			rule->counters = (struct rv_counters){ 0 };
	}
}

static int add_table(struct run *r, struct rv_table *t, struct rv_error *err)
{
	if (!r->table && !strcmp(t->def->name, "nat")) {
		if (has_rules(t))
			rv_cli_message("ravelin run: table nat is left out: "
				       "it needs connection tracking");
		return 0;
	}
	forget_counters(t);
	if (rv_table_sort(t))
		return rv_fail_memory(err);
	r->totals.tables[r->totals.ntables++] = t;
	return rv_kmod_change_add(&r->change, t, 0, 0, err);
}

static int load(struct run *r, struct rv_error *err)
{
	if (open_rules(r, err) || rv_kmod_link_open(&r->link, "user", err))
		return -1;
	r->change.link = &r->link;
	r->engine = rv_kmod_user_engine(&r->link);
	rv_list_each(t, &r->store.rs.tables, struct rv_table, node)
		if (t->exists && (!r->table || !strcmp(r->table, t->def->name)) &&
		    add_table(r, t, err))
			return -1;
	if (r->table && !r->totals.ntables)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "%s has no table %s", r->rules, r->table);
	return rv_kmod_change_send(&r->change, err);
}

/* ---- the way of a packet ---------------------------------------------------------------------- */

static int16_t priority(const struct rv_run_pass *p)
{
	return p->base->priority;
}

static int add_pass(struct run *r, const struct rv_table_def *def, const struct rv_base_def *base,
		    const struct rv_kmod_blob *blob, unsigned int first)
{
	unsigned int at = r->npasses;

	if (at == RV_RUN_PASSES)
		return rv_cli_message("ravelin run: more than %d passes", RV_RUN_PASSES);
	r->npasses++;
	while (at > first && priority(&r->passes[at - 1]) > base->priority) {
		r->passes[at] = r->passes[at - 1];
		at--;
	}
	memset(&r->passes[at], 0, sizeof(r->passes[at]));
	r->passes[at].table = def;
	r->passes[at].base = base;
	r->passes[at].blob = blob;
	return 0;
}

static bool is_base_name(const char *name)
{
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
		for (unsigned int i = 0; i < def->nbase; i++)
			if (!strcmp(def->base[i].name, name))
				return true;
	return false;
}

/* All tables that have a base chain of that name, in order of priority. */
static int add_hook(struct run *r, const char *name)
{
	const unsigned int first = r->npasses;
	int rc = 0;

	if (!is_base_name(name))
		return rv_cli_message("ravelin run: \"%s\" is no base chain: PREROUTING, INPUT, "
				      "FORWARD, OUTPUT or POSTROUTING", name);
	for (unsigned int n = 0; n < r->change.n && !rc; n++) {
		const struct rv_table_def *def = r->totals.tables[n]->def;

		for (unsigned int i = 0; i < def->nbase && !rc; i++)
			if (!strcmp(def->base[i].name, name))
				rc = add_pass(r, def, &def->base[i], &r->change.blobs[n], first);
	}
	if (r->table && first == r->npasses)
		return rv_cli_message("ravelin run: table %s has no chain %s", r->table, name);
	return rc;
}

static enum rv_table_id id_of(const struct rv_table_def *def)
{
	unsigned int id = 0;

	while (id + 1 < RV_TABLES && strcmp(rv_engine_tables[id].name, def->name) != 0)
		id++;
	return id;
}

static enum rv_run_fate fate_of(unsigned int verdict)
{
	switch (verdict & NF_VERDICT_MASK) {
	case NF_ACCEPT:
		return RV_RUN_ACCEPTED;
	case NF_QUEUE:
		return RV_RUN_QUEUED;
	case NF_STOLEN:
		return RV_RUN_STOLEN;
	default:
		return RV_RUN_DROPPED;
	}
}

/*
 * Where the hook knows of an interface (linux/netfilter.h, struct nf_hook_state): POSTROUTING
 * of that a forwarded packet came in by.
 */
static void set_hook(struct run *r, struct rv_pkt *pkt, uint8_t hook)
{
	bool in = hook != NF_INET_LOCAL_OUT && (hook != NF_INET_POST_ROUTING || r->forwarded) &&
		  r->in[0];
	bool out = hook != NF_INET_PRE_ROUTING && hook != NF_INET_LOCAL_IN && r->out[0];

	pkt->hook = hook;
	pkt->in = in ? r->in : NULL;
	pkt->out = out ? r->out : NULL;
}

/* What a router does before it asks FORWARD (RFC 1812, 5.3.1). False: it drops the packet. */
static bool go_on(struct rv_pkt *pkt)
{
	uint8_t *ip = (uint8_t *)pkt->data, *ttl = &ip[pkt->family == NFPROTO_IPV4 ? 8 : 7];
	uint32_t sum;

	if (*ttl <= 1)
		return false;
	--*ttl;
	if (pkt->family == NFPROTO_IPV6)
		return true;
	/* RFC 1624: the sum grows by what was taken away. */
	sum = (uint32_t)(ip[10] << 8 | ip[11]) + 0x100;
	sum += sum >> 16;
	ip[10] = sum >> 8;
	ip[11] = sum & 0xff;
	return true;
}

static void pass_table(struct run *r, struct rv_run_packet *p, struct rv_run_pass *pass)
{
	memset(&pass->record, 0, sizeof(pass->record));
	pass->record.path = pass->path;
	pass->record.cap = RV_RUN_PATH;
	pass->nnotes = 0;
	r->current = pass;
	set_hook(r, p->pkt, pass->base->hook);
	pass->verdict = rv_engine_run(r->engine, id_of(pass->table), p->pkt, &pass->record);
	note_reject(r);
	p->fate = fate_of(pass->verdict);
	p->npasses++;
}

static void pass_all(struct run *r, struct rv_run_packet *p)
{
	r->forwarded = false;
	for (unsigned int i = 0; i < r->npasses && p->fate == RV_RUN_ACCEPTED; i++) {
		if (r->passes[i].base->hook == NF_INET_FORWARD && !r->forwarded) {
			r->forwarded = true;
			if (!go_on(p->pkt)) {
				p->fate = RV_RUN_DROPPED;
				return;
			}
		}
		pass_table(r, p, &r->passes[i]);
	}
}

/* A copy that targets may write to. Returns 0; 1: it is malformed; -1 without memory. */
static int copy_packet(struct run *r, const struct rv_frame *f)
{
	struct rv_user_packet *packet = &r->packet;

	rv_buf_reset(&r->bytes);
	if (!rv_buf_grow(&r->bytes, f->len + (size_t)ROOM))
		return -1;
	memcpy(r->bytes.data, f->data, f->len);
	memset(packet, 0, sizeof(*packet));
	if (rv_user_packet_init(packet, r->bytes.data, f->len, f->len + ROOM))
		return 1;
	/* Bytes that the capture has not are counted; matches find nothing there. */
	packet->pkt.len = f->whole;
	packet->log = note_log;
	packet->arg = r;
	r->plain = packet->pkt.ops;
	r->ops = *r->plain;
	r->ops.addrtype = addrtype;
	packet->pkt.ops = &r->ops;
	packet->ether = f->ether;
	packet->pkt.mark = r->mark;
	packet->pkt.pkttype = f->pkttype;
	return 0;
}

static void not_run(struct rv_run_packet *p, enum rv_run_fate fate, const char *why)
{
	p->fate = fate;
	p->why = why;
}

static int run_packet(struct run *r, struct rv_run_packet *p)
{
	const struct rv_frame *f = p->frame;
	int rc;

	if (f->malformed) {
		not_run(p, RV_RUN_MALFORMED, f->malformed);
		return 0;
	}
	if (f->family != r->cli->family) {
		not_run(p, RV_RUN_OTHER, f->family ? "other family" : "no IP");
		return 0;
	}
	rc = copy_packet(r, f);
	if (rc > 0)
		not_run(p, RV_RUN_MALFORMED, "network header");
	if (rc)
		return rc > 0 ? 0 : -1;
	rv_user_set_clock(f->time);
	pass_all(r, p);
	p->changed = p->pkt->len != f->whole || memcmp(p->pkt->data, f->data, f->len) != 0;
	return 0;
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static int flush_text(struct run *r)
{
	int rc = rv_cli_write(r->cli, STDOUT_FILENO, &r->print);

	rv_buf_reset(&r->print);
	return rc;
}

static int run_all(struct run *r, struct rv_capture *c, const struct rv_run_form *form,
		   struct rv_error *err)
{
	struct rv_frame frame;
	int rc;

	while ((rc = rv_capture_next(c, &frame, err)) == 1) {
		struct rv_run_packet p = {
			.frame = &frame, .pkt = &r->packet.pkt, .mark = r->mark,
			.passes = r->passes,
		};

		if (run_packet(r, &p))
			return rv_fail_memory(err);
		r->totals.packets++;
		r->totals.fates[p.fate]++;
		if (!r->quiet)
			form->packet(&r->print, &p);
		if (r->print.len > 65536 && flush_text(r))
			return -1;
	}
	return rc;
}

static int run_capture(struct run *r, struct rv_error *err)
{
	const struct rv_run_form *form = r->json ? &rv_run_json : &rv_run_text;
	struct rv_capture *c = rv_capture_open(r->pcap, err);
	int rc;

	if (!c)
		return -1;
	form->start(&r->print);
	rc = run_all(r, c, form, err);
	rv_capture_close(c);
	/* What ends within a packet is told up to there. */
	if (err->kind == RV_ERR_MEMORY || rv_kmod_change_count(&r->change, err))
		return -1;
	r->totals.rs = &r->store.rs;
	form->end(&r->print, &r->totals);
	return flush_text(r) ? -1 : rc;
}

/* The error of rules or capture, without the version that iptables' errors begin with. */
static int print_error(const struct run *r, struct rv_error *err)
{
	if (err->kind == RV_ERR_PROBLEM || err->kind == RV_ERR_RESOURCE)
		err->kind = RV_ERR_RESTORE;
	return rv_cli_error(r->cli, err);
}

static int wrong_words(void)
{
	rv_cli_message("Try `ravelin run --help' for more information.");
	return RV_EXIT_PARAMETER;
}

static int check_words(struct run *r)
{
	if (!r->rules || !r->pcap)
		return rv_cli_message("ravelin run: --%s is needed", r->rules ? "pcap" : "rules");
	if (r->table && !rv_table_def_find(r->table))
		return rv_cli_message("ravelin run: there is no table `%s'", r->table);
	if (set_interface(r->in, r->in_word) || set_interface(r->out, r->out_word) ||
	    set_mark(r, r->mark_word))
		return -1;
	return r->locals ? each_word(r, r->locals, add_local) : 0;
}

static int run(struct run *r)
{
	struct rv_error err = { 0 };

	if (check_words(r))
		return wrong_words();
	if (load(r, &err))
		return print_error(r, &err);
	if (each_word(r, r->hooks ? r->hooks : "INPUT", add_hook))
		return wrong_words();
	if (!run_capture(r, &err))
		return RV_EXIT_OK;
	return err.kind ? print_error(r, &err) : RV_EXIT_OTHER;
}

static int say(struct run *r)
{
	if (r->version) {
		rv_cli_version(r->cli, &r->print);
	} else {
		rv_flags_usage(r->cli, &r->print);
		rv_buf_puts(&r->print, about);
	}
	return flush_text(r);
}

int rv_cli_run(struct rv_cli *cli)
{
	struct run *r = calloc(1, sizeof(*r));
	int rc, words;

	if (!r)
		return rv_cli_message("ravelin run: out of memory");
	r->cli = cli;
	cli->name = "ravelin run";
	words = rv_flags_read(rv_run_flags, cli, r);
	if (words >= 0 && words < cli->argc)
		rv_cli_message("ravelin run: unexpected word: %s", cli->argv[words]);
	if (words < cli->argc)
		rc = wrong_words();
	else
		rc = r->version || r->help ? say(r) : run(r);
	rv_kmod_change_free(&r->change);
	rv_kmod_link_close(&r->link);
	if (r->store_open)
		rv_store_close(&r->store);
	rv_buf_free(&r->bytes);
	rv_buf_free(&r->print);
	free(r);
	return rc;
}

/* ---- what both forms print ------------------------------------------------------------------------ */

const char *rv_run_fate_name(enum rv_run_fate fate)
{
	static const char *const names[] = {
		[RV_RUN_ACCEPTED] = "ACCEPT",
		[RV_RUN_DROPPED] = "DROP",
		[RV_RUN_QUEUED] = "QUEUE",
		[RV_RUN_STOLEN] = "STOLEN",
		[RV_RUN_OTHER] = "other family",
		[RV_RUN_MALFORMED] = "malformed",
	};

	return names[fate];
}

const char *rv_run_verdict_name(unsigned int verdict)
{
	return rv_run_fate_name(fate_of(verdict));
}

void rv_run_time(uint64_t ns, char text[40])
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;
	char day[32] = "";

	if (gmtime_r(&seconds, &tm))
		strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, 40, "%.24s.%09uZ", day, (unsigned int)(ns % 1000000000));
}

const struct rv_kmod_entry *rv_run_entry(const struct rv_run_pass *pass, const struct rv_step *step)
{
	const struct rv_kmod_entry *e = step->entry < pass->blob->count
					? &pass->blob->entries[step->entry] : NULL;

	return e && e->rule ? e : NULL;
}

void rv_run_rule(struct rv_buf *b, const struct rv_kmod_entry *e)
{
	rv_render_rule(b, e->chain->table->ruleset->family, e->chain->name, e->rule,
		       RV_COUNTERS_NONE);
	if (rv_buf_ok(b) && b->len && b->data[b->len - 1] == '\n')
		b->len--;
}

const char *rv_run_looked(const struct rv_record *record, unsigned int *i)
{
	static const char *const looks[] = { "payload", "state", "random", "time", "opaque" };

	for (; *i < RV_LOOK_COUNT; ++*i) {
		unsigned int n = *i;

		if (!(record->looked[n / 64] >> n % 64 & 1))
			continue;
		++*i;
		if (n >= RV_LOOK_PAYLOAD && n - RV_LOOK_PAYLOAD < sizeof(looks) / sizeof(*looks))
			return looks[n - RV_LOOK_PAYLOAD];
		if (rv_kmod_sel_back(n) != RV_SEL_NONE)
			return rv_selectors[rv_kmod_sel_back(n)].name;
	}
	return NULL;
}

const union nf_inet_addr *rv_run_address(const struct rv_run_packet *p, bool source,
					 union nf_inet_addr *addr)
{
	const struct rv_frame *f = p->frame;

	memset(addr, 0, sizeof(*addr));
	if (f->family == NFPROTO_IPV4)
		memcpy(addr, f->data + (source ? 12 : 16), 4);
	else
		memcpy(addr, f->data + (source ? 8 : 24), 16);
	return addr;
}

bool rv_run_ports(const struct rv_run_packet *p, uint16_t *sport, uint16_t *dport)
{
	static const uint8_t with_ports[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE,
					      IPPROTO_SCTP, IPPROTO_DCCP };
	const struct rv_frame *f = p->frame;
	uint16_t ports[2];

	if (p->pkt->fragoff || p->pkt->thoff > f->len || f->len - p->pkt->thoff < sizeof(ports) ||
	    p->pkt->proto > 255 || !memchr(with_ports, p->pkt->proto, sizeof(with_ports)))
		return false;
	memcpy(ports, f->data + p->pkt->thoff, sizeof(ports));
	*sport = ntohs(ports[0]);
	*dport = ntohs(ports[1]);
	return true;
}
