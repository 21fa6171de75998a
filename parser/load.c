/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A save text into a store, for those who want no more of it than what it says. */
#include <ravelin/parser.h>

static int on_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip,
		    void *arg, struct rv_error *err)
{
	struct rv_store *s = arg;
	struct rv_command clear;
	int rc;

	(void)skip;
	rv_command_init(&clear);
	clear.kind = RV_CMD_CLEAR;
	clear.table = def;
	clear.loc = *loc;
	rc = rv_store_apply(s, &clear, err);
	rv_command_clear(&clear);
	return rc;
}

static int on_command(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		      struct rv_error *err)
{
	struct rv_store *s = arg;
	bool lists = cmd->kind == RV_CMD_LIST || cmd->kind == RV_CMD_LIST_RULES;

	(void)opts;
	rv_meter_step(s->meter);
	/* What a line would print is for nobody here, what it zeroes counts. */
	if (lists && cmd->zero)
		cmd->kind = RV_CMD_ZERO;
	else if (lists)
		return 0;
	return cmd->kind == RV_CMD_NONE ? 0 : rv_store_apply(s, cmd, err);
}

static int on_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	(void)loc;
	(void)arg;
	(void)err;
	return 0;
}

int rv_load_restore(struct rv_store *s, const char *text, size_t len, bool counters,
		    struct rv_error *err)
{
	const struct rv_restore_sink sink = {
		.counters = counters,
		.table = on_table,
		.command = on_command,
		.commit = on_commit,
		.arg = s,
	};
	bool bulk = s->bulk;
	int rc;

	s->bulk = true;
	rc = rv_parse_restore(text, len, s->rs.family, &sink, err);
	s->bulk = bulk;
	return rc;
}
