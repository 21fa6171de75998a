/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads packets from capture files (pcap or pcapng, with libpcap) and removes the link layer:
 * Ethernet with VLAN tags, raw IP, Linux cooked v1 and v2, BSD loopback.
 */
#ifndef RAVELIN_CAPTURE_H
#define RAVELIN_CAPTURE_H

#include <stdint.h>
#include <stdio.h>

#include <ravelin/error.h>
#include <ravelin/ir.h>

struct rv_capture;

/* A packet. Pointers are valid until the next one is read. */
struct rv_frame {
	uint64_t number;		/* packet number in the capture, from 1 */
	uint64_t time;			/* nanoseconds since 1970 */
	uint32_t captured, length;	/* bytes captured, and original length of the frame */
	const uint8_t *data;		/* starts with the network header */
	uint32_t len;			/* bytes at data, at most the length in the header */
	const uint8_t *ether;		/* Ethernet header, 14 bytes, or NULL */
	rv_family_t family;		/* NFPROTO_IPV4, NFPROTO_IPV6; 0: not IP */
	uint8_t pkttype;		/* PACKET_HOST, ... of linux/if_packet.h */
	bool truncated;			/* not captured completely (snap length) */
	uint32_t whole;			/* original length of the packet; len bytes are captured */
	const char *malformed;		/* why every host drops it; NULL: well-formed */
};

/* Opens a capture file, "-" is stdin. NULL with err set. rv_capture_close(NULL) is a no-op. */
struct rv_capture *rv_capture_open(const char *path, struct rv_error *err);
/* The same for an open stream, taking ownership; name is for messages. */
struct rv_capture *rv_capture_stream(FILE *file, const char *name, struct rv_error *err);
void rv_capture_close(struct rv_capture *c);

/* Returns 1; 0 at the end; -1 with err set, also if the file ends within a packet. */
int rv_capture_next(struct rv_capture *c, struct rv_frame *f, struct rv_error *err);

#endif
