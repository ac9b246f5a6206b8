// SPDX-License-Identifier: Apache-2.0
/*
 * The key-encryption key: in a TPM that never gives it out, in a file, and changed for another one; a change that is
 * killed anywhere leaves a server that opens.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "server/secrets.h"
#include "server_rig.h"

#define SERVER BUILD_FOLDER "/server/assay-server"

static char folder[256];

static int set_up(void **state)
{
	(void)state;
	rig_folder(folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_folder_remove(folder);
	return 0;
}

static const char *at(char path[400], const char *name)
{
	snprintf(path, 400, "%s/%s", folder, name);
	return path;
}

/* ---- a key that a TPM keeps ---- */
static int make_tpm_key(struct rig_tpm *tpm)
{
	char primary[400], public[400], private[400], loaded[400];
	const char *const make_primary[] = {
		"tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", at(primary, "primary.ctx"), NULL
	};
	const char *const make[] = {
		"tpm2_create",
		"-C",
		primary,
		"-G",
		"ecc256",
		"-a",
		"fixedtpm|fixedparent|sensitivedataorigin|userwithauth|decrypt|noda",
		"-p",
		"0815",
		"-u",
		at(public, "kek.pub"),
		"-r",
		at(private, "kek.priv"),
		NULL
	};
	const char *const load[] = { "tpm2_load", "-C",	  primary,
				     "-u",	  public, "-r",
				     private,	  "-c",	  at(loaded, "kek.ctx"),
				     NULL };
	const char *const keep[] = { "tpm2_evictcontrol", "-C", "o", "-c", loaded,
				     "0x81000010",	  NULL };

	const char *const flush[] = { "tpm2_flushcontext", "-t", NULL };

	return rig_tpm_tool(tpm, make_primary) || rig_tpm_tool(tpm, flush) ||
	       rig_tpm_tool(tpm, make) || rig_tpm_tool(tpm, flush) || rig_tpm_tool(tpm, load) ||
	       rig_tpm_tool(tpm, flush) || rig_tpm_tool(tpm, keep);
}

static void a_key_that_never_leaves_a_tpm_opens_the_store(void **state)
{
	struct rig_tpm tpm;
	struct rig_server s;
	char tpm_folder[400], more[700], path[400];

	(void)state;
	if (access("/usr/lib/x86_64-linux-gnu/ossl-modules/tpm2.so", R_OK)) {
		print_message("SKIP: tpm2-openssl is not installed\n");
		skip();
	}
	assert_int_equal(rig_shell("mkdir -p %s/tpm %s/token", folder, folder), 0);
	rig_tpm_start(&tpm, at(tpm_folder, "tpm"));
	assert_int_equal(make_tpm_key(&tpm), 0);
	setenv("TPM2OPENSSL_TCTI", tpm.tcti, 1);
	rig_write(folder, "pin", "0815\n");
	snprintf(more, sizeof(more),
		 "[kek]\nuri = handle:0x81000010?pass\nprovider = tpm2\npin_file = %s\n",
		 at(path, "pin"));
	rig_server_init_with(&s, at(path, "token"), more);
	assert_int_equal(rig_shell("test ! -e %s/state/kek.pem", path), 0);
	rig_server_start(&s);
	rig_server_stop(&s);
	/* with another PIN, and without the TPM, nothing opens */
	rig_write(folder, "pin", "4711\n");
	assert_int_not_equal(rig_shell(SERVER " --config %s audit-head 2>%s/err", s.config, folder),
			     0);
	assert_int_equal(
		rig_shell("grep -q 'key-encryption key\\|unwrap the root key' %s/err", folder), 0);
	rig_write(folder, "pin", "0815\n");
	assert_int_equal(rig_shell(SERVER " --config %s audit-head >/dev/null", s.config), 0);
	rig_tpm_stop(&tpm);
	assert_int_not_equal(rig_shell(SERVER " --config %s audit-head 2>/dev/null", s.config), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_key_that_never_leaves_a_tpm_opens_the_store,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
