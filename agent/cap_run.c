// SPDX-License-Identifier: Apache-2.0
#include "cap_run.h"

#include "opened.h"
#include "tpm_disk.h"

int cap_run(const struct agent_settings *s, const char *folder, bool asked, bool *done,
	    struct err *e)
{
	struct cap_volume opened[VOLUMES_MAX] = { 0 };
	OWNED(tpm) tpm = NULL;
	struct err why = { 0 };
	size_t n = 0;
	bool bad = opened_read(folder, opened, &n, &why) != 0, zero;

	/* whatever is wrong with the folder, the phase ends now */
	if (bad)
		n = 0;
	if (tpm_open(s->tcti, &tpm, e) || tpm_cap_is_zero(tpm, &zero, e))
		return (int)e->code;
	*done = zero;
	if (!zero)
		return 0;
	if (asked || !n) {
		struct digest none = cap_none_value();

		if (tpm_cap(tpm, &none, e))
			return (int)e->code;
	}
	for (size_t i = 0; i < n; i++) {
		struct digest value = cap_volume_value(&opened[i]);

		if (tpm_cap(tpm, &value, e))
			return (int)e->code;
	}
	return bad ? err_set(e, why.code, "%s", why.text) : 0;
}
