/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ravelin/image.h>

int rv_image_init(struct rv_image *im, const char *spec, struct rv_error *err)
{
	const struct rv_backend *b;

	*im = (struct rv_image){ 0 };
	b = rv_backend_find(spec, &im->arg);
	if (!b)
		return rv_fail(err, RV_ERR_USAGE, NULL, "unknown backend \"%s\"", spec);
	if (!b->image)
		return rv_fail(err, RV_ERR_USAGE, NULL,
			       "backend \"%s\" has no rules that affect packets", spec);
	im->ops = b->image;
	return 0;
}

int rv_image_take(struct rv_image *im, struct rv_error *err)
{
	return im->ops->take(im, err);
}

int rv_image_hold(struct rv_image *im, struct rv_error *err)
{
	return im->ops->hold(im, err);
}

int rv_image_check(struct rv_image *im, struct rv_error *err)
{
	return im->ops->check(im, err);
}

int rv_image_put(struct rv_image *im, struct rv_error *err)
{
	return im->ops->put(im, err);
}

int rv_image_close_host(struct rv_image *im, struct rv_error *err)
{
	return im->ops->close_host(im, err);
}

int rv_image_open_host(struct rv_image *im, struct rv_error *err)
{
	return im->ops->open_host(im, err);
}

void rv_image_free(struct rv_image *im)
{
	if (im->ops && im->held)
		im->ops->release(im);
	rv_buf_free(&im->bytes);
	im->held = NULL;
}
