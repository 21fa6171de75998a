/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading of plugins, for the registry. */
#ifndef RAVELIN_IR_PLUGIN_H
#define RAVELIN_IR_PLUGIN_H

#include <ravelin/plugin.h>

/*
 * Loads the plugin of that name, which may be any string, once; NULL: all plugins. add is called
 * for each descriptor; descriptors stay valid until the program ends. Returns whether add was
 * called. On failure rv_plugin_error() has the reason.
 */
bool rv_plugin_load(const char *name, bool (*add)(const struct rv_ext *ext));

/*
 * Validates a descriptor: names, rows within the data, references between rows, kernel structs.
 * Returns 0, or -1 with err set.
 */
int rv_ext_verify(const struct rv_ext *ext, struct rv_error *err);

#endif
