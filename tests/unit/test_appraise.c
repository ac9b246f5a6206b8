// SPDX-License-Identifier: Apache-2.0
/*
 * What evidence and reference values make of each claim and of the whole, as a table. A row's evidence
 * is a device with the blocks named: "1a 2b" is block 1 with the digest of "a", block 2 with that of
 * "b". Blocks 1, 2 are ROM and firmware, 3, 4 configuration, 5 the security version (its digit), 9 a
 * type that nobody knows. References are triples, separated by '|'.
 */
#include "edn.h"
#include "support.h"

#include <stdio.h>

#include "verifier/decide.h"

enum { RECORD_MAX = 1024, TRIPLES_MAX = 8 };

/* ---- evidence ---- */
static struct digest value_of(char letter)
{
	return sha256_of((struct bytes){ (const u8 *)&letter, 1 });
}

static u8 type_of(char index)
{
	return index == '5' ? SPDM_VALUE_SVN : index == '9' ? 0x7f : (u8)(index - '1');
}

static void put_block(struct writer *w, const char *block)
{
	struct digest d = value_of(block[1]);
	bool svn = block[0] == '5';
	u16 len = svn ? 8 : 32;

	write_u8(w, (u8)(block[0] - '0'));
	write_u8(w, SPDM_MEAS_SPEC_DMTF);
	write_le16(w, (u16)(len + 3));
	write_u8(w, type_of(block[0]));
	write_le16(w, len);
	if (svn)
		write_le64(w, (u64)(block[1] - '0'));
	else
		write_bytes(w, digest_bytes(&d));
}

/* A verified host with one verified device: what verify.c would make, its checks all passed. */
struct made {
	struct eat token;
	struct eat_device device;
	struct keypair *cnf;
	u8 record[RECORD_MAX];
	u8 event[32];
	struct reasons *reasons;
	struct verified_claims *claims;
	struct verified_view *view;
};

static int lookup(void *user, const char *label, const u8 leaf_key[32], struct known_leaf *out,
		  struct err *e)
{
	(void)user;
	(void)label;
	(void)leaf_key;
	(void)out;
	return err_set(e, E_INTERNAL, "nothing to look up without evidence");
}

static void pass_all(struct checks *c)
{
	for (int i = 0; i < CHECK_COUNT; i++)
		c->result[i] = PASSED;
}

static struct boot_log *one_event(u8 digest[32], char letter)
{
	static const u8 image[32]; /* UEFI_IMAGE_LOAD_EVENT without a path */
	struct boot_log *log = calloc(1, sizeof(*log));
	struct digest d = value_of(letter);

	memcpy(digest, d.at, 32);
	log->n_banks = 1;
	log->tpm_alg[0] = TPM_ALG_SHA256;
	log->alg[0] = DIGEST_SHA256;
	log->n_events = 1;
	log->events = calloc(1, sizeof(*log->events));
	log->events[0] = (struct boot_event){ .pcr = 4,
					      .type = EV_EFI_BOOT_SERVICES_APPLICATION,
					      .data = BYTES(image) };
	log->events[0].digests[0] = (struct bytes){ digest, 32 };
	return log;
}

static void make(struct made *m, const char *blocks, char boot_event)
{
	struct verify_context ctx = { .lookup = lookup };
	struct verified_device *d;
	struct writer w = writer_on(m->record, sizeof(m->record));
	struct err e = { 0 };
	u8 n = 0;

	*m = (struct made){ .device = { .label = bytes_text("d"), .failure = bytes_text("none") } };
	assert_ok(keypair_new(KEY_P256, 0, &m->cnf, &e), &e);
	m->token.cnf = (struct pubkey *)keypair_pub(m->cnf);
	m->token.n_devices = 1;
	m->token.devices = &m->device;
	m->reasons = reasons_new();
	/* nothing is right about this token: every check fails, and is then set by hand */
	assert_ok(verify_evidence(&m->token, &ctx, m->reasons, &m->claims, &e), &e);
	reasons_drop(&m->reasons);
	m->reasons = reasons_new();
	m->view = (struct verified_view *)verified_view(m->claims); /* const to all but tests */
	d = &m->view->devices[0];
	for (const char *at = blocks; *at; at += at[2] ? 3 : 2, n++)
		put_block(&w, at);
	d->evidence = calloc(1, sizeof(*d->evidence));
	d->evidence->nego.meas_hash = SPDM_MEAS_SHA_256;
	d->evidence->answer.n_blocks = n;
	d->evidence->answer.record = write_done(&w);
	d->identity = (struct pci_identity){ .vendor = 0x1b36, .device = 0x10 };
	d->verified = true;
	pass_all(&d->checks);
	pass_all(&m->view->checks);
	m->view->log = one_event(m->event, boot_event);
}

static void made_clear(struct made *m)
{
	verified_claims_drop(&m->claims);
	reasons_drop(&m->reasons);
	keypair_drop(&m->cnf);
}

/* ---- references ---- */
struct drafted {
	struct corim_triple triples[TRIPLES_MAX];
	struct corim_element elements[TRIPLES_MAX][8];
	u8 mkeys[10];
	struct digest digests[128];
};

static void put_element(struct drafted *d, struct corim_triple *t, const char *block)
{
	struct corim_element *el = &t->elements[t->n++];
	u8 *mkey = &d->mkeys[block[0] - '0'];
	struct digest *value = &d->digests[(int)block[1]];

	*mkey = (u8)(block[0] - '0'); /* a small number is its own encoding */
	*value = value_of(block[1]);
	el->mkey = (struct bytes){ mkey, 1 };
	if (block[0] == '5') {
		el->mval.has_svn = el->mval.min_svn = true;
		el->mval.svn = (u64)(block[1] - '0');
	} else {
		el->mval.n_digests = 1;
		el->mval.digests[0] = (struct corim_digest){ 1, digest_bytes(value) };
	}
}

/* The boot log's one reference holds the digest of 'k', the kernel. */
static struct refs *references(const char *text)
{
	static const char event[] = "boot-loader/0";
	struct drafted *d = calloc(1, sizeof(*d));
	struct corim_draft draft = { .id = "golden", .signer = "t", .triples = d->triples };
	u8 key[64];
	struct writer w = writer_on(key, sizeof(key));
	OWNED(buf) bytes = NULL;
	struct corim *parsed = NULL;
	struct refs *refs = refs_new();
	struct corim_triple *t = &d->triples[draft.n];
	struct digest kernel = value_of('k');
	struct err e = { 0 };

	cbor_put_text(&w, bytes_text(event));
	t->env = (struct corim_env){ .vendor = bytes_text("tcg"),
				     .model = bytes_text("tcg:boot-log") };
	t->elements = d->elements[draft.n++];
	t->elements[t->n++] =
		(struct corim_element){ .mkey = write_done(&w),
					.mval = { .n_digests = 1,
						  .digests = { { 1, digest_bytes(&kernel) } } } };
	for (const char *at = text; *at;) {
		t = &d->triples[draft.n];
		t->env = (struct corim_env){ .vendor = bytes_text("pci:1b36"),
					     .model = bytes_text("pci:1b36:0010") };
		t->elements = d->elements[draft.n++];
		for (; *at && *at != '|'; at += at[2] == ' ' ? 3 : 2)
			put_element(d, t, at);
		at += *at == '|';
	}
	assert_ok(corim_write(&draft, NULL, NULL, &bytes, &e), &e);
	assert_ok(corim_parse(buf_bytes(bytes), &parsed, &e), &e);
	assert_ok(refs_add(refs, parsed, &e), &e);
	free(d);
	return refs;
}

/* ---- the table ---- */
enum { ALL_PASSED, ONE_NOT_RUN, ONE_FAILED };

static const struct row {
	const char *sentence;
	const char *blocks, *references;
	int checks;
	signed char instance, configuration, executables, hardware; /* AR4SI numbers */
	enum ear_tier tier;
	size_t elements, matched;
	const char *why; /* what a reason says; NULL: there is none */
} rows[] = {
	/* clang-format off */
	/*                                                                    checks       inst conf exec hw  tier                  of  ok */
	{ "all blocks as one reference wants them are affirmed",
	  "1a 2b 3c", "1a 2b 3c",					      ALL_PASSED,   2,  2,   2,   2, TIER_AFFIRMING,       3, 3, NULL },
	{ "the references of two makers may cover a device between them",
	  "1a 2b 3c", "1a 2b|3c",					      ALL_PASSED,   2,  2,   2,   2, TIER_AFFIRMING,       3, 3, NULL },
	{ "one of several accepted states is enough",
	  "1a 2z", "1a 2b|1a 2z",					      ALL_PASSED,   2,  0,   2,   2, TIER_AFFIRMING,       2, 2, NULL },
	{ "firmware of another value is contraindicated",
	  "1a 2x", "1a 2b",						      ALL_PASSED,   2,  0,  96,   2, TIER_CONTRAINDICATED, 2, 0, "block 2 (firmware): expected 3e23e816" },
	{ "configuration of another value is contraindicated as configuration",
	  "1a 3x", "1a|3c",						      ALL_PASSED,   2, 96,   2,   2, TIER_CONTRAINDICATED, 2, 1, "block 3 (hardware configuration): expected 2e7d2c03" },
	{ "firmware that nobody gave a value for is a warning",
	  "1a 2b", "1a",						      ALL_PASSED,   2,  0,  33,   2, TIER_WARNING,         2, 1, "block 2 (firmware): no reference value" },
	{ "a device without any reference is a warning",
	  "1a 2b", "",							      ALL_PASSED,   2,  0,  33,   2, TIER_WARNING,         2, 0, "no reference value" },
	{ "a block of a type that nobody knows needs a reference like firmware",
	  "1a 9q", "1a",						      ALL_PASSED,   2,  0,  33,   2, TIER_WARNING,         2, 1, "unknown type" },
	{ "good values of two states are no state",
	  "1a 2z", "1a 2b|1y 2z",					      ALL_PASSED,   2,  0,  96,   2, TIER_CONTRAINDICATED, 2, 0, "no reference holds them all together" },
	{ "a block that the reference wants and the device hides is contraindicated",
	  "1a", "1a 2b",						      ALL_PASSED,   2,  0,  96,   2, TIER_CONTRAINDICATED, 1, 0, "no reference holds them all together" },
	{ "and stays so when an unknown block stands in its place",
	  "1a 9q", "1a 2b",						      ALL_PASSED,   2,  0,  96,   2, TIER_CONTRAINDICATED, 2, 0, "no reference holds them all together" },
	{ "and when a configuration that nobody knows does",
	  "1a 3q", "1a 2b",						      ALL_PASSED,   2, 33,  96,   2, TIER_CONTRAINDICATED, 2, 0, "no reference holds them all together" },
	{ "a security version of at least the wanted one is affirmed",
	  "1a 57", "1a 56",						      ALL_PASSED,   2,  0,   2,   2, TIER_AFFIRMING,       1, 1, NULL },
	{ "a security version below the wanted one is contraindicated, and named",
	  "1a 55", "1a 56",						      ALL_PASSED,   2,  0,  96,   2, TIER_CONTRAINDICATED, 1, 0, "block 5 (security version): expected svn >= 6, found svn 5" },
	{ "a security version that only another state wants does no harm",
	  "1a 55", "1a|1b 56",						      ALL_PASSED,   2,  0,   2,   2, TIER_AFFIRMING,       1, 1, NULL },
	{ "a device that measures nothing that could be wrong is a warning",
	  "57", "",							      ALL_PASSED,   2,  0,  33,   2, TIER_WARNING,         0, 0, "nothing in the evidence could be appraised" },
	{ "a check that did not run is contraindicated, and no value is compared",
	  "1a 2b 3c", "1a 2b 3c",					      ONE_NOT_RUN, 99,  0,   0,   0, TIER_CONTRAINDICATED, 0, 0, NULL },
	{ "a check that failed is contraindicated, and no value is compared",
	  "1a 2b 3c", "1a 2b 3c",					      ONE_FAILED,  99,  0,   0,   0, TIER_CONTRAINDICATED, 0, 0, NULL },
	/* clang-format on */
};

static void set_one(struct made *m, enum check_id id, enum check_result result)
{
	struct verified_device *d = &m->view->devices[0];

	if (check_scope(id) == SCOPE_DEVICE) {
		d->checks.result[id] = result;
		d->verified = result == PASSED; /* as verify.c does it */
	} else {
		m->view->checks.result[id] = result;
	}
}

static bool says(const struct reasons *reasons, const char *words)
{
	char text[1200];

	for (size_t i = 0; i < reasons->n; i++)
		if (strstr(reason_text(&reasons->at[i], text, sizeof(text)), words))
			return true;
	return false;
}

static void check_row(const struct row *r, const struct appraised *a, const struct reasons *reasons)
{
	char text[1200] = "";

	if (a->vector[TV_INSTANCE] != r->instance ||
	    a->vector[TV_CONFIGURATION] != r->configuration ||
	    a->vector[TV_EXECUTABLES] != r->executables || a->vector[TV_HARDWARE] != r->hardware ||
	    a->status != r->tier)
		fail_msg("%s: instance %d, configuration %d, executables %d, hardware %d: %s",
			 r->sentence, a->vector[TV_INSTANCE], a->vector[TV_CONFIGURATION],
			 a->vector[TV_EXECUTABLES], a->vector[TV_HARDWARE], tier_name(a->status));
	if (a->n_elements != r->elements || a->n_matched != r->matched)
		fail_msg("%s: %zu elements, %zu matched", r->sentence, a->n_elements, a->n_matched);
	if (reasons->n)
		reason_text(&reasons->at[0], text, sizeof(text));
	if (r->why ? !says(reasons, r->why) : reasons->n > 0)
		fail_msg("%s: %zu reasons, \"%s\"", r->sentence, reasons->n, text);
}

static struct refs *ready(struct refs *refs)
{
	struct err e = { 0 };

	assert_ok(refs_ready(refs, &e), &e);
	return refs;
}

static void evidence_and_references_make_each_claim_and_the_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct made *m = calloc(1, sizeof(*m));
		OWNED(refs) refs = ready(references(r->references));
		OWNED(appraisal) a = NULL;
		struct decision d;
		struct err e = { 0 };

		make(m, r->blocks, 'k');
		if (r->checks != ALL_PASSED)
			set_one(m, CHECK_SIGNATURE, r->checks == ONE_FAILED ? FAILED : NOT_RUN);
		assert_ok(appraise(m->claims, refs, &(struct appraisal_terms){ 0 }, m->reasons, &a,
				   &e),
			  &e);
		assert_int_equal(a->n, 2);
		assert_int_equal(a->at[0].status, TIER_AFFIRMING); /* the host is as it should be */
		check_row(r, &a->at[1], m->reasons);
		d = decide(m->claims, a, true);
		assert_int_equal(d.status, r->tier); /* so the device decides */
		assert_int_equal(d.release, r->tier == TIER_AFFIRMING);
		made_clear(m);
		free(m);
	}
}

/* The host is appraised by its boot log: kernel 'k' is known. */
static void the_boot_log_makes_the_hosts_claims(void **state)
{
	static const struct {
		const char *sentence;
		char kernel; /* 0: no log, as when its check failed */
		bool failed;
		signed char executables;
		enum ear_tier tier;
	} cases[] = {
		{ "a known kernel is affirmed", 'k', false, 3, TIER_AFFIRMING },
		{ "another kernel is contraindicated", 'x', false, 96, TIER_CONTRAINDICATED },
		{ "a host without a log is never affirmed", 0, false, 0, TIER_WARNING },
		{ "a failed check outweighs a known kernel", 'k', true, 3, TIER_CONTRAINDICATED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct made *m = calloc(1, sizeof(*m));
		OWNED(refs) refs = ready(references("1a"));
		OWNED(appraisal) a = NULL;
		struct decision d;
		struct err e = { 0 };

		make(m, "1a", cases[i].kernel);
		if (!cases[i].kernel)
			boot_log_drop(&m->view->log);
		if (cases[i].failed)
			set_one(m, CHECK_CLOCK, FAILED);
		assert_ok(appraise(m->claims, refs, &(struct appraisal_terms){ 0 }, m->reasons, &a,
				   &e),
			  &e);
		d = decide(m->claims, a, true);
		if (a->at[0].status != cases[i].tier || d.status != cases[i].tier ||
		    a->at[0].vector[TV_EXECUTABLES] != cases[i].executables ||
		    d.release != (cases[i].tier == TIER_AFFIRMING))
			fail_msg("%s: %s, executables %d", cases[i].sentence,
				 tier_name(a->at[0].status), a->at[0].vector[TV_EXECUTABLES]);
		made_clear(m);
		free(m);
	}
}

/* Block 0xfd: a manifest, as SPDM 1.2 has it or behind the header of 1.3. */
static void add_manifest(struct made *m, u8 type, const char *header, const char *evidence)
{
	struct spdm_evidence *ev = m->view->devices[0].evidence;
	size_t used = ev->answer.record.len;
	struct writer w = writer_on(m->record + used, sizeof(m->record) - used);
	OWNED(buf) head = from_hex(header);
	OWNED(buf) body = edn(evidence);
	u16 len = (u16)(head->w.len + body->w.len);

	write_u8(&w, 0xfd);
	write_u8(&w, SPDM_MEAS_SPEC_DMTF);
	write_le16(&w, (u16)(len + 3));
	write_u8(&w, type | 0x80);
	write_le16(&w, len);
	write_bytes(&w, buf_bytes(head));
	write_bytes(&w, buf_bytes(body));
	ev->answer.record.len += write_done(&w).len;
	ev->answer.n_blocks++;
}

static struct refs *references_and(const char *blocks, const char *triples)
{
	OWNED(buf) text = buf_new(4096);
	struct refs *refs = references(blocks);
	struct corim *c = NULL;
	struct err e = { 0 };

	write_bytes(&text->w, bytes_text("501({0: \"more\", 1: [506(<<{1: {0: \"t\"}, 4: "));
	write_bytes(&text->w, bytes_text(triples));
	write_bytes(&text->w, bytes_text("}>>)]})"));
	write_u8(&text->w, 0);
	OWNED(buf) b = edn((const char *)text->w.at);
	assert_ok(corim_parse(buf_bytes(b), &c, &e), &e);
	assert_ok(refs_add(refs, c, &e), &e);
	return refs;
}

#define TOC(svn)  "570({0: [571({0: {0: [[{0: {1: \"acme\"}}, [{0: 1, 1: {1: " #svn "}}]]]}})]})"
#define ACME(svn) "{0: [[{0: {1: \"acme\"}}, [{0: 1, 1: {1: " #svn "}}]]]}"

/* The file "d/f" as evidence of software, and the CoSWID of a CoRIM that lists it. */
#define FILE_IS(byte)                                                                              \
	"16: {24: \"d\", 26: {17: {24: \"f\", 7: [1, h'" TWICE(byte) TWICE(byte) "']}}}"
#define TWICE(byte)	EIGHT(byte) EIGHT(byte)
#define EIGHT(byte)	byte byte byte byte byte byte byte byte
#define SOFTWARE(file)	"571({0: {4: [[{0: {1: \"acme\"}}, [{1: {" file "}}]]]}})"
#define COSWID(members) "{6: [[{0: {1: \"acme\"}}, [\"s\"]]]}}>>), 505(<<{0: \"s\", " members

static void a_manifest_is_held_against_the_reference_values_that_there_are(void **state)
{
	static const struct {
		const char *sentence;
		u8 type;
		const char *header, *manifest, *triples;
		signed char executables;
		const char *why;
	} cases[] = {
		{ "what the maker wants is there", 4, "", TOC(5), ACME(5), 2, NULL },
		{ "another value than the maker wants", 4, "", TOC(5), ACME(6), 96,
		  "manifest evidence 0.0 element 0: expected svn 6, found svn 5" },
		{ "nobody gave a value for it, and nobody has to", 4, "", TOC(5),
		  "{0: [[{0: {1: \"other\"}}, [{1: {1: 5}}]]]}", 2, NULL },
		{ "behind a standard's header, with its tag inside it", 0x0a, "0a03d9023a", TOC(5),
		  ACME(6), 96, "expected svn 6, found svn 5" },
		{ "a header of another standard", 0x0a, "0303d9023a", TOC(5), ACME(6), 2, NULL },
		{ "a value that stands in another block", 4, "",
		  "571({0: {0: [[{0: {1: \"acme\"}}, [{1: {12: {0: [1]}}}]]]}})",
		  "{0: [[{0: {1: \"acme\"}}, [{1: {2: [[1, h'00']]}}]]]}", 96,
		  "manifest evidence 0.0 element 0: expected 00, found ca978112" },
		{ "a file that a CoSWID lists", 4, "", SOFTWARE(FILE_IS("11")),
		  COSWID("6: {" FILE_IS("11") "}"), 2, NULL },
		{ "another file than a CoSWID lists", 4, "", SOFTWARE(FILE_IS("22")),
		  COSWID("6: {" FILE_IS("11") "}"), 96, "manifest file d/f: expected 1111111111" },
		{ "a file without its hash, where a CoSWID lists one", 4, "",
		  SOFTWARE("16: {24: \"d\", 26: {17: {24: \"f\"}}}"),
		  COSWID("6: {" FILE_IS("11") "}"), 96, "manifest file d/f" },
		{ "a file that a patch lists", 4, "", SOFTWARE(FILE_IS("22")),
		  COSWID("9: true, 6: {" FILE_IS("11") "}"), 2, NULL },
		{ "a manifest in a form that nobody knows", 4, "", "[1, 2]", ACME(6), 2, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct made *m = calloc(1, sizeof(*m));
		OWNED(refs) refs = references_and("1a", cases[i].triples);
		OWNED(appraisal) a = NULL;
		char text[1200];
		struct err e = { 0 };

		assert_ok(refs_ready(refs, &e), &e);
		make(m, "1a", 'k');
		add_manifest(m, cases[i].type, cases[i].header, cases[i].manifest);
		assert_ok(appraise(m->claims, refs, &(struct appraisal_terms){ 0 }, m->reasons, &a,
				   &e),
			  &e);
		if (a->at[1].vector[TV_EXECUTABLES] != cases[i].executables ||
		    (cases[i].why ? !says(m->reasons, cases[i].why) : m->reasons->n > 0))
			fail_msg("%s: %d, %zu reasons, \"%s\"", cases[i].sentence,
				 a->at[1].vector[TV_EXECUTABLES], m->reasons->n,
				 m->reasons->n ? reason_text(&m->reasons->at[0], text, sizeof(text))
					       : "");
		made_clear(m);
		free(m);
	}
}

/* Each check by itself, whatever its scope, and both ways in which it may not have passed. */
static void a_check_that_did_not_pass_denies(void **state)
{
	static const enum check_result results[] = { NOT_RUN, FAILED };

	(void)state;
	for (int i = 0; i < CHECK_COUNT; i++)
		for (size_t k = 0; k < ARRAY_LEN(results); k++) {
			struct made *m = calloc(1, sizeof(*m));
			OWNED(refs) refs = ready(references("1a"));
			OWNED(appraisal) a = NULL;
			enum check_scope scope = check_scope((enum check_id)i);
			struct decision d;
			struct err e = { 0 };

			make(m, "1a", 'k');
			set_one(m, (enum check_id)i, results[k]);
			assert_ok(appraise(m->claims, refs, &(struct appraisal_terms){ 0 },
					   m->reasons, &a, &e),
				  &e);
			d = decide(m->claims, a, true);
			/* what only a release needs says nothing about the host */
			if (d.release ||
			    d.status != (scope == SCOPE_RELEASE ? TIER_AFFIRMING
								: TIER_CONTRAINDICATED))
				fail_msg("%s %s: %s, release %d", check_name((enum check_id)i),
					 results[k] ? "FAILED" : "NOT_RUN", tier_name(d.status),
					 d.release);
			made_clear(m);
			free(m);
		}
}

static void the_worst_of_host_and_device_counts_and_only_affirmed_releases(void **state)
{
	static const enum ear_tier tiers[] = { TIER_NONE, TIER_AFFIRMING, TIER_WARNING,
					       TIER_CONTRAINDICATED };
	/* a submodule that nothing was said of weighs like a warning */
	static const enum ear_tier weight[] = { TIER_WARNING, TIER_AFFIRMING, TIER_WARNING,
						TIER_CONTRAINDICATED };
	struct made *m = calloc(1, sizeof(*m));

	(void)state;
	make(m, "1a", 'k');
	for (size_t h = 0; h < ARRAY_LEN(tiers); h++)
		for (size_t d = 0; d < ARRAY_LEN(tiers); d++) {
			struct appraised at[2] = { { .status = tiers[h] }, { .status = tiers[d] } };
			struct appraisal a = { .n = 2, .at = at };
			enum ear_tier worst = weight[h] > weight[d] ? weight[h] : weight[d];
			struct decision asked = decide(m->claims, &a, true),
					not_asked = decide(m->claims, &a, false);

			if (asked.status != worst || not_asked.status != worst ||
			    asked.release != (worst == TIER_AFFIRMING) || not_asked.release)
				fail_msg("host %s, device %s: %s, release %d", tier_name(tiers[h]),
					 tier_name(tiers[d]), tier_name(asked.status),
					 asked.release);
		}
	made_clear(m);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_and_references_make_each_claim_and_the_whole),
		cmocka_unit_test(the_boot_log_makes_the_hosts_claims),
		cmocka_unit_test(a_manifest_is_held_against_the_reference_values_that_there_are),
		cmocka_unit_test(a_check_that_did_not_pass_denies),
		cmocka_unit_test(the_worst_of_host_and_device_counts_and_only_affirmed_releases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
