// SPDX-License-Identifier: Apache-2.0
/*
 * Reference values of single files, from the lists of hosts that run them. What a list says is a host's word until
 * it leads to the PCR 10 that this host's TPM has quoted: so each comes with a token and with the AK that the server
 * knows. Whether the files are good, no TPM says: the signer is "learned", and what one host alone has is left out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"
#include "common/text.h"
#include "known_host.h"
#include "progress.h"
#include "refval.h"
#include "verifier/refs_files.h"
#include "verifier/verify.h"

enum {
	SETS_MAX = 16,
	LIST_FILE_MAX = 1024 * 1024 * 1024, /* IMA_ENTRIES_MAX of 250 bytes, or their ASCII form */
};

struct one_file {
	struct digest digest;
	u8 *path;
	size_t path_len;
	u16 hosts; /* which had it: bit i, the host of the i-th set */
};

struct learning {
	size_t n, room;
	struct one_file *files;
	size_t n_sets;
	u8 ueids[SETS_MAX][UEID_LEN];
	size_t passed_over; /* entries that no digest of a file's content stands for */
};

static void learning_clear(struct learning *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->files[i].path);
	free(l->files);
}

/* ---- is the list what the TPM has? ---- */
/* Entries up to the quote; what was measured later is not shown to be true. */
static int check_list(const struct eat *t, struct bytes list, enum ima_form form, size_t *n,
		      struct err *e)
{
	struct ima_banks quoted = { 0 }, running;
	size_t len;

	for (size_t i = 0; i < t->n_banks && quoted.n < IMA_BANKS_MAX; i++) {
		struct digest *d = &quoted.at[quoted.n++];

		if (!(t->banks[i].pcrs & 1u << IMA_PCR))
			return err_set(e, E_POLICY, "the quote leaves out PCR %d", IMA_PCR);
		d->alg = tpm_digest_alg(t->banks[i].alg);
		memcpy(d->at, t->banks[i].value[IMA_PCR].at, t->banks[i].value[IMA_PCR].len);
	}
	running = quoted;
	for (size_t i = 0; i < running.n; i++)
		memset(running.at[i].at, 0, DIGEST_MAX);
	return ima_replay(list, form, &running, &quoted, n, &len, e);
}

/* ---- files ---- */
/* CBOR wants UTF-8 for text, and so does JSON. */
static bool is_text(struct bytes path)
{
	json_t *j = json_stringn((const char *)path.at, path.len);
	bool is = j != NULL;

	json_decref(j);
	return is;
}

static int keep(struct learning *l, const struct ima_entry *entry, u16 host, struct err *e)
{
	struct one_file *f;

	if (bytes_equal(entry->path, bytes_text("boot_aggregate")))
		return 0;
	if (entry->violation || entry->verity || !corim_alg_of(entry->alg) || !entry->path.len ||
	    !is_text(entry->path)) {
		l->passed_over++;
		return 0;
	}
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 4096;

		f = reallocarray(l->files, room, sizeof(*f));
		if (!f)
			return err_set(e, E_MEMORY, "no memory for files");
		l->files = f;
		l->room = room;
	}
	f = &l->files[l->n];
	*f = (struct one_file){ .digest = { .alg = entry->alg },
				.path = malloc(entry->path.len),
				.path_len = entry->path.len,
				.hosts = host };
	if (!f->path)
		return err_set(e, E_MEMORY, "no memory for files");
	memcpy(f->digest.at, entry->digest.at, entry->digest.len);
	memcpy(f->path, entry->path.at, entry->path.len);
	l->n++;
	return 0;
}

static int by_file(const void *a, const void *b)
{
	const struct one_file *x = a, *y = b;
	size_t least = x->path_len < y->path_len ? x->path_len : y->path_len;
	int order = memcmp(x->path, y->path, least);

	if (!order)
		order = (x->path_len > y->path_len) - (x->path_len < y->path_len);
	if (!order)
		order = (int)x->digest.alg - (int)y->digest.alg;
	return order ? order : memcmp(x->digest.at, y->digest.at, digest_len(x->digest.alg));
}

/* Each file once, with all the hosts that had it. */
static void merge(struct learning *l)
{
	size_t n = 0;

	if (l->n)
		qsort(l->files, l->n, sizeof(*l->files), by_file);
	for (size_t i = 0; i < l->n; i++) {
		if (n && !by_file(&l->files[n - 1], &l->files[i])) {
			l->files[n - 1].hosts |= l->files[i].hosts;
			free(l->files[i].path);
		} else {
			l->files[n++] = l->files[i];
		}
	}
	l->n = n;
}

/* One host may be the one that is wrong. */
static size_t leave_out_what_one_host_has(struct learning *l)
{
	size_t n = 0, left_out = l->n;

	for (size_t i = 0; i < l->n; i++) {
		if (__builtin_popcount(l->files[i].hosts) < 2)
			free(l->files[i].path);
		else
			l->files[n++] = l->files[i];
	}
	l->n = n;
	return left_out - n;
}

/* ---- one host ---- */
/* Several sets of one host are one voice: the bit of the first of them. */
static u16 host_bit(struct learning *l, const u8 ueid[UEID_LEN])
{
	size_t i = 0;

	memcpy(l->ueids[l->n_sets++], ueid, UEID_LEN);
	while (memcmp(l->ueids[i], ueid, UEID_LEN))
		i++;
	return (u16)(1u << i);
}

static int take_entries(struct learning *l, struct bytes list, enum ima_form form, size_t n,
			u16 host, struct err *e)
{
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_entry entry;
	int rc = 0;

	if (!c)
		return err_set(e, E_MEMORY, "no memory for an IMA list");
	ima_cursor_on(c, list, form);
	for (size_t i = 0; !rc && i < n; i++)
		rc = ima_next(c, &entry, e) == 1 ? keep(l, &entry, host, e)
						 : err_set(e, E_FORMAT, "the list has changed");
	free(c);
	return rc;
}

static int learn_host(struct learning *l, char **set, struct err *e)
{
	struct known_host h;
	OWNED(buf) token = NULL;
	OWNED(buf) list = NULL;
	OWNED(eat) t = NULL;
	enum ima_form form;
	size_t n;
	int rc;

	if (known_host_read(set[0], &h, e))
		return (int)e->code;
	if (file_read(set[1], EVIDENCE_MAX, &token, e) || eat_parse(buf_bytes(token), &t, e) ||
	    known_host_quoted(t, &h, e))
		rc = err_while(e, "%s", set[1]);
	else if (file_read(set[2], LIST_FILE_MAX, &list, e))
		rc = (int)e->code;
	else if (!ima_list_form(buf_bytes(list), &form))
		rc = err_set(e, E_FORMAT, "%s is no IMA list", set[2]);
	else if (check_list(t, buf_bytes(list), form, &n, e) ||
		 take_entries(l, buf_bytes(list), form, n, host_bit(l, h.ueid), e))
		rc = err_while(e, "%s", set[2]);
	else
		rc = 0;
	known_host_clear(&h);
	return rc;
}

/* ---- the CoRIM ---- */
static void show(const struct learning *l, size_t left_out, FILE *out)
{
	char path[300], hex[2 * DIGEST_MAX + 1];

	for (size_t i = 0; i < l->n; i++) {
		const struct one_file *f = &l->files[i];

		fprintf(out, "  + %s = %s:%s, seen on %d host(s)\n",
			text_visible((struct bytes){ f->path, f->path_len }, path, sizeof(path)),
			digest_name(f->digest.alg), hex_write(digest_bytes(&f->digest), hex),
			__builtin_popcount(f->hosts));
	}
	if (left_out)
		fprintf(out, "%zu files that one host alone has are left out (--one-host)\n",
			left_out);
	if (l->passed_over)
		fprintf(out,
			"%zu entries are no file's digest: changed while they were measured, of "
			"fs-verity, "
			"or of a template or hash (SHA-1) that no reference value is of\n",
			l->passed_over);
}

/* Triples of as many elements as one may have; the elements point to paths in @keys. */
static int write_corim(const struct learning *l, struct corim_draft *d, const struct keypair *key,
		       const struct cert_list *chain, struct buf **out, struct err *e)
{
	size_t n_triples = (l->n + CORIM_MEASUREMENTS_MAX - 1) / CORIM_MEASUREMENTS_MAX;
	struct corim_triple *triples = calloc(n_triples, sizeof(*triples));
	struct corim_element *elements = calloc(l->n, sizeof(*elements));
	u8 *keys = NULL;
	size_t room = 0;
	struct writer w;
	int rc;

	for (size_t i = 0; i < l->n; i++)
		room += l->files[i].path_len + 9; /* the longest head of a CBOR text */
	keys = malloc(room);
	if (!triples || !elements || !keys) {
		rc = err_set(e, E_MEMORY, "no memory for reference values");
		goto out;
	}
	w = writer_on(keys, room);
	for (size_t i = 0; i < l->n; i++) {
		const struct one_file *f = &l->files[i];
		struct corim_triple *t = &triples[i / CORIM_MEASUREMENTS_MAX];
		size_t at = w.len;

		cbor_put_text(&w, (struct bytes){ f->path, f->path_len });
		elements[i].mkey = (struct bytes){ keys + at, w.len - at };
		elements[i].mval.n_digests = 1;
		elements[i].mval.digests[0] = (struct corim_digest){ corim_alg_of(f->digest.alg),
								     digest_bytes(&f->digest) };
		if (!t->n++)
			*t = (struct corim_triple){ .env = { .vendor = bytes_text(IMA_VENDOR),
							     .model = bytes_text(IMA_MODEL) },
						    .n = 1,
						    .elements = &elements[i] };
	}
	d->triples = triples;
	d->n = n_triples;
	rc = corim_write(d, key, chain, out, e);
out:
	free(triples);
	free(elements);
	free(keys);
	return rc;
}

static int sign(struct cli *c, const struct learning *l, struct err *e)
{
	struct corim_draft d = { .id = c->option[OPT_ID], .signer = "learned" };
	OWNED(buf) key_pem = NULL;
	OWNED(buf) cert_text = NULL;
	OWNED(keypair) key = NULL;
	OWNED(cert_list) chain = NULL;
	OWNED(buf) corim = NULL;

	if (!l->n)
		return err_set(e, E_NOTFOUND, "nothing to learn in these lists");
	return file_read(c->option[OPT_KEY], 65536, &key_pem, e) ||
			       file_read(c->option[OPT_SIGNER], 65536, &cert_text, e) ||
			       keypair_from_pem(buf_bytes(key_pem), &key, e) ||
			       cert_list_from_pem(buf_bytes(cert_text), &chain, e) ||
			       write_corim(l, &d, key, chain, &corim, e) ||
			       file_write(c->option[OPT_OUT], buf_bytes(corim), 0644, e)
		       ? (int)e->code
		       : 0;
}

int refval_learn_files(struct cli *c)
{
	struct learning l = { 0 };
	struct progress p;
	struct err e = { 0 };
	size_t left_out = 0;
	int rc = 0;

	if (!c->argc || c->argc % 3 || c->argc > 3 * SETS_MAX || !c->option[OPT_ID] ||
	    !c->option[OPT_KEY] || !c->option[OPT_SIGNER] || !c->option[OPT_OUT])
		return cli_usage();
	p = progress_begin(c, "reading", "hosts", (u64)c->argc / 3);
	for (int i = 0; !rc && i < c->argc; i += 3) {
		rc = learn_host(&l, c->argv + i, &e);
		progress_to(&p, (u64)i / 3 + 1);
	}
	progress_end(&p);
	if (!rc) {
		merge(&l);
		if (!c->option[OPT_ONE_HOST])
			left_out = leave_out_what_one_host_has(&l);
		show(&l, left_out, c->json ? stderr : stdout); /* the diff before signing */
		rc = sign(c, &l, &e);
	}
	if (!rc && c->json)
		cli_json("refval.learn", true,
			 json_pack("{s:s, s:I, s:I}", "file", c->option[OPT_OUT], "files",
				   (json_int_t)l.n, "left_out", (json_int_t)left_out));
	else if (!rc)
		printf("%zu files signed into %s\n", l.n, c->option[OPT_OUT]);
	learning_clear(&l);
	return rc ? cli_fail(c, &e, NULL) : 0;
}
