/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel, or somebody who writes into its tables, may hand us: a rule as text is
 * encoded, bytes of the message are changed, and the result is decoded and printed.
 *
 * Input: the family ('4' or '6'), the rule's words, a newline, then changes of three bytes:
 * place (little-endian) and what is XORed there.
 */
#include <stdlib.h>
#include <string.h>

#include <ravelin/parser.h>
#include <ravelin/render.h>

#include "backend/nft/decode/decode.h"
#include "backend/nft/encode/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS 64

static struct rv_rule *parse(rv_family_t family, char *text)
{
	char *argv[WORDS] = { (char *)"iptables", (char *)"-A", (char *)"x" }, *rest = NULL;
	struct rv_error err = { 0 };
	struct rv_options opts;
	struct rv_command cmd;
	struct rv_rule *r = NULL;
	int argc = 3;

	for (char *w = strtok_r(text, " ", &rest); w && argc < WORDS; w = strtok_r(NULL, " ", &rest))
		argv[argc++] = w;
	memset(&opts, 0, sizeof(opts));
	opts.family = family;
	rv_command_init(&cmd);
	if (!rv_parse_argv(argc, argv, family, &cmd, &opts, &err) && !rv_list_empty(&cmd.rules)) {
		r = rv_entry(cmd.rules.next, struct rv_rule, node);
		rv_list_del(&r->node);
	}
	rv_command_clear(&cmd);
	return r;
}

static bool encode(struct rv_buf *b, rv_family_t family, const struct rv_rule *r)
{
	struct rv_error err = { 0 };

	rv_nft_put_text(b, NFTA_RULE_TABLE, "filter");
	rv_nft_put_text(b, NFTA_RULE_CHAIN, "x");
	rv_nft_put_u64(b, NFTA_RULE_HANDLE, 7);
	return !rv_nft_rule_write(b, family, r, &err) && rv_buf_ok(b);
}

static void change(struct rv_buf *b, const uint8_t *changes, size_t size)
{
	for (; size >= 3; changes += 3, size -= 3) {
		size_t at = changes[0] | changes[1] << 8;

		if (at < b->len)
			b->data[at] ^= changes[2];
	}
}

/* A copy of just that size, so that a read behind its end is seen. */
static void decode(const struct rv_buf *b, rv_family_t family)
{
	unsigned char *copy = malloc(b->len);
	struct rv_buf text = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_nft_meaning meaning;
	struct rv_nft_place place;
	struct rv_rule *r;

	memcpy(copy, b->data, b->len);
	memset(&place, 0, sizeof(place));
	r = rv_nft_rule_of(NULL, family, (struct rv_nft_view){ copy, b->len }, &place, &err);
	if (r)
		rv_render_rule(&text, family, "x", r, RV_COUNTERS_OPTION);
	else if (err.kind == RV_ERR_NONE)
		abort();
	rv_rule_free(r);
	err = (struct rv_error){ 0 };
	if (!rv_nft_meaning_read(NULL, family, (struct rv_nft_view){ copy, b->len }, &meaning, &err))
		rv_nft_meaning_clear(&meaning);
	else if (err.kind == RV_ERR_NONE)
		abort();
	rv_buf_free(&text);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	rv_family_t family;
	struct rv_buf b = RV_BUF_INIT;
	struct rv_rule *r;
	char text[1024];

	if (!line || line == data || line - data > (long)sizeof(text))
		return 0;
	family = *data == '6' || *data == 'b' ? NFPROTO_IPV6 : NFPROTO_IPV4;
	if (*data == 'a' || *data == 'b') {
		rv_buf_add(&b, line + 1, size - (line + 1 - data));
		if (b.len)
			decode(&b, family);
		rv_buf_free(&b);
		return 0;
	}
	memcpy(text, data + 1, line - data - 1);
	text[line - data - 1] = '\0';
	if (strlen(text) != (size_t)(line - data - 1))
		return 0;
	r = parse(family, text);
	if (r && encode(&b, family, r)) {
		change(&b, line + 1, size - (line + 1 - data));
		decode(&b, family);
	}
	rv_rule_free(r);
	rv_buf_free(&b);
	return 0;
}
