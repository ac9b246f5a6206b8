// SPDX-License-Identifier: Apache-2.0
/*
 * What opens a disk, part by part, as only who has the machine, the server's keys and the disk can know it: for the search
 * that must find none of it elsewhere.
 *
 *	disk-keys AGENT.CONF SERVER.CONF DISK FOLDER
 *
 * Writes FOLDER/server-half, machine-half, passphrase, passphrase-bytes, volume-key and root-key, raw; the TPM is asked, and the
 * database opened with the key-encryption key, beside those who run. The disk is opened with the passphrase: it is the right one.
 */
#include <stdio.h>
#include <string.h>

#include "agent/luks.h"
#include "agent/settings.h"
#include "agent/tpm_disk.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/passphrase.h"
#include "server/secrets.h"
#include "server/server.h"

struct wanted {
	u8 ueid[UEID_LEN], uuid[16];
	u64 epoch;
	struct secret *share;
};

static int read_share(struct tx *tx, void *arg, struct err *e)
{
	struct wanted *w = arg;
	bool pending;

	return share_open(tx, w->ueid, w->uuid, w->epoch, &w->share, &pending, e);
}

static int of_server(const char *config, struct wanted *w, struct secret **root, struct err *e)
{
	static struct settings s;
	OWNED(server) v = NULL;
	struct key_place kek;
	u8 root_id[ROOT_ID_LEN], kek_id[KEK_ID_LEN];

	if (settings_load(config, &s, e) || server_open_store(&s, &v, e) ||
	    store_read(v->store, read_share, w, e))
		return (int)e->code;
	kek = settings_kek(&s);
	return root_open(s.state, &kek, NULL, root, root_id, kek_id, e);
}

static int of_machine(const struct agent_settings *s, const struct luks_token *t, struct wanted *w,
		      struct secret **half, struct err *e)
{
	OWNED(tpm) tpm = NULL;
	OWNED(tpm_key) ek = NULL;
	OWNED(tpm_key) salt = NULL;
	OWNED(buf) cert = NULL;
	struct tpm_half h = { 0 };
	u32 counter = 0;
	int rc;

	for (size_t i = 0; i < s->n_volumes; i++)
		if (!memcmp(s->volumes[i].uuid, w->uuid, 16))
			counter = s->volumes[i].counter;
	h.public_2b = buf_copy((struct bytes){ t->public_2b, t->public_len });
	h.private_2b = buf_copy((struct bytes){ t->private_2b, t->private_len });
	rc = !h.public_2b || !h.private_2b || tpm_open(s->tcti, &tpm, e) ||
	     tpm_endorsement(tpm, s->ek, &ek, &cert, e) || tpm_ueid(buf_bytes(ek->pub), w->ueid, e);
	tpm_key_drop(&ek);
	rc = rc || tpm_key_make(tpm, TEMPLATE_K, &salt, e) ||
	     tpm_half_open(tpm, salt, &h, counter, t->epoch, NULL, half, e);
	tpm_key_drop(&salt);
	tpm_half_clear(&h);
	return rc ? (int)e->code : 0;
}

static int put(const char *folder, const char *name, struct bytes b, struct err *e)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_write(path, b, 0600, e);
}

static int run(char **argv, struct err *e)
{
	static struct agent_settings s;
	static struct luks_tokens tokens;
	OWNED(luks) l = NULL;
	OWNED(secret) half = NULL;
	OWNED(secret) root = NULL;
	OWNED(secret) passphrase = NULL;
	OWNED(secret) volume_key = NULL;
	struct wanted w = { 0 };
	u8 bytes[HALF_LEN];
	int rc;

	if (agent_settings_load(argv[1], &s, e) || luks_open(argv[3], NULL, &l, e))
		return (int)e->code;
	luks_tokens(l, &tokens);
	if (tokens.n != 1)
		return err_set(e, E_NOTFOUND, "%zu keyslots of ours, not one", tokens.n);
	memcpy(w.uuid, luks_uuid(l), 16);
	w.epoch = tokens.at[0].token.epoch;
	rc = of_machine(&s, &tokens.at[0].token, &w, &half, e) ||
	     of_server(argv[2], &w, &root, e) ||
	     passphrase_make(half->at, w.share->at, w.uuid, w.ueid, w.epoch, &passphrase, e) ||
	     luks_volume_key(l, tokens.at[0].token.keyslot, secret_bytes(passphrase), &volume_key,
			     e) ||
	     base64_read(secret_bytes(passphrase), bytes, sizeof(bytes)) != HALF_LEN ||
	     put(argv[4], "server-half", secret_bytes(w.share), e) ||
	     put(argv[4], "machine-half", secret_bytes(half), e) ||
	     put(argv[4], "passphrase", secret_bytes(passphrase), e) ||
	     put(argv[4], "passphrase-bytes", BYTES(bytes), e) ||
	     put(argv[4], "volume-key", secret_bytes(volume_key), e) ||
	     put(argv[4], "root-key", secret_bytes(root), e);
	secret_drop(&w.share);
	return rc;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (argc != 5) {
		fputs("usage: disk-keys AGENT.CONF SERVER.CONF DISK FOLDER\n", stderr);
		return 1;
	}
	if (!run(argv, &e))
		return 0;
	fprintf(stderr, "disk-keys: %s\n", e.text);
	return 2;
}
