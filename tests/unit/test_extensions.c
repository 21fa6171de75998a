/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs extensions/NAME.t. Each line is a case:
 *
 *   rule ; save output, "=" if the same ; OK
 *   rule ; FAIL ; first line of the message
 *
 * "#" starts a comment. A line "@table T", "@chain C" or "@family ip|ip6|both" applies to the cases
 * after it (default: filter, INPUT, both; a family that lacks a match or target of the rule is
 * skipped); "@wire no": the rule's kernel struct depends on the system. The results of several
 * rules from one line are joined with " | ".
 *
 * Directory: $RV_EXTENSIONS, the first argument, or extensions/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include <asm/byteorder.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_CONNMARK.h>

#include <ravelin/parser.h>
#include <ravelin/registry.h>
#include <ravelin/render.h>

#include "formats/text.h"

#define MAX_WORDS 128
#define MAX_EXTENSIONS 256

/* Location and settings of a case. */
struct place {
	const char *file;
	unsigned int line;
	rv_family_t family;
	char table[32], chain[32], families[8];
	bool no_wire;
};

static struct {
	const struct rv_ext *ext;
	uint64_t rows;		/* rows used by an accepted case */
	uint64_t refused;	/* rows used by a refused one */
} used[MAX_EXTENSIONS];

static unsigned int layouts_written, layouts_refused;
static unsigned int nused, cases, refused, wrong, translated, this_cases, this_refused;
static const char *directory = "extensions";

__attribute__((format(printf, 2, 3)))
static void complain(const struct place *at, const char *fmt, ...)
{
	va_list ap;

	wrong++;
	fprintf(stderr, "%s:%u (%s): ", at->file, at->line,
		at->family == NFPROTO_IPV4 ? "ip" : "ip6");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* ---- splitting --------------------------------------------------------------- */

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

/* The first unquoted ';', or NULL. */
static char *semicolon(char *text)
{
	char quote = 0;

	for (; *text; text++) {
		if (*text == '\\' && text[1] && quote != '\'')
			text++;
		else if (quote ? *text == quote : *text == '"' || *text == '\'')
			quote = quote ? 0 : *text;
		else if (*text == ';' && !quote)
			return text;
	}
	return NULL;
}

/* Splits text in place like a shell. Returns the number of words. */
static int split(char *text, char **words)
{
	int n = 0;

	while (*(text += strspn(text, " \t")) && n < MAX_WORDS - 1) {
		char *to = text, quote = 0;

		words[n++] = text;
		for (; *text && (quote || !strchr(" \t", *text)); text++) {
			if (*text == '\\' && text[1] && quote != '\'')
				*to++ = *++text;
			else if (quote ? *text == quote : *text == '"' || *text == '\'')
				quote = quote ? 0 : *text;
			else
				*to++ = *text;
		}
		text += *text != '\0';
		*to = '\0';
	}
	words[n] = NULL;
	return n;
}

/* ---- parsing and printing ----------------------------------------------------- */

static int read_rule(const struct place *at, const char *text, struct rv_command *cmd,
		     struct rv_error *err)
{
	char table[32], chain[32], *copy = strdup(text), *argv[MAX_WORDS + 8];
	struct rv_options opts = { .family = at->family };
	int argc = 0, rc;

	assert_non_null(copy);
	snprintf(table, sizeof(table), "%s", at->table);
	snprintf(chain, sizeof(chain), "%s", at->chain);
	argv[argc++] = (char[]){ "iptables" };
	argv[argc++] = (char[]){ "-t" };
	argv[argc++] = table;
	argv[argc++] = (char[]){ "-A" };
	argv[argc++] = chain;
	argc += split(copy, argv + argc);
	memset(err, 0, sizeof(*err));
	rv_command_init(cmd);
	rc = rv_parse_argv(argc, argv, at->family, cmd, &opts, err);
	free(copy);
	return rc;
}

/* Save output without "-A chain". */
static char *render(const struct place *at, const struct rv_rule *r)
{
	struct rv_buf b = RV_BUF_INIT;
	char *text;

	rv_render_rule(&b, at->family, at->chain, r, RV_COUNTERS_NONE);
	assert_non_null(rv_buf_text(&b));
	text = strdup(rv_buf_text(&b) + strlen("-A ") + strlen(at->chain));
	assert_non_null(text);
	text[strcspn(text, "\n")] = '\0';
	rv_buf_free(&b);
	return memmove(text, trim(text), strlen(trim(text)) + 1);
}

static struct rv_rule *first_rule(const struct rv_command *cmd)
{
	return rv_list_empty(&cmd->rules) ? NULL
					  : rv_entry(cmd->rules.next, struct rv_rule, node);
}

/* ---- properties of every rule ---------------------------------------------------- */

static void check_reparse(const struct place *at, const struct rv_rule *r, const char *text)
{
	struct rv_command cmd;
	struct rv_error err;
	char *again;

	if (read_rule(at, text, &cmd, &err) || !first_rule(&cmd)) {
		complain(at, "own output \"%s\" is refused: %s", text, err.text);
	} else {
		again = render(at, first_rule(&cmd));
		if (strcmp(again, text) != 0)
			complain(at, "own output \"%s\" becomes \"%s\"", text, again);
		if (!rv_rule_equal(r, first_rule(&cmd)))
			complain(at, "own output \"%s\" is another rule", text);
		free(again);
	}
	rv_command_clear(&cmd);
}

static void check_clone(const struct place *at, const struct rv_rule *r, const char *text)
{
	struct rv_rule *copy = rv_rule_clone(r);
	char *again;

	assert_non_null(copy);
	again = render(at, copy);
	if (!rv_rule_equal(r, copy) || strcmp(text, again) != 0)
		complain(at, "the clone of \"%s\" is \"%s\"", text, again);
	free(again);
	rv_rule_free(copy);
}

/* Decodes a blob of the kernel; NULL when refused. */
static struct rv_part *part_from_wire(const struct rv_ext *ext, const struct rv_revision *w,
				      const unsigned char *blob, struct rv_error *err)
{
	struct rv_part *p = rv_part_new(ext);

	assert_non_null(p);
	if (!rv_revision_read(ext, w, blob, p->data, err))
		return p;
	rv_part_free(p);
	return NULL;
}

/* A revision too old for the rule must be refused; it never holds another rule. */
static void check_layout(const struct place *at, const struct rv_part *p,
			 const struct rv_revision *w)
{
	const struct rv_ext *ext = p->ext;
	size_t len = (w->size + 7) & ~7u;
	const struct rv_revision *found = NULL;
	struct rv_error err = { 0 };
	unsigned char *blob = calloc(1, len);
	struct rv_part *back;

	assert_non_null(blob);
	if (rv_part_to_wire(p, w, blob, len, &err)) {
		if (w == ext->revisions)
			complain(at, "%s: cannot be written: %s", ext->name, err.text);
		layouts_refused++;
		free(blob);
		return;
	}
	layouts_written += w != ext->revisions;
	if (rv_ext_find_wire(ext->kind, at->family, w->name ? w->name : rv_ext_kernel_name(ext), w->revision, len,
			     blob, &found) != ext || found != w)
		complain(at, "%s: its wire form is not known as its own", ext->name);
	back = part_from_wire(ext, w, blob, &err);
	if (!back)
		complain(at, "%s: its wire form is refused: %s", ext->name, err.text);
	else if (!rv_part_equal(p, back))
		complain(at, "%s: comes back from the wire as another", ext->name);
	if (back)
		rv_part_free(back);
	free(blob);
}

static void check_wire(const struct place *at, const struct rv_part *p)
{
	rv_revision_each(w, p->ext)
		if (!at->no_wire)
			check_layout(at, p, w);
}

static int count_predicate(const struct rv_predicate *p, void *arg)
{
	assert_in_range(p->sel, RV_SEL_NONE + 1, RV_SEL_COUNT - 1);
	assert_true(p->len <= rv_selectors[p->sel].len || rv_selectors[p->sel].order == RV_ORDER_T);
	assert_true(p->count <= RV_PREDICATE_LIST);
	++*(unsigned int *)arg;
	return 0;
}

/* Must not crash or read out of bounds; the result is not checked. */
static void exercise(rv_family_t family, const struct rv_ext *ext, const unsigned char *data)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_out o = { .buf = &b, .family = family, .numeric = true };
	unsigned int n = 0;

	for (o.style = RV_STYLE_SAVE; o.style <= RV_STYLE_LIST; o.style++)
		rv_part_render(&o, ext, data);
	rv_part_predicates(family, ext, data, count_predicate, &n);
	rv_buf_free(&b);
}

/* The nft translation is one complete line after one line per set, or empty. */
static void check_text(const struct place *at, const struct rv_rule *r, const char *rule)
{
	struct rv_text_sets sets = { 0 };
	const struct rv_text_place place = {
		.family = at->family, .table = at->table, .chain = at->chain, .sets = &sets,
	};
	struct rv_buf b = RV_BUF_INIT;
	unsigned int quotes = 0;
	const char *text;
	bool said;

	rv_buf_puts(&b, "before ");
	said = rv_text_rule(&b, &place, r);
	text = rv_buf_text(&b);
	assert_non_null(text);
	for (const char *c = text; *c; c++)
		quotes += *c == '"';
	if (!said && strcmp(text, "before ") != 0)
		complain(at, "\"%s\" has no words and leaves \"%s\"", rule, text);
	text += strlen("before ");
	while (!strncmp(text, "add set ip", 10) && strchr(text, '\n'))
		text = strchr(text, '\n') + 1;
	if (said && (strncmp(text, "add rule ip", 11) || !strstr(text, " counter") ||
		     strpbrk(text, "\n\r") || strstr(text, "(null)") || quotes % 2))
		complain(at, "\"%s\" becomes \"%s\"", rule, text);
	translated += said;
	rv_text_sets_free(&sets);
	rv_buf_free(&b);
}

static void check_rule(const struct place *at, const struct rv_rule *r, const char *text)
{
	check_reparse(at, r, text);
	check_clone(at, r, text);
	check_text(at, r, text);
	exercise(at->family, &rv_ext_ip, (const unsigned char *)&r->ip);
	for (const struct rv_part *p = r->matches; p; p = p->next) {
		check_wire(at, p);
		exercise(at->family, p->ext, p->data);
	}
	if (r->target) {
		check_wire(at, r->target);
		exercise(at->family, r->target->ext, r->target->data);
	}
}

/* ---- coverage of rows -------------------------------------------------------------- */

static void remember(const struct rv_ext *ext, void *arg)
{
	(void)arg;
	if (nused == MAX_EXTENSIONS)
		abort();
	used[nused++].ext = ext;
}

static uint64_t row_of(const struct rv_ext *ext, const char *word)
{
	uint64_t rows = 0;

	for (const struct rv_option *o = ext->options; o && o->name && word[0] == '-'; o++)
		if (word[1] == '-' ? !strcmp(word + 2, o->name)
				   : o->letter && word[1] == o->letter)
			rows |= 1ULL << (o - ext->options);
	return rows;
}

static void mark_word(const struct rv_ext *ext, const char *word)
{
	for (unsigned int i = 0; i < nused; i++)
		if (used[i].ext == ext)
			used[i].rows |= row_of(ext, word);
}

/* There is no rule to inspect: derives the rows from the text and the file. */
static void mark_refused(const char *file, const char *text)
{
	char *copy = strdup(text), *words[MAX_WORDS];
	int n;

	assert_non_null(copy);
	n = split(copy, words);
	for (unsigned int i = 0; i < nused; i++) {
		size_t len = strlen(used[i].ext->name);

		for (int w = 0; w < n && !strncmp(file, used[i].ext->name, len) && file[len] == '.'; w++)
			used[i].refused |= row_of(used[i].ext, words[w]);
	}
	free(copy);
}

static void mark_rows(const struct rv_rule *r, const char *text)
{
	char *copy = strdup(text), *words[MAX_WORDS];
	int n;

	assert_non_null(copy);
	n = split(copy, words);
	for (int i = 0; i < n; i++) {
		if (words[i][0] != '-')
			continue;
		mark_word(&rv_ext_ip, words[i]);
		for (const struct rv_part *p = r->matches; p; p = p->next)
			mark_word(p->ext, words[i]);
		if (r->target)
			mark_word(r->target->ext, words[i]);
	}
	free(copy);
}

/* ---- cases ------------------------------------------------------------------------- */

static void run_good(const struct place *at, const char *rule, const char *expected)
{
	struct rv_buf all = RV_BUF_INIT;
	struct rv_command cmd;
	struct rv_error err;

	if (!strcmp(expected, "="))
		expected = rule;
	if (read_rule(at, rule, &cmd, &err)) {
		complain(at, "\"%s\" is refused: %s", rule, err.text);
		rv_command_clear(&cmd);
		return;
	}
	rv_list_each(r, &cmd.rules, struct rv_rule, node) {
		char *text = render(at, r);

		rv_buf_printf(&all, "%s%s", all.len ? " | " : "", text);
		check_rule(at, r, text);
		mark_rows(r, rule);
		free(text);
	}
	assert_non_null(rv_buf_text(&all));
	if (strcmp(rv_buf_text(&all), expected) != 0)
		complain(at, "\"%s\"\n  prints   \"%s\"\n  expected \"%s\"", rule,
			 rv_buf_text(&all), expected);
	rv_buf_free(&all);
	rv_command_clear(&cmd);
}

static void run_bad(const struct place *at, const char *rule, const char *message)
{
	struct rv_command cmd;
	struct rv_error err;

	if (!read_rule(at, rule, &cmd, &err)) {
		complain(at, "\"%s\" is accepted, expected: %s", rule, message);
	} else {
		err.text[strcspn(err.text, "\n")] = '\0';
		if (strcmp(err.text, message) != 0)
			complain(at, "\"%s\"\n  says     \"%s\"\n  expected \"%s\"", rule, err.text,
				 message);
		mark_refused(at->file, rule);
	}
	rv_command_clear(&cmd);
}

static bool foreign(enum rv_ext_kind kind, rv_family_t family, const char *name)
{
	rv_family_t other = family == NFPROTO_IPV4 ? NFPROTO_IPV6 : NFPROTO_IPV4;

	return !rv_ext_find(kind, family, name) && rv_ext_find(kind, other, name);
}

/* Whether a match or target of the rule exists only in the other family. */
static bool other_family(const char *rule, rv_family_t family)
{
	char *copy = strdup(rule), *words[MAX_WORDS];
	bool other = false;
	int n;

	assert_non_null(copy);
	n = split(copy, words);
	for (int i = 0; i + 1 < n; i++)
		if ((!strcmp(words[i], "-m") && foreign(RV_MATCH, family, words[i + 1])) ||
		    (!strcmp(words[i], "-j") && foreign(RV_TARGET, family, words[i + 1])))
			other = true;
	free(copy);
	return other;
}

static void run_case(struct place *at, char *line)
{
	static const struct { rv_family_t family; const char *name; } families[] = {
		{ NFPROTO_IPV4, "ip" }, { NFPROTO_IPV6, "ip6" },
	};
	char *second = semicolon(line), *third = second ? semicolon(second + 1) : NULL;
	bool bad;

	if (!third) {
		complain(at, "not \"rule ; text ; OK\"");
		return;
	}
	*second++ = *third++ = '\0';
	line = trim(line);
	second = trim(second);
	third = trim(third);
	bad = !strcmp(second, "FAIL");
	if (!bad && strcmp(third, "OK") != 0)
		complain(at, "neither OK nor FAIL");
	this_cases++;
	this_refused += bad;
	for (int i = 0; i < 2; i++) {
		at->family = families[i].family;
		if (strcmp(at->families, "both") != 0 ? strcmp(at->families, families[i].name) != 0
						      : other_family(line, at->family))
			continue;
		(bad ? run_bad : run_good)(at, line, bad ? third : second);
	}
}

static void directive(struct place *at, const char *line)
{
	char value[32] = "";

	if (sscanf(line, "@table %31s", at->table) == 1 ||
	    sscanf(line, "@chain %31s", at->chain) == 1 ||
	    sscanf(line, "@family %7s", at->families) == 1)
		return;
	if (sscanf(line, "@wire %31s", value) == 1)
		at->no_wire = !strcmp(value, "no");
	else
		complain(at, "unknown directive: %s", line);
}

static void run_file(const char *name)
{
	struct place at = { .file = name, .family = NFPROTO_IPV4, .table = "filter",
			    .chain = "INPUT", .families = "both" };
	char path[512], *line = NULL, *text;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "r");
	assert_non_null(f);
	this_cases = this_refused = 0;
	while (getline(&line, &room, f) >= 0) {
		at.line++;
		text = trim(line);
		if (*text == '@')
			directive(&at, text);
		else if (*text && *text != '#')
			run_case(&at, text);
	}
	free(line);
	fclose(f);
	printf("%-16s %4u cases, %3u of them refused\n", name, this_cases, this_refused);
	cases += this_cases;
	refused += this_refused;
}

static int is_test(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && !strcmp(dot, ".t");
}

/* ---- tests ------------------------------------------------------------------------- */

static void test_cases(void **state)
{
	struct dirent **files;
	int n = scandir(directory, &files, is_test, alphasort);

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		run_file(files[i]->d_name);
		free(files[i]);
	}
	free(files);
	printf("%-16s %4u cases, %3u of them refused\n", "all", cases, refused);
	printf("%-16s %4u times in nft's words\n", "", translated);
	printf("%-16s %4u times in an older layout, %u times not\n", "", layouts_written,
	       layouts_refused);
	assert_int_equal(wrong, 0);
	assert_true(refused * 4 >= cases);
}

static void test_every_row_is_used(void **state)
{
	unsigned int unused = 0;

	(void)state;
	for (unsigned int i = 0; i < nused; i++) {
		for (const struct rv_option *o = used[i].ext->options; o && o->name; o++) {
			if ((used[i].rows & used[i].refused) >> (o - used[i].ext->options) & 1)
				continue;
			unused++;
			fprintf(stderr, "no case uses --%s of %s, or none that is refused\n", o->name,
				used[i].ext->name);
		}
	}
	assert_int_equal(unused, 0);
}

/* Blobs written by other programs may have any content. */
static void nonsense(const struct rv_ext *ext, const struct rv_revision *w)
{
	unsigned char *blob = malloc(w->size);
	struct rv_part *p;

	assert_non_null(blob);
	for (unsigned int round = 0; round < 256; round++) {
		struct rv_error err = { 0 };

		for (unsigned int i = 0; i < w->size; i++)
			blob[i] = round % 2 || random() % 4 == 0 ? random() : 0;
		p = part_from_wire(ext, w, blob, &err);
		if (!p)
			continue;
		exercise(ext->family == NFPROTO_IPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4, ext, p->data);
		rv_part_free(p);
	}
	free(blob);
}

static void test_nonsense_from_the_wire(void **state)
{
	(void)state;
	srandom(1);
	for (unsigned int i = 0; i < nused; i++)
		rv_revision_each(w, used[i].ext)
			nonsense(used[i].ext, w);
}

static void check_words(const struct rv_ext *ext, const char *text)
{
	struct rv_part *p = rv_part_new(ext);
	struct rv_buf b = RV_BUF_INIT;
	struct rv_template w = { .out = { .buf = &b, .family = ext->family }, .ext = ext };

	assert_non_null(p);
	w.data = p->data;
	rv_template_expand(&w, text ? text : "");
	if (w.wrong)
		fail_msg("%s: \"%s\" names no row", ext->name, text);
	rv_buf_free(&b);
	rv_part_free(p);
}

/* Templates only name existing rows. */
static void test_words(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nused; i++) {
		check_words(used[i].ext, used[i].ext->nft);
		check_words(used[i].ext, used[i].ext->save_template);
		check_words(used[i].ext, used[i].ext->list_template);
	}
}

/* Blobs written by other versions of iptables are decoded correctly. */
static void test_old_revisions(void **state)
{
	static const struct xt_connmark_tginfo1 connmark = {
		.ctmask = 2, .nfmask = 1, .mode = XT_CONNMARK_SAVE,
	};
	static const struct nf_nat_ipv4_multi_range_compat multi = {
		.rangesize = 1,
		.range[0] = { .flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PERSISTENT,
			      .min_ip = __constant_htonl(0x01020304),
			      .max_ip = __constant_htonl(0x01020309) },
	};
	static const struct nf_nat_range range = {
		.flags = NF_NAT_RANGE_PROTO_SPECIFIED, .min_proto.all = __constant_htons(80),
		.max_proto.all = __constant_htons(90),
	};
	static const struct {
		const char *name;
		uint8_t revision;
		uint8_t size;
		const void *blob;
		const char *text;
	} old[] = {
		{ "CONNMARK", 1, sizeof(connmark), &connmark,
		  " --save-mark --nfmask 0x1 --ctmask 0x2" },
		{ "DNAT", 0, sizeof(multi), &multi,
		  " --to-destination 1.2.3.4-1.2.3.9 --persistent" },
		{ "DNAT", 1, sizeof(range), &range, " --to-destination :80-90" },
		{ "SNAT", 1, sizeof(range), &range, " --to-source :80-90" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		struct rv_buf b = RV_BUF_INIT;
		struct rv_out o = { .buf = &b, .style = RV_STYLE_SAVE, .family = NFPROTO_IPV4 };
		struct rv_error err = { 0 };
		const struct rv_revision *w;
		const struct rv_ext *ext =
			rv_ext_find_wire(RV_TARGET, NFPROTO_IPV4, old[i].name, old[i].revision,
					 old[i].size, old[i].blob, &w);
		struct rv_part *p;

		assert_non_null(ext);
		p = part_from_wire(ext, w, old[i].blob, &err);
		assert_non_null(p);
		rv_part_render(&o, ext, p->data);
		assert_string_equal(rv_buf_text(&b), old[i].text);
		rv_buf_free(&b);
		rv_part_free(p);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_every_row_is_used),
		cmocka_unit_test(test_nonsense_from_the_wire),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_old_revisions),
	};

	if (getenv("RV_EXTENSIONS"))
		directory = getenv("RV_EXTENSIONS");
	else if (argc > 1)
		directory = argv[1];
	rv_ext_each(remember, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
