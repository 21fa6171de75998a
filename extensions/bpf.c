/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bpf: result of a BPF program (uapi linux/netfilter/xt_bpf.h). */
#include <ctype.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/netfilter/xt_bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ravelin/extension.h>

typedef struct xt_bpf_info_v1 info;

enum { BYTECODE, PINNED };

/*
 * Parses "code jt jf k", decimal numbers separated by spaces as written by nfbpf_compile(8) and
 * tcpdump(8), and advances *text.
 */
static bool read_instruction(const char **text, struct sock_filter *f)
{
	static const unsigned long max[] = { UINT16_MAX, UINT8_MAX, UINT8_MAX, UINT32_MAX };
	unsigned long n[4];
	char *end;

	for (int i = 0; i < 4; i++) {
		*text += strspn(*text, " ");
		if (!isdigit((unsigned char)**text))
			return false;
		errno = 0;
		n[i] = strtoul(*text, &end, 10);
		if (errno || n[i] > max[i])
			return false;
		*text = end + strspn(end, " ");
	}
	*f = (struct sock_filter){ .code = n[0], .jt = n[1], .jf = n[2], .k = n[3] };
	return !**text || **text == ',';
}

static int read_program(struct rv_parse *p, const char *text, info *d)
{
	unsigned int i = 0;

	for (; *text; text += *text == ',') {
		if (i == d->bpf_program_num_elem)
			return rv_option_fail(p, "real program length exceeds the encoded length "
					      "parameter");
		if (!read_instruction(&text, &d->bpf_program[i]))
			return rv_option_fail(p, "error at instr %u", i);
		i++;
	}
	if (i < d->bpf_program_num_elem)
		return rv_option_fail(p, "parsed program length is less than the encoded length "
				      "parameter");
	return 0;
}

static int parse_program(struct rv_parse *p)
{
	info *d = (info *)(void *)p->data;
	const char *text;
	uint64_t n;

	if (!rv_parse_uint_prefix(p->arg, 0, UINT16_MAX, &n, &text) || *text++ != ',')
		return rv_option_fail(p, "error parsing program length");
	if (!n)
		return rv_option_fail(p, "illegal zero length program");
	if (n > XT_BPF_MAX_NUM_INSTR)
		return rv_option_fail(p, "number of instructions exceeds maximum");
	d->bpf_program_num_elem = n;
	return read_program(p, text, d);
}

static void print_program(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info *d = (const info *)(const void *)data;
	bool save = o->style == RV_STYLE_SAVE;

	if (save)
		rv_buf_printf(o->buf, "\"%u,", d->bpf_program_num_elem);
	for (unsigned int i = 0; i < d->bpf_program_num_elem; i++) {
		const struct sock_filter *f = &d->bpf_program[i];

		rv_buf_printf(o->buf, "%s%u %u %u %u", i ? "," : "", f->code, f->jt, f->jf, f->k);
	}
	rv_buf_puts(o->buf, save ? "\"" : "");
}

static int program_predicate(const struct rv_option *opt, const unsigned char *data,
			     rv_predicate_fn *fn, void *arg)
{
	const info *d = (const info *)(const void *)data;
	struct rv_predicate p = {
		.sel = opt->sel, .op = RV_OP_EQ, .text = (const char *)d->bpf_program,
		.len = d->bpf_program_num_elem * sizeof(*d->bpf_program),
	};

	return fn(&p, arg);
}

static const struct rv_option bpf_options[] = {
	[BYTECODE] = {
		.name = "bytecode", .type = RV_T_HOOK, .flags = RV_OPT_LIST_TIGHT, .sel = RV_SEL_BPF,
		.given = RV_BIT_IS(info, mode, XT_BPF_MODE_BYTECODE), .excludes = 1 << PINNED,
		.list = "match bpf", .arg = "length,code jt jf k[,...]",
		.help = "program as printed by nfbpf_compile",
		.ops = RV_OPTION_OPS(.parse = parse_program, .print = print_program,
				     .predicate = program_predicate),
	},
	[PINNED] = {
		.name = "object-pinned", .type = RV_T_STRING, .flags = RV_OPT_LIST_TIGHT,
		RV_FIELD(info, path),
		.given = RV_BIT_IS(info, mode, XT_BPF_MODE_PATH_PINNED), .excludes = 1 << BYTECODE,
		.list = "match bpf pinned", .arg = "path",
		.help = "program pinned in the BPF file system",
	},
	{ .name = NULL },
};

/* The kernel refuses programs whose last instruction is not a return. */
static int check_program_given(struct rv_check *c)
{
	return c->seen ? 0 : rv_check_fail(c, "bpf: one of --bytecode or --pinned is required");
}

static int bpf_kernel_check(struct rv_check *c)
{
	const info *d = (const info *)(void *)c->part->data;
	unsigned int n = d->bpf_program_num_elem;

	if (d->mode != XT_BPF_MODE_BYTECODE || BPF_CLASS(d->bpf_program[n - 1].code) == BPF_RET)
		return 0;
	return rv_check_refuse(c, "bpf: the program does not end in \"ret\"");
}

/* Ignores the pointer and file descriptor, which are runtime state. */
static int read_v1(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	const info *from = (const info *)(const void *)wire;
	info *d = (info *)(void *)data;
	unsigned int n = from->bpf_program_num_elem;

	d->mode = from->mode;
	if (d->mode == XT_BPF_MODE_BYTECODE && n && n <= XT_BPF_MAX_NUM_INSTR) {
		d->bpf_program_num_elem = n;
		memcpy(d->bpf_program, from->bpf_program, n * sizeof(*d->bpf_program));
		return 0;
	}
	if (d->mode != XT_BPF_MODE_PATH_PINNED)
		return rv_revision_fail(err, "mode %u, %u instructions", d->mode, n);
	memcpy(d->path, from->path, strnlen(from->path, sizeof(from->path) - 1));
	return 0;
}

/* The kernel opens the file by path; checking here gives an earlier and better message. */
static int write_v1(const struct rv_revision *w, const unsigned char *data, unsigned char *wire,
		    struct rv_error *err)
{
	const info *d = (const info *)(const void *)data;
	union bpf_attr attr = { .pathname = (uintptr_t)d->path };
	int fd;

	memcpy(wire, data, w->size);
	if (d->mode != XT_BPF_MODE_PATH_PINNED)
		return 0;
	fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	if (fd < 0)
		return rv_fail(err, rv_errno_kind(errno) == RV_ERR_RESOURCE ? RV_ERR_RESOURCE
									    : RV_ERR_USAGE,
			       NULL, "bpf: failed to get bpf object");
	close(fd);
	return 0;
}

static int bpf_read_v0(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		       struct rv_error *err)
{
	unsigned int n = ((const info *)(void *)data)->bpf_program_num_elem;

	return n && n <= XT_BPF_MAX_NUM_INSTR ? 0 :
		rv_revision_fail(err, "%u instructions", n);
}

#define V0 struct xt_bpf_info

RV_EXTENSION(bpf) = {
	.name = "bpf", .kind = RV_MATCH,
	.size = sizeof(info), .compare = offsetof(info, filter), .options = bpf_options,
	.ops = RV_EXT_OPS(.check = check_program_given, .kernel_check = bpf_kernel_check),
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(info), .read = read_v1, .write = write_v1 },
		{ .revision = 0, .size = sizeof(V0), .read = bpf_read_v0, .fields = RV_REVISION_FIELDS(
			RV_REVISION_FIELD(V0, bpf_program_num_elem, info, bpf_program_num_elem),
			RV_REVISION_FIELD(V0, bpf_program, info, bpf_program)) }),
	.opaque = "the program is not in the rule", .help = "BPF program",
};
