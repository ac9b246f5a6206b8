// SPDX-License-Identifier: Apache-2.0
#include "disk_slots.h"

#include <stdlib.h>

/* ---- what stands in the header ---- */
static int by_epoch(const void *a, const void *b)
{
	const struct luks_found *x = a, *y = b;

	return x->token.epoch < y->token.epoch ? -1 : x->token.epoch > y->token.epoch;
}

void disk_found_keys(const struct luks *l, struct luks_tokens *tokens)
{
	size_t n = 0;

	luks_tokens(l, tokens);
	for (size_t i = 0; i < tokens->n; i++)
		if (tokens->at[i].token.state != LUKS_TOKEN_STAGED)
			tokens->at[n++] = tokens->at[i];
	tokens->n = n;
	qsort(tokens->at, tokens->n, sizeof(tokens->at[0]), by_epoch);
}

void disk_to_key(const struct luks_token *t, struct disk_key *key)
{
	*key = (struct disk_key){ .epoch = t->epoch,
				  .pending = t->state == LUKS_TOKEN_PENDING,
				  .public_len = t->public_len,
				  .private_len = t->private_len,
				  .lease_len = t->lease_len };
	memcpy(key->public_2b, t->public_2b, t->public_len);
	memcpy(key->lease, t->lease, t->lease_len);
	memcpy(key->private_2b, t->private_2b, t->private_len);
}

/* The two newest: an older one was to be removed when power went. */
void disk_to_message(const struct luks *l, const struct luks_tokens *tokens, struct disk_message *m)
{
	size_t first = tokens->n > DISK_KEYS_MAX ? tokens->n - DISK_KEYS_MAX : 0;

	memset(m, 0, sizeof(*m));
	memcpy(m->uuid, luks_uuid(l), sizeof(m->uuid));
	for (size_t i = first; i < tokens->n; i++) {
		/* the same epoch twice is somebody's doing: the first counts */
		if (m->n && m->keys[m->n - 1].epoch == tokens->at[i].token.epoch)
			continue;
		disk_to_key(&tokens->at[i].token, &m->keys[m->n++]);
	}
}

const struct luks_found *disk_token_of(const struct luks_tokens *tokens, u64 epoch)
{
	for (size_t i = 0; i < tokens->n; i++)
		if (tokens->at[i].token.epoch == epoch)
			return &tokens->at[i];
	return NULL;
}

struct bytes disk_passphrase_of(const struct disk_key *k)
{
	return (struct bytes){ (const u8 *)k->passphrase, k->has_passphrase ? PASSPHRASE_LEN : 0 };
}

/* ---- a keyslot of a new epoch ---- */
int disk_place_of(const struct luks_token *t)
{
	return t->keyslot != LUKS_NO_KEYSLOT ? t->keyslot : t->planned;
}

bool disk_opens_there(struct luks *l, int slot, const struct disk_key *key)
{
	OWNED(secret) opened = NULL;
	struct err why = { 0 };

	return slot != LUKS_NO_KEYSLOT &&
	       !luks_volume_key(l, slot, disk_passphrase_of(key), &opened, &why);
}

/*
 * Step 2 of RULES 6. The token goes first and says where the slot will be: whenever power goes, no slot of ours
 * is without a token. One that is there from a time that was cut short is used again.
 */
int disk_write_slot(struct luks *l, const struct secret *volume_key, const struct disk_key *key,
		    struct err *e)
{
	struct luks_tokens tokens;
	const struct luks_found *there;
	struct luks_token t = { .state = LUKS_TOKEN_PENDING,
				.keyslot = LUKS_NO_KEYSLOT,
				.epoch = key->epoch,
				.public_len = key->public_len,
				.private_len = key->private_len };
	int id, slot;

	disk_found_keys(l, &tokens);
	there = disk_token_of(&tokens, key->epoch);
	id = there ? there->id : -1;
	memcpy(t.public_2b, key->public_2b, t.public_len);
	memcpy(t.private_2b, key->private_2b, t.private_len);
	if (there && disk_opens_there(l, disk_place_of(&there->token), key)) {
		t.keyslot = disk_place_of(&there->token);
		return t.keyslot == there->token.keyslot ? 0 : luks_token_put(l, id, &t, e);
	}
	if (luks_slot_free(l, &t.planned, e) || luks_token_put(l, id, &t, e))
		return (int)e->code;
	disk_found_keys(l, &tokens);
	there = disk_token_of(&tokens, key->epoch);
	if (!there)
		return err_set(e, E_IO, "the new keyslot's token is not in the header");
	if (luks_slot_add(l, volume_key, disk_passphrase_of(key), false, t.planned, &slot, e))
		return (int)e->code;
	t.keyslot = slot;
	return luks_token_put(l, there->id, &t, e);
}

/* A token gets the lease that the agent has for its key, or loses the one it has. */
static void put_lease(struct luks_token *t, const struct disk_key *key)
{
	memcpy(t->lease, key->lease, key->lease_len);
	t->lease_len = key->lease_len;
}

int disk_keep_lease(struct luks *l, const struct luks_found *f, const struct disk_key *key,
		    struct err *e)
{
	struct luks_token t = f->token;

	if (t.lease_len == key->lease_len && !memcmp(t.lease, key->lease, key->lease_len))
		return 0;
	put_lease(&t, key);
	return luks_token_put(l, f->id, &t, e);
}

int disk_set_active(struct luks *l, u64 epoch, const struct disk_key *told, struct err *e)
{
	struct luks_tokens tokens;
	const struct luks_found *f;
	struct luks_token t;

	disk_found_keys(l, &tokens);
	f = disk_token_of(&tokens, epoch);
	if (!f)
		return err_set(e, E_IO, "the new keyslot's token is not in the header any more");
	t = f->token;
	t.state = LUKS_TOKEN_ACTIVE;
	put_lease(&t, told);
	return luks_token_put(l, f->id, &t, e);
}

/* The keyslot first: one without a token would be nobody's. */
static int remove_one(struct luks *l, const struct luks_found *f, struct err *e)
{
	return (f->token.keyslot != LUKS_NO_KEYSLOT && luks_slot_kill(l, f->token.keyslot, e)) ||
			       luks_token_remove(l, f->id, e)
		       ? (int)e->code
		       : 0;
}

/* Step 8: keyslots of epochs that the counter has left behind, and what was staged for this one. */
int disk_remove_before(struct luks *l, u64 epoch, struct err *e)
{
	struct luks_tokens tokens;

	luks_tokens(l, &tokens);
	for (size_t i = 0; i < tokens.n; i++) {
		const struct luks_found *f = &tokens.at[i];

		if ((f->token.epoch < epoch || f->token.state == LUKS_TOKEN_STAGED) &&
		    remove_one(l, f, e))
			return (int)e->code;
	}
	return 0;
}

/* What an earlier try has left: its share is nobody's any more. */
int disk_remove_pending(struct luks *l, struct err *e)
{
	struct luks_tokens tokens;

	luks_tokens(l, &tokens);
	for (size_t i = 0; i < tokens.n; i++) {
		const struct luks_found *f = &tokens.at[i];

		if (f->token.state != LUKS_TOKEN_ACTIVE && remove_one(l, f, e))
			return (int)e->code;
	}
	return 0;
}

/* The half cannot be unsealed now: that the keyslot opens is all that can be shown. */
int disk_open_anew(const char *path, const u8 uuid[16], const struct disk_key *key,
		   const struct secret *volume_key, struct err *e)
{
	OWNED(luks) l = NULL;
	OWNED(secret) opened = NULL;
	struct luks_tokens tokens;
	const struct luks_found *f;

	if (luks_open(path, uuid, &l, e))
		return (int)e->code;
	disk_found_keys(l, &tokens);
	f = disk_token_of(&tokens, key->epoch);
	if (!f)
		return err_set(e, E_IO, "the new keyslot's token is not in the header on the disk");
	if (luks_volume_key(l, f->token.keyslot, disk_passphrase_of(key), &opened, e))
		return (int)e->code;
	return secret_equal(secret_bytes(opened), secret_bytes(volume_key))
		       ? 0
		       : err_set(e, E_INTERNAL, "the new keyslot gives another volume key");
}
