// SPDX-License-Identifier: Apache-2.0
/* Pages whose commands are run as they stand there. */
#include <stdio.h>
#include "rig.h"

static void the_firmware_update_goes_as_its_page_says(void **state)
{
	const char *const argv[] = { "bash", SOURCE_FOLDER "/tests/integration/page.sh",
				     BUILD_FOLDER, NULL };
	char folder[256], out[300];
	OWNED(buf) report = NULL;
	int rc;

	(void)state;
	rig_folder(folder);
	snprintf(out, sizeof(out), "%s/report", folder);
	rc = rig_run(out, argv);
	report = file_bytes(out);
	rig_folder_remove(folder);
	assert_non_null(report);
	if (rc)
		fail_msg("%.*s", (int)report->w.len, (const char *)report->w.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_firmware_update_goes_as_its_page_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
