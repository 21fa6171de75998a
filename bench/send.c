// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * send INTERFACE MAC SECONDS: sends the same SYN, from 198.18.0.1 to 198.18.0.2, port 9, on an
 * interface for that time and prints
 *
 *	packets nanoseconds
 *
 * On a veth pair the peer processes each packet before the next is sent, so the time covers sending
 * and receiving.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/timing.h"

#define BURST	32

static uint8_t frame[54] = {
	[6] = 2, 0, 0, 0, 0, 1, 8, 0,
	0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 198, 18, 0, 1, 198, 18, 0, 2,
	0xc0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 255, 255,
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* IP header checksum (RFC 1071). */
static void put_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < 20; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = sum >> 8 & 0xff;
	ip[11] = sum & 0xff;
}

static int open_socket(const char *interface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;

	to.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || !to.sll_ifindex || bind(fd, (struct sockaddr *)&to, sizeof(to)))
		die(interface);
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		die("PACKET_QDISC_BYPASS");
	return fd;
}

int main(int argc, char **argv)
{
	unsigned long packets = 0;
	uint64_t start, end, last;
	int fd;

	if (argc != 4 || sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &frame[0], &frame[1],
				&frame[2], &frame[3], &frame[4], &frame[5]) != 6)
		return 2;
	put_checksum(frame + 14);
	fd = open_socket(argv[1]);
	start = last = clock_ns(CLOCK_MONOTONIC);
	end = start + (uint64_t)(atof(argv[3]) * 1e9);
	while (last < end) {
		for (unsigned int i = 0; i < BURST; i++)
			if (send(fd, frame, sizeof(frame), 0) != sizeof(frame))
				die("send");
		packets += BURST;
		last = clock_ns(CLOCK_MONOTONIC);
	}
	printf("%lu %" PRIu64 "\n", packets, last - start);
	return 0;
}
