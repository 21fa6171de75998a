/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule in a message of the kernel's: as iptables wrote it, as nft wrote it, or whole. */
#include <linux/netfilter_ipv4.h>

#include <ravelin/hooks.h>

#include "foreign.h"
#include "backend/nft/wire/object.h"

/* A rule's comment in nft's own form (type, length, text): read as stock reads it. */
#define UDATA_COMMENT 0

static int add_comment(struct rv_rule *r, rv_family_t family, const char *text, size_t len,
		       struct rv_error *err)
{
	const struct rv_ext *ext = rv_ext_find(RV_MATCH, family, "comment");
	struct rv_part *part = ext ? rv_part_new(ext) : NULL;

	if (!ext)
		return 0;
	if (!part)
		return rv_fail_memory(err);
	memcpy(part->data, text, len < ext->size ? len : ext->size - 1u);
	rv_rule_add_match(r, part);
	return 0;
}

int rv_nft_read_userdata(struct rv_rule *r, rv_family_t family, struct rv_nft_view v,
			 struct rv_error *err)
{
	for (uint32_t at = 0; at + 2 <= v.len && v.data[at + 1] <= v.len - at - 2;
	     at += 2 + v.data[at + 1]) {
		const char *text = (const char *)v.data + at + 2;
		size_t len = v.data[at] == UDATA_COMMENT ? strnlen(text, v.data[at + 1]) : 0;

		if (len && add_comment(r, family, text, len, err))
			return -1;
	}
	return 0;
}

static bool has_interface_of_other_side(const struct rv_rule *r, const char *chain)
{
	const unsigned int has = rv_chain_interfaces(chain);

	return (r->ip.out[0] && !(has & RV_HAS_OUT)) || (r->ip.in[0] && !(has & RV_HAS_IN));
}

static bool text_has_newline(const struct rv_part *part)
{
	for (const struct rv_option *opt = part->ext->options; opt && opt->name; opt++)
		if (opt->type == RV_T_STRING &&
		    memchr(part->data + opt->offset, '\n', strnlen((const char *)part->data + opt->offset,
								  opt->size)))
			return true;
	return false;
}

static bool has_newline(const struct rv_rule *r)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (text_has_newline(m))
			return true;
	return strchr(r->ip.in, '\n') || strchr(r->ip.out, '\n') ||
	       (r->target && text_has_newline(r->target));
}

/*
 * Whether nothing is in the rule that iptables itself would not have put there: then what save
 * shows loads again, and need not be tried.
 */
static bool is_plain(rv_family_t family, const struct rv_rule *r, const struct rv_nft_view *t,
		     const struct rv_nft_place *place)
{
	if (r->jump[0] && (!rv_nft_is_sayable(r->jump) || rv_ext_find(RV_TARGET, family, r->jump)))
		return false;
	/* iptables has no DROP in table nat. */
	if (r->verdict == RV_VERDICT_DROP && !strcmp(place->table, "nat"))
		return false;
	return !t[NFTA_RULE_USERDATA].data && !has_interface_of_other_side(r, place->chain) &&
	       !has_newline(r);
}

/* In the form that iptables writes. */
static struct rv_rule *read_form(rv_family_t family, const struct rv_nft_view *t,
				 const struct rv_nft_place *place, struct rv_error *err)
{
	struct rv_rule *r = rv_nft_rule_read(family, t[NFTA_RULE_EXPRESSIONS], place, err);

	if (!r)
		return NULL;
	r->handle = place->handle;
	if (!t[NFTA_RULE_USERDATA].data ||
	    !rv_nft_read_userdata(r, family, t[NFTA_RULE_USERDATA], err))
		return r;
	rv_rule_free(r);
	return NULL;
}

/* As iptables writes it, where iptables can put it. */
static struct rv_rule *read_ours(rv_family_t family, const struct rv_nft_view *t,
				 const struct rv_nft_place *place, struct rv_error *err)
{
	struct rv_rule *r = read_form(family, t, place, err);

	if (r && (is_plain(family, r, t, place) || rv_nft_reloads(family, place, r, false)))
		return r;
	rv_rule_free(r);
	return NULL;
}

struct rv_rule *rv_nft_rule_staged(rv_family_t family, struct rv_nft_view attrs,
				   struct rv_nft_place *place, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];

	return rv_nft_place_of(attrs, t, place, err) ? NULL : read_form(family, t, place, err);
}

/* The chain of "jump { ... }" has no name that anybody could give. */
static bool jumps_to_own(struct rv_nft_aside *aside, rv_family_t family, const struct rv_rule *r,
			 const struct rv_nft_place *place)
{
	struct rv_error err = { 0 };
	bool bound = false;

	if (!aside || strncmp(r->jump, "__chain", 7) != 0)
		return false;
	/* One that is gone belonged to the rule, which is gone as well. */
	return rv_nft_is_bound(aside, family, place->table, r->jump, &bound, &err) == 1 || bound;
}

static bool is_final(const struct rv_error *err)
{
	return err->kind == RV_ERR_MEMORY || err->kind == RV_ERR_AGAIN;
}

struct rv_rule *rv_nft_rule_of(struct rv_nft_aside *aside, rv_family_t family,
			       struct rv_nft_view attrs, struct rv_nft_place *place,
			       struct rv_error *err)
{
	struct rv_error first = { .warnings = err->warnings }, second = first;
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_rule *r;

	if (rv_nft_place_of(attrs, t, place, err))
		return NULL;
	r = read_ours(family, t, place, &first);
	/* nft may have written it, and meant what iptables can say. */
	if (!r && !is_final(&first))
		r = rv_nft_reword(aside, family, attrs, &second);
	if (r && !jumps_to_own(aside, family, r, place))
		return r;
	rv_rule_free(r);
	if (is_final(&first) || is_final(&second)) {
		*err = is_final(&first) ? first : second;
		return NULL;
	}
	return rv_nft_object_read(aside, family, attrs, err);
}
