// SPDX-License-Identifier: Apache-2.0
#include "eat_sample.h"

const u8 nonce[32] = { 0xa0, 1, 2, 3, [31] = 0x1f };
const u8 ueid[UEID_LEN] = { 0x01, 0x55, [32] = 0xaa };
const u8 ak_name[AK_NAME_LEN] = { 0x00, 0x0b, 0x77, [33] = 0x99 };
const u8 quote[] = "quote", quote_sig[] = "quote signature";
const u8 certify[] = "certify", certify_sig[] = "certify signature";
const u8 boot_log[] = "boot log", device_log[] = "device log", k_public[] = "public area of K";
static const u8 serial[8] = { 0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef };
const u8 pcr_sha1[20] = { 0x11 }, pcr_zero[32] = { 0 }, pcr_sha256[32] = { 0x25, 0x61 };
const u8 uuid_a[16] = { 0xa }, uuid_b[16] = { 0xb };

struct keypair *cnf_key(void)
{
	OWNED(buf) pem = own_vector("eat/cnf.key");
	struct keypair *key = NULL;
	struct err e = { 0 };

	assert_ok(keypair_from_pem(buf_bytes(pem), &key, &e), &e);
	return key;
}

const struct eat_function functions[SAMPLE_FUNCTIONS] = {
	{ .address = { (const u8 *)"0000:00:00.0", 12 },
	  .vendor = 0x8086,
	  .device = 0x29c0,
	  .class_code = 0x060000,
	  .revision = 0 },
	{ .address = { (const u8 *)"0000:01:00.0", 12 },
	  .vendor = 0x15b3,
	  .device = 0x1021,
	  .class_code = 0x020000,
	  .revision = 0xff,
	  .has_subsystem = true,
	  .subsystem_vendor = 0x15b3,
	  .subsystem = 0x0040,
	  .serial = { serial, 8 },
	  .parent = { (const u8 *)"0000:00:01.0", 12 },
	  .driver = { (const u8 *)"mlx5_core", 9 },
	  .has_group = true,
	  .group = 17,
	  .domain = { (const u8 *)"DMA-FQ", 6 },
	  .cma = true,
	  .label = { (const u8 *)NIC, sizeof(NIC) - 1 },
	  .tsm = { (const u8 *)"tsm0", 4 },
	  .authenticated_by = { (const u8 *)"tsm0", 4 },
	  .n_streams = 2,
	  .streams = { { (const u8 *)"stream0.0.0", 11 }, { (const u8 *)"stream0.1.0", 11 } } },
	{ .address = { (const u8 *)"nvme", 4 },
	  .vendor = 0x1b36,
	  .device = 0x0010,
	  .class_code = 0x010802,
	  .revision = 2,
	  .cma = true,
	  .label = { (const u8 *)NVME, sizeof(NVME) - 1 },
	  .has_authenticated = true,
	  .authenticated = true },
};

static struct buf *text_buf(const char *text)
{
	return buf_copy(bytes_text(text));
}

struct buf *write_token(bool everything)
{
	static const char *const switches[] = { "allow_socket_source", "allow_file_source" };
	const struct eat_bank banks[] = {
		{ TPM_ALG_SHA1, 1u << 0, { [0] = BYTES(pcr_sha1) } },
		{ TPM_ALG_SHA256,
		  1u << 0 | 1u << 23,
		  { [0] = BYTES(pcr_sha256), [23] = BYTES(pcr_zero) } },
	};
	const struct eat_volume volumes[] = {
		{ .uuid = BYTES(uuid_a), .epoch = 1, .k_public = BYTES(k_public) },
		{ .uuid = BYTES(uuid_b), .epoch = 300, .k_public = BYTES(k_public) }
	};
	struct device_evidence nic = { .label = NIC,
				       .address = "0000:01:00.0",
				       .source = "kernel-cma",
				       .generation = 7,
				       .slot = 3,
				       .chain = text_buf("chain object"),
				       .vca = text_buf("six messages"),
				       .measurements = text_buf("measurements"),
				       .guard = { true, 7, 16, 1 },
				       .challenge = text_buf("challenge") };
	struct device_evidence nvme = {
		.label = NVME, .address = "nvme", .source = "socket", .failure = "nobody answers"
	};
	struct eat_host_draft host = { functions,
				       everything ? 3 : 1,
				       "0.1.0",
				       "initramfs",
				       switches,
				       everything ? 2 : 0,
				       { "pin-one", "pin-two" },
				       everything ? 2 : 0 };
	struct eat_tpm_draft tpm = { .ak_name = BYTES(ak_name),
				     .quote = BYTES(quote),
				     .quote_sig = BYTES(quote_sig),
				     .banks = banks,
				     .n_banks = 2,
				     .certify = everything ? BYTES(certify) : BYTES_NONE,
				     .certify_sig = everything ? BYTES(certify_sig) : BYTES_NONE };
	struct eat_logs no_logs = { 0 },
			logs = { BYTES(boot_log), BYTES(device_log), .device_log_pcr = 13 };
	OWNED(keypair) key = cnf_key();
	OWNED(buf) h = NULL;
	OWNED(buf) t = NULL;
	OWNED(buf) l = NULL;
	OWNED(buf) a = NULL;
	OWNED(buf) b = NULL;
	OWNED(buf) release = NULL;
	struct buf *token = NULL;
	struct err e = { 0 };

	assert_ok(eat_write_host(&host, &h, &e), &e);
	assert_ok(eat_write_tpm(&tpm, &t, &e), &e);
	assert_ok(eat_write_logs(everything ? &logs : &no_logs, &l, &e), &e);
	assert_ok(eat_write_device(&nic, &a, &e), &e);
	assert_ok(eat_write_device(&nvme, &b, &e), &e);
	assert_ok(eat_write_release(volumes, 2, &release, &e), &e);
	device_evidence_clear(&nic);
	device_evidence_clear(&nvme);

	struct eat_submodule subs[] = { /* in another order than the token's */
					{ bytes_text(NIC), buf_bytes(a) },
					{ bytes_text("tpm"), buf_bytes(t) },
					{ bytes_text(NVME), buf_bytes(b) },
					{ bytes_text("logs"), buf_bytes(l) },
					{ bytes_text("host"), buf_bytes(h) }
	};
	struct eat_submodule least[] = { { bytes_text("host"), buf_bytes(h) },
					 { bytes_text("tpm"), buf_bytes(t) } };

	assert_ok(eat_write_token(nonce, ueid, IAT, key,
				  everything ? buf_bytes(release) : BYTES_NONE,
				  everything ? subs : least, everything ? 5 : 2, &token, &e),
		  &e);
	return token;
}
