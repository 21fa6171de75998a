/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The selected backend, and the line that names it. */
#include <string.h>

#include "cli/cli.h"

const struct rv_backend *rv_cli_backend(const struct rv_cli *cli)
{
	const struct rv_backend *const *b;
	size_t len = cli->spec ? strcspn(cli->spec, ":") : 0;

	for (b = rv_backends; cli->spec && *b; b++)
		if (strlen((*b)->name) == len && strncmp((*b)->name, cli->spec, len) == 0)
			return *b;
	return rv_backends[0];
}

const char *rv_cli_banner(const struct rv_cli *cli)
{
	return rv_cli_backend(cli)->banner;
}

void rv_cli_version(const struct rv_cli *cli, struct rv_buf *b)
{
	rv_buf_printf(b, "%s v%s (%s)\n", cli->name, RV_STOCK_VERSION, rv_cli_banner(cli));
}
