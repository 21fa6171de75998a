/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other modules call to add matches and targets: struct rv_handler of engine/engine.h. */
#ifndef RAVELIN_KERNEL_RAVELIN_H
#define RAVELIN_KERNEL_RAVELIN_H

#include "engine/engine.h"

/* As rv_register_match() and its siblings, which say what they return. */
int ravelin_register_match(struct rv_handler *match);
int ravelin_unregister_match(struct rv_handler *match);
int ravelin_register_target(struct rv_handler *target);
int ravelin_unregister_target(struct rv_handler *target);

#endif
