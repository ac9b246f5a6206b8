// SPDX-License-Identifier: GPL-2.0-only
/*
 * What devices were there, in a PCR: extended when a device's name, chain or stable measurements change, never
 * for a nonce. The log says what was hashed, so that a verifier can replay it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/hash.h>
#include <crypto/hash_info.h>
#include <crypto/sha2.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/tpm.h>

#include "assay_spdm.h"

enum { LOG_MAX = 4096, DATA_MAX = 192, PCR_IMA = 10, PCR_CAP = 15, PCR_RESETTABLE = 16 };

static int tpm_pcr = -1;
module_param(tpm_pcr, int, 0444);
MODULE_PARM_DESC(tpm_pcr, "PCR that a device's identity and firmware are extended into; -1: none");

static DEFINE_MUTEX(tpm_lock); /* extends and the log have one order */
static LIST_HEAD(entries);
static u64 log_count;

int tpm_log_pcr(void)
{
	return tpm_pcr;
}

int tpm_log_init(void)
{
	if (tpm_pcr == -1)
		return 0;
	/* IMA's, the one that ends the time of keys, and those that anybody may reset */
	if (tpm_pcr < 0 || tpm_pcr >= PCR_RESETTABLE || tpm_pcr == PCR_IMA || tpm_pcr == PCR_CAP) {
		pr_err("tpm_pcr=%d cannot be used\n", tpm_pcr);
		return -EINVAL;
	}
	return 0;
}

void tpm_log_exit(void)
{
	struct tpm_entry *entry, *next;

	list_for_each_entry_safe(entry, next, &entries, node)
		kfree(entry);
}

const struct tpm_entry *tpm_log_after(u64 count)
{
	struct tpm_entry *entry;

	guard(mutex)(&tpm_lock);
	list_for_each_entry(entry, &entries, node)
		if (entry->count > count)
			return entry;
	return NULL;
}

static int hash_with(const char *name, const u8 *data, size_t len, u8 *out)
{
	struct crypto_shash *tfm = crypto_alloc_shash(name, 0, 0);
	int rc;

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	rc = crypto_shash_tfm_digest(tfm, data, (unsigned int)len, out);
	crypto_free_shash(tfm);
	return rc;
}

/* Every active bank, each with its own hash: a bank without it would not show what happened. */
static int extend(struct tpm_chip *chip, const struct tpm_entry *entry)
{
	struct tpm_digest *digests;
	int rc = 0;

	digests = kcalloc(chip->nr_allocated_banks, sizeof(*digests), GFP_KERNEL);
	if (!digests)
		return -ENOMEM;
	for (u32 i = 0; !rc && i < chip->nr_allocated_banks; i++) {
		u16 id = chip->allocated_banks[i].crypto_id;

		digests[i].alg_id = chip->allocated_banks[i].alg_id;
		rc = id >= HASH_ALGO__LAST ? -EOPNOTSUPP
					   : hash_with(hash_algo_name[id], entry->data, entry->len,
						       digests[i].digest);
	}
	if (!rc)
		rc = tpm_pcr_extend(chip, (u32)tpm_pcr, digests);
	kfree(digests);
	return rc;
}

static void write_part(struct writer *w, const void *at, size_t len)
{
	write_be32(w, (u32)len);
	write_bytes(w, (struct bytes){ at, len });
}

/* lp("assay/device-state/1"), lp(name), lp(chain digest), lp(digest of the stable measurements) */
static struct tpm_entry *entry_new(const struct evidence *ev, const u8 *meas_digest)
{
	static const char label[] = "assay/device-state/1";
	const char *name = pci_name(ev->dev->pdev);
	struct tpm_entry *entry = kzalloc(sizeof(*entry) + DATA_MAX, GFP_KERNEL);
	struct writer w;

	if (!entry)
		return NULL;
	w = writer_on(entry->data, DATA_MAX);
	write_part(&w, label, sizeof(label) - 1);
	write_part(&w, name, strlen(name));
	write_part(&w, ev->chain_digest, sizeof(ev->chain_digest));
	write_part(&w, meas_digest, ASSAY_DIGEST_LEN);
	entry->len = (u32)w.len;
	return entry;
}

static int extend_and_log(struct tpm_entry *entry)
{
	struct tpm_chip *chip = tpm_default_chip();
	int rc;

	if (!chip)
		return -ENODEV;
	rc = extend(chip, entry);
	put_device(&chip->dev);
	if (rc)
		return rc > 0 ? -EIO : rc;
	entry->count = ++log_count;
	list_add_tail(&entry->node, &entries);
	return 0;
}

void tpm_log_device(const struct evidence *ev)
{
	u8 indexes[SPDM_INDEXES_LEN], meas_digest[ASSAY_DIGEST_LEN], digest[ASSAY_DIGEST_LEN];
	struct tpm_entry *entry;
	int rc;

	if (tpm_pcr < 0)
		return;
	spdm_indexes_default(indexes);
	if (measurements_digest(&ev->nego, &ev->measurements, indexes, meas_digest))
		return;
	entry = entry_new(ev, meas_digest);
	if (!entry)
		return;
	sha256(entry->data, entry->len, digest);
	guard(mutex)(&tpm_lock);
	if (!memcmp(digest, ev->dev->tpm_digest, sizeof(digest))) {
		kfree(entry);
		return;
	}
	rc = log_count < LOG_MAX ? extend_and_log(entry) : -ENOSPC;
	if (rc) {
		kfree(entry); /* the next collection tries again */
		pci_warn(ev->dev->pdev, "SPDM: cannot extend PCR %d (%d)\n", tpm_pcr, rc);
		return;
	}
	memcpy(ev->dev->tpm_digest, digest, sizeof(digest));
}
