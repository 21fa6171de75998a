/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes about valid rules that probably mean something else. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <ravelin/registry.h>

#include "formats/line.h"
#include "cli/hint/hint.h"

static bool is_address_option(const char *word)
{
	for (const struct rv_option *o = rv_ext_ip.options; o->name; o++) {
		char letter = rv_ext_ip.options[rv_option_index(&rv_ext_ip, o)].letter;

		if ((letter == 's' || letter == 'd') &&
		    (!strncmp(word, "--", 2) ? !strcmp(word + 2, o->name)
					     : word[0] == '-' && word[1] == letter && !word[2]))
			return true;
	}
	return false;
}

/* Splits and parses a numeric "address/mask" of a list. Returns whether it is one. */
static bool read_network(rv_family_t family, const char *text, size_t len, union nf_inet_addr *addr,
			 union nf_inet_addr *mask)
{
	char word[2 * INET6_ADDRSTRLEN], *slash;

	if (len >= sizeof(word))
		return false;
	memcpy(word, text, len);
	word[len] = '\0';
	slash = strchr(word, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return rv_parse_address(family, word, addr) && rv_parse_mask(family, slash + 1, mask);
}

/* "0.0.0.255": an inverted mask, as used by routers. Returns the prefix length meant, or -1. */
static int wildcard_length(const union nf_inet_addr *mask)
{
	union nf_inet_addr other = { .ip = ~mask->ip };

	return rv_mask_length(NFPROTO_IPV4, mask) < 0 ? rv_mask_length(NFPROTO_IPV4, &other) : -1;
}

static bool note_of(struct rv_buf *b, rv_family_t family, const char *text, size_t len)
{
	union nf_inet_addr addr, mask, net = { 0 };
	struct rv_buf host = RV_BUF_INIT, shown = RV_BUF_INIT;
	int wildcard;
	bool bits = false;

	if (!read_network(family, text, len, &addr, &mask))
		return false;
	for (size_t i = 0; i < 4; i++) {
		net.all[i] = addr.all[i] & mask.all[i];
		bits |= net.all[i] != addr.all[i];
	}
	rv_print_address(&host, family, &addr);
	rv_print_address(&shown, family, &net);
	rv_print_mask(&shown, family, &mask);
	wildcard = family == NFPROTO_IPV4 ? wildcard_length(&mask) : -1;
	if (rv_buf_text(&host) && rv_buf_text(&shown) && wildcard > 0)
		rv_buf_printf(b, "hint: Ones in a mask select the bits to compare. Did you mean "
			      "%s/%d?\n", host.data, wildcard);
	else if (rv_buf_text(&host) && rv_buf_text(&shown) && bits)
		rv_buf_printf(b, "hint: %.*s is the network %s. For a single address, write %s.\n",
			      (int)len, text, shown.data, host.data);
	rv_buf_free(&host);
	rv_buf_free(&shown);
	return b->len;
}

/* Notes the first suspicious element of a list. loc: of the word. */
static bool note_of_list(struct rv_buf *b, rv_family_t family, const char *list, struct rv_loc *loc)
{
	uint32_t first = loc->first;

	for (const char *at = list; ; at++) {
		size_t len = strcspn(at, ",");

		if (note_of(b, family, at, len)) {
			loc->first = first + (uint32_t)(at - list);
			loc->end = loc->first + (uint32_t)len;
			return true;
		}
		at += len;
		if (!*at)
			return false;
	}
}

static void print_note(const struct rv_cli *cli, const struct rv_buf *note, const struct rv_loc *loc)
{
	struct rv_buf b = RV_BUF_INIT;

	rv_cli_line(&b, cli, loc);
	rv_buf_add(&b, note->data, note->len);
	rv_cli_tell(&b);
	rv_buf_free(&b);
}

static bool notes_of_argv(const struct rv_cli *cli, struct rv_buf *note, struct rv_loc *loc)
{
	size_t column = 0;

	for (int i = 0; i < cli->argc; i++) {
		*loc = (struct rv_loc){ 0, (uint32_t)column, (uint32_t)column };
		if (i > 0 && is_address_option(cli->argv[i - 1]) &&
		    note_of_list(note, cli->family, cli->argv[i], loc))
			return true;
		column += strlen(cli->argv[i]) + 1;
	}
	return false;
}

static bool notes_of_line(const struct rv_cli *cli, struct rv_line *cut, const char *text, size_t len,
			  struct rv_buf *note, struct rv_loc *loc)
{
	if ((*text != '-' && *text != '[') || !memchr(text, '/', len) || memchr(text, '\0', len) ||
	    !rv_line_cut(cut, text, len, true))
		return false;
	for (size_t i = 1; i < cut->count; i++) {
		loc->first = (uint32_t)cut->word[i].first;
		if (is_address_option(cut->word[i - 1].text) &&
		    note_of_list(note, cli->family, cut->word[i].text, loc))
			return true;
	}
	return false;
}

/* Notes only the first occurrence in a file. */
static bool notes_of_file(const struct rv_cli *cli, struct rv_buf *note, struct rv_loc *loc)
{
	const char *at = cli->text, *end = at + cli->len;
	struct rv_line cut = { 0 };
	bool found = false;

	for (loc->line = 1; !found && at < end; loc->line++) {
		const char *newline = memchr(at, '\n', end - at), *stop = newline ? newline : end;

		found = notes_of_line(cli, &cut, at, stop - at, note, loc);
		if (found)
			break;
		at = newline ? newline + 1 : end;
	}
	rv_line_free(&cut);
	return found;
}

void rv_cli_notes(const struct rv_cli *cli)
{
	struct rv_buf note = RV_BUF_INIT;
	struct rv_loc loc = { 0 };

	if (!rv_cli_for_a_person())
		return;
	if (cli->text ? notes_of_file(cli, &note, &loc) : notes_of_argv(cli, &note, &loc))
		print_note(cli, &note, &loc);
	rv_buf_free(&note);
}
