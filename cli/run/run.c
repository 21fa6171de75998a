/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin run: runs packets of a capture through the rules of a save file, with the module's
 * engine. Sends nothing, does not access the host's rules, needs no privileges.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/rtnetlink.h>

#include "cli/flags.h"
#include "cli/run/run.h"
#include "kernel/user/frag.h"
#include "kernel/user/path.h"

static const char about[] =
	"\nEach packet passes the tables raw, mangle, filter and security in the chains given. For each packet,\n"
	"prints the decision of each table, the rules and the fields tested; at the end, prints the rules with\n"
	"their counters. Limits and times use the timestamps of the capture. Table nat is skipped: addresses are\n"
	"not translated. Packets of the other family and malformed packets are only counted. Before FORWARD, the\n"
	"TTL (hop limit) is decremented.\n"
	"\nWith --reassemble, fragments are reassembled first, as by Linux with connection tracking.\n"
	"With --conntrack, connections are tracked as by Linux: rules see the state of each packet, which is\n"
	"printed with it, and at the end the connections are printed as by conntrack -L.\n"
	"\nUse --assume for what a capture does not contain (connection states, sets, users, ...), for example\n"
	"--assume ctstate=NEW,ESTABLISHED --assume uid=0 --assume rpfilter=yes --assume set:bad=no\n"
	"--assume recent=no; otherwise both results are followed. See ravelin-run(8).\n"
	"\nExit codes: 0 success, 1 rules or capture invalid or unreadable, 2 usage error.\n"
	"\nExample: ravelin run --rules rules.v4 --pcap in.pcap --hook PREROUTING,INPUT --in eth0\n";

/* room after a packet for options that TCPMSS adds, bytes */
#define ROOM 64

#define LOCALS 64

/* limit of paths per packet; --ways changes it */
#define WAYS 64
#define WAYS_MAX 4096

struct run {
	struct rv_cli *cli;
	const char *rules, *pcap, *hooks, *table, *locals, *in_word, *out_word, *mark_word, *ways_word;
	struct rv_flag_words assume, set_words;
	char in[IFNAMSIZ], out[IFNAMSIZ];
	uint32_t mark;
	bool json, quiet, conntrack, reassemble, version, help;
	struct rv_store store;
	bool store_open;
	struct rv_kmod_change change;
	struct rv_kmod_link link;
	struct rv_engine *engine;
	struct rv_run_pass passes[RV_RUN_PASSES];
	unsigned int npasses;
	union nf_inet_addr local[LOCALS];
	unsigned int nlocal;
	struct rv_assumed *assumed;
	struct rv_run_set *sets;
	struct rv_asking asking;
	struct rv_run_way *ways;
	uint64_t max_ways;
	struct rv_run_flows *flows;
	struct rv_frags *frags;		/* NULL: fragments are run as they are */
	struct rv_frame reassembled;
	struct rv_run_pass *current;
	bool forwarded;			/* the packet passed FORWARD */
	unsigned int direction;		/* RV_PATH_* */
	struct rv_run_tracked tracked;	/* the packet */
	struct rv_run_totals totals;
	struct rv_user_packet packet;
	const struct rv_pkt_ops *plain;	/* the packet's original operations */
	struct rv_pkt_ops ops;
	struct rv_buf bytes;		/* of the packet */
	struct rv_buf text;		/* output for its paths */
	struct rv_buf print;
};

#define AT(field) RV_FLAG_AT(struct run, field)

const struct rv_flag rv_run_flags[] = {
	{ 'r', "rules", RV_FLAG_ARG, "FILE", "rules in iptables-save format", AT(rules) },
	{ 'p', "pcap", RV_FLAG_ARG, "IN", "capture with the packets (pcap or pcapng); - is stdin", AT(pcap) },
	{ 'H', "hook", RV_FLAG_ARG, "CHAIN,...", "base chains to pass, in this order (default INPUT; with --local: by address)", AT(hooks) },
	{ 'i', "in", RV_FLAG_ARG, "NAME", "input interface", AT(in_word) },
	{ 'o', "out", RV_FLAG_ARG, "NAME", "output interface", AT(out_word) },
	{ 't', "table", RV_FLAG_ARG, "TABLE", "only this table (default: all)", AT(table) },
	{ 'm', "mark", RV_FLAG_ARG, "NUMBER", "initial packet mark", AT(mark_word) },
	{ 'l', "local", RV_FLAG_ARG, "ADDRESS,...", "addresses of the host; choose base chains by address", AT(locals) },
	{ 'a', "assume", RV_FLAG_MANY, "NAME=VALUE", "assume the result of a match, such as ctstate=NEW", AT(assume) },
	{ 's', "set", RV_FLAG_MANY, "NAME=FILE", "members of an ipset: one per line, or output of ipset save", AT(set_words) },
	{ 'w', "ways", RV_FLAG_ARG, "NUMBER", "maximum number of paths followed per packet (default 64)", AT(ways_word) },
	{ 'c', "conntrack", RV_FLAG_PLAIN, NULL, "track the connections of the capture", AT(conntrack) },
	{ 'R', "reassemble", RV_FLAG_PLAIN, NULL, "reassemble fragments; included in --conntrack", AT(reassemble) },
	{ 'j', "json", RV_FLAG_PLAIN, NULL, "print JSON", AT(json) },
	{ 'q', "quiet", RV_FLAG_PLAIN, NULL, "print only the totals", AT(quiet) },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "IPv4 rules and packets (default)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "IPv6 rules and packets" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ .help = about },
};

/* ---- options --------------------------------------------------------------------------- */

static int set_interface(char to[IFNAMSIZ], const char *arg)
{
	if (!arg)
		return 0;
	if (!*arg || strlen(arg) >= IFNAMSIZ)
		return rv_cli_message("ravelin run: \"%s\" is not an interface name", arg);
	memset(to, 0, IFNAMSIZ);
	strcpy(to, arg);
	return 0;
}

static int set_mark(struct run *r, const char *arg)
{
	uint64_t mark = 0;

	if (arg && !rv_parse_uint(arg, 0, UINT32_MAX, &mark))
		return rv_cli_message("ravelin run: \"%s\" is not a mark", arg);
	r->mark = (uint32_t)mark;
	return 0;
}

static int set_ways(struct run *r, const char *arg)
{
	r->max_ways = WAYS;
	if (arg && !rv_parse_uint(arg, 1, WAYS_MAX, &r->max_ways))
		return rv_cli_message("ravelin run: \"%s\" is not a number of paths from 1 to %d", arg,
				      WAYS_MAX);
	return 0;
}

/* Calls fn for each word of a comma-separated list, until a nonzero result. */
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
		return rv_cli_message("ravelin run: \"%s\" is not an address", word);
	r->nlocal++;
	return 0;
}

/* ---- effects of targets ---------------------------------------------------------------------- */

static void note_log(void *arg, const struct rv_pkt *pkt, const struct rv_log *log)
{
	struct run *r = arg;

	rv_run_note_log(r->current, log);
}

static void note_reject(struct run *r)
{
	if (r->packet.rejected)
		rv_run_note(r->current, "REJECT answers");
	r->packet.rejected = false;
}

static void note_target(void *arg, const char *text)
{
	struct run *r = arg;

	rv_run_note(r->current, text);
}

static bool ask_match(void *arg, struct rv_pkt *pkt, const struct rv_user_asked *asked)
{
	struct run *r = arg;

	return rv_asking_match(&r->asking, pkt, asked);
}

static unsigned int ask_target(void *arg, struct rv_pkt *pkt, const struct rv_user_asked *asked)
{
	struct run *r = arg;

	return rv_asking_target(&r->asking, pkt, asked);
}

/* ---- local addresses ------------------------------------------------------------------------- */

static bool is_local(const struct run *r, const uint8_t *addr)
{
	for (unsigned int i = 0; i < r->nlocal; i++)
		if (!memcmp(&r->local[i], addr, rv_family(r->cli->family)->address_len))
			return true;
	return false;
}

static const uint8_t *address_of(const struct rv_pkt *pkt, bool dst)
{
	const struct rv_family_def *f = rv_family(pkt->family);

	return pkt->data + (dst ? f->destination : f->source);
}

static enum rv_answer local_answer(void *arg, const struct rv_pkt *pkt, bool dst)
{
	const struct run *r = arg;

	if (!r->nlocal)
		return RV_ANSWER_OPEN;
	return is_local(r, address_of(pkt, dst)) ? RV_ANSWER_YES : RV_ANSWER_NO;
}

/* All directions if --local was not given. */
static unsigned int direction_of(const struct run *r, const struct rv_pkt *pkt)
{
	unsigned int direction = 0;
	uint8_t type = r->plain->addrtype(pkt, address_of(pkt, true), RV_IFACE_ANY);

	if (!r->nlocal)
		return RV_PATH_IN | RV_PATH_OUT | RV_PATH_THROUGH;
	if (is_local(r, address_of(pkt, false)))
		direction |= RV_PATH_OUT;
	if (is_local(r, address_of(pkt, true)) || (type != RTN_UNICAST && !direction))
		direction |= RV_PATH_IN;
	return direction ? direction : RV_PATH_THROUGH;
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

/* Notes for the user: printed to stderr at once, and in JSON at the end. */
__attribute__((format(printf, 3, 4)))
static void add_note(struct run *r, bool print_help, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (print_help)
		rv_cli_message("ravelin run: %s", text);
	rv_buf_printf(&r->totals.notes, "%s\n", text);
}

/* Whether a rule tests an interface that was not given. */
static bool lacks_interface(const struct run *r, const struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_list_each(rule, &c->rules, struct rv_rule, node)
			if ((rule->ip.in[0] && !r->in[0]) ||
			    (rule->ip.out[0] && !r->out[0] && !(r->nlocal && r->in[0])))
				return true;
	return false;
}

/* Counters start at zero, whatever the file has. */
static void forget_counters(struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		c->counters = (struct rv_counters){ 0 };
		rv_list_each(rule, &c->rules, struct rv_rule, node)
			rule->counters = (struct rv_counters){ 0 };
	}
}

static int load_run_table(struct run *r, struct rv_table *t, struct rv_error *err)
{
	if (!strcmp(t->def->name, "nat")) {
		if (has_rules(t))
			add_note(r, true, "table nat is skipped: addresses are not translated, and other "
				 "tables see the addresses of the capture");
		return r->table ? rv_fail(err, RV_ERR_PROBLEM, NULL,
					  "table nat cannot be evaluated: addresses are not translated") : 0;
	}
	forget_counters(t);
	if (rv_table_sort(t))
		return rv_fail_memory(err);
	if (rv_table_check(t, err) < 0)
		return -1;
	return rv_kmod_change_add(&r->change, t, 0, 0, err);
}

static int read_words(struct run *r, struct rv_error *err)
{
	for (unsigned int i = r->assume.n; i--;)
		if (rv_assume(&r->assumed, r->cli->family, r->assume.words[i], err))
			return -1;
	for (unsigned int i = 0; i < r->set_words.n; i++)
		if (rv_run_set_read(&r->sets, r->cli->family, r->set_words.words[i], err))
			return -1;
	return 0;
}

static int start_asking(struct run *r, struct rv_error *err)
{
	struct rv_asking *a = &r->asking;

	a->family = r->cli->family;
	a->link = &r->link;
	a->assumed = r->assumed;
	a->sets = r->sets;
	a->note = note_target;
	a->arg = r;
	a->base.local = local_answer;
	a->base.arg = r;
	return rv_asking_start(a, &r->store.rs, err);
}

static int add_tables(struct run *r, struct rv_error *err)
{
	bool lacks = false;

	rv_list_each(t, &r->store.rs.tables, struct rv_table, node) {
		if (!t->exists || (r->table && strcmp(r->table, t->def->name) != 0))
			continue;
		if (load_run_table(r, t, err))
			return -1;
		lacks |= strcmp(t->def->name, "nat") != 0 && lacks_interface(r, t);
	}
	if (r->table && !r->change.n)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "%s has no table %s", r->rules, r->table);
	if (lacks)
		add_note(r, rv_cli_for_a_person(), "rules that name an interface do not match where its name is not said: "
			 "--in, --out");
	return 0;
}

/* Warns about assumptions that no rule uses, which are likely mistakes. */
static void note_unused(struct run *r)
{
	const struct rv_assumed *at = r->assumed;
	const char *word;

	while ((word = rv_assumed_unused(&at, &r->asking)) != NULL)
		add_note(r, rv_cli_for_a_person(), "--assume \"%s\": no rule tests this", word);
}

static int load_rules(struct run *r, struct rv_error *err)
{
	if (open_rules(r, err) || rv_kmod_link_open(&r->link, "user", err))
		return -1;
	r->change.link = &r->link;
	r->engine = rv_kmod_user_engine(&r->link);
	if (r->conntrack && rv_run_track_start(r->engine))
		return rv_fail_memory(err);
	if (start_asking(r, err) || add_tables(r, err) || rv_kmod_change_send(&r->change, err))
		return -1;
	note_unused(r);
	r->totals.change = &r->change;
	r->totals.rs = &r->store.rs;
	r->ways = calloc(r->max_ways, sizeof(*r->ways));
	r->flows = rv_run_flows_new();
	r->reassemble |= r->conntrack;
	if (r->reassemble)
		r->frags = rv_frags_new();
	return !r->ways || !r->flows || !r->frags != !r->reassemble || rv_run_counts_new(&r->totals) ? rv_fail_memory(err) : 0;
}

/* ---- path of a packet ------------------------------------------------------------------------ */

static int16_t priority(const struct rv_run_pass *p)
{
	return p->base->priority;
}

static int add_pass(struct run *r, const struct rv_run_pass *pass, unsigned int first)
{
	unsigned int at = r->npasses;

	if (at == RV_RUN_PASSES)
		return rv_cli_message("ravelin run: more than %d passes", RV_RUN_PASSES);
	r->npasses++;
	while (at > first && priority(&r->passes[at - 1]) > priority(pass)) {
		r->passes[at] = r->passes[at - 1];
		at--;
	}
	r->passes[at] = *pass;
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

/* Adds all tables with a base chain of that name, ordered by priority. */
static int add_base_chains(struct run *r, const char *name, unsigned int directions)
{
	const unsigned int first = r->npasses;
	int rc = 0;

	for (unsigned int n = 0; n < r->change.n && !rc; n++) {
		const struct rv_table_def *def = r->change.blobs[n].table->def;
		struct rv_run_pass pass = { .table = def, .blob = &r->change.blobs[n], .number = n,
					    .directions = directions };

		for (unsigned int i = 0; i < def->nbase && !rc; i++) {
			pass.base = &def->base[i];
			if (!strcmp(def->base[i].name, name))
				rc = add_pass(r, &pass, first);
		}
	}
	return rc;
}

/* Adds a chain given with --hook. */
static int add_hook(struct run *r, const char *name)
{
	const unsigned int first = r->npasses;
	unsigned int directions = 0;

	if (!is_base_name(name))
		return rv_cli_message("ravelin run: \"%s\" is not a base chain: PREROUTING, INPUT, "
				      "FORWARD, OUTPUT or POSTROUTING", name);
	for (const struct rv_path_hook *h = rv_path_hooks; h->directions; h++)
		if (!strcmp(rv_path_names[h->hook], name))
			directions |= h->directions;
	if (add_base_chains(r, name, directions))
		return 1;
	if (r->table && first == r->npasses)
		return rv_cli_message("ravelin run: table %s has no chain %s", r->table, name);
	return 0;
}

static int add_hooks(struct run *r)
{
	int rc = 0;

	if (r->hooks || !r->nlocal)
		return each_word(r, r->hooks ? r->hooks : "INPUT", add_hook);
	for (const struct rv_path_hook *h = rv_path_hooks; h->directions && !rc; h++)
		rc = add_base_chains(r, rv_path_names[h->hook], h->directions);
	return rc;
}

static enum rv_table_id table_id(const struct rv_table_def *def)
{
	unsigned int id = 0;

	while (id + 1 < RV_TABLES && strcmp(rv_engine_tables[id].name, def->name) != 0)
		id++;
	return id;
}

static const char loopback_name[IFNAMSIZ] = "lo";

/* Output interface; locally generated packets use the one they would be received by. */
static const char *out_name(const struct run *r, unsigned int direction)
{
	if (r->nlocal && direction == (RV_PATH_IN | RV_PATH_OUT))
		return loopback_name;
	if (!r->out[0] && r->nlocal && direction == RV_PATH_OUT)
		return r->in;
	return r->out;
}

static const char *in_name(const struct run *r, unsigned int direction)
{
	return r->nlocal && direction == (RV_PATH_IN | RV_PATH_OUT) ? loopback_name : r->in;
}

static void set_hook(struct run *r, struct rv_pkt *pkt, uint8_t hook)
{
	rv_path_enter(pkt, hook, in_name(r, r->direction), out_name(r, r->direction), r->forwarded);
}

static void pass_table(struct run *r, struct rv_run_packet *p, struct rv_run_pass *pass)
{
	struct rv_step *path = pass->record.path;
	uint32_t cap = pass->record.cap;

	pass->record = (struct rv_record){ .path = path, .cap = cap };
	pass->nnotes = 0;
	pass->passed = true;
	r->current = pass;
	r->asking.record = &pass->record;
	r->asking.looked = (struct rv_sel_set){ 0 };
	set_hook(r, p->pkt, pass->base->hook);
	pass->verdict = rv_engine_run(r->engine, table_id(pass->table), p->pkt, &pass->record);
	pass->looked = r->asking.looked;
	note_reject(r);
	p->fate = r->asking.lost || r->asking.ways.cut ? RV_RUN_OPEN : rv_run_fate_of(pass->verdict);
}

/* Between table raw and all others. */
static void track(struct run *r, struct rv_run_packet *p)
{
	if (!rv_run_track(r->engine, p->pkt, &r->tracked))
		p->fate = RV_RUN_DROPPED;
}

static bool is_raw(const struct rv_run_pass *pass)
{
	return !strcmp(pass->table->name, "raw");
}

static void pass_all(struct run *r, struct rv_run_packet *p)
{
	bool tracked = !r->conntrack;

	r->forwarded = false;
	for (unsigned int i = 0; i < r->npasses; i++) {
		struct rv_run_pass *pass = &r->passes[i];

		pass->passed = false;
		if (p->fate != RV_RUN_ACCEPTED || !(pass->directions & r->direction))
			continue;
		if (!tracked && !is_raw(pass)) {
			tracked = true;
			track(r, p);
			if (p->fate != RV_RUN_ACCEPTED)
				continue;
		}
		if (pass->base->hook == NF_INET_FORWARD && !r->forwarded) {
			r->forwarded = true;
			if (!rv_path_forward(p->pkt)) {
				p->fate = RV_RUN_DROPPED;
				continue;
			}
		}
		pass_table(r, p, pass);
	}
	if (!tracked && p->fate == RV_RUN_ACCEPTED)
		track(r, p);
}

/* Makes a writable copy. Returns 0; 1: malformed; -1: out of memory. */
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
	/* Bytes missing from the capture are counted, but matches cannot read them. */
	packet->pkt.len = f->whole;
	packet->log = note_log;
	packet->ask_match = ask_match;
	packet->ask_target = ask_target;
	packet->arg = r;
	r->plain = packet->pkt.ops;
	packet->ether = f->ether;
	packet->pkt.mark = r->mark;
	packet->pkt.pkttype = f->pkttype;
	return 0;
}

/* Enlarges the record to fit the whole path. Returns 0, or 1: enlarged, repeat the path. */
static int widen(struct run *r)
{
	int rc = 0;

	for (unsigned int i = 0; i < r->npasses; i++) {
		struct rv_record *rec = &r->passes[i].record;
		struct rv_step *path;

		if (!r->passes[i].passed || rec->len <= rec->cap)
			continue;
		path = reallocarray(rec->path, 2 * (size_t)rec->len, sizeof(*path));
		if (!path)
			return -1;
		rec->path = path;
		rec->cap = 2 * rec->len;
		rc = 1;
	}
	return rc;
}

/* One traversal of all tables with the current answers. */
static int go_way(struct run *r, struct rv_run_packet *p)
{
	const struct rv_frame *f = p->frame;
	int rc;

	do {
		if (copy_packet(r, f))
			return -1;
		r->asking.ways.at = 0;
		rv_asking_way(&r->asking, p->pkt);
		p->fate = RV_RUN_ACCEPTED;
		pass_all(r, p);
		rc = r->asking.failed || r->asking.facts.failed ? -1 : widen(r);
	} while (rc > 0);
	p->changed = p->pkt->len != f->whole || memcmp(p->pkt->data, f->data, f->len) != 0;
	return rc;
}

static int end_way(struct run *r, struct rv_run_packet *p, const struct rv_run_form *form)
{
	const struct rv_ways *taken = &r->asking.ways;
	struct rv_run_way *way = &r->ways[p->nways];

	way->fate = rv_run_fate_name(p->fate);
	way->n = taken->n;
	memcpy(way->taken, taken->taken, taken->n * sizeof(*taken->taken));
	if (rv_run_count_way(&r->totals, p))
		return -1;
	if (!r->quiet)
		form->way(&r->text, p, way, p->nways);
	p->nways++;
	return 0;
}

static enum rv_run_fate common_fate(const struct rv_run_packet *p)
{
	unsigned int fate = 0;
	const char *name = rv_ways_fate(p->ways, p->nways, p->more);

	while (name && fate < RV_RUN_OPEN && strcmp(rv_run_fate_name(fate), name) != 0)
		fate++;
	return name ? fate : RV_RUN_OPEN;
}

/* All paths; together they determine the packet's fate. */
static int go_ways(struct run *r, struct rv_run_packet *p, const struct rv_run_form *form)
{
	bool more;

	rv_asking_packet(&r->asking);
	rv_buf_reset(&r->text);
	r->tracked = (struct rv_run_tracked){ 0 };
	do {
		if (go_way(r, p) || end_way(r, p, form))
			return -1;
		more = rv_ways_next(&r->asking.ways);
	} while (more && p->nways < r->max_ways);
	p->more = more;
	p->fate = common_fate(p);
	if (r->conntrack)
		rv_run_track_end(r->engine, p->pkt, &r->tracked, p->fate);
	rv_run_count_packet(&r->totals, p);
	return 0;
}

static void not_run(struct rv_run_packet *p, enum rv_run_fate fate, const char *why)
{
	p->fate = fate;
	p->why = why;
}

static bool goes_elsewhere(const struct run *r)
{
	for (unsigned int i = 0; i < r->npasses; i++)
		if (r->passes[i].directions & r->direction)
			return false;
	return r->npasses && r->hooks;
}

/*
 * Adds a fragment to its packet. Returns whether there is a packet to run: p->frame, or the one
 * completed.
 */
static bool reassemble(struct run *r, struct rv_run_packet *p)
{
	const struct rv_frame *f = p->frame;
	const struct rv_frag_packet in = { .bytes = f->data, .len = f->len, .whole = f->whole };
	struct rv_frag_packet whole;
	const enum rv_frag result = rv_frags_add(r->frags, &in, f->time, &whole);

	if (result == RV_FRAG_NONE)
		return true;
	if (result != RV_FRAG_WHOLE) {
		not_run(p, RV_RUN_FRAGMENT, rv_frag_names[result]);
		return false;
	}
	r->reassembled = *f;
	r->reassembled.data = whole.bytes;
	r->reassembled.len = whole.len;
	r->reassembled.whole = whole.whole;
	r->reassembled.truncated = whole.len < whole.whole;
	p->frame = &r->reassembled;
	p->reassembled = whole.whole;
	return true;
}

static int run_packet(struct run *r, struct rv_run_packet *p, const struct rv_run_form *form)
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
	if (r->frags && !reassemble(r, p))
		return 0;
	f = p->frame;
	rc = copy_packet(r, f);
	if (rc > 0)
		not_run(p, RV_RUN_MALFORMED, "network header");
	if (rc)
		return rc > 0 ? 0 : -1;
	rv_user_set_clock(f->time);
	rv_run_flows_add(r->flows, f);
	r->direction = direction_of(r, p->pkt);
	if (!goes_elsewhere(r))
		return go_ways(r, p, form);
	not_run(p, RV_RUN_ELSEWHERE, "it passes other chains than those of --hook");
	return 0;
}

/* ---- command --------------------------------------------------------------------------------- */

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
			.npasses = r->npasses, .passes = r->passes, .asking = &r->asking,
			.ways = r->ways, .text = &r->text,
			.tracked = r->conntrack ? &r->tracked : NULL,
		};

		if (run_packet(r, &p, form))
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

/* Notes if only one direction was run, or an interface given applies to only one. */
static void say_directions(struct run *r)
{
	struct rv_buf who = RV_BUF_INIT;
	bool through = false;

	for (unsigned int i = 0; i < r->npasses; i++)
		through |= r->passes[i].base->hook == NF_INET_FORWARD;
	if (!r->nlocal && rv_run_flows_both(r->flows, &who) && rv_buf_text(&who)) {
		if (!through)
			add_note(r, true, "packets go both ways between %s, and all were run through %s: name "
				 "the host's addresses with --local, and what it sends passes OUTPUT",
				 who.data, r->hooks ? r->hooks : "INPUT");
		else if (r->in[0] || r->out[0])
			add_note(r, true, "packets go both ways between %s, and all were run with the same "
				 "--in and --out: run each direction by itself", who.data);
	}
	rv_buf_free(&who);
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
	/* A capture that ends within a packet is reported up to there. */
	if (err->kind == RV_ERR_MEMORY)
		return -1;
	say_directions(r);
	if (r->frags && rv_frags_lost(r->frags))
		add_note(r, true, "fragments of packets that were not completed: %llu",
			 (unsigned long long)rv_frags_lost(r->frags));
	rv_run_counts_tell(&r->totals);
	r->totals.tracked = r->conntrack;
	if (r->conntrack && rv_run_connections(r->engine, &r->totals.connections,
					       &r->totals.nconnections))
		return rv_fail_memory(err);
	form->end(&r->print, &r->totals);
	return flush_text(r) ? -1 : rc;
}

/* Prints an error of the rules or capture, without the version prefix of iptables. */
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
		return rv_cli_message("ravelin run: --%s is required", r->rules ? "pcap" : "rules");
	if (r->table && !rv_table_def_find(r->table))
		return rv_cli_message("ravelin run: no table `%s'", r->table);
	if (set_interface(r->in, r->in_word) || set_interface(r->out, r->out_word) ||
	    set_mark(r, r->mark_word) || set_ways(r, r->ways_word))
		return -1;
	return r->locals ? each_word(r, r->locals, add_local) : 0;
}

static int run_files(struct run *r)
{
	struct rv_error err = { 0 };

	if (check_words(r))
		return wrong_words();
	if (read_words(r, &err) || load_rules(r, &err)) {
		if (err.kind != RV_ERR_USAGE || err.loc.line)
			return print_error(r, &err);
		rv_cli_message("ravelin run: %s", err.text);
		return wrong_words();
	}
	if (add_hooks(r))
		return wrong_words();
	if (!run_capture(r, &err))
		return RV_EXIT_OK;
	return err.kind ? print_error(r, &err) : RV_EXIT_OTHER;
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
		rv_cli_message("ravelin run: unexpected argument: %s", cli->argv[words]);
	if (words < cli->argc)
		rc = wrong_words();
	else
		rc = r->version || r->help ? rv_flags_help(cli, r->version) : run_files(r);
	rv_kmod_change_free(&r->change);
	rv_kmod_link_close(&r->link);
	if (r->store_open)
		rv_store_close(&r->store);
	rv_asking_free(&r->asking);
	rv_assumed_free(r->assumed);
	rv_run_sets_free(r->sets);
	rv_run_counts_free(&r->totals);
	rv_run_flows_free(r->flows);
	rv_frags_free(r->frags);
	for (unsigned int i = 0; i < r->npasses; i++)
		free(r->passes[i].record.path);
	rv_buf_free(&r->totals.notes);
	free(r->totals.connections);
	free(r->ways);
	rv_buf_free(&r->bytes);
	rv_buf_free(&r->text);
	rv_buf_free(&r->print);
	free(r);
	return rc;
}
