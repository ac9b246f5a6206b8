// SPDX-License-Identifier: Apache-2.0
/* CoSWIDs: the files that a payload lists, which triples they become, what is left out and says so. */
#include "acs_sample.h"
#include "edn.h"
#include "support.h"

#include <stdio.h>

#include "proto/coev.h"
#include "proto/corim_json.h"
#include "verifier/refs_files.h"

#define A	       "7: [1, h'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb']"
#define B	       "7: [1, h'3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d']"
#define SWID(id, rest) "505(<<{0: \"" id "\", 1: \"n\", 12: 0" rest "}>>)"
#define COMID(triples) "506(<<{1: {0: \"t\"}, 4: {6: [" triples "]}}>>)"
#define NAMES(ids)     "[" ENV ", [" ids "]]"
#define ONE_FILE       ", 6: {17: {24: \"f\", " A "}}"

/* 501({0: "c", 1: [@tags]}) */
static int parse_tags(const char *tags, struct corim **out, struct err *e)
{
	OWNED(buf) text = buf_new(4 * 1024 * 1024);
	u8 *copy;
	int rc;

	write_bytes(&text->w, bytes_text("501({0: \"c\", 1: ["));
	write_bytes(&text->w, bytes_text(tags));
	write_bytes(&text->w, bytes_text("]})"));
	write_u8(&text->w, 0);
	OWNED(buf) b = edn((const char *)text->w.at);
	copy = heap_copy(buf_bytes(b));
	rc = corim_parse((struct bytes){ copy, b->w.len }, out, e);
	free(copy);
	return rc;
}

static int parse_payload(const char *payload, struct corim **out, struct err *e)
{
	OWNED(buf) text = buf_new(4 * 1024 * 1024);

	write_bytes(&text->w, bytes_text(COMID(NAMES("\"s\"")) ", 505(<<{0: \"s\", 6: "));
	write_bytes(&text->w, bytes_text(payload));
	write_bytes(&text->w, bytes_text("}>>)"));
	write_u8(&text->w, 0);
	return parse_tags((const char *)text->w.at, out, e);
}

/* "/a=1ca97 b=0": each path, the algorithm of its digest and the digest's beginning */
static void list(const struct corim_files *f, char *out, size_t size)
{
	size_t used = 0;

	out[0] = 0;
	for (size_t i = 0; i < f->n && used < size; i++) {
		struct cbor c = cbor_on(corim_file_key(f, &f->at[i]), CBOR_STRICT);
		struct bytes path = cbor_text(&c, "path");

		assert_false(cbor_done(&c));
		used += (size_t)snprintf(out + used, size - used, "%s%.*s=%lld", i ? " " : "",
					 (int)path.len, (const char *)path.at, f->at[i].digest.alg);
	}
}

static void a_path_is_made_of_root_location_and_name(void **state)
{
	static const struct {
		const char *payload, *files;
	} rows[] = {
		{ "{17: {24: \"f\", " A "}}", "f=1" },
		{ "{17: {24: \"f\"}}", "f=0" },
		{ "{17: {24: \"f\", 7: [0, h'00']}}", "f=0" },
		{ "{17: {24: \"f\", 7: [2, h'00112233445566778899aabbccddeeff']}}", "f=2" },
		{ "{17: [{24: \"f\", " A "}, {24: \"g\", " B "}]}", "f=1 g=1" },
		{ "{17: {24: \"f\", 23: \"usr/bin\", " A "}}", "usr/bin/f=1" },
		{ "{17: {24: \"f\", 23: \"/usr/bin\", " A "}}", "/usr/bin/f=1" },
		{ "{17: {24: \"f\", 23: \"/\", " A "}}", "/f=1" },
		{ "{17: {24: \"f\", 23: \"/usr//./bin/\", " A "}}", "/usr/bin/f=1" },
		{ "{17: {24: \"f\", 23: \"../bin\", " A "}}", "../bin/f=1" },
		{ "{17: {25: \"/\", 23: \"usr/bin\", 24: \"f\", " A "}}", "/usr/bin/f=1" },
		{ "{17: {25: \"/\", 23: \"/usr/bin\", 24: \"f\", " A "}}", "/usr/bin/f=1" },
		{ "{17: {25: \"/\", 24: \"f\", " A "}}", "/f=1" },
		{ "{17: {25: \"%programdata%\", 24: \"f\", " A "}}", "%programdata%/f=1" },
		{ "{16: {24: \"d\", 26: {17: {24: \"f\", " A "}}}}", "d/f=1" },
		/* what is in a directory may stand before its name */
		{ "{16: {26: {17: {24: \"f\", " A "}}, 25: \"/\", 23: \"usr\", 24: \"d\"}}",
		  "/usr/d/f=1" },
		{ "{16: {25: \"/\", 24: \"d\", 26: {16: [{24: \"e\", 26: {17: {24: \"f\", 23: "
		  "\"g/h\", " A "}}}, {24: \"i\"}], 17: {24: \"j\"}}}}",
		  "/d/e/g/h/f=1 /d/j=0" },
		/* a root of its own, and what follows is where it was again */
		{ "{16: {25: \"/\", 24: \"d\", 26: {17: [{25: \"/r\", 24: \"f\"}, {24: \"g\"}]}}}",
		  "/r/f=0 /d/g=0" },
		{ "{17: {24: \"f\", 20: 7, 21: \"1.0\", 22: true, 99: 1, \"x\": [\"y\"], -1: 2}, "
		  "15: \"en\"}",
		  "f=0" },
		{ "{18: {27: \"p\"}, 19: [{29: \"t\"}, {29: \"u\"}], 17: {24: \"f\"}}", "f=0" },
		{ "{}", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(corim) c = NULL;
		struct err e = { 0 };
		char files[400];

		assert_ok(parse_payload(rows[i].payload, &c, &e), &e);
		list(&c->tags[1].files, files, sizeof(files));
		if (strcmp(files, rows[i].files))
			fail_msg("%s:\n  \"%s\", not \"%s\"", rows[i].payload, files,
				 rows[i].files);
	}
}

static void a_fault_in_a_payload_is_named_by_its_path(void **state)
{
	static const struct {
		const char *payload, *path;
	} rows[] = {
		{ "[]", "tags[1].payload: files and directories" },
		{ "{17: []}", "tags[1].payload: file" },
		{ "{17: 5}", "tags[1].payload.file: file" },
		{ "{17: {7: [1, h'00']}}", "payload.file: hash is not as long" },
		{ "{17: {24: \"f\", 7: [1]}}", "payload.file: hash is not algorithm and value" },
		{ "{17: {24: \"f\", 7: [-1, h'00']}}", "payload.file: hash" },
		{ "{17: {24: \"f\", 7: [5, h'']}}", "payload.file: hash" },
		{ "{17: {24: \"f\", 7: [\"sha-256\", h'00']}}", "payload.file: hash algorithm" },
		{ "{17: {24: \"f\", 20: -1}}", "payload.file: size" },
		{ "{17: {24: \"f\", 20: 1, 20: 2}}",
		  "tags[1]: its content: CBOR at byte 16: map key twice, in 6.17.20" },
		{ "{17: {24: h'66'}}", "payload.file: fs-name" },
		{ "{17: [{24: \"f\"}, {23: \"usr\"}]}", "payload.file[1]: fs-name is missing" },
		{ "{17: {24: \"\"}}", "payload.file: fs-name is not a name" },
		{ "{17: {24: \"..\"}}", "payload.file: fs-name is not a name" },
		{ "{17: {24: \"a/b\"}}", "payload.file: fs-name is not a name" },
		{ "{17: {24: \"f\", 26: {}}}", "payload.file: a file with path-elements" },
		{ "{17: {24: \"f\", 23: \"/usr/../etc\"}}", "payload.file: location leads up" },
		{ "{16: {25: \"/\", 24: \"d\", 26: {17: {24: \"f\", 23: \"..\"}}}}",
		  "payload.directory.file: location leads up" },
		{ "{16: [{24: \"d\"}, {26: {}}]}", "payload.directory[1]: fs-name is missing" },
		{ "{16: {24: \"d\", 26: []}}", "payload.directory: files and directories" },
		{ "{16: {24: \"d\", 26: {17: [{24: \"f\"}, {}]}}}",
		  "payload.directory.file[1]: fs-name is missing" },
		{ "{18: 5}", "payload.process: not a map" },
		{ "{19: [5]}", "payload.resource[0]: not a map" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(corim) c = NULL;
		struct err e = { 0 };

		if (!parse_payload(rows[i].payload, &c, &e))
			fail_msg("accepted: %s", rows[i].payload);
		if (!strstr(e.text, rows[i].path))
			fail_msg("%s:\n  said \"%s\"\n  expected \"%s\"", rows[i].payload, e.text,
				 rows[i].path);
	}
}

static void nul_bytes_in_a_path_are_refused(void **state)
{
	OWNED(buf) b = edn("501({0: \"c\", 1: [505(<<{0: \"s\", 6: {17: {24: \"f@g\"}}}>>)]})");
	OWNED(corim) c = NULL;
	struct err e = { 0 };
	u8 *at = memchr(b->w.at, '@', b->w.len);

	(void)state;
	*at = 0;
	assert_int_equal(corim_parse(buf_bytes(b), &c, &e), E_FORMAT);
	assert_non_null(strstr(e.text, "tags[0].payload.file: path with a NUL"));
}

/* ---- limits ---- */
static void nest(struct writer *w, int depth)
{
	write_bytes(w, bytes_text("{"));
	for (int i = 0; i < depth; i++)
		write_bytes(w, bytes_text("16: {24: \"d\", 26: {"));
	write_bytes(w, bytes_text("17: {24: \"f\"}"));
	for (int i = 0; i < depth; i++)
		write_bytes(w, bytes_text("}}"));
	write_bytes(w, bytes_text("}"));
	write_u8(w, 0);
}

static void depth_is_bounded(void **state)
{
	(void)state;
	for (int depth = 1; depth < 16; depth++) {
		OWNED(buf) text = buf_new(65536);
		OWNED(corim) c = NULL;
		struct err e = { 0 };
		int rc;

		nest(&text->w, depth);
		rc = parse_payload((const char *)text->w.at, &c, &e);
		/* a map and its members are two levels of CBOR each, of which there are as many as limits.h has */
		if (rc != (depth > 10 ? E_LIMIT : 0))
			fail_msg("%d directories: %s", depth, rc ? e.text : "accepted");
	}
}

static struct buf *long_path(size_t len)
{
	struct buf *text = buf_new(65536);

	write_bytes(&text->w, bytes_text("{17: {24: \""));
	for (size_t i = 0; i < len; i++)
		write_u8(&text->w, 'a');
	write_bytes(&text->w, bytes_text("\"}}"));
	write_u8(&text->w, 0);
	return text;
}

static void a_path_has_at_most_4096_bytes(void **state)
{
	(void)state;
	for (size_t over = 0; over < 2; over++) {
		OWNED(buf) text = long_path(COSWID_PATH_MAX + over);
		OWNED(corim) c = NULL;
		struct err e = { 0 };
		int rc = parse_payload((const char *)text->w.at, &c, &e);

		assert_int_equal(rc, over ? E_LIMIT : 0);
		assert_true(!over || strstr(e.text, "payload.file: path is too long"));
	}
}

/* @n files in directory @dir, each of three bytes */
static struct buf *many_files(size_t n, size_t dir)
{
	OWNED(buf) inner = buf_new(CORIM_MAX);
	struct buf *out = buf_new(CORIM_MAX);
	u8 *name = malloc(dir);

	cbor_put_map(&inner->w, 2);
	cbor_put_uint(&inner->w, 0);
	cbor_put_text(&inner->w, bytes_text("s"));
	cbor_put_uint(&inner->w, 6);
	cbor_put_map(&inner->w, 1);
	cbor_put_uint(&inner->w, 16);
	cbor_put_map(&inner->w, 2);
	cbor_put_uint(&inner->w, 24);
	memset(name, 'd', dir);
	cbor_put_text(&inner->w, (struct bytes){ name, dir });
	free(name);
	cbor_put_uint(&inner->w, 26);
	cbor_put_map(&inner->w, 1);
	cbor_put_uint(&inner->w, 17);
	cbor_put_array(&inner->w, n);
	for (size_t i = 0; i < n; i++) {
		cbor_put_map(&inner->w, 1);
		cbor_put_uint(&inner->w, 24);
		cbor_put_text(&inner->w, bytes_text("f"));
	}
	cbor_put_tag(&out->w, 501);
	cbor_put_map(&out->w, 2);
	cbor_put_uint(&out->w, 0);
	cbor_put_text(&out->w, bytes_text("c"));
	cbor_put_uint(&out->w, 1);
	cbor_put_array(&out->w, 1);
	cbor_put_tag(&out->w, 505);
	cbor_put_bytes(&out->w, buf_bytes(inner));
	assert_false(out->w.full);
	return out;
}

static void files_and_what_their_paths_take_are_bounded(void **state)
{
	static const struct {
		size_t n, dir;
		const char *why; /* NULL: accepted */
	} rows[] = {
		{ COSWID_FILES_MAX, 1, NULL },
		{ COSWID_FILES_MAX + 1, 1, "directory.file[65536]: too many files" },
		{ 2000, 4000, NULL },
		{ 2200, 4000, "too many paths" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = many_files(rows[i].n, rows[i].dir);
		OWNED(corim) c = NULL;
		struct err e = { 0 };
		int rc = corim_parse(buf_bytes(b), &c, &e);

		if (rc != (rows[i].why ? E_LIMIT : 0) || (rc && !strstr(e.text, rows[i].why)))
			fail_msg("%zu files: %s", rows[i].n, rc ? e.text : "accepted");
		if (!rc)
			assert_int_equal(c->tags[0].files.n, rows[i].n);
	}
}

/* Many triples may name one CoSWID: their files are counted each time. */
static void triples_that_repeat_files_are_bounded(void **state)
{
	static const size_t rows[] = { 3276, 3277 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) text = buf_new(CORIM_MAX);
		OWNED(corim) c = NULL;
		struct err e = { 0 };
		int rc;

		write_bytes(&text->w, bytes_text("506(<<{1: {0: \"t\"}, 4: {6: ["));
		for (size_t k = 0; k < rows[i]; k++)
			write_bytes(&text->w, bytes_text(k ? ", " NAMES("\"s\"") : NAMES("\"s\"")));
		write_bytes(&text->w, bytes_text("]}}>>), 505(<<{0: \"s\", 6: {17: ["));
		for (int k = 0; k < 20; k++)
			write_bytes(&text->w,
				    bytes_text(k ? ", {24: \"f\", " A "}" : "{24: \"f\", " A "}"));
		write_bytes(&text->w, bytes_text("]}}>>)"));
		write_u8(&text->w, 0);
		rc = parse_tags((const char *)text->w.at, &c, &e);
		if (rc != (i ? E_LIMIT : 0) || (rc && !strstr(e.text, "tags[0].triples.6[3276]")))
			fail_msg("%zu triples: %s", rows[i], rc ? e.text : "accepted");
	}
}

/* ---- triples ---- */
static void a_triple_names_tags_of_its_corim_or_is_left_out_and_says_so(void **state)
{
	static const struct {
		const char *tags;
		size_t n;	      /* files of the one triple that is made; 0: none is */
		const char *left_out; /* "": it counts */
	} rows[] = {
		{ COMID(NAMES("\"s\"")) ", " SWID("s", ONE_FILE), 1, "" },
		{ SWID("s", ONE_FILE) ", " COMID(NAMES("\"s\"")), 1,
		  "" }, /* the order is no matter */
		{ COMID(NAMES("\"s\", \"u\"")) ", " SWID("s", ONE_FILE) ", " SWID("u", ONE_FILE), 2,
		  "" },
		{ COMID(NAMES("h'00112233445566778899aabbccddeeff'")) ", 505(<<{0: "
								      "h'"
								      "00112233445566778899aabbccdd"
								      "eeff'" ONE_FILE "}>>)",
		  1, "" },
		{ COMID(NAMES("\"s\"")), 0, "tag s is in no CoSWID of this CoRIM" },
		{ COMID(NAMES("\"s\", \"u\"")) ", " SWID("s", ONE_FILE), 0,
		  "tag u is in no CoSWID of this CoRIM" },
		{ COMID(NAMES("\"t\"")), 0, "tag t is in no CoSWID of this CoRIM" }, /* a CoMID */
		{ COMID(NAMES("\"s\"")) ", " SWID("s", ", 8: true" ONE_FILE), 0,
		  "tag s is a corpus" },
		{ COMID(NAMES("\"s\"")) ", " SWID("s", ", 9: true" ONE_FILE), 0,
		  "tag s is a patch" },
		{ COMID(NAMES("\"s\"")) ", " SWID("s", ", 11: true" ONE_FILE), 0,
		  "tag s is supplemental" },
		{ COMID(NAMES("\"s\"")) ", " SWID("s", ", 8: true, 9: true" ONE_FILE), 0,
		  "tag s is a corpus" },
		{ COMID(NAMES("\"s\"")) ", " SWID("s", ", 8: false, 9: false, 11: false" ONE_FILE),
		  1, "" },
		{ COMID(NAMES("\"s\"")) ", " SWID("s", ""), 0, "tag s has no payload" },
		{ COMID(NAMES("\"s\"")) ", " SWID("s", ", 3: {17: {24: \"f\", " A "}}"), 0,
		  "tag s has no payload" },
		{ COMID(NAMES("\"s\"")) ", " SWID("s", ", 6: {17: {24: \"f\"}}"), 0,
		  "no file with a hash is named" },
		{ COMID(NAMES("\"s\"")) ", " SWID("s",
						  ", 6: {17: [{24: \"f\"}, {24: \"g\", " A "}]}"),
		  1, "" },
		/* of one id the newest counts; twice the same version leaves it open which one */
		{ COMID(NAMES("\"s\"")) ", " SWID(
			  "s", ONE_FILE) ", 505(<<{0: \"s\", 12: 1, 6: {17: [{24: \"f\", " A
					 "}, {24: \"g\", " B "}]}}>>)",
		  2, "" },
		{ COMID(NAMES("\"s\"")) ", " SWID("s", ONE_FILE) ", " SWID("s", ONE_FILE), 0,
		  "tag s is here twice in one version" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(corim) c = NULL;
		struct err e = { 0 };

		assert_ok(parse_tags(rows[i].tags, &c, &e), &e);
		assert_int_equal(c->n_software, 1);
		if (!strstr(c->software[0].left_out, rows[i].left_out) ||
		    !c->software[0].left_out[0] != !rows[i].left_out[0])
			fail_msg("%s:\n  \"%s\"", rows[i].tags, c->software[0].left_out);
		assert_int_equal(c->n_made, rows[i].n > 0);
		assert_int_equal(c->n_references, c->n_made);
		assert_int_equal(corim_triples(c), 1);
		if (!rows[i].n)
			continue;
		assert_int_equal(c->references[0].n, rows[i].n);
		assert_ptr_equal(c->references[0].software, &c->software[0]);
		assert_bytes_equal(c->references[0].env.model, bytes_text("m"));
	}
}

static void a_tag_that_contradicts_itself_is_refused(void **state)
{
	static const struct {
		const char *tags, *why;
	} rows[] = {
		{ SWID("s", ", 9: true, 11: true"), "tags[0]: concise-swid-tag is patch and" },
		{ SWID("s", ", 3: {}, 6: {}"), "tags[0]: concise-swid-tag with payload and" },
		{ SWID("s", ", 8: 1"), "tags[0]: corpus, patch or supplemental" },
		{ COMID(NAMES("\"s\", \"s\"")) ", " SWID("s", ONE_FILE),
		  "tags[0].triples.6[0]: tag-ids: one of them twice" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(corim) c = NULL;
		struct err e = { 0 };

		if (!parse_tags(rows[i].tags, &c, &e) || !strstr(e.text, rows[i].why))
			fail_msg("%s: %s", rows[i].tags, e.text);
	}
}

static void what_counts_for_nothing_is_told(void **state)
{
	OWNED(corim) c = NULL;
	struct err e = { 0 };
	json_t *notes, *triples;

	(void)state;
	assert_ok(parse_tags(COMID(NAMES("\"s\"") ", " NAMES("\"x\"")) ", " SWID(
				     "s", ", 6: {17: [{24: \"f\"}, {24: \"g\", " A
					  "}], 18: {27: \"p\"}}") ", " SWID("u", ONE_FILE),
			     &c, &e),
		  &e);
	notes = corim_notes_json(c);
	triples = corim_triples_json(c);
	assert_int_equal(json_array_size(notes), 3);
	assert_string_equal(json_string_value(json_array_get(notes, 0)),
			    "coswid-triple 1 is left out: tag x is in no CoSWID of this CoRIM");
	assert_string_equal(json_string_value(json_array_get(notes, 1)),
			    "CoSWID s: 1 files without a hash, 1 processes and resources count for "
			    "nothing");
	assert_string_equal(json_string_value(json_array_get(notes, 2)),
			    "CoSWID u: no coswid-triple names it, so that it counts for nothing");
	assert_int_equal(json_array_size(triples), 2); /* what is made is shown where it was said */
	assert_int_equal(json_array_size(json_object_get(json_array_get(triples, 0), "elements")),
			 1);
	assert_non_null(json_object_get(json_array_get(triples, 1), "left_out"));
	json_decref(notes);
	json_decref(triples);
}

static void a_digest_that_nothing_can_match_is_told(void **state)
{
	/* sha-256 of three bytes, a truncated one as it should be, an algorithm that is not known here */
	static const char tags[] =
		"506(<<{1: {0: \"t\"}, 4: {0: [[" ENV ", [{1: {2: [[1, h'010203']]}}]], [" ENV
		", [{1: {2: [[6, h'01020304'], [99, h'01']]}}]]]}}>>)";
	OWNED(corim) c = NULL;
	struct err e = { 0 };
	json_t *notes;

	(void)state;
	assert_ok(parse_tags(tags, &c, &e), &e);
	notes = corim_notes_json(c);
	assert_int_equal(json_array_size(notes), 1);
	assert_string_equal(
		json_string_value(json_array_get(notes, 0)),
		"reference-triple 0, measurement 0: a digest of 3 bytes where its algorithm "
		"(1) has 32: nothing ever matches it");
	json_decref(notes);
}

/* ---- what is made of it ---- */
static struct refs *refs_of_tags(const char *tags, struct refs_options o)
{
	struct refs *refs = refs_new_with(o);
	struct corim *c = NULL;
	struct err e = { 0 };

	assert_ok(parse_tags(tags, &c, &e), &e);
	assert_ok(refs_add(refs, c, &e), &e);
	assert_ok(refs_ready(refs, &e), &e);
	return refs;
}

static void the_files_of_an_environment_are_one_state(void **state)
{
	OWNED(refs)
	refs = refs_of_tags(COMID(NAMES("\"s\"")) ", " SWID("s", ", 6: {17: [{24: \"f\", " A
								 "}, {24: \"g\", " B "}]}"),
			    (struct refs_options){ 0 });
	const struct corim_env host = { .model = bytes_text("m") };
	struct ref found[2];

	(void)state;
	assert_int_equal(refs_find(refs, &host, found, 2), 1);
	assert_int_equal(found[0].triple->n, 2);
	OWNED(buf) key = edn("\"g\"");
	assert_true(corim_mkey_same(found[0].triple->elements[1].mkey, buf_bytes(key)));
	assert_int_equal(found[0].triple->elements[1].mval.digests[0].alg, 1);
}

/* With lists required, the CoMID and each CoSWID that it names have to be on one. */
static void a_coswid_counts_while_a_cotl_lists_it(void **state)
{
#define LIST(tags) ", 508(<<{0: {0: \"l\"}, 1: [" tags "], 2: {1: 1(1900000000)}}>>)"
#define BOTH	   COMID(NAMES("\"s\"")) ", " SWID("s", ONE_FILE)
	static const struct {
		const char *tags;
		bool listed;
	} rows[] = {
		{ BOTH, false },
		{ BOTH LIST("{0: \"t\"}"), false },
		{ BOTH LIST("{0: \"s\"}"), false },
		{ BOTH LIST("{0: \"t\"}, {0: \"s\", 1: 1}"), false },
		{ BOTH LIST("{0: \"t\"}, {0: \"s\"}"), true },
	};
	const struct corim_env host = { .model = bytes_text("m") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(refs)
		refs = refs_of_tags(rows[i].tags, (struct refs_options){ .cotl_required = true });
		const struct authority *by;
		struct ref found;

		assert_int_equal(refs_find(refs, &host, &found, 1), rows[i].listed);
		assert_int_equal(refs_vouches(refs, refs_corim(refs, 0, &by)->digest.at, 0, NOW),
				 rows[i].listed);
	}
}

/* ---- evidence ---- */
static void software_in_concise_evidence_becomes_evidence(void **state)
{
	static const struct {
		const char *triples, *elements, *why;
	} rows[] = {
		{ "[" ENV ", [{1: {17: {24: \"f\", " A "}}}]]", "f=1", NULL },
		{ "[" ENV ", [{0: \"s\", 1: {17: {24: \"f\"}}, 2: [557([1, h'aa'])]}]]", "f=0",
		  NULL },
		{ "[" ENV ", [{1: {17: {24: \"f\"}}}, {1: {17: {24: \"g\", " A "}}}]]", "f=0 g=1",
		  NULL },
		/* the place of the tag is where what it tells of begins */
		{ "[" ENV ", [{1: {17: {24: \"f\", 23: \"bin\"}, 23: \"/opt/x\", 35: 1(5)}}]]",
		  "/opt/x/bin/f=0", NULL },
		{ "[" ENV ", [{1: {17: {}}}]]", "",
		  "ev-triples.4[0].evidence[0].file: fs-name is missing" },
		{ "[" ENV ", [{0: \"s\"}]]", "", "ev-triples.4[0].evidence[0]: no evidence in it" },
		{ "[" ENV ", [{1: {}, 3: 1}]]", "", "evidence[0]: evidence: unknown key" },
		{ "[" ENV ", [{1: {}, 2: []}]]", "", "evidence[0].authorized-by: no key" },
		{ "[" ENV ", [{1: {23: 5}}]]", "", "evidence[0]: location" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(coev) c = NULL;
		struct err e = { 0 };
		char text[600], files[200];
		int rc;

		snprintf(text, sizeof(text), "571({0: {4: [%s]}})", rows[i].triples);
		OWNED(buf) b = edn(text);
		rc = coev_parse(buf_bytes(b), &c, &e);
		if (!rc != !rows[i].why || (rc && !strstr(e.text, rows[i].why)))
			fail_msg("%s: %s", rows[i].triples, rc ? e.text : "accepted");
		if (rc)
			continue;
		list(&c->at[0]->software[0].evidence, files, sizeof(files));
		assert_string_equal(files, rows[i].elements);
		assert_int_equal(c->at[0]->n_references, 1);
		assert_int_equal(c->at[0]->references[0].n, c->at[0]->software[0].evidence.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_made_of_root_location_and_name),
		cmocka_unit_test(a_fault_in_a_payload_is_named_by_its_path),
		cmocka_unit_test(nul_bytes_in_a_path_are_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(a_path_has_at_most_4096_bytes),
		cmocka_unit_test(files_and_what_their_paths_take_are_bounded),
		cmocka_unit_test(triples_that_repeat_files_are_bounded),
		cmocka_unit_test(a_triple_names_tags_of_its_corim_or_is_left_out_and_says_so),
		cmocka_unit_test(a_tag_that_contradicts_itself_is_refused),
		cmocka_unit_test(what_counts_for_nothing_is_told),
		cmocka_unit_test(a_digest_that_nothing_can_match_is_told),
		cmocka_unit_test(the_files_of_an_environment_are_one_state),
		cmocka_unit_test(a_coswid_counts_while_a_cotl_lists_it),
		cmocka_unit_test(software_in_concise_evidence_becomes_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
