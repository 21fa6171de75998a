/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backend kmod: round trips of all cases of extensions/NAME.t and all forms of predicates;
 * malformed entries; counters; refusals.
 *
 * Directory of the cases: $RV_EXTENSIONS or extensions/.
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

#include <linux/netfilter/xt_statistic.h>

#include <ravelin/parser.h>
#include <ravelin/registry.h>
#include <ravelin/render.h>

#include "backend/kmod/kmod.h"
#include "kernel/user/user.h"
#include "tests/unit/memory.h"

/* ---- a ruleset in memory ----------------------------------------------------------- */

static int on_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip, void *arg,
		    struct rv_error *err)
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

/* Applies lines of a restore file to a table. */
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
	rv_render_table(b, t, RV_COUNTERS_PREFIX);
}

/* Output of save -c for a table. */
static char *text_of(struct rv_table *t)
{
	struct rv_buf b = RV_BUF_INIT;

	add_table(&b, t);
	assert_non_null(rv_buf_text(&b));
	return b.data;
}

/* ---- a transport that accepts everything ---------------------------------------------- */

static uint64_t lacking;	/* selectors it does not support */

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

/* An encoded table. */
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

/* ---- round trips ------------------------------------------------------------------------ */

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

static void count_one(void *count)
{
	++*(unsigned int *)count;
}

static unsigned int rules_of(const struct rv_chain *c)
{
	unsigned int n = 0;

	rv_list_each(r, &c->rules, struct rv_rule, node)
		n++;
	return n;
}

/* Decodes to an equal table; the meter is called per rule. */
static void there_and_back(struct rv_table *t)
{
	struct rv_error err = { 0 };
	struct rv_ruleset rs;
	struct rv_table *back;
	struct image im;
	char *before, *after;
	unsigned int told = 0, rules = 0;
	const struct rv_meter meter = { count_one, &told };

	rv_ruleset_init(&rs, t->ruleset->family);
	back = table_of(&rs, t->def->name);
	encode(&im, t);
	if (rv_kmod_decode(back, head_of(&im), entries_of(&im), &meter, &err))
		fail_msg("%s", err.text);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->exists || c->base >= 0) {
			same_chain(c, rv_table_chain(back, c->name));
			rules += rules_of(c);
		}
	assert_int_equal(told, rules);
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

/* Skips rules that one of the families does not have. */
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

/* "rule ; save output ; OK": tests the rule, or the save output if it says more. */
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

/* ---- predicates or structs ------------------------------------------------------------------ */

/* Forms of the first rule's elements: "tcp=P ACCEPT". */
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
	/* No condition, but a packet with a truncated header must not match. */
	form_is(v4, "-p tcp -m tcp", "tcpD V");
	form_is(v4, "-p udp -m udp --sport 53 -j DROP", "udpP V");
	form_is(v4, "-m mark ! --mark 0x1/0xff", "markP V");
	form_is(v4, "-m iprange --src-range 10.0.0.1-10.0.0.9 -j RETURN", "iprangeP V");
	form_is(v4, "-m length --length 40:100", "lengthP V");
	form_is(v4, "-m length ! --length 0", "lengthP V");
	form_is(v4, "-m comment --comment x -m ttl --ttl-eq 64", "commentD ttlP V");
	form_is(v4, "-m ttl ! --ttl-eq 64 -m ttl --ttl-lt 3 -m ttl --ttl-gt 3", "ttlP ttlP ttlP V");
	/* "Never" is not a range that could be decoded. */
	form_is(v4, "-m ttl --ttl-lt 0", "ttlD V");
	form_is(v6, "-m hl --hl-gt 3 -m hl ! --hl-eq 0", "hlP hlP V");
	form_is(v4, "-m dscp --dscp 0 -m pkttype ! --pkt-type broadcast", "dscpP pkttypeP V");
	form_is(v4, "-m mac --mac-source 00:11:22:33:44:55", "macP V");
	form_is(v4, "-p icmp -m icmp --icmp-type 8/0 -m icmp ! --icmp-type 3", "icmpP icmpP V");
	/* Any type, but a packet with a truncated header must not match. */
	form_is(v4, "-p icmp -m icmp --icmp-type any", "icmpD V");
	form_is(v6, "-p icmpv6 -m icmp6 --icmpv6-type 128", "icmp6P V");
	form_is(v4, "-p tcp -m multiport --sports 1,5:9 -m multiport ! --dports 7 -m multiport --ports 1:2",
		"multiportP multiportP multiportP V");
	form_is(v4, "-m limit --limit 1/s -j MARK --set-xmark 0x1/0xffffffff", "limitD MARKD");
	form_is(v4, "-m u32 --u32 0=1", "u32D V");
	lacking = UINT64_C(1) << RVK_SEL_TH_DPORT;
	form_is(v4, "-p tcp -m tcp --dport 22 -j ACCEPT", "tcpD V");
	form_is(v4, "-p tcp -m tcp --sport 22 -j ACCEPT", "tcpP V");
	lacking = 0;
}

/* ---- a kernel with older revisions only ------------------------------------------------------ */

/* It has conntrack revisions 1 and 2; replacements with others are refused. */
static bool is_known(const char *name, uint8_t revision)
{
	return strcmp(name, "conntrack") != 0 || revision == 1 || revision == 2;
}

static int old_replace(struct rvk_replace *call)
{
	const struct rvk_table *head = (const void *)(call + 1);
	const char *entries = (const char *)(head + 1);
	uint32_t n = 0;

	for (uint32_t at = 0; at < head->size; n++) {
		const struct rvk_entry *e = (const void *)(entries + at);
		const struct rvk_element *el = (const void *)(e + 1);

		if (!is_known(el->name, el->revision)) {
			call->refusal = (struct rvk_refusal){ .stage = RVK_STAGE_PARTS, .entry = n,
							      .reason = RVK_WHY_REVISION };
			memcpy(call->refusal.name, el->name, sizeof(el->name));
			return -EPROTONOSUPPORT;
		}
		at += e->next;
	}
	return 0;
}

static int old(void *priv, unsigned int option, void *buf, uint32_t len)
{
	struct rvk_has *has = buf;

	if (option == RVK_SO_REPLACE)
		return old_replace(buf);
	yes(priv, option, buf, len);
	if (has->kind != RVK_KIND_SELECTOR && !is_known(has->name, has->revision))
		has->where = RVK_HAS_NOT;
	return 0;
}

static const struct rv_kmod_transport old_transport = { .call = old };

/* Sends a rule once. Returns the kind of error or 0; *revision: that of the first match. */
static int send_rule(const char *rule, uint8_t *revision, struct rv_error *err)
{
	struct rv_kmod_link link = { .transport = &old_transport };
	struct rv_kmod_change c = { .link = &link };
	const struct rvk_element *el;
	struct rv_store s;
	int rc;

	memset(err, 0, sizeof(*err));
	memory_open(&s, NFPROTO_IPV4);
	must_apply(&s, "filter", rule);
	rc = rv_kmod_change_add(&c, table_of(&s.rs, "filter"), 0, 0, err);
	if (!rc) {
		el = (const void *)(c.buf.data + sizeof(struct rvk_replace) +
				    sizeof(struct rvk_table) + sizeof(struct rvk_entry));
		*revision = el->revision;
		rc = rv_kmod_change_send(&c, err);
	}
	rv_kmod_change_free(&c);
	rv_ruleset_clear(&s.rs);
	return rc ? (int)err->kind : 0;
}

static void test_old_layouts(void **state)
{
	static const char plain[] = "-A INPUT -m conntrack --ctstate NEW -j ACCEPT";
	static const char range[] = "-A INPUT -m conntrack --ctorigdstport 1:9 -j ACCEPT";
	struct rv_error err;
	uint8_t revision;

	(void)state;
	rv_layout_clear();
	assert_int_equal(send_rule(plain, &revision, &err), RV_ERR_AGAIN);
	assert_int_equal(revision, 3);
	assert_int_equal(send_rule(plain, &revision, &err), 0);
	assert_int_equal(revision, 2);
	/* What the older revision cannot express is refused, never reduced. */
	assert_int_equal(send_rule(range, &revision, &err), RV_ERR_PROBLEM);
	assert_string_equal(err.text, "revision 2 of match `conntrack' cannot express the rule");
	rv_layout_clear();
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
	must_apply(&s, "nat", ":POSTROUTING ACCEPT [0:0]\n-A OUTPUT -p udp -j ACCEPT\n");
	there_and_back(table_of(&s.rs, "nat"));
	rv_ruleset_clear(&s.rs);
}

/* ---- untrusted entries ----------------------------------------------------------------------- */

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
	rc = rv_kmod_decode(t, head, bytes, NULL, err);
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

/*
 * One to four random bytes are changed; the decoder may refuse or accept the result, but not crash.
 */
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

/* First rule of INPUT and its elements, for corruption. */
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

#define WHERE "table `filter' cannot be decoded: "
#define RULE WHERE "chain `INPUT' entry 0: "
#define PORT "-p tcp -m tcp --dport 22 -j ACCEPT"

/* The first predicate's value looks like a length that would hide the second predicate. */
static void two_lengths(struct broken *b)
{
	struct rvk_predicate *p = (struct rvk_predicate *)(b->match + 1);

	memset(b->match->name, 0, sizeof(b->match->name));
	strcpy(b->match->name, "length");
	for (unsigned int i = 0; i < 2; i++)
		p[i] = (struct rvk_predicate){ .size = sizeof(*p), .sel = RVK_SEL_LENGTH, .op = RVK_OP_EQ,
					       .len = 4, .value = { 9 * i } };
}

/* Renames the last user-defined chain. */
static void rename_chain(struct broken *b, const char *name)
{
	uint8_t *at = entries_of(&b->im), *end = at + b->head.size;
	struct rvk_element *last = NULL;

	while (at < end) {
		const struct rvk_entry *e = (const void *)at;
		struct rvk_element *target = (void *)(at + e->target);

		if (target->form == RVK_FORM_CHAIN)
			last = target;
		at += e->next;
	}
	assert_non_null(last);
	memset(last->name, 0, sizeof(last->name));
	strcpy(last->name, name);
}

static void test_messages(void **state)
{
	(void)state;
	BROKEN(PORT, b.e->next += 4, WHERE "entry 0: it has a wrong length");
	BROKEN(PORT, b.e->target = 8, WHERE "entry 0: it has a wrong length");
	BROKEN(PORT, b.head.count++, WHERE "entry 6: there should be 7");
	BROKEN("-j a\n:b - [0:0]", rename_chain(&b, "a"),
	       WHERE "entry 6: chain `a' exists twice, or has no name");
	BROKEN(PORT, rename_chain(&b, ""), WHERE "entry 4: chain `' exists twice, or has no name");
	BROKEN(PORT, b.match->size = 0,
	       RULE "a match or target has a wrong length");
	BROKEN(PORT, memset(b.match->name, 'x', sizeof(b.match->name)),
	       RULE "the name of a match or target is not terminated");
	BROKEN(PORT, b.match->form = 9, RULE "unknown element of kind 1, form 9");
	BROKEN(PORT, b.match->kind = 3, RULE "unknown element of kind 3, form 1");
	BROKEN(PORT, strcpy(b.match->name, "nobody"), RULE "match `nobody' is unknown");
	BROKEN(PORT, ((struct rvk_predicate *)(b.match + 1))->sel = RVK_SEL_MARK,
	       RULE "match `tcp' has a comparison without an option");
	BROKEN(PORT, ((struct rvk_predicate *)(b.match + 1))->param = 1,
	       RULE "match `tcp' has a comparison without an option");
	BROKEN(PORT, ((struct rvk_predicate *)(b.match + 1))->reserved = 1,
	       RULE "match `tcp' has a comparison without an option");
	BROKEN(PORT, ((struct rvk_predicate *)(b.match + 1))->op = 77,
	       RULE "match `tcp' has a comparison without an option");
	/* The match does not have an option 0. */
	BROKEN("-p tcp -m tcp --tcp-option 5 -j ACCEPT",
	       ((struct rvk_predicate *)(b.match + 1))->value[0] = 0,
	       RULE "match `tcp' has a comparison without an option");
	BROKEN("-p tcp -m tcp --sport 1 --dport 2", two_lengths(&b),
	       RULE "match `length' has a comparison without an option");
	BROKEN("-p tcp -m tcp --sport 1 --dport 2",
	       ((struct rvk_predicate *)(b.match + 1))[1] = ((struct rvk_predicate *)(b.match + 1))[0],
	       RULE "match `tcp' has a comparison without an option");
	BROKEN(PORT, ((struct rvk_verdict *)(b.target + 1))->verdict = -77,
	       RULE "unknown verdict -77");
	BROKEN(PORT, ((struct rvk_verdict *)(b.target + 1))->flags = 8,
	       RULE "unknown verdict flags 8");
	BROKEN("-j a", ((struct rvk_verdict *)(b.target + 1))->verdict += 8,
	       RULE "it jumps into the middle of a chain");
	BROKEN(PORT, b.e->ip.in_mask[3] = 1,
	       RULE "an address, interface or protocol has no option");
	BROKEN(PORT, b.e->ip.flags |= 128,
	       RULE "an address, interface or protocol has no option");
	BROKEN(PORT, b.head.underflow[NF_INET_LOCAL_IN] = 0, RULE "it should be a policy");
	BROKEN(PORT, b.head.hook_entry[NF_INET_LOCAL_IN] = 8, WHERE "entry 0: it is not in a chain");
	/* iptables' count derived from --packet (linux/netfilter/xt_statistic.h). */
	BROKEN("-m statistic --mode nth --every 3 --packet 0 -j ACCEPT",
	       ((struct xt_statistic_info *)(b.match + 1))->u.nth.count = 1,
	       RULE "match `statistic' has data without an option");
	BROKEN("-m comment --comment x", b.match->revision = 9,
	       RULE "match `comment' revision 9 of 256 bytes: unknown");
}

/* ---- checked by the engine ------------------------------------------------------------------- */

static bool engine_has(struct rv_kmod_link *link, rv_family_t family, const struct rv_part *p)
{
	struct rvk_has has = {
		.version = RVK_VERSION, .family = family,
		.kind = p->ext->kind == RV_TARGET ? RVK_KIND_TARGET : RVK_KIND_MATCH,
		.revision = p->ext->revisions ? p->ext->revisions->revision : 0,
	};

	snprintf(has.name, sizeof(has.name), "%s", rv_ext_kernel_name(p->ext));
	assert_int_equal(link->transport->call(link->priv, RVK_SO_HAS, &has, sizeof(has)), 0);
	return has.where == RVK_HAS_ENGINE;
}

static bool engine_has_all(struct rv_kmod_link *link, rv_family_t family, const struct rv_rule *r)
{
	bool all = !r->target || engine_has(link, family, r->target);

	for (const struct rv_part *m = r->matches; m; m = m->next)
		all &= engine_has(link, family, m);
	return all;
}

/* Replaces the tables of a ruleset, with the current generation. */
static int put(struct rv_kmod_link *link, struct rv_ruleset *rs, struct rv_error *err)
{
	struct rv_kmod_change c = { .link = link };
	int rc = 0;

	memset(err, 0, sizeof(*err));
	rv_list_each(t, &rs->tables, struct rv_table, node) {
		struct rvk_info info = { .version = RVK_VERSION, .table.family = rs->family };

		strcpy(info.table.name, t->def->name);
		assert_int_equal(link->transport->call(link->priv, RVK_SO_INFO, &info, sizeof(info)), 0);
		rc = rc ? rc : rv_kmod_change_add(&c, t, info.table.generation, info.table.count, err);
	}
	if (!rc)
		rc = rv_kmod_change_send(&c, err);
	rv_kmod_change_free(&c);
	return rc;
}

static unsigned int accepted, lacked, refused;

/* Cases that the kernel's xt checks refuse, although nf_tables may not call them. */
static const char *const refusals[] = {
	"`recent' refuses these options",		/* hit counts from 256 on */
	"needs -p with its protocol",		/* ! -p tcp -m tcp */
	"`TRACE' cannot be used in this table",		/* only in raw */
	"`TCPMSS' refuses these options",		/* without --syn */
};

static bool rightly_refused(const char *text)
{
	for (unsigned int i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (strstr(text, refusals[i]))
			return true;
	return false;
}

/* A rule alone in its chain: the engine must accept it if it knows all its parts. */
static void put_rule(struct rv_kmod_link *link, const struct rv_chain *c, const struct rv_rule *r)
{
	const rv_family_t family = c->table->ruleset->family;
	struct rv_error err;
	struct rv_store s;
	struct rv_chain *to;
	struct rv_rule *copy = rv_rule_clone(r);
	bool has = engine_has_all(link, family, r);

	assert_non_null(copy);
	memory_open(&s, family);
	to = rv_table_chain(table_of(&s.rs, c->table->def->name), c->name);
	assert_non_null(to);
	to->table->exists = true;
	rv_chain_add_rule(to, copy, NULL);
	if (put(link, &s.rs, &err)) {
		lacked += !has;
		refused += has;
		if (has ? !rightly_refused(err.text)
			: !strstr(err.text, "neither the module nor the kernel has"))
			fail_msg("%s: %s", c->table->def->name, err.text);
	} else {
		accepted++;	/* or everything it lacks is expressed by predicates */
	}
	rv_ruleset_clear(&s.rs);
}

static void put_rules(struct rv_kmod_link *link, const struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node)
			if (!r->jump[0] && c->base >= 0)
				put_rule(link, c, r);
}

static void test_engine_takes(void **state)
{
	struct rv_kmod_link link;
	struct rv_error err = { 0 };

	assert_int_equal(rv_kmod_link_open(&link, "user", &err), 0);
	for (int i = 0; i < 2; i++)
		rv_list_each(t, &cases.stores[i].rs.tables, struct rv_table, node)
			put_rules(&link, t);
	print_message("%u rules are taken by the engine, %u need the kernel's matches\n", accepted, lacked);
	assert_true(accepted > 1500);
	assert_true(refused < 20);
	rv_kmod_link_close(&link);
	assert_int_equal(rv_user_live(), 0);
}

/* ---- stores ---------------------------------------------------------------------------------- */

/* Keeps the engine and its tables while stores are opened and closed. */
static struct rv_kmod_link keeper;

static int keep(void **state)
{
	struct rv_error err = { 0 };

	(void)state;
	return rv_kmod_link_open(&keeper, "user", &err);
}

static int let_go(void **state)
{
	(void)state;
	rv_kmod_link_close(&keeper);
	return rv_user_live() != 0;
}

static void open_store(struct rv_store *s)
{
	struct rv_error err = { 0 };

	if (rv_store_open(s, "kmod:user", NFPROTO_IPV4, false, &err))
		fail_msg("%s", err.text);
}

/* Restores with --noflush. Returns "" or the error. */
static const char *restore(const char *text)
{
	static struct rv_error err;
	const struct rv_restore_sink sink = {
		.counters = true, .table = on_table, .command = on_command, .commit = on_commit,
	};
	struct rv_restore_sink own = sink;
	struct rv_store s;
	int rc;

	memset(&err, 0, sizeof(err));
	open_store(&s);
	own.arg = &s;
	rc = rv_parse_restore(text, strlen(text), NFPROTO_IPV4, &own, &err);
	if (!rc)
		rc = rv_store_commit(&s, &err);
	rv_store_close(&s);
	return rc ? err.text : "";
}

static void must_restore(const char *text)
{
	const char *wrong = restore(text);

	if (*wrong)
		fail_msg("\"%s\" is refused: %s", text, wrong);
}

static int dump_table(struct rv_table *t, void *arg)
{
	(void)t;
	(void)arg;
	return 0;
}

static int dump_rule(struct rv_chain *c, struct rv_rule *r, void *arg)
{
	(void)c;
	(void)r;
	(void)arg;
	return 0;
}

/* Output of save -c for a table, read again; NULL: the table does not exist. */
static char *saved(const char *table)
{
	const struct rv_table_def *def = rv_table_def_find(table);
	const struct rv_visitor v = { dump_table, dump_rule, NULL };
	struct rv_error err = { 0 };
	struct rv_store s;
	char *text = NULL;
	bool exists;

	open_store(&s);
	assert_int_equal(rv_store_table_exists(&s, def, &exists, &err), 0);
	assert_int_equal(rv_store_dump(&s, def, NULL, &v, &err), 0);
	if (exists)
		text = text_of(table_of(&s.rs, table));
	rv_store_close(&s);
	return text;
}

static void holds(const char *table, const char *expected)
{
	char *text = saved(table);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

#define FILTER(input, chains, rules) \
	"*filter\n:INPUT " input "\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" chains rules \
	"COMMIT\n"

static void test_commands(void **state)
{
	(void)state;
	assert_null(saved("filter"));
	must_restore("*filter\n-N b\n-A INPUT -s 10.0.0.1 -j b\n-P INPUT DROP\nCOMMIT\n");
	holds("filter", FILTER("DROP [0:0]", ":b - [0:0]\n", "[0:0] -A INPUT -s 10.0.0.1/32 -j b\n"));
	must_restore("*filter\n-N a\n-I INPUT 1 -j a\n-A b -j RETURN\n[5:6] -A a -j DROP\nCOMMIT\n");
	must_restore("*filter\n-E a z\n-R INPUT 2 -p tcp -g b\nCOMMIT\n");
	holds("filter", FILTER("DROP [0:0]", ":b - [0:0]\n:z - [0:0]\n",
			       "[0:0] -A INPUT -j z\n[0:0] -A INPUT -p tcp -g b\n"
			       "[0:0] -A b -j RETURN\n[5:6] -A z -j DROP\n"));
	assert_string_equal(restore("*filter\n-X z\nCOMMIT\n"),
			    " CHAIN_DEL failed (Device or resource busy): chain z");
	assert_string_equal(restore("*filter\n-D INPUT -p udp -g b\nCOMMIT\n"),
			    "Bad rule (does a matching rule exist in that chain?).");
	assert_string_equal(restore("*filter\n-D INPUT 3\nCOMMIT\n"), "Index of deletion too big.");
	must_restore("*filter\n-D INPUT -j z\n-F z\n-X z\n-P INPUT ACCEPT\nCOMMIT\n");
	holds("filter", FILTER("ACCEPT [0:0]", ":b - [0:0]\n",
			       "[0:0] -A INPUT -p tcp -g b\n[0:0] -A b -j RETURN\n"));
	must_restore("*filter\n-F\n-X\nCOMMIT\n");
	holds("filter", FILTER("ACCEPT [0:0]", "", ""));
}

/* Restoring without --noflush a table that the text leaves empty. */
static void test_clear(void **state)
{
	struct rv_command clear;
	struct rv_error err = { 0 };
	struct rv_store s;

	(void)state;
	must_restore("*filter\n-A INPUT\nCOMMIT\n*mangle\n-A INPUT\nCOMMIT\n");
	open_store(&s);
	rv_command_init(&clear);
	clear.kind = RV_CMD_CLEAR;
	clear.table = rv_table_def_find("filter");
	assert_int_equal(rv_store_apply(&s, &clear, &err), 0);
	assert_int_equal(rv_store_commit(&s, &err), 0);
	rv_store_close(&s);
	assert_null(saved("filter"));
	must_restore("*mangle\n-F\nCOMMIT\n*filter\n-A INPUT\nCOMMIT\n");
	holds("filter", FILTER("ACCEPT [0:0]", "", "[0:0] -A INPUT\n"));
}

/* Several tables are replaced atomically. */
static void test_all_or_nothing(void **state)
{
	char *mangle, *filter;

	(void)state;
	must_restore("*filter\n-A INPUT -j DROP\nCOMMIT\n*mangle\n-F\n-A INPUT\nCOMMIT\n");
	filter = saved("filter");
	mangle = saved("mangle");
	assert_string_equal(
		restore("*filter\n-A INPUT -p udp\nCOMMIT\n*mangle\n-A INPUT -p tcp\n"
			"-A INPUT -m realm --realm 1\nCOMMIT\n"),
		" RULE_APPEND failed (No such file or directory): rule in chain INPUT: "
		"-A INPUT -m realm --realm 0x1: neither the module nor the kernel has `realm' "
		"(missing kernel module?)");
	holds("filter", filter);
	holds("mangle", mangle);
	free(filter);
	free(mangle);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_string_equal(restore("*nat\n-A OUTPUT -p udp -j REDIRECT\nCOMMIT\n"),
			    " RULE_APPEND failed (No such file or directory): rule in chain OUTPUT: "
			    "-A OUTPUT -p udp -j REDIRECT: neither the module nor the kernel has "
			    "`REDIRECT' (missing kernel module?)");
	assert_string_equal(restore("*filter\n-A INPUT -j TRACE\nCOMMIT\n"),
			    " RULE_APPEND failed (Invalid argument): rule in chain INPUT: "
			    "-A INPUT -j TRACE: `TRACE' cannot be used in this table");
	assert_string_equal(restore("*mangle\n-N a\n-A a -m mac --mac-source 2:0:0:0:0:1\n"
				    "-A POSTROUTING -j a\nCOMMIT\n"),
			    " RULE_APPEND failed (Invalid argument): rule in chain a: "
			    "-A a -m mac --mac-source 02:00:00:00:00:01: mac cannot be used in "
			    "chain a or in the chains that call it");
	assert_string_equal(restore("*filter\n-A INPUT ! -p tcp -m tcp --dport 1\nCOMMIT\n"),
			    " RULE_APPEND failed (Invalid argument): rule in chain INPUT: "
			    "-A INPUT ! -p tcp -m tcp --dport 1: `tcp' needs -p with its "
			    "protocol");
	assert_string_equal(restore("*filter\n-N a\n-A a -j a\nCOMMIT\n"),
			    " RULE_APPEND failed (Too many links): rule in chain a: -A a -j a: "
			    "the jump creates a loop");
}

/* Chains that jump to each other repeatedly: the number of visits is limited. */
static void test_multiplied(void **state)
{
	struct rv_buf b = RV_BUF_INIT;

	(void)state;
	rv_buf_puts(&b, "*filter\n:a - [0:0]\n:b - [0:0]\n:c - [0:0]\n:d - [0:0]\n:e - [0:0]\n"
			":f - [0:0]\n-A INPUT -j a\n");
	for (char chain = 'a'; chain <= 'f'; chain++)
		for (unsigned int i = 0; i < 16; i++)
			rv_buf_printf(&b, chain < 'f' ? "-A %c -p udp -j %c\n" : "-A %c -p udp\n",
				      chain, chain + 1);
	rv_buf_puts(&b, "COMMIT\n");
	assert_string_equal(restore(rv_buf_text(&b)),
			    " RULE_APPEND failed (Too many links): rule in chain b: -A b -p udp -j c: "
			    "its jumps can lead a packet through more than a million rules");
	rv_buf_free(&b);
}

/* Like kube-proxy: a rule per service, three endpoints each, a mark for some packets. */
static void test_services(void **state)
{
	struct rv_buf b = RV_BUF_INIT;

	(void)state;
	rv_buf_puts(&b, "*filter\n:all - [0:0]\n:mark - [0:0]\n-A INPUT -j all\n-A FORWARD -j all\n"
			"-A mark -j MARK --set-xmark 0x4000/0x4000\n");
	for (unsigned int n = 0; n < 5000; n++) {
		rv_buf_printf(&b, ":v%u - [0:0]\n-A all -d 10.96.%u.%u -p tcp --dport 80 -j v%u\n", n,
			      n / 256, n % 256, n);
		rv_buf_printf(&b, "-A v%u -j mark\n", n);
		for (unsigned int end = 0; end < 3; end++)
			rv_buf_printf(&b, ":e%u-%u - [0:0]\n-A v%u -m statistic --mode nth --every 3 --packet 0 -j e%u-%u\n"
				      "-A e%u-%u -s 10.0.0.1 -j mark\n-A e%u-%u -p tcp -j ACCEPT\n",
				      n, end, n, n, end, n, end, n, end);
	}
	rv_buf_puts(&b, "COMMIT\n");
	must_restore(rv_buf_text(&b));
	rv_buf_free(&b);
	must_restore("*filter\n-F\n-X\nCOMMIT\n");
}

/* ---- counters -------------------------------------------------------------------------------------------- */

/* Sends n UDP packets of 28 bytes from 10.0.0.1 to INPUT. */
static void send_packets(unsigned int n)
{
	static const uint8_t bytes[28] = {
		0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
		0, 1, 0, 2, 0, 8, 0, 0,
	};

	while (n--) {
		uint8_t copy[sizeof(bytes)];
		struct rv_user_packet p;

		memset(&p, 0, sizeof(p));
		memcpy(copy, bytes, sizeof(bytes));
		assert_int_equal(rv_user_packet_init(&p, copy, sizeof(copy), sizeof(copy)), 0);
		p.pkt.hook = NF_INET_LOCAL_IN;
		rv_engine_run(rv_kmod_user_engine(&keeper), RV_TABLE_FILTER, &p.pkt, NULL);
	}
}

/* Applies lines to an open store, sends packets, then commits. */
static void change_under_traffic(const char *lines, unsigned int packets)
{
	struct rv_error err = { 0 };
	struct rv_store s;

	open_store(&s);
	must_apply(&s, "filter", lines);
	send_packets(packets);
	if (rv_store_commit(&s, &err))
		fail_msg("%s", err.text);
	rv_store_close(&s);
}

#define COUNTED(policy, first, second) \
	FILTER("ACCEPT [" policy "]", "", "[" first "] -A INPUT -s 10.0.0.1/32\n" \
	       "[" second "] -A INPUT -p udp\n")

static void test_counters(void **state)
{
	(void)state;
	must_restore("*mangle\n-F\nCOMMIT\n*filter\n-F\n-A INPUT -s 10.0.0.1\n"
		     "[100:2000] -A INPUT -p udp\n:INPUT ACCEPT [7:70]\nCOMMIT\n");
	holds("filter", COUNTED("7:70", "0:0", "100:2000"));
	send_packets(3);
	holds("filter", COUNTED("10:154", "3:84", "103:2084"));
	/* Packets between reading and replacing are not lost. */
	change_under_traffic("-A FORWARD -j DROP\n-D FORWARD -j DROP", 2);
	holds("filter", COUNTED("12:210", "5:140", "105:2140"));
	/* Zeroes the counters read, not later ones. */
	change_under_traffic("-Z INPUT 1", 1);
	holds("filter", COUNTED("13:238", "1:28", "106:2168"));
	change_under_traffic("-Z", 4);
	holds("filter", COUNTED("4:112", "4:112", "4:112"));
	/* A replacing rule starts at zero, a moved one does not. */
	change_under_traffic("-R INPUT 1 -s 10.0.0.1", 1);
	holds("filter", COUNTED("5:140", "0:0", "5:140"));
	change_under_traffic("-I INPUT 1 -j ACCEPT\n-D INPUT 1", 1);
	holds("filter", COUNTED("6:168", "1:28", "6:168"));
	change_under_traffic("-P INPUT ACCEPT -c 9 90\n[1000:2] -R INPUT 2 -p udp", 0);
	holds("filter", COUNTED("9:90", "1:28", "1000:2"));
	/* Counters survive the replacement of another table. */
	must_restore("*mangle\n-A INPUT\nCOMMIT\n");
	holds("filter", COUNTED("9:90", "1:28", "1000:2"));
}

/* ---- concurrent writers ---------------------------------------------------------------------- */

static void test_overtaken(void **state)
{
	struct rv_error err = { 0 };
	struct rv_store s;

	(void)state;
	must_restore("*filter\n-F\n-P INPUT ACCEPT\nCOMMIT\n");
	open_store(&s);
	must_apply(&s, "filter", "-A INPUT -p tcp");
	must_restore("*filter\n-A INPUT -p udp\nCOMMIT\n");
	assert_int_equal(rv_store_commit(&s, &err), -1);
	assert_int_equal(err.kind, RV_ERR_AGAIN);
	memset(&err, 0, sizeof(err));
	assert_int_equal(rv_store_restart(&s, &err), 0);
	must_apply(&s, "filter", "-A INPUT -p tcp");
	assert_int_equal(rv_store_commit(&s, &err), 0);
	rv_store_close(&s);
	holds("filter", FILTER("ACCEPT [0:0]", "", "[0:0] -A INPUT -p udp\n[0:0] -A INPUT -p tcp\n"));
}

/* ---- size ----------------------------------------------------------------------------------------------------- */

#define MANY 100000

static void test_many(void **state)
{
	struct rv_buf b = RV_BUF_INIT;
	char *text;

	(void)state;
	rv_buf_puts(&b, "*filter\n-F\n");
	for (unsigned int i = 0; i < MANY / 100; i++)
		rv_buf_printf(&b, ":c%u - [0:0]\n-A INPUT -s 10.%u.%u.0/24 -j c%u\n", i, i >> 8, i & 255, i);
	for (unsigned int i = 0; i < MANY; i++)
		rv_buf_printf(&b, "-A c%u -s 10.0.%u.%u -p tcp -m tcp --dport %u -j DROP\n", i % (MANY / 100),
			      i >> 8 & 255, i & 255, i % 65535 + 1);
	rv_buf_puts(&b, "COMMIT\n");
	assert_non_null(rv_buf_text(&b));
	must_restore(b.data);
	text = saved("filter");
	assert_non_null(text);
	assert_non_null(strstr(text, "-A c999 -s 10.0.134.159/32 -p tcp -m tcp --dport 34465 -j DROP\n"));
	free(text);
	rv_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_old_layouts),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_engine_takes),
	};
	const struct CMUnitTest store[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_multiplied),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_overtaken),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, open_cases, close_cases) +
	       cmocka_run_group_tests(store, keep, let_go);
}
