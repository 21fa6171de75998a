/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Predicates of rules, as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <ravelin/registry.h>

#include "backend/file/load.h"

static const char *const operators[] = {
	[RV_OP_EQ] = "==", [RV_OP_PREFIX] = "begins", [RV_OP_MASK] = "==", [RV_OP_ANY] = "any",
	[RV_OP_RANGE] = "in", [RV_OP_IN] = "in", [RV_OP_BEGINS] = "begins-text",
	[RV_OP_CHUNKS] = "in",
};

/* A program: the nonzero 32-bit words and their indices. */
static void put_words(struct rv_buf *b, const struct rv_predicate *p)
{
	for (unsigned int i = 0; i < p->len / 4u; i++) {
		uint32_t word;

		memcpy(&word, p->text + i * sizeof(word), sizeof(word));
		if (word)
			rv_buf_printf(b, " %u:%#x", i, word);
	}
}

static void put_value(struct rv_buf *b, const struct rv_predicate *p, const uint8_t *value)
{
	unsigned int len = rv_selectors[p->sel].len;

	if (p->sel == RV_SEL_U32 || p->sel == RV_SEL_BPF)
		put_words(b, p);
	else if (p->text && p->len)
		rv_buf_printf(b, " \"%.*s\"", p->len, p->text);
	else if (p->text)
		rv_buf_printf(b, " \"%s\"", p->text);
	else if (len <= 8)
		rv_buf_printf(b, " %#llx", (unsigned long long)rv_selector_get(p->sel, value));
	else
		for (unsigned int i = 0; i < len; i++)
			rv_buf_printf(b, "%s%02x", i ? "" : " ", value[i]);
}

/* "sel[param] op value mask; " */
static int put_predicate(const struct rv_predicate *p, void *arg)
{
	struct rv_buf *b = arg;

	rv_buf_printf(b, "%s%s", p->negate ? "! " : "", rv_selectors[p->sel].name);
	if (p->param)
		rv_buf_printf(b, "[%u]", p->param);
	rv_buf_printf(b, " %s", operators[p->op]);
	for (unsigned int i = 0; i < p->count; i++) {
		put_value(b, p, p->list[i].from);
		put_value(b, p, p->list[i].to);
	}
	if (p->op != RV_OP_IN && p->op != RV_OP_CHUNKS)
		put_value(b, p, p->value);
	if (p->op == RV_OP_MASK || p->op == RV_OP_RANGE)
		put_value(b, p, p->other);
	rv_buf_puts(b, "; ");
	return 0;
}

/* Predicates of the matches; "(opaque)" after a match that has others. */
static int put_matches(const struct rv_table *t, void *arg)
{
	struct rv_buf *b = arg;

	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node)
			for (const struct rv_part *m = r->matches; m; m = m->next) {
				rv_part_predicates(t->ruleset->family, m->ext, m->data,
						   put_predicate, b);
				if (!rv_part_is_pure(m->ext, m->data))
					rv_buf_puts(b, "(opaque)");
			}
	return 0;
}

static void check(rv_family_t family, const char *table, const char *rule, const char *meaning)
{
	struct rv_buf text = RV_BUF_INIT, said = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_store s;

	rv_buf_printf(&text, "*%s\n-A %s\nCOMMIT\n", table, rule);
	if (rv_load_text(&s, family, rv_buf_text(&text), text.len, NULL, &err))
		fail_msg("%s: %s", rule, err.text);
	assert_int_equal(rv_load_tables(&s, put_matches, &said), 0);
	if (strcmp(rv_buf_text(&said), meaning) != 0)
		fail_msg("%s says\n  %s\nand not\n  %s", rule, said.data, meaning);
	rv_store_close(&s);
	rv_buf_free(&text);
	rv_buf_free(&said);
}

struct meaning {
	const char *rule, *meaning;
};

static void check_all(rv_family_t family, const char *table, const struct meaning *rows)
{
	for (; rows->rule; rows++)
		check(family, table, rows->rule, rows->meaning);
}

static void the_clock(void **state)
{
	static const struct meaning rows[] = {
		{ "INPUT -m time", "time.date in 0 0x7fffffff; " },
		{ "INPUT -m time --datestart 1970-01-02 --datestop 1970-01-03",
		  "time.date in 0x15180 0x2a300; " },
		{ "INPUT -m time --timestart 1:00 --timestop 2:00 --kerneltz",
		  "time.local.second in 0xe10 0x1c20; time.local.date in 0 0x7fffffff; " },
		/* A range that spans midnight is the negation of the gap. */
		{ "INPUT -m time --timestart 23:00 --timestop 1:00 --weekdays Mon,Sun",
		  "! time.second in 0xe11 0x1436f; time.weekday any 0x82; "
		  "time.date in 0 0x7fffffff; " },
		{ "INPUT -m time --timestart 2:00 --timestop 1:59:59", "time.date in 0 0x7fffffff; " },
		{ "INPUT -m time --timestart 23:00 --timestop 1:00 --contiguous --weekdays Mon "
		  "--monthdays 1,31",
		  "! time.second in 0xe11 0x1436f; time.monthday[3601] any 0x80000002; "
		  "time.weekday[3601] any 0x2; time.date in 0 0x7fffffff; " },
		{ "INPUT -m time ! --weekdays Mon", "time.weekday any 0xfc; time.date in 0 0x7fffffff; " },
		{ NULL, NULL },
	};

	(void)state;
	check_all(NFPROTO_IPV4, "filter", rows);
}

static void beside_the_packet(void **state)
{
	static const struct meaning rows[] = {
		{ "INPUT -m socket", "socket.found == 0x1; " },
		{ "INPUT -m socket --transparent --nowildcard",
		  "socket.found[2] == 0x1; socket.transparent == 0x1; " },
		{ "INPUT -m socket --restore-skmark", "socket.found == 0x1; (opaque)" },
		{ "INPUT -m helper --helper ftp-2121", "ct.helper begins-text \"ftp-2121\"; " },
		{ "INPUT -m helper ! --helper \"\"", "! ct.helper begins \"\"; " },
		{ "OUTPUT -m owner --gid-owner 5", "meta.skgid == 0x5; " },
		{ "OUTPUT -m owner ! --gid-owner 5-6 --suppl-groups", "! meta.skgroups in 0x5 0x6; " },
		{ "OUTPUT -m cgroup ! --path a/b", "! socket.cgroups == \"a/b\"; " },
		{ "INPUT -p tcp -m osf --genre Linux --ttl 1", "osf.name[1] == \"Linux\"; " },
		{ "INPUT -p tcp -m osf ! --genre Linux --log 0", "! osf.name == \"Linux\"; (opaque)" },
		{ "INPUT -m ipvs ! --ipvs", "! ipvs.exists == 0x1; " },
		{ "INPUT -m ipvs --vproto 6 ! --vport 80 --vdir REPLY --vmethod MASQ --vportctl 21",
		  "ipvs.protocol == 0x6; ! ipvs.vport == 0x50; ipvs.direction == 0x1; "
		  "ipvs.method == 0; ipvs.control.vport == 0x15; " },
		{ "INPUT -m ipvs --vaddr 10.1.0.0/16",
		  "ipvs.vaddr == 0a010000000000000000000000000000 ffff0000000000000000000000000000; " },
		{ "INPUT -p 108 -m ipcomp", "" },
		{ "INPUT -p 108 -m ipcomp --ipcompspi 0", "ipcomp.spi == 0; " },
		{ "INPUT -p 108 -m ipcomp --ipcompspi 1 --compres", "ipcomp.spi == 0x1; " },
		{ "INPUT -m mac --mac-source 00:00:00:00:00:00", "ether.saddr == 0; " },
		{ "INPUT -m comment --comment x", "" },
		{ "INPUT -m quota --quota 1", "(opaque)" },
		{ NULL, NULL },
	};

	(void)state;
	check_all(NFPROTO_IPV4, "filter", rows);
	check(NFPROTO_IPV4, "raw", "PREROUTING -m rpfilter", "fib.saddr.reverse == 0x1; ");
	check(NFPROTO_IPV4, "raw", "PREROUTING -m rpfilter --loose --validmark --accept-local --invert",
	      "! fib.saddr.reverse[7] == 0x1; ");
}

static void what_ipsec_does(void **state)
{
	static const struct meaning rows[] = {
		{ "INPUT -m policy --dir in --pol none", "xfrm.in.count == 0; " },
		{ "FORWARD -m policy --dir out --pol ipsec", "! xfrm.out.count == 0; " },
		{ "FORWARD -m policy --dir out --pol ipsec --proto esp ! --mode tunnel",
		  "! xfrm.out.count == 0; xfrm.out.protocol == 0x32; ! xfrm.out.mode == 0x1; " },
		{ "INPUT -m policy --dir in --pol ipsec --strict --reqid 5 --next --mode tunnel "
		  "--tunnel-src 10.0.0.0/8",
		  "xfrm.in.count == 0x2; xfrm.in.reqid[1] == 0x5; xfrm.in.mode[2] == 0x1; xfrm.in.saddr[2] == "
		  "0a000000000000000000000000000000 ff000000000000000000000000000000; " },
		{ NULL, NULL },
	};
	const uint32_t spi = 0x01020304;
	uint8_t first;

	(void)state;
	check_all(NFPROTO_IPV4, "filter", rows);
	/* Compared as bytes in host order. */
	memcpy(&first, &spi, 1);
	check(NFPROTO_IPV4, "filter", "INPUT -m policy --dir in --pol ipsec --spi 0x01020304",
	      first == 1 ? "! xfrm.in.count == 0; xfrm.in.spi == 0x1020304; " :
			   "! xfrm.in.count == 0; xfrm.in.spi == 0x4030201; ");
}

static void headers_of_ipv6(void **state)
{
	static const struct meaning rows[] = {
		{ "INPUT -m hbh --hbh-opts 5:2,1,0", "hbh.exists == 0x1; hbh.option[1] == 0x502; "
		  "hbh.option[2] == 0x100 0xff00; hbh.option[3] == 0 0xff00; " },
		{ "INPUT -m dst ! --dst-len 8 --dst-opts 3:4",
		  "dst.exists == 0x1; ! dst.length == 0x8; dst.option[1] == 0x304; " },
		{ "INPUT -m rt --rt-type 0 --rt-0-addrs ::1,::2", "rt.type == 0; rt.addresses == 0x2; "
		  "rt.address[1] == 00000000000000000000000000000001; "
		  "rt.address[2] == 00000000000000000000000000000002; " },
		{ "INPUT -m rt --rt-type 0 --rt-0-addrs ::1,::2 --rt-0-not-strict",
		  "rt.type == 0; rt.address == 00000000000000000000000000000001; "
		  "rt.address == 00000000000000000000000000000002; " },
		{ "INPUT -m ipv6header --header frag,esp --soft", "ip6.headers == 0x14 0x14; " },
		{ "INPUT -m frag --fraglen 8", "frag.exists == 0x1; " },
		{ NULL, NULL },
	};

	(void)state;
	check_all(NFPROTO_IPV6, "filter", rows);
}

/* param is 0xffff0000 for the whole packet, 40 << 16 | 20 for bytes 20 to 40. */
static void bytes_of_the_packet(void **state)
{
	static const struct meaning rows[] = {
		{ "INPUT -m string --algo bm --string abc", "packet.bytes[4294901760] == \"abc\"; " },
		{ "INPUT -m string --algo kmp ! --hex-string |616263| --from 20 --to 40",
		  "! packet.bytes[2621460] == \"abc\"; " },
		{ "INPUT -m string --algo kmp --string abc --icase",
		  "packet.bytes.icase[4294901760] == \"abc\"; " },
		{ NULL, NULL },
	};

	(void)state;
	check_all(NFPROTO_IPV4, "filter", rows);
}

/*
 * A u32 test has 45 words: eleven location numbers with operators, eleven ranges, and the counts. A
 * BPF instruction has two.
 */
static void programs(void **state)
{
	static const struct meaning rows[] = {
		{ "INPUT -m u32 --u32 6&0xff=1",
		  "packet.u32 == 0:0x6 2:0xff 22:0x1 23:0x1 44:0x102; " },
		{ "INPUT -m u32 ! --u32 0>>22&0x3c@4=1:2&&8=3,4",
		  "! packet.u32 == 2:0x16 3:0x2 4:0x3c 6:0x4 7:0x3 22:0x1 23:0x2 44:0x104 45:0x8 67:0x3 68:0x3 69:0x4 70:0x4 89:0x201; " },
		{ "INPUT -m bpf --bytecode \"2,48 0 0 9,6 1 2 65535\"",
		  "packet.bpf == 0:0x30 1:0x9 2:0x2010006 3:0xffff; " },
		{ "INPUT -m bpf --object-pinned /sys/fs/bpf/none", "(opaque)" },
		{ NULL, NULL },
	};

	(void)state;
	check_all(NFPROTO_IPV4, "filter", rows);
}

/* Types and flags, from the first to the last type, with the mask of the flags. */
static void chunks_of_sctp(void **state)
{
	static const struct meaning rows[] = {
		{ "INPUT -p sctp -m sctp --chunk-types any DATA", "sctp.chunk[1] in 0 0; " },
		{ "INPUT -p sctp -m sctp ! --chunk-types all DATA:Be,INIT,SACK,INIT_ACK",
		  "! sctp.chunk[2] in 0x2 0x3 0x100 0x300; " },
		{ "INPUT -p sctp -m sctp --chunk-types only ABORT:t,I_DATA:IU",
		  "sctp.chunk[4] in 0x600 0x601 0x400c 0x400c; " },
		{ "INPUT -p sctp -m sctp --chunk-types any ALL", "sctp.chunk[1] in 0 0xff00; " },
		{ "INPUT -p sctp -m sctp --chunk-types all NONE", "sctp.chunk[2] in; " },
		{ NULL, NULL },
	};

	(void)state;
	check_all(NFPROTO_IPV4, "filter", rows);
}

/* The hash is divided into equal parts: hash * 3 >> 32 is 1 from 0x55555556 to 0xaaaaaaaa. */
static void nodes_of_a_cluster(void **state)
{
#define CLUSTER(nodes, mask) "INPUT -m cluster --cluster-total-nodes " nodes			\
	" --cluster-local-nodemask " mask " --cluster-hash-seed 7"
	static const struct meaning rows[] = {
		{ CLUSTER("3", "1"), "ct.original.saddr.hash[7] in 0 0x55555555; " },
		{ CLUSTER("3", "2"), "ct.original.saddr.hash[7] in 0x55555556 0xaaaaaaaa; " },
		{ CLUSTER("3", "4"), "ct.original.saddr.hash[7] in 0xaaaaaaab 0xffffffff; " },
		{ CLUSTER("3", "6"), "ct.original.saddr.hash[7] in 0x55555556 0xffffffff; " },
		{ CLUSTER("4", "5"), "ct.original.saddr.hash[7] in 0 0x3fffffff 0x80000000 0xbfffffff; " },
		{ CLUSTER("1", "1"), "ct.original.saddr.hash[7] in 0 0xffffffff; " },
		{ "INPUT -m cluster --cluster-total-nodes 2 ! --cluster-local-node 2 --cluster-hash-seed 1",
		  "! ct.original.saddr.hash[1] in 0x80000000 0xffffffff; " },
		{ NULL, NULL },
	};

	(void)state;
	check_all(NFPROTO_IPV4, "filter", rows);
}

/* Parameter and text are part of equality. */
static void equality(void **state)
{
	char ftp[] = "ftp";
	struct rv_predicate a = { .sel = RV_SEL_CT_HELPER, .op = RV_OP_BEGINS, .text = "ftp" };
	struct rv_predicate b = a;

	(void)state;
	b.text = ftp;
	assert_true(rv_predicate_equal(&a, &b));
	ftp[0] = 't';
	assert_false(rv_predicate_equal(&a, &b));
	b.text = NULL;
	assert_false(rv_predicate_equal(&a, &b));
	/* With a length, the text may contain zeros and is not terminated. */
	a = (struct rv_predicate){ .sel = RV_SEL_BYTES, .len = 3, .text = "a\0b-" };
	b = a;
	b.text = "a\0b+";
	assert_true(rv_predicate_equal(&a, &b));
	b.text = "a\0c-";
	assert_false(rv_predicate_equal(&a, &b));
	a = (struct rv_predicate){ .sel = RV_SEL_XFRM_IN_REQID, .len = 4, .param = 1 };
	b = a;
	assert_true(rv_predicate_equal(&a, &b));
	b.param = 0;
	assert_false(rv_predicate_equal(&a, &b));
	/* "Any text" is preserved by normalisation. */
	a = (struct rv_predicate){ .sel = RV_SEL_CT_HELPER, .op = RV_OP_PREFIX, .text = "" };
	rv_predicate_normalise(&a);
	assert_int_equal(a.op, RV_OP_PREFIX);
}

/* A row accepts a predicate only if it then yields the same; otherwise the data is unchanged. */
static void absorbs(const char *name, struct rv_predicate p, bool takes)
{
	const struct rv_ext *ext = rv_ext_find(RV_MATCH, NFPROTO_IPV4, name);
	struct rv_part *part, *fresh;

	assert_non_null(ext);
	part = rv_part_new(ext);
	fresh = rv_part_new(ext);
	assert_true(part && fresh);
	p.len = p.len ? p.len : rv_selectors[p.sel].len;
	if (rv_part_from_predicate(NFPROTO_IPV4, ext, &p, part->data) != (takes ? 0 : -1))
		fail_msg("%s: %s", name, takes ? "is not taken" : "is taken");
	assert_int_equal(!memcmp(part->data, fresh->data, ext->size), !takes);
	rv_part_free(part);
	rv_part_free(fresh);
}

static void absorbed(void **state)
{
	(void)state;
	absorbs("tcp", (struct rv_predicate){ RV_SEL_TH_DPORT, RV_OP_RANGE, .value = { 0, 1 },
					      .other = { 0, 9 } }, true);
	absorbs("tcp", (struct rv_predicate){ RV_SEL_TH_DPORT, RV_OP_EQ, .value = { 0, 1 } }, true);
	/* The match treats all ports like no condition. */
	absorbs("tcp", (struct rv_predicate){ RV_SEL_TH_DPORT, RV_OP_RANGE, .other = { 0xff, 0xff } }, false);
	absorbs("tcp", (struct rv_predicate){ RV_SEL_TH_DPORT, RV_OP_RANGE, .other = { 0xff, 0xff },
					      .negate = true }, true);
	absorbs("physdev", (struct rv_predicate){ RV_SEL_PHYSIN, RV_OP_EQ, .value = "eth0" }, true);
	absorbs("physdev", (struct rv_predicate){ RV_SEL_PHYSIN, RV_OP_PREFIX, .value = "eth", .len = 3 }, true);
	/* The match treats a trailing '+' as a wildcard. */
	absorbs("physdev", (struct rv_predicate){ RV_SEL_PHYSIN, RV_OP_EQ, .value = "eth+" }, false);
	absorbs("tcp", (struct rv_predicate){ RV_SEL_TH_DPORT, RV_OP_MASK, .other = { 1, 1 } }, false);
	absorbs("tcp", (struct rv_predicate){ RV_SEL_TTL, RV_OP_EQ, .value = { 1 } }, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock),
		cmocka_unit_test(beside_the_packet),
		cmocka_unit_test(what_ipsec_does),
		cmocka_unit_test(headers_of_ipv6),
		cmocka_unit_test(bytes_of_the_packet),
		cmocka_unit_test(programs),
		cmocka_unit_test(chunks_of_sctp),
		cmocka_unit_test(nodes_of_a_cluster),
		cmocka_unit_test(equality),
		cmocka_unit_test(absorbed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
