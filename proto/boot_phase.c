// SPDX-License-Identifier: Apache-2.0
#include "boot_phase.h"

#include "common/port.h"

static const char *const words[] = { "enter-initrd", "leave-initrd", "sysinit",
				     "ready",	     "shutdown",     "final" };

static struct digest extended(const struct digest *pcr, const char *word)
{
	struct bytes text = bytes_text(word), pieces[2];
	struct digest d = digest_of(pcr->alg, &text, 1);

	pieces[0] = digest_bytes(pcr);
	pieces[1] = digest_bytes(&d);
	return digest_of(pcr->alg, pieces, 2);
}

const char *boot_phase_reached(const struct digest *after_log, struct bytes quoted)
{
	for (u32 set = 0; set < 1u << ARRAY_LEN(words); set++) {
		struct digest pcr = *after_log;
		const char *last = "";

		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			if (!(set & 1u << i))
				continue;
			last = words[i];
			pcr = extended(&pcr, last);
		}
		if (digest_equals(&pcr, quoted))
			return last;
	}
	return NULL;
}
