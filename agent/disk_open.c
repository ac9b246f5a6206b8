// SPDX-License-Identifier: Apache-2.0
#include "disk_open.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "local.h"

int disk_ask(const char *socket, enum agent_verb verb, const struct disk_message *m,
	     struct secret **hold, struct err *e)
{
	OWNED(secret) request = secret_new(DISK_MESSAGE_MAX);
	OWNED(secret) answer = NULL;
	struct disk_message *out = disk_message_new(&answer);
	OWNED(secret) said = NULL;
	struct writer w;
	int rc;

	if (!request || !out)
		return err_set(e, E_MEMORY, "no locked memory to ask for a key");
	w = writer_on(request->at, request->len);
	disk_message_write(m, &w);
	rc = w.full ? err_set(e, E_INTERNAL, "a message about a disk is too long")
		    : local_ask_secret(socket, verb, write_done(&w), DISK_MESSAGE_MAX, &said, e);
	if (rc)
		return rc;
	rc = disk_message_parse(secret_bytes(said), out, e);
	if (!rc && memcmp(out->uuid, m->uuid, sizeof(out->uuid)))
		rc = err_set(e, E_BINDING, "the agent answered about another volume");
	if (!rc)
		*hold = TAKE(answer);
	return rc;
}

void disk_opened_clear(struct disk_opened *o)
{
	secret_drop(&o->passphrase);
	secret_drop(&o->volume_key);
}

/* Whatever came of it: until the volume is asked for again nobody needs its shares. That it is not forgotten hinders nothing. */
static void forget(const struct luks *l, const char *socket)
{
	OWNED(secret) request_hold = NULL;
	struct disk_message *request = disk_message_new(&request_hold);
	OWNED(secret) answer = NULL;
	struct err why = { 0 };

	if (!request)
		return;
	memcpy(request->uuid, luks_uuid(l), sizeof(request->uuid));
	disk_ask(socket, AGENT_DISK_FORGET, request, &answer, &why);
}

/* ---- what stands in the header ---- */
static int by_epoch(const void *a, const void *b)
{
	const struct luks_found *x = a, *y = b;

	return x->token.epoch < y->token.epoch ? -1 : x->token.epoch > y->token.epoch;
}

/* Of staged ones nothing is sent: they are no keys of an epoch. */
static void found_keys(const struct luks *l, struct luks_tokens *tokens)
{
	size_t n = 0;

	luks_tokens(l, tokens);
	for (size_t i = 0; i < tokens->n; i++)
		if (tokens->at[i].token.state != LUKS_TOKEN_STAGED)
			tokens->at[n++] = tokens->at[i];
	tokens->n = n;
	qsort(tokens->at, tokens->n, sizeof(tokens->at[0]), by_epoch);
}

static void to_key(const struct luks_token *t, struct disk_key *key)
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
static void to_message(const struct luks *l, const struct luks_tokens *tokens,
		       struct disk_message *m)
{
	size_t first = tokens->n > DISK_KEYS_MAX ? tokens->n - DISK_KEYS_MAX : 0;

	memset(m, 0, sizeof(*m));
	memcpy(m->uuid, luks_uuid(l), sizeof(m->uuid));
	for (size_t i = first; i < tokens->n; i++) {
		/* the same epoch twice is somebody's doing: the first counts */
		if (m->n && m->keys[m->n - 1].epoch == tokens->at[i].token.epoch)
			continue;
		to_key(&tokens->at[i].token, &m->keys[m->n++]);
	}
}

static const struct luks_found *token_of(const struct luks_tokens *tokens, u64 epoch)
{
	for (size_t i = 0; i < tokens->n; i++)
		if (tokens->at[i].token.epoch == epoch)
			return &tokens->at[i];
	return NULL;
}

static struct bytes passphrase_of(const struct disk_key *k)
{
	return (struct bytes){ (const u8 *)k->passphrase, k->has_passphrase ? PASSPHRASE_LEN : 0 };
}

static int copy_passphrase(const struct disk_key *k, struct secret **out, struct err *e)
{
	secret_drop(out);
	*out = secret_new(PASSPHRASE_LEN);
	if (!*out)
		return err_set(e, E_MEMORY, "no locked memory for a passphrase");
	memcpy((*out)->at, k->passphrase, PASSPHRASE_LEN);
	return 0;
}

/* ---- a keyslot of a new epoch ---- */
/* Where the slot of @t is, or is to be. */
static int place_of(const struct luks_token *t)
{
	return t->keyslot != LUKS_NO_KEYSLOT ? t->keyslot : t->planned;
}

static bool opens_there(struct luks *l, int slot, const struct disk_key *key)
{
	OWNED(secret) opened = NULL;
	struct err why = { 0 };

	return slot != LUKS_NO_KEYSLOT &&
	       !luks_volume_key(l, slot, passphrase_of(key), &opened, &why);
}

/*
 * Step 2 of RULES 6. The token goes first and says where the slot will be: whenever power goes, no slot of ours
 * is without a token. One that is there from a time that was cut short is used again.
 */
static int write_slot(struct luks *l, const struct secret *volume_key, const struct disk_key *key,
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

	found_keys(l, &tokens);
	there = token_of(&tokens, key->epoch);
	id = there ? there->id : -1;
	memcpy(t.public_2b, key->public_2b, t.public_len);
	memcpy(t.private_2b, key->private_2b, t.private_len);
	if (there && opens_there(l, place_of(&there->token), key)) {
		t.keyslot = place_of(&there->token);
		return t.keyslot == there->token.keyslot ? 0 : luks_token_put(l, id, &t, e);
	}
	if (luks_slot_free(l, &t.planned, e) || luks_token_put(l, id, &t, e))
		return (int)e->code;
	found_keys(l, &tokens);
	there = token_of(&tokens, key->epoch);
	if (!there)
		return err_set(e, E_IO, "the new keyslot's token is not in the header");
	if (luks_slot_add(l, volume_key, passphrase_of(key), false, t.planned, &slot, e))
		return (int)e->code;
	t.keyslot = slot;
	return luks_token_put(l, there->id, &t, e);
}

/* Step 3: read from the disk anew, the half unsealed anew, the slot opened. */
static int prove_slot(const char *path, const u8 uuid[16], const char *socket, u64 epoch,
		      const struct secret *volume_key, struct err *e)
{
	OWNED(luks) l = NULL;
	OWNED(secret) request_hold = NULL;
	struct disk_message *request = disk_message_new(&request_hold);
	OWNED(secret) answer = NULL;
	OWNED(secret) opened = NULL;
	struct luks_tokens tokens;
	const struct luks_found *f;

	if (!request)
		return err_set(e, E_MEMORY, "no locked memory for a key");
	if (luks_open(path, uuid, &l, e))
		return (int)e->code;
	found_keys(l, &tokens);
	f = token_of(&tokens, epoch);
	if (!f)
		return err_set(e, E_IO, "the new keyslot's token is not in the header on the disk");
	memcpy(request->uuid, uuid, sizeof(request->uuid));
	request->n = 1;
	to_key(&f->token, &request->keys[0]);
	if (disk_ask(socket, AGENT_DISK_PROVE, request, &answer, e) ||
	    luks_volume_key(l, f->token.keyslot, passphrase_of(&disk_answer(answer)->keys[0]),
			    &opened, e))
		return (int)e->code;
	return secret_equal(secret_bytes(opened), secret_bytes(volume_key))
		       ? 0
		       : err_set(e, E_INTERNAL, "the new keyslot gives another volume key");
}

/* A token gets the lease that the agent has for its key, or loses the one it has. */
static void put_lease(struct luks_token *t, const struct disk_key *key)
{
	memcpy(t->lease, key->lease, key->lease_len);
	t->lease_len = key->lease_len;
}

static int keep_lease(struct luks *l, const struct luks_found *f, const struct disk_key *key,
		      struct err *e)
{
	struct luks_token t = f->token;

	if (t.lease_len == key->lease_len && !memcmp(t.lease, key->lease, key->lease_len))
		return 0;
	put_lease(&t, key);
	return luks_token_put(l, f->id, &t, e);
}

static int set_active(struct luks *l, u64 epoch, const struct disk_key *told, struct err *e)
{
	struct luks_tokens tokens;
	const struct luks_found *f;
	struct luks_token t;

	found_keys(l, &tokens);
	f = token_of(&tokens, epoch);
	if (!f)
		return err_set(e, E_IO, "the new keyslot's token is not in the header any more");
	t = f->token;
	t.state = LUKS_TOKEN_ACTIVE;
	put_lease(&t, told);
	return luks_token_put(l, f->id, &t, e);
}

/* Step 8: keyslots of epochs that the counter has left behind, and what was staged for this one. */
static int remove_before(struct luks *l, u64 epoch, struct err *e)
{
	struct luks_tokens tokens;

	luks_tokens(l, &tokens);
	for (size_t i = 0; i < tokens.n; i++) {
		const struct luks_found *f = &tokens.at[i];

		if (f->token.epoch >= epoch && f->token.state != LUKS_TOKEN_STAGED)
			continue;
		if (f->token.keyslot != LUKS_NO_KEYSLOT && luks_slot_kill(l, f->token.keyslot, e))
			return (int)e->code;
		if (luks_token_remove(l, f->id, e))
			return (int)e->code;
	}
	return 0;
}

/* Steps 4 to 7: the server is told, the counter counts. */
static int settle(struct luks *l, const char *socket, const struct disk_key *key,
		  const u8 proof[CAP_PROOF_LEN], struct err *e)
{
	OWNED(secret) request_hold = NULL;
	struct disk_message *request = disk_message_new(&request_hold);
	OWNED(secret) answer = NULL;

	if (!request)
		return err_set(e, E_MEMORY, "no locked memory for a key");
	memcpy(request->uuid, luks_uuid(l), sizeof(request->uuid));
	request->has_proof = true;
	memcpy(request->proof, proof, CAP_PROOF_LEN);
	request->n = 1;
	request->keys[0] = *key;
	request->keys[0].has_passphrase = false; /* the agent has it: a request holds no secret */
	return disk_ask(socket, AGENT_DISK_STORED, request, &answer, e) ||
			       set_active(l, key->epoch, &disk_answer(answer)->keys[0], e)
		       ? (int)e->code
		       : 0;
}

static int finish(struct luks *l, const char *path, const char *socket,
		  const struct secret *volume_key, const struct disk_key *key, struct err *e)
{
	u8 proof[CAP_PROOF_LEN];

	return write_slot(l, volume_key, key, e) ||
			       prove_slot(path, luks_uuid(l), socket, key->epoch, volume_key, e) ||
			       cap_proof(secret_bytes(volume_key), proof, e) ||
			       settle(l, socket, key, proof, e)
		       ? (int)e->code
		       : 0;
}

static int put_policy_key(struct disk_message *m, struct bytes key, struct err *e)
{
	if (key.len > sizeof(m->policy_key))
		return err_set(e, E_LIMIT, "policy key of %zu bytes", key.len);
	if (key.len)
		memcpy(m->policy_key, key.at, key.len);
	m->policy_key_len = key.len;
	return 0;
}

static int add(struct luks *l, const char *path, const char *socket,
	       const struct secret *volume_key, struct bytes policy_key, u32 *counter, u64 *epoch,
	       struct err *e)
{
	OWNED(secret) request_hold = NULL;
	struct disk_message *request = disk_message_new(&request_hold);
	OWNED(secret) answer = NULL;
	struct luks_tokens tokens;

	if (!request)
		return err_set(e, E_MEMORY, "no locked memory for a key");
	found_keys(l, &tokens);
	to_message(l, &tokens, request);
	request->counter = *counter;
	if (put_policy_key(request, policy_key, e))
		return (int)e->code;
	if (disk_ask(socket, AGENT_DISK_NEW, request, &answer, e))
		return (int)e->code;
	*counter = disk_answer(answer)->counter;
	*epoch = disk_answer(answer)->keys[0].epoch;
	return finish(l, path, socket, volume_key, &disk_answer(answer)->keys[0], e) ||
			       remove_before(l, *epoch, e)
		       ? (int)e->code
		       : 0;
}

int disk_add(struct luks *l, const char *path, const char *socket, const struct secret *volume_key,
	     struct bytes policy_key, u32 *counter, u64 *epoch, struct err *e)
{
	int rc = add(l, path, socket, volume_key, policy_key, counter, epoch, e);

	forget(l, socket);
	return rc;
}

/* What an earlier try has left: its share is nobody's any more. */
static int remove_pending(struct luks *l, struct err *e)
{
	struct luks_tokens tokens;

	luks_tokens(l, &tokens);
	for (size_t i = 0; i < tokens.n; i++) {
		const struct luks_found *f = &tokens.at[i];

		if (f->token.state == LUKS_TOKEN_ACTIVE)
			continue;
		if ((f->token.keyslot != LUKS_NO_KEYSLOT &&
		     luks_slot_kill(l, f->token.keyslot, e)) ||
		    luks_token_remove(l, f->id, e))
			return (int)e->code;
	}
	return 0;
}

/* The half cannot be unsealed now: that the keyslot opens is all that can be shown. */
static int open_anew(const char *path, const u8 uuid[16], const struct disk_key *key,
		     const struct secret *volume_key, struct err *e)
{
	OWNED(luks) l = NULL;
	OWNED(secret) opened = NULL;
	struct luks_tokens tokens;
	const struct luks_found *f;

	if (luks_open(path, uuid, &l, e))
		return (int)e->code;
	found_keys(l, &tokens);
	f = token_of(&tokens, key->epoch);
	if (!f)
		return err_set(e, E_IO, "the new keyslot's token is not in the header on the disk");
	if (luks_volume_key(l, f->token.keyslot, passphrase_of(key), &opened, e))
		return (int)e->code;
	return secret_equal(secret_bytes(opened), secret_bytes(volume_key))
		       ? 0
		       : err_set(e, E_INTERNAL, "the new keyslot gives another volume key");
}

static int add_staged(struct luks *l, const char *path, const char *socket,
		      const struct secret *volume_key, struct bytes policy_key, u32 *counter,
		      u64 *epoch, struct err *e)
{
	OWNED(secret) request_hold = NULL;
	struct disk_message *request = disk_message_new(&request_hold);
	OWNED(secret) answer = NULL;
	struct luks_tokens tokens;

	if (!request)
		return err_set(e, E_MEMORY, "no locked memory for a key");
	found_keys(l, &tokens);
	to_message(l, &tokens, request);
	request->counter = *counter;
	if (put_policy_key(request, policy_key, e))
		return (int)e->code;
	if (disk_ask(socket, AGENT_DISK_STAGE, request, &answer, e) || remove_pending(l, e))
		return (int)e->code;
	*counter = disk_answer(answer)->counter;
	*epoch = disk_answer(answer)->keys[0].epoch;
	return write_slot(l, volume_key, &disk_answer(answer)->keys[0], e) ||
			       open_anew(path, luks_uuid(l), &disk_answer(answer)->keys[0],
					 volume_key, e)
		       ? (int)e->code
		       : 0;
}

int disk_add_staged(struct luks *l, const char *path, const char *socket,
		    const struct secret *volume_key, struct bytes policy_key, u32 *counter,
		    u64 *epoch, struct err *e)
{
	int rc = add_staged(l, path, socket, volume_key, policy_key, counter, epoch, e);

	forget(l, socket);
	return rc;
}

/* ---- opening ---- */
static int take(struct luks *l, const struct disk_message *answer, struct disk_opened *out,
		struct err *e)
{
	struct luks_tokens tokens;
	const struct luks_found *f;
	struct err why = { 0 };
	long long since_ms = clock_monotonic_ms();

	found_keys(l, &tokens);
	f = answer->n ? token_of(&tokens, answer->keys[0].epoch) : NULL;
	if (!f)
		return err_set(e, E_INTERNAL,
			       "the agent answered with a key that was not asked for");
	out->epoch = answer->keys[0].epoch;
	out->by_lease = answer->lease == DISK_LEASE_USED;
	out->reboots_left = answer->reboots_left;
	out->times = answer->times;
	if (luks_volume_key(l, place_of(&f->token), passphrase_of(&answer->keys[0]),
			    &out->volume_key, e) ||
	    copy_passphrase(&answer->keys[0], &out->passphrase, e) ||
	    cap_proof(secret_bytes(out->volume_key), out->proof, e))
		return (int)e->code;
	out->header_ms = (u32)(clock_monotonic_ms() - since_ms);
	if (!out->by_lease && keep_lease(l, f, &answer->keys[0], &why))
		snprintf(out->not_kept, sizeof(out->not_kept), "%.255s", why.text);
	return 0;
}

/*
 * What a change of epochs that was cut short has left. The agent gives the key of the epoch at which the counter
 * stands, where the header has it: keyslots before that open with nothing any more.
 */
static void tidy(struct luks *l, const char *socket, const struct disk_message *answer,
		 struct disk_opened *out)
{
	struct luks_tokens tokens;
	const struct luks_found *f;
	struct err why = { 0 };
	int rc;

	found_keys(l, &tokens);
	f = token_of(&tokens, out->epoch);
	if (answer->n != 1 || !f || out->by_lease)
		return;
	rc = f->token.state == LUKS_TOKEN_PENDING
		     ? settle(l, socket, &answer->keys[0], out->proof, &why)
		     : 0;
	if (rc || remove_before(l, out->epoch, &why))
		snprintf(out->not_rotated, sizeof(out->not_rotated), "%.255s", why.text);
}

/* A change that fails at its very end may have removed the keyslot that it began with. */
static bool still_opens(struct luks *l, const struct disk_key *key)
{
	struct luks_tokens tokens;
	const struct luks_found *f;

	found_keys(l, &tokens);
	f = token_of(&tokens, key->epoch);
	return f && opens_there(l, place_of(&f->token), key);
}

static int open_volume(struct luks *l, const char *path, const char *socket, unsigned int how,
		       struct disk_opened *out, struct err *e)
{
	OWNED(secret) request_hold = NULL;
	struct disk_message *request = disk_message_new(&request_hold);
	OWNED(secret) hold = NULL;
	struct luks_tokens tokens;
	struct err why = { 0 };
	const struct disk_message *answer;
	const struct disk_key *next;
	long long since_ms;

	*out = (struct disk_opened){ 0 };
	if (!request)
		return err_set(e, E_MEMORY, "no locked memory for a key");
	found_keys(l, &tokens);
	if (!tokens.n)
		return err_set(
			e, E_NOTFOUND,
			"the disk's header has no keyslot of ours: `assay disk enroll` makes one");
	to_message(l, &tokens, request);
	request->lease = how & DISK_MAY_LEASE ? DISK_LEASE_MAY : DISK_LEASE_NO;
	if (disk_ask(socket, AGENT_DISK_GET, request, &hold, e))
		return (int)e->code;
	answer = disk_answer(hold);
	if (take(l, answer, out, e)) {
		disk_opened_clear(out);
		return (int)e->code;
	}
	tidy(l, socket, answer, out);
	if (answer->n < 2)
		return 0;
	since_ms = clock_monotonic_ms();
	next = &answer->keys[1];
	if (finish(l, path, socket, out->volume_key, next, &why) ||
	    (!(how & DISK_KEEP) && remove_before(l, next->epoch, &why))) {
		snprintf(out->not_rotated, sizeof(out->not_rotated), "%.255s", why.text);
		if (still_opens(l, &answer->keys[0]))
			return 0;
	}
	out->change_ms = (u32)(clock_monotonic_ms() - since_ms);
	out->rotated = true;
	if (how & DISK_KEEP)
		return 0;
	out->epoch = next->epoch;
	if (copy_passphrase(next, &out->passphrase, e)) {
		disk_opened_clear(out);
		return (int)e->code;
	}
	return 0;
}

int disk_open(struct luks *l, const char *path, const char *socket, unsigned int how,
	      struct disk_opened *out, struct err *e)
{
	int rc = open_volume(l, path, socket, how, out, e);

	forget(l, socket);
	return rc;
}
