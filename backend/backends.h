/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backends; the list to choose from is in backends.c. */
#ifndef RAVELIN_BACKEND_BACKENDS_H
#define RAVELIN_BACKEND_BACKENDS_H

#include <ravelin/store.h>

extern const struct rv_backend rv_backend_nft;
extern const struct rv_backend rv_backend_file;
extern const struct rv_backend rv_backend_kmod;

#endif
