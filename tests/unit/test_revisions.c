/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Older revisions of matches: each is converted to the newest form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <string.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter/xt_state.h>

#include <ravelin/registry.h>
#include <ravelin/render.h>

/* Decodes a blob like the backend and compares the save output. */
static void expect(rv_family_t family, const char *name, uint32_t revision, const void *info,
		   size_t size, const char *text)
{
	struct rv_rule *rule = rv_rule_new();
	struct rv_buf b = RV_BUF_INIT;
	struct rv_error err = { 0 };
	const struct rv_revision *wire;
	const struct rv_ext *ext;
	struct rv_part *part;
	_Alignas(8) unsigned char blob[256] = { 0 };

	assert_non_null(rule);
	memcpy(blob, info, size);
	ext = rv_ext_find_wire(RV_MATCH, family, name, revision, (size + 7) & ~(size_t)7, blob,
			       &wire);
	assert_non_null(ext);
	part = rv_part_new(ext);
	assert_non_null(part);
	assert_int_equal(rv_revision_read(ext, wire, blob, part->data, &err), 0);
	rv_rule_add_match(rule, part);
	rv_render_rule(&b, family, "X", rule, RV_COUNTERS_NONE);
	assert_string_equal(rv_buf_text(&b), text);
	rv_buf_free(&b);
	rv_rule_free(rule);
}

static void conntrack(void **state)
{
	struct xt_conntrack_mtinfo1 one = {
		.origsrc_addr.in.s_addr = htonl(0x01020304),
		.origsrc_mask.in.s_addr = htonl(0xffffff00),
		.expires_min = 3,
		.expires_max = 9,
		.origdst_port = htons(80),
		.match_flags = XT_CONNTRACK_STATE | XT_CONNTRACK_ORIGSRC |
			       XT_CONNTRACK_ORIGDST_PORT | XT_CONNTRACK_EXPIRES,
		.invert_flags = XT_CONNTRACK_ORIGSRC,
		.state_mask = XT_CONNTRACK_STATE_BIT(IP_CT_NEW),
	};
	struct xt_conntrack_mtinfo2 two = {
		.replsrc_port = htons(5),
		.match_flags = XT_CONNTRACK_STATE | XT_CONNTRACK_REPLSRC_PORT |
			       XT_CONNTRACK_STATUS | XT_CONNTRACK_DIRECTION,
		.invert_flags = XT_CONNTRACK_DIRECTION,
		.state_mask = XT_CONNTRACK_STATE_UNTRACKED,
		.status_mask = IPS_ASSURED,
	};

	(void)state;
	expect(NFPROTO_IPV4, "conntrack", 1, &one, sizeof(one),
	       "-A X -m conntrack --ctstate NEW ! --ctorigsrc 1.2.3.4/24 --ctorigdstport 80 "
	       "--ctexpire 3:9\n");
	expect(NFPROTO_IPV6, "conntrack", 2, &two, sizeof(two),
	       "-A X -m conntrack --ctstate UNTRACKED --ctreplsrcport 5 --ctstatus ASSURED "
	       "--ctdir REPLY\n");
}

static void state_match(void **state)
{
	struct xt_state_info zero = { .statemask = XT_STATE_UNTRACKED | XT_STATE_INVALID };
	struct xt_conntrack_mtinfo3 three = {
		.match_flags = XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS,
		.invert_flags = XT_CONNTRACK_STATE,
		.state_mask = XT_CONNTRACK_STATE_BIT(IP_CT_RELATED),
	};

	(void)state;
	expect(NFPROTO_IPV4, "state", 0, &zero, sizeof(zero),
	       "-A X -m state --state INVALID,UNTRACKED\n");
	expect(NFPROTO_IPV4, "conntrack", 3, &three, sizeof(three),
	       "-A X -m state ! --state RELATED\n");
	three.match_flags = XT_CONNTRACK_STATE;
	expect(NFPROTO_IPV4, "conntrack", 3, &three, sizeof(three),
	       "-A X -m conntrack ! --ctstate RELATED\n");
}

/* The same state, with the address mask as iptables writes it with and without "/32". */
static void host_mask(void **state)
{
	struct xt_conntrack_mtinfo3 ct = {
		.origdst_addr.in.s_addr = htonl(0x01020304),
		.origdst_mask.in.s_addr = UINT32_MAX,
		.match_flags = XT_CONNTRACK_ORIGDST,
	};

	(void)state;
	expect(NFPROTO_IPV4, "conntrack", 3, &ct, sizeof(ct),
	       "-A X -m conntrack --ctorigdst 1.2.3.4\n");
	expect(NFPROTO_IPV6, "conntrack", 3, &ct, sizeof(ct),
	       "-A X -m conntrack --ctorigdst 102:304::/32\n");
}

static void multiport(void **state)
{
	struct xt_multiport zero = {
		.flags = XT_MULTIPORT_DESTINATION, .count = 2, .ports = { 80, 443 },
	};

	(void)state;
	expect(NFPROTO_IPV4, "multiport", 0, &zero, sizeof(zero),
	       "-A X -m multiport --dports 80,443\n");
}

static void addrtype(void **state)
{
	struct xt_addrtype_info zero = {
		.source = XT_ADDRTYPE_LOCAL, .dest = XT_ADDRTYPE_UNICAST, .invert_dest = 1,
	};

	(void)state;
	expect(NFPROTO_IPV4, "addrtype", 0, &zero, sizeof(zero),
	       "-A X -m addrtype --src-type LOCAL ! --dst-type UNICAST\n");
}

/* Data that the kernel would not have accepted is refused. */
static void nonsense(void **state)
{
	struct xt_multiport_v1 ports = { .flags = XT_MULTIPORT_EITHER, .count = 16 };
	const struct rv_revision *wire;
	const struct rv_ext *ext;
	struct rv_error err = { 0 };
	struct rv_part *part;

	(void)state;
	ext = rv_ext_find_wire(RV_MATCH, NFPROTO_IPV4, "multiport", 1, sizeof(ports),
			       (unsigned char *)&ports, &wire);
	assert_non_null(ext);
	part = rv_part_new(ext);
	assert_non_null(part);
	assert_int_equal(rv_revision_read(ext, wire, (unsigned char *)&ports, part->data, &err), -1);
	assert_null(rv_ext_find_wire(RV_MATCH, NFPROTO_IPV4, "multiport", 2, sizeof(ports),
				     (unsigned char *)&ports, &wire));
	assert_null(rv_ext_find_wire(RV_MATCH, NFPROTO_IPV4, "multiport", 1, 40,
				     (unsigned char *)&ports, &wire));
	rv_part_free(part);
}

static bool is_read(enum rv_ext_kind kind, const char *name, uint32_t revision, const void *blob,
		    size_t size)
{
	const struct rv_revision_name wanted = { .kind = kind, .name = name, .revision = revision };
	struct rv_error err = { 0 };
	_Alignas(8) unsigned char padded[512] = { 0 };
	struct rv_part *part;

	memcpy(padded, blob, size);
	part = rv_part_from_wire(NFPROTO_IPV4, &wanted, padded, (size + 7) & ~(size_t)7, &err);
	if (part)
		rv_part_free(part);
	return part;
}

#define IS_READ(kind, name, revision, blob) is_read(kind, name, revision, &(blob), sizeof(blob))

/* Data that save could not print. Sets that are not given have an empty name. */
static void without_words(void **state)
{
	struct xt_sctp_info sctp = {
		.flags = XT_SCTP_CHUNK_TYPES, .chunk_match_type = SCTP_CHUNK_MATCH_ANY,
	};
	struct xt_set_info_target_v3 sets = {
		.add_set.index = IPSET_INVALID_ID, .del_set.index = IPSET_INVALID_ID,
		.map_set.index = IPSET_INVALID_ID,
	};
	struct xt_set_info_match_v4 set = { .match_set.index = IPSET_INVALID_ID };

	(void)state;
	SCTP_CHUNKMAP_SET(sctp.chunkmap, 1);
	assert_true(IS_READ(RV_MATCH, "sctp", 0, sctp));
	sctp.chunk_match_type = SCTP_CHUNK_MATCH_ANY | SCTP_CHUNK_MATCH_ALL;
	assert_false(IS_READ(RV_MATCH, "sctp", 0, sctp));
	sctp.chunk_match_type = SCTP_CHUNK_MATCH_ANY;
	SCTP_CHUNKMAP_SET(sctp.chunkmap, 15);
	assert_false(IS_READ(RV_MATCH, "sctp", 0, sctp));
	SCTP_CHUNKMAP_SET_ALL(sctp.chunkmap);
	assert_true(IS_READ(RV_MATCH, "sctp", 0, sctp));
	sctp.flag_count = 1;
	sctp.flag_info[0] = (struct xt_sctp_flag_info){ .flag = 1, .flag_mask = 1 };
	assert_false(IS_READ(RV_MATCH, "sctp", 0, sctp));
	SCTP_CHUNKMAP_RESET(sctp.chunkmap);
	SCTP_CHUNKMAP_SET(sctp.chunkmap, 0);
	assert_true(IS_READ(RV_MATCH, "sctp", 0, sctp));
	sctp.flag_info[0].flag = 3;
	assert_false(IS_READ(RV_MATCH, "sctp", 0, sctp));
	sctp.flag_info[0].flag = 0;
	sctp.flag_info[1] = sctp.flag_info[0];
	sctp.flag_count = 2;
	assert_false(IS_READ(RV_MATCH, "sctp", 0, sctp));
	/* Flags of a chunk type that is not in the list. */
	sctp.flag_info[1].chunktype = 15;
	assert_true(IS_READ(RV_MATCH, "sctp", 0, sctp));
	sctp.flag_count = XT_NUM_SCTP_FLAGS + 1;
	assert_false(IS_READ(RV_MATCH, "sctp", 0, sctp));

	assert_true(IS_READ(RV_TARGET, "SET", 3, sets));
	sets.flags = 1u << 31;
	assert_false(IS_READ(RV_TARGET, "SET", 3, sets));
	assert_true(IS_READ(RV_MATCH, "set", 4, set));
	set.flags = IPSET_FLAG_RETURN_NOMATCH;
	assert_true(IS_READ(RV_MATCH, "set", 4, set));
	set.flags |= IPSET_FLAG_EXIST;
	assert_false(IS_READ(RV_MATCH, "set", 4, set));
}

/* Without a struct the name is the whole information. */
static void expect_bare(enum rv_ext_kind kind, rv_family_t family, const char *name, const char *text)
{
	const struct rv_revision_name wanted = { .kind = kind, .name = name };
	struct rv_rule *rule = rv_rule_new();
	struct rv_buf b = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_part *part = rv_part_from_wire(family, &wanted, NULL, 0, &err);

	assert_non_null(rule);
	assert_non_null(part);
	if (kind == RV_TARGET)
		rule->target = part;
	else
		rv_rule_add_match(rule, part);
	rv_render_rule(&b, family, "X", rule, RV_COUNTERS_NONE);
	assert_string_equal(rv_buf_text(&b), text);
	rv_buf_free(&b);
	rv_rule_free(rule);
	assert_null(rv_part_from_wire(family, &wanted, (const unsigned char *)text, 8, &err));
}

static void bare(void **state)
{
	(void)state;
	expect_bare(RV_MATCH, NFPROTO_IPV4, "socket", "-A X -m socket\n");
	expect_bare(RV_TARGET, NFPROTO_IPV4, "TRACE", "-A X -j TRACE\n");
	expect_bare(RV_TARGET, NFPROTO_IPV6, "NOTRACK", "-A X -j NOTRACK\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conntrack), cmocka_unit_test(state_match),
		cmocka_unit_test(host_mask), cmocka_unit_test(multiport),
		cmocka_unit_test(addrtype), cmocka_unit_test(nonsense),
		cmocka_unit_test(without_words), cmocka_unit_test(bare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
