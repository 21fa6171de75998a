/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCPMSS: changes the maximum segment size of TCP SYN packets (uapi xt_TCPMSS.h). */
#include <netinet/in.h>

#include <linux/netfilter/xt_TCPMSS.h>

#include "extensions/revision.h"

enum { SET_MSS, CLAMP };

#define ONLY_FORTH (1 << NF_INET_FORWARD | 1 << NF_INET_LOCAL_OUT | 1 << NF_INET_POST_ROUTING)

/* Maximum: the largest packet minus the smallest header. */
#define ROWS(header)								\
	{									\
		[SET_MSS] = {							\
			.name = "set-mss", .type = RV_T_UINT,			\
			RV_FIELD(struct xt_tcpmss_info, mss),			\
			.max = UINT16_MAX - (header), .excludes = 1 << CLAMP,	\
			.list = "set", .arg = "bytes", .help = "set the MSS to this value",	\
		},								\
		[CLAMP] = {							\
			.name = "clamp-mss-to-pmtu", .type = RV_T_FLAG,		\
			.flags = RV_OPT_SETS, RV_FIELD(struct xt_tcpmss_info, mss), \
			.value = XT_TCPMSS_CLAMP_PMTU, .only = RV_ONLY(.hooks = ONLY_FORTH), \
			.list = "clamp to PMTU",				\
			.help = "limit the MSS to the path MTU minus headers",	\
		},								\
		{ 0 },								\
	}

static const struct rv_option options4[] = ROWS(20), options6[] = ROWS(40);
static const struct rv_revision wire[] = { { .size = sizeof(struct xt_tcpmss_info) }, { 0 } };
static const struct xt_tcpmss_info tcpmss_initial = { .mss = XT_TCPMSS_CLAMP_PMTU };

#define TCPMSS(nfproto, rows)							\
	{									\
		.name = "TCPMSS", .kind = RV_TARGET, .effect = RV_EFFECT_MAY_END, .family = (nfproto),	\
		.writes = RV_WRITES(RV_SEL_TCP_OPTION, RV_SEL_TCP_MSS, RV_SEL_LENGTH, RV_WRITES_BYTES),	\
		.size = sizeof(struct xt_tcpmss_info), .initial = &tcpmss_initial,	\
		.revisions = wire, .options = (rows), .list = "TCPMSS",		\
		.required = "TCPMSS target: At least one parameter is required", \
		.nft = " tcp option maxseg size set {clamp-mss-to-pmtu:rt mtu|<set-mss:d>}",	\
		.help = "changes the MSS of TCP SYN packets",	\
		.ops = RV_EXT_OPS(.kernel_check = rv_check_tcp),		\
	}

RV_EXTENSION(tcpmss4) = TCPMSS(NFPROTO_IPV4, options4);
RV_EXTENSION(tcpmss6) = TCPMSS(NFPROTO_IPV6, options6);
