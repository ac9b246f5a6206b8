// SPDX-License-Identifier: Apache-2.0
/* Evidence as ECTs: one environment, its elements. SPEC: draft-ietf-rats-evidence-trans 4, PROTOCOL Environments */
#include <stdio.h>
#include <stdlib.h>

#include "ect.h"

struct ect *ect_new(size_t n)
{
	struct ect *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->elements = calloc(n + 1, sizeof(*x->elements));
	x->info = calloc(n + 1, sizeof(*x->info));
	if (!x->elements || !x->info)
		ect_drop(&x);
	return x;
}

void ect_drop(struct ect **x)
{
	if (!x || !*x)
		return;
	for (size_t i = 0; (*x)->info && i < (*x)->n; i++) {
		free((*x)->info[i].text);
		buf_drop(&(*x)->info[i].named);
	}
	free((*x)->elements);
	free((*x)->info);
	free(*x);
	*x = NULL;
}

void ect_set_class(struct ect *x, const char *vendor, const char *model)
{
	snprintf(x->vendor, sizeof(x->vendor), "%s", vendor);
	snprintf(x->model, sizeof(x->model), "%s", model);
	x->env.vendor = bytes_text(x->vendor);
	x->env.model = bytes_text(x->model);
}

static void set_digest(struct corim_mval *m, enum digest_alg alg, struct bytes value)
{
	m->n_digests = 1;
	m->digests[0] = (struct corim_digest){ corim_alg_of(alg), value };
}

static enum digest_alg meas_alg(u32 meas_hash)
{
	return meas_hash == SPDM_MEAS_SHA_256	? DIGEST_SHA256
	       : meas_hash == SPDM_MEAS_SHA_384 ? DIGEST_SHA384
	       : meas_hash == SPDM_MEAS_SHA_512 ? DIGEST_SHA512
						: DIGEST_NONE;
}

/* DSP0274 table "DMTFSpecMeasurementValueType": name, and the claim it speaks for */
static const struct {
	const char *name;
	signed char vector;
} block_types[] = {
	{ "ROM", TV_EXECUTABLES },
	{ "firmware", TV_EXECUTABLES },
	{ "hardware configuration", TV_CONFIGURATION },
	{ "firmware configuration", TV_CONFIGURATION },
	{ "manifest", -1 },
	{ "device mode", -1 },
	{ "version", -1 },
	{ "security version", -1 },
	{ "hash-extended measurement", TV_EXECUTABLES },
	{ "information", -1 },
	{ "structured manifest", -1 },
};

const char *measurement_type_name(u8 type)
{
	return type < ARRAY_LEN(block_types) ? block_types[type].name : "unknown type";
}

void ect_set_block_value(struct corim_mval *m, const struct spdm_block *b, u32 meas_hash)
{
	struct reader r = reader_on(b->value);

	if (!b->raw &&
	    (b->type <= SPDM_VALUE_FIRMWARE_CONFIG || b->type == SPDM_VALUE_HASH_EXTEND)) {
		set_digest(m, meas_alg(meas_hash), b->value);
	} else if (b->type == SPDM_VALUE_SVN && b->value.len == 8) {
		m->has_svn = true;
		m->svn = read_le64(&r, "svn");
	} else if (b->type == SPDM_VALUE_VERSION) {
		m->has_version = true;
		m->version = b->value;
	} else {
		m->has_raw = true;
		m->raw = b->value;
	}
}

static void set_block(struct ect *x, const struct spdm_block *b, u32 meas_hash)
{
	struct corim_element *el = &x->elements[x->n];
	struct ect_info *info = &x->info[x->n++];
	struct writer w = writer_on(info->mkey, sizeof(info->mkey));
	bool known = b->type < ARRAY_LEN(block_types);

	cbor_put_uint(&w, b->index);
	el->mkey = write_done(&w);
	snprintf(info->name, sizeof(info->name), "measurement block %u (%s)", b->index,
		 measurement_type_name(b->type));
	/* An unknown type is something nobody can vouch for: it needs a reference value like firmware. */
	info->vector = known ? block_types[b->type].vector : TV_EXECUTABLES;
	ect_set_block_value(&el->mval, b, meas_hash);
}

int ect_of_device(const struct verified_device *d, struct ect **out, struct err *e)
{
	OWNED(ect) x = ect_new(d->evidence ? d->evidence->answer.n_blocks : 0);
	char vendor[32], model[64];
	struct reader record;

	if (!x)
		return err_set(e, E_MEMORY, "no memory for an environment");
	snprintf(vendor, sizeof(vendor), "pci:%04x", d->identity.vendor);
	snprintf(model, sizeof(model), "pci:%04x:%04x", d->identity.vendor, d->identity.device);
	ect_set_class(x, vendor, model);
	record = reader_on(d->evidence ? d->evidence->answer.record : BYTES_NONE);
	while (d->evidence && record.left.len && !record.why &&
	       x->n < d->evidence->answer.n_blocks) {
		struct spdm_block b = spdm_next_block(&record);

		if (!record.why)
			set_block(x, &b, d->evidence->nego.meas_hash);
	}
	*out = TAKE(x);
	return 0;
}

/* UEFI_VARIABLE_DATA of SecureBoot = 1, which is what firmware hashes. SPEC: TCG PFP 3.3.4.8, UEFI 3.3 */
bool ect_secure_boot_is_on(const struct ect *x)
{
	static const u8 on[] = {
		0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, /* EFI_GLOBAL_VARIABLE */
		0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c, /* */
		10,   0,    0,	  0,	0,    0,    0,	  0,	/* characters in its name */
		1,    0,    0,	  0,	0,    0,    0,	  0,	/* bytes in its value */
		'S',  0,    'e',  0,	'c',  0,    'u',  0,	'r', 0, 'e',
		0,    'B',  0,	  'o',	0,    'o',  0,	  't',	0,   1,
	};
	static const u8 mkey[] = "\x6bsecure-boot";
	struct digest want = sha256_of(BYTES(on));

	for (size_t i = 0; i < x->n; i++) {
		const struct corim_mval *m = &x->elements[i].mval;

		if (!bytes_equal(x->elements[i].mkey, (struct bytes){ mkey, sizeof(mkey) - 1 }))
			continue;
		for (size_t k = 0; k < m->n_digests; k++)
			if (m->digests[k].alg == 1 && digest_equals(&want, m->digests[k].bytes))
				return true;
	}
	return false;
}
