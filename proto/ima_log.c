// SPDX-License-Identifier: Apache-2.0
#include "ima_log.h"

#include "common/reader.h"
#include "common/text.h"
#include "common/writer.h"

enum {
	SHA1_LEN = 20,
	OLD_NAME_ROOM = 256, /* the name's room in what template ima hashes */
	LINES_MAX = 4,	     /* a path with more line ends than three is not found */
};

void ima_cursor_on(struct ima_cursor *c, struct bytes list, enum ima_form form)
{
	c->form = form;
	c->r = reader_on(list);
	c->n = 0;
}

static bool is(struct bytes b, const char *text)
{
	return bytes_equal(b, bytes_text(text));
}

static bool all_zero(struct bytes b)
{
	u8 any = 0;

	for (size_t i = 0; i < b.len; i++)
		any |= b.at[i];
	return !any;
}

static bool sha1_is(struct bytes data, struct bytes want)
{
	struct digest d = digest_of(DIGEST_SHA1, &data, 1);

	return digest_equals(&d, want);
}

/* ---- what the fields of the newer templates hold ---- */
/* Digest and path, and what follows: "sig" is the first of @more, or what was measured instead of a file. */
struct fields {
	const char *name;
	bool typed; /* "ima:sha256:" or "verity:sha256:" where others have "sha256:" */
	bool buffer;
	u8 more;
	bool ascii; /* its ASCII form can be hashed again */
};
static const struct fields templates[] = {
	{ .name = "ima-ng", .ascii = true },
	{ .name = "ima-sig", .more = 1, .ascii = true },
	{ .name = "ima-buf", .buffer = true, .more = 1, .ascii = true },
	{ .name = "ima-modsig", .more = 3 },
	{ .name = "ima-ngv2", .typed = true, .ascii = true },
	{ .name = "ima-sigv2", .typed = true, .more = 1, .ascii = true },
};

static const struct fields *fields_of(struct bytes template_name)
{
	for (size_t i = 0; i < ARRAY_LEN(templates); i++)
		if (is(template_name, templates[i].name))
			return &templates[i];
	return NULL;
}

/* "verity:" or "ima:" goes, and which it was is kept. */
static bool take_type(struct bytes *field, struct ima_entry *out)
{
	static const char *const types[] = { "ima:", "verity:" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		size_t n = strlen(types[i]);

		if (field->len < n || memcmp(field->at, types[i], n))
			continue;
		*field = bytes_slice(*field, n, field->len - n);
		out->verity = i == 1;
		return true;
	}
	return false;
}

/* "sha256:" NUL digest */
static void take_digest(struct bytes field, struct ima_entry *out)
{
	static const struct {
		const char *name;
		enum digest_alg alg;
	} algs[] = { { "sha1", DIGEST_SHA1 },
		     { "sha256", DIGEST_SHA256 },
		     { "sha384", DIGEST_SHA384 },
		     { "sha512", DIGEST_SHA512 } };
	const u8 *colon = field.len ? memchr(field.at, ':', field.len) : NULL;
	size_t name_len = colon ? (size_t)(colon - field.at) : 0;

	if (!colon || name_len + 2 > field.len || colon[1])
		return;
	out->digest = bytes_slice(field, name_len + 2, field.len - name_len - 2);
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (is((struct bytes){ field.at, name_len }, algs[i].name) &&
		    out->digest.len == digest_len(algs[i].alg))
			out->alg = algs[i].alg;
}

static void take_fields(struct ima_entry *out, struct reader *r)
{
	const struct fields *f = fields_of(out->template_name);
	struct reader in = reader_on(out->data);
	struct bytes digest, path;

	if (!f)
		return;
	digest = read_bytes(&in, read_le32(&in, "digest length"), "digest");
	if (!f->typed || take_type(&digest, out))
		take_digest(digest, out);
	path = read_bytes(&in, read_le32(&in, "path length"), "path");
	for (int i = 0; i < f->more; i++) {
		const char *name = f->buffer ? "buffer" : i ? "appended signature" : "signature";
		struct bytes field = read_bytes(&in, read_le32(&in, name), name);

		if (i == 0)
			*(f->buffer ? &out->buffer : &out->signature) = field;
	}
	if (read_done(&in) || !path.len || path.at[path.len - 1]) {
		reader_fail(r, in.why ? in.why : "path does not end with NUL");
		return;
	}
	out->path = (struct bytes){ path.at, path.len - 1 };
}

/* ---- the binary form ---- */
/* Template ima has no length before its data, and hashes its name in a room of 256. */
static void take_old(struct ima_cursor *c, struct ima_entry *out)
{
	struct bytes digest = read_bytes(&c->r, SHA1_LEN, "digest");
	struct bytes path = read_bytes(&c->r, read_le32(&c->r, "path length"), "path");
	struct writer w = writer_on(c->scratch, sizeof(c->scratch));

	if (!c->r.why && path.len >= OLD_NAME_ROOM)
		reader_fail(&c->r, "path of template ima is too long");
	if (c->r.why)
		return;
	write_bytes(&w, digest);
	write_bytes(&w, path);
	for (size_t i = path.len; i < OLD_NAME_ROOM; i++)
		write_u8(&w, 0);
	out->data = write_done(&w);
	out->alg = DIGEST_SHA1;
	out->digest = digest;
	out->path = path;
}

static void next_binary(struct ima_cursor *c, struct ima_entry *out)
{
	struct reader *r = &c->r;
	u32 len;

	out->pcr = read_le32(r, "PCR");
	out->template_hash = read_bytes(r, SHA1_LEN, "template hash");
	len = read_le32(r, "template name length");
	if (!r->why && (len == 0 || len > IMA_NAME_MAX))
		reader_fail(r, "template name length");
	out->template_name = read_bytes(r, len, "template name");
	if (is(out->template_name, "ima")) {
		take_old(c, out);
		return;
	}
	len = read_le32(r, "template data length");
	if (!r->why && len > IMA_DATA_MAX)
		reader_fail(r, "template data length");
	out->data = read_bytes(r, len, "template data");
	if (!r->why)
		take_fields(out, r);
}

int ima_entry_len(struct bytes list, size_t *len, struct err *e)
{
	struct reader r = reader_on(list);
	struct bytes name;
	u32 n;

	read_bytes(&r, 4 + SHA1_LEN, "PCR and template hash");
	n = read_le32(&r, "template name length");
	if (!r.why && (n == 0 || n > IMA_NAME_MAX))
		goto malformed;
	name = read_bytes(&r, n, "template name");
	if (is(name, "ima"))
		read_bytes(&r, SHA1_LEN, "digest");
	n = read_le32(&r, "template data length");
	if (!r.why && n > IMA_DATA_MAX)
		goto malformed;
	read_bytes(&r, n, "template data");
	*len = r.offset;
	return r.why ? 0 : 1;
malformed:
	err_set(e, E_FORMAT, "IMA list: a length of %u", n);
	return -1;
}

/* ---- the ASCII form ---- */
static struct bytes take_word(struct reader *r, const char *field)
{
	const u8 *space = r->left.len ? memchr(r->left.at, ' ', r->left.len) : NULL;
	struct bytes word = { r->left.at, space ? (size_t)(space - r->left.at) : 0 };

	if (!space || !word.len || word.len > 200) {
		reader_fail(r, field);
		return BYTES_NONE;
	}
	read_bytes(r, word.len + 1, field);
	return word;
}

static size_t unhex(struct bytes hex, u8 *out, size_t room)
{
	char text[2 * 2048 + 1];

	if (!hex.len || hex.len % 2 || hex.len / 2 > room || hex.len >= sizeof(text))
		return 0;
	memcpy(text, hex.at, hex.len);
	text[hex.len] = 0;
	return hex_read(text, out, hex.len / 2) ? hex.len / 2 : 0;
}

/* What stands between the spaces of a line, and one way to divide its end. */
struct line {
	struct bytes alg, digest, path, signature;
};

static void write_field(struct writer *w, struct bytes a, struct bytes b)
{
	write_le32(w, (u32)(a.len + b.len));
	write_bytes(w, a);
	write_bytes(w, b);
}

/* The template data, as the kernel hashed it. */
static struct bytes write_data(struct ima_cursor *c, const struct ima_entry *out,
			       const struct line *l)
{
	struct writer w = writer_on(c->scratch, sizeof(c->scratch));
	static const u8 nul[1] = { 0 };

	if (is(out->template_name, "ima")) {
		write_bytes(&w, l->digest);
		write_bytes(&w, l->path);
		for (size_t i = l->path.len; i < OLD_NAME_ROOM; i++)
			write_u8(&w, 0);
		return l->path.len < OLD_NAME_ROOM ? write_done(&w) : BYTES_NONE;
	}
	write_le32(&w, (u32)(l->alg.len + 2 + l->digest.len));
	write_bytes(&w, l->alg);
	write_u8(&w, ':');
	write_u8(&w, 0);
	write_bytes(&w, l->digest);
	write_field(&w, l->path, (struct bytes){ nul, 1 });
	if (fields_of(out->template_name)->more)
		write_field(&w, l->signature, BYTES_NONE);
	return write_done(&w);
}

static bool reading_fits(struct ima_cursor *c, struct ima_entry *out, const struct line *l)
{
	struct bytes data = write_data(c, out, l);

	if (!data.len || (!out->violation && !sha1_is(data, out->template_hash)))
		return false;
	out->data = data;
	return true;
}

/* @rest: from the path to the line's end, as this reading has it. */
static bool divide(struct ima_cursor *c, struct ima_entry *out, struct line *l, struct bytes rest,
		   u8 *sig, size_t sig_room)
{
	size_t at = rest.len, n;

	l->path = rest;
	l->signature = BYTES_NONE;
	if (reading_fits(c, out, l))
		return true;
	if (is(out->template_name, "ima") || !fields_of(out->template_name)->more || !rest.len)
		return false;
	/* no signature: its field is empty, but the space before it is there */
	l->path = (struct bytes){ rest.at, rest.len - 1 };
	if (rest.at[rest.len - 1] == ' ')
		return reading_fits(c, out, l);
	while (at > 0 && rest.at[at - 1] != ' ')
		at--;
	n = at ? unhex(bytes_slice(rest, at, rest.len - at), sig, sig_room) : 0;
	if (!n)
		return false;
	l->path = (struct bytes){ rest.at, at - 1 };
	l->signature = (struct bytes){ sig, n };
	return reading_fits(c, out, l);
}

static void take_text_digest(struct reader *r, const struct ima_entry *out, struct line *l,
			     u8 room[DIGEST_MAX])
{
	struct bytes word = take_word(r, "digest");
	const u8 *colon = word.len ? memrchr(word.at, ':', word.len) : NULL;

	if (!is(out->template_name, "ima")) {
		if (!colon) {
			reader_fail(r, "digest without its algorithm");
			return;
		}
		l->alg = (struct bytes){ word.at, (size_t)(colon - word.at) };
		word = bytes_slice(word, l->alg.len + 1, word.len - l->alg.len - 1);
	}
	l->digest = (struct bytes){ room, unhex(word, room, DIGEST_MAX) };
	if (!l->digest.len)
		reader_fail(r, "digest");
}

static void next_ascii(struct ima_cursor *c, struct ima_entry *out, u8 hash[SHA1_LEN],
		       u8 digest[DIGEST_MAX], u8 *sig, size_t sig_room)
{
	struct reader *r = &c->r;
	struct bytes word = take_word(r, "PCR");
	const struct fields *f;
	struct line l = { 0 };
	size_t end = 0;

	for (size_t i = 0; i < word.len && i < 3; i++) {
		if (word.at[i] < '0' || word.at[i] > '9')
			reader_fail(r, "PCR");
		out->pcr = out->pcr * 10 + word.at[i] - '0';
	}
	word = take_word(r, "template hash");
	if (!r->why && unhex(word, hash, SHA1_LEN) != SHA1_LEN)
		reader_fail(r, "template hash");
	out->template_hash = (struct bytes){ hash, SHA1_LEN };
	out->violation = all_zero(out->template_hash);
	out->template_name = take_word(r, "template name");
	f = fields_of(out->template_name);
	if (!r->why && !is(out->template_name, "ima") && (!f || !f->ascii))
		reader_fail(r, "template is one whose ASCII form cannot be hashed again");
	take_text_digest(r, out, &l, digest);
	for (int lines = 0; lines < LINES_MAX && !r->why && end < r->left.len; lines++) {
		const u8 *nl = memchr(r->left.at + end, '\n', r->left.len - end);
		size_t stop = nl ? (size_t)(nl - r->left.at) : r->left.len;
		struct bytes rest = { r->left.at, stop };

		if (rest.len <= IMA_PATH_MAX + 2 * sig_room &&
		    divide(c, out, &l, rest, sig, sig_room)) {
			read_bytes(r, nl ? stop + 1 : stop, "line");
			/* what was found stands in the data, in the binary form */
			if (is(out->template_name, "ima")) {
				out->alg = DIGEST_SHA1;
				out->digest = bytes_slice(out->data, 0, SHA1_LEN);
				out->path = bytes_slice(out->data, SHA1_LEN, l.path.len);
			} else {
				take_fields(out, r);
			}
			return;
		}
		end = stop + 1;
	}
	reader_fail(r, "template hash is not that of the line");
}

int ima_next(struct ima_cursor *c, struct ima_entry *out, struct err *e)
{
	static _Thread_local u8 hash[SHA1_LEN], digest[DIGEST_MAX], sig[IMA_SIG_MAX];
	struct bytes from = c->r.left;

	*out = (struct ima_entry){ 0 };
	if (!c->r.left.len && !c->r.why)
		return 0;
	if (c->form == IMA_BINARY) {
		next_binary(c, out);
		out->violation = !c->r.why && all_zero(out->template_hash);
	} else {
		next_ascii(c, out, hash, digest, sig, sizeof(sig));
	}
	if (!c->r.why && out->pcr >= 24)
		reader_fail(&c->r, "PCR");
	/*
	 * The kernel writes none. A template's name is extended nowhere: data of "ima-ng" that are read as those of
	 * "ima" would have a path that begins elsewhere, and a path in "ima" could take zeros of the room behind it.
	 */
	if (!c->r.why && out->path.len && memchr(out->path.at, 0, out->path.len))
		reader_fail(&c->r, "path has a NUL in it");
	if (c->r.why) {
		bool ends = c->form == IMA_BINARY ? c->r.cut
						  : from.len && !memchr(from.at, '\n', from.len);

		err_set(e, E_FORMAT,
			ends ? "IMA list: the list ends inside entry %zu: %s"
			     : "IMA list: entry %zu: %s",
			c->n, c->r.why);
		return -1;
	}
	c->n++;
	return 1;
}

bool ima_list_form(struct bytes b, enum ima_form *form)
{
	struct reader r = reader_on(b);
	struct bytes name, hash;
	bool binary = read_le32(&r, "PCR") < 24, digits;
	u8 raw[SHA1_LEN];

	read_bytes(&r, SHA1_LEN, "template hash");
	name = read_bytes(&r, read_le32(&r, "template name length"), "template name");
	*form = IMA_BINARY;
	if (binary && !r.why && name.len <= IMA_NAME_MAX && name.len >= 3 &&
	    !memcmp(name.at, "ima", 3))
		return true;
	r = reader_on(b);
	digits = (u8)(read_u8(&r, "PCR") - '0') < 3;
	digits &= (u8)(read_u8(&r, "PCR") - '0') < 10;
	*form = IMA_ASCII;
	read_u8(&r, "space");
	hash = read_bytes(&r, 2 * SHA1_LEN, "template hash");
	name = read_bytes(&r, 4, "template name");
	return digits && !r.why && !memcmp(name.at, " ima", 4) &&
	       unhex(hash, raw, sizeof(raw)) == SHA1_LEN;
}

/* ---- replay ---- */
void ima_banks_start(struct ima_banks *b, const enum digest_alg *algs, size_t n)
{
	*b = (struct ima_banks){ .n = n < IMA_BANKS_MAX ? n : IMA_BANKS_MAX };
	for (size_t i = 0; i < b->n; i++)
		b->at[i].alg = algs[i];
}

void ima_extend(struct ima_banks *b, const struct ima_entry *entry)
{
	for (size_t i = 0; i < b->n; i++) {
		enum digest_alg alg = b->at[i].alg;
		struct digest d = { .alg = alg };
		struct bytes pieces[2];

		if (entry->violation)
			memset(d.at, 0xff, digest_len(alg));
		else
			d = digest_of(alg, &entry->data, 1);
		pieces[0] = digest_bytes(&b->at[i]);
		pieces[1] = digest_bytes(&d);
		b->at[i] = digest_of(alg, pieces, 2);
	}
}

bool ima_banks_equal(const struct ima_banks *a, const struct ima_banks *b)
{
	if (a->n != b->n || !a->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->at[i].alg != b->at[i].alg ||
		    !digest_equals(&a->at[i], digest_bytes(&b->at[i])))
			return false;
	return true;
}

int ima_replay_piece(struct bytes list, enum ima_form form, struct ima_banks *running,
		     const struct ima_banks *quoted, size_t *n_entries, size_t *n_bytes,
		     bool *reached, struct err *e)
{
	static _Thread_local struct ima_cursor c;
	struct ima_banks at = *running;
	struct ima_entry entry;
	int rc;

	ima_cursor_on(&c, list, form);
	while (!(*reached = ima_banks_equal(&at, quoted)) && (rc = ima_next(&c, &entry, e))) {
		if (rc < 0)
			return (int)e->code;
		if (c.n > IMA_ENTRIES_MAX)
			return err_set(e, E_LIMIT, "IMA list of more than %d entries",
				       IMA_ENTRIES_MAX);
		if (entry.pcr != IMA_PCR)
			return err_set(e, E_UNSUPPORTED,
				       "IMA list: entry %zu was extended into PCR %u, not %d",
				       c.n - 1, entry.pcr, IMA_PCR);
		ima_extend(&at, &entry);
	}
	*running = at;
	*n_entries = c.n;
	*n_bytes = c.r.offset;
	return 0;
}

int ima_replay(struct bytes list, enum ima_form form, struct ima_banks *running,
	       const struct ima_banks *quoted, size_t *n_entries, size_t *n_bytes, struct err *e)
{
	struct ima_banks at = *running;
	size_t n, len;
	bool reached;

	if (ima_replay_piece(list, form, &at, quoted, &n, &len, &reached, e))
		return (int)e->code;
	if (!reached)
		return err_set(e, E_BINDING,
			       "IMA list of %zu entries does not lead to the quoted PCR %d", n,
			       IMA_PCR);
	*running = at;
	*n_entries = n;
	*n_bytes = len;
	return 0;
}
