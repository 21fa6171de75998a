/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the descriptors for scripts and documentation:
 *
 *   describe rows       one line per option, tab-separated columns with a header
 *   describe layouts    one line per revision of a match or target
 *   describe figures    how many rows need no hook
 *   describe markdown   docs/extensions.md
 */
#include <stdio.h>
#include <stdlib.h>

#include <ravelin/registry.h>

#include "backend/nft/nft.h"
#include "formats/text.h"

/* ---- names -------------------------------------------------------------------------- */

static const char *const types[] = {
	[RV_T_FLAG] = "flag", [RV_T_UINT] = "uint", [RV_T_UINT_RANGE] = "uint-range",
	[RV_T_PORT_RANGE] = "port-range", [RV_T_MASKED] = "masked", [RV_T_STRING] = "string",
	[RV_T_ENUM] = "enum", [RV_T_BITS] = "bits", [RV_T_ADDR] = "address",
	[RV_T_ADDR_MASK] = "network", [RV_T_ADDR_RANGE] = "address-range", [RV_T_MAC] = "mac",
	[RV_T_IFACE] = "interface", [RV_T_PROTO] = "protocol", [RV_T_CHANGE] = "change",
	[RV_T_PREFIX] = "prefix", [RV_T_PORT] = "port", [RV_T_SET] = "set", [RV_T_NAT] = "nat", [RV_T_HOOK] = "hook",
};

static const struct { uint32_t flag; const char *name; } flags[] = {
	{ RV_OPT_INVERT, "invert" }, { RV_OPT_REQUIRED, "required" },
	{ RV_OPT_REPEAT, "repeat" }, { RV_OPT_TWO, "two" }, { RV_OPT_ALWAYS, "always" },
	{ RV_OPT_OPTIONAL_ARG, "optional-arg" }, { RV_OPT_HIDDEN, "hidden" },
	{ RV_OPT_ABBREV, "abbrev" }, { RV_OPT_EXACT, "exact" }, { RV_OPT_TRUNCATE, "cut" },
	{ RV_OPT_OPEN_ENDED, "open" },
};

enum hook {
	HOOK_READ = 1 << 0, HOOK_PRINT = 1 << 1, HOOK_MEAN = 1 << 2, HOOK_ABSORB = 1 << 3,
};

static const char *const hooks[] = { "read", "print", "predicate", "absorb" };

static const char *families(rv_family_t family)
{
	return family == NFPROTO_IPV4 ? "4" : family == NFPROTO_IPV6 ? "6" : "46";
}

static const char *kind(const struct rv_ext *ext)
{
	return ext->kind == RV_MATCH ? "match" : ext->kind == RV_TARGET ? "target" : "core";
}

/* ---- hooks ------------------------------------------------------------------------- */

/* A hook of the extension counts for each row. */
static unsigned int row_hooks(const struct rv_ext *ext, const struct rv_option *opt)
{
	return (rv_option_ops(opt)->parse ? HOOK_READ : 0) |
	       (rv_option_ops(opt)->print || rv_ext_ops(ext)->save || rv_ext_ops(ext)->show
			? HOOK_PRINT
			: 0) |
	       (rv_option_ops(opt)->predicate ? HOOK_MEAN : 0) |
	       (rv_option_ops(opt)->absorb ? HOOK_ABSORB : 0);
}

static bool has_predicate(const struct rv_option *opt)
{
	return opt->sel != RV_SEL_NONE || rv_option_ops(opt)->predicate;
}

/* A hook chooses the selector if there are several. */
static const char *selector_name(const struct rv_option *opt)
{
	return opt->sel != RV_SEL_NONE ? rv_selectors[opt->sel].name : "several";
}

/* ---- rows -------------------------------------------------------------------------- */

static void put_words(const char *word, const char **between)
{
	printf("%s%s", *between, word);
	*between = ",";
}

static void put_end(const char *between)
{
	printf("%s\t", *between ? "" : "-");
}

static void put_flags(const struct rv_option *opt)
{
	const char *between = "";

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (opt->flags & flags[i].flag)
			put_words(flags[i].name, &between);
	put_end(between);
}

static void put_values(const struct rv_name *names)
{
	const char *between = "";

	for (; names && names->name; names++)
		put_words(names->name, &between);
	put_end(between);
}

static void put_rows(const struct rv_ext *ext, uint64_t bits)
{
	const char *between = "";

	for (const struct rv_option *opt = ext->options; opt->name; opt++)
		if (bits >> (opt - ext->options) & 1)
			put_words(opt->name, &between);
	put_end(between);
}

static void put_hooks(unsigned int bits)
{
	const char *between = "";

	for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
		if (bits >> i & 1)
			put_words(hooks[i], &between);
	put_end(between);
}

static void put_row(const struct rv_ext *ext, const struct rv_option *row)
{
	const struct rv_option *opt = &ext->options[rv_option_index(ext, row)];
	const char *tables = rv_option_only(opt)->tables;

	if (!tables)
		tables = rv_ext_only(ext)->tables;
	printf("%s\t%s\t%s\t%s\t%s\t", kind(ext), ext->name,
	       families(ext->family ? ext->family : opt->family), row->name,
	       row->alias_of ? row->alias_of : "-");
	printf("%s\t%u\t%llu\t%llu\t", types[opt->type], opt->size, (unsigned long long)opt->min,
	       (unsigned long long)opt->max);
	put_flags(opt);
	put_values(opt->names);
	put_rows(ext, opt->excludes);
	put_rows(ext, opt->needs);
	printf("%s\t%s\t", tables ? tables : "-",
	       has_predicate(opt) ? selector_name(opt) : "-");
	put_hooks(row_hooks(ext, opt));
	printf("%s\t%c\t%u\t%u\n", opt->arg ? opt->arg : "-", opt->letter ? opt->letter : '-',
	       rv_ext_only(ext)->protocol ? rv_ext_only(ext)->protocol : ext->protocol,
	       rv_option_only(opt)->hooks ? rv_option_only(opt)->hooks : rv_ext_only(ext)->hooks);
}

static void print_rows(const struct rv_ext *ext, void *arg)
{
	(void)arg;
	for (const struct rv_option *opt = ext->options; opt && opt->name; opt++)
		put_row(ext, opt);
}

static int rows(void)
{
	puts("#kind\textension\tfamilies\toption\talias of\ttype\tsize\tmin\tmax\tflags\tvalues\t"
	     "excludes\tneeds\ttables\tselector\thooks\targument\tletter\tprotocol\tchains");
	print_rows(&rv_ext_ip, NULL);
	rv_ext_each(print_rows, NULL);
	return 0;
}

/* ---- revisions -------------------------------------------------------------------- */

static void print_layouts(const struct rv_ext *ext, void *arg)
{
	struct rv_buf config = RV_BUF_INIT;

	(void)arg;
	rv_ext_config(&config, ext->family, ext);
	rv_revision_each(w, ext)
		printf("%s\t%s\t%s\t%s\t%u\t%u\t%s\n", kind(ext), ext->name, families(ext->family),
		       rv_layout_name(ext, w), w->revision, w->size, rv_buf_text(&config));
	rv_buf_free(&config);
}

static int layouts(void)
{
	puts("#kind\textension\tfamilies\tname in the kernel\trevision\tsize\tkernel option");
	rv_ext_each(print_layouts, NULL);
	return 0;
}

/* ---- figures ------------------------------------------------------------------------ */

struct figures {
	const struct rv_option *before;	/* two families may share rows */
	unsigned int rows, free, with[sizeof(hooks) / sizeof(*hooks)];
};

static void count(const struct rv_ext *ext, void *arg)
{
	struct figures *f = arg;

	if (ext->options == f->before)
		return;
	f->before = ext->options;
	for (const struct rv_option *opt = ext->options; opt && opt->name; opt++) {
		unsigned int bits = row_hooks(ext, opt);

		if (opt->alias_of)
			continue;
		f->rows++;
		f->free += !bits;
		for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
			f->with[i] += bits >> i & 1;
	}
}

static int figures(void)
{
	struct figures f = { 0 };

	count(&rv_ext_ip, &f);
	rv_ext_each(count, &f);
	printf("%u option rows, %u without any hook: %.1f %%\n", f.rows, f.free,
	       100. * f.free / f.rows);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
		printf("%8u with a hook to %s\n", f.with[i], hooks[i]);
	return 0;
}

/* ---- docs/extensions.md ----------------------------------------------------------------- */

static const char *in_words(rv_family_t family)
{
	return family == NFPROTO_IPV4 ? "IPv4" : family == NFPROTO_IPV6 ? "IPv6" : "IPv4, IPv6";
}

static void put_revisions(const struct rv_ext *ext)
{
	const char *between = "";

	rv_revision_each(w, ext) {
		printf("%s%u", between, w->revision);
		if (strcmp(rv_layout_name(ext, w), rv_ext_kernel_name(ext)) != 0)
			printf(" (as %s)", rv_layout_name(ext, w));
		between = ", ";
	}
}

/* nf_tables form: native expressions, or the xt struct. */
static const char *written_as(const struct rv_ext *ext, const struct rv_option *opt)
{
	bool native = ext->native >> rv_option_index(ext, opt) & 1;

	return native || rv_nft_has_native(ext) ? "native" : "compat";
}

static const char *effect_name(enum rv_effect effect)
{
	return effect == RV_EFFECT_STATE ? "state: " : effect == RV_EFFECT_SIDE ? "side effect: " : "";
}

static void put_meaning(const struct rv_ext *ext, const struct rv_option *opt)
{
	const struct rv_opaque own = { ext->effect, ext->opaque };
	const struct rv_opaque *why = opt->opaque.why ? &opt->opaque : &own;

	if (opt->sel)
		printf("`%s`", rv_selectors[opt->sel].name);
	else if (rv_option_ops(opt)->predicate)
		printf("predicate");
	else if (opt->flags & RV_OPT_NO_PREDICATE && opt->opaque.why)
		printf("nothing: %s", opt->opaque.why);
	else if (opt->flags & (RV_OPT_HIDDEN | RV_OPT_NO_PREDICATE))
		printf("part of another predicate");
	else if (ext->kind == RV_TARGET)
		printf("nothing: an action");
	else
		printf("opaque: %s%s", effect_name(why->effect), why->why ? why->why : "?");
}

static void put_option(const struct rv_ext *ext, const struct rv_option *opt)
{
	printf("| %s`--%s`", opt->flags & RV_OPT_INVERT ? "[!] " : "", opt->name);
	for (const struct rv_option *o = ext->options; o->name; o++)
		if (o->alias_of && !strcmp(o->alias_of, opt->name))
			printf(", `--%s`", o->name);
	printf(" | ");
	for (const char *c = opt->arg && rv_option_takes_arg(opt) ? opt->arg : ""; *c; c++)
		printf(*c == '|' ? "\\%c" : "%c", *c);
	printf(" | ");
	put_meaning(ext, opt);
	printf(" | %s |\n", written_as(ext, opt));
}

static void put_extension(const struct rv_ext *ext, void *arg)
{
	struct rv_buf config = RV_BUF_INIT;

	if (ext->kind == RV_CORE)
		return;
	rv_ext_config(&config, ext->family, ext);
	printf("\n## %s %s%s\n\n", ext->kind == RV_TARGET ? "Target" : "Match", ext->name,
	       ext->family == NFPROTO_IPV4 ? " (IPv4)" : ext->family == NFPROTO_IPV6 ? " (IPv6)" : "");
	if (ext->help)
		printf("%s.\n\n", ext->help);
	printf("%s; revisions ", in_words(ext->family));
	put_revisions(ext);
	printf("; %s\n", rv_buf_text(&config));
	rv_buf_free(&config);
	if (!ext->options || !ext->options->name)
		return;
	printf("\n| option | argument | predicate | in nf_tables |\n|---|---|---|---|\n");
	for (const struct rv_option *opt = ext->options; opt->name; opt++)
		if (!opt->alias_of)
			put_option(ext, opt);
}

static int markdown(void)
{
	puts("<!-- Made from the descriptors by `make docs`; do not edit. -->\n"
	     "# Matches and targets\n\n"
	     "Each section lists the families, the supported revisions of the kernel's struct (the\n"
	     "first is written, or an older one if the kernel lacks it) and the kernel's config\n"
	     "option. Revisions that were removed before Linux had nf_tables (3.13) are not\n"
	     "supported, such as MARK 0 and 1, mark 0, CONNMARK 0, connmark 0, conntrack 0 and\n"
	     "hashlimit 0.\n\n"
	     "Each option has the selector of its predicate, or the reason why it has none; it is\n"
	     "then opaque. The last column gives its form in nf_tables if no other option of the\n"
	     "match is opaque: native expressions, or the kernel's struct in a compat expression.");
	rv_ext_each(put_extension, NULL);
	return 0;
}

static const struct { const char *name; int (*run)(void); } commands[] = {
	{ "rows", rows }, { "layouts", layouts }, { "figures", figures },
	{ "markdown", markdown },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run();
	fprintf(stderr, "usage: describe rows | layouts | figures | markdown\n");
	return 2;
}
