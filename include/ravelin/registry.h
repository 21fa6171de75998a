/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the program that use the descriptors of extension.h. Not part of the plug-in API. */
#ifndef RAVELIN_REGISTRY_H
#define RAVELIN_REGISTRY_H

#include <ravelin/extension.h>

/* ---- descriptors (registry/registry.c) ------------------------------------------- */

/* Whether the part may change the selector. True if the descriptor does not declare its effect. */
bool rv_ext_writes(const struct rv_ext *ext, enum rv_sel sel);

/*
 * Looks up a name or alias of -m or -j. Loads a plugin (ravelin/plugin.h) if the name is not built
 * in. NULL: unknown.
 */
const struct rv_ext *rv_ext_find(enum rv_ext_kind kind, rv_family_t family, const char *name);
/* The match that "-p proto" loads implicitly. NULL: none. */
const struct rv_ext *rv_ext_for_protocol(rv_family_t family, uint16_t protocol);
/*
 * Looks up a kernel name and revision for a blob of size bytes (the kernel pads to 8). Sets *wire.
 * NULL: unknown name, revision or size.
 */
const struct rv_ext *rv_ext_find_wire(enum rv_ext_kind kind, rv_family_t family, const char *name,
				      uint32_t revision, size_t size, const unsigned char *data,
				      const struct rv_revision **wire);
/*
 * Why the plugin of that name cannot be loaded, with its path; NULL: no error. Owned by the
 * registry.
 */
const char *rv_plugin_error(const char *name);
/* Calls fn for each descriptor, plugins included, ordered by kind and name. */
void rv_ext_each(void (*fn)(const struct rv_ext *ext, void *arg), void *arg);
/* Core options as a descriptor: extensions/ip.c. */
extern const struct rv_ext rv_ext_ip;

/* ---- rows (registry/option.c) ---------------------------------------------------- */

/* Index of the row; for an alias, of the row it stands for. */
unsigned int rv_option_index(const struct rv_ext *ext, const struct rv_option *opt);
bool rv_option_takes_arg(const struct rv_option *opt);

/*
 * Parses one option into p->data: checks duplicates, '!', conflicts and range, then the value.
 * p->opt may be an alias. Returns 0, or -1 with p->err set to iptables' message.
 */
int rv_option_parse(struct rv_parse *p);
/* Run after the last option: required rows, conflicts, then ext->check. 0, or -1 with err set. */
int rv_part_check(struct rv_check *c);
/* Runs ext->kernel_check, for a rule to be written that passed all other checks. */
int rv_part_kernel_check(struct rv_check *c);

/* Renders the options of a part, each word preceded by a space. */
void rv_part_render(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data);

/* Calls fn for the predicates of all given rows that have a selector. */
int rv_part_predicates(rv_family_t family, const struct rv_ext *ext, const unsigned char *data,
		       rv_predicate_fn *fn, void *arg);
/* Whether the predicates are all the part tests: no given option is opaque. */
bool rv_part_is_pure(const struct rv_ext *ext, const unsigned char *data);
/*
 * The inverse of rv_part_predicates(): stores a predicate in the row that has its selector. Returns
 * 0, or -1 with data unchanged if no row can express it.
 */
int rv_part_from_predicate(rv_family_t family, const struct rv_ext *ext, const struct rv_predicate *p,
		   unsigned char *data);

/* ---- the kernel's structs (registry/revision.c) --------------------------------------- */

/* Name of a match or target in the kernel. */
const char *rv_ext_kernel_name(const struct rv_ext *ext);

/* Appends the kernel config symbol: "CONFIG_NETFILTER_XT_MATCH_LIMIT". */
void rv_ext_config(struct rv_buf *b, rv_family_t family, const struct rv_ext *ext);
/* Appends the kernel module: "xt_limit". */
void rv_ext_module(struct rv_buf *b, rv_family_t family, const struct rv_ext *ext);

/*
 * Writes the part in revision w to wire: len bytes, at least w->size, 8-byte aligned; bytes after
 * w->size are zero. Returns 0, or -1 with err set: an older revision may be unable to express the
 * rule.
 */
int rv_part_to_wire(const struct rv_part *part, const struct rv_revision *w, unsigned char *wire,
		    size_t len, struct rv_error *err);

/*
 * Decodes w->size untrusted bytes, 8-byte aligned, into data, which is as rv_part_new() left it.
 * Returns 0, or -1 with err set if no option expresses the content.
 */
int rv_revision_read(const struct rv_ext *ext, const struct rv_revision *w, const unsigned char *wire,
		 unsigned char *data, struct rv_error *err);

/* ---- revisions the kernel supports (registry/layout.c) ----------------------------- */

/*
 * Whether a kernel supports a revision of an extension. The function's address identifies the
 * kernel in the cache.
 */
typedef bool rv_layout_has_fn(void *arg, rv_family_t family, const struct rv_ext *ext,
			      const struct rv_revision *w);

/* The revision to write. NULL, or one with size 0 and no_struct unset: the extension has none. */
const struct rv_revision *rv_layout(rv_layout_has_fn *has, rv_family_t family,
				const struct rv_ext *ext);
/* The kernel's name for that revision. */
const char *rv_layout_name(const struct rv_ext *ext, const struct rv_revision *w);
/*
 * Probes the supported revisions unless that was done before. Returns whether the revision to write
 * changed: a refused transaction should then be retried.
 */
bool rv_layout_probe(rv_layout_has_fn *has, void *arg, rv_family_t family,
		     const struct rv_ext *ext);
/* Clears the cache of probe results. */
void rv_layout_clear(void);

/* Header of a blob. */
struct rv_revision_name {
	enum rv_ext_kind kind;
	const char *name;		/* the kernel's */
	uint32_t revision;
};

/*
 * Decodes an untrusted blob of len bytes, any alignment. The caller owns the part. NULL with err
 * set: unknown name, revision or size, or invalid content.
 */
struct rv_part *rv_part_from_wire(rv_family_t family, const struct rv_revision_name *name,
				  const unsigned char *wire, size_t len, struct rv_error *err);

/* ---- templates (registry/template.c) ------------------------------------------------ */

struct rv_template {
	struct rv_out out;
	const struct rv_ext *ext;
	const unsigned char *data;
	bool has_protocol;		/* for $p */
	/* Writes a value; NULL: rv_template_value(). Returns false if it has no representation. */
	bool (*value)(struct rv_template *w, const struct rv_option *opt, const char *format);
	void *arg;			/* passed to value */
	uint64_t mentioned;		/* rows the template mentions, bits by index */
	bool failed;
	bool wrong;			/* the template names a row that does not exist */
};

/* Appends the expanded template to w->out.buf. False: it has no representation. */
bool rv_template_expand(struct rv_template *w, const char *text);
bool rv_template_value(struct rv_template *w, const struct rv_option *opt, const char *format);

#endif
