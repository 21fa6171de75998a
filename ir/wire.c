/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches and targets in the kernel's own form: name, revision, struct. */
#include <stdlib.h>
#include <string.h>

#include <ravelin/extension.h>

const char *rv_ext_kernel_name(const struct rv_ext *ext)
{
	return ext->kernel_name ? ext->kernel_name : ext->name;
}

static size_t common(const struct rv_ext *ext, const struct rv_wire *w)
{
	return w->size < ext->size ? w->size : ext->size;
}

int rv_part_to_wire(const struct rv_part *part, const struct rv_wire *w, unsigned char *wire,
		    size_t len, struct rv_error *err)
{
	memset(wire, 0, len);
	if (w->write)
		return w->write(w, part->data, wire, err);
	memcpy(wire, part->data, common(part->ext, w));
	return 0;
}

/* Whoever hands out bytes may align them to less than the eight that structs may need. */
static unsigned char *aligned_copy(const unsigned char *data, size_t len)
{
	unsigned char *copy = malloc(len ? len : 1);

	if (copy && len)
		memcpy(copy, data, len);
	return copy;
}

static const char *kind_name(enum rv_ext_kind kind)
{
	return kind == RV_TARGET ? "target" : "match";
}

static int fill_part(struct rv_part *part, const struct rv_wire *w, const unsigned char *wire,
		     const struct rv_wire_name *name, struct rv_error *err)
{
	struct rv_error why = { 0 };

	if (!w->read)
		memcpy(part->data, wire, common(part->ext, w));
	else if (w->read(w, wire, part->data, &why))
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "%s `%s' revision %u is not understood%s%s",
			       kind_name(name->kind), name->name, name->revision,
			       why.text[0] ? ": " : "", why.text);
	return 0;
}

static struct rv_part *read_aligned(rv_family_t family, const struct rv_wire_name *name,
				    const unsigned char *wire, size_t len, struct rv_error *err)
{
	const struct rv_wire *w = NULL;
	const struct rv_ext *ext;
	struct rv_part *part;

	ext = rv_ext_find_wire(name->kind, family, name->name, name->revision, len, wire, &w);
	if (!ext) {
		rv_fail(err, RV_ERR_PROBLEM, NULL, "%s `%.64s' revision %u of %zu bytes is not known",
			kind_name(name->kind), name->name, name->revision, len);
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

struct rv_part *rv_part_from_wire(rv_family_t family, const struct rv_wire_name *name,
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
