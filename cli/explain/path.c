/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a packet through its whole path, once per way: tables in order, routing decision, NAT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/netfilter/xt_conntrack.h>
#include <linux/rtnetlink.h>

#include <ravelin/registry.h>

#include "cli/explain/walk.h"

/* ---- lists that grow ---------------------------------------------------------------------------- */

static void keep_step(void *arg, struct rv_pkt *pkt, const struct rv_step *step)
{
	struct rv_walk *w = arg;
	struct rv_record *rec = &w->pass->record;
	struct rv_step *path;

	(void)pkt;
	if (w->nsteps == rec->cap) {
		path = reallocarray(rec->path, rec->cap ? 2 * (size_t)rec->cap : 16, sizeof(*path));
		if (!path) {
			w->failed = true;
			return;
		}
		rec->path = path;
		rec->cap = rec->cap ? 2 * rec->cap : 16;
	}
	rec->path[w->nsteps++] = *step;
}

/* Returns whether --why-not names this rule. */
static bool is_target(const struct rv_walk *w, const struct rv_miss *miss)
{
	const struct rv_explain_target *t = &w->e->target;
	const struct rv_kmod_entry *entry = &w->pass->blob->entries[miss->entry];
	struct rv_buf b = RV_BUF_INIT;
	bool same;

	if (!entry->rule || (t->table && strcmp(t->table, w->pass->table->name) != 0))
		return false;
	if (!t->text)
		return t->number == entry->number && !strcmp(t->chain, entry->chain->name);
	rv_run_rule(&b, entry);
	same = rv_buf_text(&b) && !strcmp(b.data, t->text);
	rv_buf_free(&b);
	return same;
}

static void keep_miss(void *arg, struct rv_pkt *pkt, const struct rv_miss *miss)
{
	struct rv_walk *w = arg;
	struct rv_explain_way *way = w->way;
	struct rv_explain_miss *list;
	size_t room = way->misses_room ? 2 * way->misses_room : 64;

	if (!w->e->why && !is_target(w, miss))
		return;
	if (way->nmisses == way->misses_room) {
		list = reallocarray(way->misses, room, sizeof(*list));
		if (!list) {
			w->failed = true;
			return;
		}
		way->misses = list;
		way->misses_room = room;
	}
	list = &way->misses[way->nmisses];
	*list = (struct rv_explain_miss){ .pass = way->npasses - 1, .miss = *miss, .at = w->nsteps };
	list->miss.predicate = NULL;
	list->text = rv_explain_miss_text(w->rules, pkt, miss, w->pass->blob);
	if (list->text)
		way->nmisses++;
	else
		w->failed = true;
}

/* ---- what targets say ----------------------------------------------------------------------------- */

static void note_log(void *arg, const struct rv_pkt *pkt, const struct rv_log *log)
{
	struct rv_walk *w = arg;

	rv_run_note_log(w->pass, log);
}

static void note_target(void *arg, const char *text)
{
	struct rv_walk *w = arg;

	rv_run_note(w->pass, text);
}

static bool ask_match(void *arg, struct rv_pkt *pkt, const struct rv_user_asked *asked)
{
	struct rv_walk *w = arg;
	const struct rv_question *q = &w->rules->asking.list[asked->number];
	enum rv_answer answer = RV_ANSWER_OPEN;

	if (!rv_walk_has_connection(w) && q->fixed == RV_ANSWER_OPEN)
		answer = rv_walk_match_without(w, q->part);
	if (answer == RV_ANSWER_OPEN)
		return rv_asking_match(&w->rules->asking, pkt, asked);
	rv_look(&w->record.looked, RV_READS_OPAQUE);
	return answer == RV_ANSWER_YES;
}

static unsigned int ask_target(void *arg, struct rv_pkt *pkt, const struct rv_user_asked *asked)
{
	struct rv_walk *w = arg;
	const struct rv_part *part = w->rules->asking.list[asked->number].part;

	if (w->id == RV_TABLE_NAT && rv_walk_is_nat(part))
		return rv_walk_nat(w, part);
	/* xt_connmark continues if there is no connection. */
	if (!strcmp(part->ext->name, "CONNMARK") && !rv_walk_has_connection(w))
		return RV_CONTINUE;
	return rv_asking_target(&w->rules->asking, pkt, asked);
}

/* ---- tables ---------------------------------------------------------------------------------------- */

static const struct rv_kmod_blob *blob_of(const struct rv_walk *w, enum rv_table_id id, unsigned int *number)
{
	const struct rv_kmod_change *c = &w->rules->change;

	for (*number = 0; *number < c->n; ++*number)
		if (!strcmp(c->blobs[*number].table->def->name, rv_engine_tables[id].name))
			return &c->blobs[*number];
	return NULL;
}

static const struct rv_base_def *base_at(const struct rv_table_def *def, uint8_t hook)
{
	for (unsigned int i = 0; i < def->nbase; i++)
		if (def->base[i].hook == hook)
			return &def->base[i];
	return NULL;
}

/* The priorities used in nf_tables. */
static int16_t priority(enum rv_table_id id, uint8_t hook)
{
	const struct rv_table_def *def = rv_table_def_find(rv_engine_tables[id].name);
	const struct rv_base_def *base = def ? base_at(def, hook) : NULL;

	return base ? base->priority : rv_engine_tables[id].priority[hook];
}

static bool before(struct rv_path *path, enum rv_table_id id)
{
	static const struct rv_observer quiet = { .hit = keep_step };
	struct rv_walk *w = path->arg;
	struct rv_asking *a = &w->rules->asking;
	unsigned int number;
	const struct rv_kmod_blob *blob = blob_of(w, id, &number);
	struct rv_run_pass *pass = &w->way->passes[w->way->npasses];

	w->id = id;
	rv_walk_state(w, id);
	if (id == RV_TABLE_NAT && !rv_walk_asks_nat(w))
		return false;
	if (!blob || w->way->npasses == RV_RUN_PASSES)
		return false;
	*pass = (struct rv_run_pass){ .table = blob->table->def, .blob = blob, .number = number, .passed = true };
	pass->base = base_at(pass->table, path->pkt->hook);
	w->pass = pass;
	w->way->npasses++;
	w->nsteps = 0;
	w->observer = quiet;
	w->observer.arg = w;
	if (w->e->why || w->e->why_not)
		w->observer.miss = keep_miss;
	w->record = (struct rv_record){ .observer = &w->observer };
	a->looked = (struct rv_sel_set){ 0 };
	w->rejected = w->packet.rejected = false;
	return pass->base;
}

static unsigned int after(struct rv_path *path, enum rv_table_id id, unsigned int verdict)
{
	struct rv_walk *w = path->arg;
	struct rv_asking *a = &w->rules->asking;
	struct rv_run_pass *pass = w->pass;

	(void)id;
	pass->verdict = verdict;
	pass->record.len = w->nsteps;
	pass->record.looked = w->record.looked;
	pass->looked = a->looked;
	for (unsigned int i = 0; i < sizeof(a->looked.bits) / sizeof(*a->looked.bits); i++)
		w->way->looked_more.bits[i] |= a->looked.bits[i];
	for (unsigned int i = 0; i < sizeof(w->record.looked.bits) / sizeof(*w->record.looked.bits); i++)
		w->way->looked.bits[i] |= w->record.looked.bits[i];
	w->rejected = w->packet.rejected;
	w->open |= a->lost || a->ways.cut;
	return w->open ? NF_DROP : verdict;
}

/* ---- one way --------------------------------------------------------------------------------------- */

static const struct rv_path_ops path_ops = {
	.priority = priority, .table = before, .decided = after, .route = rv_walk_route,
};

static const char *fate_of(const struct rv_walk *w, unsigned int verdict)
{
	if (w->open)
		return "not known";
	if (w->rejected && (verdict & NF_VERDICT_MASK) == NF_DROP)
		return "REJECT";
	return rv_run_verdict_name(verdict);
}

static bool is_filter(const struct rv_run_pass *pass)
{
	return !strcmp(pass->table->name, "filter");
}

/*
 * The deciding pass: for packets that are not accepted, the last one; else that of table filter, or
 * the last in which a rule matched.
 */
static unsigned int decider_of(const struct rv_walk *w)
{
	const struct rv_explain_way *way = w->way;
	unsigned int found = way->npasses ? way->npasses - 1 : RV_RUN_PASSES;
	bool any = false;

	if (w->routed_away)
		return RV_RUN_PASSES;
	if (!way->npasses || strcmp(way->fate, "ACCEPT") != 0)
		return found;
	for (unsigned int i = way->npasses; i-- && !(any && is_filter(&way->passes[found]));)
		if (is_filter(&way->passes[i]) || (!any && rv_explained_rule(&way->passes[i]))) {
			found = i;
			any = true;
		}
	return found;
}

static int copy_packet(struct rv_walk *w)
{
	const struct rv_question_packet *q = w->q;
	struct rv_user_packet *p = &w->packet;
	struct rv_buf *b = &w->way->bytes;

	rv_buf_reset(b);
	if (!rv_buf_grow(b, q->bytes.len + (size_t)RV_WALK_ROOM))
		return -1;
	memcpy(b->data, w->start, q->bytes.len);
	memset(p, 0, sizeof(*p));
	rv_user_packet_init(p, b->data, (uint32_t)q->bytes.len, (uint32_t)q->bytes.len + RV_WALK_ROOM);
	p->pkt.len = q->whole;
	p->pkt.mark = q->mark;
	p->pkt.pkttype = q->pkttype;
	p->ether = q->has_ether ? q->ether : NULL;
	p->log = note_log;
	p->ask_match = ask_match;
	p->ask_target = ask_target;
	p->arg = w;
	b->len = q->bytes.len;
	return 0;
}

static int go_way(struct rv_walk *w)
{
	struct rv_asking *a = &w->rules->asking;
	unsigned int verdict;

	if (copy_packet(w))
		return -1;
	w->path = (struct rv_path){
		.engine = rv_kmod_user_engine(&w->rules->link), .pkt = &w->packet.pkt, .record = &w->record,
		.ops = &path_ops, .arg = w, .local_out = w->local_out,
	};
	memcpy(w->path.in, w->in, sizeof(w->in));
	memcpy(w->path.out, w->out, sizeof(w->out));
	a->ways.at = 0;
	rv_asking_way(a, &w->packet.pkt);
	rv_walk_begin(w);
	verdict = rv_path_run(&w->path);
	if (w->path.expired)
		rv_walk_expired(w);
	w->way->fate = fate_of(w, verdict);
	w->way->decided = decider_of(w);
	w->way->mark = w->packet.pkt.mark;
	w->way->way.fate = w->way->fate;
	w->way->way.n = a->ways.n;
	memcpy(w->way->way.taken, a->ways.taken, a->ways.n * sizeof(*a->ways.taken));
	return w->failed || a->failed || a->facts.failed ? -1 : 0;
}

/* Earlier packets are unknown, so stateful matches have no known result. */
static void forget_state(struct rv_asking *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->list[i].how == RV_HOW_STATE)
			a->list[a->list[i].same].unsure = true;
}

static int learn(const struct rv_predicate *p, void *arg)
{
	if (!rv_run_in_capture(p->sel) && p->sel != RV_SEL_CT_STATE)
		rv_facts_learn(arg, p, true);
	return 0;
}

/* Adds facts given for this packet to those for all packets. */
static int learn_words(struct rv_walk *w)
{
	struct rv_facts *base = &w->rules->asking.base;

	base->n = w->rules->nbase;
	base->ctmark = w->rules->ctmark;
	if (w->state & (XT_CONNTRACK_STATE_BIT(IP_CT_NEW) | XT_CONNTRACK_STATE_BIT(IP_CT_RELATED)) &&
	    !base->ctmark.known && !w->connection.state)
		base->ctmark = (struct rv_marked){ .known = UINT32_MAX };
	if (w->connection.state)
		base->ctmark = (struct rv_marked){ .value = w->connection.mark, .known = UINT32_MAX };
	for (const struct rv_part *m = w->q->rule->matches; m; m = m->next) {
		if (!strcmp(m->ext->name, "connmark"))
			base->ctmark = (struct rv_marked){ 0 };
		rv_part_predicates(w->q->family, m->ext, m->data, learn, base);
	}
	return base->failed ? -1 : 0;
}

static struct rv_explain_way *new_way(struct rv_explained *x)
{
	struct rv_explain_way *list = reallocarray(x->ways, x->nways + (size_t)1, sizeof(*list));

	if (!list)
		return NULL;
	x->ways = list;
	memset(&list[x->nways], 0, sizeof(*list));
	return &list[x->nways++];
}

static int go_ways(struct rv_walk *w)
{
	struct rv_explained *x = w->x;
	struct rv_asking *a = &w->rules->asking;
	bool more;

	rv_asking_packet(a);
	do {
		w->way = new_way(x);
		if (!w->way || go_way(w))
			return -1;
		more = !w->unrouted && rv_ways_next(&a->ways);
	} while (more && x->nways < w->e->max_ways);
	x->more = more;
	return 0;
}

/* The result of all ways if it is the same, else NULL. */
static const char *common_fate(const struct rv_explained *x)
{
	for (unsigned int i = 0; i < x->nways; i++)
		if (strcmp(x->ways[i].fate, x->ways[0].fate) != 0 || !strcmp(x->ways[i].fate, "not known"))
			return NULL;
	return x->nways && !x->more ? x->ways[0].fate : NULL;
}

/* ---- what was chosen, and mattered ----------------------------------------------------------------- */

static bool was_looked_at(const struct rv_explained *x, enum rv_sel sel)
{
	const unsigned int n = rv_kmod_sel(sel);

	for (unsigned int i = 0; i < x->nways; i++)
		if ((n && rv_has_looked(&x->ways[i].looked, n)) || rv_sel_has(&x->ways[i].looked_more, sel))
			return true;
	return false;
}

static void note_chosen(struct rv_walk *w)
{
	static const struct {
		unsigned int bit;
		enum rv_sel sel, sel6;
		const char *words;
	} rows[] = {
		{ RV_CHOSEN_SRC, RV_SEL_IP_SADDR, RV_SEL_IP6_SADDR, "no -s was given" },
		{ RV_CHOSEN_DST, RV_SEL_IP_DADDR, RV_SEL_IP6_DADDR, "no -d was given" },
		{ RV_CHOSEN_PROTO, RV_SEL_L4PROTO, RV_SEL_L4PROTO, "no -p was given, so it is a TCP packet" },
		{ RV_CHOSEN_SPORT, RV_SEL_TH_SPORT, RV_SEL_TH_SPORT, "no --sport was given" },
		{ RV_CHOSEN_DPORT, RV_SEL_TH_DPORT, RV_SEL_TH_DPORT, "no --dport was given" },
		{ RV_CHOSEN_FLAGS, RV_SEL_TCP_FLAGS, RV_SEL_TCP_FLAGS, "no TCP flags were given" },
	};
	const bool v6 = w->q->family == NFPROTO_IPV6;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (w->q->chosen & rows[i].bit && was_looked_at(w->x, v6 ? rows[i].sel6 : rows[i].sel))
			rv_walk_note(&w->x->notes, "%s; rules test it, so a value was chosen (see the packet's line)",
				     rows[i].words);
	if (was_looked_at(w->x, RV_SEL_IIFNAME) && !w->in[0] && !w->local_out)
		rv_walk_note(&w->x->notes, "no -i was given: an input interface is assumed that no rule names");
	if (w->q->chosen & RV_CHOSEN_STATE && (was_looked_at(w->x, RV_SEL_CT_STATE) || rv_walk_used_nat(w)))
		rv_walk_note(&w->x->notes, "the connection state was not given: %s is assumed (see --ctstate)",
			     rv_walk_state_name(w->state));
}

int rv_explain_packet(struct rv_explaining *e, struct rv_question_packet *q, struct rv_explained *x,
		      struct rv_error *err)
{
	struct rv_walk *w = calloc(1, sizeof(*w));
	int rc;

	memset(x, 0, sizeof(*x));
	if (!w)
		return rv_fail_memory(err);
	x->packet = q;
	x->rules = &e->family[rv_family_index(q->family)];
	*w = (struct rv_walk){ .e = e, .q = q, .x = x, .rules = x->rules, .err = err };
	w->start = (uint8_t *)q->bytes.data;
	w->rules->asking.note = note_target;
	w->rules->asking.arg = w;
	w->rules->asking.record = &w->record;
	w->rules->asking.base.local = rv_walk_local;
	w->rules->asking.base.arg = w;
	rv_user_set_clock(q->time ? q->time : UINT64_MAX);
	forget_state(&w->rules->asking);
	rc = rv_walk_aim(w);
	if (!rc && (learn_words(w) || go_ways(w)))
		rc = rv_fail_memory(err);
	if (!rc && w->unrouted)
		rc = rv_walk_not_routed(w);
	if (!rc) {
		x->fate = common_fate(x);
		memcpy(x->in, w->in, sizeof(x->in));
		x->state = w->state;
		note_chosen(w);
	}
	free(w);
	return rc;
}

void rv_explained_free(struct rv_explained *x)
{
	for (unsigned int i = 0; i < x->nways; i++) {
		struct rv_explain_way *way = &x->ways[i];

		for (unsigned int n = 0; n < way->npasses; n++)
			free(way->passes[n].record.path);
		for (size_t n = 0; n < way->nmisses; n++)
			free(way->misses[n].text);
		free(way->misses);
		rv_buf_free(&way->bytes);
		rv_buf_free(&way->notes);
	}
	free(x->ways);
	rv_buf_free(&x->notes);
}

int rv_explained_status(const struct rv_explained *x)
{
	if (!x->fate || !strcmp(x->fate, "QUEUE") || !strcmp(x->fate, "STOLEN"))
		return RV_EXPLAIN_DEPENDS;
	return strcmp(x->fate, "ACCEPT") ? RV_EXPLAIN_DROPPED : RV_EXPLAIN_ACCEPTED;
}
