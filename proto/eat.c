// SPDX-License-Identifier: Apache-2.0
#include "eat.h"

#include <stdlib.h>

#include "eat_claims.h"

/* What the readers below fill; the reason of a failure sticks in the reader. */
struct parsing {
	struct cbor c;
	struct eat *t;
	struct eat_device *device;
	struct eat_function *function;
	bool half_subsystem; /* vendor seen, its device not yet */
	struct err *e;
	bool told; /* e holds the story of the failure: it is longer than a literal */
};

enum presence { OPTIONAL, REQUIRED };
struct claim {
	long long key;
	const char *name;
	enum presence presence;
	void (*take)(struct parsing *p, const char *name);
};

/* A map whose keys are all in @claims, in any table order (CBOR order was checked before). */
static void take_map(struct parsing *p, const struct claim *claims, size_t n_claims,
		     const char *what)
{
	size_t n = cbor_map(&p->c, what);
	u64 seen = 0;

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		long long key = cbor_int(&p->c, what);
		size_t k = 0;

		while (k < n_claims && claims[k].key != key)
			k++;
		if (k == n_claims) {
			cbor_fail(&p->c, "unknown claim");
			return;
		}
		seen |= 1ull << k;
		claims[k].take(p, claims[k].name);
	}
	for (size_t k = 0; k < n_claims && !p->c.r.why; k++)
		if (claims[k].presence == REQUIRED && !(seen & 1ull << k))
			cbor_fail(&p->c, claims[k].name);
}

static struct bytes sized(struct parsing *p, size_t min, size_t max, const char *name)
{
	struct bytes b = cbor_bytes(&p->c, name);

	if (!p->c.r.why && (b.len < min || b.len > max))
		cbor_fail_with(&p->c, min < max && b.len > max ? E_LIMIT : E_FORMAT, name);
	return b;
}

static u64 at_most(struct parsing *p, u64 max, const char *name)
{
	u64 v = cbor_uint(&p->c, name);

	if (v > max)
		cbor_fail(&p->c, name);
	return p->c.r.why ? 0 : v;
}

static void expect_count(struct parsing *p, size_t n, size_t min, size_t max, const char *name)
{
	if (!p->c.r.why && (n < min || n > max))
		cbor_fail_with(&p->c, n > max ? E_LIMIT : E_FORMAT, name);
}

static struct bytes short_text(struct parsing *p, size_t max, const char *name)
{
	struct bytes b = cbor_text(&p->c, name);

	if (b.len > max)
		cbor_fail_with(&p->c, E_LIMIT, name);
	return b;
}

static void expect_text(struct parsing *p, const char *want, const char *name)
{
	struct bytes got = cbor_text(&p->c, name);

	if (!p->c.r.why && !bytes_equal(got, bytes_text(want)))
		cbor_fail(&p->c, name);
}

/* ---- one PCI function ---- */
#define TEXT_MEMBER(field)                                                                         \
	static void take_##field(struct parsing *p, const char *name)                              \
	{                                                                                          \
		p->function->field = short_text(p, 128, name);                                     \
	}
TEXT_MEMBER(address)
TEXT_MEMBER(parent)
TEXT_MEMBER(driver)
TEXT_MEMBER(domain)
#define UINT_MEMBER(field, max)                                                                    \
	static void take_##field(struct parsing *p, const char *name)                              \
	{                                                                                          \
		p->function->field = (__typeof__(p->function->field))at_most(p, max, name);        \
	}
UINT_MEMBER(vendor, 0xffff)
UINT_MEMBER(device, 0xffff)
UINT_MEMBER(class_code, 0xffffff)
UINT_MEMBER(revision, 0xff)

static void take_subsystem_vendor(struct parsing *p, const char *name)
{
	p->half_subsystem = true;
	p->function->subsystem_vendor = (u16)at_most(p, 0xffff, name);
}

static void take_subsystem(struct parsing *p, const char *name)
{
	p->function->has_subsystem = p->half_subsystem;
	p->half_subsystem = !p->half_subsystem;
	p->function->subsystem = (u16)at_most(p, 0xffff, name);
}

static void take_serial(struct parsing *p, const char *name)
{
	p->function->serial = sized(p, 8, 8, name);
}

static void take_group(struct parsing *p, const char *name)
{
	p->function->has_group = true;
	p->function->group = (u32)at_most(p, 0xffffffff, name);
}

static void take_cma(struct parsing *p, const char *name)
{
	p->function->cma = cbor_bool(&p->c, name);
}

static void take_label(struct parsing *p, const char *name)
{
	p->function->label = cbor_text(&p->c, name);
	if (!p->c.r.why && !evidence_label_valid(p->function->label))
		cbor_fail(&p->c, name);
}

static struct bytes kernel_name(struct parsing *p, const char *name)
{
	struct bytes b = short_text(p, KERNEL_NAME_MAX, name);

	if (!p->c.r.why && !b.len)
		cbor_fail(&p->c, name);
	return b;
}

static void take_tsm(struct parsing *p, const char *name)
{
	p->function->tsm = kernel_name(p, name);
}

static void take_authenticated(struct parsing *p, const char *name)
{
	if (cbor_peek(&p->c) == CBOR_TEXT) {
		p->function->authenticated_by = kernel_name(p, name);
		return;
	}
	p->function->has_authenticated = true;
	p->function->authenticated = cbor_bool(&p->c, name);
}

static void take_streams(struct parsing *p, const char *name)
{
	size_t n = cbor_array(&p->c, name);

	expect_count(p, n, 1, IDE_STREAMS_MAX, name);
	for (size_t i = 0; i < n && !p->c.r.why; i++)
		p->function->streams[p->function->n_streams++] = kernel_name(p, name);
}

static const struct claim function_members[] = {
	{ 1, "host inventory: address", REQUIRED, take_address },
	{ 2, "host inventory: vendor", REQUIRED, take_vendor },
	{ 3, "host inventory: device", REQUIRED, take_device },
	{ 4, "host inventory: class", REQUIRED, take_class_code },
	{ 5, "host inventory: revision", REQUIRED, take_revision },
	{ 6, "host inventory: subsystem vendor", OPTIONAL, take_subsystem_vendor },
	{ 7, "host inventory: subsystem", OPTIONAL, take_subsystem },
	{ 8, "host inventory: serial number", OPTIONAL, take_serial },
	{ 9, "host inventory: parent", OPTIONAL, take_parent },
	{ 10, "host inventory: driver", OPTIONAL, take_driver },
	{ 11, "host inventory: IOMMU group", OPTIONAL, take_group },
	{ 12, "host inventory: IOMMU domain", OPTIONAL, take_domain },
	{ 13, "host inventory: CMA", REQUIRED, take_cma },
	{ 14, "host inventory: label", OPTIONAL, take_label },
	{ 15, "host inventory: TSM", OPTIONAL, take_tsm },
	{ 16, "host inventory: authenticated", OPTIONAL, take_authenticated },
	{ 17, "host inventory: IDE streams", OPTIONAL, take_streams },
};

static size_t take_functions(struct parsing *p, struct eat_function **out)
{
	size_t n = cbor_array(&p->c, "host inventory");

	expect_count(p, n, 0, PCI_FUNCTIONS_MAX, "host inventory: too many functions");
	*out = p->c.r.why ? NULL : calloc(n ? n : 1, sizeof(**out));
	if (!*out)
		cbor_fail_with(&p->c, E_MEMORY, "host inventory");
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		p->function = &(*out)[i];
		p->half_subsystem = false;
		take_map(p, function_members, ARRAY_LEN(function_members), "host inventory");
		if (p->half_subsystem)
			cbor_fail(&p->c, "host inventory: subsystem without its other half");
	}
	return p->c.r.why ? 0 : n;
}

int eat_inventory_parse(struct bytes inventory, struct eat_function **out, size_t *n, struct err *e)
{
	struct parsing p = { .c = cbor_on(inventory, CBOR_STRICT), .e = e };

	if (cbor_check(inventory, CBOR_STRICT, e))
		return err_while(e, "inventory");
	*n = take_functions(&p, out);
	if (cbor_done(&p.c)) {
		free(*out);
		*out = NULL;
		return err_set(e, cbor_code(&p.c), "inventory: %s", p.c.r.why);
	}
	return 0;
}

/* ---- host ---- */
static void take_host_profile(struct parsing *p, const char *name)
{
	expect_text(p, PROFILE_INVENTORY, name);
}

static void take_inventory(struct parsing *p, const char *name)
{
	struct cbor ahead = p->c;

	p->t->inventory = cbor_item(&ahead, name);
	p->t->n_functions = take_functions(p, &p->t->functions);
}

static void take_agent_version(struct parsing *p, const char *name)
{
	p->t->agent_version = short_text(p, 64, name);
}

static void take_phase(struct parsing *p, const char *name)
{
	p->t->phase = short_text(p, 32, name);
}

static void take_switches(struct parsing *p, const char *name)
{
	size_t n = cbor_array(&p->c, name);

	expect_count(p, n, 1, EAT_SWITCHES_MAX, name);
	for (size_t i = 0; i < n && !p->c.r.why; i++)
		p->t->switches[p->t->n_switches++] = short_text(p, 64, name);
}

static const struct claim agent_members[] = {
	{ 1, "host: agent version", REQUIRED, take_agent_version },
	{ 2, "host: boot phase", REQUIRED, take_phase },
	{ 3, "host: test switches", OPTIONAL, take_switches },
};

static void take_agent(struct parsing *p, const char *name)
{
	take_map(p, agent_members, ARRAY_LEN(agent_members), name);
}

static const struct claim host_claims[] = {
	{ CLAIM_PROFILE, "host: eat_profile", REQUIRED, take_host_profile },
	{ CLAIM_INVENTORY, "host: inventory", REQUIRED, take_inventory },
	{ CLAIM_AGENT, "host: agent", REQUIRED, take_agent },
};

/* ---- tpm ---- */
static void take_tpm_profile(struct parsing *p, const char *name)
{
	expect_text(p, PROFILE_TPM, name);
}

static void take_ak_name(struct parsing *p, const char *name)
{
	p->t->ak_name = sized(p, AK_NAME_LEN, AK_NAME_LEN, name);
}

static void take_quote(struct parsing *p, const char *name)
{
	p->t->quote = sized(p, 1, TPM_STRUCT_MAX, name);
}

static void take_quote_sig(struct parsing *p, const char *name)
{
	p->t->quote_sig = sized(p, 1, TPM_STRUCT_MAX, name);
}

static void take_bank(struct parsing *p, struct eat_bank *b, const char *name)
{
	size_t n;

	b->alg = (u16)at_most(p, 0xffff, name);
	n = cbor_map(&p->c, name);
	if (!p->c.r.why && (n == 0 || n > TPM_PCRS || tpm_digest_alg(b->alg) == DIGEST_NONE))
		cbor_fail(&p->c, name);
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		u64 pcr = at_most(p, TPM_PCRS - 1, name);
		size_t len = digest_len(tpm_digest_alg(b->alg));

		b->value[pcr] = sized(p, len, len, name);
		b->pcrs |= 1u << pcr;
	}
}

static void take_pcrs(struct parsing *p, const char *name)
{
	size_t n = cbor_map(&p->c, name);

	expect_count(p, n, 1, TPM_BANKS_MAX, name);
	for (size_t i = 0; i < n && !p->c.r.why; i++)
		take_bank(p, &p->t->banks[p->t->n_banks++], name);
}

static void take_certify(struct parsing *p, const char *name)
{
	if (cbor_array(&p->c, name) != 2)
		cbor_fail(&p->c, name);
	p->t->certify = sized(p, 1, TPM_STRUCT_MAX, name);
	p->t->certify_sig = sized(p, 1, TPM_STRUCT_MAX, name);
}

static const struct claim tpm_claims[] = {
	{ CLAIM_PROFILE, "tpm: eat_profile", REQUIRED, take_tpm_profile },
	{ CLAIM_AK_NAME, "tpm: AK name", REQUIRED, take_ak_name },
	{ CLAIM_QUOTE, "tpm: quote", REQUIRED, take_quote },
	{ CLAIM_QUOTE_SIG, "tpm: quote signature", REQUIRED, take_quote_sig },
	{ CLAIM_PCRS, "tpm: PCR values", REQUIRED, take_pcrs },
	{ CLAIM_CERTIFY, "tpm: certification of K", OPTIONAL, take_certify },
};

/* ---- logs ---- */
static void take_logs_profile(struct parsing *p, const char *name)
{
	expect_text(p, PROFILE_LOGS, name);
}

static void take_boot_log(struct parsing *p, const char *name)
{
	p->t->logs.boot_log = sized(p, 1, BOOT_LOG_MAX, name);
}

static void take_device_log(struct parsing *p, const char *name)
{
	if (cbor_array(&p->c, name) != 2)
		cbor_fail(&p->c, name);
	p->t->logs.device_log_pcr = (u8)at_most(p, TPM_PCRS - 1, name);
	p->t->logs.device_log = sized(p, 1, DEVICE_LOG_MAX, name);
}

static void take_ima_banks(struct parsing *p, struct ima_banks *b, const char *name)
{
	b->n = cbor_map(&p->c, name);
	expect_count(p, b->n, 1, IMA_BANKS_MAX, name);
	for (size_t i = 0; i < b->n && !p->c.r.why; i++) {
		enum digest_alg alg = tpm_digest_alg((u16)at_most(p, 0xffff, name));
		struct bytes value;

		if (alg == DIGEST_NONE)
			cbor_fail(&p->c, name);
		value = sized(p, digest_len(alg), digest_len(alg), name);
		b->at[i].alg = alg;
		if (!p->c.r.why)
			memcpy(b->at[i].at, value.at, value.len);
	}
}

static void take_ima(struct parsing *p, const char *name)
{
	struct eat_ima *ima = &p->t->logs.ima;
	size_t n;

	ima->sent = true;
	if (cbor_peek(&p->c) == CBOR_TEXT) {
		ima->why = short_text(p, IMA_WHY_MAX, name);
		if (!ima->why.len)
			cbor_fail(&p->c, name);
		return;
	}
	n = cbor_array(&p->c, name);
	if (n != 5 && n != 6)
		cbor_fail(&p->c, name);
	ima->from.reset_count = (u32)at_most(p, 0xffffffff, name);
	ima->from.restart_count = (u32)at_most(p, 0xffffffff, name);
	ima->from.next = at_most(p, IMA_ENTRIES_MAX, "logs: IMA list: first entry");
	take_ima_banks(p, &ima->from.pcr10, "logs: IMA list: PCR 10");
	ima->entries = sized(p, 0, IMA_LIST_MAX, "logs: IMA list: entries");
	ima->more = n == 6 && cbor_bool(&p->c, "logs: IMA list: more");
	if (n == 6 && !ima->more) /* one way to say it */
		cbor_fail(&p->c, "logs: IMA list: more");
}

static void take_command_line(struct parsing *p, const char *name)
{
	p->t->logs.command_line = sized(p, 1, COMMAND_LINE_MAX, name);
}

static const struct claim logs_claims[] = {
	{ CLAIM_PROFILE, "logs: eat_profile", REQUIRED, take_logs_profile },
	{ CLAIM_BOOT_LOG, "logs: boot log", OPTIONAL, take_boot_log },
	{ CLAIM_DEVICE_LOG, "logs: device log", OPTIONAL, take_device_log },
	{ CLAIM_IMA, "logs: IMA list", OPTIONAL, take_ima },
	{ CLAIM_COMMAND_LINE, "logs: command line", OPTIONAL, take_command_line },
};

/* ---- a device ---- */
static void take_device_profile(struct parsing *p, const char *name)
{
	expect_text(p, PROFILE_DEVICE, name);
}

static void take_certificates(struct parsing *p, const char *name)
{
	if (cbor_map(&p->c, name) != 1)
		cbor_fail(&p->c, name);
	at_most(p, 7, name);
	p->device->certificates = sized(p, 1, SPDM_CHAIN_MAX, name);
}

static void take_vca(struct parsing *p, const char *name)
{
	p->device->vca = sized(p, 0, SPDM_TRANSCRIPT_MAX, name);
}

static void take_source(struct parsing *p, const char *name)
{
	static const char *const sources[] = { "kernel-cma", "platform-tsm", "user-doe", "socket",
					       "file" };
	size_t i = 0;

	p->device->source = cbor_text(&p->c, name);
	while (i < ARRAY_LEN(sources) && !bytes_equal(p->device->source, bytes_text(sources[i])))
		i++;
	if (i == ARRAY_LEN(sources))
		cbor_fail(&p->c, name);
}

static void take_device_address(struct parsing *p, const char *name)
{
	p->device->address = short_text(p, 128, name);
}

static void take_generation(struct parsing *p, const char *name)
{
	p->device->generation = (u32)at_most(p, 0xffffffff, name);
}

static void take_slot(struct parsing *p, const char *name)
{
	p->device->slot = (u8)at_most(p, 7, name);
}

static void take_chain(struct parsing *p, const char *name)
{
	p->device->chain = sized(p, 1, SPDM_CHAIN_MAX, name);
}

static void take_measurements(struct parsing *p, const char *name)
{
	p->device->measurements = sized(p, 1, SPDM_TRANSCRIPT_MAX, name);
}

static void take_challenge(struct parsing *p, const char *name)
{
	p->device->challenge = sized(p, 1, SPDM_TRANSCRIPT_MAX, name);
}

static void take_kernel(struct parsing *p, const char *name)
{
	if (cbor_array(&p->c, name) != 3)
		cbor_fail(&p->c, name);
	p->device->guard.detects = (u32)at_most(p, 0xffffffff, name);
	p->device->guard.prevents = (u32)at_most(p, 0xffffffff, name);
	p->device->guard.hold = (u8)at_most(p, 3, name);
	p->device->guard.known = true;
}

static void take_failure(struct parsing *p, const char *name)
{
	p->device->failure = short_text(p, ERR_TEXT_MAX, name);
	if (!p->device->failure.len)
		cbor_fail(&p->c, name);
}

static const struct claim device_claims[] = {
	{ CLAIM_PROFILE, "device: eat_profile", REQUIRED, take_device_profile },
	{ CLAIM_CERTIFICATES, "device: certificates", OPTIONAL, take_certificates },
	{ CLAIM_VCA, "device: vca", REQUIRED, take_vca },
	{ CLAIM_SOURCE, "device: source", REQUIRED, take_source },
	{ CLAIM_ADDRESS, "device: address", REQUIRED, take_device_address },
	{ CLAIM_GENERATION, "device: generation", REQUIRED, take_generation },
	{ CLAIM_SLOT, "device: slot", REQUIRED, take_slot },
	{ CLAIM_CHAIN, "device: chain", REQUIRED, take_chain },
	{ CLAIM_MEASUREMENTS, "device: measurements", REQUIRED, take_measurements },
	{ CLAIM_CHALLENGE, "device: challenge", OPTIONAL, take_challenge },
	{ CLAIM_KERNEL, "device: kernel", OPTIONAL, take_kernel },
};
static const struct claim failure_claims[] = {
	{ CLAIM_PROFILE, "device: eat_profile", REQUIRED, take_device_profile },
	{ CLAIM_SOURCE, "device: source", REQUIRED, take_source },
	{ CLAIM_ADDRESS, "device: address", REQUIRED, take_device_address },
	{ CLAIM_FAILURE, "device: failure", REQUIRED, take_failure },
};

/* ---- submodules ---- */
static void take_device_submodule(struct parsing *p, struct bytes label)
{
	struct cbor ahead = p->c;

	if (!evidence_label_valid(label)) {
		cbor_fail(&p->c, "submods: label is neither host, tpm, logs nor a device's");
		return;
	}
	if (p->t->n_devices == DEVICES_MAX) {
		cbor_fail_with(&p->c, E_LIMIT, "submods: too many devices");
		return;
	}
	p->device = &p->t->devices[p->t->n_devices++];
	p->device->label = label;
	p->device->value = cbor_item(&ahead, "device");
	ahead = p->c;
	if (cbor_map(&ahead, "device") == ARRAY_LEN(failure_claims))
		take_map(p, failure_claims, ARRAY_LEN(failure_claims), "device");
	else
		take_map(p, device_claims, ARRAY_LEN(device_claims), "device");
}

static void take_submods(struct parsing *p, const char *name)
{
	size_t n = cbor_map(&p->c, name);

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		struct bytes label = cbor_text(&p->c, name);
		struct cbor ahead = p->c;

		if (bytes_equal(label, bytes_text("host"))) {
			p->t->host = cbor_item(&ahead, name);
			take_map(p, host_claims, ARRAY_LEN(host_claims), "host");
		} else if (bytes_equal(label, bytes_text("tpm"))) {
			take_map(p, tpm_claims, ARRAY_LEN(tpm_claims), "tpm");
		} else if (bytes_equal(label, bytes_text("logs"))) {
			take_map(p, logs_claims, ARRAY_LEN(logs_claims), "logs");
		} else {
			take_device_submodule(p, label);
		}
	}
	if (!p->c.r.why && !p->t->host.len)
		cbor_fail(&p->c, "submods: host is missing");
	if (!p->c.r.why && !p->t->ak_name.len)
		cbor_fail(&p->c, "submods: tpm is missing");
}

/* ---- release ---- */
static void take_uuid(struct parsing *p, const char *name)
{
	p->t->volumes[p->t->n_volumes].uuid = sized(p, 16, 16, name);
}

static void take_epoch(struct parsing *p, const char *name)
{
	p->t->volumes[p->t->n_volumes].epoch = at_most(p, 0x7fffffffffffffffULL, name);
}

static void take_k_public(struct parsing *p, const char *name)
{
	p->t->volumes[p->t->n_volumes].k_public = sized(p, 1, TPM_STRUCT_MAX, name);
}

static const struct claim volume_members[] = {
	{ 1, "release: UUID", REQUIRED, take_uuid },
	{ 2, "release: epoch", REQUIRED, take_epoch },
	{ 3, "release: K", REQUIRED, take_k_public },
};

static void take_release(struct parsing *p, const char *name)
{
	struct cbor ahead = p->c;
	size_t n = 1;

	p->t->release = cbor_item(&ahead, name);
	if (cbor_peek(&p->c) == CBOR_ARRAY) {
		n = cbor_array(&p->c, name);
		expect_count(p, n, 2, VOLUMES_MAX, name);
	}
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		struct eat_volume *v = &p->t->volumes[i];

		take_map(p, volume_members, ARRAY_LEN(volume_members), name);
		if (!p->c.r.why && i && memcmp(v[-1].uuid.at, v->uuid.at, 16) >= 0)
			cbor_fail(&p->c, "release: volumes are not sorted by UUID");
		if (!p->c.r.why && i && !bytes_equal(v[-1].k_public, v->k_public))
			cbor_fail(&p->c, "release: volumes name different keys K");
		p->t->n_volumes++;
	}
}

/* ---- the token ---- */
static void take_iat(struct parsing *p, const char *name)
{
	p->t->iat = cbor_uint(&p->c, name);
}

static void take_cnf(struct parsing *p, const char *name)
{
	if (cbor_map(&p->c, name) != 1 || cbor_int(&p->c, name) != 1)
		cbor_fail(&p->c, name);
	if (p->c.r.why)
		return;
	p->told = cose_key_read(&p->c, &p->t->cnf, p->e) ||
		  cose_thumbprint(p->t->cnf, p->t->thumbprint, p->e);
	if (p->told) {
		err_while(p->e, "%s", name);
		cbor_fail(&p->c, name);
	}
}

static void take_nonce(struct parsing *p, const char *name)
{
	struct bytes b = sized(p, EVIDENCE_NONCE_LEN, EVIDENCE_NONCE_LEN, name);

	if (!p->c.r.why)
		memcpy(p->t->nonce, b.at, b.len);
}

static void take_ueid(struct parsing *p, const char *name)
{
	struct bytes b = sized(p, UEID_LEN, UEID_LEN, name);

	if (!p->c.r.why && b.at[0] != 0x01)
		cbor_fail(&p->c, name);
	if (!p->c.r.why)
		memcpy(p->t->ueid, b.at, b.len);
}

static void take_profile(struct parsing *p, const char *name)
{
	expect_text(p, EAT_PROFILE_HOST, name);
}

static const struct claim token_claims[] = {
	{ CLAIM_IAT, "iat", REQUIRED, take_iat },
	{ CLAIM_CNF, "cnf", REQUIRED, take_cnf },
	{ CLAIM_NONCE, "eat_nonce", REQUIRED, take_nonce },
	{ CLAIM_UEID, "ueid", REQUIRED, take_ueid },
	{ CLAIM_PROFILE, "eat_profile", REQUIRED, take_profile },
	{ CLAIM_SUBMODS, "submods", REQUIRED, take_submods },
	{ CLAIM_RELEASE, "release", OPTIONAL, take_release },
};

int eat_parse(struct bytes token, struct eat **out, struct err *e)
{
	OWNED(eat) t = calloc(1, sizeof(*t));
	struct parsing p = { .t = t, .e = e };

	if (token.len > EVIDENCE_MAX)
		return err_set(e, E_LIMIT, "token of %zu bytes, at most %d", token.len,
			       EVIDENCE_MAX);
	if (!t || !(t->bytes = buf_copy(token)) ||
	    !(t->devices = calloc(DEVICES_MAX, sizeof(*t->devices))))
		return err_set(e, E_MEMORY, "no memory for a token");
	if (cose_sign1_parse(buf_bytes(t->bytes), CBOR_STRICT, &t->cose, e))
		return err_while(e, "token");
	if (t->cose.alg != COSE_ES256 || !t->cose.bare_protected || !t->cose.bare_unprotected)
		return err_set(e, E_FORMAT, "token: headers are not alg ES256 alone");
	if (cbor_check(t->cose.payload, CBOR_STRICT, e))
		return err_while(e, "token claims");
	p.c = cbor_on(t->cose.payload, CBOR_STRICT);
	take_map(&p, token_claims, ARRAY_LEN(token_claims), "claims");
	if (cbor_done(&p.c) && p.told)
		return err_while(e, "token claims");
	if (p.c.r.why)
		return err_set(e, cbor_code(&p.c), "token claims: %s", p.c.r.why);
	*out = TAKE(t);
	return 0;
}

void eat_drop(struct eat **t)
{
	if (!t || !*t)
		return;
	buf_drop(&(*t)->bytes);
	pubkey_drop(&(*t)->cnf);
	free((*t)->functions);
	free((*t)->devices);
	free(*t);
	*t = NULL;
}

int eat_check_signature(const struct eat *t, struct err *e)
{
	return cose_sign1_verify(&t->cose, t->cnf, e);
}
