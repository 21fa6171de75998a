/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a match or target has given, and how it is shown. */
#include <string.h>

#include <ravelin/ipset.h>
#include <ravelin/registry.h>

#include "backend/nft/wire/object.h"
#include "cli/run/ask.h"

const struct rv_option *rv_part_row(const struct rv_part *part, const char *name)
{
	for (const struct rv_option *o = part->ext->options; o->name; o++)
		if (!strcmp(o->name, name))
			return rv_option_given(part->ext, o, part->data) ? o : NULL;
	return NULL;
}

uint32_t rv_part_number(const struct rv_part *part, const char *name, uint32_t none)
{
	const struct rv_option *o = rv_part_row(part, name);

	return o && o->size <= 8 ? (uint32_t)rv_get_uint(part->data + o->offset, o->size) : none;
}

char *rv_run_part_text(rv_family_t family, const struct rv_rule *r, const struct rv_part *part)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_out o = { .buf = &b, .style = RV_STYLE_SAVE, .family = family,
			    .proto = r->ip.proto };

	/* The nft syntax, without the redundant encoded bytes. */
	if (part->ext->whole)
		rv_buf_printf(&b, "nft `%s'", (const char *)((const struct rv_nft_object *)(const void *)part->data)->text->data);
	if (part->ext->whole)
		return (char *)rv_buf_text(&b);
	rv_buf_printf(&b, "-%c %s", part->ext->kind == RV_TARGET ? 'j' : 'm', part->ext->name);
	rv_part_render(&o, part->ext, part->data);
	return (char *)rv_buf_text(&b);
}

const struct rv_ipset *rv_part_set(const struct rv_part *part)
{
	const struct rv_option *o = rv_part_row(part, "match-set");

	return o ? (const struct rv_ipset *)(const void *)(part->data + o->offset) : NULL;
}

const char *rv_run_set_name(const struct rv_part *part)
{
	return rv_part_set(part)->name;
}

bool rv_run_in_capture(enum rv_sel sel)
{
	return rv_kmod_sel(sel) && !(rv_selectors[sel].class & RV_HOST);
}
