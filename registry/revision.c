/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversion of matches and targets to the kernel's name, revision and struct. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ir/ipset.h"
#include "registry/row.h"

static const char *kind_name(enum rv_ext_kind kind)
{
	return kind == RV_TARGET ? "target" : "match";
}

void rv_ext_config(struct rv_buf *b, rv_family_t family, const struct rv_ext *ext)
{
	const char *prefix = rv_family(family)->config, *name = ext->config;

	if (name) {
		rv_buf_printf(b, "CONFIG_%s%s", *name == '_' ? prefix : "", name);
		return;
	}
	rv_buf_printf(b, "CONFIG_NETFILTER_XT_%s_", ext->kind == RV_TARGET ? "TARGET" : "MATCH");
	for (const char *c = rv_ext_kernel_name(ext); *c; c++)
		rv_buf_putc(b, toupper((unsigned char)*c));
}

void rv_ext_module(struct rv_buf *b, rv_family_t family, const struct rv_ext *ext)
{
	static const struct {
		const char *config, *prefix;
	} prefixes[] = {
		{ "NETFILTER_XT_", "xt_" }, { "IP_NF_", "ipt_" }, { "IP6_NF_", "ip6t_" },
	};
	const char *config = ext->config ? ext->config : prefixes[0].config, *name = rv_ext_kernel_name(ext);
	bool one = !strstr(config, "_MATCH_") && !strstr(config, "_TARGET_") && ext->config;

	if (*config == '_')
		rv_buf_puts(b, rv_family(family)->xt);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (!strncmp(config, prefixes[i].config, strlen(prefixes[i].config)))
			rv_buf_puts(b, prefixes[i].prefix);
	/*
	 * Modules that contain both match and target are named after the match: MARK, CONNMARK,
	 * SET.
	 */
	for (; *name; name++)
		rv_buf_putc(b, one ? (char)tolower((unsigned char)*name) : *name);
}

/* Leading bytes that are the same in both forms. */
static size_t common(const struct rv_ext *ext, const struct rv_revision *w)
{
	size_t size = w->bytes ? w->bytes : w->size;

	return size < ext->size ? size : ext->size;
}

static void move(unsigned char *to, unsigned int to_size, const unsigned char *from,
		 unsigned int from_size, bool swap)
{
	uint64_t n;

	if (to_size == from_size && !swap) {
		memcpy(to, from, to_size);
		return;
	}
	n = rv_get_uint(from, from_size);
	if (swap)
		n = from_size == 2 ? ntohs(n) : ntohl(n);
	rv_set_uint(to, to_size, n);
}

/* ---- encoding ------------------------------------------------------------------ */

static int put_field(const struct rv_revision_field *f, const struct rv_part *part,
		     unsigned char *wire, struct rv_error *err)
{
	const unsigned char *from = part->data + f->data;
	void *to = wire + f->wire;

	switch (f->move) {
	case RV_MOVE_SET:
		return rv_ipset_write((const void *)from, part->ext->family, to, err);
	case RV_MOVE_SET_V0:
		return rv_ipset_write_v0((const void *)from, part->ext->family, to, err);
	default:
		move(to, f->wire_size, from, f->data_size, f->move == RV_MOVE_SWAP);
		return 0;
	}
}

static int put_fields(const struct rv_revision_field *f, const struct rv_part *part,
		      unsigned char *wire, struct rv_error *err)
{
	int rc = 0;

	for (; f && f->wire_size && !rc; f++)
		rc = put_field(f, part, wire, err);
	return rc;
}

static int fill_wire(const struct rv_part *part, const struct rv_revision *w, unsigned char *wire,
		     size_t len, struct rv_error *err)
{
	memset(wire, 0, len);
	if (put_fields(w->fields, part, wire, err))
		return -1;
	if (w->write)
		return w->write(w, part->data, wire, err);
	if (!w->fields)
		memcpy(wire, part->data, common(part->ext, w));
	return 0;
}

/* Whether the revision, which may lack some fields, preserved the part. */
static int check_kept(const struct rv_part *part, const struct rv_revision *w,
		      const unsigned char *wire, struct rv_error *err)
{
	struct rv_part *back = rv_part_new(part->ext);
	struct rv_error why = { 0 };
	bool kept;

	if (!back)
		return rv_fail_memory(err);
	kept = !rv_revision_read(part->ext, w, wire, back->data, &why) && rv_part_equal(part, back);
	rv_part_free(back);
	if (kept)
		return 0;
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "revision %u of %s `%s' cannot express the rule",
		       w->revision, kind_name(part->ext->kind), part->ext->name);
}

int rv_part_to_wire(const struct rv_part *part, const struct rv_revision *w, unsigned char *wire,
		    size_t len, struct rv_error *err)
{
	if (fill_wire(part, w, wire, len, err))
		return -1;
	return w == part->ext->revisions ? 0 : check_kept(part, w, wire, err);
}

/* ---- decoding ------------------------------------------------------------------ */

static int take_field(const struct rv_revision_field *f, const unsigned char *wire,
		      unsigned char *data, struct rv_error *err)
{
	const unsigned char *from = wire + f->wire;
	void *to = data + f->data;

	switch (f->move) {
	case RV_MOVE_SET:
		return rv_ipset_read(to, (const void *)from, err);
	case RV_MOVE_SET_V0:
		return rv_ipset_read_v0(to, (const void *)from, err);
	default:
		move(to, f->data_size, from, f->wire_size, f->move == RV_MOVE_SWAP);
		return 0;
	}
}

static int take_fields(const struct rv_revision_field *f, const unsigned char *wire,
		       unsigned char *data, struct rv_error *err)
{
	int rc = 0;

	for (; f && f->wire_size && !rc; f++)
		rc = take_field(f, wire, data, err);
	return rc;
}

/* Zeroes bytes after a string's NUL, which the kernel does not clear. false: unterminated. */
static bool settle_string(unsigned char *field, unsigned int size)
{
	unsigned int len = strnlen((const char *)field, size);

	memset(field + len, 0, size - len);
	return len < size;
}

static bool is_number(const struct rv_option *opt, uint64_t n, unsigned int size)
{
	return (n >= opt->min && n <= row_max(opt, size)) ||
	       (opt->names && rv_name_of(opt->names, n));
}

static bool are_named(const struct rv_option *opt, uint64_t bits)
{
	for (const struct rv_name *n = opt->names; n->name; n++)
		if ((bits & n->value) == n->value)
			bits &= ~n->value;
	return !bits;
}

/* Whether the value is one that the option's type can express. */
static bool has_words(const struct rv_option *opt, unsigned char *data)
{
	unsigned char *field = data + opt->offset;
	uint64_t n = opt->size <= 8 ? get_number(opt, field, opt->size) : 0;

	switch (opt->type) {
	case RV_T_STRING:
	case RV_T_IFACE:
		return settle_string(field, opt->size);
	case RV_T_UINT:
		return is_number(opt, n, opt->size);
	case RV_T_ENUM:
		return rv_name_of(opt->names, own_bits(opt, n));
	case RV_T_BITS:
		return are_named(opt, own_bits(opt, n));
	default:
		return true;
	}
}

static int no_words(const struct rv_option *opt, struct rv_error *err)
{
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "--%s cannot express the kernel's value", opt->name);
}

/* Checks that the options save would print can be parsed again and include all required ones. */
static int check_values(const struct rv_ext *ext, unsigned char *data, struct rv_error *err)
{
	bool any = !ext->required;

	for (const struct rv_option *opt = ext->options; opt && opt->name; opt++) {
		bool given = rv_option_given(ext, opt, data);

		if (opt->alias_of || opt->flags & RV_OPT_HIDDEN)
			continue;
		any |= given || opt->flags & RV_OPT_ALWAYS;
		if (!given && opt->flags & RV_OPT_REQUIRED && !(opt->flags & RV_OPT_ALWAYS))
			return no_words(opt, err);
		if (given && !rv_option_ops(opt)->print && !has_words(opt, data))
			return no_words(opt, err);
	}
	return any ? 0 : rv_fail(err, RV_ERR_PROBLEM, NULL, "%s", ext->required);
}

static bool has_unknown_bits(const struct rv_revision *w, const unsigned char *wire)
{
	return w->valid_bits.width &&
	       rv_get_uint(wire + w->valid_bits.offset, w->valid_bits.width) & ~(uint64_t)w->valid_bits.mask;
}

int rv_revision_read(const struct rv_ext *ext, const struct rv_revision *w, const unsigned char *wire,
		 unsigned char *data, struct rv_error *err)
{
	if (has_unknown_bits(w, wire))
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "unknown flags");
	if (take_fields(w->fields, wire, data, err))
		return -1;
	if (!w->fields && !w->read)
		memcpy(data, wire, common(ext, w));
	if (w->read && w->read(w, wire, data, err))
		return -1;
	if (rv_ext_ops(ext)->canonicalize)
		rv_ext_ops(ext)->canonicalize(data);
	return check_values(ext, data, err);
}

/* Received bytes may have less than the 8-byte alignment that structs need. */
static unsigned char *aligned_copy(const unsigned char *data, size_t len)
{
	unsigned char *copy = malloc(len ? len : 1);

	if (copy && len)
		memcpy(copy, data, len);
	return copy;
}

static int fill_part(struct rv_part *part, const struct rv_revision *w, const unsigned char *wire,
		     const struct rv_revision_name *name, struct rv_error *err)
{
	struct rv_error why = { 0 };

	if (!rv_revision_read(part->ext, w, wire, part->data, &why))
		return 0;
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "%s `%s' revision %u: invalid data%s%s",
		       kind_name(name->kind), name->name, name->revision,
		       why.text[0] ? ": " : "", why.text);
}

static struct rv_part *read_aligned(rv_family_t family, const struct rv_revision_name *name,
				    const unsigned char *wire, size_t len, struct rv_error *err)
{
	const struct rv_revision *w = NULL;
	const struct rv_ext *ext;
	struct rv_part *part;

	ext = rv_ext_find_wire(name->kind, family, name->name, name->revision, len, wire, &w);
	if (!ext) {
		const char *reason = rv_plugin_error(name->name);

		rv_fail(err, RV_ERR_PROBLEM, NULL, "%s `%.64s' revision %u of %zu bytes: unknown%s%s",
			kind_name(name->kind), name->name, name->revision, len,
			reason ? ": " : "", reason ? reason : "");
		return NULL;
	}
	part = rv_part_new(ext);
	if (!part) {
		rv_fail_memory(err);
		return NULL;
	}
	if (fill_part(part, w, wire, name, err)) {
		rv_part_free(part);
		return NULL;
	}
	return part;
}

struct rv_part *rv_part_from_wire(rv_family_t family, const struct rv_revision_name *name,
				  const unsigned char *wire, size_t len, struct rv_error *err)
{
	unsigned char *copy = aligned_copy(wire, len);
	struct rv_part *part;

	if (!copy) {
		rv_fail_memory(err);
		return NULL;
	}
	part = read_aligned(family, name, copy, len, err);
	free(copy);
	return part;
}
