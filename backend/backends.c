/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/backends.h"

const struct rv_backend *const rv_backends[] = {
	&rv_backend_nft,
	&rv_backend_file,
	&rv_backend_kmod,
	NULL,
};
