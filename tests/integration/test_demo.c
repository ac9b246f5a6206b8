// SPDX-License-Identifier: Apache-2.0
/* deploy/demo is the main job: the programs of this build, as a user runs them. */
#include "rig.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

static void the_demo_affirms_and_releases_then_refuses_and_withholds(void **state)
{
	const char *const argv[] = { "bash", "-c",
				     "ASSAY_DEMO_BUILD=" BUILD_FOLDER " " SOURCE_FOLDER
				     "/deploy/demo --json > \"$0\"",
				     NULL, NULL };
	const char *with_file[5] = { argv[0], argv[1], argv[2] };
	char folder[256], out[300];
	OWNED(buf) b = NULL;
	json_t *j;
	const char *reason;

	(void)state;
	rig_folder(folder);
	snprintf(out, sizeof(out), "%s/out.json", folder);
	with_file[3] = out;
	assert_int_equal(rig_run(NULL, with_file), 0);
	b = file_bytes(out);
	assert_non_null(b);
	j = json_loadb((const char *)b->w.at, b->w.len, 0, NULL);
	assert_non_null(j);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "accepted"), "ear_status")),
		"affirming");
	assert_true(json_is_true(json_object_get(json_object_get(j, "accepted"), "released")));
	assert_true(json_is_false(json_object_get(json_object_get(j, "tampered"), "released")));
	reason = json_string_value(json_object_get(json_object_get(j, "tampered"), "reason"));
	assert_non_null(strstr(reason, "1b36:0010/00000000000000a2/0"));
	assert_non_null(strstr(reason, "block 2"));
	json_decref(j);
	rig_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_demo_affirms_and_releases_then_refuses_and_withholds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
