// SPDX-License-Identifier: Apache-2.0
/* Tokens with one defect each, and the reason that names it; truncations; limits. */
#include "eat_sample.h"

#include <stdio.h>

/* Put @payload in an envelope; the signature is nothing: grammar is what is tested. */
static struct buf *wrapped(const char *headers, struct bytes payload)
{
	struct buf *b = buf_new(EVIDENCE_MAX + 4096);
	OWNED(buf) head = from_hex(headers);

	write_bytes(&b->w, buf_bytes(head));
	cbor_put_bytes(&b->w, payload);
	cbor_put_bytes_head(&b->w, SIGNATURE_LEN);
	write_zeros(&b->w, SIGNATURE_LEN);
	return b;
}
#define HEADERS "d28443a10126a0"

#define C      "token claims: "
#define AT     "token claims: CBOR at byte "
#define K_TEXT "7075626c69632061726561206f66204b00"
static const struct defect {
	const char *what;
	struct edit edit[3]; /* of the largest token's claims */
	enum err_code code;
	const char *why; /* the whole text */
} defects[] = {
	/* encoding: test_cbor.c has every rule, these show that the claims are read by them */
	{ "iat not in its shortest form",
	  { { "061a6b49d200", "061b000000006b49d200" } },
	  E_FORMAT,
	  AT "11: number or length not in its shortest form, in 6" },
	{ "claims of indefinite length",
	  { { "a7061a6b", "bf061a6b" } },
	  E_FORMAT,
	  AT "1: indefinite length" },
	{ "iat twice",
	  { { "061a6b49d200", "061a6b49d200061a6b49d200" } },
	  E_FORMAT,
	  AT "8: map key twice, in 6" },
	{ "cnf before iat",
	  { { "a7061a6b", "a708a0061a6b" } },
	  E_FORMAT,
	  AT "4: map keys not in order, in 6" },
	{ "iat as a float",
	  { { "061a6b49d200", "06fa6b49d200" } },
	  E_FORMAT,
	  AT "7: float or unknown simple value, in 6" },
	{ "a byte after the claims",
	  { { "012c0351" K_TEXT, "012c0351" K_TEXT "00" } },
	  E_FORMAT,
	  AT "1248: bytes after the end" },

	/* claims of the token */
	{ "no iat", { { "a7061a6b49d200", "a6" } }, E_FORMAT, C "iat" },
	{ "iat before 1970", { { "061a6b49d200", "063a6b49d200" } }, E_FORMAT, C "iat" },
	{ "cnf holds a kid instead", { { "08a101a4", "08a103a4" } }, E_FORMAT, C "cnf" },
	{ "cnf holds a kid as well",
	  { { "08a101a4", "08a201a4" }, { "0a5820a0", "03400a5820a0" } },
	  E_FORMAT,
	  C "cnf" },
	{ "key of another type",
	  { { "a40102", "a40103" } },
	  E_FORMAT,
	  C "cnf: COSE_Key is not a P-256 key in its one form" },
	{ "key on another curve",
	  { { "a401022001", "a401022002" } },
	  E_FORMAT,
	  C "cnf: COSE_Key is not a P-256 key in its one form" },
	{ "key off its curve",
	  { { "2158206e89", "2158206f89" } },
	  E_FORMAT,
	  C "cnf: EC point is not on the curve" },
	{ "nonce of 31 bytes", { { "5820a00102", "581f0102" } }, E_FORMAT, C "eat_nonce" },
	{ "nonce of 33 bytes", { { "5820a00102", "5821ffa00102" } }, E_FORMAT, C "eat_nonce" },
	{ "nonce as text", { { "5820a00102", "7820610102" } }, E_FORMAT, C "eat_nonce" },
	{ "two nonces",
	  { { "0a5820a00102", "0a8248 0000000000000000 5820a00102" } },
	  E_FORMAT,
	  C "eat_nonce" },
	{ "ueid of type 2", { { "58210155", "58210255" } }, E_FORMAT, C "ueid" },
	{ "ueid of 32 bytes", { { "58210155", "582001" } }, E_FORMAT, C "ueid" },
	{ "another profile", { { "686f73742331", "686f73742332" } }, E_FORMAT, C "eat_profile" },
	{ "profile as bytes",
	  { { "7819 7461673a61737361792e6465762c323032363a686f7374",
	      "5819 7461673a61737361792e6465762c323032363a686f7374" } },
	  E_FORMAT,
	  C "eat_profile" },
	{ "a claim that nobody knows",
	  { { "061a6b49d200", "071a6b49d200" } },
	  E_FORMAT,
	  C "unknown claim" },
	{ "a claim named by text",
	  { { "a7061a6b", "a8061a6b" }, { "012c0351" K_TEXT, "012c0351" K_TEXT "617800" } },
	  E_FORMAT,
	  C "claims" },

	/* submodules */
	{ "no submodule",
	  { { "19010aa5", "19010aa0 3a000124f7a5" }, { "a7061a6b", "a8061a6b" } },
	  E_FORMAT,
	  C "submods: host is missing" },
	{ "tpm under a label that is nobody's",
	  { { "6374706da6", "6374706ea6" } },
	  E_FORMAT,
	  C "submods: label is neither host, tpm, logs nor a device's" },
	{ "an ordinal that is no number",
	  { { "316233363a303031302f2d2f30a4", "316233363a303031302f2d2f61a4" } },
	  E_FORMAT,
	  C "submods: label is neither host, tpm, logs nor a device's" },
	{ "a label in upper case",
	  { { "6465616462656566 2f30aa", "4445414442454546 2f30aa" } },
	  E_FORMAT,
	  C "submods: label is neither host, tpm, logs nor a device's" },
	{ "a label of bytes", { { "6374706da6", "4374706da6" } }, E_FORMAT, C "submods" },

	/* host */
	{ "host of another profile",
	  { { "696e76656e746f72792331", "696e76656e746f72792332" } },
	  E_FORMAT,
	  C "host: eat_profile" },
	{ "inventory is a number",
	  { { "3a0001255c83a6", "3a0001255b00 3a0001255c83a6" },
	    { "64686f7374a3", "64686f7374a4" } },
	  E_FORMAT,
	  C "unknown claim" },
	{ "vendor of 17 bits",
	  { { "02198086", "021a00018086" } },
	  E_FORMAT,
	  C "host inventory: vendor" },
	{ "device as text", { { "031929c0", "03627878" } }, E_FORMAT, C "host inventory: device" },
	{ "class of 25 bits",
	  { { "1a00060000", "1a01060000" } },
	  E_FORMAT,
	  C "host inventory: class" },
	{ "revision of 9 bits",
	  { { "0518ff", "05190100" } },
	  E_FORMAT,
	  C "host inventory: revision" },
	{ "a function without its address",
	  { { "a6016c303030303a30303a30302e30", "a5" } },
	  E_FORMAT,
	  C "host inventory: address" },
	{ "subsystem vendor alone",
	  { { "b1016c", "b0016c" }, { "071840", "" } },
	  E_FORMAT,
	  C "host inventory: subsystem without its other half" },
	{ "subsystem alone",
	  { { "b1016c", "b0016c" }, { "061915b3", "" } },
	  E_FORMAT,
	  C "host inventory: subsystem without its other half" },
	{ "serial number of 7 bytes",
	  { { "084800000000deadbeef", "0847000000deadbeef" } },
	  E_FORMAT,
	  C "host inventory: serial number" },
	{ "parent as a number",
	  { { "096c303030303a30303a30312e30", "0900" } },
	  E_FORMAT,
	  C "host inventory: parent" },
	{ "driver as bytes", { { "0a69", "0a49" } }, E_FORMAT, C "host inventory: driver" },
	{ "negative IOMMU group",
	  { { "0b110c", "0b310c" } },
	  E_FORMAT,
	  C "host inventory: IOMMU group" },
	{ "IOMMU domain null",
	  { { "0c66444d412d4651", "0cf6" } },
	  E_FORMAT,
	  C "host inventory: IOMMU domain" },
	{ "CMA as a number", { { "0df4b1", "0d00b1" } }, E_FORMAT, C "host inventory: CMA" },
	{ "a function names a label that is none",
	  { { "0e6d316233363a303031302f2d2f30", "0e6d316233363a303031302f2d2f61" } },
	  E_FORMAT,
	  C "host inventory: label" },
	{ "a TSM without a name",
	  { { "0f6474736d30", "0f60" } },
	  E_FORMAT,
	  C "host inventory: TSM" },
	{ "a TSM with a long name",
	  { { "0f6474736d30",
	      "0f7821 74736d3074736d3074736d3074736d30 74736d3074736d3074736d3074736d30 30" } },
	  E_LIMIT,
	  C "host inventory: TSM" },
	{ "authenticated as a number",
	  { { "10f5", "1001" } },
	  E_FORMAT,
	  C "host inventory: authenticated" },
	{ "authenticated by a TSM without a name",
	  { { "106474736d30", "1060" } },
	  E_FORMAT,
	  C "host inventory: authenticated" },
	{ "IDE streams, none of them",
	  { { "11826b73747265616d302e302e306b73747265616d302e312e30", "1180" } },
	  E_FORMAT,
	  C "host inventory: IDE streams" },
	{ "nine IDE streams",
	  { { "11826b73747265616d302e302e306b73747265616d302e312e30",
	      "1189616161616161616161616161616161616161" } },
	  E_LIMIT,
	  C "host inventory: IDE streams" },
	{ "a member 18 of a function", { { "10f5", "12f5" } }, E_FORMAT, C "unknown claim" },
	{ "agent without its version",
	  { { "a40165302e312e30", "a3" } },
	  E_FORMAT,
	  C "host: agent version" },
	{ "boot phase of 33 characters",
	  { { "69696e697472616d6673",
	      "7821 696e697472616d6673 696e697472616d6673 696e697472616d6673 696e69747261" } },
	  E_LIMIT,
	  C "host: boot phase" },
	{ "boot phase as a number",
	  { { "69696e697472616d6673", "00" } },
	  E_FORMAT,
	  C "host: boot phase" },
	{ "nine switches",
	  { { "0382 73", "0389 60606060606060 73" } },
	  E_LIMIT,
	  C "host: test switches" },

	{ "five pins",
	  { { "0482 48 70696e2d6f6e65", "0485 404040 48 70696e2d6f6e65" } },
	  E_LIMIT,
	  C "host: pins" },
	{ "a pin of seven bytes",
	  { { "48 70696e2d6f6e6500", "47 70696e2d6f6e65" } },
	  E_FORMAT,
	  C "host: pins" },

	/* tpm */
	{ "tpm of another profile",
	  { { "74706d2331", "74706d2332" } },
	  E_FORMAT,
	  C "tpm: eat_profile" },
	{ "AK name of 33 bytes", { { "5822000b77", "58210b77" } }, E_FORMAT, C "tpm: AK name" },
	{ "quote empty", { { "4671756f746500", "40" } }, E_FORMAT, C "tpm: quote" },
	{ "quote as text", { { "4671756f746500", "6671756f746500" } }, E_FORMAT, C "tpm: quote" },
	{ "quote signature empty",
	  { { "5071756f7465207369676e617475726500", "40" } },
	  E_FORMAT,
	  C "tpm: quote signature" },
	{ "no bank",
	  { { "74706da6", "74706da7" },
	    { "3a000125c3a204", "3a000125c3a0 3a000125c4a204" },
	    { "3a000125c482", "3a000125c582" } },
	  E_FORMAT,
	  C "tpm: PCR values" },
	{ "a bank of an unknown hash",
	  { { "04a100541100", "05a100541100" } },
	  E_FORMAT,
	  C "tpm: PCR values" },
	{ "a bank without PCRs",
	  { { "04a10054 1100000000000000000000000000000000000000", "04a0" } },
	  E_FORMAT,
	  C "tpm: PCR values" },
	{ "PCR 24", { { "17582000", "1818582000" } }, E_FORMAT, C "tpm: PCR values" },
	{ "a value too short for its bank",
	  { { "a100541100", "a1005300" } },
	  E_FORMAT,
	  C "tpm: PCR values" },
	{ "certification without its signature",
	  { { "82486365727469667900", "81486365727469667900" },
	    { "5263657274696679207369676e617475726500", "" } },
	  E_FORMAT,
	  C "tpm: certification of K" },

	/* logs */
	{ "logs of another profile",
	  { { "6c6f67732331", "6c6f67732332" } },
	  E_FORMAT,
	  C "logs: eat_profile" },
	{ "boot log empty", { { "49626f6f74206c6f6700", "40" } }, E_FORMAT, C "logs: boot log" },
	{ "boot log as text",
	  { { "49626f6f74206c6f6700", "69626f6f74206c6f6700" } },
	  E_FORMAT,
	  C "logs: boot log" },

	/* a device */
	{ "failure empty",
	  { { "6e6e6f626f647920616e7377657273", "60" } },
	  E_FORMAT,
	  C "device: failure" },
	{ "a failure that does not say whose source it was",
	  { { "3a0001268866736f636b6574", "" }, { "2d2f30a4", "2d2f30a3" } },
	  E_FORMAT,
	  C "unknown claim" }, /* three members are no failure, so a failure is a stranger */
	{ "a source that does not exist",
	  { { "66736f636b6574", "66736f636b6575" } },
	  E_FORMAT,
	  C "device: source" },
	{ "vca as text",
	  { { "4c736978206d65737361676573", "6c736978206d65737361676573" } },
	  E_FORMAT,
	  C "device: vca" },
	{ "no vca",
	  { { "190edc4c736978206d65737361676573", "" }, { "2f30aa", "2f30a9" } },
	  E_FORMAT,
	  C "device: vca" },
	{ "generation of 33 bits",
	  { { "3a0001268a07", "3a0001268a1b0000000100000000" } },
	  E_FORMAT,
	  C "device: generation" },
	{ "slot 8", { { "3a0001268b03", "3a0001268b08" } }, E_FORMAT, C "device: slot" },
	{ "chain empty", { { "4c636861696e206f626a656374", "40" } }, E_FORMAT, C "device: chain" },
	{ "measurements empty",
	  { { "4c6d6561737572656d656e7473", "40" } },
	  E_FORMAT,
	  C "device: measurements" },
	{ "challenge empty",
	  { { "496368616c6c656e6765", "40" } },
	  E_FORMAT,
	  C "device: challenge" },
	{ "evidence and a failure",
	  { { "3a0001268f83071001", "3a000126906161" } },
	  E_FORMAT,
	  C "unknown claim" },
	{ "certificates of slot 8",
	  { { "2f30aa", "2f30ab" }, { "190edc", "190edba10841ff 190edc" } },
	  E_FORMAT,
	  C "device: certificates" },
	{ "certificates of two slots",
	  { { "2f30aa", "2f30ab" }, { "190edc", "190edba20041ff0141ff 190edc" } },
	  E_FORMAT,
	  C "device: certificates" },

	/* release */
	{ "a list of no volume",
	  { { "a7061a6b", "a8061a6b" }, { "3a000124f882a3", "3a000124f880 3a000124f982a3" } },
	  E_FORMAT,
	  C "release" },
	{ "a list of one volume",
	  { { "a7061a6b", "a8061a6b" },
	    { "3a000124f882a3", "3a000124f881a3" },
	    { "a301500b", "3a000124f9a301500b" } },
	  E_FORMAT,
	  C "release" },
	{ "UUID of 15 bytes", { { "500a00", "4f0a" } }, E_FORMAT, C "release: UUID" },
	{ "volumes not sorted",
	  { { "500a00", "500c00" } },
	  E_FORMAT,
	  C "release: volumes are not sorted by UUID" },
	{ "one volume twice",
	  { { "500a00", "500b00" } },
	  E_FORMAT,
	  C "release: volumes are not sorted by UUID" },
	{ "epoch of 64 bits",
	  { { "0219012c", "021bffffffffffffffff" } },
	  E_FORMAT,
	  C "release: epoch" },
	{ "a volume without K", { { "012c0351" K_TEXT, "012c0340" } }, E_FORMAT, C "release: K" },
	{ "volumes that name two keys",
	  { { "012c0351 70", "012c0351 71" } },
	  E_FORMAT,
	  C "release: volumes name different keys K" },
};

static void each_single_defect_is_refused_with_its_reason(void **state)
{
	OWNED(buf) token = write_token(true);
	OWNED(eat) good = NULL;
	size_t wrong = 0;
	struct err e = { 0 };

	(void)state;
	assert_ok(eat_parse(buf_bytes(token), &good, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(defects); i++) {
		const struct defect *d = &defects[i];
		OWNED(buf) claims = buf_copy(good->cose.payload);
		OWNED(buf) bad = NULL;
		OWNED(eat) t = NULL;
		u8 *copy;

		for (size_t k = 0; k < ARRAY_LEN(d->edit) && d->edit[k].find; k++) {
			struct buf *next = edited(buf_bytes(claims), &d->edit[k]);

			buf_drop(&claims);
			claims = next;
		}
		bad = wrapped(HEADERS, buf_bytes(claims));
		copy = heap_copy(buf_bytes(bad));
		e = (struct err){ 0 };
		if (!eat_parse((struct bytes){ copy, bad->w.len }, &t, &e) || e.code != d->code ||
		    strcmp(e.text, d->why)) {
			print_error("%s: %d \"%s\", expected %d \"%s\"\n", d->what, (int)e.code,
				    t ? "accepted" : e.text, (int)d->code, d->why);
			wrong++;
		}
		free(copy);
	}
	assert_int_equal(wrong, 0);
}

static void the_envelope_holds_alg_and_nothing_else(void **state)
{
	static const struct {
		const char *headers; /* up to the payload */
		enum err_code code;
		const char *why;
	} rows[] = {
		{ "8443a10126a0", E_FORMAT, "token: not a COSE_Sign1 (tag 18)" },
		{ "d8628443a10126a0", E_FORMAT, "token: not a COSE_Sign1 (tag 18)" },
		{ "d83dd28443a10126a0", E_FORMAT, "token: not a COSE_Sign1 (tag 18)" },
		{ "d28444a1013822a0", E_FORMAT, "token: headers are not alg ES256 alone" },
		{ "d28446a20126044100a0", E_FORMAT, "token: headers are not alg ES256 alone" },
		{ "d28443a10126a1044100", E_FORMAT, "token: headers are not alg ES256 alone" },
		{ "d28441a0a10126", E_FORMAT,
		  "token: COSE_Sign1: alg is not among the protected headers" },
		{ "d28440a0", E_FORMAT, "token: COSE_Sign1: no protected headers" },
		{ "d28444a1012600a0", E_FORMAT,
		  "token: COSE_Sign1: protected headers: CBOR at byte 3: bytes after the end" },
		{ "d2844401020304a0", E_FORMAT,
		  "token: COSE_Sign1: protected headers: CBOR at byte 1: bytes after the end" },
	};
	OWNED(buf) token = write_token(false);
	OWNED(eat) good = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(eat_parse(buf_bytes(token), &good, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) bad = wrapped(rows[i].headers, good->cose.payload);
		OWNED(eat) t = NULL;

		e = (struct err){ 0 };
		if (!eat_parse(buf_bytes(bad), &t, &e) || e.code != rows[i].code ||
		    strcmp(e.text, rows[i].why))
			fail_msg("%s: %d \"%s\", expected \"%s\"", rows[i].headers, (int)e.code,
				 e.text, rows[i].why);
	}
}

static void a_changed_byte_anywhere_breaks_grammar_or_signature(void **state)
{
	OWNED(buf) token = write_token(true);

	(void)state;
	for (size_t at = 0; at < token->w.len; at++) {
		OWNED(eat) t = NULL;
		struct err e = { 0 };

		token->w.at[at] ^= 0x01;
		if (!eat_parse(buf_bytes(token), &t, &e) && !eat_check_signature(t, &e))
			fail_msg("byte %zu may be changed unnoticed", at);
		token->w.at[at] ^= 0x01;
	}
}

static void every_truncation_and_every_byte_too_many_is_refused(void **state)
{
	OWNED(buf) token = write_token(true);
	struct err e = { 0 };

	(void)state;
	for (size_t len = 0; len < token->w.len; len++) {
		u8 *copy = heap_copy((struct bytes){ token->w.at, len });
		OWNED(eat) t = NULL;

		assert_refused(eat_parse((struct bytes){ copy, len }, &t, &e), &e, E_FORMAT,
			       "token: COSE_Sign1: CBOR at byte");
		assert_null(t);
		free(copy);
	}
	write_u8(&token->w, 0);
	OWNED(eat) t = NULL;
	assert_refused(eat_parse(buf_bytes(token), &t, &e), &e, E_FORMAT, "bytes after the end");
}

/* A token with @n_functions in its inventory and @n_devices failures. */
static int parse_with(size_t n_functions, size_t n_devices, struct err *e)
{
	struct eat_function *all = calloc(n_functions + 1, sizeof(*all));
	struct eat_submodule *subs = calloc(n_devices + 2, sizeof(*subs));
	char(*labels)[LABEL_MAX + 1] = calloc(n_devices + 1, sizeof(*labels));
	const struct eat_bank bank = { TPM_ALG_SHA256, 1, { BYTES(pcr_zero) } };
	const struct eat_tpm_draft tpm = { .ak_name = BYTES(ak_name),
					   .quote = BYTES(quote),
					   .quote_sig = BYTES(quote_sig),
					   .banks = &bank,
					   .n_banks = 1 };
	struct eat_host_draft host = {
		.functions = all, .n_functions = n_functions, .agent_version = "", .phase = ""
	};
	struct device_evidence d = { .source = "file", .failure = "x" };
	OWNED(keypair) key = cnf_key();
	OWNED(buf) h = NULL;
	OWNED(buf) t = NULL;
	OWNED(buf) one = NULL;
	OWNED(buf) token = NULL;
	OWNED(eat) parsed = NULL;
	int rc;

	for (size_t i = 0; i < n_functions; i++)
		all[i].address = bytes_text("a");
	assert_ok(eat_write_host(&host, &h, e), e);
	assert_ok(eat_write_tpm(&tpm, &t, e), e);
	assert_ok(eat_write_device(&d, &one, e), e);
	subs[0] = (struct eat_submodule){ bytes_text("host"), buf_bytes(h) };
	subs[1] = (struct eat_submodule){ bytes_text("tpm"), buf_bytes(t) };
	for (size_t i = 0; i < n_devices; i++) {
		snprintf(labels[i], sizeof(labels[i]), "1b36:%04x/-/0", (unsigned int)i);
		subs[i + 2] = (struct eat_submodule){ bytes_text(labels[i]), buf_bytes(one) };
	}
	assert_ok(
		eat_write_token(nonce, ueid, IAT, key, BYTES_NONE, subs, n_devices + 2, &token, e),
		e);
	rc = eat_parse(buf_bytes(token), &parsed, e);
	free(all);
	free(subs);
	free(labels);
	return rc;
}

static void a_limit_is_told_apart_from_a_malformed_token(void **state)
{
	OWNED(buf) large = buf_new(EVIDENCE_MAX + 1);
	OWNED(eat) t = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(parse_with(PCI_FUNCTIONS_MAX, DEVICES_MAX, &e), &e);
	assert_refused(parse_with(PCI_FUNCTIONS_MAX + 1, 0, &e), &e, E_LIMIT,
		       "host inventory: too many functions");
	assert_refused(parse_with(0, DEVICES_MAX + 1, &e), &e, E_LIMIT,
		       "submods: too many devices");
	write_zeros(&large->w, EVIDENCE_MAX + 1);
	assert_refused(eat_parse(buf_bytes(large), &t, &e), &e, E_LIMIT, "token of 8388609 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_single_defect_is_refused_with_its_reason),
		cmocka_unit_test(the_envelope_holds_alg_and_nothing_else),
		cmocka_unit_test(a_changed_byte_anywhere_breaks_grammar_or_signature),
		cmocka_unit_test(every_truncation_and_every_byte_too_many_is_refused),
		cmocka_unit_test(a_limit_is_told_apart_from_a_malformed_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
