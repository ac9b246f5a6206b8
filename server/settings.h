/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/assay/server.conf as a checked struct. */
#ifndef ASSAY_SERVER_SETTINGS_H
#define ASSAY_SERVER_SETTINGS_H

#include "common/key_place.h"
#include "verifier/policy.h"

enum { PATH_TEXT = 512 };

struct settings {
	/* [listen] */
	char address[64];
	u16 port;
	bool tls; /* no: plain HTTP, loopback only */
	unsigned int threads;
	/* [store] */
	char state[PATH_TEXT];	  /* folder of keys and certificates */
	char database[PATH_TEXT]; /* default: state/assay.db         */
	/* [kek] */
	char kek[PATH_TEXT]; /* path or URI; default: state/kek.pem */
	char kek_provider[128], kek_pin_file[PATH_TEXT];
	char audit_floor[PATH_TEXT]; /* default: state/audit.floor */
	/* [trust]: folders of certificates, PEM or DER; empty: none */
	char ek_roots[PATH_TEXT];
	char ek_intermediates[PATH_TEXT]; /* of vendors whose TPMs do not carry them */
	char ek_crls[PATH_TEXT];	  /* revocation lists, read again at each enrolment */
	char device_roots[PATH_TEXT];
	char corim_roots[PATH_TEXT];
	char corim_crls[PATH_TEXT]; /* revocation lists; looked at again each minute */
	bool corim_old_shapes;	    /* CORIM_OLD_SHAPES are read */
	/* [policy] */
	u32 release_pcrs;    /* bitmap; RULES 15 */
	u8 spdm_version_min; /* 0x12                      */
	bool release_after_restart;
	long long releases_max; /* of a host, within RELEASE_WINDOW_S; 0: any number */
	long long lease_reboots, lease_hours; /* of a lease; no reboots: none are given */
	size_t n_lease_groups;		      /* hosts of these alone; none: of all */
	char lease_groups[16][64];
	u32 must_detect,
		must_prevent; /* what a device's kernel must do, by guard_names of verifier/verify.h */
	bool device_log_required;
	bool session_required, ide_required;
	struct refs_options refs; /* corim_rules, cotl_required */
	struct policy appraisal;  /* learned, require, svn_floor, ... */
	long long stale_after_s;  /* a verdict older than this says nothing any more; 0: never */
	long long device_move_s;  /* a leaf key on two hosts within this is refused */
	/* [webhook]; no URL: none */
	char webhook_url[PATH_TEXT], webhook_key_file[PATH_TEXT], webhook_ca[PATH_TEXT];
	/* [test]: printed at start and in every result */
	bool release_from_test_sources;
	bool named_elsewhere; /* while it is read, see settings_load_elsewhere() */
};

int settings_load(const char *path, struct settings *out, struct err *e);
/** settings_load_elsewhere - the same on another machine than the server: files that it names are not read, and not missed. */
int settings_load_elsewhere(const char *path, struct settings *out, struct err *e);
/** settings_kek - borrows of @s. */
struct key_place settings_kek(const struct settings *s);
/** settings_default - what an empty file means, with @state as the state folder. */
void settings_default(struct settings *out, const char *state);

#endif
