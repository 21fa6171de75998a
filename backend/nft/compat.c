/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches and targets in the kernel's own form: the expressions "match" and
 * "target" (linux/netfilter/nf_tables_compat.h) carry an xtables name, revision
 * and struct.
 */
#include <linux/netfilter/x_tables.h>
#include <stdlib.h>

#include "nft.h"

/* The largest blob that is held on the stack; conntrack has 160 bytes, comment 256. */
#define SMALL_BLOB 512

static const char *kernel_name(const struct rv_ext *ext)
{
	return ext->kernel_name ? ext->kernel_name : ext->name;
}

static void write_part(struct rv_buf *b, const struct rv_part *part, const unsigned char *blob,
		       uint32_t len)
{
	const struct rv_nft_expr e = {
		.kind = part->ext->kind == RV_TARGET ? RV_NFT_TARGET : RV_NFT_MATCH,
		.name = kernel_name(part->ext), .revision = part->ext->wire->revision,
		.data = { blob, len },
	};

	rv_nft_expr_write(b, &e);
}

static int fill_blob(const struct rv_part *part, unsigned char *blob, size_t len,
		     struct rv_error *err)
{
	const struct rv_wire *w = part->ext->wire;

	memset(blob, 0, len);
	if (w->write)
		return w->write(w, part->data, blob, err);
	memcpy(blob, part->data, w->size < part->ext->size ? w->size : part->ext->size);
	return 0;
}

int rv_nft_part_write(struct rv_buf *b, const struct rv_part *part, struct rv_error *err)
{
	const struct rv_wire *w = part->ext->wire;
	_Alignas(8) unsigned char small[SMALL_BLOB];
	unsigned char *blob = small;
	size_t len;
	int rc;

	if (!w || !w->size)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "nf_tables cannot be told of %s `%s'",
			       part->ext->kind == RV_TARGET ? "target" : "match", part->ext->name);
	len = XT_ALIGN(w->size);
	if (len > sizeof(small))
		blob = malloc(len);
	if (!blob)
		return rv_fail_memory(err);
	rc = fill_blob(part, blob, len, err);
	if (!rc)
		write_part(b, part, blob, len);
	if (blob != small)
		free(blob);
	return rc;
}

/* ---- reading ------------------------------------------------------------------- */

/* Attributes are aligned to four bytes, structs may need eight. */
static unsigned char *aligned_copy(struct rv_nft_view v)
{
	unsigned char *copy = malloc(v.len ? v.len : 1);

	if (copy && v.len)
		memcpy(copy, v.data, v.len);
	return copy;
}

static int fill_part(struct rv_nft_reader *r, struct rv_part *part, const struct rv_wire *w,
		     const unsigned char *blob, const struct rv_nft_expr *e)
{
	struct rv_error why = { 0 };

	if (!w->read)
		memcpy(part->data, blob, w->size < part->ext->size ? w->size : part->ext->size);
	else if (w->read(w, blob, part->data, &why))
		return rv_nft_misfit(r, "%s `%s' revision %u is not understood%s%s",
				     rv_nft_expr_name(e->kind), e->name, e->revision,
				     why.text[0] ? ": " : "", why.text);
	return 0;
}

static int read_blob(struct rv_nft_reader *r, const struct rv_nft_expr *e,
		     const unsigned char *blob)
{
	enum rv_ext_kind kind = e->kind == RV_NFT_TARGET ? RV_TARGET : RV_MATCH;
	const struct rv_wire *w = NULL;
	const struct rv_ext *ext;
	struct rv_part *part;

	ext = rv_ext_find_wire(kind, r->family, e->name, e->revision, e->data.len, blob, &w);
	if (!ext)
		return rv_nft_misfit(r, "%s `%.64s' revision %u of %u bytes is not known",
				     rv_nft_expr_name(e->kind), e->name, e->revision, e->data.len);
	part = rv_part_new(ext);
	if (!part)
		return rv_fail_memory(r->err);
	if (fill_part(r, part, w, blob, e)) {
		rv_part_free(part);
		return -1;
	}
	if (kind == RV_TARGET)
		r->rule->target = part;
	else
		rv_rule_add_match(r->rule, part);
	return 0;
}

int rv_nft_part_read(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	unsigned char *blob = aligned_copy(e->data);
	int rc = blob ? read_blob(r, e, blob) : rv_fail_memory(r->err);

	free(blob);
	return rc;
}
