/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry of extensions: the descriptors that RV_REGISTER put in the
 * section rv_extensions, whose ends the linker names.
 */
#include <stdlib.h>
#include <string.h>

#include <ravelin/extension.h>

extern const struct rv_ext *const __start_rv_extensions[];
extern const struct rv_ext *const __stop_rv_extensions[];

#define for_each_ext(pos) \
	for (const struct rv_ext *const *pos = __start_rv_extensions; pos < __stop_rv_extensions; pos++)

static bool for_family(const struct rv_ext *ext, rv_family_t family)
{
	return ext->family == RV_FAMILY_ANY || ext->family == family;
}

/*
 * Every -m and -j word of a restore file is looked up, so names are hashed. A
 * slot holds a chain of descriptors; the table is made once, at the first look.
 */
#define SLOTS 256

struct named {
	const struct rv_ext *ext;
	const char *name;
	struct named *next;
};

static struct named *slots[SLOTS];
static bool slots_made;

static unsigned int name_slot(const char *name)
{
	unsigned int h = 5381;

	while (*name)
		h = h * 33 + (unsigned char)*name++;
	return h % SLOTS;
}

static bool slot_add(const struct rv_ext *ext, const char *name)
{
	struct named *n = malloc(sizeof(*n));

	if (!n)
		return false;
	*n = (struct named){ ext, name, slots[name_slot(name)] };
	slots[name_slot(name)] = n;
	return true;
}

__attribute__((destructor)) static void slots_free(void)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		while (slots[i]) {
			struct named *next = slots[i]->next;

			free(slots[i]);
			slots[i] = next;
		}
	}
	slots_made = false;
}

static void slots_make(void)
{
	bool ok = true;

	for_each_ext(e) {
		ok &= slot_add(*e, (*e)->name);
		if ((*e)->alias)
			ok &= slot_add(*e, (*e)->alias);
	}
	slots_made = ok;
	if (!ok)
		slots_free();
}

static const struct rv_ext *find_slowly(enum rv_ext_kind kind, rv_family_t family, const char *name)
{
	for_each_ext(e)
		if ((*e)->kind == kind && for_family(*e, family) &&
		    (!strcmp((*e)->name, name) || ((*e)->alias && !strcmp((*e)->alias, name))))
			return *e;
	return NULL;
}

const struct rv_ext *rv_ext_find(enum rv_ext_kind kind, rv_family_t family, const char *name)
{
	if (!slots_made)
		slots_make();
	if (!slots_made)
		return find_slowly(kind, family, name);
	for (const struct named *n = slots[name_slot(name)]; n; n = n->next)
		if (n->ext->kind == kind && for_family(n->ext, family) && !strcmp(n->name, name))
			return n->ext;
	return NULL;
}

const struct rv_ext *rv_ext_for_protocol(rv_family_t family, uint16_t protocol)
{
	if (!protocol)
		return NULL;
	for_each_ext(e)
		if ((*e)->kind == RV_MATCH && (*e)->protocol == protocol && for_family(*e, family))
			return *e;
	return NULL;
}

static const char *kernel_name(const struct rv_ext *ext)
{
	return ext->kernel_name ? ext->kernel_name : ext->name;
}

#define ALIGNED(size) (((size_t)(size) + 7) & ~(size_t)7)

const struct rv_ext *rv_ext_find_wire(enum rv_ext_kind kind, rv_family_t family, const char *name,
				      uint32_t revision, size_t size, const unsigned char *data,
				      const struct rv_wire **wire)
{
	const struct rv_ext *found = NULL;

	*wire = NULL;
	for_each_ext(e) {
		if ((*e)->kind != kind || !for_family(*e, family))
			continue;
		for (const struct rv_wire *w = (*e)->wire; w && w->size; w++) {
			if (w->revision != revision || strcmp(w->name ? w->name : kernel_name(*e), name))
				continue;
			if (size != w->size && size != ALIGNED(w->size))
				continue;
			if ((*e)->claims && !w->name && !(*e)->claims(data))
				continue;
			/* One that claims the data goes before one that takes whatever comes. */
			if (!found || (*e)->claims) {
				found = *e;
				*wire = w;
			}
		}
	}
	return found;
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
	size_t n = __stop_rv_extensions - __start_rv_extensions;
	const struct rv_ext **sorted = malloc(n * sizeof(*sorted));

	if (!sorted)
		return;
	memcpy(sorted, __start_rv_extensions, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_kind_and_name);
	for (size_t i = 0; i < n; i++)
		fn(sorted[i], arg);
	free(sorted);
}
