// SPDX-License-Identifier: Apache-2.0
/* `assay explain HOST|FILE`: why a verdict is what it is, for somebody who has not read a standard. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pages.h"

static const char *member(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return cli_safe(s ? s : "");
}

static bool is(const json_t *row, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s && !strcmp(s, value);
}

static bool said(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s && s[0];
}

static void print_row(const json_t *row)
{
	long long others = json_integer_value(json_object_get(row, "others"));

	if (json_is_true(json_object_get(row, "alternative"))) {
		printf("      or      %s", member(row, "wanted"));
		printf(said(row, "corim") ? "   (CoRIM %s)\n" : "\n", member(row, "corim"));
		return;
	}
	printf("\n    %s", member(row, "element"));
	if (said(row, "environment"))
		printf("   of %s", member(row, "environment"));
	printf(said(row, "policy") ? "   (policy %s)\n" : "\n", member(row, "policy"));
	if (said(row, "wanted")) {
		printf("      wanted  %s", member(row, "wanted"));
		printf(said(row, "corim") ? "   (CoRIM %s)\n" : "\n", member(row, "corim"));
	}
	if (said(row, "found"))
		printf("      found   %s\n", member(row, "found"));
	else
		printf("      %s\n", member(row, "text"));
	if (others)
		printf("      (%lld more values would have done)\n", others);
}

static void print_hint(const json_t *row)
{
	printf("\n    -> %s\n", member(row, "hint"));
}

/* Reasons of one submodule stand together, whatever their order. */
static void print_submodule(const json_t *reasons, const char *device)
{
	const json_t *row, *before = NULL; /* what follows from several rows is said once */
	size_t i;
	bool first = true;

	json_array_foreach(reasons, i, row)
	{
		if (!is(row, "device", device))
			continue;
		if (first && !strcmp(device, "host"))
			printf("\n  the host itself\n");
		else if (first) {
			printf("\n  device %s", member(row, "device"));
			printf(said(row, "address") ? " at %s\n" : "\n", member(row, "address"));
		}
		first = false;
		if (before && strcmp(member(before, "hint"), member(row, "hint")))
			print_hint(before);
		before = row;
		print_row(row);
	}
	if (before)
		print_hint(before);
}

static void print_reasons(const json_t *reasons)
{
	const json_t *row, *before;
	size_t i, k;

	json_array_foreach(reasons, i, row)
	{
		const char *device = json_string_value(json_object_get(row, "device"));
		bool seen = false;

		for (k = 0; k < i; k++) {
			before = json_array_get(reasons, k);
			seen |= device && is(before, "device", device);
		}
		if (device && !seen)
			print_submodule(reasons, device);
	}
	if (!json_array_size(reasons))
		printf("\n  nothing is wrong\n");
}

static int tell(struct cli *c, const char *name, const char *status, json_t *reasons)
{
	int rc = exit_of(c, status);

	if (c->json) {
		cli_json("explain", !rc,
			 json_pack("{s:s, s:s, s:o}", "subject", name, "ear_status", status,
				   "reasons", reasons));
		return rc;
	}
	printf("%s: %s\n", cli_safe(name), status);
	print_reasons(reasons);
	json_decref(reasons);
	return rc;
}

static int explain_host(struct cli *c, const char *name)
{
	json_t *answer = NULL, *reasons;
	struct err e = { 0 };
	char path[URL_PART_MAX + 64], status[24];
	const char *s;
	int rc;

	snprintf(path, sizeof(path), "/api/v1/hosts/%s", url_part(name));
	if (call_server(c, "GET", path, NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	s = json_string_value(json_object_get(answer, "status"));
	if (s && !strcmp(s, "stale") && !c->json)
		printf("%s has not attested for too long; its last verdict was %s\n",
		       cli_safe(name), member(answer, "last_status"));
	if (!s) {
		json_decref(answer);
		err_set(&e, E_NOTFOUND, "host %s has not attested yet", name);
		return cli_fail(c, &e, "run `assay attest` on it, or see its agent's log");
	}
	snprintf(status, sizeof(status), "%.20s", s);
	reasons = json_object_get(answer, "reasons");
	reasons = json_is_array(reasons) ? json_incref(reasons) : json_array();
	json_decref(answer);
	rc = tell(c, name, status, reasons);
	return rc;
}

static int explain_file(struct cli *c, const char *path)
{
	json_t *reasons = NULL;
	char status[24];
	struct err e = { 0 };

	if (token_reasons(c, path, &reasons, status, &e))
		return cli_fail(c, &e, NULL);
	return tell(c, path, status, reasons);
}

/* What is a file, or has the look of one, is a saved token, with the options of `assay verify`; anything else names a host. */
int cmd_explain(struct cli *c, const char *subject)
{
	if (!subject || c->argc)
		return cli_usage();
	return strchr(subject, '/') || !access(subject, F_OK) ? explain_file(c, subject)
							      : explain_host(c, subject);
}
