/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracking of TCP: a state table and windows (RFC 9293, 7323, 2018, 5961). The tracker sees
 * segments before the receiver does, and segments may be lost after it has seen them. It therefore
 * tracks what each end may have received, and passes segments that only the receiver can judge.
 */
#include "ct.h"

#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define ACK	0x10
#define URG	0x20
#define CHECKED	(FIN | SYN | RST | ACK | URG)

#define OPTION_SCALE	3	/* RFC 7323, 2.2 */
#define OPTION_SACK_OK	4	/* RFC 2018, 2 */
#define OPTION_SACK	5	/* RFC 2018, 3 */
#define SCALE_MAX	14	/* RFC 7323, 2.3 */

#define ACK_WINDOW	66000	/* how old an acknowledgement may be, in bytes */

/* ---- states ------------------------------------------ */

enum {
	NO = TCP_CONNTRACK_NONE, SS = TCP_CONNTRACK_SYN_SENT, SR = TCP_CONNTRACK_SYN_RECV,
	ES = TCP_CONNTRACK_ESTABLISHED, FW = TCP_CONNTRACK_FIN_WAIT, CW = TCP_CONNTRACK_CLOSE_WAIT,
	LA = TCP_CONNTRACK_LAST_ACK, TW = TCP_CONNTRACK_TIME_WAIT, CL = TCP_CONNTRACK_CLOSE,
	S2 = TCP_CONNTRACK_SYN_SENT2, IG = RV_TCP_IGNORE, IV = RV_TCP_INVALID,
};

/*
 * The next state, indexed by direction, kind of segment and current state. The comment below each
 * row gives the reason for its cells.
 *
 * Column NO: no connection yet. Only a SYN, or an ACK of a connection that is picked up in the
 * middle, creates one, in the original direction; the other cells are invalid.
 */
static const uint8_t states[RV_CT_DIRS][RV_TCP_KINDS][TCP_CONNTRACK_MAX] = {
	[RV_CT_ORIGINAL] = {
		/*		   NO  SS  SR  ES  FW  CW  LA  TW  CL  S2 */
		[RV_TCP_SYN]	= { SS, SS, IG, IG, IG, IG, IG, SS, SS, S2 },
		/*
		 * NO: opens; SS: retransmission; SR to LA: the tracker may be out of sync, the
		 * server's answer decides; TW, CL: reopens (RFC 9293, 3.6.1); S2: late
		 * retransmission.
		 */
		[RV_TCP_SYNACK]	= { IV, IV, SR, IV, IV, IV, IV, IV, IV, SR },
		/*
		 * SS: a client cannot answer its own SYN; SR: retransmission after a simultaneous
		 * open; ES to CL: clients do not send it; S2: simultaneous open, answers the SYN
		 * of the other end.
		 */
		[RV_TCP_FIN]	= { IV, IV, FW, FW, LA, LA, LA, TW, CL, IV },
		/*
		 * SS, S2: nothing to close before SYN-ACK; SR, ES: first FIN; FW, CW: second FIN,
		 * or retransmission of the first; LA, TW, CL: retransmission.
		 */
		[RV_TCP_ACK]	= { ES, IV, ES, ES, CW, CW, TW, TW, CL, IV },
		/*
		 * NO: picked up in the middle; SS, S2: nothing to acknowledge yet; SR: handshake
		 * complete; ES: data; FW: acknowledges FIN; CW: data; LA: acknowledges the second
		 * FIN; TW: retransmission; CL: late.
		 */
		[RV_TCP_RST]	= { IV, CL, CL, CL, CL, CL, CL, CL, CL, CL },
		/* Aborts the connection if it is in the window. */
		[RV_TCP_NONE]	= { IV, IV, IV, IV, IV, IV, IV, IV, IV, IV },
		/* A segment without flags. */
	},
	[RV_CT_REPLY] = {
		/*		   NO  SS  SR  ES  FW  CW  LA  TW  CL  S2 */
		[RV_TCP_SYN]	= { IV, S2, IV, IV, IV, IV, IV, SS, IV, S2 },
		/*
		 * SS: simultaneous open; SR to LA, CL: servers do not send it; TW: reopens with
		 * the roles exchanged; S2: retransmission.
		 */
		[RV_TCP_SYNACK]	= { IV, SR, IG, IG, IG, IG, IG, IG, IG, SR },
		/*
		 * SS, S2: second step of the handshake; SR to CL: retransmitted or late, or the
		 * answer to a SYN that was passed without tracking it.
		 */
		[RV_TCP_FIN]	= { IV, IV, FW, FW, LA, LA, LA, TW, CL, IV },
		/* As in the other direction. */
		[RV_TCP_ACK]	= { IV, IG, SR, ES, CW, CW, TW, TW, CL, IG },
		/*
		 * SS, S2: the server has an old half-open connection, which the client's RST will
		 * end; SR: answers a late SYN; others: as in the other direction.
		 */
		[RV_TCP_RST]	= { IV, CL, CL, CL, CL, CL, CL, CL, CL, CL },
		[RV_TCP_NONE]	= { IV, IV, IV, IV, IV, IV, IV, IV, IV, IV },
	},
};

uint8_t rv_tcp_next(enum rv_ct_dir dir, enum rv_tcp_kind kind, unsigned int state)
{
	return states[dir][kind][state];
}

const char *rv_tcp_state_name(unsigned int state)
{
	static const char *const names[TCP_CONNTRACK_MAX] = {
		"NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK",
		"TIME_WAIT", "CLOSE", "SYN_SENT2",
	};

	return names[state];
}

bool rv_ct_tcp_closing(const struct rv_tcp *tcp)
{
	const uint8_t state = rv_relaxed(tcp->state);

	return state >= FW && state <= CL;
}

/* ---- segments ------------------------------------------ */

struct segment {
	uint8_t flags;
	enum rv_tcp_kind kind;
	uint32_t seq, end, ack, sack;	/* end: sequence number after the data, SYN and FIN */
	uint32_t win;			/* scaled once the sender is known */
	uint16_t header_win;
	bool has_options;
	uint8_t scale, options;		/* of a SYN: IP_CT_TCP_FLAG_* */
};

/* Compares sequence numbers, which wrap around. */
static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static bool is_after(uint32_t a, uint32_t b)
{
	return is_before(b, a);
}

static enum rv_tcp_kind kind_of(uint8_t flags)
{
	if (flags & RST)
		return RV_TCP_RST;
	if (flags & SYN)
		return flags & ACK ? RV_TCP_SYNACK : RV_TCP_SYN;
	if (flags & FIN)
		return RV_TCP_FIN;
	return flags & ACK ? RV_TCP_ACK : RV_TCP_NONE;
}

/* Sets s->sack to the highest right edge of the SACK blocks. */
static void take_sack(struct segment *s, const uint8_t *option, unsigned int len)
{
	if (len < 10 || (len - 2) % 8)
		return;
	for (unsigned int i = 2; i < len; i += 8)
		if (is_after(rv_be32(option + i + 4), s->sack))
			s->sack = rv_be32(option + i + 4);
}

static void take_option(struct segment *s, const uint8_t *option, unsigned int len)
{
	if (option[0] == OPTION_SACK_OK && len == 2)
		s->options |= IP_CT_TCP_FLAG_SACK_PERM;
	if (option[0] == OPTION_SCALE && len == 3) {
		s->options |= IP_CT_TCP_FLAG_WINDOW_SCALE;
		s->scale = option[2] < SCALE_MAX ? option[2] : SCALE_MAX;
	}
	if (option[0] == OPTION_SACK)
		take_sack(s, option, len);
}

/* Reads the options that tracking uses, up to the first truncated one. */
static void take_options(struct segment *s, const uint8_t *options, unsigned int len)
{
	unsigned int i = 0;

	while (i < len && options[i]) {
		if (options[i] == 1) {
			i++;
			continue;
		}
		if (i + 1 == len || options[i + 1] < 2 || options[i + 1] > len - i)
			return;
		take_option(s, options + i, options[i + 1]);
		i += options[i + 1];
	}
}

/* Reads the header, which rv_ct_tcp_check() found to be complete. */
static void read_segment(const struct rv_pkt *pkt, struct segment *s)
{
	uint8_t buf[60];
	const uint8_t *h = rv_pkt_pull(pkt, pkt->thoff, RV_TCP_HEADER, buf);
	const unsigned int header = (h[12] >> 4) * 4U;

	*s = (struct segment){ .flags = h[13] & CHECKED, .seq = rv_be32(h + 4),
			       .ack = rv_be32(h + 8), .win = rv_be16(h + 14),
			       .header_win = rv_be16(h + 14) };
	s->kind = kind_of(s->flags);
	s->sack = s->ack;
	s->end = s->seq + (pkt->len - pkt->thoff - header) + !!(s->flags & SYN) + !!(s->flags & FIN);
	s->has_options = header > RV_TCP_HEADER;
	h = rv_pkt_pull(pkt, pkt->thoff, header, buf);
	if (h)
		take_options(s, h + RV_TCP_HEADER, header - RV_TCP_HEADER);
}

/* Returns whether the combination of flags is valid. ECE, CWR and PSH may be added to any. */
static bool flags_valid(uint8_t flags)
{
	static const uint8_t valid[] = {
		SYN, SYN | URG, SYN | ACK, RST, RST | ACK, FIN | ACK, FIN | ACK | URG, ACK, ACK | URG,
	};

	for (unsigned int i = 0; i < sizeof(valid); i++)
		if ((flags & CHECKED) == valid[i])
			return true;
	return false;
}

enum rvk_ct_why rv_ct_tcp_check(const struct rv_ct *ct, const struct rv_pkt *pkt)
{
	uint8_t buf[RV_TCP_HEADER];
	const uint8_t *h = rv_pkt_pull(pkt, pkt->thoff, RV_TCP_HEADER, buf);
	const uint32_t header = (h[12] >> 4) * 4U;

	if (header < RV_TCP_HEADER || header > pkt->len - pkt->thoff)
		return RVK_CT_SHORT;
	if (rv_ct_sum_is_wrong(ct, pkt, true))
		return RVK_CT_CHECKSUM;
	return flags_valid(h[13]) ? RVK_CT_VALID : RVK_CT_FLAGS;
}

/* ---- windows ------------------------------------------ */

enum window {
	IN_WINDOW,
	LET_PASS,			/* outside, but may be answered: pass untracked */
	SEQ_ABOVE, ACK_ABOVE,		/* number too high: invalid */
};

/* A segment being processed. */
struct tcp_step {
	struct rv_ct_step *step;
	struct rv_tcp *tcp;
	struct rv_tcp_end *sender, *receiver;
	struct segment seg;
	enum rv_ct_dir dir;
	uint8_t old, new;		/* states */
};

static uint32_t window_or_one(uint32_t win)
{
	return win ? win : 1;
}

/*
 * Initialises the sender from its SYN. Windows are scaled only if both SYNs have the option (RFC
 * 7323, 2.2).
 */
static void start_sender(struct tcp_step *t)
{
	const struct segment *seg = &t->seg;

	t->sender->end = t->sender->max_end = seg->end;
	t->sender->max_win = window_or_one(seg->win);
	if (seg->has_options) {
		t->sender->flags = (t->sender->flags & IP_CT_TCP_FLAG_BE_LIBERAL) | seg->options;
		t->sender->scale = seg->scale;
	}
	if (t->dir == RV_CT_REPLY && !(t->sender->flags & t->receiver->flags & IP_CT_TCP_FLAG_WINDOW_SCALE))
		t->sender->scale = t->receiver->scale = 0;
}

/* Initialises the sender from the first segment seen of it, in the middle of a connection. */
static void pick_up_sender(struct tcp_step *t)
{
	const struct segment *seg = &t->seg;

	t->sender->end = seg->end;
	t->sender->max_win = window_or_one(seg->win << t->sender->scale);
	t->sender->max_end = seg->end + t->sender->max_win;
	if (!t->receiver->max_win)
		t->receiver->end = t->receiver->max_end = seg->sack;
	else if (seg->sack == t->receiver->end + 1)
		t->receiver->end++;	/* the segment answers a keep-alive */
}

/* Sets the sender's window from its first segment. Returns true if no further check is needed. */
static bool start_window(struct tcp_step *t)
{
	const struct segment *seg = &t->seg;
	const bool syn = seg->flags & SYN;

	if (!t->sender->max_win && !syn) {
		pick_up_sender(t);
		return false;
	}
	if (t->sender->max_win &&
	    !(syn && is_after(seg->end, t->sender->end) && (t->tcp->state == SS || t->tcp->state == SR)))
		return false;
	start_sender(t);
	return t->dir == RV_CT_REPLY && !(seg->flags & ACK);
}

/* Fills in valid values for the numbers that the segment does not contain. */
static void fill_in(struct tcp_step *t)
{
	struct segment *seg = &t->seg;

	if (!(seg->flags & ACK) || (seg->flags & RST && !seg->ack))
		seg->ack = seg->sack = t->receiver->end;
	if (seg->flags & RST && !seg->seq && t->tcp->state == SS)
		seg->seq = seg->end = t->sender->end;
}

static bool ack_is_late(const struct tcp_step *t)
{
	const uint32_t win = t->sender->max_win > ACK_WINDOW ? t->sender->max_win : ACK_WINDOW;

	return !is_after(t->seg.sack, t->receiver->end - win - 1);
}

static bool begins_after_window(const struct tcp_step *t)
{
	return !is_before(t->seg.seq, t->sender->max_end + 1);
}

static bool ends_before_window(const struct tcp_step *t)
{
	return !is_after(t->seg.end, t->sender->end - t->receiver->max_win - 1);
}

/*
 * Handles a segment slightly beyond the window, which some senders send. If the rules accept it and
 * the receiver acknowledges it, later segments must not become invalid because of it.
 */
static enum window beyond_window(struct tcp_step *t)
{
	const uint32_t over = t->seg.end - t->sender->max_end + 1;

	if (!t->receiver->max_win || ends_before_window(t) || ack_is_late(t) ||
	    over > t->receiver->max_win || is_after(t->seg.sack, t->receiver->end))
		return SEQ_ABOVE;
	t->sender->end = t->seg.end;
	t->sender->flags |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
	return LET_PASS;
}

static enum window place_of(struct tcp_step *t)
{
	if (begins_after_window(t))
		return beyond_window(t);
	if (is_after(t->seg.sack, t->receiver->end))
		return ACK_ABOVE;
	if (t->receiver->max_win && ends_before_window(t))
		return LET_PASS;
	return ack_is_late(t) ? LET_PASS : IN_WINDOW;
}

static void note_ack(struct rv_tcp_end *sender, uint32_t ack)
{
	if (!(sender->flags & IP_CT_TCP_FLAG_MAXACK_SET) || is_after(ack, sender->max_ack))
		sender->max_ack = ack;
	sender->flags |= IP_CT_TCP_FLAG_MAXACK_SET;
}

static void move_windows(struct tcp_step *t)
{
	const struct segment *seg = &t->seg;
	struct rv_tcp_end *sender = t->sender, *receiver = t->receiver;

	if (sender->max_win < seg->win + (seg->sack - seg->ack))
		sender->max_win = seg->win + (seg->sack - seg->ack);
	if (is_after(seg->end, sender->end)) {
		sender->end = seg->end;
		sender->flags |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
	}
	if (seg->flags & ACK)
		note_ack(sender, seg->ack);
	if (receiver->max_win && is_after(seg->end, sender->max_end))
		receiver->max_win += seg->end - sender->max_end;
	if (is_after(seg->sack + seg->win, receiver->max_end - 1))
		receiver->max_end = seg->sack + window_or_one(seg->win);
	if (seg->ack == receiver->end)
		receiver->flags &= ~IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
}

static void count_repeats(struct tcp_step *t)
{
	const struct segment *seg = &t->seg;
	struct rv_tcp *tcp = t->tcp;

	if (seg->kind != RV_TCP_ACK)
		return;
	if (tcp->last_dir == t->dir && tcp->last_seq == seg->seq && tcp->last_ack == seg->ack &&
	    tcp->last_end == seg->end && tcp->last_win == seg->header_win) {
		tcp->repeats += tcp->repeats < UINT8_MAX;
		return;
	}
	tcp->last_dir = t->dir;
	tcp->last_seq = seg->seq;
	tcp->last_ack = seg->ack;
	tcp->last_end = seg->end;
	tcp->last_win = seg->header_win;
	tcp->repeats = 0;
}

static enum window check_window(struct tcp_step *t)
{
	enum window where;

	if (!(t->receiver->flags & IP_CT_TCP_FLAG_SACK_PERM))
		t->seg.sack = t->seg.ack;
	if (start_window(t))
		return IN_WINDOW;
	fill_in(t);
	where = place_of(t);
	if (where != IN_WINDOW)
		return t->sender->flags & IP_CT_TCP_FLAG_BE_LIBERAL || t->step->ct->config.tcp_be_liberal ?
		       IN_WINDOW : where;
	if (!(t->seg.flags & SYN))
		t->seg.win <<= t->sender->scale;
	move_windows(t);
	count_repeats(t);
	return IN_WINDOW;
}

/* ---- segments outside the states ------------------------------------------ */

static enum rv_ct_verdict invalid(struct tcp_step *t, enum rvk_ct_why why)
{
	t->step->why = why;
	return RV_CT_INVALID;
}

static void note_last(struct tcp_step *t)
{
	t->tcp->last_kind = t->seg.kind;
	t->tcp->last_dir = t->dir;
}

/* Starts again from the SYN that was passed untracked, now that the server has acknowledged it. */
static void follow_ignored(struct tcp_step *t)
{
	struct rv_tcp *tcp = t->tcp;
	struct rv_tcp_end *end = &tcp->ends[tcp->last_dir];

	t->old = SS;
	t->new = SR;
	end->end = end->max_end = tcp->last_end;
	end->max_win = window_or_one(tcp->last_win);
	end->scale = tcp->last_scale;
	tcp->last_flags &= ~IP_CT_EXP_CHALLENGE_ACK;
	end->flags = tcp->last_flags;
	*t->sender = (struct rv_tcp_end){ .flags = t->sender->flags & IP_CT_TCP_FLAG_BE_LIBERAL };
}

/*
 * Passes the segment without tracking it, because the tracker may be out of sync, and remembers it:
 * the answer will show whether it was valid. If the server answers a SYN with a challenge ACK (RFC
 * 5961, 4.2), that ACK must not be taken for the last one of the connection.
 */
static void ignore(struct tcp_step *t)
{
	struct rv_tcp *tcp = t->tcp;

	note_last(t);
	tcp->last_seq = t->seg.seq;
	tcp->last_end = t->seg.end;
	tcp->last_win = t->seg.header_win;
	if (t->seg.kind == RV_TCP_SYN && t->dir == RV_CT_ORIGINAL) {
		tcp->last_flags = t->seg.options;
		tcp->last_scale = t->seg.scale;
		if (t->old == LA)
			tcp->last_flags |= IP_CT_EXP_CHALLENGE_ACK;
	}
	if (t->old == SS && t->seg.kind == RV_TCP_ACK && t->dir == RV_CT_REPLY)
		tcp->last_ack = t->seg.ack;
}

static bool answers_ignored(const struct tcp_step *t)
{
	return t->seg.kind == RV_TCP_SYNACK && t->tcp->last_kind == RV_TCP_SYN &&
	       t->tcp->last_dir != t->dir && t->seg.ack == t->tcp->last_end;
}

static bool is_established(const struct tcp_step *t)
{
	return t->tcp->state == ES && rv_conn_status(t->step->conn) & IPS_ASSURED;
}

enum rst {
	RST_OPEN,			/* undecided */
	RST_WINDOW,			/* check the window as usual */
	RST_ACCEPT, RST_INVALID,
};

/*
 * Compares an RST's sequence number with what its receiver has acknowledged. Keeps the state if the
 * receiver will answer with a challenge ACK (RFC 5961, 3.2).
 */
static enum rst check_rst_number(struct tcp_step *t)
{
	const uint32_t max_ack = t->receiver->max_ack, seq = t->seg.seq;

	if (!seq && !is_established(t))
		return RST_WINDOW;
	if (is_before(seq, max_ack) && !t->step->ct->config.tcp_ignore_invalid_rst)
		return RST_INVALID;
	if (!is_established(t) || seq == max_ack)
		return RST_WINDOW;
	if (t->tcp->last_kind == RV_TCP_ACK && t->tcp->last_dir == t->dir && seq == t->tcp->last_end)
		return RST_WINDOW;
	t->new = t->old;
	return RST_OPEN;
}

/*
 * Returns whether the segment is the RST after a challenge ACK, by which a server that still has
 * an old connection answered the SYN.
 */
static bool answers_challenge(const struct tcp_step *t)
{
	return t->old == SS && t->tcp->last_kind == RV_TCP_ACK && t->tcp->last_dir == RV_CT_REPLY &&
	       t->seg.seq == t->tcp->last_ack;
}

static enum rst check_rst(struct tcp_step *t)
{
	const uint32_t status = rv_conn_status(t->step->conn);
	const struct rv_tcp *tcp = t->tcp;
	enum rst done = RST_OPEN;

	/* The ports may have been reused by a connection that was not tracked. */
	if (rv_ct_tcp_closing(tcp) || answers_challenge(t))
		return RST_ACCEPT;
	if (t->receiver->flags & IP_CT_TCP_FLAG_MAXACK_SET && tcp->last_kind != RV_TCP_SYN)
		done = check_rst_number(t);
	if (done != RST_OPEN)
		return done;
	/*
	 * The RST answers a SYN, or an ACK of a half-open connection, that was passed untracked.
	 */
	if (((status & IPS_SEEN_REPLY && tcp->last_kind == RV_TCP_SYN && tcp->last_dir != t->dir) ||
	     (!(status & IPS_ASSURED) && tcp->last_kind == RV_TCP_ACK)) &&
	    t->seg.ack == tcp->last_end)
		return RST_ACCEPT;
	return RST_WINDOW;
}

/* Reduces the timeout: an end that closes outside the window has probably lost the connection. */
static void shorten(struct tcp_step *t)
{
	struct rv_conn *c = t->step->conn;
	const uint32_t status = rv_conn_status(c);
	const uint64_t left = rv_relaxed(c->expires) - t->step->now;
	const uint64_t most = t->step->ct->config.timeouts[TCP_CONNTRACK_UNACK] * RV_SECOND;
	const bool closed = t->tcp->last_kind == RV_TCP_FIN || t->tcp->last_kind == RV_TCP_RST;

	if (!(status & IPS_ASSURED) || status & IPS_FIXED_TIMEOUT ||
	    (t->seg.kind != RV_TCP_RST && t->seg.kind != RV_TCP_FIN))
		return;
	if (!closed || t->tcp->last_dir == t->dir)
		note_last(t);
	else if (left >= 120 * RV_SECOND && left > most)
		rv_set_relaxed(c->expires, t->step->now + most);
}

/* ---- a packet ------------------------------------------ */

static bool start(struct tcp_step *t)
{
	const struct segment *seg = &t->seg;

	if (states[RV_CT_ORIGINAL][seg->kind][NO] == IV)
		return false;
	if (seg->kind != RV_TCP_SYN && !t->step->ct->config.tcp_loose)
		return false;
	memset(t->tcp, 0, sizeof(*t->tcp));
	t->sender->end = t->sender->max_end = seg->end;
	t->sender->max_win = window_or_one(seg->win);
	if (seg->kind == RV_TCP_SYN) {
		t->sender->flags = seg->options;
		t->sender->scale = seg->scale;
	} else {
		t->sender->max_end += t->sender->max_win;
		t->sender->flags = t->receiver->flags =
			IP_CT_TCP_FLAG_SACK_PERM | IP_CT_TCP_FLAG_BE_LIBERAL;
	}
	t->tcp->last_kind = RV_TCP_NONE;
	return true;
}

static bool may_reopen(const struct tcp_step *t)
{
	const struct rv_tcp *tcp = t->tcp;

	return (tcp->ends[0].flags | tcp->ends[1].flags) & IP_CT_TCP_FLAG_CLOSE_INIT ||
	       (tcp->last_dir == t->dir && tcp->last_kind == RV_TCP_RST);
}

/* What to do after an additional check: nothing, check the window, or only update the state. */
enum look { DECIDED, CHECK_WINDOW, FOLLOW };

static enum look look_at_rst(struct tcp_step *t, enum rv_ct_verdict *verdict)
{
	switch (t->seg.kind == RV_TCP_RST ? check_rst(t) : RST_WINDOW) {
	case RST_INVALID:
		*verdict = invalid(t, RVK_CT_RST);
		return DECIDED;
	case RST_ACCEPT:
		return FOLLOW;
	default:
		return CHECK_WINDOW;
	}
}

/* Handles a SYN after the connection was closed. */
static enum look look_at_reopening(struct tcp_step *t, enum rv_ct_verdict *verdict)
{
	if (t->old < TW)
		return CHECK_WINDOW;
	if (may_reopen(t))
		*verdict = RV_CT_AGAIN;
	else
		ignore(t);
	return DECIDED;
}

static bool is_challenge_ack(const struct tcp_step *t)
{
	return t->old == LA && t->seg.kind == RV_TCP_ACK && t->tcp->last_dir != t->dir &&
	       t->tcp->last_kind == RV_TCP_SYN && t->tcp->last_flags & IP_CT_EXP_CHALLENGE_ACK;
}

/* Makes decisions that depend on more than the state table. */
static enum look look_closer(struct tcp_step *t, enum rv_ct_verdict *verdict)
{
	switch (t->new) {
	case SS:
		return look_at_reopening(t, verdict);
	case IG:
		if (!answers_ignored(t)) {
			ignore(t);
			return DECIDED;
		}
		follow_ignored(t);
		break;
	case IV:
		*verdict = invalid(t, RVK_CT_STATE);
		return DECIDED;
	case TW:
		if (!is_challenge_ack(t))
			break;
		t->tcp->last_flags &= ~IP_CT_EXP_CHALLENGE_ACK;
		return DECIDED;
	case S2:
		t->tcp->last_flags |= IP_CT_TCP_SIMULTANEOUS_OPEN;
		break;
	case SR:
		if (t->dir == RV_CT_REPLY && t->seg.kind == RV_TCP_ACK &&
		    t->tcp->last_flags & IP_CT_TCP_SIMULTANEOUS_OPEN)
			t->new = ES;
		break;
	case CL:
		return look_at_rst(t, verdict);
	}
	return CHECK_WINDOW;
}

static uint32_t timeout_of(const struct tcp_step *t)
{
	const struct rv_ct_config *config = &t->step->ct->config;
	const struct rv_tcp *tcp = t->tcp;
	const uint32_t own = config->timeouts[t->new];
	const uint32_t retrans = config->timeouts[TCP_CONNTRACK_RETRANS];
	const uint32_t unack = config->timeouts[TCP_CONNTRACK_UNACK];

	if (tcp->repeats >= config->tcp_max_retrans && own > retrans)
		return retrans;
	if (t->seg.kind == RV_TCP_RST)
		return config->timeouts[TCP_CONNTRACK_CLOSE];
	if ((tcp->ends[0].flags | tcp->ends[1].flags) & IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED && own > unack)
		return unack;
	return !tcp->last_win && own > retrans ? retrans : own;
}

/* Called with the connection locked. Sets *seconds to the new timeout if it changes. */
static enum rv_ct_verdict follow(struct tcp_step *t, uint32_t *seconds)
{
	enum rv_ct_verdict verdict = RV_CT_PASS;
	const enum look look = look_closer(t, &verdict);
	enum window where;

	if (look == DECIDED)
		return verdict;
	where = look == FOLLOW ? IN_WINDOW : check_window(t);
	if (where == LET_PASS)
		return RV_CT_PASS;
	if (where != IN_WINDOW) {
		shorten(t);
		return invalid(t, where == SEQ_ABOVE ? RVK_CT_SEQ : RVK_CT_ACK);
	}
	note_last(t);
	rv_set_relaxed(t->tcp->state, t->new);
	if (t->old != t->new && t->new == FW)
		t->sender->flags |= IP_CT_TCP_FLAG_CLOSE_INIT;
	*seconds = timeout_of(t);
	return RV_CT_PASS;
}

/* Sets the timeout after a valid segment. */
static void renew(struct tcp_step *t, uint32_t seconds)
{
	struct rv_ct_step *s = t->step;
	const uint32_t status = rv_conn_status(s->conn);
	const uint32_t unack = s->ct->config.timeouts[TCP_CONNTRACK_UNACK];

	if (!(status & IPS_SEEN_REPLY)) {
		/* No other answer was seen: the connection was refused. */
		if (t->seg.flags & RST) {
			rv_ct_account(s);
			rv_ct_kill(s->ct, s->conn);
			return;
		}
		/*
		 * A repeated SYN does not extend the timeout: otherwise a client that repeats it
		 * would keep an old NAT translation for ever.
		 */
		if (t->seg.kind == RV_TCP_SYN && t->old == SS)
			return;
		if (t->new == ES && seconds > unack)
			seconds = unack;
	} else if ((t->old == SR || t->old == ES) && t->new == ES) {
		rv_conn_set(s->conn, IPS_ASSURED);
	}
	rv_ct_refresh(s, seconds);
}

enum rv_ct_verdict rv_ct_tcp(struct rv_ct_step *s, const struct rv_ct_proto *row)
{
	struct rv_tcp *tcp = &s->conn->proto.tcp;
	const enum rv_ct_dir dir = rv_ct_dir(s->info);
	struct tcp_step t = { .step = s, .tcp = tcp, .dir = dir, .sender = &tcp->ends[dir],
			      .receiver = &tcp->ends[!dir] };
	enum rv_ct_verdict verdict;
	uint32_t seconds = 0;

	(void)row;
	read_segment(s->pkt, &t.seg);
	rv_conn_lock(s->ct, s->conn);
	if (!rv_conn_confirmed(s->conn) && !start(&t)) {
		rv_conn_unlock(s->ct, s->conn);
		return invalid(&t, RVK_CT_NOT_SYN);
	}
	t.old = tcp->state;
	t.new = states[dir][t.seg.kind][t.old];
	verdict = follow(&t, &seconds);
	rv_conn_unlock(s->ct, s->conn);
	if (verdict == RV_CT_AGAIN)
		return rv_ct_kill(s->ct, s->conn) ? RV_CT_AGAIN : RV_CT_DROP;
	if (seconds)
		renew(&t, seconds);
	return verdict;
}
