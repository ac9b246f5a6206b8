// SPDX-License-Identifier: Apache-2.0
#include "ima_signature.h"

#include <string.h>

#include "common/file.h"

/* security.ima: u8 type, u8 version, u8 hash, be32 key id, be16 length, signature */
enum { XATTR_DIGSIG = 3, XATTR_VERITY_DIGSIG = 6, OVER_DIGEST = 2, OVER_FILE_ID = 3 };

/* enum hash_algo of the kernel */
static const struct {
	u8 number;
	enum digest_alg alg;
} hashes[] = { { 4, DIGEST_SHA256 }, { 5, DIGEST_SHA384 }, { 6, DIGEST_SHA512 } };

static int add_cert(struct ima_signers *s, const struct cert *c, struct err *e)
{
	struct ima_signer *signer = &s->at[s->n];
	struct err none = { 0 };
	struct bytes name;

	if (s->n == IMA_SIGNERS_MAX)
		return err_set(e, E_LIMIT, "more than %d signers of files", IMA_SIGNERS_MAX);
	*signer = (struct ima_signer){ .key = pubkey_share(cert_pubkey(c)) };
	if (!signer->key)
		return err_set(e, E_MEMORY, "no memory for a signer");
	memcpy(signer->key_hash, cert_key_hash(c), sizeof(signer->key_hash));
	if (!cert_extension(c, "2.5.29.14", &name, &none) && name.len >= sizeof(signer->id)) {
		signer->has_id = true;
		memcpy(signer->id, name.at + name.len - sizeof(signer->id), sizeof(signer->id));
	}
	s->n++;
	return 0;
}

int ima_signers_add(struct ima_signers *s, const char *path, struct err *e)
{
	OWNED(cert_list) certs = NULL;
	OWNED(buf) file = NULL;
	bool pem;

	if (file_read(path, CERT_CHAIN_MAX * CERT_DER_MAX, &file, e))
		return (int)e->code;
	pem = file->w.len && file->w.at[0] == '-';
	if ((pem ? cert_list_from_pem : cert_list_from_der)(buf_bytes(file), &certs, e))
		return err_while(e, "%s", path);
	for (size_t i = 0; i < certs->n; i++)
		if (add_cert(s, certs->at[i], e))
			return (int)e->code;
	return certs->n ? 0 : err_set(e, E_CONFIG, "%s has no certificate", path);
}

void ima_signers_clear(struct ima_signers *s)
{
	for (size_t i = 0; i < s->n; i++)
		pubkey_drop(&s->at[i].key);
	s->n = 0;
}

/* What the key signed: the file's digest, or with version 3 a digest of what kind of digest it is and itself. */
static bool signed_digest(const struct ima_entry *entry, u8 type, u8 version, u8 hash,
			  struct digest *out)
{
	u8 head[2] = { type, hash };
	struct bytes file_id[] = { BYTES(head), entry->digest };

	*out = (struct digest){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
		if (hashes[i].number == hash)
			out->alg = hashes[i].alg;
	if (out->alg == DIGEST_NONE || out->alg != entry->alg ||
	    entry->digest.len != digest_len(out->alg) ||
	    entry->verity != (type == XATTR_VERITY_DIGSIG))
		return false;
	if (version == OVER_FILE_ID)
		*out = digest_of(out->alg, file_id, 2);
	else
		memcpy(out->at, entry->digest.at, entry->digest.len);
	return version == OVER_FILE_ID || (version == OVER_DIGEST && type == XATTR_DIGSIG);
}

enum ima_signed ima_signature_check(const struct ima_signers *s, const struct ima_entry *entry)
{
	struct reader r = reader_on(entry->signature);
	enum ima_signed found = IMA_SIGNED_BY_OTHERS;
	struct bytes id, sig;
	struct digest d;
	u8 type, version, hash;

	if (!entry->signature.len)
		return IMA_NOT_SIGNED;
	type = read_u8(&r, "type");
	version = read_u8(&r, "version");
	hash = read_u8(&r, "hash");
	id = read_bytes(&r, 4, "key id");
	sig = read_bytes(&r, read_be16(&r, "length"), "signature");
	if (read_done(&r) || (type != XATTR_DIGSIG && type != XATTR_VERITY_DIGSIG) ||
	    !signed_digest(entry, type, version, hash, &d))
		return IMA_SIGNATURE_WRONG;
	for (size_t i = 0; i < s->n; i++) {
		struct err ignored = { 0 };

		if (s->at[i].has_id && memcmp(s->at[i].id, id.at, sizeof(s->at[i].id)))
			continue;
		if (!pubkey_verify_digest(s->at[i].key, &d, sig, &ignored))
			return IMA_SIGNED;
		if (s->at[i].has_id)
			found = IMA_SIGNATURE_WRONG;
	}
	return found;
}
