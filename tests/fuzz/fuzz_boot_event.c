// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "verifier/boot_story.h"

/* A whole log: what its events say, what they are named, and the sentences about them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct boot_log *l = NULL;
	json_t *story = NULL;
	struct ect *x = NULL;
	struct err e = { 0 };

	if (!boot_log_parse(b, &l, &e)) {
		for (size_t i = 0; i < l->n_events; i++) {
			struct boot_data d;

			boot_event_read(&l->events[i], &d);
			planted_bug(b, !d.malformed && d.kind == BOOT_DATA_VARIABLE && d.value.len);
		}
		if (!boot_claims(l, 0x000b, bytes_text("ro"), &x, &e))
			ect_drop(&x);
		if (!boot_story(l, bytes_text("ro"), &story, &e))
			json_decref(story);
	}
	boot_log_drop(&l);
	free(copy);
	return 0;
}
