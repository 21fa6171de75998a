/* SPDX-License-Identifier: GPL-2.0-or-later */
/* multiport: a list of ports and ranges of ports (uapi linux/netfilter/xt_multiport.h). */
#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter/xt_multiport.h>

#include <ravelin/extension.h>

static int check_protocol(const struct rv_parse *p)
{
	const struct rv_ip *ip = &p->rule->ip;

	if (!ip->proto)
		return rv_parse_fail(p,
				     "multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or "
				     "`-p dccp'");
	switch (ip->invert & RV_IP_PROTO ? 0 : ip->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return 0;
	default:
		return rv_parse_fail(p,
				     "multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP");
	}
}

static int add_port(struct rv_parse *p, const char *word)
{
	struct xt_multiport_v1 *m = (struct xt_multiport_v1 *)(void *)p->data;
	int port = rv_parse_port(word, p->rule->ip.proto);

	if (port < 0)
		return rv_parse_fail(p, "invalid port/service `%s' specified", word);
	if (m->count == XT_MULTI_PORTS)
		return rv_parse_fail(p, "too many ports specified");
	m->ports[m->count++] = port;
	return 0;
}

/* "port" or "port:port", which uses two entries. */
static int add_word(struct rv_parse *p, char *word)
{
	struct xt_multiport_v1 *m = (struct xt_multiport_v1 *)(void *)p->data;
	char *colon = strchr(word, ':');

	if (colon)
		*colon++ = '\0';
	if (add_port(p, word))
		return -1;
	if (!colon)
		return 0;
	m->pflags[m->count - 1] = 1;
	if (add_port(p, colon))
		return -1;
	if (m->ports[m->count - 2] >= m->ports[m->count - 1])
		return rv_parse_fail(p, "invalid portrange specified");
	return 0;
}

static int parse_ports(struct rv_parse *p)
{
	struct xt_multiport_v1 *m = (struct xt_multiport_v1 *)(void *)p->data;

	/*
	 * The ports of the other option do not count; having both options is the error to report.
	 */
	m->count = 0;
	return check_protocol(p) ? -1 : rv_each_word(p, p->arg, add_word);
}

static unsigned int count_of(const struct xt_multiport_v1 *m)
{
	return m->count < XT_MULTI_PORTS ? m->count : XT_MULTI_PORTS;
}

/* Whether entry i is the first of a range. */
static bool starts_range(const struct xt_multiport_v1 *m, unsigned int i)
{
	return m->pflags[i] && i + 1 < count_of(m);
}

static void print_ports(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct xt_multiport_v1 *m = (const struct xt_multiport_v1 *)(const void *)data;

	for (unsigned int i = 0; i < count_of(m); i++) {
		if (i)
			rv_buf_putc(o->buf, ',');
		rv_print_port(o, m->ports[i]);
		if (!starts_range(m, i))
			continue;
		rv_buf_putc(o->buf, ':');
		rv_print_port(o, m->ports[++i]);
	}
}

static void put_port(uint8_t *bytes, uint16_t port)
{
	bytes[0] = port >> 8;
	bytes[1] = port & 0xff;
}

static int ports_predicate(const struct rv_option *opt, const unsigned char *data,
			   rv_predicate_fn *fn, void *arg)
{
	const struct xt_multiport_v1 *m = (const struct xt_multiport_v1 *)(const void *)data;
	struct rv_predicate p = {
		.sel = opt->sel,
		.op = RV_OP_IN,
		.negate = rv_option_inverted(opt, data),
		.len = 2,
	};

	for (unsigned int i = 0; i < count_of(m); i++) {
		struct rv_interval *in = &p.list[p.count++];

		put_port(in->from, m->ports[i]);
		if (starts_range(m, i))
			i++;
		put_port(in->to, m->ports[i]);
	}
	return fn(&p, arg);
}

static int absorb_ports(const struct rv_option *opt, const struct rv_predicate *p,
			unsigned char *data)
{
	struct xt_multiport_v1 *m = (struct xt_multiport_v1 *)(void *)data;
	unsigned int n = 0;

	if (p->op != RV_OP_IN)
		return -1;
	for (unsigned int i = 0; i < p->count; i++) {
		const struct rv_interval *in = &p->list[i];
		bool range = memcmp(in->from, in->to, 2) != 0;

		if (n + range >= XT_MULTI_PORTS)
			return -1;
		m->pflags[n] = range;
		m->ports[n++] = in->from[0] << 8 | in->from[1];
		if (range)
			m->ports[n++] = in->to[0] << 8 | in->to[1];
	}
	m->count = n;
	m->flags = opt->given.is;
	m->invert = p->negate;
	return 0;
}

/*
 * Three rows, two of which have a short name. "--dport" is only an abbreviation here: if another
 * match (tcp, udp) has an option of that name, it takes precedence.
 */
enum { SOURCE = 0, DESTINATION = 2, EITHER = 4 };

#define PORT_LIST(word, saved, others, kind, SEL, text)				\
	{									\
		.name = word "s", .save = saved, .type = RV_T_HOOK, .flags = RV_OPT_INVERT, \
		.invert = RV_BIT(struct xt_multiport_v1, invert, 1),		\
		.given = RV_BIT_IS(struct xt_multiport_v1, flags, kind),	\
		.excludes = (others), .sel = RV_SEL_TH_##SEL, .list = saved " [ !]", \
		.arg = "port[:port][,...]", .help = text,			\
		.ops = RV_OPTION_OPS(.parse = parse_ports, .print = print_ports, \
				     .predicate = ports_predicate, .absorb = absorb_ports), \
	},									\
	{ .name = saved, .alias_of = word "s" }

static const struct rv_option multiport_options[] = {
	PORT_LIST("source-port", "sports", 1 << DESTINATION | 1 << EITHER,
		  XT_MULTIPORT_SOURCE, SPORT, "source port"),
	PORT_LIST("destination-port", "dports", 1 << SOURCE | 1 << EITHER,
		  XT_MULTIPORT_DESTINATION, DPORT, "destination port"),
	{
		.name = "ports", .type = RV_T_HOOK, .flags = RV_OPT_INVERT,
		.given = RV_BIT_IS(struct xt_multiport_v1, flags, XT_MULTIPORT_EITHER),
		.invert = RV_BIT(struct xt_multiport_v1, invert, 1),
		.excludes = 1 << SOURCE | 1 << DESTINATION, .sel = RV_SEL_TH_PORT,
		.list = "ports [ !]", .arg = "port[:port][,...]",
		.help = "source or destination port",
		.ops = RV_OPTION_OPS(.parse = parse_ports, .print = print_ports,
				     .predicate = ports_predicate, .absorb = absorb_ports),
	},
	{ .name = NULL },
};

/* Rejects counts the kernel would not accept. */
static int check_counts(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
			struct rv_error *err)
{
	const struct xt_multiport_v1 *m = (const struct xt_multiport_v1 *)(void *)data;

	if (m->flags <= XT_MULTIPORT_EITHER && m->count <= XT_MULTI_PORTS)
		return 0;
	return rv_revision_fail(err, "multiport of %u ports", m->count);
}

RV_EXTENSION(multiport) = {
	.name = "multiport", .kind = RV_MATCH,
	.size = sizeof(struct xt_multiport_v1), .options = multiport_options,
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(struct xt_multiport_v1), .read = check_counts,
		  .fields = RV_REVISION_FIELDS({ 0, sizeof(struct xt_multiport_v1),
					     0, sizeof(struct xt_multiport_v1), RV_MOVE_PLAIN }) },
		{ .revision = 0, .size = sizeof(struct xt_multiport), .read = check_counts,
		  .fields = RV_REVISION_FIELDS({ 0, sizeof(struct xt_multiport),
					     0, sizeof(struct xt_multiport), RV_MOVE_PLAIN }) }),
	.list = "multiport",
	.required = "no ports specified",
	.help = "list of up to 15 ports; a range counts as two",
};
