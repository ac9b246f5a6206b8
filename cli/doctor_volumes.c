// SPDX-License-Identifier: Apache-2.0
/* What opens the volumes of agent.conf at the next boot. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/luks.h"
#include "common/file.h"
#include "common/text.h"
#include "doctor.h"

enum { CRYPTTAB_MAX = 65536, LINES_MAX = 64 };

/* ---- /etc/crypttab ---- */
struct line {
	u8 uuid[16];
	bool keyscript, used;
};

struct crypttab {
	size_t n;
	struct line at[LINES_MAX];
};

/* As the hook looks for it: by name, or by a path that ends in it. */
static bool has_keyscript(const char *options)
{
	static const char ours[] = "assay-keyscript";
	const char *at = options ? strstr(options, "keyscript=") : NULL;
	size_t n = at ? strcspn(at, ", ") : 0;

	return n >= sizeof(ours) - 1 &&
	       !memcmp(at + n - (sizeof(ours) - 1), ours, sizeof(ours) - 1);
}

/* "root UUID=... none luks,keyscript=assay-keyscript" SPEC: crypttab(5) */
static void take_line(char *text, struct crypttab *t)
{
	static const char *const starts[] = { "UUID=", "/dev/disk/by-uuid/" };
	char *save = NULL, *name = strtok_r(text, " \t", &save),
	     *source = strtok_r(NULL, " \t", &save), *key = strtok_r(NULL, " \t", &save),
	     *options = strtok_r(NULL, " \t", &save);
	struct line *l = &t->at[t->n];

	if (!name || name[0] == '#' || !source || !key || t->n == LINES_MAX)
		return;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		size_t n = strlen(starts[i]);

		if (strncmp(source, starts[i], n) || !uuid_read(source + n, l->uuid))
			continue;
		l->keyscript = has_keyscript(options);
		l->used = false;
		t->n++;
		return;
	}
}

static void read_crypttab(const struct doctor_view *v, struct crypttab *t)
{
	OWNED(buf) b = NULL;
	struct err e = { 0 };
	char *save = NULL, *text, *line;

	t->n = 0;
	if (file_read(doctor_path(v, "/etc/crypttab"), CRYPTTAB_MAX, &b, &e))
		return;
	text = b->w.len ? strndup((const char *)b->w.at, b->w.len) : NULL;
	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		take_line(line, t);
	free(text);
}

static struct line *line_of(struct crypttab *t, const u8 uuid[16])
{
	for (size_t i = 0; i < t->n; i++)
		if (!memcmp(t->at[i].uuid, uuid, 16))
			return &t->at[i];
	return NULL;
}

/* ---- headers ---- */
static void check_header(const struct doctor_view *v, const char *uuid, const u8 raw[16],
			 struct findings *f)
{
	OWNED(luks) l = NULL;
	struct luks_tokens tokens;
	struct err e = { 0 };
	char path[80], what[48];
	size_t pending = 0;

	snprintf(what, sizeof(what), "volume %.36s", uuid);
	snprintf(path, sizeof(path), "/dev/disk/by-uuid/%s", uuid);
	if (access(doctor_path(v, path), F_OK)) {
		found(f, false, what,
		      "put the disk back; or remove [volume] from agent.conf and `assay secret "
		      "delete` it",
		      "no disk here has this UUID");
		return;
	}
	if (access(doctor_path(v, path), R_OK)) {
		found(f, true, what, "", "its header is for root alone to look at");
		return;
	}
	if (luks_open(doctor_path(v, path), raw, &l, &e)) {
		found(f, false, what,
		      "a header that you did not change: do not boot from it; "
		      "OPERATIONS.md, When it does not boot",
		      "%.300s", e.text);
		return;
	}
	luks_tokens(l, &tokens);
	for (size_t i = 0; i < tokens.n; i++)
		pending += tokens.at[i].token.state == LUKS_TOKEN_PENDING;
	if (!tokens.n)
		found(f, false, what, "assay disk enroll DEVICE",
		      "is in agent.conf, and no keyslot of its header opens by attestation");
	else
		found(f, true, what, "", "%zu keyslots open by attestation%s", tokens.n,
		      pending == tokens.n ? ", proven at the next boot" : "");
}

/* ---- the initramfs ---- */
static long long changed_s(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (long long)st.st_mtime;
}

static bool is_conf(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && !strcmp(name + n - 5, ".conf");
}

/* When the configuration was changed last: the file, or one beside it. */
static long long config_changed(const struct doctor_view *v)
{
	long long last = changed_s(doctor_path(v, v->agent_config)), one;
	char folder[512], path[800];
	const struct dirent *d;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%.400s.d", v->agent_config);
	dir = opendir(doctor_path(v, folder));
	while (dir && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%.255s", folder, d->d_name);
		one = is_conf(d->d_name) ? changed_s(doctor_path(v, path)) : 0;
		last = one > last ? one : last;
	}
	if (dir)
		closedir(dir);
	one = changed_s(doctor_path(v, "/etc/assay/initramfs.conf"));
	return one > last ? one : last;
}

/* Of the initrds in /boot, whichever of their kernels boots next: the oldest. Return: when it was made, 0: there is none. */
static long long oldest_initrd(const struct doctor_view *v, char out[300])
{
	static const char start[] = "initrd.img-";
	DIR *dir = opendir(doctor_path(v, "/boot"));
	long long oldest = 0, one;
	const struct dirent *d;
	char path[300];

	out[0] = 0;
	while (dir && (d = readdir(dir))) {
		if (strncmp(d->d_name, start, strlen(start)))
			continue;
		snprintf(path, sizeof(path), "/boot/%.255s", d->d_name);
		one = changed_s(doctor_path(v, path));
		if (!one || (oldest && one >= oldest))
			continue;
		oldest = one;
		snprintf(out, 300, "%s", path);
	}
	if (dir)
		closedir(dir);
	return oldest;
}

/* Return: whether lines of crypttab have to name the keyscript. */
static bool check_initramfs(const struct doctor_view *v, struct findings *f)
{
	bool debian = !access(doctor_path(v, "/usr/share/initramfs-tools/hooks/assay"), F_OK),
	     dracut = !access(doctor_path(v, "/usr/lib/dracut/modules.d/91assay"), F_OK);
	const char *again =
		debian ? "update-initramfs -u -k all, then sign its proposal before the reboot"
		       : "dracut --force --regenerate-all, assay refval propose, sign the proposal";
	char path[300];
	long long made = oldest_initrd(v, path);

	if (!debian && !dracut)
		found(f, false, "initramfs",
		      "cmake --install BUILD --component initramfs, or "
		      "dracut and token: docs/OPERATIONS.md",
		      "nothing of ours is in it: no hook of initramfs-tools, no module of dracut");
	else if (!made)
		found(f, false, "initramfs", again,
		      "there is no /boot/initrd.img-*; one within a unified image is not looked "
		      "at");
	else if (made < config_changed(v))
		found(f, false, "initramfs", again,
		      "%.150s is older than %.150s: a boot with it goes by what was there before",
		      path, v->agent_config);
	else
		found(f, true, "initramfs", "", "%.150s is newer than the configuration", path);
	return debian;
}

void doctor_volumes(const struct doctor_view *v, const struct agent_settings *s, struct findings *f)
{
	char uuid[UUID_TEXT_LEN + 1], what[48];
	struct crypttab t;
	bool keyscript;

	read_crypttab(v, &t);
	keyscript = s && s->n_volumes ? check_initramfs(v, f) : false;
	for (size_t i = 0; s && i < s->n_volumes; i++) {
		struct line *l = line_of(&t, s->volumes[i].uuid);

		uuid_write(s->volumes[i].uuid, uuid);
		if (!s->volumes[i].counter)
			continue; /* a trial without a disk */
		check_header(v, uuid, s->volumes[i].uuid, f);
		snprintf(what, sizeof(what), "crypttab %.36s", uuid);
		if (l)
			l->used = true;
		if (l && keyscript && !l->keyscript)
			found(f, false, what,
			      "add keyscript=assay-keyscript,initramfs to its options; "
			      "update-initramfs -u",
			      "its line in /etc/crypttab asks for a passphrase");
		else if (!l)
			found(f, false, what,
			      "a line with UUID= of the volume (docs/OPERATIONS.md, step 4); then "
			      "a "
			      "new initramfs",
			      "no line of /etc/crypttab opens it");
	}
	for (size_t i = 0; i < t.n; i++) {
		if (!t.at[i].keyscript || t.at[i].used)
			continue;
		snprintf(what, sizeof(what), "crypttab %.36s", uuid_write(t.at[i].uuid, uuid));
		found(f, false, what, "assay disk enroll DEVICE, which writes it into agent.conf",
		      "its line wants a key by attestation, and agent.conf has no [volume] for it");
	}
}
