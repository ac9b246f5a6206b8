/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server must never lose and never store in the database: deployment id, nonce keys, EAR
 * key, and the root key that the key-encryption key (KEK) unwraps once at start.
 */
#ifndef ASSAY_SERVER_KEYS_H
#define ASSAY_SERVER_KEYS_H

#include "common/crypto.h"
#include "proto/evidence.h"

enum { NONCE_KEYS_MAX = 2, NONCE_KEY_LEN = 32, NONCE_RECORD_LEN = 1 + 8 + NONCE_KEY_LEN };

struct nonce_key {
	u8 kid;
	u8 key[NONCE_KEY_LEN];
	long long retired_s; /* 0: in use */
};

struct server_keys {
	u8 deployment[DEPLOYMENT_ID_LEN];
	struct digest a;     /* SHA-256 of the deployment id */
	size_t n_nonce_keys; /* the first is the one that makes new nonces */
	struct nonce_key nonce_keys[NONCE_KEYS_MAX];
	struct keypair *ear;
	u8 kek_id[32];		    /* SHA-256 of the KEK's SubjectPublicKeyInfo */
	struct secret *row_mac;	    /* derived from the root key */
	struct secret *secret_seal; /* derived from the root key */
};

/** keys_init - make every key in @folder (0600); E_CONFLICT when one exists already. */
int keys_init(const char *folder, struct err *e);
/** keys_load - @kek_path: PEM of an RSA key of 3072 bits or more. */
int keys_load(const char *folder, const char *kek_path, struct server_keys **out, struct err *e);
/**
 * keys_rotate_nonce - a new nonce key for the server's next start; the current one is retired at @now_s
 * and still honoured for the nonces that it made, the one before it is forgotten.
 */
int keys_rotate_nonce(const char *folder, long long now_s, struct err *e);
void server_keys_drop(struct server_keys **k);

/** keys_row_mac - HMAC over @label and @fields under the row key: what a row's mac column holds. */
int keys_row_mac(const struct server_keys *k, const char *label, const struct bytes *fields,
		 size_t n, struct digest *out, struct err *e);

#endif
