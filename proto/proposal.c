// SPDX-License-Identifier: Apache-2.0
#include "proposal.h"

#include <stdlib.h>

static bool same_text(struct bytes a, const char *b)
{
	return bytes_equal(a, bytes_text(b));
}

/* "" or "/N": the second of its kind has a number. */
static bool ordinal_valid(struct bytes rest, bool required)
{
	if (!rest.len)
		return !required;
	if (rest.at[0] != '/' || rest.len < 2 || rest.len > 5)
		return false;
	for (size_t i = 1; i < rest.len; i++)
		if (rest.at[i] < '0' || rest.at[i] > '9')
			return false;
	return true;
}

static bool begins(struct bytes text, const char *with)
{
	size_t n = strlen(with);

	return text.len >= n && !memcmp(text.at, with, n);
}

/* "uki/.linux": a section, not its name */
static bool section_valid(struct bytes name)
{
	static const char prefix[] = "uki/.";
	size_t n = sizeof(prefix) - 1;

	if (!begins(name, prefix) || name.len == n || name.len > n + 7)
		return false;
	for (size_t i = n; i < name.len; i++)
		if (name.at[i] < 'a' || name.at[i] > 'z')
			return false;
	return true;
}

bool proposal_name_valid(struct bytes name)
{
	static const struct {
		const char *base;
		bool numbered;
	} bases[] = { { "kernel", false },	{ "initrd", false },   { "command-line", false },
		      { "grub/command", true }, { "grub/file", true }, { "boot-loader", true } };

	if (same_text(name, "kernel/file") || section_valid(name))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
		size_t n = strlen(bases[i].base);

		if (begins(name, bases[i].base) &&
		    ordinal_valid(bytes_slice(name, n, name.len - n), bases[i].numbered))
			return true;
	}
	return false;
}

static size_t count_of(const struct proposal *p, const char *with)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += begins(p->elements[i].name, with);
	return n;
}

/*
 * What the firmware starts is a host's to say where it is a unified kernel image, whose sections are proposed, too; and a
 * file of GRUB's where it is its menu, beside the kernel that GRUB reads. There is one of either.
 */
bool proposal_names_fit(const struct proposal *p)
{
	size_t loaders = count_of(p, "boot-loader/"), files = count_of(p, "grub/file/");

	return loaders <= 1 && files <= 1 && (!loaders || count_of(p, "uki/")) &&
	       (!files || count_of(p, "kernel/file"));
}

const struct proposal_element *proposal_find(const struct proposal *p, struct bytes name)
{
	for (size_t i = 0; i < p->n; i++)
		if (bytes_equal(p->elements[i].name, name))
			return &p->elements[i];
	return NULL;
}

/* ---- reading ---- */
static bool printable(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < 0x20 || text.at[i] > 0x7e)
			return false;
	return true;
}

static struct bytes take_text(struct cbor *c, size_t max, const char *field)
{
	struct bytes text = cbor_text(c, field);

	if (!c->r.why && (!text.len || text.len > max || !printable(text)))
		cbor_fail(c, field);
	return text;
}

static enum digest_alg alg_of(long long alg)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (corim_alg_of(algs[i]) == alg)
			return algs[i];
	return DIGEST_NONE;
}

static void take_digests(struct cbor *c, struct proposal_element *el)
{
	size_t n = cbor_array(c, "digests");
	long long last = 0;

	if (!n || n > PROPOSAL_DIGESTS_MAX)
		cbor_fail(c, "digests");
	for (; !c->r.why && el->n_digests < n; el->n_digests++) {
		struct corim_digest *d = &el->digests[el->n_digests];

		if (cbor_array(c, "digest") != 2)
			cbor_fail(c, "digest");
		d->alg = cbor_int(c, "digest algorithm");
		d->bytes = cbor_bytes(c, "digest value");
		if (!c->r.why && d->alg <= last) /* ascending: none twice */
			cbor_fail(c, "digest algorithm");
		if (!c->r.why &&
		    (alg_of(d->alg) == DIGEST_NONE || d->bytes.len != digest_len(alg_of(d->alg))))
			cbor_fail(c, "digest value");
		last = d->alg;
	}
}

static void take_element(struct cbor *c, struct proposal *p)
{
	struct proposal_element *el = &p->elements[p->n];
	size_t n = cbor_array(c, "element");

	*el = (struct proposal_element){ 0 };
	if (n != 2 && n != 3)
		cbor_fail(c, "element");
	el->name = take_text(c, PROPOSAL_NAME_MAX, "name");
	if (!c->r.why && (!proposal_name_valid(el->name) || proposal_find(p, el->name)))
		cbor_fail(c, "name");
	take_digests(c, el);
	if (n == 3)
		el->text = take_text(c, COMMAND_LINE_MAX, "text");
	p->n++;
}

static void take_unforeseen(struct cbor *c, struct proposal *p)
{
	size_t n = cbor_array(c, "unforeseen");

	if (!n || n > PROPOSAL_ELEMENTS_MAX)
		cbor_fail_with(c, E_LIMIT, "unforeseen");
	for (; !c->r.why && p->n_unforeseen < n; p->n_unforeseen++)
		p->unforeseen[p->n_unforeseen] = take_text(c, PROPOSAL_NAME_MAX, "unforeseen");
}

int proposal_parse(struct bytes body, struct proposal *out, struct err *e)
{
	struct cbor c = cbor_on(body, CBOR_STRICT);
	struct proposal *p = out;
	size_t pairs, n;

	*p = (struct proposal){ 0 };
	if (body.len > PROPOSAL_MAX)
		return err_set(e, E_LIMIT, "proposal of more than %d bytes", PROPOSAL_MAX);
	if (cbor_check(body, CBOR_STRICT, e))
		return err_while(e, "proposal");
	pairs = cbor_map(&c, "map");
	if (pairs != 3 && pairs != 4)
		cbor_fail(&c, "map");
	if (cbor_uint(&c, "key") != 1 || cbor_uint(&c, "version") != PROPOSAL_VERSION)
		cbor_fail(&c, "version");
	if (cbor_uint(&c, "key") != 2)
		cbor_fail(&c, "release");
	p->release = take_text(&c, PROPOSAL_RELEASE_MAX, "release");
	if (cbor_uint(&c, "key") != 3)
		cbor_fail(&c, "elements");
	n = cbor_array(&c, "elements");
	if (!n || n > PROPOSAL_ELEMENTS_MAX)
		cbor_fail_with(&c, E_LIMIT, "elements");
	for (size_t i = 0; i < n && !c.r.why; i++)
		take_element(&c, p);
	if (!c.r.why && !proposal_names_fit(p))
		cbor_fail(&c, "name");
	if (pairs == 4) {
		if (cbor_uint(&c, "key") != 4)
			cbor_fail(&c, "unforeseen");
		take_unforeseen(&c, p);
	}
	return cbor_done(&c) ? err_set(e, cbor_code(&c), "proposal: %s", c.r.why) : 0;
}

static bool all_are_of(const struct proposal_element *el, struct bytes content)
{
	for (size_t i = 0; i < el->n_digests; i++) {
		struct digest d = digest_of(alg_of(el->digests[i].alg), &content, 1);

		if (d.alg == DIGEST_NONE || !digest_equals(&d, el->digests[i].bytes))
			return false;
	}
	return el->n_digests > 0;
}

bool proposal_text_covered(const struct proposal_element *el)
{
	u8 *wide = el->text.len ? calloc(el->text.len + 1, 2) : NULL;
	bool covered;

	if (!wide)
		return false;
	for (size_t i = 0; i < el->text.len; i++)
		wide[2 * i] = el->text.at[i];
	covered = all_are_of(el, el->text) ||
		  all_are_of(el, (struct bytes){ wide, 2 * el->text.len }) ||
		  all_are_of(el, (struct bytes){ wide, 2 * el->text.len + 2 });
	free(wide);
	return covered;
}

struct digest proposal_bind(const u8 nonce[EVIDENCE_NONCE_LEN], struct bytes body)
{
	struct digest d = sha256_of(body);
	struct bytes parts[] = { { nonce, EVIDENCE_NONCE_LEN }, digest_bytes(&d) };

	return hash_labelled("assay/proposal/1", parts, ARRAY_LEN(parts));
}

int proposal_request_parse(struct bytes b, struct proposal_request *out, struct err *e)
{
	struct {
		struct bytes *into;
		size_t min, max;
		const char *field;
	} rows[] = { { &out->nonce, EVIDENCE_NONCE_LEN, EVIDENCE_NONCE_LEN, "nonce" },
		     { &out->ak_name, AK_NAME_LEN, AK_NAME_LEN, "AK name" },
		     { &out->quote, 1, TPM_STRUCT_MAX, "quote" },
		     { &out->quote_sig, 1, TPM_STRUCT_MAX, "quote signature" },
		     { &out->body, 1, PROPOSAL_MAX, "body" } };
	struct cbor c = cbor_on(b, CBOR_STRICT);

	if (b.len > PROPOSAL_REQUEST_MAX)
		return err_set(e, E_LIMIT, "proposal request of more than %d bytes",
			       PROPOSAL_REQUEST_MAX);
	if (cbor_check(b, CBOR_STRICT, e))
		return err_while(e, "proposal request");
	if (cbor_map(&c, "map") != ARRAY_LEN(rows))
		cbor_fail(&c, "map");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (cbor_uint(&c, rows[i].field) != i + 1)
			cbor_fail(&c, rows[i].field);
		*rows[i].into = cbor_bytes(&c, rows[i].field);
		if (!c.r.why &&
		    (rows[i].into->len < rows[i].min || rows[i].into->len > rows[i].max))
			cbor_fail(&c, rows[i].field);
	}
	return cbor_done(&c) ? err_set(e, cbor_code(&c), "proposal request: %s", c.r.why) : 0;
}

/* ---- writing ---- */
static void put_element(struct writer *w, const struct proposal_element *el)
{
	cbor_put_array(w, el->text.len ? 3 : 2);
	cbor_put_text(w, el->name);
	cbor_put_array(w, el->n_digests);
	for (size_t i = 0; i < el->n_digests; i++) {
		cbor_put_array(w, 2);
		cbor_put_int(w, el->digests[i].alg);
		cbor_put_bytes(w, el->digests[i].bytes);
	}
	if (el->text.len)
		cbor_put_text(w, el->text);
}

int proposal_write(const struct proposal *p, struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(PROPOSAL_MAX);
	struct proposal *again = malloc(sizeof(*again));
	struct writer *w = b ? &b->w : NULL;
	int rc;

	if (!b || !again) {
		free(again);
		return err_set(e, E_MEMORY, "no memory for a proposal");
	}
	cbor_put_map(w, p->n_unforeseen ? 4 : 3);
	cbor_put_uint(w, 1);
	cbor_put_uint(w, PROPOSAL_VERSION);
	cbor_put_uint(w, 2);
	cbor_put_text(w, p->release);
	cbor_put_uint(w, 3);
	cbor_put_array(w, p->n);
	for (size_t i = 0; i < p->n; i++)
		put_element(w, &p->elements[i]);
	if (p->n_unforeseen) {
		cbor_put_uint(w, 4);
		cbor_put_array(w, p->n_unforeseen);
	}
	for (size_t i = 0; i < p->n_unforeseen; i++)
		cbor_put_text(w, p->unforeseen[i]);
	rc = w->full ? err_set(e, E_LIMIT, "proposal of more than %d bytes", PROPOSAL_MAX)
		     : proposal_parse(buf_bytes(b), again, e);
	free(again);
	if (!rc)
		*out = TAKE(b);
	return rc;
}

int proposal_request_write(const struct proposal_request *r, struct buf **out, struct err *e)
{
	const struct bytes parts[] = { r->nonce, r->ak_name, r->quote, r->quote_sig, r->body };
	OWNED(buf) b = buf_new(PROPOSAL_REQUEST_MAX);

	if (!b)
		return err_set(e, E_MEMORY, "no memory for a proposal");
	cbor_put_map(&b->w, ARRAY_LEN(parts));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		cbor_put_uint(&b->w, i + 1);
		cbor_put_bytes(&b->w, parts[i]);
	}
	if (cbor_written(buf_bytes(b), "a proposal request", e))
		return (int)e->code;
	*out = TAKE(b);
	return 0;
}
