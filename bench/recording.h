/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RAVELIN_BENCH_RECORDING_H
#define RAVELIN_BENCH_RECORDING_H

#include <stdint.h>

/*
 * What a program did on its NETLINK_NETFILTER sockets, in order: written by
 * record.so, read by floor. A file is RECORDING_MAGIC and then entries, each
 * followed by its payload, which is padded so that the next entry is aligned.
 * Host byte order and host struct layout: a recording is replayed where it
 * was made, minutes later.
 */
#define RECORDING_MAGIC	      "RVLREC01"
#define RECORDING_MAGIC_LEN   8
#define RECORDING_ALIGN(len)  (((len) + 7U) & ~7U)
#define RECORDING_MAX_SOCKETS 64

enum recording_kind {
	RECORDING_OPEN = 1, /* no payload; arg unused */
	RECORDING_OPTION,   /* payload: the value; arg: level << 16 | name */
	RECORDING_SEND,	    /* payload: the netlink messages of one send */
	RECORDING_RECEIVE,  /* no payload; arg: size of the buffer offered */
};

struct recording_entry {
	uint32_t kind;
	uint32_t socket; /* 0, 1, ...: order in which they were opened */
	uint32_t arg;
	uint32_t len; /* of the payload, without padding */
};

#endif
