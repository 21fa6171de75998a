/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequences of packets through connection tracking, in a small table.
 *
 * Input: a byte, then for 0 to 239: so many bytes of a packet; for more, by the lower four bits:
 * seconds that pass, 0 removes all connections, 1 changes the size of the table.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/engine/ct.h"
#include "kernel/user/user.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX	8

static int kill_conn(struct rv_conn *c, void *arg)
{
	rv_ct_kill(arg, c);
	return 0;
}

/* From an address and port to the same: both directions have one tuple. */
static bool is_to_itself(const struct rv_conn *c)
{
	const struct rv_tuple a = rv_conn_tuple(c, RV_CT_ORIGINAL), b = rv_conn_tuple(c, RV_CT_REPLY);

	return !memcmp(&a, &b, sizeof(a));
}

/* Its tuples find it, and state and time are within bounds. */
static int check_conn(struct rv_conn *c, void *arg)
{
	struct rv_ct *ct = arg;

	for (unsigned int i = 0; i < RV_CT_DIRS; i++) {
		const struct rv_tuple t = rv_conn_tuple(c, i);
		enum rv_ct_dir dir;
		struct rv_conn *found = rv_ct_find(ct, &t, 3, &dir);

		if (found != c || (dir != i && !is_to_itself(c)))
			abort();
		rv_conn_put(ct, found);
		if (rv_tuple_proto(&t) == IPPROTO_TCP && c->proto.tcp.state >= TCP_CONNTRACK_MAX)
			abort();
	}
	if (c->expires - rv_ct_now() > 5 * 24 * 3600 * RV_SECOND ||
	    !c->serial)
		abort();
	return 0;
}

static void send_packet(struct rv_ct *ct, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);	/* a sanitizer sees its end */
	struct rv_user_packet p = { 0 };

	if (!copy)
		abort();
	memcpy(copy, bytes, len);
	if (!rv_user_packet_init(&p, copy, (uint32_t)len, (uint32_t)len)) {
		p.pkt.hook = NF_INET_PRE_ROUTING;
		if (rv_ct_in(ct, &p.pkt) == NF_ACCEPT && p.pkt.track.why >= RVK_CT_WHYS)
			abort();
		rv_ct_out(ct, &p.pkt);
		rv_ct_leave(ct, &p.pkt);
	}
	free(copy);
}

static void disturb(struct rv_ct *ct, unsigned int what, uint64_t *now)
{
	if (!what)
		rv_ct_each(ct, kill_conn, ct);
	else if (what == 1)
		rv_ct_resize(ct, rv_ct_buckets(ct) == 2 ? 8 : 2);
	*now += what * what * what * RV_SECOND;
	rv_user_set_clock(*now);
	rv_ct_gc(ct, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_ct_config config = rv_ct_defaults;
	uint64_t now = RV_SECOND;
	struct rv_ct *ct;

	config.max = MAX;
	config.buckets = 2;
	config.checksum = size & 1;
	config.acct = true;
	rv_user_set_clock(now);
	ct = rv_ct_new(&config, RV_USER_SLOTS);
	if (!ct)
		abort();
	while (size--) {
		const uint8_t what = *data++;
		const size_t len = what < 0xf0 && what < size ? what : size;

		if (what >= 0xf0) {
			disturb(ct, what & 0xf, &now);
			continue;
		}
		send_packet(ct, data, len);
		data += len;
		size -= len;
		if (rv_ct_count(ct) > MAX)
			abort();
	}
	rv_ct_each(ct, check_conn, ct);
	rv_ct_free(ct);
	if (rv_user_live())
		abort();
	return 0;
}
