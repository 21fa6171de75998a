/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that come in shared objects: what the registry asks for. */
#ifndef RAVELIN_IR_PLUGIN_H
#define RAVELIN_IR_PLUGIN_H

#include <ravelin/plugin.h>

/*
 * Looks once for the object of that name, which may be anything; NULL: for all objects there
 * are. add is called for each of its descriptors, which stay for ever. Returns whether it was
 * called; if an object cannot be used, rv_ext_trouble() says why.
 */
bool rv_plugin_load(const char *name, bool (*add)(const struct rv_ext *ext));

/*
 * Whether a descriptor can be used at all: names, rows inside the data, rows that name other
 * rows, layouts. Returns 0, or -1 with err saying what is wrong.
 */
int rv_ext_verify(const struct rv_ext *ext, struct rv_error *err);

#endif
