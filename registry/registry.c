/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry of extensions: descriptors placed by RV_EXTENSION in the section rv_extensions,
 * whose bounds the linker defines, and those of plugins.
 */
#include <linux/netfilter/x_tables.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>

#include "registry/plugin.h"

extern const struct rv_ext *const __start_rv_extensions[];
extern const struct rv_ext *const __stop_rv_extensions[];

#define for_each_ext(pos) \
	for (const struct rv_ext *const *pos = __start_rv_extensions; pos < __stop_rv_extensions; pos++)

static bool for_family(const struct rv_ext *ext, rv_family_t family)
{
	return ext->family == RV_FAMILY_ANY || ext->family == family;
}

/*
 * Hash table of names for -m and -j and of kernel names with revision: each -m and -j of a restore
 * file and each blob of a dump is looked up. Built at the first lookup. Built-in extensions use
 * static memory, so that running out of memory cannot make a match look nonexistent.
 */
#define SLOTS 512
#define BUILT_IN 1024

struct named {
	const struct rv_ext *ext;
	const struct rv_revision *wire;	/* NULL: a name for -m and -j */
	const char *name;
	struct named *next;
};

static struct named *slots[SLOTS];
static bool slots_made;

static struct named own[BUILT_IN];
static size_t nown;

/* Descriptors of plugins. */
static struct {
	const struct rv_ext **ext;
	size_t count;
} loaded;

static unsigned int name_slot(const char *name)
{
	unsigned int h = 5381;

	while (*name)
		h = h * 33 + (unsigned char)*name++;
	return h % SLOTS;
}

/* Appends after existing entries: if two fit, the one registered first is found. */
static bool slot_add(const struct rv_ext *ext, const struct rv_revision *wire, const char *name)
{
	struct named **end = &slots[name_slot(name)];
	struct named *n = slots_made || nown == BUILT_IN ? malloc(sizeof(*n))
							      : &own[nown++];

	if (!n)
		return false;
	while (*end)
		end = &(*end)->next;
	*n = (struct named){ ext, wire, name, NULL };
	*end = n;
	return true;
}

__attribute__((destructor)) static void slots_free(void)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		while (slots[i]) {
			struct named *n = slots[i];

			slots[i] = n->next;
			if (n < own || n >= own + BUILT_IN)
				free(n);
		}
	}
	slots_made = false;
	nown = 0;
	free(loaded.ext);
	loaded.ext = NULL;
	loaded.count = 0;
}

static const char *kernel_name(const struct rv_ext *ext, const struct rv_revision *w)
{
	return w->name ? w->name : rv_ext_kernel_name(ext);
}

static bool slots_add_ext(const struct rv_ext *ext)
{
	bool ok = slot_add(ext, NULL, ext->name);

	if (ext->alias)
		ok &= slot_add(ext, NULL, ext->alias);
	rv_revision_each(w, ext)
		ok &= slot_add(ext, w, kernel_name(ext, w));
	return ok;
}

static const struct named *hash_slot(const char *name)
{
	bool ok = true;

	if (!slots_made) {
		for_each_ext(e)
			ok &= slots_add_ext(*e);
		slots_made = ok;
		if (!ok)
			slots_free();
	}
	return slots[name_slot(name)];
}

static const struct rv_ext *find_name(enum rv_ext_kind kind, rv_family_t family, const char *name)
{
	for (const struct named *n = hash_slot(name); n; n = n->next)
		if (!n->wire && n->ext->kind == kind && for_family(n->ext, family) &&
		    !strcmp(n->name, name))
			return n->ext;
	return NULL;
}

/* Adds a descriptor of a plugin, which must not replace an existing one. */
static bool add_loaded(const struct rv_ext *ext)
{
	const struct rv_ext **more;

	for (const struct rv_family_def *f = rv_family_defs; f < rv_family_defs + RV_FAMILIES; f++)
		if (for_family(ext, f->family) &&
		    (find_name(ext->kind, f->family, ext->name) ||
		     (ext->alias && find_name(ext->kind, f->family, ext->alias))))
			return false;
	more = realloc(loaded.ext, (loaded.count + 1) * sizeof(*more));
	if (!more)
		return false;
	loaded.ext = more;
	if (!slots_add_ext(ext))
		return false;
	loaded.ext[loaded.count++] = ext;
	return true;
}

const struct rv_ext *rv_ext_find(enum rv_ext_kind kind, rv_family_t family, const char *name)
{
	const struct rv_ext *ext = find_name(kind, family, name);

	return ext || !rv_plugin_load(name, add_loaded) ? ext : find_name(kind, family, name);
}

const struct rv_ext *rv_ext_for_protocol(rv_family_t family, uint16_t protocol)
{
	if (!protocol)
		return NULL;
	for_each_ext(e)
		if ((*e)->protocol == protocol && (*e)->kind == RV_MATCH && for_family(*e, family))
			return *e;
	return NULL;
}

/*
 * Whether the size is that of the revision, padded for this program's kernel or for the module,
 * which uses 64-bit layouts.
 */
static bool is_size_of(const struct rv_revision *w, size_t size)
{
	return size == w->size || size == XT_ALIGN((size_t)w->size) ||
	       size == (((size_t)w->size + 7) & ~(size_t)7);
}

static const struct rv_ext *find_wire(enum rv_ext_kind kind, rv_family_t family, const char *name,
				      uint32_t revision, size_t size, const unsigned char *data,
				      const struct rv_revision **wire)
{
	const struct rv_ext *found = NULL;

	*wire = NULL;
	for (const struct named *n = hash_slot(name); n; n = n->next) {
		const struct rv_revision *w = n->wire;

		if (!w || n->ext->kind != kind || !for_family(n->ext, family) ||
		    w->revision != revision || strcmp(n->name, name))
			continue;
		if (!is_size_of(w, size))
			continue;
		if (rv_ext_ops(n->ext)->owns_blob && !w->name &&
		    !rv_ext_ops(n->ext)->owns_blob(data))
			continue;
		/* A descriptor with owns_blob takes precedence over one that accepts any data. */
		if (!found || rv_ext_ops(n->ext)->owns_blob) {
			found = n->ext;
			*wire = w;
		}
	}
	return found;
}

const struct rv_ext *rv_ext_find_wire(enum rv_ext_kind kind, rv_family_t family, const char *name,
				      uint32_t revision, size_t size, const unsigned char *data,
				      const struct rv_revision **wire)
{
	const struct rv_ext *ext = find_wire(kind, family, name, revision, size, data, wire);

	return ext || !rv_plugin_load(name, add_loaded) ? ext :
	       find_wire(kind, family, name, revision, size, data, wire);
}

static int by_kind_and_name(const void *a, const void *b)
{
	const struct rv_ext *x = *(const struct rv_ext *const *)a;
	const struct rv_ext *y = *(const struct rv_ext *const *)b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->name, y->name) ? strcmp(x->name, y->name) : (int)x->family - (int)y->family;
}

void rv_ext_each(void (*fn)(const struct rv_ext *ext, void *arg), void *arg)
{
	size_t built_in = __stop_rv_extensions - __start_rv_extensions, n;
	const struct rv_ext **sorted;

	rv_plugin_load(NULL, add_loaded);
	n = built_in + loaded.count;
	sorted = malloc(n * sizeof(*sorted));
	if (!sorted)
		return;
	memcpy(sorted, __start_rv_extensions, built_in * sizeof(*sorted));
	if (loaded.count)
		memcpy(sorted + built_in, loaded.ext, loaded.count * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_kind_and_name);
	for (size_t i = 0; i < n; i++)
		fn(sorted[i], arg);
	free(sorted);
}

const char *rv_ext_kernel_name(const struct rv_ext *ext)
{
	return ext->kernel_name ? ext->kernel_name : ext->name;
}
