// SPDX-License-Identifier: Apache-2.0
/* The machine itself: what its kernel, firmware, TPM and files say, without asking anybody else. */
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "common/file.h"
#include "doctor.h"

enum { RING = 4, PATH_SIZE = 1024, MODULES_DEP_MAX = 16 * 1024 * 1024, YEAR_2026 = 1767225600 };

void found(struct findings *f, bool good, const char *what, const char *next, const char *said, ...)
{
	struct finding *row = &f->at[f->n];
	va_list args;

	if (f->n == FINDINGS_MAX)
		return;
	f->n++;
	*row = (struct finding){ .good = good };
	snprintf(row->what, sizeof(row->what), "%s", what);
	if (!good)
		snprintf(row->next, sizeof(row->next), "%s", next);
	va_start(args, said);
	vsnprintf(row->said, sizeof(row->said), said, args);
	va_end(args);
}

const char *doctor_path(const struct doctor_view *v, const char *path)
{
	static char ring[RING][PATH_SIZE];
	static unsigned int at;
	char *out = ring[at++ % RING];

	snprintf(out, PATH_SIZE, "%s%s", v->root, path);
	return out;
}

/* The first line of a small file; "" when it cannot be read. */
static const char *first_line(const struct doctor_view *v, const char *path, char *out, size_t size)
{
	OWNED(buf) b = NULL;
	struct err e = { 0 };

	out[0] = 0;
	if (!file_read(doctor_path(v, path), 4096, &b, &e) && b->w.len)
		snprintf(out, size, "%.*s", (int)b->w.len, (const char *)b->w.at);
	out[strcspn(out, "\n")] = 0;
	return out;
}

static bool is_there(const struct doctor_view *v, const char *path)
{
	return !access(doctor_path(v, path), F_OK);
}

const char *doctor_release(const struct doctor_view *v, char out[128])
{
	return first_line(v, "/proc/sys/kernel/osrelease", out, 128);
}

/* ---- kernel and module ---- */
static void check_kernel(const struct doctor_view *v, struct findings *f)
{
	int major = 0, minor = 0;
	char release[128];
	bool good;

	doctor_release(v, release);
	if (sscanf(release, "%d.%d", &major, &minor) != 2)
		snprintf(release, sizeof(release), "unknown version");
	good = major > 6 || (major == 6 && minor >= 12);
	found(f, good, "kernel", "install linux-image-6.12-amd64 of bookworm-security, reboot",
	      "%s%s", release, good ? "" : ": no DOE support to build on, 6.12 has it");
}

/* SPEC: UEFI 2.10 3.3 SecureBoot; in efivars four bytes of attributes come first */
static bool secure_boot(const struct doctor_view *v)
{
	OWNED(buf) b = NULL;
	struct err e = { 0 };

	return !file_read(doctor_path(v, "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-"
					 "aa0d-00e098032b8c"),
			  64, &b, &e) &&
	       b->w.len == 5 && b->w.at[4] == 1;
}

/* Why an unsigned module is refused here, or NULL. */
static const char *signatures_wanted(const struct doctor_view *v)
{
	char text[200];

	first_line(v, "/sys/module/module/parameters/sig_enforce", text, sizeof(text));
	if (text[0] == 'Y')
		return "the kernel wants signed modules (sig_enforce)";
	first_line(v, "/sys/kernel/security/lockdown", text, sizeof(text));
	if (strstr(text, "[integrity]") || strstr(text, "[confidentiality]"))
		return secure_boot(v) ? "Secure Boot is on" : "the kernel is locked down";
	/* who is not root does not see whether the kernel is locked down: Debian's is, with Secure Boot */
	return !text[0] && secure_boot(v) ? "Secure Boot is on" : NULL;
}

/* Where modules.dep says that the module is, without @root; false: nowhere. */
static bool find_module(const struct doctor_view *v, const char *release, char out[512])
{
	static const char name[] = "/assay_spdm.ko";
	OWNED(buf) b = NULL;
	struct err e = { 0 };
	char path[256];
	struct bytes text;

	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", release);
	if (!release[0] || file_read(doctor_path(v, path), MODULES_DEP_MAX, &b, &e))
		return false;
	text = buf_bytes(b);
	for (size_t at = 0, end; at < text.len; at = end + 1) {
		const u8 *nl = memchr(text.at + at, '\n', text.len - at);
		const char *line = (const char *)text.at + at;
		size_t len;

		end = nl ? (size_t)(nl - text.at) : text.len;
		for (len = 0; at + len < end && line[len] != ':'; len++)
			;
		snprintf(out, 512, "/lib/modules/%.100s/%.*s", release,
			 (int)(len < 300 ? len : 300), line);
		if (strstr(out, name))
			return true;
	}
	return false;
}

/* SPEC: Linux scripts/sign-file.c: a signature's last bytes; what is compressed shows none. */
static bool is_signed(const struct doctor_view *v, const char *path, bool *known)
{
	static const char mark[] = "~Module signature appended~\n";
	size_t n = strlen(path);
	char end[sizeof(mark)] = "";
	int fd;

	*known = n > 3 && !strcmp(path + n - 3, ".ko");
	if (!*known)
		return false;
	fd = open(doctor_path(v, path), O_RDONLY | O_CLOEXEC);
	*known = fd >= 0;
	if (fd < 0)
		return false;
	if (lseek(fd, -(off_t)(sizeof(mark) - 1), SEEK_END) >= 0 &&
	    read(fd, end, sizeof(mark) - 1) == (ssize_t)sizeof(mark) - 1)
		end[sizeof(mark) - 1] = 0;
	close(fd);
	return !strcmp(end, mark);
}

static void check_module(const struct doctor_view *v, const struct agent_settings *s,
			 struct findings *f)
{
	const char *why = signatures_wanted(v);
	char release[128], path[512];
	bool known, has_signature;

	if (v->agent_unread)
		return;
	if (!s || !s->kernel_cma) {
		found(f, true, "kernel module", "", "%s",
		      s ? "[devices] sources does not name kernel-cma: none is needed"
			: "no agent is configured here: none is needed");
		return;
	}
	if (is_there(v, "/sys/module/assay_spdm")) {
		found(f, true, "kernel module", "", "assay_spdm is loaded");
		return;
	}
	if (!find_module(v, doctor_release(v, release), path)) {
		found(f, false, "kernel module",
		      "install assay_spdm for this kernel: kernel-patches/README.md",
		      "there is no assay_spdm for kernel %.100s: devices give no evidence",
		      release);
		return;
	}
	has_signature = is_signed(v, path, &known);
	if (why && known && !has_signature)
		found(f, false, "kernel module",
		      "sign it with a key that is enrolled (mokutil --import, reboot): "
		      "kernel-patches/README.md",
		      "%s, and %.200s is not signed: it is refused", why, path);
	else
		found(f, false, "kernel module",
		      why ? "modprobe assay_spdm; where that is refused, enroll the key that "
			    "signed "
			    "it: mokutil --import, reboot"
			  : "modprobe assay_spdm, or start assay-collector, which loads it",
		      "%.200s is not loaded%s%s", path, why ? "; " : "", why ? why : "");
}

/* ---- TPM ---- */
#define TPM "/sys/class/tpm/tpm0/"

static void check_tpm(const struct doctor_view *v, const struct agent_settings *s,
		      struct findings *f)
{
	char version[16];

	if (s && strcmp(s->tcti, "device:/dev/tpmrm0")) {
		found(f, true, "TPM", "", "[tpm] tcti is %.200s: not looked at", s->tcti);
		return;
	}
	first_line(v, TPM "tpm_version_major", version, sizeof(version));
	if (version[0] && strcmp(version, "2"))
		found(f, false, "TPM", "switch it to 2.0 in the firmware's set-up, if it can be",
		      "it is a TPM %.4s.x, and 2.0 is needed", version);
	else if (!is_there(v, "/dev/tpmrm0"))
		found(f, false, "TPM",
		      is_there(v, "/dev/tpm0")
			      ? "boot a kernel with a resource manager (Debian's have it)"
			      : "enable the TPM in the firmware's set-up; load its driver "
				"(tpm_tis, "
				"tpm_crb)",
		      is_there(v, "/dev/tpm0") ? "/dev/tpm0 is there, /dev/tpmrm0 is not: no "
						 "resource manager"
					       : "/dev/tpmrm0 is not there");
	else if (access(doctor_path(v, "/dev/tpmrm0"), R_OK | W_OK))
		found(f, false, "TPM", "run as root, or add the user to the group tss",
		      "/dev/tpmrm0 may not be opened by uid %d", (int)geteuid());
	else
		found(f, true, "TPM", "", "/dev/tpmrm0 is there");
	if (is_there(v, TPM "pcr-sha256"))
		found(f, true, "TPM bank", "", "SHA-256 is active");
	else if (is_there(v, TPM "pcr-sha1") || is_there(v, TPM "pcr-sha384"))
		found(f, false, "TPM bank",
		      "tpm2_pcrallocate sha256:all, or the firmware's set-up; then power off and "
		      "on",
		      "its PCRs have no active SHA-256 bank, which quotes and keys need");
}

static void check_boot_log(const struct doctor_view *v, const struct agent_settings *s,
			   struct findings *f)
{
	static const char usual[] = "/sys/kernel/security/tpm0/binary_bios_measurements";
	bool other = s && s->boot_log[0] && strcmp(s->boot_log, usual);
	const char *path = other ? s->boot_log : usual, *at = doctor_path(v, path);
	bool good = !access(at, R_OK), denied = !good && errno == EACCES;

	found(f, good, "boot log",
	      denied  ? "run as root"
	      : other ? "correct [logs] boot"
	      : is_there(v, "/sys/firmware/efi")
		      ? "mount -t securityfs securityfs /sys/kernel/security; enable the TPM "
			"before "
			"the boot"
		      : "boot with UEFI: a BIOS's measurements are not enough",
	      "%.200s %s", path,
	      good     ? "is readable"
	      : denied ? "may not be read by this user"
		       : "is not there");
}

/* ---- clock ---- */
static bool is_synchronised(const struct doctor_view *v)
{
	struct timex t = { 0 };

	if (v->synchronised >= 0)
		return v->synchronised;
	return adjtimex(&t) >= 0 && !(t.status & STA_UNSYNC);
}

static void check_clock(const struct doctor_view *v, struct findings *f)
{
	bool year = v->now_s > YEAR_2026, synchronised = is_synchronised(v);

	found(f, year && synchronised, "clock",
	      year ? "timedatectl set-ntp true, or chrony: revocation, validity and --until go by "
		     "it"
		   : "set the clock (timedatectl set-time), then keep it right: timedatectl "
		     "set-ntp true",
	      "%s",
	      !year	      ? "before 2026"
	      : !synchronised ? "plausible, and nothing keeps it right"
			      : "synchronised");
}

/* ---- files ---- */
/* Whether the user of the agent can read it; true where there is none. */
static bool agent_reads(const struct stat *st)
{
	const struct passwd *user = getpwnam("assay-agent");

	return !user || st->st_mode & 0004 || (st->st_uid == user->pw_uid && st->st_mode & 0400) ||
	       (st->st_gid == user->pw_gid && st->st_mode & 0040);
}

/* The agent reads it, as its user or by its group, and nobody else. */
static void check_join_token(const char *path, const struct stat *st, struct findings *f)
{
	const struct group *group = getgrnam("assay-agent");
	bool by_group = st->st_mode & 0070 && !(group && st->st_gid == group->gr_gid);

	if (st->st_mode & 0027 || by_group)
		found(f, false, "join token",
		      "chgrp assay-agent FILE; chmod u=rw,g=r,o= FILE; make another token",
		      "%.200s may be read by others: who has it enrols a host", path);
	else if (!agent_reads(st))
		found(f, false, "join token", "chgrp assay-agent FILE; chmod g+r FILE",
		      "%.200s cannot be read by the user assay-agent", path);
	else
		found(f, true, "join token", "", "%.200s is the agent's alone", path);
}

static void check_agent_config(const struct doctor_view *v, const struct agent_settings *s,
			       struct findings *f)
{
	const char *path = v->agent_config;
	struct stat st;

	if (stat(doctor_path(v, path), &st)) {
		found(f, true, "agent's configuration", "",
		      "%.200s is not there: this machine does not attest", path);
		return;
	}
	if (st.st_mode & 0022 || (st.st_uid && st.st_uid != geteuid()))
		found(f, false, "agent's configuration", "chown root FILE; chmod go-w FILE",
		      "%.200s may be changed by others than root (mode %03o, uid %d)", path,
		      st.st_mode & 0777, (int)st.st_uid);
	else if (!agent_reads(&st))
		found(f, false, "agent's configuration",
		      "chgrp assay-agent FILE; chmod g+r FILE: it is started as that user",
		      "%.200s cannot be read by the user assay-agent (mode %03o)", path,
		      st.st_mode & 0777);
	else if (s)
		found(f, true, "agent's configuration", "", "%.200s is root's to change", path);
	if (s && s->join_token_file[0] && !stat(doctor_path(v, s->join_token_file), &st))
		check_join_token(s->join_token_file, &st, f);
}

void doctor_machine(const struct doctor_view *v, const struct agent_settings *s, struct findings *f)
{
	check_kernel(v, f);
	check_module(v, s, f);
	check_tpm(v, s, f);
	check_boot_log(v, s, f);
	check_clock(v, f);
	check_agent_config(v, s, f);
}
