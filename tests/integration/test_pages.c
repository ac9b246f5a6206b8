// SPDX-License-Identifier: Apache-2.0
/* Pages whose commands are run as they stand there. */
#include <stdio.h>
#include "rig.h"

static void goes_as_it_says(const char *page, const char *drives)
{
	const char *const argv[] = { "bash",	   SOURCE_FOLDER "/tests/integration/page.sh",
				     BUILD_FOLDER, page,
				     drives,	   NULL };
	char folder[256], out[300];
	OWNED(buf) report = NULL;
	int rc;

	rig_folder(folder);
	snprintf(out, sizeof(out), "%s/report", folder);
	rc = rig_run(out, argv);
	report = file_bytes(out);
	rig_folder_remove(folder);
	assert_non_null(report);
	if (rc)
		fail_msg("%.*s", (int)report->w.len, (const char *)report->w.at);
}

static void the_firmware_update_goes_as_its_page_says(void **state)
{
	(void)state;
	goes_as_it_says("FIRMWARE-UPDATE", "2");
}

static void the_kernel_update_goes_as_its_page_says(void **state)
{
	(void)state;
	goes_as_it_says("KERNEL-UPDATE", "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_firmware_update_goes_as_its_page_says),
		cmocka_unit_test(the_kernel_update_goes_as_its_page_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
