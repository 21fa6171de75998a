/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backend kmod: every case of extensions/NAME.t and all forms of predicates as entries and
 * back; entries that are not as they should be; counters; refusals.
 *
 * Directory of the cases: $RV_EXTENSIONS or extensions/ here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/parser.h>
#include <ravelin/render.h>

#include "backend/kmod/kmod.h"

/* ---- a ruleset in memory ----------------------------------------------------------- */

static int memory_load(struct rv_store *s, struct rv_table *t, const char *only,
		       struct rv_error *err)
{
	(void)s;
	(void)only;
	(void)err;
	rv_list_each(c, &t->chains, struct rv_chain, node)
		c->loaded = true;
	t->complete = true;
	return 0;
}

static const struct rv_backend memory = { .name = "memory", .load_chains = memory_load };

static void memory_open(struct rv_store *s, rv_family_t family)
{
	memset(s, 0, sizeof(*s));
	s->backend = &memory;
	s->bulk = true;
	rv_ruleset_init(&s->rs, family);
}

static int on_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip,
		    void *arg, struct rv_error *err)
{
	(void)def;
	(void)loc;
	(void)skip;
	(void)arg;
	(void)err;
	return 0;
}

static int on_command(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		      struct rv_error *err)
{
	(void)opts;
	return cmd->kind == RV_CMD_NONE ? 0 : rv_store_apply(arg, cmd, err);
}

static int on_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	(void)loc;
	(void)arg;
	(void)err;
	return 0;
}

/* Applies restore lines of one table. */
static int apply(struct rv_store *s, const char *table, const char *lines, struct rv_error *err)
{
	const struct rv_restore_sink sink = {
		.counters = true, .table = on_table, .command = on_command, .commit = on_commit,
		.arg = s,
	};
	struct rv_buf b = RV_BUF_INIT;
	int rc;

	memset(err, 0, sizeof(*err));
	rv_buf_printf(&b, "*%s\n%s\nCOMMIT\n", table, lines);
	assert_non_null(rv_buf_text(&b));
	rc = rv_parse_restore(b.data, b.len, s->rs.family, &sink, err);
	rv_buf_free(&b);
	return rc;
}

static void must_apply(struct rv_store *s, const char *table, const char *lines)
{
	struct rv_error err;

	if (apply(s, table, lines, &err))
		fail_msg("\"%s\" is refused: %s", lines, err.text);
}

static struct rv_table *table_of(struct rv_ruleset *rs, const char *name)
{
	struct rv_table *t = rv_ruleset_table(rs, rv_table_def_find(name));

	assert_non_null(t);
	return t;
}

static void add_table(struct rv_buf *b, struct rv_table *t)
{
	assert_int_equal(rv_table_sort(t), 0);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->base >= 0 || c->exists)
			rv_render_chain(b, c);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node)
			rv_render_rule(b, t->ruleset->family, c->name, r, RV_COUNTERS_PREFIX);
}

/* What save -c prints of a table. */
static char *text_of(struct rv_table *t)
{
	struct rv_buf b = RV_BUF_INIT;

	add_table(&b, t);
	assert_non_null(rv_buf_text(&b));
	return b.data;
}

/* ---- an engine that takes everything ------------------------------------------------- */

static uint64_t lacking;	/* selectors it says it has not */

static int yes(void *priv, unsigned int option, void *buf, uint32_t len)
{
	struct rvk_has *has = buf;

	(void)priv;
	assert_int_equal(option, RVK_SO_HAS);
	assert_int_equal(len, sizeof(*has));
	assert_int_equal(has->version, RVK_VERSION);
	has->where = lacking >> has->sel & 1 ? RVK_HAS_NOT : RVK_HAS_ENGINE;
	return 0;
}

static const struct rv_kmod_transport yes_transport = { .call = yes };

/* A table as entries. */
struct image {
	struct rv_buf buf;
	struct rv_kmod_blob blob;
	struct rv_kmod_link link;
};

static struct rvk_table *head_of(const struct image *im)
{
	return rv_kmod_blob_table(&im->blob);
}

static unsigned char *entries_of(const struct image *im)
{
	return (unsigned char *)(head_of(im) + 1);
}

static void encode(struct image *im, struct rv_table *t)
{
	struct rv_error err = { 0 };

	memset(im, 0, sizeof(*im));
	im->link.transport = &yes_transport;
	if (rv_kmod_encode(&im->blob, &im->buf, t, &im->link, &err))
		fail_msg("table %s is refused: %s", t->def->name, err.text);
	assert_int_equal(im->buf.len, sizeof(struct rvk_table) + head_of(im)->size);
	assert_int_equal(im->blob.count, head_of(im)->count);
}

static void image_free(struct image *im)
{
	rv_kmod_blob_free(&im->blob);
	rv_buf_free(&im->buf);
}

/* ---- there and back -------------------------------------------------------------------- */

static void same_chain(const struct rv_chain *a, const struct rv_chain *b)
{
	struct rv_list *y = b->rules.next;

	assert_int_equal(a->references, b->references);
	assert_int_equal(a->nrules, b->nrules);
	rv_list_each(r, &a->rules, struct rv_rule, node) {
		const struct rv_rule *other = rv_entry(y, struct rv_rule, node);

		if (!rv_rule_equal(r, other)) {
			struct rv_buf text = RV_BUF_INIT;

			rv_render_rule(&text, a->table->ruleset->family, a->name, r,
				       RV_COUNTERS_NONE);
			fail_msg("comes back as another: %s", rv_buf_text(&text));
		}
		y = y->next;
	}
}

/* The table that the entries say, in a ruleset of its own, is the same. */
static void there_and_back(struct rv_table *t)
{
	struct rv_error err = { 0 };
	struct rv_ruleset rs;
	struct rv_table *back;
	struct image im;
	char *before, *after;

	rv_ruleset_init(&rs, t->ruleset->family);
	back = table_of(&rs, t->def->name);
	encode(&im, t);
	if (rv_kmod_decode(back, head_of(&im), entries_of(&im), &err))
		fail_msg("%s", err.text);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->exists || c->base >= 0)
			same_chain(c, rv_table_chain(back, c->name));
	before = text_of(t);
	after = text_of(back);
	assert_string_equal(before, after);
	free(before);
	free(after);
	image_free(&im);
	rv_ruleset_clear(&rs);
}

/* ---- the cases of extensions/ ------------------------------------------------------------ */

static const struct { rv_family_t family; const char *name; } families[] = {
	{ NFPROTO_IPV4, "ip" }, { NFPROTO_IPV6, "ip6" },
};

struct cases {
	struct rv_store stores[2];
	char table[32], chain[32], only[8];
	bool no_wire;
	unsigned int taken;
};

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && strchr(" \t\n", end[-1]))
		end--;
	*end = '\0';
	return text;
}

/* Cases of both families hold what one of them lacks: that one leaves it out. */
static void take_rule(struct cases *c, const char *rule)
{
	struct rv_buf line = RV_BUF_INIT;
	struct rv_error err;

	rv_buf_printf(&line, "-A %s %s", c->chain, rule);
	assert_non_null(rv_buf_text(&line));
	for (int i = 0; i < 2; i++)
		if (!strcmp(c->only, "both") || !strcmp(c->only, families[i].name))
			c->taken += apply(&c->stores[i], c->table, line.data, &err) == 0;
	rv_buf_free(&line);
}

/* "rule ; what save prints of it ; OK": the rule, or what save prints, if that says more. */
static void take_case(struct cases *c, char *line)
{
	char *last = strrchr(line, ';'), *second;

	if (!last || strcmp(trim(last + 1), "OK") != 0)
		return;
	*last = '\0';
	second = strrchr(line, ';');
	assert_non_null(second);
	*second++ = '\0';
	if (strcmp(trim(second), "=") != 0)
		line = second;
	for (char *one = line, *next; one; one = next) {
		next = strstr(one, " | ");
		if (next) {
			*next = '\0';
			next += 3;
		}
		take_rule(c, trim(one));
	}
}

static void take_line(struct cases *c, char *line)
{
	char value[8];

	if (sscanf(line, "@table %31s", c->table) == 1 ||
	    sscanf(line, "@chain %31s", c->chain) == 1 || sscanf(line, "@family %7s", c->only) == 1)
		return;
	if (sscanf(line, "@wire %7s", value) == 1)
		c->no_wire = !strcmp(value, "no");
	else if (*line && *line != '#' && !c->no_wire)
		take_case(c, line);
}

static void take_file(struct cases *c, const char *path)
{
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	strcpy(c->table, "filter");
	strcpy(c->chain, "INPUT");
	strcpy(c->only, "both");
	c->no_wire = false;
	while (getline(&line, &room, f) >= 0)
		take_line(c, trim(line));
	free(line);
	fclose(f);
}

static int is_test(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && !strcmp(dot, ".t");
}

static void take_all(struct cases *c)
{
	const char *directory = getenv("RV_EXTENSIONS") ? getenv("RV_EXTENSIONS") : "extensions";
	struct dirent **files;
	int n = scandir(directory, &files, is_test, alphasort);
	char path[512];

	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]->d_name);
		take_file(c, path);
		free(files[i]);
	}
	free(files);
}

static struct cases cases;

static int open_cases(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		memory_open(&cases.stores[i], families[i].family);
	take_all(&cases);
	return 0;
}

static int close_cases(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		rv_ruleset_clear(&cases.stores[i].rs);
	return 0;
}

static void test_cases(void **state)
{
	(void)state;
	assert_true(cases.taken > 1500);
	for (int i = 0; i < 2; i++)
		rv_list_each(t, &cases.stores[i].rs.tables, struct rv_table, node)
			there_and_back(t);
	print_message("%u rules of extensions/ come back as they were\n", cases.taken);
}

/* ---- predicates or data --------------------------------------------------------------------- */

/* The forms of the first rule's elements: "tcp=P ACCEPT". */
static char *forms(const struct image *im, const struct rvk_entry *e)
{
	struct rv_buf b = RV_BUF_INIT;
	uint32_t at = sizeof(*e);

	(void)im;
	while (at < e->next) {
		const struct rvk_element *el = (const void *)((const char *)e + at);
		static const char letters[] = { '?', 'P', 'D', 'V', 'C' };

		rv_buf_printf(&b, "%s%s%c", at > sizeof(*e) ? " " : "", el->name, letters[el->form]);
		at += el->size;
	}
	assert_non_null(rv_buf_text(&b));
	return b.data;
}

static void form_is(rv_family_t family, const char *rule, const char *expected)
{
	struct rv_store s;
	struct image im;
	char line[512], *got;

	memory_open(&s, family);
	snprintf(line, sizeof(line), "-A INPUT %s", rule);
	must_apply(&s, "mangle", line);
	encode(&im, table_of(&s.rs, "mangle"));
	got = forms(&im, (const void *)(entries_of(&im) + head_of(&im)->hook_entry[1]));
	assert_string_equal(got, expected);
	there_and_back(table_of(&s.rs, "mangle"));
	free(got);
	image_free(&im);
	rv_ruleset_clear(&s.rs);
}

static void test_forms(void **state)
{
	const rv_family_t v4 = NFPROTO_IPV4, v6 = NFPROTO_IPV6;

	(void)state;
	lacking = 0;
	form_is(v4, "-p tcp -m tcp --dport 22 -j ACCEPT", "tcpP V");
	form_is(v4, "-p tcp -m tcp ! --dport 22:80 --tcp-flags SYN,ACK SYN -j ACCEPT", "tcpP V");
	form_is(v6, "-p tcp -m tcp ! --syn", "tcpP V");
	/* Nothing is said, and yet a packet without a whole header does not match. */
	form_is(v4, "-p tcp -m tcp", "tcpD V");
	form_is(v4, "-p udp -m udp --sport 53 -j DROP", "udpP V");
	form_is(v4, "-m mark ! --mark 0x1/0xff", "markP V");
	form_is(v4, "-m iprange --src-range 10.0.0.1-10.0.0.9 -j RETURN", "iprangeP V");
	form_is(v4, "-m length --length 40:100", "lengthD V");
	form_is(v4, "-m comment --comment x -m ttl --ttl-eq 64", "commentD ttlD V");
	form_is(v4, "-m limit --limit 1/s -j MARK --set-xmark 0x1/0xffffffff", "limitD MARKD");
	form_is(v4, "-m u32 --u32 0=1", "u32D V");
	lacking = UINT64_C(1) << RVK_SEL_TH_DPORT;
	form_is(v4, "-p tcp -m tcp --dport 22 -j ACCEPT", "tcpD V");
	form_is(v4, "-p tcp -m tcp --sport 22 -j ACCEPT", "tcpP V");
	lacking = 0;
}

/* ---- chains, verdicts, the IP part ------------------------------------------------------------ */

static void test_tables(void **state)
{
	static const char lines[] =
		":INPUT DROP [7:700]\n:z - [0:0]\n:a - [0:0]\n:lonely - [0:0]\n"
		"[1:2] -A INPUT -j a\n-A INPUT -g z\n-A INPUT -j QUEUE\n-A INPUT\n"
		"-A a ! -s 10.0.0.0/8 ! -d 10.1.2.3/255.0.255.0 -j RETURN\n"
		"-A a -i eth+ ! -o + -p tcp -j z\n-A a ! -i lo -o abcdefghijklmn+ ! -p udp -g z\n"
		"-A a -f\n-A a ! -f -j DROP\n-A z -j RETURN\n-A z -j RETURN\n"
		"[18446744073709551615:18446744073709551615] -A FORWARD -j ACCEPT";
	struct rv_store s;

	(void)state;
	memory_open(&s, NFPROTO_IPV4);
	must_apply(&s, "filter", lines);
	there_and_back(table_of(&s.rs, "filter"));
	must_apply(&s, "nat", ":POSTROUTING ACCEPT [0:0]");
	there_and_back(table_of(&s.rs, "nat"));
	rv_ruleset_clear(&s.rs);
}

/* ---- entries that may be anything ---------------------------------------------------------------- */

static int decode_copy(const struct image *im, const unsigned char *bytes,
		       const struct rvk_table *head, struct rv_error *err)
{
	struct rv_ruleset rs;
	struct rv_buf b = RV_BUF_INIT;
	struct rv_table *t;
	int rc;

	(void)im;
	memset(err, 0, sizeof(*err));
	rv_ruleset_init(&rs, head->family);
	t = table_of(&rs, "filter");
	rc = rv_kmod_decode(t, head, bytes, err);
	if (!rc)
		add_table(&b, t);
	else
		assert_true(err->text[0] != '\0');
	rv_buf_free(&b);
	rv_ruleset_clear(&rs);
	return rc;
}

static const char some_rules[] =
	":a - [0:0]\n:b - [0:0]\n-A INPUT -s 10.0.0.1 -p tcp -m tcp --dport 22:80 -m mark --mark 1 -j a\n"
	"-A INPUT -m comment --comment hello -j DROP\n-A a -p tcp -m multiport --dports 1,2:3 -j b\n"
	"-A a -m limit --limit 3/min -j LOG --log-prefix x\n-A b -g a";

/* Bytes are changed one to four at a time; the decoder may refuse or take it, not crash. */
static void test_mutations(void **state)
{
	struct rv_store s;
	struct image im;
	struct rv_error err;
	unsigned char *bytes;
	unsigned int refused = 0;

	(void)state;
	memory_open(&s, NFPROTO_IPV4);
	must_apply(&s, "filter", some_rules);
	encode(&im, table_of(&s.rs, "filter"));
	bytes = malloc(head_of(&im)->size);
	assert_non_null(bytes);
	srandom(1);
	for (unsigned int round = 0; round < 20000; round++) {
		struct rvk_table head = *head_of(&im);

		memcpy(bytes, entries_of(&im), head.size);
		for (long n = random() % 4; n >= 0; n--)
			bytes[(size_t)random() % head.size] = random() % 3 ? random() : 0;
		if (random() % 8 == 0)
			head.size -= 8 * (random() % (head.size / 8));
		if (random() % 8 == 0)
			head.underflow[1] = random();
		refused += decode_copy(&im, bytes, &head, &err) != 0;
	}
	assert_true(refused > 5000);
	free(bytes);
	image_free(&im);
	rv_ruleset_clear(&s.rs);
}

/* The first rule of INPUT and its elements, to break them. */
struct broken {
	struct image im;
	struct rv_store s;
	struct rvk_table head;
	struct rvk_entry *e;
	struct rvk_element *match, *target;
};

static void break_open(struct broken *b, const char *rule)
{
	char lines[256];

	memory_open(&b->s, NFPROTO_IPV4);
	snprintf(lines, sizeof(lines), ":a - [0:0]\n-A INPUT %s", rule);
	must_apply(&b->s, "filter", lines);
	encode(&b->im, table_of(&b->s.rs, "filter"));
	b->head = *head_of(&b->im);
	b->e = (void *)entries_of(&b->im);
	b->match = (void *)(b->e + 1);
	b->target = (void *)((char *)b->e + b->e->target);
}

static void says(struct broken *b, const char *message)
{
	struct rv_error err;

	assert_int_equal(decode_copy(&b->im, entries_of(&b->im), &b->head, &err), -1);
	assert_string_equal(err.text, message);
	image_free(&b->im);
	rv_ruleset_clear(&b->s.rs);
}

#define BROKEN(rule, change, message)				\
	do {							\
		struct broken b;				\
								\
		break_open(&b, rule);				\
		change;						\
		says(&b, message);				\
	} while (0)

#define WHERE "table `filter' is not understood: "
#define RULE WHERE "chain `INPUT' entry 0: "
#define PORT "-p tcp -m tcp --dport 22 -j ACCEPT"

static void test_messages(void **state)
{
	(void)state;
	BROKEN(PORT, b.e->next += 4, WHERE "entry 0: it does not end where it should");
	BROKEN(PORT, b.e->target = 8, WHERE "entry 0: it does not end where it should");
	BROKEN(PORT, b.head.count++, WHERE "entry 6: there should be 7");
	BROKEN(PORT, b.match->size = 0,
	       RULE "a match or target does not end where it should");
	BROKEN(PORT, memset(b.match->name, 'x', sizeof(b.match->name)),
	       RULE "the name of a match or target has no end");
	BROKEN(PORT, b.match->form = 9, RULE "an element of kind 1, form 9 is not understood");
	BROKEN(PORT, b.match->kind = 3, RULE "an element of kind 3, form 1 is not understood");
	BROKEN(PORT, strcpy(b.match->name, "nobody"), RULE "match `nobody' is not known");
	BROKEN(PORT, ((struct rvk_predicate *)(b.match + 1))->sel = RVK_SEL_MARK,
	       RULE "match `tcp' compares something that its options do not say");
	BROKEN(PORT, ((struct rvk_predicate *)(b.match + 1))->op = 77,
	       RULE "match `tcp' compares something that its options do not say");
	BROKEN(PORT, ((struct rvk_verdict *)(b.target + 1))->verdict = -77,
	       RULE "verdict -77 is not understood");
	BROKEN(PORT, ((struct rvk_verdict *)(b.target + 1))->flags = 8,
	       RULE "a verdict with flags 8 is not understood");
	BROKEN("-j a", ((struct rvk_verdict *)(b.target + 1))->verdict += 8,
	       RULE "it jumps into the middle of a chain");
	BROKEN(PORT, b.e->ip.in_mask[3] = 1,
	       RULE "an address, interface or protocol is more than a rule can say");
	BROKEN(PORT, b.e->ip.flags |= 128,
	       RULE "an address, interface or protocol is more than a rule can say");
	BROKEN(PORT, b.head.underflow[NF_INET_LOCAL_IN] = 0, RULE "it should be a policy");
	BROKEN(PORT, b.head.hook_entry[NF_INET_LOCAL_IN] = 8, WHERE "entry 0: it is in no chain");
	BROKEN("-m comment --comment x", b.match->revision = 9,
	       RULE "match `comment' revision 9 of 256 bytes is not known");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, open_cases, close_cases);
}
