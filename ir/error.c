/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <ravelin/buf.h>
#include <ravelin/error.h>

int rv_fail(struct rv_error *err, enum rv_error_kind kind, const struct rv_loc *loc,
	    const char *fmt, ...)
{
	va_list ap;

	if (err->kind != RV_ERR_NONE)
		return -1;
	err->kind = kind;
	err->loc = loc ? *loc : (struct rv_loc){ 0 };
	err->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int rv_hint(struct rv_error *err, const char *fmt, ...)
{
	va_list ap;

	if (err->hint[0])
		return -1;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -1;
}

void rv_warn(struct rv_error *err, const char *fmt, ...)
{
	char text[RV_ERROR_TEXT];
	va_list ap;

	if (!err->warnings)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rv_buf_printf(err->warnings, "%s\n", text);
}

void rv_error_reset(struct rv_error *err)
{
	struct rv_buf *warnings = err->warnings;

	*err = (struct rv_error){ .warnings = warnings };
	if (warnings)
		rv_buf_reset(warnings);
}

void rv_error_at(struct rv_error *err, const struct rv_loc *loc)
{
	if (err->kind != RV_ERR_NONE && err->loc.first == err->loc.end && !err->loc.line)
		err->loc = *loc;
}

int rv_fail_retry(struct rv_error *err, const char *text)
{
	rv_fail(err, RV_ERR_AGAIN, NULL, "%s", text);
	err->other_method = true;
	return -1;
}

int rv_fail_memory(struct rv_error *err)
{
	return rv_fail(err, RV_ERR_MEMORY, NULL, "Memory allocation problem");
}

/* Errors of the machine or the caller, not of the request. */
static const int circumstances[] = {
	EPERM, EACCES, ENOMEM, ENOBUFS, ENOSPC, EINTR, EAGAIN, ERESTART, ETIMEDOUT, EMFILE, ENFILE,
	EMSGSIZE, EIO, ENOSYS, EAFNOSUPPORT, EROFS,
};

enum rv_error_kind rv_errno_kind(int code)
{
	for (size_t i = 0; i < sizeof(circumstances) / sizeof(*circumstances); i++)
		if (circumstances[i] == code)
			return RV_ERR_RESOURCE;
	return RV_ERR_PROBLEM;
}

void rv_error_undecided(struct rv_error *err)
{
	if (err->kind == RV_ERR_PROBLEM)
		err->kind = RV_ERR_RESOURCE;
}

enum rv_exit rv_error_exit(const struct rv_error *err)
{
	switch (err->kind) {
	case RV_ERR_NONE:
		return RV_EXIT_OK;
	case RV_ERR_USAGE:
	case RV_ERR_BARE:
		return RV_EXIT_PARAMETER;
	case RV_ERR_VERSION:
		return RV_EXIT_VERSION;
	case RV_ERR_RESOURCE:
	case RV_ERR_AGAIN:
	case RV_ERR_MEMORY:
		return RV_EXIT_RESOURCE;
	case RV_ERR_PROBLEM:
	case RV_ERR_STATE:
	case RV_ERR_RESTORE:
		break;
	}
	return RV_EXIT_OTHER;
}
