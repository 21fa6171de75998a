/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses the options of an extension: finds the row of an option and checks it against the other options
 * given. value_parse.c, value_print.c and option_predicates.c have one function for each type of value.
 */
#include <string.h>

#include "registry/row.h"

static const struct rv_option *canonical(const struct rv_ext *ext, const struct rv_option *opt)
{
	if (!opt->alias_of)
		return opt;
	for (const struct rv_option *row = ext->options; row->name; row++)
		if (!row->alias_of && !strcmp(row->name, opt->alias_of))
			return row;
	return opt;
}

unsigned int rv_option_index(const struct rv_ext *ext, const struct rv_option *opt)
{
	return canonical(ext, opt) - ext->options;
}

bool rv_option_takes_arg(const struct rv_option *opt)
{
	return opt->type != RV_T_FLAG;
}

bool rv_option_inverted(const struct rv_option *opt, const unsigned char *data)
{
	return has_bit(&opt->invert, data);
}

static bool is_initial(const struct rv_ext *ext, const unsigned char *data, unsigned int at,
		       unsigned int size)
{
	static const unsigned char zeros[1024];
	const unsigned char *initial = ext->initial;

	if (!initial && size > sizeof(zeros))
		return false;
	return !memcmp(initial ? initial + at : zeros, data + at, size);
}

bool rv_option_given(const struct rv_ext *ext, const struct rv_option *opt,
		     const unsigned char *data)
{
	uint64_t n;

	if (opt->flags & RV_OPT_NOT_ZERO && !get_number(opt, data + opt->offset, opt->size))
		return false;
	if (opt->given.width)
		return has_bit(&opt->given, data) ||
		       (opt->invert.number && rv_option_inverted(opt, data));
	if (opt->type == RV_T_FLAG && opt->size) {
		n = get_number(opt, data + opt->offset, opt->size);
		return opt->flags & RV_OPT_SETS ? n == opt->value : (n & opt->value) == opt->value;
	}
	if (opt->type == RV_T_BITS && opt->owned)
		return own_bits(opt, rv_get_uint(data + opt->offset, opt->size));
	if (rv_option_inverted(opt, data) || !is_initial(ext, data, opt->offset, opt->size))
		return true;
	return has_mask(opt) && !is_initial(ext, data, mask_at(opt), mask_size(opt));
}

static int check_use(struct rv_parse *p, uint64_t bit)
{
	bool core = p->ext->kind == RV_CORE;

	if (p->opt->family && p->opt->family != p->family) {
		if (rv_option_errors(p->opt)->other_family)
			return fail_as(p, rv_option_errors(p->opt)->other_family);
		return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "unknown option \"--%s\"", p->opt->name);
	}
	if (p->part && p->part->seen & bit && !(p->opt->flags & RV_OPT_REPEAT)) {
		if (rv_option_errors(p->opt)->once)
			return fail_as(p, rv_option_errors(p->opt)->once);
		return rv_option_fail(p, "option \"--%s\" can only be used once.\n", p->opt->name);
	}
	if (!p->invert || p->opt->flags & RV_OPT_INVERT || core)
		return 0;
	if (rv_option_errors(p->opt)->no_invert)
		return fail_as(p, rv_option_errors(p->opt)->no_invert);
	return rv_option_fail(p, "option \"--%s\" cannot be inverted.\n", p->opt->name);
}

int rv_option_parse(struct rv_parse *p)
{
	const char *warning = rv_option_errors(p->opt)->warning;
	uint64_t bit;
	int rc;

	p->opt = canonical(p->ext, p->opt);
	bit = 1ULL << (p->opt - p->ext->options);
	if (check_use(p, bit))
		return -1;
	if (warning)
		rv_warn(p->err, "%s", warning);
	if (rv_option_ops(p->opt)->parse)
		rc = rv_option_ops(p->opt)->parse(p);
	else
		rc = rv_value_parse(p, p->arg ? p->arg : "", p->data + p->opt->offset);
	if (rc)
		return -1;
	set_bit(&p->opt->given, p->data);
	if (p->invert)
		set_bit(&p->opt->invert, p->data);
	if (p->part)
		p->part->seen |= bit;
	return 0;
}

static int check_row(struct rv_check *c, const struct rv_option *opt)
{
	const char *name = c->ext->name;
	bool given = c->seen >> (opt - c->ext->options) & 1;

	if (!given && opt->flags & RV_OPT_REQUIRED)
		return rv_fail(c->err, RV_ERR_USAGE, &c->loc,
			       "%s: option \"--%s\" must be specified\n", name, opt->name);
	if (!given)
		return 0;
	for (const struct rv_option *o = c->ext->options; o->name; o++) {
		uint64_t bit = 1ULL << (o - c->ext->options);

		if (opt->needs && !(opt->needs & c->seen) && opt->needs & bit)
			return rv_fail(c->err, RV_ERR_USAGE, &c->loc,
				       "%s: option \"--%s\" also requires \"--%s\".\n", name,
				       opt->name, o->name);
		if (opt->excludes & bit & c->seen && rv_option_errors(opt)->once)
			return rv_fail(c->err, RV_ERR_USAGE, &c->loc, "%s",
				       rv_option_errors(opt)->once);
		if (opt->excludes & bit & c->seen)
			return rv_fail(c->err, RV_ERR_USAGE, &c->loc,
				       "%s: option \"--%s\" cannot be used together with \"--%s\".\n",
				       name, opt->name, o->name);
	}
	return 0;
}

int rv_part_check(struct rv_check *c)
{
	if (c->ext->required && !(c->ext->one_of ? c->seen & c->ext->one_of : c->seen))
		return rv_fail(c->err, RV_ERR_USAGE, &c->loc, "%s", c->ext->required);
	if (rv_ext_ops(c->ext)->check && rv_ext_ops(c->ext)->check(c))
		return -1;
	for (const struct rv_option *opt = c->ext->options; opt && opt->name; opt++)
		if (!opt->alias_of && check_row(c, opt))
			return -1;
	if (rv_ext_ops(c->ext)->canonicalize)
		rv_ext_ops(c->ext)->canonicalize(c->part->data);
	return 0;
}

int rv_part_kernel_check(struct rv_check *c)
{
	return rv_ext_ops(c->ext)->kernel_check ? rv_ext_ops(c->ext)->kernel_check(c) : 0;
}
