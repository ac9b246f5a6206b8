// SPDX-License-Identifier: Apache-2.0
#include "cap.h"

#include <stdlib.h>

int cap_proof(struct bytes volume_key, u8 out[CAP_PROOF_LEN], struct err *e)
{
	struct bytes label = bytes_text("assay/volume/1");
	struct digest d;

	if (hmac(DIGEST_SHA256, volume_key, &label, 1, &d, e))
		return (int)e->code;
	memcpy(out, d.at, CAP_PROOF_LEN);
	secret_wipe(&d, sizeof(d));
	return 0;
}

struct digest cap_volume_value(const struct cap_volume *v)
{
	struct bytes parts[] = { BYTES(v->uuid), BYTES(v->proof) };

	return hash_labelled("assay/cap/1", parts, ARRAY_LEN(parts));
}

struct digest cap_none_value(void)
{
	return hash_labelled("assay/cap/none", NULL, 0);
}

struct digest cap_lease_value(void)
{
	return hash_labelled("assay/cap/lease", NULL, 0);
}

const char *cap_state_text(enum cap_state s)
{
	switch (s) {
	case CAP_OPEN:
		return "the boot phase has not ended";
	case CAP_VOLUMES:
		return "its volumes were opened with their shares";
	case CAP_PASSPHRASE:
		return "its volumes were opened, with a passphrase that a person gave";
	case CAP_NONE:
		return "the boot phase ended and none of its volumes was opened";
	case CAP_UNPROVEN:
		return "what was opened cannot be told: a volume of this host has not opened by "
		       "itself yet";
	case CAP_OTHER:
		break;
	}
	return "another root volume: what was opened is not what was enrolled";
}

/* ---- which of them it was ---- */
static struct digest extended(const struct digest *pcr, const struct digest *with)
{
	struct bytes both[] = { digest_bytes(pcr), digest_bytes(with) };

	return digest_of(DIGEST_SHA256, both, 2);
}

static bool same(const struct digest *a, const struct digest *b)
{
	return digest_equals(a, digest_bytes(b));
}

static struct digest after_volumes(struct digest pcr, const struct cap_volume *const *sorted,
				   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct digest value = cap_volume_value(sorted[i]);

		pcr = extended(&pcr, &value);
	}
	return pcr;
}

static int by_uuid(const void *a, const void *b)
{
	const struct cap_volume *const *x = a, *const *y = b;

	return memcmp((*x)->uuid, (*y)->uuid, sizeof((*x)->uuid));
}

/* All of them were opened after @from: with their shares, or *@leased. */
static bool opened_after(const struct digest *pcr, struct digest from,
			 const struct cap_volume *const *sorted, size_t n, bool *leased)
{
	struct digest lease = cap_lease_value(), by_share = after_volumes(from, sorted, n),
		      by_lease = after_volumes(extended(&from, &lease), sorted, n);

	*leased = n && same(pcr, &by_lease);
	return n && (*leased || same(pcr, &by_share));
}

enum cap_state cap_judge(const struct digest *pcr, const struct cap_volume *volumes, size_t n,
			 bool *leased)
{
	struct digest zero = { .alg = DIGEST_SHA256 }, none = cap_none_value();
	const struct cap_volume *sorted[VOLUMES_MAX];

	*leased = false;
	if (pcr->alg != DIGEST_SHA256 || n > VOLUMES_MAX)
		return CAP_OTHER;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &volumes[i];
	qsort(sorted, n, sizeof(sorted[0]), by_uuid);
	if (same(pcr, &zero))
		return CAP_OPEN;
	none = extended(&zero, &none);
	if (same(pcr, &none))
		return CAP_NONE;
	if (opened_after(pcr, zero, sorted, n, leased))
		return CAP_VOLUMES;
	return opened_after(pcr, none, sorted, n, leased) ? CAP_PASSPHRASE : CAP_OTHER;
}
