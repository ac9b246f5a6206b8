/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root key, from which the keys of rows are derived. On disk it is wrapped for the key-encryption key (KEK):
 * root.sealed = "assay-r2" ‖ root id(32) ‖ KEK id(32) ‖ what key_wrap() made. While the KEK changes, root-next.sealed
 * lies beside it, and the database says which of both is its own (server/rekey.h).
 */
#ifndef ASSAY_SERVER_ROOT_KEY_H
#define ASSAY_SERVER_ROOT_KEY_H

#include "common/key_place.h"

enum { ROOT_KEY_LEN = 32, ROOT_ID_LEN = 32, KEK_ID_LEN = 32, KEK_RSA_BITS = 3072 };
#define ROOT_FILE	"root.sealed"
#define ROOT_NEXT_FILE	"root-next.sealed"
#define KEK_NEXT_SUFFIX ".next" /* beside a KEK that is a file */

/** root_id_of - tells root keys apart, and tells nothing about them. */
int root_id_of(const struct secret *root, u8 out[ROOT_ID_LEN], struct err *e);
/** kek_id_of - SHA-256 of the SubjectPublicKeyInfo. */
int kek_id_of(const struct pubkey *kek, u8 out[KEK_ID_LEN], struct err *e);
/** kek_open - E_CONFIG for a key that is too weak, or of a kind that nothing is wrapped for. */
int kek_open(const struct key_place *where, struct keypair **out, struct err *e);
/** kek_make - a new RSA key in the file @path; E_CONFLICT when there is one. */
int kek_make(const char *path, struct keypair **out, struct err *e);

/** root_seal - @root wrapped for @kek, as the file @name of @folder. E_CONFLICT when it is there. */
int root_seal(const char *folder, const char *name, const struct secret *root,
	      const struct pubkey *kek, struct err *e);
/**
 * root_open - of both files the one of @want, or root.sealed when @want is NULL; unwrapped by the KEK at @where or the
 * next one beside it.
 * Return: 0; E_CONFIG when neither file is of @want, or when no KEK at hand is the one that it is wrapped for.
 */
int root_open(const char *folder, const struct key_place *where, const u8 *want,
	      struct secret **root, u8 root_id[ROOT_ID_LEN], u8 kek_id[KEK_ID_LEN], struct err *e);
/** struct root_file - what stands in such a file; views into its bytes. */
struct root_file {
	bool old; /* written before ids were: OAEP with a label, and nothing else: all of it is @wrapped */
	struct bytes root_id, kek_id, wrapped;
};
/** root_file_parse - E_CONFIG says in which part of it @name ends. */
int root_file_parse(struct bytes b, const char *name, struct root_file *out, struct err *e);

/** root_id_in - of the file @name, without opening it. E_NOTFOUND; E_UNSUPPORTED: of an earlier version, without an id. */
int root_id_in(const char *folder, const char *name, u8 out[ROOT_ID_LEN], struct err *e);

#endif
