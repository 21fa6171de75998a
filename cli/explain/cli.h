/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the command lines of ravelin explain and ravelin test. */
#ifndef RAVELIN_EXPLAINCLI_H
#define RAVELIN_EXPLAINCLI_H

#include <stdio.h>

#include "cli/explain/explain.h"

struct rv_explain_words {
	char **word;
	int n;
};

/* Reads the options and leaves the other words in rest->word (malloc'ed). Returns 0, or an exit code after a message. */
int rv_explain_flags_read(const struct rv_flag *flags, struct rv_explaining *e, struct rv_explain_words *rest);
/* Checks the options and loads the rules. Returns 0, or an exit code after a message. */
int rv_explain_start(struct rv_explaining *e);
void rv_explain_end(struct rv_explaining *e);
/* Prints an error; returns the exit code. */
int rv_explain_error(struct rv_explaining *e, struct rv_error *err);

/* Reads a packet; its words may include --in, --out and --local. */
int rv_explain_read(struct rv_explaining *e, const struct rv_explain_words *words, const struct rv_frame *frame,
		    struct rv_question_packet *q, struct rv_error *err);
/*
 * Splits a line, up to a '#', into words and appends them to those of common. Quotes and
 * backslashes work as in the shell. The words point into line, which is modified; words->word is
 * malloc'ed and has space for one more. Returns 0, or -1 for an unclosed quote or without memory.
 */
int rv_explain_split(char *line, const struct rv_explain_words *common, struct rv_explain_words *words);
/* Reads "CHAIN:N", "TABLE/CHAIN:N" or "CHAIN:policy" (number 0). Returns 0, or -1. */
int rv_explain_place_read(const char *word, struct rv_explain_target *t);

/* ---- connections of a capture: track.c ---------------------------------------------------- */

struct rv_tracks;

struct rv_tracks *rv_tracks_new(void);
void rv_tracks_free(struct rv_tracks *t);
/*
 * Tracks the next packet of the capture. Returns its state, XT_CONNTRACK_STATE_*, or 0 if unknown.
 */
uint16_t rv_tracks_state(struct rv_tracks *t, const uint8_t *bytes, uint32_t len);

/* ---- real packets: live.c ------------------------------------------------------------------ */

int rv_explain_live(struct rv_explaining *e, const struct rv_explain_words *filter);

#endif
