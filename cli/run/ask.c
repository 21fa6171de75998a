/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions that the capture does not answer, and their answers. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/ipset.h>
#include <ravelin/registry.h>

#include "cli/run/ask.h"

/* ---- collecting questions ------------------------------------------------------------------ */

/* The engine's matches for which a capture is not sufficient. */
static const struct {
	const char *name;
	enum rv_how how;
} engines[] = {
	{ "limit", RV_HOW_STATE }, { "hashlimit", RV_HOW_STATE }, { "recent", RV_HOW_STATE },
	{ "statistic", RV_HOW_STATE }, { "mac", RV_HOW_ETHER },
};

/* Whether the engine evaluates the predicate of an asked match. */
static bool known(void *arg, const struct rv_predicate *p)
{
	const struct rv_asking *a = arg;

	return rv_run_in_capture(p->sel) && (p->sel != RV_SEL_MARK || !a->marks) &&
	       rv_kmod_op(p->op) &&
	       rv_kmod_has_selector(a->link, a->family, rv_kmod_sel(p->sel));
}

struct gathering {
	struct rv_asking *a;
	struct rv_question *q;
	unsigned int all;		/* number of predicates, including known ones */
	bool engines;			/* the engine has the match, whatever its selectors */
};

/* A match of the engine may use any selector except those only the host knows. */
static bool is_known(const struct gathering *g, const struct rv_predicate *p)
{
	if (g->engines)
		return !(rv_selectors[p->sel].class & RV_HOST) && (p->sel != RV_SEL_MARK || !g->a->marks);
	return known(g->a, p);
}

static int gather(const struct rv_predicate *p, void *arg)
{
	struct gathering *g = arg;
	struct rv_predicate *list;

	g->all++;
	if (is_known(g, p))
		return 0;
	list = reallocarray(g->q->predicates, g->q->npredicates + 1, sizeof(*list));
	if (!list)
		return -1;
	list[g->q->npredicates++] = *p;
	g->q->predicates = list;
	return 0;
}

static bool ask_engine(const struct rv_asking *a, const struct rv_ext *ext)
{
	rv_revision_each(w, ext)
		if (rv_kmod_has_layout(a->link, a->family, ext, w))
			return true;
	return false;
}

/* How to answer a match of the engine; RV_HOW_FACTS: by its predicates. */
static enum rv_how how_of(const struct rv_ext *ext)
{
	for (unsigned int i = 0; i < sizeof(engines) / sizeof(*engines); i++)
		if (!strcmp(engines[i].name, ext->name))
			return engines[i].how;
	return !strcmp(ext->name, "set") ? RV_HOW_SET : RV_HOW_FACTS;
}

static bool is_open(enum rv_sel sel)
{
	return sel == RV_SEL_MARK || rv_selectors[sel].class & RV_HOST;
}

/* Whether is_known() holds for all predicates that the match can have, if the engine has it. */
static bool is_always_known(const struct rv_ext *ext)
{
	for (const struct rv_option *o = ext->options; o && o->name; o++)
		if ((rv_option_ops(o)->predicate && !o->sel) || rv_option_sel_more(o)->when || is_open(o->sel) ||
		    is_open(rv_option_sel_more(o)->ipv6))
			return false;
	return !is_open(rv_ext_header(ext)->sel);
}

static struct rv_had find_out(const struct rv_asking *a, const struct rv_ext *ext)
{
	struct rv_had x = { .ext = ext, .has = ask_engine(a, ext), .how = how_of(ext) };

	x.decides = x.has && x.how == RV_HOW_FACTS && is_always_known(ext);
	return x;
}

/* Cached for the first extensions, since each rule needs it. */
static struct rv_had about(struct rv_asking *a, const struct rv_ext *ext)
{
	unsigned int i = 0;

	while (i < a->nhad && a->had[i].ext != ext)
		i++;
	if (i == RV_ASKING_HAD)
		return find_out(a, ext);
	if (i == a->nhad)
		a->had[a->nhad++] = find_out(a, ext);
	return a->had[i];
}

static bool engine_has(struct rv_asking *a, const struct rv_ext *ext)
{
	return about(a, ext).has;
}

/* Lists of recent and tables of hashlimit are shared by name. */
static char *group_of(const struct rv_part *part)
{
	const struct rv_option *o = rv_part_row(part, "hashlimit-name");
	const bool recent = !strcmp(part->ext->name, "recent");
	struct rv_buf b = RV_BUF_INIT;

	if (recent)
		o = rv_part_row(part, "name");
	if (!o && !recent)
		return NULL;
	rv_buf_printf(&b, "%s %.255s", part->ext->name, o ? (const char *)part->data + o->offset : "");
	return (char *)rv_buf_text(&b);
}

/* Some options determine how the match is answered. */
static void look_at_options(struct rv_question *q)
{
	if (!strcmp(q->part->ext->name, "recent"))
		q->always = rv_part_row(q->part, "set") &&
			    !rv_option_inverted(rv_part_row(q->part, "set"), q->part->data);
	if (!strcmp(q->part->ext->name, "statistic") && !rv_part_number(q->part, "mode", 0))
		q->how = RV_HOW_CHANCE;
}

/* Key of questions that have the same answer; NULL: out of memory, or none can. */
static char *common_key(const struct rv_question *q)
{
	const struct rv_ipset *set = q->how == RV_HOW_SET && q->told ? rv_part_set(q->part) : NULL;
	struct rv_buf b = RV_BUF_INIT;

	if (q->how == RV_HOW_STATE && !q->group)
		return NULL;
	/* The same set and parts give the same answer, unless counters are tested. */
	if (set)
		rv_buf_printf(&b, "set %u %u %.*s", set->set.dim, set->set.flags & ~IPSET_INV_MATCH,
			      IPSET_MAXNAMELEN, set->name);
	else
		rv_buf_printf(&b, "%u %s", q->how, q->group ? q->group : q->text);
	return (char *)rv_buf_text(&b);
}

/* First question with a key. */
struct rv_first {
	char *key;
	uint32_t number;
};

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct rv_first *)a)->key, ((const struct rv_first *)b)->key);
}

static void free_first(void *first)
{
	free(((struct rv_first *)first)->key);
	free(first);
}

/* First question with the same answer; q itself if there is none. -1 when memory ran out. */
static int find_same(struct rv_asking *a, struct rv_question *q)
{
	struct rv_first *first = malloc(sizeof(*first)), **found;

	q->same = (uint32_t)a->n;
	if (!first)
		return -1;
	*first = (struct rv_first){ common_key(q), (uint32_t)a->n };
	found = first->key ? (struct rv_first **)tsearch(first, &a->firsts, compare_keys) : NULL;
	if (found)
		q->same = (*found)->number;
	if (!found || *found != first)
		free_first(first);
	return found || (q->how == RV_HOW_STATE && !q->group) ? 0 : -1;
}

/* A set match that tests only membership. */
static bool only_membership(const struct rv_part *part)
{
	static const char *const counters[] = {
		"packets-eq", "packets-lt", "packets-gt", "bytes-eq", "bytes-lt", "bytes-gt",
		"return-nomatch",
	};

	for (unsigned int i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		if (rv_part_row(part, counters[i]))
			return false;
	return true;
}

static void free_question(struct rv_question *q)
{
	free(q->text);
	free(q->predicates);
	free(q->group);
}

static struct rv_question *new_question(struct rv_asking *a)
{
	size_t room = a->room ? 2 * a->room : 64;
	struct rv_question *list;

	if (a->n == a->room) {
		list = reallocarray(a->list, room, sizeof(*list));
		if (!list)
			return NULL;
		a->list = list;
		a->room = room;
	}
	a->list[a->n] = (struct rv_question){ .fixed = RV_ANSWER_OPEN };
	return &a->list[a->n];
}

static int describe(struct rv_asking *a, struct rv_question *q, const struct rv_part *part,
		    struct rv_kmod_asked *asked)
{
	struct gathering g = { a, q, 0, engine_has(a, part->ext) };

	q->part = part;
	if (asked->target) {
		q->how = RV_HOW_TARGET;
		q->target = rv_run_target_row(part);
		return 0;
	}
	q->how = about(a, part->ext).how;
	look_at_options(q);
	if (q->how == RV_HOW_FACTS && rv_part_predicates(a->family, part->ext, part->data, gather, &g))
		return -1;
	if (q->how == RV_HOW_FACTS && !q->npredicates && g.engines)
		return 0;
	asked->alone = q->how == RV_HOW_FACTS && g.all == q->npredicates;
	q->told = q->how == RV_HOW_SET ? only_membership(part)
				       : g.all && rv_part_is_pure(part->ext, part->data);
	q->group = q->how == RV_HOW_STATE ? group_of(part) : NULL;
	return 0;
}

/* A part that the engine decides completely. */
static bool is_engines(struct rv_asking *a, const struct rv_question *q)
{
	if (q->how == RV_HOW_TARGET)
		return engine_has(a, q->part->ext) && !(a->marks && !strcmp(q->part->ext->name, "MARK"));
	return q->how == RV_HOW_FACTS && !q->npredicates && engine_has(a, q->part->ext);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/*
 * Cached answer for an equal match whose answer depends on the packet only. Protects it from
 * replacement.
 */
static const struct rv_told *told_before(struct rv_asking *a, const struct rv_part *part)
{
	for (unsigned int i = 0; i < a->ntold; i++) {
		if (!rv_part_equal(a->told[i].part, part))
			continue;
		if (i == a->told_at)
			a->told_at = (a->told_at + 1) % RV_ASKING_TOLD;
		return &a->told[i];
	}
	return NULL;
}

static void remember_told(struct rv_asking *a, const struct rv_part *part, bool is_asked,
			  const struct rv_kmod_asked *asked)
{
	a->told[a->told_at] = (struct rv_told){ part, is_asked, *asked };
	a->told_at = (a->told_at + 1) % RV_ASKING_TOLD;
	if (a->ntold < RV_ASKING_TOLD)
		a->ntold++;
}

static void turn(const struct rv_asking *a, struct rv_question *q)
{
	const struct rv_part *other = a->list[q->same].part;

	if (q->same < a->n)
		q->turned = rv_option_inverted(rv_part_row(q->part, "match-set"), q->part->data) !=
			    rv_option_inverted(rv_part_row(other, "match-set"), other->data);
	q->set = rv_run_set_find(a->sets, rv_part_set(q->part)->name);
}

/* 0: the engine decides it. */
static int ask_anew(struct rv_asking *a, const struct rv_rule *r, const struct rv_part *part,
		    struct rv_kmod_asked *asked)
{
	struct rv_question *q = new_question(a);
	int rc = q ? describe(a, q, part, asked) : -1;
	const bool left = !rc && is_engines(a, q);

	if (!rc && !left)
		q->text = rv_run_part_text(a->family, r, part);
	if (rc || left || !q->text || find_same(a, q)) {
		if (q)
			free_question(q);
		return left ? 0 : -1;
	}
	if (q->how == RV_HOW_SET)
		turn(a, q);
	if (q->how != RV_HOW_TARGET)
		q->fixed = rv_assumed_answer(a->assumed, q);
	asked->inner = q->how == RV_HOW_STATE || q->how == RV_HOW_ETHER ||
		       (q->how == RV_HOW_TARGET && engine_has(a, part->ext));
	asked->number = a->n++;
	return 1;
}

static int ask_part(void *arg, const struct rv_rule *r, const struct rv_part *part,
		    struct rv_kmod_asked *asked)
{
	struct rv_asking *a = arg;
	const struct rv_had had = about(a, part->ext);
	const bool facts = !asked->target && had.how == RV_HOW_FACTS;
	const struct rv_told *told;
	int rc;

	if (!asked->target && had.decides)
		return 0;
	told = facts ? told_before(a, part) : NULL;
	if (told) {
		asked->number = told->asked.number;
		asked->alone = told->asked.alone;
		return told->is_asked;
	}
	rc = ask_anew(a, r, part, asked);
	if (facts && rc >= 0)
		remember_told(a, part, rc, asked);
	return rc;
}

/* ---- start and end ----------------------------------------------------------------------------- */

/* -m socket may restore the mark of the socket. */
static bool brings_mark(const struct rv_part *match)
{
	return !strcmp(match->ext->name, "socket") && rv_part_row(match, "restore-skmark");
}

/* The engine's own targets set known marks. */
static bool makes_mark(struct rv_asking *a, const struct rv_rule *r)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (brings_mark(m))
			return true;
	return r->target && rv_run_target_marks(r->target) && !engine_has(a, r->target->ext);
}

static bool makes_marks(struct rv_asking *a, const struct rv_ruleset *rs)
{
	rv_list_each(t, &rs->tables, struct rv_table, node)
		rv_list_each(c, &t->chains, struct rv_chain, node)
			rv_list_each(r, &c->rules, struct rv_rule, node)
				if (makes_mark(a, r))
					return true;
	return false;
}

int rv_asking_start(struct rv_asking *a, const struct rv_ruleset *rs, struct rv_error *err)
{
	int rc = rv_user_ask_register();

	if (rc && rc != -EEXIST)
		return rv_fail_memory(err);
	a->marks = makes_marks(a, rs);
	a->asker = (struct rv_kmod_asker){ .ask = ask_part, .known = known, .arg = a };
	a->link->asker = &a->asker;
	return rv_assumed_facts(a->assumed, &a->base, err);
}

void rv_asking_free(struct rv_asking *a)
{
	while (a->n)
		free_question(&a->list[--a->n]);
	tdestroy(a->firsts, free_first);
	free(a->list);
	free(a->base.list);
	free(a->facts.list);
	free(a->certain);
	free(a->memory);
}

void rv_asking_packet(struct rv_asking *a)
{
	a->ways = (struct rv_ways){ 0 };
	a->ncertain = 0;
}

/* Resets the facts to the assumptions; only their list is allocated. */
void rv_asking_way(struct rv_asking *a, const struct rv_pkt *pkt)
{
	struct rv_facts *f = &a->facts;

	f->n = 0;
	f->pkt = pkt;
	f->local = a->base.local;
	f->arg = a->base.arg;
	f->ctmark = a->base.ctmark;
	f->mark = (struct rv_marked){ .value = pkt->mark, .known = UINT32_MAX };
	for (size_t i = 0; i < a->base.n; i++)
		rv_facts_learn(f, &a->base.list[i].p, a->base.list[i].is);
	a->nmemory = 0;
	a->certain_at = 0;
	a->lost = false;
}

/* ---- answers ------------------------------------------------------------------------------------ */

static bool *more_certain(struct rv_asking *a)
{
	size_t room = a->certain_room ? 2 * a->certain_room : 64;
	bool *list;

	if (a->ncertain == a->certain_room) {
		list = reallocarray(a->certain, room, sizeof(*list));
		if (!list) {
			a->failed = true;
			return NULL;
		}
		a->certain = list;
		a->certain_room = room;
	}
	return &a->certain[a->ncertain++];
}

static void remember(struct rv_asking *a, uint32_t question, bool is)
{
	size_t room = a->memory_room ? 2 * a->memory_room : 64;
	struct rv_remembered *list;

	if (a->nmemory == a->memory_room) {
		list = reallocarray(a->memory, room, sizeof(*list));
		if (!list) {
			a->failed = true;
			return;
		}
		a->memory = list;
		a->memory_room = room;
	}
	a->memory[a->nmemory++] = (struct rv_remembered){ question, is };
}

/* A question without facts has one answer per path. */
static bool decide_once(struct rv_asking *a, uint32_t number)
{
	const struct rv_question *q = &a->list[number];
	bool is;

	for (size_t i = 0; i < a->nmemory; i++)
		if (a->memory[i].question == q->same)
			return a->memory[i].is != q->turned;
	is = rv_ways_decide(&a->ways, number);
	remember(a, q->same, is != q->turned);
	return is;
}

static void record_selector(struct rv_asking *a, enum rv_sel sel)
{
	unsigned int n = rv_kmod_sel(sel);

	if (n)
		rv_look(&a->record->looked, n);
	else
		rv_sel_add(&a->looked, sel);
}

static void look_opaque(struct rv_asking *a)
{
	rv_look(&a->record->looked, RV_READS_OPAQUE);
}

/* Combined answer of the open predicates, given the facts. */
static enum rv_answer ask_facts(struct rv_asking *a, const struct rv_question *q,
				const struct rv_predicate **open, unsigned int *nopen)
{
	*nopen = 0;
	for (unsigned int i = 0; i < q->npredicates; i++) {
		enum rv_answer answer = rv_facts_ask(&a->facts, &q->predicates[i]);

		record_selector(a, q->predicates[i].sel);
		if (answer == RV_ANSWER_NO)
			return RV_ANSWER_NO;
		if (answer == RV_ANSWER_OPEN && !(*nopen)++)
			*open = &q->predicates[i];
	}
	return *nopen || !q->told ? RV_ANSWER_OPEN : RV_ANSWER_YES;
}

/* A match on an IPv6 extension header that the packet does not have. */
static bool lacks_header(const struct rv_facts *f, const struct rv_ext *ext)
{
	static const char *const headers[] = { "ah", "dst", "frag", "hbh", "rt", "srh" };

	if (f->pkt->family != NFPROTO_IPV6 || f->pkt->thoff != 40 || f->pkt->proto == RV_PROTO_NONE)
		return false;
	for (unsigned int i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		if (!strcmp(ext->name, headers[i]))
			return true;
	return false;
}

static bool answer_facts(struct rv_asking *a, uint32_t number)
{
	const struct rv_question *q = &a->list[number];
	const struct rv_predicate *open = NULL;
	unsigned int nopen;
	enum rv_answer answer = ask_facts(a, q, &open, &nopen);
	bool is;

	if (lacks_header(&a->facts, q->part->ext))
		return false;
	if (!q->told)
		look_opaque(a);
	if (answer != RV_ANSWER_OPEN)
		return answer == RV_ANSWER_YES;
	is = nopen == 1 && q->told ? rv_ways_decide(&a->ways, number) : decide_once(a, number);
	for (unsigned int i = 0; is && i < q->npredicates; i++)
		rv_facts_learn(&a->facts, &q->predicates[i], true);
	if (!is && nopen == 1 && q->told)
		rv_facts_learn(&a->facts, open, false);
	return is;
}

/*
 * Stateful matches are known while all earlier packets are certain. On a path the packet may not
 * take, the engine is not run, and from then on the state is unknown.
 */
static bool answer_state(struct rv_asking *a, struct rv_pkt *pkt, uint32_t number,
			 const struct rv_user_asked *asked)
{
	const struct rv_question *q = &a->list[number];
	struct rv_question *first = &a->list[q->same];
	bool *is;

	for (const uint16_t *what = asked->inner->reads; what && *what; what++)
		rv_look(&a->record->looked, *what);
	if (!a->ways.at && a->certain_at < a->ncertain)
		return a->certain[a->certain_at++];
	if (!a->ways.at && !first->unsure) {
		is = more_certain(a);
		if (!is)
			return false;
		a->certain_at++;
		*is = rv_user_inner_match(pkt, asked);
		return *is;
	}
	first->unsure = true;
	return q->always || rv_ways_decide(&a->ways, number);
}

static bool answer_set(struct rv_asking *a, struct rv_pkt *pkt, uint32_t number)
{
	const struct rv_question *q = &a->list[number];
	const struct rv_ipset *set = rv_part_set(q->part);
	const bool inverted = rv_option_inverted(rv_part_row(q->part, "match-set"), q->part->data);
	enum rv_answer in = RV_ANSWER_OPEN;

	look_opaque(a);
	if (q->set)
		in = rv_run_set_has(q->set, pkt, set->set.dim, set->set.flags);
	if (in == RV_ANSWER_OPEN || (in == RV_ANSWER_YES && !q->told))
		return decide_once(a, number);
	return (in == RV_ANSWER_YES) != inverted;
}

bool rv_asking_match(struct rv_asking *a, struct rv_pkt *pkt, const struct rv_user_asked *asked)
{
	const struct rv_question *q = &a->list[asked->number];
	const struct rv_user_packet *p = pkt->port;
	bool is;

	if (q->fixed != RV_ANSWER_OPEN)
		return q->fixed == RV_ANSWER_YES;
	switch (q->how) {
	case RV_HOW_STATE:
		return answer_state(a, pkt, asked->number, asked);
	case RV_HOW_CHANCE:
		rv_look(&a->record->looked, RV_READS_RANDOM);
		return rv_ways_decide(&a->ways, asked->number);
	case RV_HOW_ETHER:
		record_selector(a, RV_SEL_ETHER_SADDR);
		return p->ether ? rv_user_inner_match(pkt, asked) : decide_once(a, asked->number);
	case RV_HOW_SET:
		return answer_set(a, pkt, asked->number);
	default:
		is = answer_facts(a, asked->number);
	}
	if (is && brings_mark(q->part))
		rv_marked_set(&a->facts.mark, UINT32_MAX, 0, UINT32_MAX);
	return is;
}

unsigned int rv_asking_target(struct rv_asking *a, struct rv_pkt *pkt,
			      const struct rv_user_asked *asked)
{
	return rv_run_target(a, pkt, asked->number, asked);
}
