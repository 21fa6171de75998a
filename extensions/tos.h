/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of the Type of Service octet (RFC 1349), for the match and the target. */
#ifndef RAVELIN_EXTENSIONS_TOS_H
#define RAVELIN_EXTENSIONS_TOS_H

#include <ravelin/extension.h>

/* "value[/mask]" or a name. Returns 0, or -1 with p->err set in stock's words. */
int rv_tos_parse(struct rv_parse *p, uint8_t *value, uint8_t *mask);
/* The name for it, or NULL. */
const char *rv_tos_name(uint8_t value, uint8_t mask);

#endif
