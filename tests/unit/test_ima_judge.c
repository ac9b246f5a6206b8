// SPDX-License-Identifier: Apache-2.0
/* What becomes of the files that IMA measured: by digest, path, signer, and what is kept of it. */
#include "acs_sample.h"
#include "edn.h"
#include "ima_sample.h"

#include <stdio.h>
#include <unistd.h>

#include "common/file.h"
#include "verifier/ima_judge.h"

/* Files whose content is one letter; a reference triple of environment linux:ima. */
#define FILES(elements) "{0: [[{0: {1: \"linux\", 2: \"linux:ima\"}}, [" elements "]]]}"
#define ANY_A		"{1: {2: " SHA_A "}}"
#define A_AT(path)	"{0: \"" path "\", 1: {2: " SHA_A "}}"
#define LEARNED(triples)                                                                           \
	"18([<<{1: -7, 3: \"application/rim+cbor\", 8: <<{0: {0: \"learned\"}}>>}>>, {}, "         \
	"<<501({0: \"l\", 1: [506(<<{1: {0: \"t\"}, 4: " triples "}>>)]})>>, h'00'])"

/* A CoSWID that lists one file, "x" with the content "a", and the triple that names it */
#define SWID(members, location)                                                                    \
	"501({0: \"c\", 1: [506(<<{1: {0: \"t\"}, 4: {6: [[{0: {1: \"linux\", 2: "                 \
	"\"linux:ima\"}}, "                                                                        \
	"[\"s\"]]]}}>>), 505(<<{0: \"s\"" members ", 6: {17: {24: \"x\"" location                  \
	", 7: [1, h'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb']}}}>>)]"
#define AT_BIN ", 25: \"/\", 23: \"usr/bin\""

static struct keypair *rsa, *ecc, *other;
static struct digest verity;

/* ---- signatures, as evmctl makes them ---- */
static size_t put_der_integer(u8 *out, const u8 *at, size_t n)
{
	size_t len = 0;

	while (n > 1 && !at[0]) {
		at++;
		n--;
	}
	out[len++] = 2;
	out[len++] = (u8)(n + (at[0] >> 7));
	if (at[0] >> 7)
		out[len++] = 0;
	memcpy(out + len, at, n);
	return len + n;
}

static struct buf *sign(const struct keypair *key, u8 type, u8 version, u8 hash, u32 id,
			struct bytes what)
{
	struct buf *b = buf_new(1024);
	u8 raw[512], der[160];
	struct writer w = writer_on(raw, sizeof(raw));
	struct bytes sig;
	struct err e = { 0 };

	assert_ok(keypair_sign(key, key == rsa || key == other ? SIG_RSASSA : SIG_ECDSA,
			       DIGEST_SHA256, &what, 1, &w, &e),
		  &e);
	sig = write_done(&w);
	if (key == ecc) {
		size_t n = 2 + put_der_integer(der + 2, raw, 32);

		n += put_der_integer(der + n, raw + 32, 32);
		der[0] = 0x30;
		der[1] = (u8)(n - 2);
		sig = (struct bytes){ der, n };
	}
	write_u8(&b->w, type);
	write_u8(&b->w, version);
	write_u8(&b->w, hash);
	write_be32(&b->w, id);
	write_be16(&b->w, (u16)sig.len);
	write_bytes(&b->w, sig);
	return b;
}

static void write_cert(const struct keypair *key, const char *path)
{
	struct cert_request want = { .common_name = "files",
				     .not_before = 1000,
				     .not_after = 2000, /* long over: an operator named it */
				     .key = keypair_pub(key),
				     .issuer_key = key };
	OWNED(buf) pem = buf_new(65536);
	OWNED(cert) c = NULL;
	struct err e = { 0 };

	assert_ok(cert_make(&want, &c, &e), &e);
	assert_ok(cert_pem(c, &pem->w, &e), &e);
	assert_ok(file_write(path, buf_bytes(pem), 0600, &e), &e);
}

static char pem[64];

static int make_keys(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(keypair_new(KEY_RSA, 2048, &rsa, &e), &e);
	assert_ok(keypair_new(KEY_P256, 0, &ecc, &e), &e);
	assert_ok(keypair_new(KEY_RSA, 2048, &other, &e), &e);
	verity = sha256_of(bytes_text("tree"));
	snprintf(pem, sizeof(pem), "/tmp/assay-ima-signer-%d", getpid());
	return 0;
}

static int drop_keys(void **state)
{
	(void)state;
	keypair_drop(&rsa);
	keypair_drop(&ecc);
	keypair_drop(&other);
	unlink(pem);
	return 0;
}

static void add_signer(struct ima_rules *r, const struct keypair *key)
{
	struct err e = { 0 };

	write_cert(key, pem);
	assert_ok(ima_signers_add(&r->signers, pem, &e), &e);
}

/* The name that the key's certificate has for it; of a key that has none there, some number. */
static u32 id_of(const struct ima_signers *s, const struct keypair *key)
{
	for (size_t i = 0; i < s->n; i++) {
		struct reader r = reader_on(BYTES(s->at[i].id));

		assert_true(s->at[i].has_id);
		if (pubkey_equal(s->at[i].key, keypair_pub(key)))
			return read_be32(&r, "id");
	}
	return 0x12345678;
}

/* ---- one list ---- */
struct judged {
	struct eat token;
	struct verified_view v;
	struct buf *list;
	struct digest pcrs[10];
	struct refs *refs;
	struct ima_rules rules;
	struct ima_state *state;
};

static void judged_begin(struct judged *j)
{
	*j = (struct judged){ .rules = { .mode = IMA_MODE_KNOWN } };
	j->list = buf_new(1 << 20);
	j->refs = refs_new();
	j->v.token = &j->token;
	j->token.n_banks = 1;
	j->token.banks[0].alg = TPM_ALG_SHA256;
	j->token.banks[0].pcrs = 0xffff;
	for (size_t i = 0; i < 10; i++) {
		j->pcrs[i] = sha256_of((struct bytes){ (const u8 *)&i, 1 });
		j->token.banks[0].value[i] = digest_bytes(&j->pcrs[i]);
	}
}

static void judge_from(struct judged *j, u64 first, const struct ima_state *before)
{
	struct err e = { 0 };

	j->v.ima = (struct verified_ima){ .there = true,
					  .first = first,
					  .entries = buf_bytes(j->list) };
	j->v.ima.place = ima_sample_place(buf_bytes(j->list), 3);
	j->v.ima.place.next += first;
	assert_ok(ima_judge(&j->rules, false, &j->v, j->refs, NOW, before, &j->state, &e), &e);
}

static void judged_clear(struct judged *j)
{
	buf_drop(&j->list);
	refs_drop(&j->refs);
	ima_signers_clear(&j->rules.signers);
	free(j->state);
}

/* "UNKNOWN" where that fault alone was found, once; "" for none. */
static const char *fault_of(const struct ima_state *s)
{
	static const char *const names[] = {
#define X(id, text) #id,
		IMA_FAULTS(X)
#undef X
	};
	const char *found = "";

	for (int i = 0; i < IMA_FAULT_COUNT; i++) {
		if (!s->count[i])
			continue;
		if (found[0] || s->count[i] > 1)
			return "several";
		found = names[i];
	}
	return found;
}

static void each_entry_is_known_or_found_fault_with(void **state)
{
	static const struct row {
		const char *sentence;
		struct ima_sample entry;
		const char *corim;
		const char *exclude, *refuse;
		enum ima_mode mode; /* OFF: known is meant */
		const char *fault;
	} rows[] = {
		{ "a file whose digest is known wherever it is",
		  { .path = "/usr/bin/x", .content = "a" },
		  FILES(ANY_A),
		  .fault = "" },
		{ "a file whose digest is known there",
		  { .path = "/usr/bin/x", .content = "a" },
		  FILES(A_AT("/usr/bin/x")),
		  .fault = "" },
		{ "a file whose digest is known elsewhere",
		  { .path = "/tmp/x", .content = "a" },
		  FILES(A_AT("/usr/bin/x")),
		  .fault = "UNKNOWN" },
		{ "a file that nobody knows",
		  { .path = "/usr/bin/x", .content = "b" },
		  FILES(ANY_A),
		  .fault = "UNKNOWN" },
		{ "one of many that are known in one triple",
		  { .path = "/y", .content = "a" },
		  FILES("{0: \"/z\", 1: {2: " SHA_B "}}, " A_AT("/x") ", " A_AT("/y")),
		  .fault = "" },
		{ "a digest that is known of another environment",
		  { .path = "/x", .content = "a" },
		  "{0: [[{0: {1: \"linux\", 2: \"m\"}}, [" ANY_A "]]]}",
		  .fault = "UNKNOWN" },
		{ "a digest that is known of another host",
		  { .path = "/x", .content = "a" },
		  "{0: [[{0: {1: \"linux\", 2: \"linux:ima\"}, 1: 550(h'01"
		  "1111111111111111111111111111111111111111111111111111111111111111')}, [" ANY_A
		  "]]]}",
		  .fault = "UNKNOWN" },
		{ "a digest that is known of this host",
		  { .path = "/x", .content = "a" },
		  "{0: [[{0: {1: \"linux\", 2: \"linux:ima\"}, 1: 550(h'00"
		  "0000000000000000000000000000000000000000000000000000000000000000')}, [" ANY_A
		  "]]]}",
		  .fault = "" },
		{ "a digest that counts on another evidence's word only",
		  { .path = "/x", .content = "a" },
		  FILES("{1: {2: " SHA_A "}, 2: [557([1, h'"
			"2222222222222222222222222222222222222222222222222222222222222222'])]}"),
		  .fault = "UNKNOWN" },
		{ "a file that a CoSWID lists, without telling below what",
		  { .path = "/opt/x", .content = "a" },
		  SWID("", "") "})",
		  .fault = "" },
		{ "a file that a CoSWID lists, where it lists it",
		  { .path = "/usr/bin/x", .content = "a" },
		  SWID("", AT_BIN) "})",
		  .fault = "" },
		{ "a file that a CoSWID lists, elsewhere",
		  { .path = "/tmp/x", .content = "a" },
		  SWID("", AT_BIN) "})",
		  .fault = "UNKNOWN" },
		{ "another file where a CoSWID lists one",
		  { .path = "/usr/bin/x", .content = "b" },
		  SWID("", AT_BIN) "})",
		  .fault = "UNKNOWN" },
		{ "a file of a patch",
		  { .path = "/usr/bin/x", .content = "a" },
		  SWID(", 9: true", AT_BIN) "})",
		  .fault = "UNKNOWN" },
		{ "a file of a CoSWID whose CoRIM has expired",
		  { .path = "/usr/bin/x", .content = "a" },
		  SWID("", AT_BIN) ", 4: {1: 1(1799999999)}})",
		  .fault = "UNKNOWN" },
		{ "a file that was only learned",
		  { .path = "/x", .content = "a" },
		  LEARNED(FILES(ANY_A)),
		  .fault = "LEARNED" },
		{ "an unknown file in a folder that is left out",
		  { .path = "/opt/x", .content = "b" },
		  .exclude = "/opt",
		  .fault = "" },
		{ "an unknown file in a folder whose name begins alike",
		  { .path = "/optional/x", .content = "b" },
		  .exclude = "/opt",
		  .fault = "UNKNOWN" },
		{ "an unknown file by the beginning of its name",
		  { .path = "/optional/x", .content = "b" },
		  .exclude = "/opt*",
		  .fault = "" },
		{ "a known file where policy wants none",
		  { .path = "/tmp/x", .content = "a" },
		  FILES(ANY_A),
		  .refuse = "/tmp/",
		  .fault = "REFUSED" },
		{ "a refused path stays refused where nothing has to be known",
		  { .path = "/tmp/x", .content = "a" },
		  .refuse = "/tmp/",
		  .exclude = "/tmp/",
		  .mode = IMA_MODE_REPLAY,
		  .fault = "REFUSED" },
		{ "an unknown file where nothing has to be known",
		  { .path = "/x", .content = "b" },
		  .mode = IMA_MODE_REPLAY,
		  .fault = "" },
		{ "a file that was changed while it was measured",
		  { .path = "/x", .content = "a", .violation = true },
		  FILES(ANY_A),
		  .fault = "CHANGED" },
		{ "the path of a changed file is the host's word and leaves nothing out",
		  { .path = "/opt/x", .content = "a", .violation = true },
		  .exclude = "/opt",
		  .fault = "CHANGED" },
		{ "a made-up aggregate of the boot",
		  { .path = "boot_aggregate", .content = "a" },
		  FILES(ANY_A),
		  .fault = "AGGREGATE" },
		{ "a template that cannot be judged",
		  { .path = "/x", .content = "a", .template = "evm-sig" },
		  FILES(ANY_A),
		  .fault = "UNREADABLE" },
		{ "a path that hides under a template's made-up name where some are refused",
		  { .path = "/tmp/x", .content = "a", .template = "im~-ng" },
		  .refuse = "/tmp/",
		  .mode = IMA_MODE_REPLAY,
		  .fault = "UNREADABLE" },
		{ "a template that cannot be judged, where no path is refused nor has to be known",
		  { .path = "/tmp/x", .content = "a", .template = "im~-ng" },
		  .mode = IMA_MODE_REPLAY,
		  .fault = "" },
		{ "a tree's digest is no file's, even if it is known as one",
		  { .path = "/x", .content = "a", .template = "ima-ngv2" },
		  FILES(ANY_A),
		  .fault = "UNKNOWN" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct judged j;
		struct err e = { 0 };

		judged_begin(&j);
		if (r->corim && r->corim[0] == '{')
			sample_add(j.refs, "c", r->corim, 7);
		else if (r->corim)
			sample_add_whole(j.refs, r->corim);
		assert_ok(refs_ready(j.refs, &e), &e);
		if (r->mode)
			j.rules.mode = r->mode;
		if (r->exclude)
			assert_ok(ima_rules_add(&j.rules.excluded, r->exclude, &e), &e);
		if (r->refuse)
			assert_ok(ima_rules_add(&j.rules.refused, r->refuse, &e), &e);
		ima_sample_put(&j.list->w, &r->entry);
		judge_from(&j, 0, NULL);
		if (strcmp(fault_of(j.state), r->fault))
			fail_msg("%s: %s, not \"%s\"", r->sentence, fault_of(j.state), r->fault);
		assert_int_equal(j.state->n, r->fault[0] != 0);
		if (j.state->n && strcmp(r->fault, "UNREADABLE"))
			assert_bytes_equal(
				((struct bytes){ j.state->at[0].path, j.state->at[0].path_len }),
				bytes_text(r->entry.path));
		judged_clear(&j);
	}
}

static void the_aggregate_of_the_boot_is_that_of_the_quoted_pcrs(void **state)
{
	struct bytes pieces[10];
	struct digest d;
	struct judged j;
	struct err e = { 0 };

	(void)state;
	judged_begin(&j);
	assert_ok(refs_ready(j.refs, &e), &e);
	for (size_t i = 0; i < 10; i++)
		pieces[i] = digest_bytes(&j.pcrs[i]);
	d = digest_of(DIGEST_SHA256, pieces, 10);
	ima_sample_put(&j.list->w, &(struct ima_sample){ .path = "boot_aggregate", .digest = &d });
	judge_from(&j, 0, NULL);
	assert_string_equal(fault_of(j.state), "");
	free(j.state);
	j.pcrs[9].at[0] ^= 1; /* the quote shows another boot */
	judge_from(&j, 0, NULL);
	assert_string_equal(fault_of(j.state), "AGGREGATE");
	free(j.state);
	j.pcrs[9].at[0] ^= 1;
	j.token.banks[0].pcrs &= ~(1u << 9); /* or less of it than is needed */
	judge_from(&j, 0, NULL);
	assert_string_equal(fault_of(j.state), "AGGREGATE");
	judged_clear(&j);
}

static void a_file_is_known_by_an_accepted_signature_over_its_digest(void **state)
{
	u8 id[2 + 32] = { 6, 4 };
	struct digest a = sha256_of(bytes_text("a"));
	static const struct {
		const char *sentence;
		char key; /* r: RSA, e: ECDSA, o: one that is not accepted */
		u8 type, version, hash;
		const char *over; /* what was signed; NULL: the id of a verity digest */
		bool cut, is_verity, no_signer;
		const char *fault;
		enum ima_signed told;
	} rows[] = {
		{ "RSA", 'r', 3, 2, 4, "a", .fault = "" },
		{ "ECDSA", 'e', 3, 2, 4, "a", .fault = "" },
		{ "a verity digest", 'r', 6, 3, 4, NULL, .is_verity = true, .fault = "" },
		{ "a key that is not accepted", 'o', 3, 2, 4, "a", .fault = "UNKNOWN",
		  .told = IMA_SIGNED_BY_OTHERS },
		{ "no key at all is accepted", 'r', 3, 2, 4, "a", .no_signer = true,
		  .fault = "UNKNOWN", .told = IMA_SIGNED_BY_OTHERS },
		{ "a signature of another file", 'r', 3, 2, 4, "b", .fault = "UNKNOWN",
		  .told = IMA_SIGNATURE_WRONG },
		{ "a hash that is not the digest's", 'r', 3, 2, 6, "a", .fault = "UNKNOWN",
		  .told = IMA_SIGNATURE_WRONG },
		{ "SHA-1", 'r', 3, 2, 2, "a", .fault = "UNKNOWN", .told = IMA_SIGNATURE_WRONG },
		{ "an old version", 'r', 3, 1, 4, "a", .fault = "UNKNOWN",
		  .told = IMA_SIGNATURE_WRONG },
		{ "an HMAC", 'r', 2, 2, 4, "a", .fault = "UNKNOWN", .told = IMA_SIGNATURE_WRONG },
		{ "a signature that ends early", 'r', 3, 2, 4, "a", .cut = true, .fault = "UNKNOWN",
		  .told = IMA_SIGNATURE_WRONG },
		{ "a verity signature for a file's digest", 'r', 6, 3, 4, NULL, .fault = "UNKNOWN",
		  .told = IMA_SIGNATURE_WRONG },
		{ "a file's signature for a verity digest", 'r', 3, 2, 4, "tree", .is_verity = true,
		  .fault = "UNKNOWN", .told = IMA_SIGNATURE_WRONG },
	};

	(void)state;
	memcpy(id + 2, verity.at, 32);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct keypair *key = rows[i].key == 'r'	 ? rsa
					    : rows[i].key == 'e' ? ecc
								 : other;
		OWNED(buf) sig = NULL;
		struct judged j;
		struct err e = { 0 };

		judged_begin(&j);
		assert_ok(refs_ready(j.refs, &e), &e);
		if (!rows[i].no_signer) {
			add_signer(&j.rules, ecc);
			add_signer(&j.rules, rsa);
		}
		sig = sign(key, rows[i].type, rows[i].version, rows[i].hash,
			   id_of(&j.rules.signers, key),
			   rows[i].over ? bytes_text(rows[i].over) : BYTES(id));
		if (rows[i].cut)
			sig->w.len--;
		ima_sample_put(
			&j.list->w,
			&(struct ima_sample){ .path = "/usr/bin/x",
					      .digest = rows[i].is_verity ? &verity : &a,
					      .signature = buf_bytes(sig),
					      .template = rows[i].is_verity ? "ima-sigv2" : NULL });
		judge_from(&j, 0, NULL);
		if (strcmp(fault_of(j.state), rows[i].fault) ||
		    (j.state->n && j.state->at[0].signature != rows[i].told))
			fail_msg("%s: \"%s\" %d", rows[i].sentence, fault_of(j.state),
				 j.state->n ? (int)j.state->at[0].signature : -1);
		judged_clear(&j);
	}
}

/* ---- what is kept ---- */
static struct bytes first_voucher(const struct ima_state *s)
{
	return s->n_vouchers ? BYTES(s->vouchers[0].corim) : BYTES_NONE;
}

static void what_was_found_is_not_forgotten_by_the_next_entries(void **state)
{
	struct judged j;
	struct ima_state *before;
	struct err e = { 0 };

	(void)state;
	judged_begin(&j);
	sample_add(j.refs, "c", FILES(ANY_A), 7);
	assert_ok(refs_ready(j.refs, &e), &e);
	assert_ok(ima_rules_add(&j.rules.required, "/sbin/init", &e), &e);
	j.rules.unknown_warns = true;
	ima_sample_put(&j.list->w, &(struct ima_sample){ .path = "/sbin/init", .content = "a" });
	ima_sample_put(&j.list->w, &(struct ima_sample){ .path = "/bad", .content = "b" });
	judge_from(&j, 0, NULL);
	before = TAKE(j.state);
	assert_int_equal(before->required_seen, 1);
	assert_true(ima_state_keepable(before, &j.rules));

	j.list->w.len = 0;
	ima_sample_put(&j.list->w, &(struct ima_sample){ .path = "/good", .content = "a" });
	judge_from(&j, 2, before);
	assert_int_equal(j.state->place.next, 3);
	assert_int_equal(j.state->count[IMA_UNKNOWN], 1);
	assert_int_equal(j.state->at[0].entry, 1);
	assert_int_equal(j.state->required_seen, 1);
	assert_int_equal(j.state->n_vouchers, 1);
	assert_int_equal(first_voucher(j.state).len, 32);
	/* a list from its first entry on is judged by itself */
	free(j.state);
	judge_from(&j, 0, before);
	assert_int_equal(j.state->count[IMA_UNKNOWN], 0);
	assert_int_equal(j.state->required_seen, 0);
	free(before);
	judged_clear(&j);
}

static void what_is_refused_is_not_kept(void **state)
{
	struct judged j;
	struct err e = { 0 };

	(void)state;
	judged_begin(&j);
	assert_ok(refs_ready(j.refs, &e), &e);
	ima_sample_put(&j.list->w, &(struct ima_sample){ .path = "/bad", .content = "b" });
	judge_from(&j, 0, NULL);
	assert_false(ima_state_keepable(j.state, &j.rules));
	j.rules.unknown_warns = true;
	assert_true(ima_state_keepable(j.state, &j.rules));
	j.state->count[IMA_CHANGED] = 1;
	assert_true(ima_state_keepable(j.state, &j.rules));
	j.rules.changed = IMA_CHANGED_REFUSES;
	assert_false(ima_state_keepable(j.state, &j.rules));
	j.state->count[IMA_CHANGED] = 0;
	j.state->count[IMA_REFUSED] = 1;
	assert_false(ima_state_keepable(j.state, &j.rules));
	j.state->count[IMA_REFUSED] = 0;
	j.state->crowded = true;
	assert_false(ima_state_keepable(j.state, &j.rules));
	judged_clear(&j);
}

static struct refs *refs_with_one(const char *id, const char *triples)
{
	struct refs *r = refs_new();
	struct err e = { 0 };

	if (triples)
		sample_add(r, id, triples, 7);
	assert_ok(refs_ready(r, &e), &e);
	return r;
}

static void a_state_holds_while_rules_and_vouchers_are_what_they_were(void **state)
{
	OWNED(refs) same = refs_with_one("c", FILES(ANY_A));
	OWNED(refs) renamed = refs_with_one("d", FILES(ANY_A)); /* another CoRIM says the same */
	OWNED(refs) none = refs_with_one("c", NULL);
	OWNED(refs) more = refs_new();
	struct judged j;
	struct err e = { 0 };

	(void)state;
	sample_add(more, "c", FILES(ANY_A), 7);
	sample_add(more, "e", FILES("{1: {2: " SHA_B "}}"), 7);
	assert_ok(refs_ready(more, &e), &e);
	judged_begin(&j);
	sample_add(j.refs, "c", FILES(ANY_A), 7);
	assert_ok(refs_ready(j.refs, &e), &e);
	ima_sample_put(&j.list->w, &(struct ima_sample){ .path = "/good", .content = "a" });
	judge_from(&j, 0, NULL);
	assert_true(ima_state_holds(j.state, &j.rules, false, &j.v, same, NOW));
	assert_true(ima_state_holds(j.state, &j.rules, false, &j.v, more, NOW));
	assert_false(ima_state_holds(j.state, &j.rules, false, &j.v, renamed, NOW));
	assert_false(ima_state_holds(j.state, &j.rules, false, &j.v, none, NOW));
	assert_false(ima_state_holds(j.state, &j.rules, true, &j.v, same, NOW));
	j.rules.unknown_warns = true;
	assert_false(ima_state_holds(j.state, &j.rules, false, &j.v, same, NOW));
	j.rules.unknown_warns = false;
	assert_ok(ima_rules_add(&j.rules.refused, "/tmp", &e), &e);
	assert_false(ima_state_holds(j.state, &j.rules, false, &j.v, same, NOW));
	j.rules.refused.n = 0;
	add_signer(&j.rules, rsa);
	assert_false(ima_state_holds(j.state, &j.rules, false, &j.v, same, NOW));
	judged_clear(&j);

	/* what was unknown and is known now has to be judged again */
	judged_begin(&j);
	j.rules.unknown_warns = true;
	assert_ok(refs_ready(j.refs, &e), &e);
	ima_sample_put(&j.list->w, &(struct ima_sample){ .path = "/b", .content = "b" });
	judge_from(&j, 0, NULL);
	assert_true(ima_state_holds(j.state, &j.rules, false, &j.v, same, NOW));
	assert_false(ima_state_holds(j.state, &j.rules, false, &j.v, more, NOW));
	judged_clear(&j);
}

/* Known by a CoSWID alone, until its CoRIM is deactivated: what the server leaves out then. */
static void a_file_of_a_coswid_is_known_while_its_corim_is_active(void **state)
{
	OWNED(buf) b = edn(SWID("", AT_BIN) "})");
	OWNED(refs) active = refs_new();
	OWNED(refs) inactive = refs_new();
	struct corim *c = NULL;
	struct judged j;
	struct err e = { 0 };

	(void)state;
	sample_add_whole(active, SWID("", AT_BIN) "})");
	assert_ok(corim_parse(buf_bytes(b), &c, &e), &e);
	assert_ok(refs_leave_out(inactive, c, "it was deactivated", &e), &e);
	assert_ok(refs_ready(active, &e), &e);
	assert_ok(refs_ready(inactive, &e), &e);
	judged_begin(&j);
	sample_add_whole(j.refs, SWID("", AT_BIN) "})");
	assert_ok(refs_ready(j.refs, &e), &e);
	ima_sample_put(&j.list->w, &(struct ima_sample){ .path = "/usr/bin/x", .content = "a" });
	judge_from(&j, 0, NULL);
	assert_string_equal(fault_of(j.state), "");
	assert_true(ima_state_holds(j.state, &j.rules, false, &j.v, active, NOW));
	assert_false(ima_state_holds(j.state, &j.rules, false, &j.v, inactive, NOW));
	free(j.state);
	refs_drop(&j.refs);
	j.refs = TAKE(inactive);
	judge_from(&j, 0, NULL);
	assert_string_equal(fault_of(j.state), "UNKNOWN");
	judged_clear(&j);
}

static void a_flood_of_faults_is_counted_and_its_beginning_kept(void **state)
{
	struct judged j;
	struct err e = { 0 };
	char path[5000];

	(void)state;
	judged_begin(&j);
	assert_ok(refs_ready(j.refs, &e), &e);
	memset(path, 'p', 300);
	path[0] = '/';
	path[300] = 0;
	for (int i = 0; i < 100; i++)
		ima_sample_put(&j.list->w,
			       &(struct ima_sample){ .path = path, .violation = i % 2 == 0 });
	judge_from(&j, 0, NULL);
	assert_int_equal(j.state->count[IMA_UNKNOWN], 50);
	assert_int_equal(j.state->count[IMA_CHANGED], 50);
	assert_int_equal(j.state->n, IMA_FINDINGS_MAX);
	assert_true(j.state->at[0].cut);
	assert_int_equal(j.state->at[0].path_len, IMA_FINDING_PATH_MAX);
	judged_clear(&j);
}

static void a_state_is_written_and_read_and_nothing_shorter_is(void **state)
{
	OWNED(buf) b = buf_new(IMA_STATE_MAX);
	OWNED(buf) again = buf_new(IMA_STATE_MAX);
	struct ima_state *s = malloc(sizeof(*s));
	struct judged j;
	struct err e = { 0 };

	(void)state;
	judged_begin(&j);
	sample_add(j.refs, "c", FILES(ANY_A), 7);
	assert_ok(refs_ready(j.refs, &e), &e);
	assert_ok(ima_rules_add(&j.rules.required, "/g", &e), &e);
	ima_sample_put(&j.list->w, &(struct ima_sample){ .path = "/g", .content = "a" });
	ima_sample_put(&j.list->w, &(struct ima_sample){ .path = "/b", .content = "b" });
	ima_sample_put(&j.list->w, &(struct ima_sample){ .path = "/c", .violation = true });
	judge_from(&j, 0, NULL);
	ima_state_write(j.state, &b->w);
	assert_ok(ima_state_parse(buf_bytes(b), s, &e), &e);
	ima_state_write(s, &again->w);
	assert_bytes_equal(buf_bytes(again), buf_bytes(b));
	assert_true(ima_state_holds(s, &j.rules, false, &j.v, j.refs, NOW));
	for (size_t len = 0; len < b->w.len; len++) {
		u8 *copy = heap_copy((struct bytes){ b->w.at, len });

		e = (struct err){ 0 };
		assert_refused(ima_state_parse((struct bytes){ copy, len }, s, &e), &e, E_FORMAT,
			       "state of an IMA list: ");
		free(copy);
	}
	/* the most that there can be fits */
	j.state->n = IMA_FINDINGS_MAX;
	j.state->n_vouchers = IMA_VOUCHERS_MAX;
	for (size_t i = 0; i < IMA_FINDINGS_MAX; i++)
		j.state->at[i] = (struct ima_finding){ .digest.alg = DIGEST_SHA512,
						       .path_len = IMA_FINDING_PATH_MAX };
	b->w.len = 0;
	ima_state_write(j.state, &b->w);
	assert_false(b->w.full);
	free(s);
	judged_clear(&j);
}

static void a_path_or_signer_that_is_none_is_refused(void **state)
{
	struct ima_prefixes p = { 0 };
	struct ima_signers s = { 0 };
	char longest[IMA_PREFIX_MAX + 1];
	struct err e = { 0 };

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[IMA_PREFIX_MAX] = 0;
	assert_refused(ima_rules_add(&p, "", &e), &e, E_CONFIG, "paths of 1 to 191");
	assert_refused(ima_rules_add(&p, longest, &e), &e, E_CONFIG, "paths of 1 to 191");
	for (int i = 0; i < IMA_PREFIXES_MAX; i++)
		assert_ok(ima_rules_add(&p, "/x", &(struct err){ 0 }), &e);
	assert_refused(ima_rules_add(&p, "/x", &e), &e, E_CONFIG, "at most 32 paths");
	e = (struct err){ 0 };
	assert_refused(ima_signers_add(&s, "/nowhere/at/all", &e), &e, E_NOTFOUND, "/nowhere");
	e = (struct err){ 0 };
	assert_ok(file_write(pem, bytes_text("no certificate"), 0600, &e), &e);
	assert_int_not_equal(ima_signers_add(&s, pem, &e), 0);
	write_cert(ecc, pem);
	for (int i = 0; i < IMA_SIGNERS_MAX; i++)
		assert_ok(ima_signers_add(&s, pem, &(struct err){ 0 }), &e);
	e = (struct err){ 0 };
	assert_refused(ima_signers_add(&s, pem, &e), &e, E_LIMIT, "more than 16 signers");
	ima_signers_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_entry_is_known_or_found_fault_with),
		cmocka_unit_test(the_aggregate_of_the_boot_is_that_of_the_quoted_pcrs),
		cmocka_unit_test(a_file_is_known_by_an_accepted_signature_over_its_digest),
		cmocka_unit_test(what_was_found_is_not_forgotten_by_the_next_entries),
		cmocka_unit_test(what_is_refused_is_not_kept),
		cmocka_unit_test(a_state_holds_while_rules_and_vouchers_are_what_they_were),
		cmocka_unit_test(a_file_of_a_coswid_is_known_while_its_corim_is_active),
		cmocka_unit_test(a_flood_of_faults_is_counted_and_its_beginning_kept),
		cmocka_unit_test(a_state_is_written_and_read_and_nothing_shorter_is),
		cmocka_unit_test(a_path_or_signer_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
