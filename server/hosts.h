/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts, their AKs, what is expected beforehand, and what was seen of their devices. */
#ifndef ASSAY_SERVER_HOSTS_H
#define ASSAY_SERVER_HOSTS_H

#include "common/limits.h"
#include "store.h"

enum { GROUP_MAX_LEN = 63 };

struct host {
	u8 ueid[UEID_LEN];
	char name[HOST_NAME_MAX_LEN + 1];
	char group[GROUP_MAX_LEN + 1];
	char ek_trust[16]; /* certificate, registered, operator, token */
	bool active;
	bool ak_active;
	u8 ak_name[AK_NAME_LEN];
	struct buf *ek_pub;
	struct buf *ak_pub; /* NULL when found by name and no AK is active */
};
void host_drop(struct host **h);

/** host_find_by_ak - the only way evidence finds its host. E_NOTFOUND; E_SIGNATURE: a row was changed. */
int host_find_by_ak(struct tx *tx, struct bytes ak_name, struct host **out, struct err *e);
int host_find_by_name(struct tx *tx, const char *name, struct host **out, struct err *e);
/** host_find_by_ueid - E_NOTFOUND when unknown. */
int host_find_by_ueid(struct tx *tx, const u8 ueid[UEID_LEN], struct host **out, struct err *e);
/** host_name_valid - letters, digits, '.', '-', '_'; 1 to 253; not starting with '.' or '-'. */
bool host_name_valid(const char *name);

/** host_trust - raise @trust to @to if that is the stronger word: token, certificate, registered, operator. */
void host_trust(char trust[16], const char *to);
/** host_enrol - a host whose AK was activated; E_CONFLICT when name or EK belong to another. */
int host_enrol(struct tx *tx, const struct host *h, struct err *e);
int host_set_state(struct tx *tx, const char *name, bool active, struct err *e);
/**
 * host_remove - the host, its AKs, inventory, devices, boots, verdict and registration, and its key shares,
 * whose number is @n_shares: their volumes cannot be opened any more. The audit log keeps what was.
 */
int host_remove(struct tx *tx, const struct host *h, long long *n_shares, struct err *e);
/** host_confirm_ek - an operator vouches for the EK of a host that joined by token alone. */
int host_confirm_ek(struct tx *tx, const char *name, const u8 ek_hash[32], struct err *e);

/** host_ek_hash - SHA-256 of an EK's TPMT_PUBLIC: what CI registers. */
struct digest host_ek_hash(struct bytes ek_pub);

/* ---- inventory and devices ---- */
/** inventory_find - the accepted inventory (encoded pci-function array); E_NOTFOUND: none yet. */
int inventory_find(struct tx *tx, const u8 ueid[UEID_LEN], struct buf **out, struct err *e);
int inventory_set(struct tx *tx, const u8 ueid[UEID_LEN], struct bytes inventory, const char *by,
		  struct err *e);

struct known_device {
	char label[LABEL_MAX + 1];
	u8 leaf_key[32];
	u8 version; /* highest SPDM version seen */
};
/** device_find - what is enrolled under this label; E_NOTFOUND. */
int device_find(struct tx *tx, const u8 ueid[UEID_LEN], const char *label, struct known_device *out,
		struct err *e);
/** device_find_key - what of this host has @leaf_key under another label than @label; E_NOTFOUND. */
int device_find_key(struct tx *tx, const u8 ueid[UEID_LEN], const char *label,
		    const u8 leaf_key[32], struct known_device *out, struct err *e);
/** device_other_host - name of another host where @leaf_key was seen since @since_s, or "". */
int device_other_host(struct tx *tx, const u8 ueid[UEID_LEN], const u8 leaf_key[32],
		      long long since_s, char out[HOST_NAME_MAX_LEN + 1], struct err *e);
int device_seen(struct tx *tx, const u8 ueid[UEID_LEN], const struct known_device *d,
		struct err *e);
int device_forget(struct tx *tx, const u8 ueid[UEID_LEN], const char *label, struct err *e);

#endif
