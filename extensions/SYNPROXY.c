/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SYNPROXY: completes TCP handshakes on behalf of a server (uapi nf_synproxy.h). */
#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter/nf_synproxy.h>

#include "extensions/revision.h"

typedef struct nf_synproxy_info info_t;

#define ALL_OPTIONS (NF_SYNPROXY_OPT_MSS | NF_SYNPROXY_OPT_WSCALE | NF_SYNPROXY_OPT_SACK_PERM | \
		     NF_SYNPROXY_OPT_TIMESTAMP | NF_SYNPROXY_OPT_ECN)

#define FLAG_ROW(word, bit, text)						\
	{ .name = word, .type = RV_T_FLAG, RV_FIELD(info_t, options), .value = bit, \
	  .help = text }

#define NUMBER_ROW(word, field, bit, text)					\
	{ .name = word, .type = RV_T_UINT, RV_FIELD(info_t, field),		\
	  .given = RV_BIT(info_t, options, bit), .arg = "number", .help = text }

static const struct rv_option synproxy_options[] = {
	FLAG_ROW("sack-perm", NF_SYNPROXY_OPT_SACK_PERM,
		 "the server supports selective acknowledgments"),
	FLAG_ROW("timestamp", NF_SYNPROXY_OPT_TIMESTAMP, "the server supports timestamps"),
	NUMBER_ROW("wscale", wscale, NF_SYNPROXY_OPT_WSCALE, "window scale of the server"),
	NUMBER_ROW("mss", mss, NF_SYNPROXY_OPT_MSS, "maximum segment size of the server"),
	FLAG_ROW("ecn", NF_SYNPROXY_OPT_ECN, "the server supports ECN"),
	{ 0 },
};

static int synproxy_read_info(const struct rv_revision *w, const unsigned char *wire,
			      unsigned char *data, struct rv_error *err)
{
	const info_t *info = (const info_t *)(const void *)wire;

	if (info->options & ~ALL_OPTIONS ||
	    (!(info->options & NF_SYNPROXY_OPT_WSCALE) && info->wscale) ||
	    (!(info->options & NF_SYNPROXY_OPT_MSS) && info->mss))
		return rv_revision_fail(err, "SYNPROXY with options 0x%x", info->options);
	memcpy(data, wire, w->size);
	return 0;
}

RV_EXTENSION(synproxy) = {
	.name = "SYNPROXY", .kind = RV_TARGET, .effect = RV_EFFECT_MAY_END,
	.writes = RV_WRITES_NOTHING,
	.size = sizeof(info_t), .options = synproxy_options,
	.ops = RV_EXT_OPS(.kernel_check = rv_check_tcp),
	.revisions = RV_REVISIONS({ .size = sizeof(info_t), .read = synproxy_read_info }),
	.config = "_NF_TARGET_SYNPROXY",
	.only = RV_ONLY(.hooks = 1 << NF_INET_LOCAL_IN | 1 << NF_INET_FORWARD),
	.nft = " synproxy{sack-perm: sack-perm}{timestamp: timestamp}{wscale: wscale <wscale:d>}"
	       "{mss: mss <mss:d>}",
	/* Each word is followed by a space, the last one too. */
	.list_template = " SYNPROXY {sack-perm:sack-perm }{timestamp:timestamp }{wscale:wscale <wscale> }"
		      "{mss:mss <mss> }{ecn:ecn }",
	.help = "answers TCP handshakes in place of the server",
};
