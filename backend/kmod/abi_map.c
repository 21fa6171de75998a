/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that map IR values and fields to those of the ABI, used in both directions. */
#include <stddef.h>

#include <ravelin/registry.h>

#include "kmod.h"

/* ---- selectors, operators, verdicts --------------------------------------------------- */

unsigned int rv_kmod_sel(enum rv_sel sel)
{
	static const uint8_t map[RV_SEL_COUNT] = {
#define RV_MODULE_SELECTOR(number, id, ...) [RV_SEL_##id] = (number),
#include <ravelin/selectors.def>
	};

	return map[sel];
}

enum rv_sel rv_kmod_sel_back(unsigned int sel)
{
	static const uint8_t map[RVK_SEL_COUNT] = {
#define RV_MODULE_SELECTOR(number, id, ...) [number] = RV_SEL_##id,
#include <ravelin/selectors.def>
	};

	return sel < RVK_SEL_COUNT ? map[sel] : RV_SEL_NONE;
}

unsigned int rv_kmod_op(enum rv_op op)
{
	static const uint8_t map[] = {
#define RV_MODULE_OPERATOR(number, id) [RV_OP_##id] = (number),
#include <ravelin/operators.def>
	};

	return op < sizeof(map) ? map[op] : 0;
}

int rv_kmod_op_back(unsigned int op)
{
	switch (op) {
#define RV_MODULE_OPERATOR(number, id) case number: return RV_OP_##id;
#include <ravelin/operators.def>
	default: return -1;
	}
}

#define RV_NO_CODE INT32_MAX

/* The module's verdict by verdict. */
static const int32_t verdict_codes[] = {
#define RV_VERDICT(id, name, nft, nf_tables, module, ...) module,
#include <ravelin/verdicts.def>
};

int32_t rv_kmod_verdict(enum rv_verdict verdict)
{
	return verdict_codes[verdict] == RV_NO_CODE ? RVK_CONTINUE : verdict_codes[verdict];
}

bool rv_kmod_verdict_back(int32_t code, enum rv_verdict *verdict)
{
	for (unsigned int i = 0; i < RV_VERDICTS && code != RV_NO_CODE; i++)
		if (verdict_codes[i] == code) {
			*verdict = i;
			return true;
		}
	return false;
}

/* Two descriptors may share a kernel name: predicates belong to the one with that name. */
const struct rv_ext *rv_kmod_match(rv_family_t family, const char *name)
{
	const struct rv_ext *ext = rv_ext_find(RV_MATCH, family, name);

	return ext && !strcmp(rv_ext_kernel_name(ext), name) ? ext : NULL;
}

/* ---- the IP part ------------------------------------------------------------------------- */

#define FIELD(field, name) \
	{ offsetof(struct rvk_ip, name), offsetof(struct rv_ip, field), \
	  sizeof(((struct rvk_ip *)0)->name) }

static const struct {
	uint16_t abi, ir, size;
} fields[] = {
	FIELD(src, src),
	FIELD(smask, smask),
	FIELD(dst, dst),
	FIELD(dmask, dmask),
	FIELD(in, in),
	FIELD(out, out),
	FIELD(proto, proto),
};

struct bit {
	uint8_t ir, abi;
};

static const struct bit flags[] = {
	{ RV_IP_PROTO, RVK_IP_PROTO },
	{ RV_IP_FRAG, RVK_IP_FRAG },
	{ 0, 0 },
};

static const struct bit inversions[] = {
	{ RV_IP_SRC, RVK_INV_SRC },
	{ RV_IP_DST, RVK_INV_DST },
	{ RV_IP_IN, RVK_INV_IN },
	{ RV_IP_OUT, RVK_INV_OUT },
	{ RV_IP_PROTO, RVK_INV_PROTO },
	{ RV_IP_FRAG, RVK_INV_FRAG },
	{ 0, 0 },
};

static uint8_t bits(const struct bit *b, uint8_t ir)
{
	uint8_t abi = 0;

	for (; b->ir; b++)
		abi |= ir & b->ir ? b->abi : 0;
	return abi;
}

static uint8_t bits_back(const struct bit *b, uint8_t abi)
{
	uint8_t ir = 0;

	for (; b->ir; b++)
		ir |= abi & b->abi ? b->ir : 0;
	return ir;
}

/* A name is compared including its NUL, a trailing '+' excepted; an empty name is not compared. */
static void interface_mask(uint8_t mask[16], const char name[16])
{
	size_t len = strnlen(name, 16);

	memset(mask, 0, 16);
	if (len && name[len - 1] == '+')
		memset(mask, 0xff, len - 1);
	else if (len)
		memset(mask, 0xff, len < 16 ? len + 1 : 16);
}

void rv_kmod_ip_write(struct rvk_ip *to, const struct rv_ip *from)
{
	memset(to, 0, sizeof(*to));
	for (unsigned int i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		memcpy((char *)to + fields[i].abi, (const char *)from + fields[i].ir, fields[i].size);
	interface_mask(to->in_mask, to->in);
	interface_mask(to->out_mask, to->out);
	to->flags = bits(flags, from->flags);
	to->invert = bits(inversions, from->invert);
}

/* Refuses anything that writing the result would not reproduce. */
bool rv_kmod_ip_read(struct rv_ip *to, const struct rvk_ip *from)
{
	struct rvk_ip again;

	memset(to, 0, sizeof(*to));
	for (unsigned int i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		memcpy((char *)to + fields[i].ir, (const char *)from + fields[i].abi, fields[i].size);
	to->flags = bits_back(flags, from->flags);
	to->invert = bits_back(inversions, from->invert);
	rv_kmod_ip_write(&again, to);
	return !to->in[IFNAMSIZ - 1] && !to->out[IFNAMSIZ - 1] && !memcmp(&again, from, sizeof(again));
}

/* ---- predicates ---------------------------------------------------------------------------- */

size_t rv_kmod_predicate_size(const struct rv_predicate *p)
{
	return sizeof(struct rvk_predicate) +
	       (p->op == RV_OP_IN ? p->count * sizeof(struct rvk_interval) : 0);
}

void rv_kmod_predicate(struct rvk_predicate *to, const struct rv_predicate *from)
{
	struct rvk_interval *list = (struct rvk_interval *)(void *)(to + 1);

	to->count = from->op == RV_OP_IN ? from->count : 0;
	to->size = rv_kmod_predicate_size(from);
	to->sel = rv_kmod_sel(from->sel);
	to->op = rv_kmod_op(from->op);
	to->flags = from->negate ? RVK_PREDICATE_NEGATE : 0;
	to->len = from->len;
	to->param = from->param;
	to->reserved = 0;
	memcpy(to->value, from->value, sizeof(to->value));
	memcpy(to->other, from->other, sizeof(to->other));
	for (unsigned int i = 0; i < to->count; i++) {
		memcpy(list[i].from, from->list[i].from, sizeof(list[i].from));
		memcpy(list[i].to, from->list[i].to, sizeof(list[i].to));
	}
}
