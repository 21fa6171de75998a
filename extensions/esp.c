/* SPDX-License-Identifier: GPL-2.0-or-later */
/* esp: IPsec encapsulating security payload (uapi linux/netfilter/xt_esp.h, RFC 4303). */
#include <netinet/in.h>

#include <linux/netfilter/xt_esp.h>

#include "extensions/protocol.h"

static const struct rv_option esp_options[] = {
	{
		.name = "espspi", .type = RV_T_UINT_RANGE, .flags = RV_OPT_INVERT,
		RV_FIELD(struct xt_esp, spis),
		.invert = RV_BIT(struct xt_esp, invflags, XT_ESP_INV_SPI), .sel = RV_SEL_ESP_SPI,
		.list = "spi{s}:[!]", .arg = "spi[:spi]", .help = "security parameter index",
	},
	{ .name = NULL },
};

static int check_esp(struct rv_check *c)
{
	return rv_need_protocol(c, IPPROTO_ESP);
}

RV_EXTENSION(esp) = {
	.name = "esp", .kind = RV_MATCH, .protocol = IPPROTO_ESP,
	RV_STRUCT(struct xt_esp, 0), .options = esp_options,
	.ops = RV_EXT_OPS(.kernel_check = check_esp),
	.initial = &(const struct xt_esp){ .spis = { 0, UINT32_MAX } },
	.list = "esp",
	.help = "IPsec ESP headers",
};
