// SPDX-License-Identifier: Apache-2.0
/* assay disk: keyslots that open when the server finds this host as it has to be. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "agent/disk_typed.h"
#include "agent/opened.h"
#include "agent/settings.h"
#include "cli.h"
#include "common/escrow.h"
#include "common/file.h"

enum { PASSPHRASE_MAX = 512 };

/* ---- what a person or a file says ---- */
static int read_key_file(const char *path, struct secret **out, struct err *e)
{
	OWNED(buf) b = NULL;
	OWNED(secret) s = NULL;

	if (file_read(path, PASSPHRASE_MAX, &b, e))
		return (int)e->code;
	s = b->w.len ? secret_new(b->w.len) : NULL;
	if (s)
		memcpy(s->at, b->w.at, s->len);
	secret_wipe(b->w.at, b->w.len);
	if (!s)
		return err_set(e, E_FORMAT, "%s is empty, or there is no locked memory", path);
	*out = TAKE(s);
	return 0;
}

static int ask_person(const struct cli *c, const char *device, struct secret **out, struct err *e)
{
	OWNED(secret) room = secret_new(PASSPHRASE_MAX);
	OWNED(secret) s = NULL;
	struct termios was, quiet;
	ssize_t n;

	if (c->json || !isatty(STDIN_FILENO))
		return err_set(e, E_USAGE,
			       "there is nobody to ask for a passphrase: --key-file FILE");
	if (!room || tcgetattr(STDIN_FILENO, &was))
		return err_set(e, E_MEMORY, "no locked memory for a passphrase");
	fprintf(stderr, "a passphrase that opens %s: ", device);
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	n = read(STDIN_FILENO, room->at, room->len);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	fputc('\n', stderr);
	if (n > 0 && room->at[n - 1] == '\n')
		n--;
	s = n > 0 ? secret_new((size_t)n) : NULL;
	if (!s)
		return err_set(e, E_USAGE, "no passphrase was given");
	memcpy(s->at, room->at, s->len);
	*out = TAKE(s);
	return 0;
}

static int volume_key_of(struct cli *c, struct luks *l, const char *device, struct secret **out,
			 struct err *e)
{
	OWNED(secret) passphrase = NULL;
	int rc = c->option[OPT_KEY_FILE] ? read_key_file(c->option[OPT_KEY_FILE], &passphrase, e)
					 : ask_person(c, device, &passphrase, e);

	return rc ? rc : luks_volume_key(l, LUKS_ANY_SLOT, secret_bytes(passphrase), out, e);
}

/* ---- the recovery key ---- */
static int make_recovery(struct secret **out, struct err *e)
{
	OWNED(secret) s = secret_new(RECOVERY_LEN);
	OWNED(secret) raw = secret_new(RECOVERY_BYTES);

	if (!s || !raw)
		return err_set(e, E_MEMORY, "no locked memory for a recovery key");
	if (random_bytes(raw->at, raw->len, e))
		return (int)e->code;
	recovery_write(raw->at, s->at);
	*out = TAKE(s);
	return 0;
}

static int put_away(struct cli *c, const struct secret *recovery, struct err *e)
{
	const char *path = c->option[OPT_RECOVERY_OUT];
	OWNED(buf) pem = NULL;
	OWNED(buf) sealed = NULL;
	OWNED(cert_list) certs = NULL;

	if (!c->option[OPT_ESCROW])
		return file_create(path, secret_bytes(recovery), 0600, e);
	if (file_read(c->option[OPT_ESCROW], EVIDENCE_MAX, &pem, e) ||
	    cert_list_from_pem(buf_bytes(pem), &certs, e))
		return err_while(e, "%s", c->option[OPT_ESCROW]);
	return escrow_seal(certs->at[0], secret_bytes(recovery), &sealed, e) ||
			       file_create(path, buf_bytes(sealed), 0600, e)
		       ? (int)e->code
		       : 0;
}

/* Kept before it opens anything, and tested after; nothing tries it unless it is named. */
static int add_recovery(struct cli *c, struct luks *l, const struct secret *volume_key, int *slot,
			struct err *e)
{
	OWNED(secret) recovery = NULL;
	OWNED(secret) opened = NULL;

	if (make_recovery(&recovery, e) || put_away(c, recovery, e) ||
	    luks_slot_add(l, volume_key, secret_bytes(recovery), true, LUKS_ANY_SLOT, slot, e) ||
	    luks_volume_key(l, *slot, secret_bytes(recovery), &opened, e))
		return (int)e->code;
	if (!secret_equal(secret_bytes(opened), secret_bytes(volume_key)))
		return err_set(e, E_INTERNAL, "the recovery key opens another volume key");
	return luks_slot_hide(l, *slot, e);
}

/* What was begun came to nothing: the disk has no keyslot more than before, and the next try its file. */
static void forget_recovery(const struct cli *c, struct luks *l, int slot)
{
	struct err e = { 0 };

	if (luks_slot_kill(l, slot, &e))
		fprintf(stderr, "assay: recovery keyslot %d is still there: %s\n", slot, e.text);
	else
		unlink(c->option[OPT_RECOVERY_OUT]);
}

static int cmd_recover(struct cli *c)
{
	OWNED(buf) sealed = NULL;
	OWNED(buf) pem = NULL;
	OWNED(buf) key_pem = NULL;
	OWNED(cert_list) certs = NULL;
	OWNED(keypair) key = NULL;
	OWNED(secret) recovery = NULL;
	struct err e = { 0 };
	int rc;

	if (c->argc != 1 || !c->option[OPT_SIGNER] || !c->option[OPT_KEY])
		return cli_usage();
	rc = file_read(c->argv[0], ESCROW_MAX, &sealed, &e) ||
	     file_read(c->option[OPT_SIGNER], EVIDENCE_MAX, &pem, &e) ||
	     cert_list_from_pem(buf_bytes(pem), &certs, &e) ||
	     file_read(c->option[OPT_KEY], EVIDENCE_MAX, &key_pem, &e) ||
	     keypair_from_pem(buf_bytes(key_pem), &key, &e) ||
	     escrow_open(buf_bytes(sealed), certs->at[0], key, &recovery, &e);
	if (key_pem)
		secret_wipe(key_pem->w.at, key_pem->w.len);
	if (rc)
		return cli_fail(c, &e, NULL);
	fwrite(recovery->at, 1, recovery->len, stdout);
	putchar('\n');
	return 0;
}

/* ---- the configuration ---- */
static const char *agent_config(const struct cli *c)
{
	return c->option[OPT_AGENT_CONFIG] ? c->option[OPT_AGENT_CONFIG] : "/etc/assay/agent.conf";
}

/* At the end of the file as it is: whose it is and who may read it stays as somebody wanted it. */
static int append(const char *path, struct bytes b, struct err *e)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, b.at, b.len) == (ssize_t)b.len && !fsync(fd);
	int why = errno;

	if (fd >= 0)
		close(fd);
	return ok ? 0 : err_set(e, E_IO, "write %s: %s", path, strerror(why));
}

/* What the initramfs will open is what stands there, and no header says. */
static int name_volume(const struct cli *c, const u8 uuid[16], u32 counter, struct bytes policy_key,
		       bool *added, struct err *e)
{
	static struct agent_settings s;
	char text[UUID_TEXT_LEN + 1], key[2 * STRICT_SPKI_MAX] = "", lines[512];

	if (agent_settings_load(agent_config(c), &s, e))
		return (int)e->code;
	for (size_t i = 0; i < s.n_volumes; i++)
		if (!memcmp(s.volumes[i].uuid, uuid, 16) && s.volumes[i].counter == counter)
			return 0;
	if (policy_key.len)
		base64_write(policy_key, key);
	snprintf(lines, sizeof(lines), "\n[volume %s]\ncounter = 0x%08x\n%s%s%s",
		 uuid_write(uuid, text), counter, *key ? "policy_key = " : "", key,
		 *key ? "\n" : "");
	*added = true;
	return append(agent_config(c), bytes_text(lines), e);
}

/* ---- enroll, rotate ---- */
static int slot_of(const struct luks *l, u64 epoch)
{
	struct luks_tokens tokens;

	luks_tokens(l, &tokens);
	for (size_t i = 0; i < tokens.n; i++)
		if (tokens.at[i].token.epoch == epoch)
			return tokens.at[i].token.keyslot;
	return -1;
}

/* One that was cut short is gone on with. */
static bool is_enrolled(const struct luks *l)
{
	struct luks_tokens tokens;
	bool is = false;

	luks_tokens(l, &tokens);
	for (size_t i = 0; i < tokens.n; i++)
		is |= tokens.at[i].token.state == LUKS_TOKEN_ACTIVE;
	return is;
}

/* SubjectPublicKeyInfo of --policy-key, a public key or a certificate; without --strict no bytes. */
static int policy_key_of(const struct cli *c, u8 room[STRICT_SPKI_MAX], struct bytes *out,
			 struct err *e)
{
	OWNED(buf) pem = NULL;
	OWNED(pubkey) key = NULL;
	OWNED(cert_list) certs = NULL;
	struct writer w = writer_on(room, STRICT_SPKI_MAX);
	struct strict_key ignored;
	int rc;

	*out = BYTES_NONE;
	if (!c->option[OPT_STRICT])
		return 0;
	if (file_read(c->option[OPT_POLICY_KEY], CERT_DER_MAX, &pem, e))
		return (int)e->code;
	rc = pubkey_from_pem(buf_bytes(pem), &key, e);
	if (rc && !cert_list_from_pem(buf_bytes(pem), &certs, e))
		rc = 0;
	if (rc || pubkey_spki(key ? key : cert_pubkey(certs->at[0]), &w, e) ||
	    strict_key_of(write_done(&w), &ignored, e))
		return err_while(e, "%s", c->option[OPT_POLICY_KEY]);
	*out = write_done(&w);
	return 0;
}

static int cmd_enroll(struct cli *c)
{
	OWNED(luks) l = NULL;
	OWNED(secret) volume_key = NULL;
	char uuid[UUID_TEXT_LEN + 1];
	struct err e = { 0 };
	u32 counter = 0;
	u64 epoch = 0;
	int recovery = -1, rc;
	u8 room[STRICT_SPKI_MAX];
	struct bytes policy_key;
	bool added = false, staged;

	if (c->argc != 1 || !c->option[OPT_RECOVERY_OUT] ||
	    !c->option[OPT_STRICT] != !c->option[OPT_POLICY_KEY])
		return cli_usage();
	if (policy_key_of(c, room, &policy_key, &e))
		return cli_fail(c, &e, NULL);
	if (luks_open(c->argv[0], NULL, &l, &e))
		return cli_fail(c, &e, NULL);
	if (is_enrolled(l)) {
		err_set(&e, E_CONFLICT, "%s has a keyslot of ours", c->argv[0]);
		return cli_fail(c, &e, "assay disk rotate makes a new one, forget removes it");
	}
	if (volume_key_of(c, l, c->argv[0], &volume_key, &e) ||
	    add_recovery(c, l, volume_key, &recovery, &e))
		return cli_fail(c, &e, NULL);
	rc = disk_add(l, c->argv[0], c->agent_socket, volume_key, policy_key, &counter, &epoch, &e);
	staged = rc == E_CONFLICT;
	if (staged) {
		e = (struct err){ 0 };
		rc = disk_add_staged(l, c->argv[0], c->agent_socket, volume_key, policy_key,
				     &counter, &epoch, &e);
	}
	if (rc) {
		forget_recovery(c, l, recovery);
		return cli_fail(c, &e,
				e.code == E_POLICY ? "assay explain HOST tells why; the disk is as "
						     "it was"
						   : NULL);
	}
	if (name_volume(c, luks_uuid(l), counter, policy_key, &added, &e))
		return cli_fail(c, &e,
				"the keyslots are there; agent.conf has to name the volume "
				"(docs/INITRAMFS.md)");
	uuid_write(luks_uuid(l), uuid);
	if (c->json) {
		cli_json("disk.enroll", true,
			 json_pack("{s:s, s:I, s:i, s:i, s:I, s:b, s:s}", "volume", uuid, "epoch",
				   (json_int_t)epoch, "keyslot", slot_of(l, epoch),
				   "recovery_keyslot", recovery, "counter", (json_int_t)counter,
				   "configured", added, "state", staged ? "pending" : "active"));
		return 0;
	}
	printf("volume %s: keyslot %d %s, epoch %" PRIu64
	       "\nrecovery key in %s, keyslot %d, tested; cryptsetup --key-slot %d opens with it\n",
	       uuid, slot_of(l, epoch),
	       staged ? "is pending: the next boot proves it, if the server finds that as it has "
			"to be"
		      : "opens with this TPM and the server",
	       epoch, c->option[OPT_RECOVERY_OUT], recovery, recovery);
	if (added)
		printf("%s names the volume now: make the initramfs anew (update-initramfs -u)\n",
		       agent_config(c));
	return 0;
}

static int cmd_rotate(struct cli *c)
{
	OWNED(luks) l = NULL;
	struct disk_opened o = { 0 };
	struct err e = { 0 };
	u32 counter = 0;
	u64 epoch = 0, was = 0;
	int rc;

	if (c->argc != 1)
		return cli_usage();
	rc = luks_open(c->argv[0], NULL, &l, &e) ||
	     disk_open(l, c->argv[0], c->agent_socket, 0, &o, &e);
	was = o.epoch;
	if (!rc && !o.rotated)
		rc = disk_add(l, c->argv[0], c->agent_socket, o.volume_key, BYTES_NONE, &counter,
			      &epoch, &e);
	else
		epoch = o.epoch;
	if (rc && o.not_rotated[0])
		err_set(&e, e.code, "%s", o.not_rotated);
	disk_opened_clear(&o);
	if (rc)
		return cli_fail(c, &e, NULL);
	if (c->json)
		cli_json("disk.rotate", true,
			 json_pack("{s:I, s:i}", "epoch", (json_int_t)epoch, "keyslot",
				   slot_of(l, epoch)));
	else
		printf("epoch %" PRIu64 " opens it now, in keyslot %d; epoch %" PRIu64
		       " opens nothing any more\n",
		       epoch, slot_of(l, epoch), o.rotated ? epoch - 1 : was);
	return 0;
}

/* ---- status ---- */
static const char *state_name(enum luks_token_state s)
{
	static const char *const names[] = { [LUKS_TOKEN_STAGED] = "staged",
					     [LUKS_TOKEN_PENDING] = "pending",
					     [LUKS_TOKEN_ACTIVE] = "active" };

	return names[s];
}

static int cmd_status(struct cli *c)
{
	OWNED(luks) l = NULL;
	struct luks_tokens tokens;
	char uuid[UUID_TEXT_LEN + 1];
	json_t *rows = json_array();
	struct err e = { 0 };

	if (c->argc != 1 || luks_open(c->argv[0], NULL, &l, &e)) {
		json_decref(rows);
		return c->argc != 1 ? cli_usage() : cli_fail(c, &e, NULL);
	}
	luks_tokens(l, &tokens);
	uuid_write(luks_uuid(l), uuid);
	if (!c->json)
		printf("%-15s %s\n%-15s %zu\n%-15s %zu%s\n\n", "volume", uuid, "keyslots",
		       luks_n_slots(l), "of ours", tokens.n,
		       tokens.n ? "" : " (assay disk enroll makes one)");
	for (size_t i = 0; i < tokens.n; i++) {
		const struct luks_token *t = &tokens.at[i].token;

		json_array_append_new(rows,
				      json_pack("{s:i, s:I, s:s, s:b}", "keyslot", t->keyslot,
						"epoch", (json_int_t)t->epoch, "state",
						state_name(t->state), "lease", t->lease_len > 0));
		if (!c->json)
			printf("keyslot %d: epoch %" PRIu64 ", %s%s\n", t->keyslot, t->epoch,
			       state_name(t->state),
			       t->state == LUKS_TOKEN_PENDING ? ", proven at the next boot"
			       : t->lease_len		      ? ", with a lease"
							      : "");
	}
	if (tokens.n_bad && !c->json)
		printf("%zu tokens of ours cannot be read\n", tokens.n_bad);
	if (c->json)
		cli_json("disk.status", true,
			 json_pack("{s:s, s:i, s:o, s:i}", "volume", uuid, "keyslots",
				   (int)luks_n_slots(l), "ours", rows, "unreadable",
				   (int)tokens.n_bad));
	else
		json_decref(rows);
	return 0;
}

/* ---- unlock, forget ---- */
static int cmd_unlock(struct cli *c)
{
	OWNED(luks) l = NULL;
	struct disk_opened o = { 0 };
	struct cap_volume opened;
	struct err e = { 0 };
	int rc;

	if (c->argc != 2)
		return cli_usage();
	rc = luks_open(c->argv[0], NULL, &l, &e) ||
	     disk_open(l, c->argv[0], c->agent_socket, DISK_MAY_LEASE, &o, &e);
	if (!rc) {
		memcpy(opened.uuid, luks_uuid(l), sizeof(opened.uuid));
		memcpy(opened.proof, o.proof, sizeof(opened.proof));
		rc = (o.by_lease && opened_by_lease(OPENED_FOLDER, &e)) ||
		     opened_write(OPENED_FOLDER, &opened, &e) ||
		     luks_activate(l, c->argv[1], o.volume_key, &e);
	}
	disk_opened_clear(&o);
	if (rc)
		return cli_fail(c, &e, NULL);
	if (c->json)
		cli_json("disk.unlock", true, json_pack("{s:s}", "name", c->argv[1]));
	else
		printf("/dev/mapper/%s is open\n", c->argv[1]);
	return 0;
}

static int cmd_forget(struct cli *c)
{
	OWNED(luks) l = NULL;
	struct luks_tokens tokens;
	struct err e = { 0 };

	if (c->argc != 1 || !c->option[OPT_YES])
		return cli_usage();
	if (luks_open(c->argv[0], NULL, &l, &e))
		return cli_fail(c, &e, NULL);
	luks_tokens(l, &tokens);
	if (luks_n_slots(l) <= tokens.n && tokens.n) {
		err_set(&e, E_CONFLICT, "%s has no keyslot but ours: without them nobody opens it",
			c->argv[0]);
		return cli_fail(c, &e, "cryptsetup luksAddKey adds a passphrase");
	}
	for (size_t i = 0; i < tokens.n; i++)
		if ((tokens.at[i].token.keyslot != LUKS_NO_KEYSLOT &&
		     luks_slot_kill(l, tokens.at[i].token.keyslot, &e)) ||
		    luks_token_remove(l, tokens.at[i].id, &e))
			return cli_fail(c, &e, NULL);
	if (c->json)
		cli_json("disk.forget", true, json_pack("{s:i}", "removed", (int)tokens.n));
	else
		printf("%zu keyslots removed; `assay secret delete` removes the server's share\n",
		       tokens.n);
	return 0;
}

int cmd_disk(struct cli *c, const char *verb)
{
	static const struct {
		const char *verb;
		int (*run)(struct cli *c);
	} verbs[] = {
		{ "enroll", cmd_enroll }, { "rotate", cmd_rotate }, { "status", cmd_status },
		{ "unlock", cmd_unlock }, { "forget", cmd_forget }, { "recover", cmd_recover }
	};

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (!strcmp(verb, verbs[i].verb))
			return verbs[i].run(c);
	return cli_usage();
}
