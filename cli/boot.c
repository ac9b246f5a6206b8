// SPDX-License-Identifier: Apache-2.0
/* Boot logs as sentences, and what two boots measured otherwise: of files, and of hosts that the server knows. */
#include <stdio.h>
#include <stdlib.h>

#include "pages.h"
#include "common/file.h"
#include "verifier/boot_story.h"

enum { COSE_SIGN1 = 0xd2 };

static const char *member(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* A log as the firmware wrote it, or a saved token with one in it. */
static int story_of(const char *path, json_t **out, struct err *e)
{
	OWNED(buf) b = NULL;
	OWNED(eat) t = NULL;
	OWNED(boot_log) log = NULL;
	struct bytes bytes, command_line = BYTES_NONE;

	if (file_read(path, EVIDENCE_MAX, &b, e))
		return (int)e->code;
	bytes = buf_bytes(b);
	if (bytes.len && bytes.at[0] == COSE_SIGN1) {
		if (eat_parse(bytes, &t, e))
			return err_while(e, "%s", path);
		bytes = t->logs.boot_log;
		command_line = t->logs.command_line;
	}
	if (boot_log_parse(bytes, &log, e) || boot_story(log, command_line, out, e))
		return err_while(e, "%s", path);
	return 0;
}

static void print_story(json_t *story)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(story, "events"), i, row) printf(
		"%4lld  PCR %-2lld  %s\n",
		(long long)json_integer_value(json_object_get(row, "event")),
		(long long)json_integer_value(json_object_get(row, "pcr")), member(row, "text"));
	if (*member(story, "fault"))
		printf("refused: %s\n", member(story, "fault"));
}

static const char no_log[] =
	"it takes a boot log (binary_bios_measurements) or a saved token; `assay inspect "
	"FILE` tells what a file is";

static int show(struct cli *c)
{
	json_t *story = NULL;
	struct err e = { 0 };
	int code;

	if (c->argc != 1)
		return cli_usage();
	if (story_of(c->argv[0], &story, &e))
		return cli_fail(c, &e, no_log);
	code = *member(story, "fault") ? 2 : 0;
	if (c->json) {
		cli_json("boot.show", !code, story);
		return code;
	}
	print_story(story);
	json_decref(story);
	return code;
}

/* Takes both stories. */
static int show_diff(struct cli *c, const char *command, json_t *before, json_t *after)
{
	json_t *changes = boot_story_diff(before, after), *row;
	size_t n = json_array_size(changes), i;

	json_decref(before);
	json_decref(after);
	if (c->json) {
		cli_json(command, true,
			 json_pack("{s:b, s:o}", "same", n == 0, "changes", changes));
		return 0;
	}
	json_array_foreach(changes, i, row)
	{
		const char *change = member(row, "change");

		printf("%c %s\n",
		       *change == 'a'	? '+'
		       : *change == 'r' ? '-'
					: '~',
		       member(row, "text"));
	}
	if (!n)
		puts("both boots measured the same");
	json_decref(changes);
	return 0;
}

int cmd_boot(struct cli *c, const char *verb)
{
	json_t *before = NULL, *after = NULL;
	struct err e = { 0 };

	if (!strcmp(verb, "show"))
		return show(c);
	if (strcmp(verb, "diff") || c->argc != 2)
		return cli_usage();
	if (story_of(c->argv[0], &before, &e) || story_of(c->argv[1], &after, &e)) {
		json_decref(before);
		return cli_fail(c, &e, no_log);
	}
	return show_diff(c, "boot.diff", before, after);
}

int host_boot(struct cli *c)
{
	json_t *answer = NULL, *boots, *newest;
	struct err e = { 0 };
	char path[URL_PART_MAX + 64];

	if (c->argc != 1)
		return cli_usage();
	snprintf(path, sizeof(path), "/api/v1/hosts/%s/boot", url_part(c->argv[0]));
	if (call_server(c, "GET", path, NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	boots = json_object_get(answer, "boots");
	newest = json_incref(json_array_get(boots, 0));
	if (c->option[OPT_DIFF] && json_array_size(boots) < 2) {
		json_decref(newest);
		json_decref(answer);
		err_set(&e, E_NOTFOUND, "the server knows one boot of this host, not two");
		return cli_fail(c, &e, NULL);
	}
	if (c->option[OPT_DIFF]) {
		json_t *before = json_incref(json_array_get(boots, 1));

		json_decref(answer);
		return show_diff(c, "host.boot", before, newest);
	}
	json_decref(answer);
	if (c->json) {
		cli_json("host.boot", true, newest);
		return 0;
	}
	print_story(newest);
	json_decref(newest);
	return 0;
}
