/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of a capture file (pcap or pcapng, read by libpcap), with the link layer taken
 * off: Ethernet (VLAN tags too), raw IP, Linux cooked (both versions), BSD loopback.
 */
#ifndef RAVELIN_CAPTURE_H
#define RAVELIN_CAPTURE_H

#include <stdint.h>
#include <stdio.h>

#include <ravelin/error.h>
#include <ravelin/ir.h>

struct rv_capture;

/* One packet. What it points to is valid until the next one is read. */
struct rv_frame {
	uint64_t number;		/* in the capture, from 1 */
	uint64_t time;			/* nanoseconds since 1970 */
	uint32_t captured, length;	/* bytes of the frame that are there, and on the wire */
	const uint8_t *data;		/* from the network header on */
	uint32_t len;			/* bytes at data, not more than the header says */
	const uint8_t *ether;		/* the Ethernet header, 14 bytes, or NULL */
	rv_family_t family;		/* NFPROTO_IPV4, NFPROTO_IPV6; 0: no IP */
	uint8_t pkttype;		/* PACKET_HOST, ... of linux/if_packet.h */
	bool truncated;			/* the capture has only the first bytes */
	uint32_t whole;			/* the packet's own length, of which len is there */
	const char *malformed;		/* what makes every host drop it; NULL: nothing */
};

/* Opens a capture, "-" is stdin. NULL with err set. rv_capture_close(NULL) does nothing. */
struct rv_capture *rv_capture_open(const char *path, struct rv_error *err);
/* The same for an open stream, which is then owned; name is for messages. */
struct rv_capture *rv_capture_stream(FILE *file, const char *name, struct rv_error *err);
void rv_capture_close(struct rv_capture *c);

/* Returns 1, 0 at the end, or -1 with err set (the file ends within a packet). */
int rv_capture_next(struct rv_capture *c, struct rv_frame *f, struct rv_error *err);

#endif
