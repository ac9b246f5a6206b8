// SPDX-License-Identifier: Apache-2.0
/*
 * libcryptsetup-token-assay.so: what cryptsetup, systemd-cryptsetup and others that use libcryptsetup load when the header
 * of a disk has a token of ours. It asks by assay-unlock, so that it opens what that opens and nothing else: volumes that
 * the configuration names, before the cap. Whatever goes wrong, the caller goes on to its next token or passphrase.
 * SPEC: libcryptsetup.h, crypt-tokens; RULES 3, 19; docs/ARCHITECTURE.md, Disks
 */
#include <errno.h>
#include <libcryptsetup.h>
#include <stdio.h>

#include "ask.h"
#include "common/text.h"
#include "proto/passphrase.h"
#include "token_json.h"

const char *cryptsetup_token_version(void);
int cryptsetup_token_open(struct crypt_device *cd, int token, char **buffer, size_t *buffer_len,
			  void *usrptr);
void cryptsetup_token_buffer_free(void *buffer, size_t buffer_len);
int cryptsetup_token_validate(struct crypt_device *cd, const char *json);
void cryptsetup_token_dump(struct crypt_device *cd, const char *json);

static void tell(struct crypt_device *cd, int level, const char *text)
{
	char line[TOKEN_SAID_MAX + 16];

	snprintf(line, sizeof(line), "assay: %.*s\n", TOKEN_SAID_MAX, text);
	crypt_log(cd, level, line);
}

const char *cryptsetup_token_version(void)
{
	return ASSAY_VERSION;
}

void cryptsetup_token_buffer_free(void *buffer, size_t buffer_len)
{
	(void)buffer_len;
	token_passphrase_drop(buffer);
}

int cryptsetup_token_validate(struct crypt_device *cd, const char *json)
{
	struct luks_token t;
	struct err e = { 0 };

	if (!json || !token_json_parse(bytes_text(json), &t, &e))
		return json ? 0 : -EINVAL;
	tell(cd, CRYPT_LOG_ERROR, e.text);
	return -EINVAL;
}

void cryptsetup_token_dump(struct crypt_device *cd, const char *json)
{
	struct luks_token t;
	struct err e = { 0 };
	char line[80];

	if (!json || token_json_parse(bytes_text(json), &t, &e))
		return;
	snprintf(line, sizeof(line), "\tepoch:      %llu\n\tstate:      %s\n",
		 (unsigned long long)t.epoch, token_state_name(t.state));
	crypt_log(cd, CRYPT_LOG_NORMAL, line);
}

/* A change of epochs leaves the keyslot before it for one more boot. Nothing is to be had for that one. */
static bool is_left_behind(struct crypt_device *cd, u64 epoch)
{
	for (int id = 0; id < crypt_token_max(CRYPT_LUKS2); id++) {
		const char *json = NULL;
		struct luks_token t;
		struct err e = { 0 };

		if (crypt_token_json_get(cd, id, &json) >= 0 && json &&
		    !token_json_parse(bytes_text(json), &t, &e) && t.state == LUKS_TOKEN_ACTIVE &&
		    t.epoch > epoch)
			return true;
	}
	return false;
}

static int usable(struct crypt_device *cd, int token)
{
	const char *json = NULL;
	struct luks_token t;
	struct err e = { 0 };

	if (crypt_token_json_get(cd, token, &json) < 0 || !json)
		return -ENOENT;
	if (token_json_parse(bytes_text(json), &t, &e)) {
		tell(cd, CRYPT_LOG_ERROR, e.text);
		return -EINVAL;
	}
	return t.keyslot == LUKS_NO_KEYSLOT || is_left_behind(cd, t.epoch) ? -ENOENT : 0;
}

int cryptsetup_token_open(struct crypt_device *cd, int token, char **buffer, size_t *buffer_len,
			  void *usrptr)
{
	const char *uuid = crypt_get_uuid(cd), *device = crypt_get_metadata_device_name(cd);
	char said[TOKEN_SAID_MAX];
	int rc = usable(cd, token);

	(void)usrptr;
	if (rc)
		return rc;
	if (!device)
		device = crypt_get_device_name(cd);
	if (!uuid || !device)
		return -ENOENT;
	rc = token_ask(uuid, device, buffer, said);
	if (said[0])
		tell(cd, rc ? CRYPT_LOG_ERROR : CRYPT_LOG_NORMAL, said);
	else if (rc)
		tell(cd, CRYPT_LOG_ERROR, "this volume's key was not to be had");
	if (!rc)
		*buffer_len = PASSPHRASE_LEN;
	return rc;
}
