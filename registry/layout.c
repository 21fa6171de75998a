/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chooses the revision of a match or target to write: the newest, until the kernel refuses a rule
 * because of it. Only then the kernel is asked which revisions it has, once per process and
 * extension of the transaction, and the transaction is retried. Unlike iptables, which queries the
 * revision of each extension, the common case needs no extra call.
 */
#include <stdlib.h>

#include <ravelin/registry.h>

/* Result of a probe. wire is NULL if the kernel supports no revision we know. */
struct probe_result {
	rv_layout_has_fn *has;
	const struct rv_ext *ext;
	rv_family_t family;
	const struct rv_revision *wire;
};

static struct probe_result *probes;
static size_t nprobes;

__attribute__((destructor)) void rv_layout_clear(void)
{
	free(probes);
	probes = NULL;
	nprobes = 0;
}

static const struct probe_result *find_probe(rv_layout_has_fn *has, rv_family_t family,
					     const struct rv_ext *ext)
{
	for (size_t i = 0; i < nprobes; i++)
		if (probes[i].has == has && probes[i].ext == ext && probes[i].family == family)
			return &probes[i];
	return NULL;
}

const struct rv_revision *rv_layout(rv_layout_has_fn *has, rv_family_t family,
				const struct rv_ext *ext)
{
	const struct probe_result *f = nprobes ? find_probe(has, family, ext) : NULL;

	return f && f->wire ? f->wire : ext->revisions;
}

const char *rv_layout_name(const struct rv_ext *ext, const struct rv_revision *w)
{
	return w && w->name ? w->name : rv_ext_kernel_name(ext);
}

static const struct rv_revision *probe(rv_layout_has_fn *has, void *arg, rv_family_t family,
				       const struct rv_ext *ext)
{
	rv_revision_each(w, ext)
		if (has(arg, family, ext, w))
			return w;
	return NULL;
}

bool rv_layout_probe(rv_layout_has_fn *has, void *arg, rv_family_t family,
		     const struct rv_ext *ext)
{
	struct probe_result *more;

	if (find_probe(has, family, ext))
		return false;
	more = realloc(probes, (nprobes + 1) * sizeof(*probes));
	if (!more)
		return false;
	probes = more;
	probes[nprobes] = (struct probe_result){ has, ext, family, probe(has, arg, family, ext) };
	nprobes++;
	return rv_layout(has, family, ext) != ext->revisions;
}
