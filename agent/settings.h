/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/assay/agent.conf as a checked struct; the collector and the network half read the same file. */
#ifndef ASSAY_AGENT_SETTINGS_H
#define ASSAY_AGENT_SETTINGS_H

#include "common/limits.h"
#include "proto/evidence.h"
#include "proto/spdm_evidence.h"
#include "proto/strict.h"
#include "proto/tpm_half.h"
#include "proto/tpm_template.h"

enum { AGENT_PATH_MAX = 512, TEST_DEVICES_MAX = 32, UNGATED_MAX = 32 };

enum gate_mode {
	GATE_MODE_OFF,	  /* a verdict changes nothing on this host                               */
	GATE_MODE_ACCEPT, /* what was affirmed is accepted in the kernel                          */
	GATE_MODE_ON,	  /* and what was contraindicated is forgotten there and loses its driver */
};

struct test_device { /* [device NAME]: a device that is simulated, or saved */
	char name[64];
	char address[64];	       /* of source socket: host:port                 */
	char file[SOURCE_ADDRESS_MAX]; /* of source file: a saved token; "": a socket */
	char identity[128];	       /* PCIe CMA text */
	u8 slot;
};

struct agent_volume { /* [volume UUID] */
	u8 uuid[16];
	u64 epoch;   /* of a share without a disk: for trials */
	u32 counter; /* NV index of its counter; 0: none      */
	size_t policy_key_len;
	u8 policy_key[STRICT_SPKI_MAX]; /* DER; of the strict profile only */
};

struct agent_settings {
	size_t n_urls, n_pins;
	char url[SERVERS_MAX][256];
	char pin[PINS_MAX][64];
	char ca[AGENT_PATH_MAX];
	u8 deployment[DEPLOYMENT_ID_LEN];
	bool has_deployment;

	char host_name[HOST_NAME_MAX_LEN + 1];
	bool enroll_auto; /* a server that does not know us is asked to */
	char join_token_file[AGENT_PATH_MAX];
	long long enroll_retry_s; /* after a refusal; doubles up to an hour */
	char tcti[256];
	int ek; /* enum tpm_template, or EK_BY_CERTIFICATE of tpm.h */
	enum tpm_template ak;
	char boot_log[AGENT_PATH_MAX];
	char ima_list[AGENT_PATH_MAX];	 /* the binary one; "": off */
	char pci_folder[AGENT_PATH_MAX]; /* /sys/bus/pci/devices; "" : no PCI inventory */
	bool kernel_cma;		 /* [devices] sources; needs the inventory */
	size_t n_slots;
	u8 slots[SPDM_SLOTS_MAX]; /* in the order of trying */
	enum gate_mode gate;
	u32 on_fail; /* enum assay_on_fail: of a device that is not the accepted one any more */
	size_t n_ungated;
	char ungated[UNGATED_MAX][16]; /* addresses that are never unbound */
	char collector_socket[AGENT_PATH_MAX], agent_socket[AGENT_PATH_MAX];
	long long interval_s, jitter_s;
	long long event_gap_s; /* between the rounds that events start */

	bool allow_socket_source, allow_file_source;
	size_t n_devices;
	struct test_device devices[TEST_DEVICES_MAX];
	u32 lease_counter; /* [lease] counter, an NV index; 0: no lease is asked for, and none is used */
	size_t n_volumes;
	struct agent_volume volumes[VOLUMES_MAX];
	u32 release_pcrs; /* what the server wraps to; 0: its default */
};
int agent_settings_load(const char *path, struct agent_settings *out, struct err *e);

#endif
