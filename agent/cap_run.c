// SPDX-License-Identifier: Apache-2.0
#include "cap_run.h"

#include "opened.h"
#include "tpm_disk.h"

static int extend(struct tpm *tpm, struct digest value, struct err *e)
{
	return tpm_cap(tpm, &value, e);
}

/* It says that a person was asked and nothing else: the volumes that this opened are still to be told. */
static bool says_none_alone(struct tpm *tpm)
{
	struct digest value;
	struct err why = { 0 };
	bool leased;

	return !tpm_cap_value(tpm, &value, &why) && cap_judge(&value, NULL, 0, &leased) == CAP_NONE;
}

int cap_run(const struct agent_settings *s, const char *folder, bool asked, bool *done,
	    struct err *e)
{
	struct cap_volume opened[VOLUMES_MAX] = { 0 };
	OWNED(tpm) tpm = NULL;
	struct err why = { 0 };
	size_t n = 0;
	bool leased, bad = opened_read(folder, opened, &n, &leased, &why) != 0, zero;

	/* whatever is wrong with the folder, the phase ends now */
	if (bad)
		n = 0;
	if (tpm_open(s->tcti, &tpm, e) || tpm_cap_is_zero(tpm, &zero, e))
		return (int)e->code;
	*done = zero || (!asked && n && says_none_alone(tpm));
	if (zero && (asked || !n) && extend(tpm, cap_none_value(), e))
		return (int)e->code;
	/* in the order of their UUIDs: not before all are there */
	if (*done && !asked && n && leased && extend(tpm, cap_lease_value(), e))
		return (int)e->code;
	for (size_t i = 0; *done && !asked && i < n; i++)
		if (extend(tpm, cap_volume_value(&opened[i]), e))
			return (int)e->code;
	return bad ? err_set(e, why.code, "%s", why.text) : 0;
}
