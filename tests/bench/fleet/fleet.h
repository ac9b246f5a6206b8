/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet that a running server takes for a real one: hosts whose TPMs are keys in memory, SPDM devices in this process,
 * reference values that an operator signed; all of it sent through the API. docs/TESTING.md, Fleet
 */
#ifndef ASSAY_BENCH_FLEET_H
#define ASSAY_BENCH_FLEET_H

#include <jansson.h>
#include <openssl/evp.h>
#include <stdatomic.h>

#include "agent/transport.h"
#include "proto/boot_log.h"
#include "proto/eat.h"
#include "proto/tpm_template.h"
#include "tests/device/device.h"

enum {
	FLEET_HOSTS_MAX = 100000,
	FLEET_DEVICES_MAX = 16, /* of a host */
	FLEET_GROUPS_MAX = 64,
	FLEET_MODELS_MAX = 16,
	FLEET_VERSIONS = 4,
	FLEET_BOOT_SHELL = 3, /* those before it have reference values */
	FLEET_BOOT_NEXT = 4,  /* what nobody has vouched for yet: proposed, never booted */
	FLEET_BOOTS = 5,
	FLEET_JOBS_MAX = 64,
	FLEET_NAME_MAX = 64,
};

/* ---- what there is: plan.c ---- */
struct fleet_options {
	const char *url, *ca, *pin, *token_file, *pki, *database;
	long long hosts, devices, groups, seed, rounds, jobs, models, live_s, rewind_days;
	long long refused, warned, stale, proposing; /* per cent */
	bool hostile;
	size_t n_touched;
	const char *touched[64]; /* "NAME=STATE" */
};

/** struct fleet_version - what devices of a model measure; the last one of each model has no reference value. */
struct fleet_version {
	char name[64];
	char file[PATH_LEN]; /* as tests/device/measure.c reads it */
	u8 svn;
	bool referenced;
	atomic_int devices; /* that show it now */
};
struct fleet_model {
	u16 vendor, device, subsystem_vendor, subsystem;
	u32 class_code;
	const char *name, *driver;
	bool p384;
	bool referenced; /* any of its versions */
	struct fleet_version versions[FLEET_VERSIONS];
};
/** struct fleet_boot - a boot log and what it leaves in the PCRs. */
struct fleet_boot {
	char release[64]; /* of its kernel */
	struct buf *log;
	struct digest pcrs[TPM_PCRS];
};

/** enum fleet_state - what becomes of a host: good for as long as others are looking, then this. */
enum fleet_state {
	FLEET_GOOD,
	FLEET_FIRMWARE,	   /* one device has firmware that nobody vouches for  */
	FLEET_MISSING,	   /* one device is gone                               */
	FLEET_BOOT,	   /* it booted something else                         */
	FLEET_CERTIFICATE, /* one device has a certificate that is none to be had */
	FLEET_UNKNOWN,	   /* one device is of a model without reference value */
	FLEET_LATELY,	   /* good, but only in the first round                */
	FLEET_NEVER,	   /* enrolled, and that was all                       */
	FLEET_STATES
};
const char *fleet_state_name(enum fleet_state s);
/** fleet_state_read - of its name; FLEET_STATES: there is none. */
enum fleet_state fleet_state_read(const char *name);
/** fleet_state_verdict - "affirming", "warning", "contraindicated", "never". */
const char *fleet_state_verdict(enum fleet_state s);

struct fleet_device {
	struct fleet_model *model;
	u64 serial;
	int version;	    /* shown last; -1: none yet */
	struct octets leaf; /* DER */
};
struct fleet_host {
	char name[FLEET_NAME_MAX];
	const char *group;
	size_t index;
	enum fleet_state state;
	bool bad_name;		     /* of FLEET_CERTIFICATE: the PCIe name, or the key usage */
	struct buf *ek_pub, *ak_pub; /* NULL: not made yet */
	u8 ak_name[AK_NAME_LEN], ueid[UEID_LEN];
	int boot;      /* shown last; -1: none yet */
	int next_boot; /* that it proposes; -1: none */
	u32 reset_count;
	u64 last_ms; /* of the TPM's clock */
	size_t n_devices;
	struct fleet_device devices[FLEET_DEVICES_MAX];
	const char *status; /* of the last answer, or NULL */
};

struct fleet {
	struct fleet_options o;
	char folder[256]; /* scratch */
	char token[128];
	u8 deployment[DEPLOYMENT_ID_LEN];
	struct authority *authority; /* of devices   */
	struct keypair *signer;	     /* of CoRIMs    */
	struct cert *signer_cert;
	size_t n_models; /* with reference values; one more has none */
	struct fleet_model models[FLEET_MODELS_MAX + 1];
	struct fleet_boot boots[FLEET_BOOTS];
	char groups[FLEET_GROUPS_MAX][32];
	struct fleet_host *hosts;
	struct transport *transports[FLEET_JOBS_MAX];
	atomic_int attestations, mismatches, corims;
	json_t *turned_away; /* hostile names: what, and the answer */
};

_Noreturn __attribute__((format(printf, 1, 2))) void die(const char *format, ...);
/** need - @call returned 0, or the program ends with the error. */
#define need(call, e)                                                                              \
	do {                                                                                       \
		if ((call) != 0)                                                                   \
			die("%s", (e)->text);                                                      \
	} while (0)
/** fleet_random - the same number for the same seed, index and purpose. */
u64 fleet_random(const struct fleet *f, size_t index, const char *purpose);
/** fleet_plan - models, groups, hosts and what becomes of them; no keys yet. */
void fleet_plan(struct fleet *f);
/** fleet_hostile - a text that is one; they repeat. At most 60 bytes of UTF-8. */
const char *fleet_hostile(size_t i);

/** struct fleet_shown - what a host shows in one attestation. */
struct fleet_shown {
	int boot;
	int version[FLEET_DEVICES_MAX];
	int missing;	      /* index of a device, or -1 */
	bool bad_certificate; /* of the first device */
	const char *verdict;  /* that it has to get */
};
/** fleet_shows - in round @round of all; @state: as which, mostly that of @h when it is the last round. */
void fleet_shows(const struct fleet *f, const struct fleet_host *h, enum fleet_state state,
		 long long round, struct fleet_shown *out);

/*
 * ---- keys.c: all of them follow from the seed, and none is kept: the memory that OpenSSL locks for
 * private keys has room for a few hundred ----
 */
enum fleet_key { KEY_OF_EK, KEY_OF_AK, KEY_OF_SRK, KEY_OF_DEVICE, KEY_OF_SIGNER };
EVP_PKEY *fleet_key(const struct fleet *f, enum fleet_key what, size_t index, size_t device,
		    bool p384);
struct keypair *fleet_keypair(const struct fleet *f, enum fleet_key what, size_t index);
/** fleet_public - the TPMT_PUBLIC of @key as the template @which makes it. */
struct buf *fleet_public(enum tpm_template which, const struct keypair *key);
/** fleet_activate - TPM2_ActivateCredential: the secret in @blob. Return: its length. */
size_t fleet_activate(const struct fleet *f, const struct fleet_host *h, struct bytes blob,
		      struct bytes seed, u8 out[32]);
/** fleet_quote - TPM2_Quote over the PCRs of @b with @extra; TPMS_ATTEST and TPMT_SIGNATURE. */
void fleet_quote(const struct fleet *f, const struct fleet_host *h, const struct fleet_boot *b,
		 const struct digest *extra, u64 clock_ms, struct buf **attest,
		 struct buf **signature);

/* ---- device.c ---- */
/** fleet_device_make - the certificate of the @i-th device of @h. */
void fleet_device_make(const struct fleet *f, struct fleet_host *h, size_t i);
void fleet_device_label(const struct fleet_device *d, char out[LABEL_MAX + 1]);
/** fleet_device_collect - what a collector would read of the @i-th device of @h in the session @c. */
void fleet_device_collect(const struct fleet *f, const struct fleet_host *h, size_t i,
			  const struct fleet_shown *shown, const struct evidence_context *c,
			  struct device_evidence *out);

/* ---- refvals.c ---- */
/** fleet_boots_make - boot logs; fleet_refvals - the operator's word, imported. */
void fleet_boots_make(struct fleet *f);
void fleet_refvals(struct fleet *f);

/* ---- host.c ---- */
void fleet_host_make(struct fleet *f, struct fleet_host *h);
void fleet_host_enrol(struct fleet *f, struct transport *t, struct fleet_host *h);
/** fleet_host_attest - with what @shown says. Return: the server's verdict, a literal. */
const char *fleet_host_attest(struct fleet *f, struct transport *t, struct fleet_host *h,
			      const struct fleet_shown *shown);
/** fleet_session - a nonce of newSession. Return: the server's answer. */
json_t *fleet_session(struct fleet *f, struct transport *t, u8 nonce[EVIDENCE_NONCE_LEN]);
/** fleet_hostile_names - try what the API has to turn away. */
void fleet_hostile_names(struct fleet *f);
/** fleet_call - @type NULL: no body. Return: the answer, to be dropped; NULL when it is no JSON. */
json_t *fleet_call(struct fleet *f, struct transport *t, const char *method, const char *path,
		   const char *type, bool bearer, struct bytes body, long *status);
/** fleet_refused - ends the program with what the server said. */
_Noreturn void fleet_refused(const char *what, long status, const json_t *answer);

/* ---- propose.c ---- */
/** fleet_host_propose - its next boot, if it has one in mind; after an attestation of this run. */
void fleet_host_propose(struct fleet *f, struct transport *t, struct fleet_host *h);

/* ---- tell.c ---- */
/** fleet_tell - prints what there is now; its state is that of the plan, or what became of it since. */
void fleet_tell(struct fleet *f, bool ended_early);

/* ---- rewind.c ---- */
/** fleet_rewind - what was attested since @since_s becomes @by_s older. Return: rows. */
long long fleet_rewind(const char *database, long long since_s, long long by_s);

#endif
