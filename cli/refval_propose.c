// SPDX-License-Identifier: Apache-2.0
/* `assay refval propose`: what this host will boot next, from its files and the log of this boot. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "agent/collector/service.h"
#include "common/file.h"
#include "refval.h"
#include "verifier/foretell.h"

#define COLLECTOR_SOCKET "/run/assay/collector.sock"

/* The versions of installed kernels stand in no sensible order of names: who wants another says so. */
static const char *release_of(const struct cli *c, const struct utsname *running)
{
	return c->option[OPT_RELEASE] ? c->option[OPT_RELEASE] : running->release;
}

static bool release_valid(const char *release)
{
	return *release && strlen(release) <= PROPOSAL_RELEASE_MAX && *release != '.' &&
	       !strchr(release, '/');
}

static int read_boot_file(const char *given, const char *prefix, const char *release, size_t max,
			  struct buf **out, struct err *e)
{
	char path[256];

	snprintf(path, sizeof(path), "/boot/%s-%s", prefix, release);
	return file_read(given ? given : path, max, out, e);
}

/* A host without an initrd has none to read: foretell() says so when the log knows better. */
static int read_files(const struct cli *c, const char *release, struct buf **kernel,
		      struct buf **initrd, struct err *e)
{
	if (read_boot_file(c->option[OPT_KERNEL], "vmlinuz", release, KERNEL_FILE_MAX, kernel, e))
		return (int)e->code;
	if (!read_boot_file(c->option[OPT_INITRD], "initrd.img", release, INITRD_FILE_MAX, initrd,
			    e))
		return 0;
	if (c->option[OPT_INITRD])
		return (int)e->code;
	*e = (struct err){ 0 };
	return 0;
}

static int make_body(const struct cli *c, const char *release, const char *running,
		     struct buf **body, struct err *e)
{
	const char *collector =
		c->option[OPT_COLLECTOR] ? c->option[OPT_COLLECTOR] : COLLECTOR_SOCKET;
	OWNED(buf) kernel = NULL;
	OWNED(buf) initrd = NULL;
	OWNED(buf) line = NULL;
	OWNED(buf) raw = NULL;
	OWNED(boot_log) log = NULL;
	struct next_boot next = { .running = running,
				  .release = release,
				  .options = c->option[OPT_CMDLINE] };

	if (!release_valid(release))
		return err_set(e, E_USAGE, "\"%s\" is no version of a kernel", release);
	if (collector_ask(collector, COLLECT_LOGS, BYTES_NONE, &raw, e))
		return err_while(e, "read the boot log");
	if (!buf_bytes(raw).len)
		return err_set(e, E_NOTFOUND,
			       "this host has no boot log: nothing to foretell from");
	if (boot_log_parse(buf_bytes(raw), &log, e) || read_files(c, release, &kernel, &initrd, e))
		return (int)e->code;
	next.log = log;
	next.running_line = file_line("/proc/cmdline", COMMAND_LINE_MAX, &line);
	next.kernel = buf_bytes(kernel);
	next.initrd = buf_bytes(initrd);
	return foretell(&next, body, e);
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return cli_safe(s ? s : "");
}

/* One line: it stands among the lines of apt. */
static void print_answer(const json_t *answer, const char *release)
{
	static const char refused[] = "next boot would be refused: ";
	const json_t *next = json_object_get(answer, "next_boot");
	const char *status = text_of(next, "status"), *text = text_of(next, "text");

	if (!strncmp(text, refused, sizeof(refused) - 1))
		text += sizeof(refused) - 1;
	if (!strcmp(status, "accepted"))
		printf("assay: next boot (%s) is accepted\n", cli_safe(release));
	else if (!strcmp(status, "refused"))
		printf("assay: next boot would be refused until %.12s (%s) is signed: %s\n",
		       text_of(next, "proposal"), cli_safe(release), text);
	else
		printf("assay: %.12s (%s) is proposed: %s\n", text_of(next, "proposal"),
		       cli_safe(release), text);
}

int refval_propose(struct cli *c)
{
	OWNED(buf) body = NULL;
	OWNED(buf) answer = NULL;
	struct utsname running;
	struct err e = { 0 };
	json_t *j;

	if (c->argc)
		return cli_usage();
	if (uname(&running))
		err_set(&e, E_IO, "uname: no version of the kernel that runs");
	if (e.code || make_body(c, release_of(c, &running), running.release, &body, &e) ||
	    ask_agent(c, AGENT_PROPOSE, buf_bytes(body), &answer, &e))
		return cli_fail(c, &e, NULL);
	j = json_loadb((const char *)answer->w.at, answer->w.len, 0, NULL);
	if (!j) {
		err_set(&e, E_FORMAT, "server's answer is not JSON");
		return cli_fail(c, &e, NULL);
	}
	if (c->json) {
		cli_json("refval.propose", true, j);
		return 0;
	}
	print_answer(j, release_of(c, &running));
	json_decref(j);
	return 0;
}
