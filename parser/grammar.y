/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grammar of command lines and restore files. Actions only call builders.
 *
 * The tokens of a rule depend on the -m, -j and -p before them. This works because bison reads no
 * lookahead token where there is only one choice: "UNARY ARG" is reduced before the next word is
 * scanned. All options that load extensions must keep this property.
 */
%code requires {
#include "parser/parse.h"
}

%code {
#include "parser/grammar.h"

int rv_grammar_lex(RV_GRAMMAR_STYPE *val, struct rv_loc *loc, struct rv_parser *p);
static void rv_grammar_error(const struct rv_loc *loc, struct rv_parser *p, const char *text);

#define TRY(call) do { if (call) YYABORT; } while (0)

#define YYLLOC_DEFAULT(cur, rhs, n)						\
	do {									\
		(cur) = YYRHSLOC(rhs, (n) ? 1 : 0);				\
		if (n)								\
			(cur).end = YYRHSLOC(rhs, n).end;			\
		else								\
			(cur).first = (cur).end;				\
	} while (0)
}

%define api.pure full
%define api.push-pull pull
%define api.prefix {rv_grammar_}
%define api.token.prefix {RV_TOK_}
%define api.location.type {struct rv_loc}
%define parse.error custom
%locations
%expect 0
%param {struct rv_parser *p}

%union {
	struct rv_arg arg;
	struct rv_choice choice;
}

%token END 0 "end of input"
%token ARGV RESTORE
%token EOL COMMENT TABLE DECLARE RULE COMMIT STRAY_LINE SKIPPED
%token NOT
%token <arg> NAME COUNTERS ARG WORD UNKNOWN MISSING TRAILING
%token <choice> FLAG UNARY UNARY_MORE OPTIONAL OPTIONAL_MORE
%type <arg> optional

/*
 * Words belong to the line, options to tables, the rule to struct rv_parser: semantic values own
 * nothing.
 */
%destructor { } <arg> <choice>

%%

input
	: ARGV begin items END		{ TRY(rv_build_command(p, &@3)); }
	| RESTORE lines END		{ TRY(rv_restore_end(p, &@3)); }
	;

lines
	: %empty
	| lines line
	;

line
	: EOL				{ TRY(rv_restore_comment(p)); }
	| COMMENT EOL			{ TRY(rv_restore_comment(p)); }
	| TABLE names EOL		{ TRY(rv_restore_table(p, &@1)); }
	| DECLARE names EOL		{ TRY(rv_restore_declare(p, &@1)); }
	| RULE begin items EOL		{ TRY(rv_restore_rule(p, &@3)); }
	| counted items EOL		{ TRY(rv_restore_rule(p, &@2)); }
	| COMMIT EOL			{ TRY(rv_restore_commit(p, &@1)); }
	| STRAY_LINE EOL		{ TRY(rv_restore_stray(p, &@1)); }
	| SKIPPED EOL
	;

names
	: %empty			{ p->nnames = 0; }
	| names NAME			{ TRY(rv_restore_name(p, &$2)); }
	;

begin
	: %empty			{ TRY(rv_build_begin(p)); }
	;

counted
	: COUNTERS begin		{ TRY(rv_restore_counters(p, &$1)); }
	;

items
	: %empty
	| items item
	;

item
	: NOT				{ TRY(rv_build_not(p, &@1)); }
	| FLAG				{ TRY(rv_build_option(p, &$1, &@1, NULL, NULL)); }
	| UNARY ARG			{ TRY(rv_build_option(p, &$1, &@1, &$2, NULL)); }
	| UNARY_MORE ARG optional	{ TRY(rv_build_option(p, &$1, &@1, &$2, &$3)); }
	| OPTIONAL optional		{ TRY(rv_build_option(p, &$1, &@1, &$2, NULL)); }
	| OPTIONAL_MORE			{ TRY(rv_build_option(p, &$1, &@1, NULL, NULL)); }
	| OPTIONAL_MORE ARG optional	{ TRY(rv_build_option(p, &$1, &@1, &$2, &$3)); }
	| UNARY MISSING			{ TRY(rv_build_missing(p, &$1, &$2)); }
	| UNARY_MORE MISSING		{ TRY(rv_build_missing(p, &$1, &$2)); }
	| UNKNOWN			{ TRY(rv_build_unknown(p, &$1)); }
	| WORD				{ TRY(rv_line_stray(p, &$1)); }
	| TRAILING			{ TRY(rv_build_trailing(p, &$1)); }
	;

optional
	: %empty			{ $$ = (struct rv_arg){ .loc = @$ }; }
	| ARG
	;

%%

/* The errors below are reported separately; bison reports only that its stack cannot grow. */
static void rv_grammar_error(const struct rv_loc *loc, struct rv_parser *p, const char *text)
{
	(void)loc;
	(void)text;
	rv_fail_memory(p->err);
}

/* Unreachable: the scanner and tokens.c produce only valid sequences. */
static int yyreport_syntax_error(const yypcontext_t *ctx, struct rv_parser *p)
{
	return rv_usage(p, yypcontext_location(ctx), "syntax error");
}
