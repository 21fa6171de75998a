/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iptables-xml: converts iptables-save output to XML, and back with --restore. */
#include <unistd.h>

#include "formats/xml.h"
#include "cli/flags.h"

struct xml {
	struct rv_xml_format format;
	bool restore, version, help;
};

#define AT(field) RV_FLAG_AT(struct xml, field)

const struct rv_flag rv_xml_flags[] = {
	{ 'c', "combine", RV_FLAG_PLAIN, NULL, "combine consecutive rules with the same conditions", AT(format.combine) },
	{ 'v', "verbose", RV_FLAG_PLAIN, NULL, "print each line as a comment before its translation", AT(format.verbose) },
	{ 'r', "restore", RV_FLAG_PLAIN, NULL, "convert XML to iptables-save format", AT(restore) },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

static int convert(struct rv_cli *cli, const struct xml *x, struct rv_buf *out)
{
	struct rv_error err = { 0 };
	struct rv_progress progress;
	int rc;

	/* Parser errors name the line, as in a restore. */
	cli->restore = !x->restore;
	rv_cli_progress_start(&progress, cli, x->restore ? "rules" : "lines",
			      x->restore ? 0 : rv_cli_lines(cli));
	rc = x->restore ? rv_xml_read(out, cli->text, cli->len, &progress.meter, &err) :
			  rv_xml_write(out, &x->format, cli->text, cli->len, &progress.meter, &err);
	rv_cli_progress_end(&progress);
	return rc < 0 ? rv_cli_error(cli, &err) : rv_cli_write(cli, STDOUT_FILENO, out);
}

int rv_cli_xml(struct rv_cli *cli)
{
	struct xml x = { 0 };
	struct rv_buf input = RV_BUF_INIT, out = RV_BUF_INIT;
	int rc, words = rv_flags_read(rv_xml_flags, cli, &x);

	if (words < 0) {
		rc = rv_cli_message("Try `%s -h' for more information.", cli->name);
	} else if (x.version || x.help) {
		rc = rv_flags_help(cli, x.version);
	} else if (cli->argc - words > 1) {
		rc = rv_cli_message("Unknown arguments found on commandline");
	} else {
		rc = rv_cli_read(cli, cli->argv[words], &input);
		if (rc == 0)
			rc = convert(cli, &x, &out);
	}
	rv_buf_free(&input);
	rv_buf_free(&out);
	return rc;
}
