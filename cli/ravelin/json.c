/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin json: converts rules to JSON and back. */
#include <unistd.h>

#include "formats/json.h"
#include "cli/flags.h"

struct json {
	struct rv_cli *cli;
	bool restore, counters, live, version, help;
	struct rv_buf input, out;
};

#define AT(field) RV_FLAG_AT(struct json, field)

const struct rv_flag rv_json_flags[] = {
	{ 'r', "restore", RV_FLAG_PLAIN, NULL, "convert JSON to iptables-save format", AT(restore) },
	{ 'c', "counters", RV_FLAG_PLAIN, NULL, "with --restore: include the counters of rules", AT(counters) },
	{ 'l', "live", RV_FLAG_PLAIN, NULL, "use the loaded rules instead of a file", AT(live) },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "IPv4 rules (default)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "IPv6 rules" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

static int convert(struct json *j)
{
	struct rv_cli *cli = j->cli;
	struct rv_buf warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	struct rv_progress progress;
	int rc = 0;

	rv_cli_progress_start(&progress, cli, "rules", 0);
	if (j->live)
		rc = rv_cli_save_text(cli, true, &j->input, &err);
	if (j->live && rc == 0) {
		cli->text = j->input.len ? j->input.data : "";
		cli->len = j->input.len;
	}
	if (rc == 0)
		rc = j->restore ? rv_json_read(&j->out, &cli->family, j->counters, cli->text,
					       cli->len, &progress.meter, &err) :
				  rv_json_write(&j->out, cli->family, cli->text, cli->len,
						&progress.meter, &err);
	rv_cli_progress_end(&progress);
	rc = rc < 0 ? rv_cli_error(cli, &err) : 0;
	rv_cli_warnings(&warnings);
	return rc ? rc : rv_cli_write(cli, STDOUT_FILENO, &j->out);
}

static int convert_input(struct json *j, int words)
{
	struct rv_cli *cli = j->cli;
	int answer = rv_flags_answer(cli, words, j->version, j->help);

	if (answer >= 0)
		return answer;
	if (cli->argc - words > !j->live)
		return rv_cli_message("Unknown arguments found on commandline");
	if (j->live && j->restore)
		return rv_cli_message("%s: --live and --restore cannot be combined", cli->name);
	if (!j->live)
		answer = rv_cli_read(cli, cli->argv[words], &j->input);
	return answer > 0 ? answer : convert(j);
}

int rv_cli_json(struct rv_cli *cli)
{
	struct json j = { .cli = cli };
	int rc;

	cli->name = "ravelin json";
	cli->restore = true;
	rc = convert_input(&j, rv_flags_read(rv_json_flags, cli, &j));
	rv_buf_free(&j.input);
	rv_buf_free(&j.out);
	return rc;
}
