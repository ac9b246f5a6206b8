// SPDX-License-Identifier: Apache-2.0
/* `assay refval propose`: what this host will boot next, from its files and the log of this boot. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "agent/collector/service.h"
#include "common/file.h"
#include "progress.h"
#include "refval.h"
#include "uki_find.h"
#include "verifier/foretell.h"

#define COLLECTOR_SOCKET "/run/assay/collector.sock"
#define GRUB_CFG	 "/boot/grub/grub.cfg"

/* What is on the disk: images have tens of megabytes each, and are read where they are. */
struct files {
	struct range_file *kernel, *initrd, *uki, *uki_now;
	struct buf *grub_cfg, *line;
};

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

/* A file that need not be there unless somebody names it. */
static int maybe(const char *given, struct err *e)
{
	if (given || e->code == E_LIMIT)
		return (int)e->code;
	*e = (struct err){ 0 };
	return 0;
}

/* A host without an initrd has none to read: foretell() says so when the log knows better. */
static int open_files(const struct cli *c, const char *release, struct files *f, struct err *e)
{
	const char *kernel = c->option[OPT_KERNEL], *initrd = c->option[OPT_INITRD],
		   *menu = c->option[OPT_GRUB_CFG];
	char path[256];

	snprintf(path, sizeof(path), "/boot/vmlinuz-%s", release);
	if (range_open(kernel ? kernel : path, KERNEL_FILE_MAX, &f->kernel, e))
		return (int)e->code;
	snprintf(path, sizeof(path), "/boot/initrd.img-%s", release);
	if (range_open(initrd ? initrd : path, INITRD_FILE_MAX, &f->initrd, e) && maybe(initrd, e))
		return (int)e->code;
	if (file_read(menu ? menu : GRUB_CFG, GRUB_CFG_MAX, &f->grub_cfg, e) && maybe(menu, e))
		return (int)e->code;
	return 0;
}

/* The log knows which of the two this host boots; where it does not say so, what was asked for is refused by foretell(). */
static int open_next(const struct cli *c, const char *release, const struct boot_log *log,
		     struct files *f, struct err *e)
{
	const char *given = c->option[OPT_UKI];
	bool unified;

	if (given)
		return range_open(given, UKI_FILE_MAX, &f->uki, e);
	if (foretell_from_uki(log, &unified, e))
		return (int)e->code;
	return unified ? uki_find(c->option[OPT_ESP], release, &f->uki, e)
		       : open_files(c, release, f, e);
}

/* It may be gone, or be another by now: then less is told. */
static void open_now(const struct cli *c, const char *running, struct range_file **out)
{
	struct err e = { 0 };

	uki_find(c->option[OPT_ESP], running, out, &e);
}

static int make_next(const struct cli *c, const struct boot_log *log, const char *release,
		     const char *running, struct files *f, struct buf **body, struct err *e)
{
	struct next_boot next = { .log = log,
				  .running = running,
				  .release = release,
				  .options = c->option[OPT_CMDLINE] };

	struct progress p;
	int rc;

	if (open_next(c, release, log, f, e))
		return (int)e->code;
	if (f->uki)
		open_now(c, running, &f->uki_now);
	struct range_file *const watched[] = { f->kernel, f->initrd, f->uki, f->uki_now };
	next.running_line = file_line("/proc/cmdline", COMMAND_LINE_MAX, &f->line);
	next.kernel = range_whole(f->kernel);
	next.initrd = range_whole(f->initrd);
	next.grub_cfg = buf_bytes(f->grub_cfg);
	next.uki = range_whole(f->uki);
	next.uki_now = range_whole(f->uki_now);
	p = progress_begin(c, "reading what boots next", NULL,
			   next.kernel.len + next.initrd.len + next.uki.len + next.uki_now.len);
	for (size_t i = 0; i < ARRAY_LEN(watched); i++)
		range_watch(watched[i], progress_more, &p);
	rc = foretell(&next, body, e);
	progress_end(&p);
	return rc;
}

static int make_body(const struct cli *c, const char *release, const char *running,
		     struct buf **body, struct err *e)
{
	const char *collector =
		c->option[OPT_COLLECTOR] ? c->option[OPT_COLLECTOR] : COLLECTOR_SOCKET;
	OWNED(buf) raw = NULL;
	OWNED(boot_log) log = NULL;
	struct files f = { 0 };
	struct range_file **files[] = { &f.kernel, &f.initrd, &f.uki, &f.uki_now };
	int rc;

	if (!release_valid(release))
		return err_set(e, E_USAGE, "\"%s\" is no version of a kernel", release);
	if (collector_ask(collector, COLLECT_LOGS, BYTES_NONE, &raw, e))
		return err_while(e, "read the boot log");
	if (!buf_bytes(raw).len)
		return err_set(e, E_NOTFOUND,
			       "this host has no boot log: nothing to foretell from");
	if (boot_log_parse(buf_bytes(raw), &log, e))
		return (int)e->code;
	rc = make_next(c, log, release, running, &f, body, e);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		range_file_drop(files[i]);
	buf_drop(&f.grub_cfg);
	buf_drop(&f.line);
	return rc;
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
