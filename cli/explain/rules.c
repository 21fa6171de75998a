/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads the rules, from a file or the kernel, into the engine. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ravelin/io.h>

#include "backend/file/load.h"
#include "backend/nft/decode/decode.h"
#include "backend/nft/wire/object.h"
#include "cli/explain/explain.h"

/* ---- the text ------------------------------------------------------------------------------------- */

static int read_file(struct rv_explain_rules *r, struct rv_error *err)
{
	const char *path = strcmp(r->path, "-") ? r->path : "/dev/stdin";
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "cannot open %s: %m", r->path);
	rc = rv_read_all(fd, &r->text);
	if (rc < 0)
		rv_fail(err, RV_ERR_PROBLEM, NULL, "cannot read %s: %m", r->path);
	close(fd);
	return rc;
}

/* Reads the kernel's rules consistently; warnings go to notes. */
static int read_live(struct rv_explaining *e, struct rv_explain_rules *r, struct rv_error *err)
{
	struct rv_cli cli = *e->cli;
	struct rv_buf warnings = RV_BUF_INIT, *outer = err->warnings;
	int rc;

	cli.name = rv_family(r->family)->save;
	cli.family = r->family;
	err->warnings = &warnings;
	rc = rv_cli_save_text(&cli, true, &r->text, err);
	err->warnings = outer;
	if (warnings.len)
		rv_buf_add(&r->notes, warnings.data, warnings.len);
	rv_buf_free(&warnings);
	return rc;
}

/* ---- sets of the kernel's --------------------------------------------------------------------------- */

/* Writes the output of "ipset save NAME" to fd. Returns 0 or an exit code. */
static int save_set(const char *name, int fd)
{
	static const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
	const char *const argv[] = { "ipset", "save", name, NULL };
	static const char *const paths[] = { "/usr/sbin/ipset", "/sbin/ipset" };
	posix_spawn_file_actions_t actions;
	int status = -1, rc = ENOENT;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions))
		return ENOMEM;
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	for (unsigned int i = 0; rc && i < sizeof(paths) / sizeof(*paths); i++)
		rc = posix_spawn(&pid, paths[i], &actions, NULL, (char *const *)argv,
				 (char *const *)env);
	posix_spawn_file_actions_destroy(&actions);
	if (rc)
		return rc;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Adds a set from the kernel; if it cannot be read, a note says so and the set remains unknown. */
static int read_set(struct rv_explain_rules *r, const char *name, struct rv_error *err)
{
	int fd = memfd_create("set", MFD_CLOEXEC), rc;
	struct rv_error why = { 0 };
	char word[128];

	if (fd < 0)
		return rv_fail_memory(err);
	rc = save_set(name, fd);
	snprintf(word, sizeof(word), "%s=/proc/self/fd/%d", name, fd);
	if (rc)
		rv_buf_printf(&r->notes, "set %s was not read: ipset save %s failed (Debian: package ipset)\n",
			      name, name);
	else if (rv_run_set_read(&r->sets, r->family, word, &why))
		rv_buf_printf(&r->notes, "set %s is not supported: %s\n", name, why.text);
	close(fd);
	return 0;
}

/* ---- sets of nf_tables --------------------------------------------------------------------------- */

/*
 * Parses lines in the format of ipset save. Returns -1 with err set; for unsupported sets, why is
 * set.
 */
static int take_lines(struct rv_explain_rules *r, const char *name, const struct rv_buf *lines,
		      struct rv_error *why, struct rv_error *err)
{
	int fd = memfd_create("set", MFD_CLOEXEC), rc;
	char word[128];

	if (fd < 0)
		return rv_fail_memory(err);
	rc = rv_write_all(fd, lines);
	snprintf(word, sizeof(word), "%s=/proc/self/fd/%d", name, fd);
	if (!rc && rv_run_set_read(&r->sets, r->family, word, why))
		rc = 1;
	close(fd);
	return rc < 0 ? rv_fail_memory(err) : rc;
}

/* Returns 0 if the set is known, or 1 after a note. */
static int read_nft_set(struct rv_explain_rules *r, struct rv_nft_aside *aside, const char *table,
			const char *name, struct rv_error *err)
{
	struct rv_buf lines = RV_BUF_INIT;
	struct rv_error why = { 0 };
	const char *reason = why.text;
	int rc = rv_nft_named_lines(&lines, aside, r->family, table, name, &reason, err);

	if (!rc)
		rc = take_lines(r, name, &lines, &why, err);
	if (rc > 0)
		rv_buf_printf(&r->notes, "set %s is unknown: %s\n", name, why.text[0] ? why.text : reason);
	rv_buf_free(&lines);
	return rc;
}

static int read_nft_sets(struct rv_explain_rules *r, struct rv_nft_aside *aside, const char *table,
			 const struct rv_rule *words, struct rv_error *err)
{
	int rc = 0;

	for (const struct rv_part *m = words->matches; m && !rc; m = m->next)
		if (!strcmp(m->ext->name, "set") && !rv_run_set_find(r->sets, rv_run_set_name(m)))
			rc = read_nft_set(r, aside, table, rv_run_set_name(m), err);
	return rc;
}

/* Replaces the contents of the rule by those of words. */
static void take_words(struct rv_rule *rule, struct rv_rule *words)
{
	struct rv_part *matches = rule->matches, *target = rule->target;

	rule->ip = words->ip;
	rule->matches = words->matches;
	rule->target = words->target;
	rule->verdict = words->verdict;
	memcpy(rule->jump, words->jump, sizeof(rule->jump));
	words->matches = matches;
	words->target = target;
	rv_rule_free(words);
}

/* Converts a rule with lookups in nf_tables sets to -m set; others remain unknown. */
static int read_nft_rule(struct rv_explain_rules *r, struct rv_nft_aside *aside, const struct rv_chain *c,
			 struct rv_rule *rule, struct rv_error *err)
{
	static const char note[] = "nft rules with set lookups are shown as -m set, with the current sets\n";
	struct rv_error why = { 0 };
	struct rv_rule *words = rv_nft_object_words(aside, r->family, c->table->def->name, rv_nft_object_of(rule),
						    &why);
	int rc = words ? read_nft_sets(r, aside, c->table->def->name, words, err) : 1;

	if (rc) {
		rv_rule_free(words);
		return rc < 0 ? -1 : 0;
	}
	if (!r->notes.len || !memmem(r->notes.data, r->notes.len, note, strlen(note)))
		rv_buf_puts(&r->notes, note);
	take_words(rule, words);
	return 0;
}

static int read_nft_rules(struct rv_explain_rules *r, struct rv_error *err)
{
	struct rv_nft_aside aside = { .of = NULL };
	int rc = 0;

	rv_list_each(t, &r->store.rs.tables, struct rv_table, node)
		rv_list_each(c, &t->chains, struct rv_chain, node)
			rv_list_each(rule, &c->rules, struct rv_rule, node)
				if (!rc && rv_nft_object_of(rule))
					rc = read_nft_rule(r, &aside, c, rule, err);
	rv_nft_aside_close(&aside);
	return rc;
}

/* ---- ipsets ---------------------------------------------------------------------------------------- */

static int read_sets_of(struct rv_explain_rules *r, const struct rv_rule *rule, struct rv_error *err)
{
	for (const struct rv_part *m = rule->matches; m; m = m->next) {
		if (strcmp(m->ext->name, "set") != 0 || !rv_part_row(m, "match-set") ||
		    rv_run_set_find(r->sets, rv_run_set_name(m)))
			continue;
		if (read_set(r, rv_run_set_name(m), err))
			return -1;
	}
	return 0;
}

static int read_kernel_sets(struct rv_explain_rules *r, struct rv_error *err)
{
	rv_list_each(t, &r->store.rs.tables, struct rv_table, node)
		rv_list_each(c, &t->chains, struct rv_chain, node)
			rv_list_each(rule, &c->rules, struct rv_rule, node)
				if (read_sets_of(r, rule, err))
					return -1;
	return 0;
}

/* ---- loading ------------------------------------------------------------------------------------- */

static int read_words(struct rv_explaining *e, struct rv_explain_rules *r, struct rv_error *err)
{
	for (unsigned int i = e->assume.n; i--;)
		if (rv_assume(&r->assumed, r->family, e->assume.words[i], err))
			return -1;
	for (unsigned int i = 0; i < e->set_words.n; i++)
		if (rv_run_set_read(&r->sets, r->family, e->set_words.words[i], err))
			return -1;
	return 0;
}

static int start_asking(struct rv_explain_rules *r, struct rv_error *err)
{
	struct rv_asking *a = &r->asking;

	a->family = r->family;
	a->link = &r->link;
	a->assumed = r->assumed;
	a->sets = r->sets;
	if (rv_asking_start(a, &r->store.rs, err))
		return -1;
	r->nbase = a->base.n;
	r->ctmark = a->base.ctmark;
	return 0;
}

struct adding {
	struct rv_explain_rules *r;
	struct rv_error *err;
};

static int add_table(const struct rv_table *t, void *arg)
{
	struct adding *add = arg;

	if (rv_table_check((struct rv_table *)t, add->err) < 0)
		return -1;
	return rv_kmod_change_add(&add->r->change, (struct rv_table *)t, 0, 0, add->err);
}

static int open_text(struct rv_explaining *e, struct rv_explain_rules *r, struct rv_error *err)
{
	if (r->path ? read_file(r, err) : read_live(e, r, err))
		return -1;
	e->cli->text = r->text.len ? r->text.data : "";
	e->cli->len = r->text.len;
	e->cli->path = r->path;
	e->cli->restore = true;
	if (rv_load_text(&r->store, r->family, e->cli->text, r->text.len, NULL, err))
		return -1;
	r->open = true;
	return 0;
}

int rv_explain_load(struct rv_explaining *e, struct rv_explain_rules *r, struct rv_error *err)
{
	struct adding add = { r, err };

	if (r->open)
		return 0;
	if (open_text(e, r, err) || rv_kmod_link_open(&r->link, "user", err))
		return -1;
	r->change.link = &r->link;
	if (read_words(e, r, err) || (!r->path && (read_nft_rules(r, err) || read_kernel_sets(r, err))) || start_asking(r, err))
		return -1;
	if (rv_load_tables(&r->store, add_table, &add))
		return -1;
	return r->change.n ? rv_kmod_change_send(&r->change, err) : 0;
}

void rv_explain_unload(struct rv_explain_rules *r)
{
	rv_kmod_change_free(&r->change);
	rv_kmod_link_close(&r->link);
	if (r->open)
		rv_store_close(&r->store);
	rv_asking_free(&r->asking);
	rv_assumed_free(r->assumed);
	rv_run_sets_free(r->sets);
	rv_buf_free(&r->text);
	rv_buf_free(&r->notes);
}
