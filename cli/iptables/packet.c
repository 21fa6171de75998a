/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers of a traced packet on one line, as printed by xtables-monitor. */
#include <arpa/inet.h>
#include <net/if_arp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include <ravelin/event.h>

#include "cli/iptables/iptables.h"

#define ETHERNET_LEN 14

static void add_interface(struct rv_buf *b, const char *word, uint32_t index)
{
	char name[IFNAMSIZ];

	if (!index)
		return;
	if (if_indextoname(index, name))
		rv_buf_printf(b, "%s=%s ", word, name);
	else
		rv_buf_printf(b, "%s=%u ", word, index);
}

static void add_mac(struct rv_buf *b, const char *word, const unsigned char *mac)
{
	rv_buf_printf(b, "%s=%x:%x:%x:%x:%x:%x ", word, mac[0], mac[1], mac[2], mac[3], mac[4],
		      mac[5]);
}

static void add_hex(struct rv_buf *b, const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		rv_buf_printf(b, "%02x", data[i]);
}

static void add_link(struct rv_buf *b, const struct rv_trace *t)
{
	const struct rv_header *h = &t->link;

	if (t->in_type == ARPHRD_LOOPBACK) {
		if (h->data)
			rv_buf_puts(b, "LOOPBACK ");
	} else if (t->in_type == ARPHRD_ETHER && h->len >= ETHERNET_LEN) {
		add_mac(b, "MACSRC", h->data + 6);
		add_mac(b, "MACDST", h->data);
		rv_buf_printf(b, "MACPROTO=%02x%02x ", h->data[12], h->data[13]);
	} else if (h->len) {
		rv_buf_printf(b, "LL=0x%x ", t->in_type);
		add_hex(b, h->data, h->len);
		rv_buf_putc(b, ' ');
	}
}

/* ---- transport headers ----------------------------------------------------------------- */

static void add_ports(struct rv_buf *b, const struct rv_header *h)
{
	uint16_t ports[2];

	if (h->len < sizeof(ports))
		return;
	memcpy(ports, h->data, sizeof(ports));
	rv_buf_printf(b, "SPORT=%u DPORT=%u ", ntohs(ports[0]), ntohs(ports[1]));
}

static void add_tcp(struct rv_buf *b, const struct rv_header *h)
{
	struct tcphdr tcp;

	if (h->len < sizeof(tcp))
		return;
	memcpy(&tcp, h->data, sizeof(tcp));
	add_ports(b, h);
	rv_buf_puts(b, tcp.syn ? "SYN " : "");
	rv_buf_puts(b, tcp.ack ? "ACK " : "");
	rv_buf_puts(b, tcp.fin ? "FIN " : "");
	rv_buf_puts(b, tcp.rst ? "RST " : "");
	rv_buf_puts(b, tcp.psh ? "PSH " : "");
	rv_buf_puts(b, tcp.urg ? "URG " : "");
}

/* Protocols with ports have them in the first four bytes. */
static void add_transport(struct rv_buf *b, uint8_t proto, const struct rv_header *h)
{
	switch (proto) {
	case IPPROTO_TCP:
		add_tcp(b, h);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		add_ports(b, h);
		break;
	default:
		break;
	}
}

/* ---- network headers ------------------------------------------------------------------------- */

static void add_fragment(struct rv_buf *b, uint16_t frag)
{
	rv_buf_puts(b, frag & 0x8000 ? "CE " : "");
	rv_buf_puts(b, frag & 0x4000 ? "DF " : "");
	rv_buf_puts(b, frag & 0x2000 ? "MF " : "");
	if (frag & 0x1fff)
		rv_buf_printf(b, "FRAG:%u ", frag & 0x1fff);
}

static void add_ipv4(struct rv_buf *b, const struct rv_trace *t)
{
	char source[INET_ADDRSTRLEN], destination[INET_ADDRSTRLEN];
	const struct rv_header *h = &t->network;
	size_t head;
	struct iphdr ip;

	if (h->len < sizeof(ip))
		return;
	memcpy(&ip, h->data, sizeof(ip));
	inet_ntop(AF_INET, &ip.saddr, source, sizeof(source));
	inet_ntop(AF_INET, &ip.daddr, destination, sizeof(destination));
	rv_buf_printf(b, "SRC=%s DST=%s LEN=%u TOS=0x%x TTL=%u ID=%u ", source, destination,
		      ntohs(ip.tot_len), ip.tos, ip.ttl, ntohs(ip.id));
	add_fragment(b, ntohs(ip.frag_off));
	head = ip.ihl * 4;
	if (head > sizeof(ip) && head <= h->len) {
		rv_buf_puts(b, "OPT (");
		add_hex(b, h->data + sizeof(ip), head - sizeof(ip));
		rv_buf_puts(b, ") ");
	}
	/* Only the first fragment has ports. */
	if (!(ntohs(ip.frag_off) & 0x1fff))
		add_transport(b, ip.protocol, &t->transport);
}

/* The length printed is that of the packet, as for IPv4. */
static void add_ipv6(struct rv_buf *b, const struct rv_trace *t)
{
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
	struct ipv6hdr ip;
	uint32_t word;

	if (t->network.len < sizeof(ip))
		return;
	memcpy(&ip, t->network.data, sizeof(ip));
	memcpy(&word, t->network.data, sizeof(word));
	word = ntohl(word);
	inet_ntop(AF_INET6, &ip.saddr, source, sizeof(source));
	inet_ntop(AF_INET6, &ip.daddr, destination, sizeof(destination));
	rv_buf_printf(b, "SRC=%s DST=%s LEN=%zu TC=%u HOPLIMIT=%u FLOWLBL=%u ", source,
		      destination, ntohs(ip.payload_len) + sizeof(ip), word >> 20 & 0xff,
		      ip.hop_limit, word & 0xfffff);
	add_transport(b, ip.nexthdr, &t->transport);
}

void rv_cli_packet(struct rv_buf *b, const struct rv_trace *t)
{
	rv_buf_printf(b, "PACKET: %u %08x ", t->proto, t->id);
	add_interface(b, "IN", t->in);
	add_interface(b, "OUT", t->out);
	add_link(b, t);
	if (t->proto == NFPROTO_IPV4)
		add_ipv4(b, t);
	else if (t->proto == NFPROTO_IPV6)
		add_ipv6(b, t);
	if (t->has_mark)
		rv_buf_printf(b, "MARK=0x%x ", t->mark);
	rv_buf_putc(b, '\n');
}
