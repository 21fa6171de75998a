/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --set: ipsets read from files, in the format of ipset save(8) or one entry per line: addresses,
 * networks, ranges, ports, MAC addresses, interfaces and marks, joined by commas.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include <ravelin/ipset.h>

#include "cli/run/ask.h"

#define PARTS 3			/* per entry, IPSET_DIM_MAX */

enum part_type { NET, PORT, ETHER, IFACE, MARK, SET_OF_SETS };

struct part {
	enum part_type kind;
	uint8_t from[16], to[16];	/* NET */
	uint16_t first, last;		/* PORT */
	uint16_t proto;			/* PORT; RV_PROTO_NONE: any */
	uint32_t mark;
	uint8_t ether[6];
	char name[IPSET_MAXNAMELEN];	/* interface or set */
};

struct set_entry {
	struct part parts[PARTS];
	uint8_t n;
	bool nomatch;
};

struct rv_run_set {
	struct rv_run_set *next;
	char *name;
	rv_family_t family;
	bool of_sets;			/* list:set */
	struct set_entry *entries;
	size_t n, room;
	uint8_t (*ends)[16];		/* sorted entries that start with NET: maximum end so far */
	struct rv_run_set *others;	/* other sets in the file */
};

/* ---- parsing --------------------------------------------------------------------------------- */

static unsigned int address_len(rv_family_t family)
{
	return rv_family(family)->address_len;
}

static bool read_address(rv_family_t family, const char *text, uint8_t addr[16])
{
	union nf_inet_addr a = { 0 };

	/* "10" is a port here; the rule parser would take it for an address. */
	if (!strpbrk(text, ".:") || !rv_parse_address(family, text, &a))
		return false;
	memset(addr, 0, 16);
	memcpy(addr, &a, address_len(family));
	return true;
}

/* Clears or sets the bits after the prefix. */
static void fill_behind(uint8_t *addr, unsigned int len, unsigned int prefix, bool ones)
{
	for (unsigned int bit = prefix; bit < 8 * len; bit++) {
		uint8_t mask = 0x80 >> bit % 8;

		addr[bit / 8] = ones ? addr[bit / 8] | mask : addr[bit / 8] & ~mask;
	}
}

/* address, address/length or address-address of a family. */
static bool read_net_of(rv_family_t family, char *text, struct part *p)
{
	const unsigned int len = address_len(family);
	char *slash = strchr(text, '/'), *dash = strchr(text, '-');
	uint64_t prefix = 8 * len;
	bool ok;

	if (slash && !rv_parse_uint(slash + 1, 0, 8 * len, &prefix))
		return false;
	if (slash || dash)
		*(slash ? slash : dash) = '\0';
	ok = read_address(family, text, p->from) &&
	     (slash || !dash || read_address(family, dash + 1, p->to));
	if (slash || dash)
		*(slash ? slash : dash) = slash ? '/' : '-';
	if (!ok || (dash && !slash))
		return ok && memcmp(p->from, p->to, len) <= 0;
	memcpy(p->to, p->from, sizeof(p->to));
	fill_behind(p->from, len, prefix, false);
	fill_behind(p->to, len, prefix, true);
	return true;
}

/* *other: an address of the other family. */
static bool read_net(rv_family_t family, char *text, struct part *p, bool *other)
{
	p->kind = NET;
	if (read_net_of(family, text, p))
		return true;
	*other = read_net_of(family == NFPROTO_IPV4 ? NFPROTO_IPV6 : NFPROTO_IPV4, text, p);
	return *other;
}

static bool read_ether(const char *text, struct part *p)
{
	unsigned int bytes[6];
	int used = 0;

	p->kind = ETHER;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
		   &bytes[4], &bytes[5], &used) != 6 || text[used])
		return false;
	for (unsigned int i = 0; i < 6; i++)
		p->ether[i] = (uint8_t)bytes[i];
	return true;
}

static bool read_port(const char *text, uint16_t *port)
{
	uint64_t n, code;
	char type[16];
	const char *slash = strchr(text, '/');

	/* ICMP has type/code instead of a port. */
	if (slash && slash - text < (ptrdiff_t)sizeof(type)) {
		snprintf(type, sizeof(type), "%.*s", (int)(slash - text), text);
		if (!rv_parse_uint(type, 0, 255, &n) || !rv_parse_uint(slash + 1, 0, 255, &code))
			return false;
		*port = (uint16_t)(n << 8 | code);
		return true;
	}
	if (!rv_parse_uint(text, 0, 65535, &n))
		return false;
	*port = (uint16_t)n;
	return true;
}

static bool read_protocol(const char *text, uint16_t *proto)
{
	uint64_t n;
	const struct protoent *known;

	if (rv_parse_uint(text, 0, 255, &n)) {
		*proto = (uint16_t)n;
		return true;
	}
	known = getprotobyname(strcmp(text, "icmpv6") != 0 ? text : "ipv6-icmp");
	*proto = known ? (uint16_t)known->p_proto : 0;
	return known;
}

/* [protocol:]port[-port] */
static bool read_ports(char *text, struct part *p, bool alone)
{
	char *colon = strchr(text, ':'), *dash;
	bool ok = true;

	p->kind = PORT;
	p->proto = alone ? RV_PROTO_NONE : IPPROTO_TCP;
	if (colon) {
		*colon = '\0';
		ok = read_protocol(text, &p->proto);
		*colon = ':';
		text = colon + 1;
	}
	dash = strchr(text, '-');
	if (dash)
		*dash = '\0';
	ok = ok && read_port(text, &p->first) && (!dash || read_port(dash + 1, &p->last));
	if (dash)
		*dash = '-';
	else
		p->last = p->first;
	return ok && p->first <= p->last;
}

static bool read_mark(const char *text, struct part *p)
{
	uint64_t n;

	p->kind = MARK;
	if (strncmp(text, "0x", 2) != 0 || !rv_parse_uint(text, 0, UINT32_MAX, &n))
		return false;
	p->mark = (uint32_t)n;
	return true;
}

static bool read_name(const char *text, struct part *p, enum part_type kind)
{
	p->kind = kind;
	if (!strncmp(text, "physdev:", 8))
		return false;
	if (!*text || strlen(text) >= (kind == IFACE ? IFNAMSIZ : sizeof(p->name)))
		return false;
	strcpy(p->name, text);
	return true;
}

static bool read_part(const struct rv_run_set *s, char *text, struct part *p, unsigned int number,
		      bool alone, bool *other)
{
	if (s->of_sets)
		return read_name(text, p, SET_OF_SETS);
	return read_ether(text, p) || read_net(s->family, text, p, other) || read_mark(text, p) ||
	       read_ports(text, p, alone) || (number && read_name(text, p, IFACE));
}

/* ---- files --------------------------------------------------------------------------------- */

static void free_set(struct rv_run_set *s)
{
	rv_run_sets_free(s->others);
	free(s->name);
	free(s->entries);
	free(s->ends);
	free(s);
}

void rv_run_sets_free(struct rv_run_set *list)
{
	while (list) {
		struct rv_run_set *next = list->next;

		free_set(list);
		list = next;
	}
}

const struct rv_run_set *rv_run_set_find(const struct rv_run_set *list, const char *name)
{
	while (list && strcmp(list->name, name) != 0)
		list = list->next;
	return list;
}

static struct rv_run_set *set_named(struct rv_run_set **list, rv_family_t family, const char *name)
{
	struct rv_run_set *s = (struct rv_run_set *)rv_run_set_find(*list, name);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->name = strdup(name);
	if (!s->name) {
		free(s);
		return NULL;
	}
	s->family = family;
	s->next = *list;
	*list = s;
	return s;
}

static struct set_entry *new_entry(struct rv_run_set *s)
{
	size_t room = s->room ? 2 * s->room : 64;
	struct set_entry *larger;

	if (s->n == s->room) {
		larger = reallocarray(s->entries, room, sizeof(*larger));
		if (!larger)
			return NULL;
		s->entries = larger;
		s->room = room;
	}
	memset(&s->entries[s->n], 0, sizeof(*s->entries));
	return &s->entries[s->n];
}

/* 1: invalid. Entries of the other family never match and are skipped. */
static int add_entry(struct rv_run_set *s, char *text, char *options)
{
	struct set_entry *e = new_entry(s);
	const bool alone = !strchr(text, ',');
	bool other = false;
	char *word;

	if (!e)
		return -1;
	while ((word = strsep(&text, ",")) != NULL) {
		if (e->n == PARTS || !read_part(s, word, &e->parts[e->n], e->n, alone, &other))
			return 1;
		e->n++;
	}
	while ((word = strsep(&options, " \t")) != NULL)
		e->nomatch |= !strcmp(word, "nomatch");
	s->n += !other;
	return 0;
}

/* A line of ipset save, or an entry. Splits the words in place. */
static int read_line(struct rv_run_set **list, rv_family_t family, const char *name, char *line)
{
	char *word = strsep(&line, " \t"), *set;
	struct rv_run_set *s;

	if (!strcmp(word, "create") || !strcmp(word, "-N") || !strcmp(word, "add") ||
	    !strcmp(word, "-A")) {
		const bool create = !strcmp(word, "create") || !strcmp(word, "-N");

		set = strsep(&line, " \t");
		word = strsep(&line, " \t");
		if (!set || !word)
			return 1;
		s = set_named(list, family, set);
		if (!s)
			return -1;
		if (!create)
			return add_entry(s, word, line);
		s->of_sets = !strcmp(word, "list:set") || !strcmp(word, "setlist");
		return 0;
	}
	if (!strcmp(word, "flush") || !strcmp(word, "COMMIT"))
		return 0;
	s = set_named(list, family, name);
	return s ? add_entry(s, word, line) : -1;
}

static char *trimmed(char *line)
{
	size_t len;

	line += strspn(line, " \t");
	len = strcspn(line, "#\r\n");
	while (len && strchr(" \t", line[len - 1]))
		len--;
	line[len] = '\0';
	return line;
}

static int read_lines(FILE *f, struct rv_run_set **list, rv_family_t family, const char *name,
		      const char *path, struct rv_error *err)
{
	char *line = NULL, *text, *shown;
	unsigned int number = 0;
	size_t room = 0;
	int rc = 0;

	while (!rc && getline(&line, &room, f) >= 0) {
		number++;
		text = trimmed(line);
		shown = strdup(text);
		rc = !shown ? -1 : *text ? read_line(list, family, name, text) : 0;
		if (rc > 0)
			rv_fail(err, RV_ERR_PROBLEM, NULL, "%s, line %u: \"%.100s\" is not a set entry",
				path, number, shown);
		free(shown);
	}
	free(line);
	if (!rc && ferror(f))
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "cannot read %s: %s", path, strerror(errno));
	return rc < 0 ? rv_fail_memory(err) : rc ? -1 : 0;
}

/* ---- sorting --------------------------------------------------------------------------------- */

static int by_start(const void *x, const void *y)
{
	const struct set_entry *a = x, *b = y;

	return memcmp(a->parts[0].from, b->parts[0].from, sizeof(a->parts[0].from));
}

/* Entries that all start with a network are sorted by it. */
static int sort(struct rv_run_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->entries[i].n || s->entries[i].parts[0].kind != NET)
			return 0;
	if (!s->n)
		return 0;
	qsort(s->entries, s->n, sizeof(*s->entries), by_start);
	s->ends = calloc(s->n, sizeof(*s->ends));
	if (!s->ends)
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		const uint8_t *to = s->entries[i].parts[0].to;

		memcpy(s->ends[i], i && memcmp(s->ends[i - 1], to, 16) > 0 ? s->ends[i - 1] : to, 16);
	}
	return 0;
}

/* Selects a set of the file: by name, or the only one. */
static struct rv_run_set *choose(struct rv_run_set **list, const char *name)
{
	struct rv_run_set **at = list, *s;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	if (!*at && *list && !(*list)->next)
		at = list;
	s = *at;
	if (!s)
		return NULL;
	*at = s->next;
	s->others = *list;
	s->next = NULL;
	return s;
}

static int finish(struct rv_run_set **list, struct rv_run_set *found, const char *name,
		  struct rv_error *err)
{
	char *copy = strdup(name);

	if (!copy || sort(found))
		goto failed;
	for (struct rv_run_set *s = found->others; s; s = s->next)
		if (sort(s))
			goto failed;
	free(found->name);
	found->name = copy;
	found->next = *list;
	*list = found;
	return 0;
failed:
	free(copy);
	free_set(found);
	return rv_fail_memory(err);
}

static int read_set_file(struct rv_run_set **list, rv_family_t family, const char *name,
			 const char *path, struct rv_error *err)
{
	struct rv_run_set *sets = NULL, *found;
	FILE *f = fopen(path, "re");
	int rc;

	if (!f)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "cannot open %s: %s", path, strerror(errno));
	rc = read_lines(f, &sets, family, name, path, err);
	fclose(f);
	/* An empty file is an empty set. */
	if (!rc && !sets && !set_named(&sets, family, name))
		rc = rv_fail_memory(err);
	found = rc ? NULL : choose(&sets, name);
	if (found)
		return finish(list, found, name, err);
	rv_run_sets_free(sets);
	return rc ? rc : rv_fail(err, RV_ERR_PROBLEM, NULL, "%s has several sets, and none is named %s",
				 path, name);
}

int rv_run_set_read(struct rv_run_set **list, rv_family_t family, const char *word,
		    struct rv_error *err)
{
	const char *equals = strchr(word, '=');
	char *name;
	int rc;

	if (!equals || equals == word || !equals[1] || equals - word >= IPSET_MAXNAMELEN)
		return rv_fail(err, RV_ERR_USAGE, NULL, "--set \"%s\": it must be NAME=FILE", word);
	name = strndup(word, equals - word);
	if (!name)
		return rv_fail_memory(err);
	rc = rv_run_set_find(*list, name)
		     ? rv_fail(err, RV_ERR_USAGE, NULL, "--set \"%s\": that set is given twice", word)
		     : read_set_file(list, family, name, equals + 1, err);
	free(name);
	return rc;
}

/* ---- lookup ---------------------------------------------------------------------------------- */

static const uint8_t *address_of(const struct rv_pkt *pkt, bool source, uint8_t addr[16])
{
	const unsigned int len = address_len(pkt->family);

	memset(addr, 0, 16);
	memcpy(addr, pkt->data + (len == 4 ? (source ? 12 : 16) : source ? 8 : 24), len);
	return addr;
}

/* Port, or type and code of ICMP. */
static bool port_fits(const struct part *p, const struct rv_pkt *pkt, bool source)
{
	const bool icmp = pkt->proto == IPPROTO_ICMP || pkt->proto == IPPROTO_ICMPV6;
	uint8_t buf[4];
	const uint8_t *th;
	uint16_t port;

	if (pkt->fragoff || pkt->proto == RV_PROTO_NONE ||
	    (p->proto != RV_PROTO_NONE && p->proto != pkt->proto))
		return false;
	th = rv_pkt_pull(pkt, pkt->thoff, sizeof(buf), buf);
	if (!th)
		return false;
	th += source || icmp ? 0 : 2;
	port = (uint16_t)(th[0] << 8 | th[1]);
	return port >= p->first && port <= p->last;
}

static enum rv_answer yes_if(bool is)
{
	return is ? RV_ANSWER_YES : RV_ANSWER_NO;
}

static enum rv_answer part_fits(const struct part *p, const struct rv_pkt *pkt, bool source)
{
	const struct rv_user_packet *packet = pkt->port;
	uint8_t addr[16];
	const char *name;

	switch (p->kind) {
	case NET:
		address_of(pkt, source, addr);
		return yes_if(memcmp(addr, p->from, 16) >= 0 && memcmp(addr, p->to, 16) <= 0);
	case PORT:
		return yes_if(port_fits(p, pkt, source));
	case ETHER:
		if (!packet->ether)
			return RV_ANSWER_OPEN;
		return yes_if(!memcmp(packet->ether + (source ? 6 : 0), p->ether, 6));
	case IFACE:
		name = source ? pkt->in : pkt->out;
		return yes_if(name && !strncmp(name, p->name, IFNAMSIZ));
	default:
		return yes_if(pkt->mark == p->mark);
	}
}

static enum rv_answer entry_fits(const struct set_entry *e, const struct rv_pkt *pkt, uint8_t dim,
				 uint8_t sides)
{
	enum rv_answer all = RV_ANSWER_YES;

	if (e->n > dim)
		return RV_ANSWER_NO;
	for (unsigned int i = 0; i < e->n; i++) {
		enum rv_answer one = part_fits(&e->parts[i], pkt, sides & 2u << i);

		if (one == RV_ANSWER_NO)
			return one;
		if (one == RV_ANSWER_OPEN)
			all = one;
	}
	return all;
}

/* Specificity of an entry: number of common leading bits of its networks' bounds. */
static unsigned int narrowness(const struct set_entry *e)
{
	unsigned int bits = 0;

	for (unsigned int i = 0; i < e->n; i++) {
		const struct part *p = &e->parts[i];
		unsigned int bit = 0;

		while (p->kind == NET && bit < 128 &&
		       !((p->from[bit / 8] ^ p->to[bit / 8]) & 0x80 >> bit % 8))
			bit++;
		bits += bit;
	}
	return bits;
}

/* The most specific entry decides; it may have "nomatch". */
struct best {
	unsigned int bits;
	bool found, nomatch, open;
};

static void consider(struct best *b, const struct set_entry *e, const struct rv_pkt *pkt,
		     uint8_t dim, uint8_t sides)
{
	enum rv_answer fits = entry_fits(e, pkt, dim, sides);

	b->open |= fits == RV_ANSWER_OPEN;
	if (fits != RV_ANSWER_YES || (b->found && narrowness(e) < b->bits))
		return;
	b->nomatch = e->nomatch;
	b->bits = narrowness(e);
	b->found = true;
}

/* Index after the last entry that starts at or before the address. */
static size_t behind(const struct rv_run_set *s, const uint8_t addr[16])
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(s->entries[middle].parts[0].from, addr, 16) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Members of a list:set are plain sets. A set that is not in the file is unknown. */
static enum rv_answer members_have(const struct rv_run_set *s, const struct rv_pkt *pkt,
				   uint8_t dim, uint8_t sides)
{
	enum rv_answer any = RV_ANSWER_NO;

	for (size_t i = 0; i < s->n; i++) {
		const struct rv_run_set *member =
			rv_run_set_find(s->others, s->entries[i].parts[0].name);
		enum rv_answer one = member && !member->of_sets
					     ? rv_run_set_has(member, pkt, dim, sides) : RV_ANSWER_OPEN;

		if (one == RV_ANSWER_YES)
			return one;
		if (one == RV_ANSWER_OPEN)
			any = one;
	}
	return any;
}

enum rv_answer rv_run_set_has(const struct rv_run_set *set, const struct rv_pkt *pkt, uint8_t dim,
			      uint8_t sides)
{
	struct best best = { 0 };
	uint8_t addr[16];

	if (set->of_sets)
		return members_have(set, pkt, dim, sides);
	address_of(pkt, sides & 2, addr);
	for (size_t i = set->ends ? behind(set, addr) : set->n; i--;) {
		if (set->ends && memcmp(set->ends[i], addr, 16) < 0)
			break;
		consider(&best, &set->entries[i], pkt, dim, sides);
	}
	if (best.found)
		return yes_if(!best.nomatch);
	return best.open ? RV_ANSWER_OPEN : RV_ANSWER_NO;
}
