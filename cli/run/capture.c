/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Link layers: the types and headers of https://www.tcpdump.org/linktypes.html; IEEE 802.1Q
 * for VLAN tags. Network headers: RFC 791, RFC 8200.
 */
#include <errno.h>
#include <pcap/pcap.h>		/* before kernel headers, which skip what it defines */
#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <ravelin/library.h>

#include "cli/run/capture.h"

/* limit of VLAN tags: service tag, customer tag, and two more */
#define MAX_TAGS 4

struct link_layer;

struct rv_capture {
	pcap_t *pcap;
	const struct link_layer *link;
	const char *name;
	uint64_t number;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static rv_family_t family_of(uint16_t ethertype)
{
	return ethertype == ETH_P_IP ? NFPROTO_IPV4 : ethertype == ETH_P_IPV6 ? NFPROTO_IPV6 : 0;
}

/* ---- libpcap -------------------------------------------------------------------------------- */

/* Loaded on demand: it depends on ten more libraries, which iptables commands must not load. */
#define FUNCTIONS(X)							\
	X(fopen_offline_with_tstamp_precision)				\
	X(datalink)							\
	X(datalink_val_to_name)						\
	X(next_ex)							\
	X(geterr)							\
	X(close)

static struct {
#define RV_X(name) typeof(pcap_##name) *name;
	FUNCTIONS(RV_X)
#undef RV_X
} pcap_lib;

static const struct rv_symbol pcap_symbols[] = {
#define RV_X(name) { "pcap_" #name, &pcap_lib.name },
	FUNCTIONS(RV_X)
#undef RV_X
	{ NULL, NULL },
};

/* Debian's soname and upstream's. */
static const char *const pcap_sonames[] = { "libpcap.so.0.8", "libpcap.so.1", NULL };

static const struct rv_library pcap_library = {
	.sonames = pcap_sonames,
	.symbols = pcap_symbols,
	.lacking = "captures cannot be read",
	.hint = "install libpcap (Debian: libpcap0.8)",
};

/* ---- link layers: locate the network header and its protocol ----------------------------- */

static void skip(struct rv_frame *f, uint32_t bytes)
{
	f->data += bytes;
	f->len -= bytes;
}

/* at: offset of the EtherType, after which the network header follows, possibly after VLAN tags. */
static void skip_tags(struct rv_frame *f, uint32_t at)
{
	uint16_t type = get16(f->data + at);

	skip(f, at + 2);
	for (int i = 0; i < MAX_TAGS && (type == ETH_P_8021Q || type == ETH_P_8021AD); i++) {
		if (f->len < 4)
			return;
		type = get16(f->data + 2);
		skip(f, 4);
	}
	f->family = family_of(type);
}

static void ethernet(struct rv_frame *f)
{
	static const uint8_t all[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	f->ether = f->data;
	if (!memcmp(f->data, all, sizeof(all)))
		f->pkttype = PACKET_BROADCAST;
	else if (f->data[0] & 1)
		f->pkttype = PACKET_MULTICAST;
	skip_tags(f, 12);
}

/* Raw IP: the version determines the family. */
static void raw(struct rv_frame *f)
{
	uint8_t version = f->len ? f->data[0] >> 4 : 0;

	f->family = version == 4 ? NFPROTO_IPV4 : version == 6 ? NFPROTO_IPV6 : 0;
}

static void cooked(struct rv_frame *f)
{
	uint16_t type = get16(f->data);

	f->pkttype = type <= PACKET_OUTGOING ? type : PACKET_HOST;
	skip_tags(f, 14);
}

static void cooked2(struct rv_frame *f)
{
	f->family = family_of(get16(f->data));
	f->pkttype = f->data[10] <= PACKET_OUTGOING ? f->data[10] : PACKET_HOST;
	skip(f, 20);
}

/* The family is in the byte order of the capturing machine; uses the IP version instead. */
static void bsd_loopback(struct rv_frame *f)
{
	skip(f, 4);
	raw(f);
}

static const struct link_layer {
	int type;
	uint32_t header;		/* minimum length */
	void (*strip)(struct rv_frame *f);
} links[] = {
	{ DLT_EN10MB, 14, ethernet },
	{ DLT_RAW, 0, raw },
	{ DLT_IPV4, 0, raw },
	{ DLT_IPV6, 0, raw },
	{ DLT_LINUX_SLL, 16, cooked },
	{ DLT_LINUX_SLL2, 20, cooked2 },
	{ DLT_NULL, 4, bsd_loopback },
	{ DLT_LOOP, 4, bsd_loopback },
};

static const struct link_layer *find_link(int type)
{
	for (unsigned int i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (links[i].type == type)
			return &links[i];
	return NULL;
}

/* ---- network headers: malformed packets that the kernel drops before the hooks ------------ */

/* Removes link-layer padding after the end of the packet. */
static void cut(struct rv_frame *f, uint32_t total)
{
	if (total < f->len)
		f->len = total;
	f->truncated = total > f->len;
	f->whole = total;
}

static const char *check_ipv4(struct rv_frame *f, uint32_t behind)
{
	uint32_t header, total;

	if (f->len < 20)
		return "shorter than an IPv4 header";
	header = (f->data[0] & 15) * 4u;
	total = get16(f->data + 2);
	if (f->data[0] >> 4 != 4)
		return "not version 4";
	if (header < 20 || header > total)
		return "IPv4 header length";
	if (total > f->len + behind)
		return "IPv4 total length";
	cut(f, total);
	return f->len < header ? "IPv4 options are cut off" : NULL;
}

/* Payload length 0 may be a jumbogram (RFC 2675): uses the captured length. */
static const char *check_ipv6(struct rv_frame *f, uint32_t behind)
{
	uint32_t payload;

	if (f->len < 40)
		return "shorter than an IPv6 header";
	payload = get16(f->data + 4);
	if (f->data[0] >> 4 != 6)
		return "not version 6";
	if (payload + 40 > f->len + behind)
		return "IPv6 payload length";
	if (payload || f->data[6] != 0)
		cut(f, payload + 40);
	else
		cut(f, f->len + behind);
	return NULL;
}

static void check_packet(struct rv_frame *f)
{
	uint32_t behind = f->length > f->captured ? f->length - f->captured : 0;

	if (f->family == NFPROTO_IPV4)
		f->malformed = check_ipv4(f, behind);
	else if (f->family == NFPROTO_IPV6)
		f->malformed = check_ipv6(f, behind);
}

/* ---- the interface -------------------------------------------------------------------------- */

static struct rv_capture *new_capture(pcap_t *pcap, const char *name, struct rv_error *err)
{
	const struct link_layer *link = find_link(pcap_lib.datalink(pcap));
	const char *type = pcap_lib.datalink_val_to_name(pcap_lib.datalink(pcap));
	struct rv_capture *c;

	if (!link) {
		rv_fail(err, RV_ERR_PROBLEM, NULL, "%s: link type %d (%s) is not supported", name,
			pcap_lib.datalink(pcap), type ? type : "unknown");
		rv_hint(err, "supported: Ethernet, raw IP, Linux cooked, BSD loopback");
		pcap_lib.close(pcap);
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		rv_fail_memory(err);
		pcap_lib.close(pcap);
		return NULL;
	}
	*c = (struct rv_capture){ .pcap = pcap, .link = link, .name = name };
	return c;
}

struct rv_capture *rv_capture_stream(FILE *file, const char *name, struct rv_error *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap;

	if (rv_library_load(&pcap_library, err)) {
		fclose(file);
		return NULL;
	}
	pcap = pcap_lib.fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!pcap) {
		fclose(file);
		rv_fail(err, RV_ERR_PROBLEM, NULL, "%s: %s", name, why);
		return NULL;
	}
	return new_capture(pcap, name, err);
}

struct rv_capture *rv_capture_open(const char *path, struct rv_error *err)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "rbe") : stdin;

	if (!file) {
		rv_fail(err, RV_ERR_PROBLEM, NULL, "cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	return rv_capture_stream(file, path, err);
}

void rv_capture_close(struct rv_capture *c)
{
	if (!c)
		return;
	pcap_lib.close(c->pcap);
	free(c);
}

int rv_capture_next(struct rv_capture *c, struct rv_frame *f, struct rv_error *err)
{
	struct pcap_pkthdr *head;
	const u_char *data;
	int rc = pcap_lib.next_ex(c->pcap, &head, &data);

	if (rc == PCAP_ERROR_BREAK)
		return 0;
	if (rc != 1)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "%s: packet %llu: %s", c->name,
			       (unsigned long long)c->number + 1, pcap_lib.geterr(c->pcap));
	*f = (struct rv_frame){
		.number = ++c->number,
		.time = (uint64_t)head->ts.tv_sec * 1000000000 + (uint64_t)head->ts.tv_usec,
		.captured = head->caplen,
		.length = head->len,
		.data = data,
		.len = head->caplen,
		.pkttype = PACKET_HOST,
	};
	if (f->len < c->link->header) {
		f->malformed = "shorter than its link layer's header";
		return 1;
	}
	c->link->strip(f);
	check_packet(f);
	return 1;
}
