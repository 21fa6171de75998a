/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The families. Places in headers: RFC 791, section 3.1; RFC 8200, section 3. */
#include <sys/socket.h>

#include <ravelin/registry.h>
#include <ravelin/family.h>

const struct rv_family_def rv_family_defs[RV_FAMILIES] = {
	{
		.family = NFPROTO_IPV4, .af = AF_INET, .name = "IPv4", .word = "ipv4", .nft = "ip",
		.tool = "iptables", .save = "iptables-save", .restore = "iptables-restore",
		.icmp = "ICMP", .config = "IP", .xt = "ipt_",
		.core = &rv_ext_ip, .tables = rv_table_defs, .ipset = "inet", .hops = "TTL",
		.option = "-4", .legacy = "/proc/net/ip_tables_names",
		.address_len = 4, .address_bits = 32,
		.source = 12, .destination = 16, .protocol = 9, .hops_at = 8,
	},
	{
		.family = NFPROTO_IPV6, .af = AF_INET6, .name = "IPv6", .word = "ipv6", .nft = "ip6",
		.tool = "ip6tables", .save = "ip6tables-save", .restore = "ip6tables-restore",
		.icmp = "ICMPv6", .config = "IP6", .xt = "ip6t_",
		.core = &rv_ext_ip, .tables = rv_table_defs, .ipset = "inet6",
		.hops = "hop limit", .option = "-6",
		.legacy = "/proc/net/ip6_tables_names", .address_len = 16, .address_bits = 128,
		.source = 8, .destination = 24, .protocol = 6, .hops_at = 7,
	},
};
