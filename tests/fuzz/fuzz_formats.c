/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a save text, as JSON and as XML. The first byte says which: 0 and 1 a text, 2 and 3
 * JSON, 4 and 5 a text to be XML, 6 and 7 XML; odd ones are for IPv6. What is taken for rules must
 * come back as the same text from JSON and from XML. iptables-xml goes by the words alone, and writes
 * what stock writes of text that is none of rules: it need not come back, but do no harm.
 */
#include "no_hosts.h"		/* before headers of the kernel, which leave out what it defines */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/json.h"
#include "formats/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A conversion: 0, or an error with the place in what was given. */
typedef int convert_fn(struct rv_buf *to, rv_family_t family, const char *from, size_t len,
		       struct rv_error *err);

static int to_json(struct rv_buf *to, rv_family_t family, const char *from, size_t len,
		   struct rv_error *err)
{
	return rv_json_write(to, family, from, len, NULL, err);
}

static int from_json(struct rv_buf *to, rv_family_t family, const char *from, size_t len,
		     struct rv_error *err)
{
	return rv_json_read(to, &family, true, from, len, NULL, err);
}

static int to_xml(struct rv_buf *to, rv_family_t family, const char *from, size_t len,
		  struct rv_error *err)
{
	const struct rv_xml_format format = { 0 };

	(void)family;
	return rv_xml_write(to, &format, from, len, NULL, err);
}

static int from_xml(struct rv_buf *to, rv_family_t family, const char *from, size_t len,
		    struct rv_error *err)
{
	(void)family;
	return rv_xml_read(to, from, len, NULL, err);
}

static const struct form {
	convert_fn *there, *back;
} json = { to_json, from_json }, xml = { to_xml, from_xml };

/* Returns 0 with the text that came back in out, 1 when it was not taken, -1 on the way back. */
static int there_and_back(const struct form *form, rv_family_t family, struct rv_buf *text,
			  struct rv_buf *out)
{
	struct rv_buf between = RV_BUF_INIT;
	struct rv_error err = { 0 };
	int rc = 1;

	if (!form->there(&between, family, rv_buf_text(text), text->len, &err))
		rc = form->back(out, family, rv_buf_text(&between), between.len, &err);
	if (rc < 0)
		rv_buf_printf(out, "%s", err.text);
	rv_buf_free(&between);
	return rc;
}

static void must_come_back(const struct form *form, rv_family_t family, struct rv_buf *text)
{
	struct rv_buf out = RV_BUF_INIT;
	int rc = there_and_back(form, family, text, &out);

	/* XML has no way to say bytes that are no UTF-8. */
	if (rc == 1 && form == &xml)
		return;
	if (rc || strcmp(rv_buf_text(text), rv_buf_text(&out)) != 0) {
		fprintf(stderr, "%s\nbecame\n%s\n", rv_buf_text(text), rv_buf_text(&out));
		abort();
	}
	rv_buf_free(&out);
}

/* The first time, the text may change to the one that save prints. */
static void as_rules(rv_family_t family, struct rv_buf *text)
{
	struct rv_buf saved = RV_BUF_INIT;
	int rc = there_and_back(&json, family, text, &saved);

	if (rc < 0)
		abort();
	if (!rc) {
		must_come_back(&json, family, &saved);
		must_come_back(&xml, family, &saved);
	}
	rv_buf_free(&saved);
}

static void convert(uint8_t how, rv_family_t family, const char *input, size_t size)
{
	const struct form *form = how & 4 ? &xml : &json;
	struct rv_buf text = RV_BUF_INIT, out = RV_BUF_INIT;
	struct rv_error err = { 0 };

	if (!(how & 2))
		rv_buf_add(&text, input, size);
	else if (form->back(&text, family, input, size, &err))
		rv_buf_reset(&text);
	if (form == &json)
		as_rules(family, &text);
	else
		there_and_back(form, family, &text, &out);
	rv_buf_free(&text);
	rv_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rv_family_t family;
	char *input;

	if (size < 1)
		return 0;
	/* Nothing stands behind the copy. */
	input = malloc(size);
	if (!input)
		abort();
	memcpy(input, data + 1, size - 1);
	family = data[0] & 1 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	convert(data[0], family, input, size - 1);
	free(input);
	return 0;
}
