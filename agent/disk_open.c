// SPDX-License-Identifier: Apache-2.0
#include "disk_open.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "disk_slots.h"
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
	disk_found_keys(l, &tokens);
	f = disk_token_of(&tokens, epoch);
	if (!f)
		return err_set(e, E_IO, "the new keyslot's token is not in the header on the disk");
	memcpy(request->uuid, uuid, sizeof(request->uuid));
	request->n = 1;
	disk_to_key(&f->token, &request->keys[0]);
	if (disk_ask(socket, AGENT_DISK_PROVE, request, &answer, e) ||
	    luks_volume_key(l, f->token.keyslot, disk_passphrase_of(&disk_answer(answer)->keys[0]),
			    &opened, e))
		return (int)e->code;
	return secret_equal(secret_bytes(opened), secret_bytes(volume_key))
		       ? 0
		       : err_set(e, E_INTERNAL, "the new keyslot gives another volume key");
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
			       disk_set_active(l, key->epoch, &disk_answer(answer)->keys[0], e)
		       ? (int)e->code
		       : 0;
}

static int finish(struct luks *l, const char *path, const char *socket,
		  const struct secret *volume_key, const struct disk_key *key, struct err *e)
{
	u8 proof[CAP_PROOF_LEN];

	return disk_write_slot(l, volume_key, key, e) ||
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
	disk_found_keys(l, &tokens);
	disk_to_message(l, &tokens, request);
	request->counter = *counter;
	if (put_policy_key(request, policy_key, e))
		return (int)e->code;
	if (disk_ask(socket, AGENT_DISK_NEW, request, &answer, e))
		return (int)e->code;
	*counter = disk_answer(answer)->counter;
	*epoch = disk_answer(answer)->keys[0].epoch;
	return finish(l, path, socket, volume_key, &disk_answer(answer)->keys[0], e) ||
			       disk_remove_before(l, *epoch, e)
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
	disk_found_keys(l, &tokens);
	disk_to_message(l, &tokens, request);
	request->counter = *counter;
	if (put_policy_key(request, policy_key, e))
		return (int)e->code;
	if (disk_ask(socket, AGENT_DISK_STAGE, request, &answer, e) || disk_remove_pending(l, e))
		return (int)e->code;
	*counter = disk_answer(answer)->counter;
	*epoch = disk_answer(answer)->keys[0].epoch;
	return disk_write_slot(l, volume_key, &disk_answer(answer)->keys[0], e) ||
			       disk_open_anew(path, luks_uuid(l), &disk_answer(answer)->keys[0],
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
static int copy_passphrase(const struct disk_key *k, struct secret **out, struct err *e)
{
	secret_drop(out);
	*out = secret_new(PASSPHRASE_LEN);
	if (!*out)
		return err_set(e, E_MEMORY, "no locked memory for a passphrase");
	memcpy((*out)->at, k->passphrase, PASSPHRASE_LEN);
	return 0;
}

static int take(struct luks *l, const struct disk_message *answer, struct disk_opened *out,
		struct err *e)
{
	struct luks_tokens tokens;
	const struct luks_found *f;
	struct err why = { 0 };
	long long since_ms = clock_monotonic_ms();

	disk_found_keys(l, &tokens);
	f = answer->n ? disk_token_of(&tokens, answer->keys[0].epoch) : NULL;
	if (!f)
		return err_set(e, E_INTERNAL,
			       "the agent answered with a key that was not asked for");
	out->epoch = answer->keys[0].epoch;
	out->by_lease = answer->lease == DISK_LEASE_USED;
	out->reboots_left = answer->reboots_left;
	out->times = answer->times;
	if (luks_volume_key(l, disk_place_of(&f->token), disk_passphrase_of(&answer->keys[0]),
			    &out->volume_key, e) ||
	    copy_passphrase(&answer->keys[0], &out->passphrase, e) ||
	    cap_proof(secret_bytes(out->volume_key), out->proof, e))
		return (int)e->code;
	out->header_ms = (u32)(clock_monotonic_ms() - since_ms);
	if (!out->by_lease && disk_keep_lease(l, f, &answer->keys[0], &why))
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

	disk_found_keys(l, &tokens);
	f = disk_token_of(&tokens, out->epoch);
	if (answer->n != 1 || !f || out->by_lease)
		return;
	rc = f->token.state == LUKS_TOKEN_PENDING
		     ? settle(l, socket, &answer->keys[0], out->proof, &why)
		     : 0;
	if (rc || disk_remove_before(l, out->epoch, &why))
		snprintf(out->not_rotated, sizeof(out->not_rotated), "%.255s", why.text);
}

/* A change that fails at its very end may have removed the keyslot that it began with. */
static bool still_opens(struct luks *l, const struct disk_key *key)
{
	struct luks_tokens tokens;
	const struct luks_found *f;

	disk_found_keys(l, &tokens);
	f = disk_token_of(&tokens, key->epoch);
	return f && disk_opens_there(l, disk_place_of(&f->token), key);
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
	disk_found_keys(l, &tokens);
	if (!tokens.n)
		return err_set(
			e, E_NOTFOUND,
			"the disk's header has no keyslot of ours: `assay disk enroll` makes one");
	disk_to_message(l, &tokens, request);
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
	    (!(how & DISK_KEEP) && disk_remove_before(l, next->epoch, &why))) {
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
