/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks that the nft translation of rules is equivalent, using what the kernel holds after loading
 * it.
 *
 *   readback write -4|-6 [-q]   <iptables-save output>   prints the nft translation (-q: except queue)
 *   readback compare -4|-6 [-q] <the same>               compares with the rules in this namespace
 *
 * compare prints each rule that differs, and how often each reason for an acceptable difference was
 * needed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/in.h>

#include <ravelin/io.h>
#include <ravelin/registry.h>
#include <ravelin/render.h>

#include "backend/file/load.h"
#include "backend/nft/decode/decode.h"
#include "formats/text.h"

/* ---- acceptable differences ------------------------------------------------------------- */

enum form {
	FORM_PRESENT, FORM_PROTOCOL, FORM_WIDE, FORM_NOTRACK, FORM_AUDIT,
	FORM_MASK, FORM_FIELD, FORM_2038, FORM_CLOCK, FORM_OCTET, FORMS
};

static const char *const reasons[FORMS] = {
	[FORM_PRESENT] = ("a comparison of a header's field or of the protocol implies that the "
			  "header is present"),
	[FORM_PROTOCOL] = "a match without options tests its protocol or header",
	[FORM_WIDE] = "the mask of an IPv4 address in a field for both families is padded with zeros or ones",
	[FORM_NOTRACK] = "NOTRACK and CT --notrack are the same to the kernel and to nft",
	[FORM_AUDIT] = "nft does not keep the verdict of AUDIT: the rule is refused",
	[FORM_FIELD] = "the end of a range exceeds the largest value of the header field",
	[FORM_2038] = "iptables' full range of dates is omitted",
	[FORM_CLOCK] = "hours, dates and days of the week are not decoded: the rule is refused",
	[FORM_OCTET] = "nft writes some bits of TOS as raw bits, which are not decoded: the rule is refused",
	[FORM_MASK] = "a mask for addresses that are not part of hashlimit's key has no effect",
};

static unsigned int used[FORMS], compared, wrong;

/* ---- meaning of a rule ------------------------------------------------------------------ */

struct saying {
	struct rv_predicate list[256];
	size_t count;
	rv_family_t family;
};

/* The full range of dates. */
static bool ends_in_2038(const struct rv_predicate *p)
{
	return (p->sel == RV_SEL_DATE || p->sel == RV_SEL_LOCAL_DATE) && p->op == RV_OP_RANGE &&
	       !p->negate && !rv_get_uint(p->value, 4) && rv_get_uint(p->other, 4) == INT32_MAX;
}

/* The maximum of the option, not that of the header field. */
static bool ends_behind_field(const struct rv_predicate *p)
{
	static const uint8_t most[4] = { 0xff, 0xff, 0xff, 0xff };

	return (p->sel == RV_SEL_IPCOMP_SPI || p->sel == RV_SEL_RT_SEGLEFT) && p->op == RV_OP_RANGE &&
	       !memcmp(p->other, most, sizeof(most)) && memcmp(p->value, most, sizeof(most)) != 0;
}

static int add(const struct rv_predicate *p, void *arg)
{
	struct saying *s = arg;
	struct rv_predicate copy;

	memset(&copy, 0, sizeof(copy));
	memcpy(&copy, p, p->op == RV_OP_IN ? sizeof(copy) : offsetof(struct rv_predicate, list));
	if (s->family == NFPROTO_IPV4 && copy.op == RV_OP_MASK && copy.len == 16) {
		used[FORM_WIDE] += copy.other[4] != 0;
		memset(copy.other + 4, 0, sizeof(copy.other) - 4);
	}
	rv_predicate_normalise(&copy);
	/* "-i +" */
	if (copy.op == RV_OP_PREFIX && !copy.len && !copy.negate)
		return 0;
	if (ends_in_2038(&copy)) {
		used[FORM_2038]++;
		return 0;
	}
	if (ends_behind_field(&copy)) {
		used[FORM_FIELD]++;
		rv_selector_put(copy.sel, copy.sel == RV_SEL_RT_SEGLEFT ? UINT8_MAX : UINT16_MAX, copy.other);
	}
	for (size_t i = 0; i < s->count; i++)
		if (rv_predicate_equal(&s->list[i], &copy))
			return 0;
	if (s->count == sizeof(s->list) / sizeof(*s->list))
		abort();
	s->list[s->count++] = copy;
	return 0;
}

static void say_parts(struct saying *s, const struct rv_rule *r)
{
	rv_part_predicates(s->family, &rv_ext_ip, (const unsigned char *)&r->ip, add, s);
	for (const struct rv_part *m = r->matches; m; m = m->next)
		rv_part_predicates(s->family, m->ext, m->data, add, s);
}

/* "hbh.length" and "hbh.exists". */
static bool same_header(const char *a, const char *b)
{
	size_t len = strcspn(a, ".");

	return len == strcspn(b, ".") && !strncmp(a, b, len) && strcmp(a, b) != 0;
}

static bool is_protocol(const struct rv_predicate *p, uint8_t protocol)
{
	return p->sel == RV_SEL_L4PROTO && p->op == RV_OP_EQ && !p->negate &&
	       p->value[0] == protocol;
}

static bool has_match(const struct rv_rule *r, const char *name)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (!strcmp(m->ext->name, name))
			return true;
	return false;
}

/* Whether predicate i is implied by another one or by how nft loads it. */
static bool is_implied(const struct saying *s, const struct rv_rule *r, size_t i)
{
	const struct rv_predicate *p = &s->list[i];
	const char *name = rv_selectors[p->sel].name;

	if (is_protocol(p, IPPROTO_MH) && has_match(r, "mh"))
		return true;
	for (size_t j = 0; j < s->count; j++) {
		if (p->sel == RV_SEL_AH && is_protocol(&s->list[j], IPPROTO_AH))
			return true;
		if (!strcmp(strchr(name, '.'), ".exists") &&
		    same_header(name, rv_selectors[s->list[j].sel].name))
			return true;
	}
	return false;
}

static void drop_presence(struct saying *s, const struct rv_rule *r)
{
	for (size_t i = 0; i < s->count; i++) {
		if (!is_implied(s, r, i))
			continue;
		used[FORM_PRESENT]++;
		s->list[i--] = s->list[--s->count];
	}
}

static bool has(const struct saying *s, const struct rv_predicate *p)
{
	for (size_t i = 0; i < s->count; i++)
		if (rv_predicate_equal(&s->list[i], p))
			return true;
	return false;
}

/* ---- parts ------------------------------------------------------------------------------ */

static int count(const struct rv_predicate *p, void *arg)
{
	(void)p;
	++*(unsigned int *)arg;
	return 0;
}

static bool says_nothing(rv_family_t family, const struct rv_part *part)
{
	unsigned int n = 0;

	rv_part_predicates(family, part->ext, part->data, count, &n);
	return !n;
}

static bool has_part(const struct rv_rule *r, const struct rv_part *part)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (rv_part_equal(m, part))
			return true;
	return false;
}

/* Whether it has options without predicate: opaque, or without effect like a comment. */
static bool has_more(const struct rv_part *part)
{
	for (const struct rv_option *o = part->ext->options; o && o->name; o++)
		if (o->opaque.why && rv_option_given(part->ext, o, part->data))
			return true;
	return !rv_part_is_pure(part->ext, part->data);
}

static char *part_text(rv_family_t family, const struct rv_part *part)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_out o = { .buf = &b, .style = RV_STYLE_SAVE, .family = family };

	if (part) {
		rv_buf_puts(&b, part->ext->name);
		rv_part_render(&o, part->ext, part->data);
	}
	return rv_buf_text(&b) ? b.data : NULL;
}

/*
 * Removes an option and its value from a text, unless the option that makes it effective is there.
 */
static void cut_idle(char *text, const char *option, const char *word)
{
	char *at = strstr(text, option), *end = at;

	if (!at || strstr(text, word))
		return;
	end += strlen(option);
	end += strcspn(end, " ");
	memmove(at, end, strlen(end) + 1);
}

static bool same_hashlimit(rv_family_t family, const struct rv_part *a, const struct rv_part *b)
{
	char *text[] = { part_text(family, a), part_text(family, b) };
	bool same;

	for (int i = 0; i < 2; i++) {
		cut_idle(text[i], " --hashlimit-srcmask ", "srcip");
		cut_idle(text[i], " --hashlimit-dstmask ", "dstip");
	}
	same = !strcmp(text[0], text[1]) && !strncmp(text[0], "hashlimit ", 10);
	free(text[0]);
	free(text[1]);
	return same;
}

static bool has_but_for_mask(rv_family_t family, const struct rv_rule *r, const struct rv_part *part)
{
	for (const struct rv_part *m = r->matches; m; m = m->next) {
		if (!same_hashlimit(family, m, part))
			continue;
		used[FORM_MASK]++;
		return true;
	}
	return false;
}

/* Whether the other rule has the same parts: those not expressed by predicates, or all. */
static bool same_parts(rv_family_t family, const struct rv_rule *r, const struct rv_rule *other,
		       bool all)
{
	for (const struct rv_part *m = r->matches; m; m = m->next) {
		if ((!all && !says_nothing(family, m)) || has_part(other, m) ||
		    has_but_for_mask(family, other, m))
			continue;
		if (has_more(m))
			return false;
		used[FORM_PROTOCOL]++;
	}
	return true;
}

static bool same_target(rv_family_t family, const struct rv_part *ours, const struct rv_part *read)
{
	char *a, *b;
	bool same;

	if (!ours || !read)
		return ours == read;
	if (rv_part_equal(ours, read))
		return true;
	a = part_text(family, ours);
	b = part_text(family, read);
	same = !strcmp(a, "NOTRACK") && !strcmp(b, "CT --notrack");
	used[FORM_NOTRACK] += same;
	free(a);
	free(b);
	return same;
}

/* ---- comparison of a rule ----------------------------------------------------------------- */

static void put_predicate(const struct rv_predicate *p)
{
	fprintf(stderr, "    %s%s op %d len %u value ", p->negate ? "! " : "",
		rv_selectors[p->sel].name, p->op, p->len);
	for (unsigned int i = 0; i < rv_selectors[p->sel].len; i++)
		fprintf(stderr, "%02x", p->value[i]);
	fputc('/', stderr);
	for (unsigned int i = 0; i < rv_selectors[p->sel].len; i++)
		fprintf(stderr, "%02x", p->other[i]);
	for (unsigned int j = 0; j < p->count; j++)
		fprintf(stderr, " %02x%02x-%02x%02x", p->list[j].from[0], p->list[j].from[1],
			p->list[j].to[0], p->list[j].to[1]);
	fputc('\n', stderr);
}

static bool same_predicates(struct saying *ours, struct saying *read, bool loud)
{
	bool same = ours->count == read->count;

	for (size_t i = 0; i < ours->count; i++)
		same &= has(read, &ours->list[i]);
	for (size_t i = 0; !same && loud && i < ours->count; i++)
		put_predicate(&ours->list[i]);
	if (!same && loud)
		fputs("   read:\n", stderr);
	for (size_t i = 0; !same && loud && i < read->count; i++)
		put_predicate(&read->list[i]);
	return same;
}

static void complain(const struct rv_chain *c, rv_family_t family, const struct rv_rule *r,
		     const char *why)
{
	struct rv_buf b = RV_BUF_INIT;

	rv_render_rule(&b, family, c->name, r, RV_COUNTERS_NONE);
	fprintf(stderr, "%s: -t %s %s", why, c->table->def->name, rv_buf_text(&b));
	rv_buf_free(&b);
	wrong++;
}

static void compare(const struct rv_chain *c, rv_family_t family, const struct rv_rule *ours,
		    const struct rv_nft_meaning *m)
{
	struct saying a = { .family = family }, b = { .family = family };

	compared++;
	say_parts(&a, ours);
	drop_presence(&a, ours);
	for (size_t i = 0; i < m->count; i++)
		add(&m->list[i].p, &b);
	say_parts(&b, m->rule);
	if (!same_predicates(&a, &b, true))
		complain(c, family, ours, "other predicates");
	else if (!same_parts(family, ours, m->rule, false) || !same_parts(family, m->rule, ours, true))
		complain(c, family, ours, "other matches");
	else if (!same_target(family, ours->target, m->rule->target) ||
		 ours->verdict != m->rule->verdict || strcmp(ours->jump, m->rule->jump) != 0)
		complain(c, family, ours, "another target");
}

/* ---- both modes -------------------------------------------------------------------------------- */

struct work {
	rv_family_t family;
	bool no_queue;
	struct rv_nft_socket socket;
	struct rv_nft_aside sets;
	const struct rv_chain *chain;
	struct rv_list *at;		/* the rule before the next one */
	struct rv_text_sets text_sets;
};

/* The translation of the rule, or NULL. */
static const char *words_of(struct work *w, const struct rv_chain *c, const struct rv_rule *r,
			    struct rv_buf *b)
{
	const struct rv_text_place place = {
		.family = w->family, .table = c->table->def->name, .chain = c->name,
		.sets = &w->text_sets,
	};
	const char *text;

	rv_buf_reset(b);
	if (!rv_text_rule(b, &place, r))
		return NULL;
	text = rv_buf_text(b);
	return w->no_queue && strstr(text, " queue num ") ? NULL : text;
}

static int write_table(const struct rv_table *t, void *arg)
{
	struct work *w = arg;
	struct rv_buf b = RV_BUF_INIT;

	rv_list_each(c, &t->chains, struct rv_chain, node) {
		rv_list_each(r, &c->rules, struct rv_rule, node) {
			const char *words = words_of(w, c, r, &b);

			if (words)
				puts(words);
		}
	}
	rv_buf_free(&b);
	return 0;
}

/* The next rule of the chain that has a translation, to compare with the kernel's next rule. */
static struct rv_rule *next_rule(struct work *w)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_rule *r = NULL;

	for (w->at = w->at->next; w->at != &w->chain->rules && !r; ) {
		struct rv_rule *candidate = rv_entry(w->at, struct rv_rule, node);

		if (words_of(w, w->chain, candidate, &b))
			r = candidate;
		else
			w->at = w->at->next;
	}
	rv_buf_free(&b);
	return r;
}

static int see_rule(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct work *w = arg;
	struct rv_rule *ours = next_rule(w);
	struct rv_nft_meaning m;
	struct rv_error why = { 0 };

	if (!ours)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "chain %s has more rules than were loaded",
			       w->chain->name);
	if (!rv_nft_meaning_read(&w->sets, w->family, attrs, &m, &why)) {
		compare(w->chain, w->family, ours, &m);
		rv_nft_meaning_clear(&m);
	} else if (ours->target && !strcmp(ours->target->ext->name, "AUDIT")) {
		used[FORM_AUDIT]++;
	} else if (has_match(ours, "time") && strstr(why.text, "`meta' loads")) {
		used[FORM_CLOCK]++;
	} else if (has_match(ours, "tos") || (ours->target && !strcmp(ours->target->ext->name, "TOS"))) {
		used[FORM_OCTET]++;
	} else {
		complain(w->chain, w->family, ours, why.text);
	}
	return 0;
}

static int compare_table(const struct rv_table *t, void *arg)
{
	struct work *w = arg;
	struct rv_error err = { 0 };

	rv_list_each(c, &t->chains, struct rv_chain, node) {
		const struct rv_nft_query q = {
			.type = NFT_MSG_GETRULE, .family = w->family, .dump = true,
			.table = t->def->name, .table_attr = NFTA_RULE_TABLE,
			.chain = c->name, .chain_attr = NFTA_RULE_CHAIN,
		};

		w->chain = c;
		w->at = &c->rules;
		if (rv_nft_ask(&w->socket, &q, see_rule, w, &err) < 0 || next_rule(w)) {
			fprintf(stderr, "table %s chain %s: %s\n", t->def->name, c->name,
				err.text[0] ? err.text : "rules are missing");
			return -1;
		}
	}
	return 0;
}

static int run(struct work *w, bool write)
{
	struct rv_buf text = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_store s;
	int rc;

	if (rv_read_all(STDIN_FILENO, &text) || !rv_buf_text(&text))
		return 2;
	if (rv_load_text(&s, w->family, text.data, text.len, NULL, &err)) {
		fprintf(stderr, "line %u: %s\n", err.loc.line, err.text);
		rv_buf_free(&text);
		return 2;
	}
	w->sets.of = &w->socket;
	if (!write && rv_nft_open(&w->socket, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	rc = rv_load_tables(&s, write ? write_table : compare_table, w);
	rv_store_close(&s);
	rv_text_sets_free(&w->text_sets);
	rv_buf_free(&text);
	for (int i = 0; !write && i < FORMS; i++)
		printf("%u\t%s\n", used[i], reasons[i]);
	if (!write)
		printf("%u rules read back, %u of them differ\n", compared, wrong);
	return rc || wrong;
}

int main(int argc, char **argv)
{
	struct work w = { .family = NFPROTO_IPV4 };

	if (argc < 3)
		return 2;
	w.family = !strcmp(argv[2], "-6") ? NFPROTO_IPV6 : NFPROTO_IPV4;
	w.no_queue = argc > 3 && !strcmp(argv[3], "-q");
	return run(&w, !strcmp(argv[1], "write"));
}
