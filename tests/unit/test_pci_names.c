// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "server/pci_names.h"

/* Also one whose vendor has a name: the library then looks further than its file if it is let. */
static void a_model_that_nobody_listed_has_no_name(void **state)
{
	static const char *const models[] = { "pci:1af4:0bad", "pci:8086:fffe", "pci:ffff:ffff",
					      "tcg:boot-log",  "pci:",		"" };
	char name[160];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(models); i++) {
		strcpy(name, "what stood there before");
		assert_ptr_equal(pci_model_name(models[i], name, sizeof(name)), name);
		assert_string_equal(name, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_model_that_nobody_listed_has_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
