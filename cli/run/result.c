/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results of a packet in words, for text and JSON. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/run/run.h"

void rv_run_note(struct rv_run_pass *pass, const char *text)
{
	if (pass->nnotes < RV_RUN_NOTES)
		snprintf(pass->notes[pass->nnotes++], sizeof(pass->notes[0]), "%s", text);
}

void rv_run_note_log(struct rv_run_pass *pass, const struct rv_log *log)
{
	char text[sizeof(pass->notes[0])];

	snprintf(text, sizeof(text), "%s \"%s\"", log->netlink ? "NFLOG" : "LOG", log->prefix);
	rv_run_note(pass, text);
}

enum rv_run_fate rv_run_fate_of(unsigned int verdict)
{
	switch (verdict & NF_VERDICT_MASK) {
	case NF_ACCEPT:
		return RV_RUN_ACCEPTED;
	case NF_QUEUE:
		return RV_RUN_QUEUED;
	case NF_STOLEN:
		return RV_RUN_STOLEN;
	default:
		return RV_RUN_DROPPED;
	}
}

const char *rv_run_fate_name(enum rv_run_fate fate)
{
	static const char *const names[] = {
		[RV_RUN_ACCEPTED] = "ACCEPT",
		[RV_RUN_DROPPED] = "DROP",
		[RV_RUN_QUEUED] = "QUEUE",
		[RV_RUN_STOLEN] = "STOLEN",
		[RV_RUN_OPEN] = "not known",
		[RV_RUN_OTHER] = "other family",
		[RV_RUN_ELSEWHERE] = "other chains",
		[RV_RUN_FRAGMENT] = "fragments",
		[RV_RUN_MALFORMED] = "malformed",
	};

	return names[fate];
}

const char *rv_run_verdict_name(unsigned int verdict)
{
	return rv_run_fate_name(rv_run_fate_of(verdict));
}

void rv_run_time(uint64_t ns, char text[40])
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;
	char day[32] = "";

	if (gmtime_r(&seconds, &tm))
		strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, 40, "%.24s.%09uZ", day, (unsigned int)(ns % 1000000000));
}

const struct rv_kmod_entry *rv_run_entry(const struct rv_run_pass *pass, const struct rv_step *step)
{
	const struct rv_kmod_entry *e = step->entry < pass->blob->count
					? &pass->blob->entries[step->entry] : NULL;

	return e && e->rule ? e : NULL;
}

void rv_run_rule(struct rv_buf *b, const struct rv_kmod_entry *e)
{
	rv_render_rule(b, e->chain->table->ruleset->family, e->chain->name, e->rule,
		       RV_COUNTERS_NONE);
	if (rv_buf_ok(b) && b->len && b->data[b->len - 1] == '\n')
		b->len--;
}

/* *i counts the engine's selectors, then the others. */
const char *rv_run_looked(const struct rv_run_pass *pass, unsigned int *i)
{
	static const char *const looks[] = { "payload", "state", "random", "time", "opaque" };

	for (; *i < RV_READS_COUNT; ++*i) {
		unsigned int n = *i;

		if (!rv_has_looked(&pass->record.looked, n))
			continue;
		++*i;
		if (n >= RV_READS_PAYLOAD)
			return looks[n - RV_READS_PAYLOAD];
		if (rv_kmod_sel_back(n) != RV_SEL_NONE)
			return rv_selectors[rv_kmod_sel_back(n)].name;
	}
	while (*i < RV_READS_COUNT + RV_SEL_COUNT) {
		unsigned int sel = (*i)++ - RV_READS_COUNT;

		if (rv_sel_has(&pass->looked, sel))
			return rv_selectors[sel].name;
	}
	return NULL;
}

const union nf_inet_addr *rv_run_address(const struct rv_run_packet *p, bool source,
					 union nf_inet_addr *addr)
{
	const struct rv_family_def *f = rv_family(p->frame->family);

	memset(addr, 0, sizeof(*addr));
	memcpy(addr, p->frame->data + (source ? f->source : f->destination), f->address_len);
	return addr;
}

bool rv_run_ports(const struct rv_run_packet *p, uint16_t *sport, uint16_t *dport)
{
	const struct rv_frame *f = p->frame;
	uint16_t ports[2];

	if (p->pkt->fragoff || p->pkt->thoff > f->len || f->len - p->pkt->thoff < sizeof(ports) ||
	    !rv_protocol_has_ports(p->pkt->proto))
		return false;
	memcpy(ports, f->data + p->pkt->thoff, sizeof(ports));
	*sport = ntohs(ports[0]);
	*dport = ntohs(ports[1]);
	return true;
}
