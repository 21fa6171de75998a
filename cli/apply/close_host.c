/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin close-host: blocks new connections as last resort for ravelin-rules, and undoes that. */
#include <unistd.h>

#include "cli/flags.h"

struct shut {
	bool open, help;
};

#define AT(field) RV_FLAG_AT(struct shut, field)

const struct rv_flag rv_shut_flags[] = {
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "IPv4", 0 },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "IPv6", 0 },
	{ 'o', "open", RV_FLAG_PLAIN, NULL, "open the host again", AT(open) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

int rv_cli_shut(struct rv_cli *cli)
{
	const struct rv_backend *backend = rv_cli_backend(cli);
	struct rv_error err = { 0 };
	struct shut s = { 0 };
	int words;

	cli->name = "ravelin close-host";
	cli->family = NFPROTO_UNSPEC;
	words = rv_flags_read(rv_shut_flags, cli, &s);
	if (words >= 0 && s.help)
		return rv_flags_help(cli, false);
	if (words < cli->argc || cli->family == NFPROTO_UNSPEC) {
		rv_cli_message("Usage: ravelin close-host -4|-6 [--open]");
		return RV_EXIT_PARAMETER;
	}
	if (!backend->shut)
		rv_fail(&err, RV_ERR_USAGE, NULL, "backend \"%s\" has no rules that affect packets",
			backend->name);
	else if (!backend->shut(cli->family, !s.open, &err))
		return RV_EXIT_OK;
	return rv_cli_error(cli, &err);
}
