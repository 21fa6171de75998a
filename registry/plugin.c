/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading of plugins. The directory is read once, when a name is requested that is not built in; an
 * object is opened when its name is requested. Plugins run with the program's privileges: as root,
 * only files and directories that only root can write are used, and in setuid or file-capability
 * programs no plugin is loaded.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ravelin/registry.h>

#include "registry/plugin.h"

#ifndef RAVELIN_EXTENSIONS_DIR
#define RAVELIN_EXTENSIONS_DIR "/usr/local/lib/ravelin/extensions"
#endif

#define SUFFIX ".so"

struct object {
	struct object *next;
	bool tried;
	char *failure;			/* why it cannot be used; NULL: no error so far */
	char name[];			/* file name without the suffix */
};

static struct {
	bool listed;
	const char *path;
	int fd;				/* of the directory; -1: none */
	struct object *objects;
} plugins = { .fd = -1 };

__attribute__((destructor)) static void free_plugins(void)
{
	while (plugins.objects) {
		struct object *o = plugins.objects;

		plugins.objects = o->next;
		free(o->failure);
		free(o);
	}
	if (plugins.fd >= 0)
		close(plugins.fd);
	plugins.fd = -1;
	plugins.listed = false;
}

__attribute__((format(printf, 2, 3)))
static bool distrust(struct object *o, const char *fmt, ...)
{
	va_list ap;

	free(o->failure);
	va_start(ap, fmt);
	if (vasprintf(&o->failure, fmt, ap) < 0)
		o->failure = NULL;
	va_end(ap);
	return false;
}

/* ---- the directory -------------------------------------------------------------------- */

static void add_object(const char *file)
{
	size_t len = strlen(file);
	struct object *o, **at = &plugins.objects;

	if (len <= strlen(SUFFIX) || *file == '.' || strcmp(file + len - strlen(SUFFIX), SUFFIX) != 0)
		return;
	len -= strlen(SUFFIX);
	o = calloc(1, sizeof(*o) + len + 1);
	if (!o)
		return;
	memcpy(o->name, file, len);
	while (*at && strcmp((*at)->name, o->name) < 0)
		at = &(*at)->next;
	o->next = *at;
	*at = o;
}

/* Returns why a user other than root could have written the file, or NULL. */
static const char *untrusted(const struct stat *s)
{
	if (geteuid() != 0)
		return NULL;
	if (s->st_uid != 0)
		return "not owned by root";
	if (s->st_mode & (S_IWGRP | S_IWOTH))
		return "writable by others than root";
	return NULL;
}

static void list_objects(void)
{
	const char *env = getenv("RAVELIN_EXTENSIONS");
	struct dirent *e;
	DIR *d;

	plugins.listed = true;
	if (getauxval(AT_SECURE))
		return;
	plugins.path = env && *env ? env : RAVELIN_EXTENSIONS_DIR;
	plugins.fd = open(plugins.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (plugins.fd < 0)
		return;
	d = opendir(plugins.path);
	while (d && (e = readdir(d)))
		add_object(e->d_name);
	if (d)
		closedir(d);
}

static struct object *find_object(const char *name)
{
	struct object *o;

	if (!plugins.listed)
		list_objects();
	for (o = plugins.objects; o && strcmp(o->name, name) != 0; o = o->next)
		;
	return o;
}

const char *rv_plugin_error(const char *name)
{
	const struct object *o = find_object(name);

	return o ? o->failure : NULL;
}

/* ---- one object ------------------------------------------------------------------------- */

/*
 * The dynamic linker maps segments as the headers declare them: a truncated file would raise
 * SIGBUS. Returns the defect, or NULL; the linker checks the rest of the file.
 */
static const char *cut_off(int fd, uint64_t size)
{
	ElfW(Ehdr) head;
	ElfW(Phdr) part;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phentsize != sizeof(part))
		return "not a shared object";
	for (unsigned int i = 0; i < head.e_phnum; i++) {
		if (pread(fd, &part, sizeof(part), head.e_phoff + i * sizeof(part)) != sizeof(part))
			return "truncated";
		if (part.p_offset > size || part.p_filesz > size - part.p_offset)
			return "truncated";
	}
	return NULL;
}

static bool check_file(struct object *o, int fd)
{
	struct stat dir, file;
	const char *why;

	if (fstat(plugins.fd, &dir) || fstat(fd, &file) || !S_ISREG(file.st_mode))
		return distrust(o, "not a regular file");
	why = untrusted(&file);
	if (!why)
		why = cut_off(fd, (uint64_t)file.st_size);
	if (why)
		return distrust(o, "%s", why);
	why = untrusted(&dir);
	return !why || distrust(o, "directory %s", why);
}

/* Opens the file that was checked, through its descriptor: it may have been replaced since. */
static void *open_object(struct object *o, int fd)
{
	const char *text, *rest;
	char path[32];
	void *handle;

	if (!check_file(o, fd))
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle)
		return handle;
	text = dlerror();
	rest = text ? strstr(text, ": ") : NULL;
	distrust(o, "%s", rest ? rest + 2 : "dlopen failed");
	return NULL;
}

static bool same_layout(const struct rv_plugin *p)
{
	const struct rv_plugin ours = { RV_PLUGIN_HEAD };

	return p->ext_size == ours.ext_size && p->option_size == ours.option_size &&
	       p->wire_size == ours.wire_size && p->parse_size == ours.parse_size &&
	       p->rule_size == ours.rule_size && p->selectors == ours.selectors;
}

static bool use_plugin(struct object *o, const struct rv_plugin *p,
		       bool (*add)(const struct rv_ext *ext))
{
	struct rv_error err = { 0 };

	if (!p)
		return distrust(o, "it does not define rv_plugin");
	if (p->abi != RV_PLUGIN_ABI)
		return distrust(o, "built for version %u of the interface, not %u", p->abi,
				RV_PLUGIN_ABI);
	if (!same_layout(p))
		return distrust(o, "built with headers of another release");
	if (!p->ext || !*p->ext)
		return distrust(o, "contains no match or target");
	for (const struct rv_ext *const *e = p->ext; *e; e++)
		if (rv_ext_verify(*e, &err))
			return distrust(o, "%s", err.text);
	for (const struct rv_ext *const *e = p->ext; *e; e++)
		if (!add(*e))
			return distrust(o, "%s `%s' exists already",
					(*e)->kind == RV_MATCH ? "match" : "target", (*e)->name);
	return true;
}

/* Follows symbolic links: an object may have one link per extension it contains. */
static bool load_object(struct object *o, bool (*add)(const struct rv_ext *ext))
{
	char file[NAME_MAX + 1];
	void *handle;
	bool ok;
	int fd;

	o->tried = true;
	snprintf(file, sizeof(file), "%s%s", o->name, SUFFIX);
	fd = openat(plugins.fd, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return distrust(o, "%s", strerror(errno));
	handle = open_object(o, fd);
	ok = handle && use_plugin(o, dlsym(handle, "rv_plugin"), add);
	close(fd);
	/* Rejected objects stay mapped: some of their descriptors may be registered. */
	return ok;
}

/* Prepends the file name to the reason. */
static void name_file(struct object *o)
{
	char *reason = o->failure;

	o->failure = NULL;
	distrust(o, "%s/%s%s: %s", plugins.path, o->name, SUFFIX,
		 reason ? reason : "cannot be used");
	free(reason);
}

static bool try_object(struct object *o, bool (*add)(const struct rv_ext *ext))
{
	if (!o || o->tried)
		return false;
	if (load_object(o, add))
		return true;
	name_file(o);
	return false;
}

bool rv_plugin_load(const char *name, bool (*add)(const struct rv_ext *ext))
{
	bool any = false;

	if (name)
		return try_object(find_object(name), add);
	find_object("");
	for (struct object *o = plugins.objects; o; o = o->next)
		any |= try_object(o, add);
	return any;
}
