/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ravelin explain and ravelin test share of their command lines. */
#ifndef RAVELIN_EXPLAINCLI_H
#define RAVELIN_EXPLAINCLI_H

#include <stdio.h>

#include "cli/explain.h"

struct rv_explain_words {
	char **word;
	int n;
};

/* Sets what each flag says and leaves the other words, in word (malloc'ed). 0, or not after a message. */
int rv_explain_flags_read(const struct rv_flag *flags, struct rv_explaining *e, struct rv_explain_words *rest);
/* What the flags say together. 0, or not after a message. */
int rv_explain_start(struct rv_explaining *e);
void rv_explain_end(struct rv_explaining *e);
/* Prints an error; returns the exit code. */
int rv_explain_error(struct rv_explaining *e, struct rv_error *err);

/* A packet of words, among them --in, --out, --local. */
int rv_explain_read(struct rv_explaining *e, const struct rv_explain_words *words, const struct rv_frame *frame,
		    struct rv_question_packet *q, struct rv_error *err);
/*
 * The words of a line up to a '#', behind those of common; line is changed and lent. Quotes and
 * backslashes as in the shell. words->word is malloc'ed, with room for one more. -1: a quote is not
 * closed, or no memory.
 */
int rv_explain_split(char *line, const struct rv_explain_words *common, struct rv_explain_words *words);
/* "CHAIN:N", "TABLE/CHAIN:N", "CHAIN:policy" (number 0). -1: it is none. */
int rv_explain_place_read(const char *word, struct rv_explain_target *t);

/* ---- connections of a capture: explaintrack.c ---------------------------------------------------- */

struct rv_tracks;

struct rv_tracks *rv_tracks_new(void);
void rv_tracks_free(struct rv_tracks *t);
/* The state of a packet's connection after those that came by before: XT_CONNTRACK_STATE_*; 0: unknown. */
uint16_t rv_tracks_state(struct rv_tracks *t, const uint8_t *bytes, uint32_t len);

/* ---- real packets: explainlive.c ------------------------------------------------------------------ */

int rv_explain_live(struct rv_explaining *e, const struct rv_explain_words *filter);

#endif
