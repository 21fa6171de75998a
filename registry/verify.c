/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Validation of descriptors, before any of their rows is used. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

/* The C library's addresses must precede the kernel's. */
#include "registry/row.h"

#include "registry/plugin.h"

#define MAX_SIZE 32768		/* of data and kernel structs: must fit into a netlink attribute */
#define MAX_ROWS 64		/* rows are bits of a uint64_t */

__attribute__((format(printf, 3, 4)))
static int verify_fail(const struct rv_ext *ext, struct rv_error *err, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "%s `%s': %s",
		       ext->kind == RV_TARGET ? "target" : "match", ext->name, text);
}

static bool is_name(const char *name, size_t max)
{
	size_t len = strlen(name);

	if (!len || len >= max || !isalnum((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	return true;
}

/* ---- rows ------------------------------------------------------------------------------ */

/*
 * Sizes a type's field may have, bits of 1 << size; 0: any. For a pair the sum of both, unless the
 * second has its own offset.
 */
#define SIZE(n) (UINT64_C(1) << (n))

static const struct {
	uint64_t single, pair;
} sizes[] = {
	[RV_T_FLAG] = { SIZE(0) | SIZE(1) | SIZE(2) | SIZE(4) | SIZE(8), 0 },
	[RV_T_UINT] = { SIZE(1) | SIZE(2) | SIZE(4) | SIZE(8), 0 },
	[RV_T_UINT_RANGE] = { SIZE(1) | SIZE(2) | SIZE(4) | SIZE(8),
			      SIZE(2) | SIZE(4) | SIZE(8) | SIZE(16) },
	[RV_T_PORT_RANGE] = { SIZE(2), SIZE(4) },
	[RV_T_MASKED] = { SIZE(1) | SIZE(2) | SIZE(4) | SIZE(8),
			  SIZE(2) | SIZE(4) | SIZE(8) | SIZE(16) },
	[RV_T_CHANGE] = { SIZE(1) | SIZE(2) | SIZE(4) | SIZE(8),
			  SIZE(2) | SIZE(4) | SIZE(8) | SIZE(16) },
	[RV_T_ENUM] = { SIZE(1) | SIZE(2) | SIZE(4) | SIZE(8), 0 },
	[RV_T_BITS] = { SIZE(1) | SIZE(2) | SIZE(4) | SIZE(8), 0 },
	[RV_T_ADDR] = { SIZE(4) | SIZE(16), 0 },
	[RV_T_ADDR_MASK] = { SIZE(4) | SIZE(16), 0 },
	[RV_T_ADDR_RANGE] = { SIZE(4) | SIZE(16), SIZE(8) | SIZE(32) },
	[RV_T_MAC] = { SIZE(6), 0 },
	[RV_T_IFACE] = { SIZE(IFNAMSIZ), 0 },
	[RV_T_PROTO] = { SIZE(1) | SIZE(2) | SIZE(4), 0 },
	[RV_T_PREFIX] = { SIZE(1) | SIZE(4) | SIZE(16), 0 },
	[RV_T_STRING] = { 0, 0 },
	[RV_T_HOOK] = { 0, 0 },
};

#define TYPES (sizeof(sizes) / sizeof(*sizes))

/* Whether hooks handle the value, so that the field need not fit the type. */
static bool is_hooked(const struct rv_option *opt)
{
	return opt->type == RV_T_HOOK || (rv_option_ops(opt)->parse && rv_option_ops(opt)->print);
}

static bool inside(const struct rv_ext *ext, uint64_t offset, uint64_t size)
{
	return offset + size <= ext->size;
}

static bool bit_inside(const struct rv_ext *ext, const struct rv_bit *bit)
{
	return !bit->width || ((bit->width == 1 || bit->width == 2 || bit->width == 4) &&
			       inside(ext, bit->offset, bit->width));
}

static int check_field(const struct rv_ext *ext, const struct rv_option *opt, struct rv_error *err)
{
	bool pair = sizes[opt->type].pair && !opt->mask_offset;
	uint64_t allowed = pair ? sizes[opt->type].pair : sizes[opt->type].single;

	if (!inside(ext, opt->offset, opt->size))
		return verify_fail(ext, err, "--%s: field ends at byte %u of %u", opt->name,
				   opt->offset + opt->size, ext->size);
	if (has_mask(opt) && !inside(ext, mask_at(opt), mask_size(opt)))
		return verify_fail(ext, err, "--%s: second field ends at byte %u of %u", opt->name,
				   mask_at(opt) + mask_size(opt), ext->size);
	if (is_hooked(opt))
		return 0;
	if (allowed && (opt->size >= 64 || !(allowed & SIZE(opt->size))))
		return verify_fail(ext, err, "--%s: invalid field size %u", opt->name,
				   opt->size);
	if (opt->type == RV_T_STRING && !opt->size)
		return verify_fail(ext, err, "--%s: invalid field size 0", opt->name);
	return 0;
}

static int check_hooks(const struct rv_ext *ext, const struct rv_option *opt, struct rv_error *err)
{
	if (opt->type == RV_T_HOOK && !rv_option_ops(opt)->parse)
		return verify_fail(ext, err, "--%s: no hook parses its value", opt->name);
	if (opt->type == RV_T_HOOK && !rv_option_ops(opt)->print && !rv_ext_ops(ext)->save &&
	    !(opt->flags & RV_OPT_HIDDEN))
		return verify_fail(ext, err, "--%s: no hook prints its value", opt->name);
	if ((opt->type == RV_T_ENUM || opt->type == RV_T_BITS) && !opt->names && !is_hooked(opt))
		return verify_fail(ext, err, "--%s: names of its values are missing", opt->name);
	if (opt->flags & RV_OPT_INVERT && !opt->invert.width && !rv_option_ops(opt)->parse)
		return verify_fail(ext, err, "--%s: inversion without a bit for it", opt->name);
	return 0;
}

static unsigned int count_rows(const struct rv_ext *ext)
{
	unsigned int n = 0;

	while (ext->options && n <= MAX_ROWS && ext->options[n].name)
		n++;
	return n;
}

/* Whether another row from row on has the same name. */
static bool is_twice(const struct rv_option *row)
{
	for (const struct rv_option *o = row + 1; o->name; o++)
		if (!strcmp(o->name, row->name) && !(o->family && row->family && o->family != row->family))
			return true;
	return false;
}

static int check_alias(const struct rv_ext *ext, const struct rv_option *opt, struct rv_error *err)
{
	for (const struct rv_option *o = ext->options; o->name; o++)
		if (!o->alias_of && !strcmp(o->name, opt->alias_of))
			return 0;
	return verify_fail(ext, err, "--%s: alias of --%s, which does not exist", opt->name,
			   opt->alias_of);
}

static int check_row(const struct rv_ext *ext, const struct rv_option *opt, unsigned int rows,
		     struct rv_error *err)
{
	uint64_t beyond = rows < MAX_ROWS ? ~(SIZE(rows) - 1) : 0;

	if (!is_name(opt->name, 64))
		return verify_fail(ext, err, "`%.64s' is not an option name", opt->name);
	if (is_twice(opt))
		return verify_fail(ext, err, "--%s: duplicate name", opt->name);
	if (opt->alias_of)
		return check_alias(ext, opt, err);
	if (opt->type >= TYPES)
		return verify_fail(ext, err, "--%s: unknown type %u", opt->name, opt->type);
	if (opt->sel >= RV_SEL_COUNT || rv_option_sel_more(opt)->ipv6 >= RV_SEL_COUNT)
		return verify_fail(ext, err, "--%s: unknown selector %u", opt->name,
				   opt->sel >= RV_SEL_COUNT ? opt->sel
							    : rv_option_sel_more(opt)->ipv6);
	if ((opt->excludes | opt->needs) & beyond)
		return verify_fail(ext, err, "--%s: excludes or requires a nonexistent option",
				   opt->name);
	if (!bit_inside(ext, &opt->invert) || !bit_inside(ext, &opt->given) ||
	    !bit_inside(ext, &rv_option_sel_more(opt)->param))
		return verify_fail(ext, err, "--%s: bits outside the data", opt->name);
	return check_field(ext, opt, err) ? -1 : check_hooks(ext, opt, err);
}

/* ---- descriptors --------------------------------------------------------------------------- */

static int check_wire(const struct rv_ext *ext, struct rv_error *err)
{
	rv_revision_each(w, ext) {
		if (w->size > MAX_SIZE)
			return verify_fail(ext, err, "revision %u of %u bytes is too long", w->revision,
					   w->size);
		if (w->name && !is_name(w->name, RV_CHAIN_NAME_LEN))
			return verify_fail(ext, err, "revision %u has no name", w->revision);
	}
	return 0;
}

int rv_ext_verify(const struct rv_ext *ext, struct rv_error *err)
{
	unsigned int rows = count_rows(ext);

	if (!ext->name || !is_name(ext->name, RV_CHAIN_NAME_LEN))
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "a descriptor has no name");
	if (ext->kind != RV_MATCH && ext->kind != RV_TARGET)
		return verify_fail(ext, err, "kind %u is neither match nor target", ext->kind);
	if (ext->family != RV_FAMILY_ANY && ext->family != NFPROTO_IPV4 &&
	    ext->family != NFPROTO_IPV6)
		return verify_fail(ext, err, "unknown family %u", ext->family);
	if ((ext->alias && !is_name(ext->alias, RV_CHAIN_NAME_LEN)) ||
	    (ext->kernel_name && !is_name(ext->kernel_name, RV_CHAIN_NAME_LEN)))
		return verify_fail(ext, err, "invalid alternative name");
	if (ext->size > MAX_SIZE || ext->compare > ext->size)
		return verify_fail(ext, err, "compares %u of %u bytes", ext->compare, ext->size);
	if (rv_ext_header(ext)->sel >= RV_SEL_COUNT)
		return verify_fail(ext, err, "unknown selector %u", rv_ext_header(ext)->sel);
	if (!bit_inside(ext, &rv_ext_header(ext)->param) ||
	    !bit_inside(ext, &rv_ext_header(ext)->absent))
		return verify_fail(ext, err, "bits outside the data");
	if (rows > MAX_ROWS)
		return verify_fail(ext, err, "more than %u options", MAX_ROWS);
	if (rows < MAX_ROWS && ext->native >> rows)
		return verify_fail(ext, err, "nonexistent native option");
	for (unsigned int i = 0; i < rows; i++)
		if (check_row(ext, &ext->options[i], rows, err))
			return -1;
	return check_wire(ext, err);
}
