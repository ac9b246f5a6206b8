// SPDX-License-Identifier: Apache-2.0
/* What `assay doctor` finds on a machine: each fault made on its own, on an otherwise good one. */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "common/file.h"
#include "common/text.h"

#define RELEASE	  "6.12.9-amd64"
#define MODULE	  "/lib/modules/" RELEASE "/updates/dkms/assay_spdm.ko"
#define EFI_BOOT  "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define BOOT_LOG  "/sys/kernel/security/tpm0/binary_bios_measurements"
#define CONF	  "/etc/assay/agent.conf"
#define VOLUME	  "11111111-2222-4333-8444-555555555555"
#define INITRD	  "/boot/initrd.img-" RELEASE
#define CRYPTTAB  "/etc/crypttab"
#define LINE	  "root UUID=" VOLUME " none luks,keyscript=assay-keyscript,initramfs\n"
#define BY_UUID	  "/dev/disk/by-uuid/" VOLUME
#define SIGNATURE "~Module signature appended~\n"

static char root[64];

static const char *at(const char *path)
{
	static char out[512];

	snprintf(out, sizeof(out), "%s%s", root, path);
	return out;
}

static void put_bytes(const char *path, struct bytes b)
{
	char folder[512];
	struct err e = { 0 };

	snprintf(folder, sizeof(folder), "%s", at(path));
	*strrchr(folder, '/') = 0;
	assert_ok(folder_make(folder, 0755, &e), &e);
	unlink(at(path));
	assert_ok(file_write(at(path), b, 0644, &e), &e);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, bytes_text(text));
}

static void drop(const char *path)
{
	char command[700];

	snprintf(command, sizeof(command), "rm -rf %s", at(path));
	assert_int_equal(system(command), 0);
}

/* A LUKS2 header in a file; made once. */
static void put_luks(void)
{
	static char made[80];
	char command[700];
	struct err e = { 0 };

	if (!made[0]) {
		snprintf(made, sizeof(made), "%s.luks", root);
		snprintf(command, sizeof(command),
			 "truncate -s 20M %s && echo secret | cryptsetup luksFormat --type luks2 "
			 "--uuid " VOLUME " --pbkdf pbkdf2 --pbkdf-force-iterations 1000 -q %s -",
			 made, made);
		assert_int_equal(system(command), 0);
	}
	assert_ok(folder_make(at("/dev/disk/by-uuid"), 0755, &e), &e);
	unlink(at(BY_UUID));
	snprintf(command, sizeof(command), "%s", at(BY_UUID));
	assert_return_code(symlink(made, command), errno);
}

static void age(const char *path, long long s)
{
	struct timespec t[2] = { { .tv_sec = s }, { .tv_sec = s } };

	assert_return_code(utimensat(AT_FDCWD, at(path), t, 0), errno);
}

/* A host on which nothing is wrong but that its volume is not enrolled. */
static void make_good(void)
{
	drop("");
	put("/proc/sys/kernel/osrelease", RELEASE "\n");
	put("/sys/module/assay_spdm/version", "1\n");
	put("/lib/modules/" RELEASE "/modules.dep",
	    "kernel/drivers/a.ko:\nupdates/dkms/assay_spdm.ko: kernel/drivers/a.ko\n");
	put(MODULE, "module" SIGNATURE);
	put("/dev/tpmrm0", "");
	put("/dev/tpm0", "");
	put("/sys/class/tpm/tpm0/tpm_version_major", "2\n");
	put("/sys/class/tpm/tpm0/pcr-sha256/0", "");
	put(BOOT_LOG, "log");
	put("/sys/firmware/efi/version", "");
	put(CONF, "");
	put("/usr/share/initramfs-tools/hooks/assay", "");
	put(INITRD, "");
	put(CRYPTTAB, "# a table\nswap /dev/sda2 /dev/urandom swap\n" LINE);
	age(CONF, 1000);
	age(INITRD, 2000);
	put_luks();
}

static struct agent_settings settings;
static struct doctor_view view = { .root = root, .agent_config = CONF };

static void reset(void)
{
	make_good();
	memset(&settings, 0, sizeof(settings));
	settings.kernel_cma = true;
	snprintf(settings.tcti, sizeof(settings.tcti), "device:/dev/tpmrm0");
	snprintf(settings.boot_log, sizeof(settings.boot_log), BOOT_LOG);
	settings.n_volumes = 1;
	settings.volumes[0].counter = 0x01800000;
	assert_true(uuid_read(VOLUME, settings.volumes[0].uuid));
	view.now_s = 1800000000;
	view.synchronised = 1;
}

static void examine(struct findings *f)
{
	f->n = 0;
	doctor_machine(&view, &settings, f);
	doctor_volumes(&view, &settings, f);
}

/* What is bad: one row, "what", with these words, and a next step with those. */
static void expect(const char *fault, const char *what, const char *said, const char *next)
{
	struct findings *f = calloc(1, sizeof(*f));
	size_t n = 0;

	examine(f);
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *row = &f->at[i];

		if (row->good)
			assert_string_equal(row->next, "");
		/* nobody enrolled it here: that is a row of its own below */
		if (row->good || strstr(row->said, "no keyslot of its header"))
			continue;
		n++;
		if (!what || strcmp(row->what, what) || !strstr(row->said, said) ||
		    !strstr(row->next, next))
			fail_msg("%s: %s: \"%s\", next \"%s\"", fault, row->what, row->said,
				 row->next);
	}
	if (n != (what != NULL))
		fail_msg("%s: %zu rows are bad", fault, n);
	free(f);
}

static void a_host_as_it_has_to_be_has_nothing_bad(void **state)
{
	(void)state;
	reset();
	expect("none", NULL, NULL, NULL);
}

/* ---- faults ---- */
static void old_kernel(void)
{
	put("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
	put("/boot/initrd.img-6.1.0-18-amd64", "");
}

static void no_module(void)
{
	drop("/sys/module/assay_spdm");
	put("/lib/modules/" RELEASE "/modules.dep", "kernel/drivers/a.ko:\n");
}

static void unloaded(void)
{
	drop("/sys/module/assay_spdm");
}

static void secure_boot_and_unsigned(void)
{
	static const u8 on[] = { 6, 0, 0, 0, 1 };

	unloaded();
	put_bytes(EFI_BOOT, BYTES(on));
	put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	put(MODULE, "module");
}

static void secure_boot_unseen_and_unsigned(void)
{
	secure_boot_and_unsigned();
	drop("/sys/kernel/security/lockdown");
}

static void secure_boot_and_signed(void)
{
	secure_boot_and_unsigned();
	put(MODULE, "module" SIGNATURE);
}

static void enforced_and_unsigned(void)
{
	unloaded();
	put("/sys/module/module/parameters/sig_enforce", "Y\n");
	put(MODULE, "module");
}

static void unsigned_where_nobody_minds(void)
{
	static const u8 off[] = { 6, 0, 0, 0, 0 };

	unloaded();
	put_bytes(EFI_BOOT, BYTES(off));
	put("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	put(MODULE, "module");
}

static void no_tpm(void)
{
	drop("/dev/tpmrm0");
	drop("/dev/tpm0");
	drop("/sys/class/tpm");
}

static void no_resource_manager(void)
{
	drop("/dev/tpmrm0");
}

static void tpm_of_1_2(void)
{
	put("/sys/class/tpm/tpm0/tpm_version_major", "1\n");
}

static void sha1_alone(void)
{
	drop("/sys/class/tpm/tpm0/pcr-sha256");
	put("/sys/class/tpm/tpm0/pcr-sha1/0", "");
}

static void no_boot_log(void)
{
	drop(BOOT_LOG);
}

static void bios(void)
{
	drop(BOOT_LOG);
	drop("/sys/firmware/efi");
}

static void boot_log_elsewhere(void)
{
	snprintf(settings.boot_log, sizeof(settings.boot_log), "/nowhere/log");
}

static void clock_of_1970(void)
{
	view.now_s = 86400;
}

static void clock_alone(void)
{
	view.synchronised = 0;
}

static void config_of_all(void)
{
	chmod(at(CONF), 0666);
}

static void config_of_another(void)
{
	assert_return_code(chown(at(CONF), 65534, 65534), errno);
}

static void token_of_all(void)
{
	put("/etc/assay/join.token", "x");
	snprintf(settings.join_token_file, sizeof(settings.join_token_file),
		 "/etc/assay/join.token");
}

static void initrd_is_old(void)
{
	age(INITRD, 500);
}

static void drop_in_is_newer(void)
{
	put(CONF ".d/10-volume.conf", "");
}

static void no_initrd(void)
{
	drop(INITRD);
}

static void initrd_of_another_kernel_is_old(void)
{
	put("/boot/initrd.img-6.12.9-older", "");
	age("/boot/initrd.img-6.12.9-older", 500);
}

static void no_hook(void)
{
	drop("/usr/share/initramfs-tools");
}

static void disk_is_gone(void)
{
	drop(BY_UUID);
}

static void no_header(void)
{
	unlink(at(BY_UUID));
	put(BY_UUID, "no LUKS header");
}

static void no_line(void)
{
	put(CRYPTTAB, "");
}

static void line_with_a_passphrase(void)
{
	put(CRYPTTAB, "root /dev/disk/by-uuid/" VOLUME " none luks\n");
}

static void line_of_a_strange_volume(void)
{
	put(CRYPTTAB, LINE "data UUID=99999999-2222-4333-8444-555555555555 none "
			   "luks,keyscript=assay-keyscript\n");
}

#define FAULT(fn) #fn, fn

static void each_fault_is_one_row_with_its_next_step(void **state)
{
	static const struct {
		const char *name;
		void (*make)(void);
		const char *what, *said, *next;
	} rows[] = {
		{ FAULT(old_kernel), "kernel", "6.1.0-18-amd64: no DOE support",
		  "linux-image-6.12" },
		{ FAULT(no_module), "kernel module", "no assay_spdm for kernel " RELEASE,
		  "kernel-patches/README.md" },
		{ FAULT(unloaded), "kernel module", MODULE " is not loaded", "modprobe" },
		{ FAULT(secure_boot_and_unsigned), "kernel module",
		  "Secure Boot is on, and " MODULE " is not signed", "mokutil --import" },
		{ FAULT(secure_boot_unseen_and_unsigned), "kernel module", "is not signed",
		  "mokutil --import" },
		{ FAULT(secure_boot_and_signed), "kernel module", "is not loaded; Secure Boot",
		  "enroll the key" },
		{ FAULT(enforced_and_unsigned), "kernel module", "sig_enforce", "sign it" },
		{ FAULT(unsigned_where_nobody_minds), "kernel module", "is not loaded",
		  "modprobe" },
		{ FAULT(no_tpm), "TPM", "/dev/tpmrm0 is not there", "firmware's set-up" },
		{ FAULT(no_resource_manager), "TPM", "no resource manager", "kernel with" },
		{ FAULT(tpm_of_1_2), "TPM", "TPM 1.x", "2.0" },
		{ FAULT(sha1_alone), "TPM bank", "no active SHA-256", "tpm2_pcrallocate" },
		{ FAULT(no_boot_log), "boot log", "is not there", "securityfs" },
		{ FAULT(bios), "boot log", "is not there", "UEFI" },
		{ FAULT(boot_log_elsewhere), "boot log", "/nowhere/log", "[logs] boot" },
		{ FAULT(clock_of_1970), "clock", "before 2026", "set the clock" },
		{ FAULT(clock_alone), "clock", "nothing keeps it right", "set-ntp" },
		{ FAULT(config_of_all), "agent's configuration", "mode 666", "chmod go-w" },
		{ FAULT(config_of_another), "agent's configuration", "uid 65534", "chown root" },
		{ FAULT(token_of_all), "join token", "may be read by others", "chmod u=rw,g=r" },
		{ FAULT(initrd_is_old), "initramfs", "is older than", "update-initramfs" },
		{ FAULT(drop_in_is_newer), "initramfs", "is older than", "update-initramfs" },
		{ FAULT(initrd_of_another_kernel_is_old), "initramfs",
		  "initrd.img-6.12.9-older is older than", "update-initramfs -u -k all" },
		{ FAULT(no_initrd), "initramfs", "there is no /boot/initrd.img",
		  "update-initramfs" },
		{ FAULT(no_hook), "initramfs", "nothing of ours", "--component initramfs" },
		{ FAULT(disk_is_gone), "volume " VOLUME, "no disk", "put the disk back" },
		{ FAULT(no_header), "volume " VOLUME, "LUKS", "OPERATIONS.md" },
		{ FAULT(no_line), "crypttab " VOLUME, "no line", "UUID= of the volume" },
		{ FAULT(line_with_a_passphrase), "crypttab " VOLUME, "asks for a passphrase",
		  "keyscript=assay-keyscript" },
		{ FAULT(line_of_a_strange_volume), "crypttab 99999999-2222-4333-8444-555555555555",
		  "no [volume] for it", "assay disk enroll" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		reset();
		if (geteuid() && rows[i].make == config_of_another)
			continue; /* only root gives files away */
		rows[i].make();
		expect(rows[i].name, rows[i].what, rows[i].said, rows[i].next);
	}
}

static void a_volume_that_was_never_enrolled_is_told(void **state)
{
	struct findings *f = calloc(1, sizeof(*f));
	bool told = false;

	(void)state;
	reset();
	examine(f);
	for (size_t i = 0; i < f->n; i++)
		told |= !f->at[i].good && !strcmp(f->at[i].what, "volume " VOLUME) &&
			strstr(f->at[i].next, "assay disk enroll");
	assert_true(told);
	free(f);
}

/* Of a user who may neither read the log nor open the TPM: in a process of its own, which does not come back. */
static void who_is_not_root_is_told_to_be(void **state)
{
	pid_t child;
	int status;

	(void)state;
	reset();
	chmod(at("/dev/tpmrm0"), 0600);
	chmod(at(BOOT_LOG), 0600);
	if (geteuid())
		skip();
	chmod(root, 0755);
	child = fork();
	if (!child) {
		struct findings *f = calloc(1, sizeof(*f));
		int n = 0;

		if (setgid(65534) || setuid(65534))
			_exit(9);
		doctor_machine(&view, &settings, f);
		for (size_t i = 0; i < f->n; i++)
			n += !f->at[i].good && !strncmp(f->at[i].next, "run as root", 11) &&
			     (strstr(f->at[i].said, "may not be read") ||
			      strstr(f->at[i].said, "by uid 65534"));
		_exit(n);
	}
	waitpid(child, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 2);
}

static void without_an_agent_little_is_asked(void **state)
{
	struct findings *f = calloc(1, sizeof(*f));

	(void)state;
	reset();
	no_module();
	doctor_machine(&view, NULL, f);
	doctor_volumes(&view, NULL, f);
	for (size_t i = 0; i < f->n; i++)
		if (!f->at[i].good && strcmp(f->at[i].what, "crypttab " VOLUME))
			fail_msg("%s: %s", f->at[i].what, f->at[i].said);
	free(f);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/assay-doctor.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	drop("");
	drop(".luks");
	return 0;
}

static void keyscript_by_its_path(void)
{
	put(CRYPTTAB,
	    "root UUID=" VOLUME " none luks,keyscript=/lib/cryptsetup/scripts/assay-keyscript\n");
}

static void readme_beside_the_configuration(void)
{
	put(CONF ".d/README", "");
	put(CONF ".d/10-volume.conf~", "");
}

static void token_of_root_alone(void)
{
	token_of_all();
	chmod(at("/etc/assay/join.token"), 0600);
}

static void initrd_of_another_kernel_is_new(void)
{
	put("/boot/initrd.img-6.12.9-newer", "");
}

static void what_only_looks_like_a_fault_is_none(void **state)
{
	static const struct {
		const char *name;
		void (*make)(void);
	} rows[] = { { FAULT(keyscript_by_its_path) },
		     { FAULT(readme_beside_the_configuration) },
		     { FAULT(token_of_root_alone) },
		     { FAULT(initrd_of_another_kernel_is_new) } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		reset();
		rows[i].make();
		expect(rows[i].name, NULL, NULL, NULL);
	}
}

static size_t rows_about(const struct findings *f, const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += !strcmp(f->at[i].what, what);
	return n;
}

static void a_configuration_that_could_not_be_read_is_not_taken_for_none(void **state)
{
	struct findings *f = calloc(1, sizeof(*f));

	(void)state;
	reset();
	doctor_machine(&view, NULL, f);
	assert_int_equal(rows_about(f, "kernel module"), 1);
	f->n = 0;
	view.agent_unread = true;
	doctor_machine(&view, NULL, f);
	assert_int_equal(rows_about(f, "kernel module"), 0);
	view.agent_unread = false;
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_as_it_has_to_be_has_nothing_bad),
		cmocka_unit_test(each_fault_is_one_row_with_its_next_step),
		cmocka_unit_test(a_volume_that_was_never_enrolled_is_told),
		cmocka_unit_test(who_is_not_root_is_told_to_be),
		cmocka_unit_test(without_an_agent_little_is_asked),
		cmocka_unit_test(what_only_looks_like_a_fault_is_none),
		cmocka_unit_test(a_configuration_that_could_not_be_read_is_not_taken_for_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
