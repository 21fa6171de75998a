/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines of ravelin explain and ravelin test: options mixed with those of packets. */
#include <stdlib.h>
#include <string.h>

#include <ravelin/parser.h>

#include "cli/explain/cli.h"

#define WAYS 64
#define WAYS_MAX 4096

static const struct rv_flag *find_flag(const struct rv_flag *flags, const char *word)
{
	for (const struct rv_flag *f = flags; f->name; f++) {
		const size_t len = strlen(f->name);

		if (f->letter && word[0] == '-' && word[1] == f->letter && !word[2])
			return f;
		if (!strncmp(word, "--", 2) && !strncmp(word + 2, f->name, len) &&
		    (!word[2 + len] || word[2 + len] == '='))
			return f;
	}
	return NULL;
}

static int set_flag(const struct rv_flag *f, const char *arg, struct rv_explaining *e)
{
	char *at = (char *)e + f->at - 1;
	struct rv_flag_words *words = (struct rv_flag_words *)(void *)at;

	if (f->takes == RV_FLAG_ARG) {
		*(const char **)(void *)at = arg;
	} else if (f->takes == RV_FLAG_MANY) {
		if (words->n == RV_FLAG_WORDS)
			return rv_cli_message("%s: --%s is given more than %d times", e->cli->name, f->name,
					      RV_FLAG_WORDS);
		words->words[words->n++] = arg;
	} else {
		*(bool *)(void *)at = true;
	}
	return 0;
}

int rv_explain_flags_read(const struct rv_flag *flags, struct rv_explaining *e, struct rv_explain_words *rest)
{
	struct rv_cli *cli = e->cli;

	rest->word = calloc((size_t)cli->argc + 1, sizeof(*rest->word));
	if (!rest->word)
		return rv_cli_message("%s: out of memory", cli->name);
	for (int i = 1; i < cli->argc; i++) {
		const struct rv_flag *f = find_flag(flags, cli->argv[i]);
		const char *equals = strchr(cli->argv[i], '=');
		const bool takes = f && (f->takes == RV_FLAG_ARG || f->takes == RV_FLAG_MANY);

		if (!f || !f->at) {
			rest->word[rest->n++] = cli->argv[i];
			continue;
		}
		if (takes && !equals && i + 1 == cli->argc)
			return rv_cli_message("%s: --%s needs %s", cli->name, f->name, f->arg);
		if (set_flag(f, !takes ? NULL : equals ? equals + 1 : cli->argv[++i], e))
			return -1;
		if (f->takes == RV_FLAG_LAST)
			break;
	}
	return 0;
}

static int set_name(char to[16], const char *name, struct rv_error *err)
{
	if (!name || !*name || strlen(name) >= IFNAMSIZ)
		return rv_fail(err, RV_ERR_USAGE, NULL, "\"%s\" is not an interface name", name ? name : "");
	memset(to, 0, 16);
	memcpy(to, name, strlen(name));
	return 0;
}

/* Adds the addresses of the packet's family. */
static int add_locals(struct rv_question_packet *q, const char *list, struct rv_error *err)
{
	char *copy = strdup(list), *rest = copy, *word;
	union nf_inet_addr addr;
	int rc = copy ? 0 : rv_fail_memory(err);

	while (!rc && (word = strsep(&rest, ",")) != NULL) {
		const bool v6 = strchr(word, ':');

		if (!rv_parse_address(v6 ? NFPROTO_IPV6 : NFPROTO_IPV4, word, &addr))
			rc = rv_fail(err, RV_ERR_USAGE, NULL, "--local: \"%s\" is not an address", word);
		else if (q->nlocal == RV_EXPLAIN_LOCALS)
			rc = rv_fail(err, RV_ERR_USAGE, NULL, "--local: more than %d addresses", RV_EXPLAIN_LOCALS);
		else if (v6 == (q->family == NFPROTO_IPV6))
			q->locals[q->nlocal++] = addr;
	}
	free(copy);
	return rc;
}

/* Returns whether a word is an address list for --local. */
static bool is_list(const char *word)
{
	char first[64];
	union nf_inet_addr addr;

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(word, ","), word);
	return word[0] != '-' && (rv_parse_address(NFPROTO_IPV4, first, &addr) ||
				  rv_parse_address(NFPROTO_IPV6, first, &addr));
}

/* Removes --in, --out and --local from the words. */
static int take_around(struct rv_question_packet *q, struct rv_explain_words *w, struct rv_error *err)
{
	int n = 0, rc = 0;

	for (int i = 0; i < w->n && !rc; i++) {
		char *word = w->word[i], *equals = strchr(word, '=');
		const size_t len = equals ? (size_t)(equals - word) : strlen(word);
		const bool in = len == 4 && !memcmp(word, "--in", 4), out = len == 5 && !memcmp(word, "--out", 5);

		if (in || out) {
			rc = set_name(in ? q->in : q->out,
				      equals ? equals + 1 : i + 1 < w->n ? w->word[++i] : NULL, err);
		} else if (len == 7 && !memcmp(word, "--local", 7)) {
			const char *list = equals ? equals + 1 : i + 1 < w->n && is_list(w->word[i + 1])
									 ? w->word[++i] : NULL;

			q->local |= !list;
			rc = list ? add_locals(q, list, err) : 0;
		} else {
			w->word[n++] = word;
		}
	}
	w->n = n;
	return rc;
}

int rv_explain_read(struct rv_explaining *e, const struct rv_explain_words *words, const struct rv_frame *frame,
		    struct rv_question_packet *q, struct rv_error *err)
{
	struct rv_explain_words w = { calloc((size_t)words->n + 1, sizeof(*w.word)), words->n };
	int rc;

	memset(q, 0, sizeof(*q));
	if (!w.word)
		return rv_fail_memory(err);
	memcpy(w.word, words->word, (size_t)words->n * sizeof(*w.word));
	q->family = frame ? frame->family : rv_packet_family(e->cli->family, words->n, words->word);
	rc = take_around(q, &w, err);
	if (!rc)
		rc = rv_packet_read(q, q->family, w.n, w.word, frame, err);
	free(w.word);
	return rc;
}

/*
 * Gets the next word, unquoted in place, and advances *at. NULL: no more, or (with *bad) an
 * unclosed quote.
 */
static char *next_word(char **at, bool *bad)
{
	char *from = *at + strspn(*at, " \t\r\n"), *word = from, *to = from, quote = 0;

	if (!*from || *from == '#')
		return NULL;
	for (; *from && (quote || !strchr(" \t\r\n", *from)); from++) {
		if (quote ? *from == quote : *from == '"' || *from == '\'')
			quote = quote ? 0 : *from;
		else if (*from == '\\' && quote != '\'' && from[1])
			*to++ = *++from;
		else
			*to++ = *from;
	}
	*bad = quote;
	*at = *from ? from + 1 : from;
	*to = '\0';
	return quote ? NULL : word;
}

int rv_explain_split(char *line, const struct rv_explain_words *common, struct rv_explain_words *words)
{
	const size_t most = (size_t)common->n + strlen(line) / 2 + 4;
	char *word;
	bool bad = false;

	words->word = calloc(most, sizeof(*words->word));
	words->n = common->n;
	if (!words->word)
		return -1;
	for (int i = 0; i < common->n; i++)
		words->word[i] = common->word[i];
	while ((word = next_word(&line, &bad)) != NULL)
		words->word[words->n++] = word;
	return bad ? -1 : 0;
}

int rv_explain_error(struct rv_explaining *e, struct rv_error *err)
{
	if (err->loc.line) {
		if (err->kind == RV_ERR_PROBLEM || err->kind == RV_ERR_RESOURCE)
			err->kind = RV_ERR_RESTORE;
		rv_cli_error(e->cli, err);
	} else {
		rv_cli_message("%s: %.*s%s%s", e->cli->name, (int)strcspn(err->text, "\n"), err->text,
			       err->hint[0] ? ": " : "", err->hint);
	}
	return RV_EXPLAIN_ERROR;
}

int rv_explain_place_read(const char *word, struct rv_explain_target *t)
{
	const char *slash = strchr(word, '/'), *colon = strrchr(word, ':'), *chain = slash ? slash + 1 : word;
	char table[32];
	uint64_t n = 0;

	if (!colon || colon < chain || colon == chain || colon - chain >= RV_CHAIN_NAME_LEN)
		return -1;
	if (slash) {
		snprintf(table, sizeof(table), "%.*s", (int)(slash - word), word);
		if (!rv_table_def_find(table))
			return -1;
		t->table = rv_table_def_find(table)->name;
	}
	snprintf(t->chain, sizeof(t->chain), "%.*s", (int)(colon - chain), chain);
	if (strcmp(colon + 1, "policy") != 0 && !rv_parse_uint(colon + 1, 1, UINT32_MAX, &n))
		return -1;
	t->number = (uint32_t)n;
	return 0;
}

int rv_explain_start(struct rv_explaining *e)
{
	uint64_t ways = WAYS;

	if (e->ways_word && !rv_parse_uint(e->ways_word, 1, WAYS_MAX, &ways))
		return rv_cli_message("%s: \"%s\" is not a number of ways from 1 to %d", e->cli->name, e->ways_word,
				      WAYS_MAX);
	e->max_ways = (unsigned int)ways;
	for (unsigned int v6 = 0; v6 < 2; v6++) {
		e->family[v6].family = rv_family_defs[v6].family;
		e->family[v6].path = v6 && e->rules6 ? e->rules6 : e->rules;
	}
	return 0;
}

void rv_explain_end(struct rv_explaining *e)
{
	rv_explain_unload(&e->family[0]);
	rv_explain_unload(&e->family[1]);
	rv_buf_free(&e->out_text);
}
