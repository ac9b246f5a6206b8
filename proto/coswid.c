// SPDX-License-Identifier: Apache-2.0
/* What a CoSWID says of files. SPEC: RFC 9393 2.3, 2.9.1 (hash), 2.9.2 (resource-collection), 2.9.3, 2.9.4, 3 */
#include <stdlib.h>

#include "corim_read.h"

enum { TAG_ID = 0, NAME = 1, EVIDENCE = 3, PAYLOAD = 6, CORPUS = 8, PATCH = 9, SUPPLEMENTAL = 11 };
enum { TAG_VERSION = 12, HASH = 7, DIRECTORY = 16, FILE_ENTRY = 17, PROCESS = 18, RESOURCE = 19 };
enum { SIZE = 20, LOCATION = 23, FS_NAME = 24, ROOT = 25, PATH_ELEMENTS = 26 };

/* A file or a directory, as it stands in its map, and the directory around it. */
struct item {
	const struct item *parent;
	bool has_name, has_root, has_size;
	struct bytes name, location, root, elements;
	struct corim_digest digest;
	u64 size;
};

struct walk {
	struct corim_place *p;
	struct corim_files *out;
	const struct item *around; /* the directory that the reader is in, or NULL */
	size_t depth;
	size_t len;
	u8 path[COSWID_PATH_MAX]; /* of the file that is being added */
};

void coswid_files_clear(struct corim_files *f)
{
	free(f->at);
	buf_drop(&f->keys);
	*f = (struct corim_files){ 0 };
}

struct bytes corim_file_key(const struct corim_files *f, const struct corim_file *file)
{
	return bytes_slice(buf_bytes(f->keys), file->key_at, file->key_len);
}

/* ---- paths ---- */
static bool is(struct bytes b, const char *text)
{
	return bytes_equal(b, bytes_text(text));
}

static bool has(struct bytes b, u8 c)
{
	return b.len && memchr(b.at, c, b.len);
}

static void put(struct walk *w, struct bytes b)
{
	if (b.len > sizeof(w->path) - w->len) {
		cbor_fail_with(&w->p->c, E_LIMIT, "path is too long");
		return;
	}
	if (b.len)
		memcpy(w->path + w->len, b.at, b.len);
	w->len += b.len;
}

static void put_component(struct walk *w, struct bytes b)
{
	if (w->len && w->path[w->len - 1] != '/')
		put(w, bytes_text("/"));
	put(w, b);
}

/* Each component of a location; where ".." leads to depends on links, so that nothing absolute may have it. */
static void put_location(struct walk *w, struct bytes location)
{
	if (!w->len && location.len && location.at[0] == '/')
		put(w, bytes_text("/"));
	while (location.len) {
		const u8 *slash = memchr(location.at, '/', location.len);
		size_t n = slash ? (size_t)(slash - location.at) : location.len;
		struct bytes part = bytes_slice(location, 0, n);

		if (is(part, "..") && w->len && w->path[0] == '/')
			cbor_fail(&w->p->c, "location leads up (..) from an absolute path");
		if (part.len && !is(part, "."))
			put_component(w, part);
		n += slash != NULL;
		location = bytes_slice(location, n, location.len - n);
	}
}

/* Behind what is around it, or from its own root on: location, then name. */
static void put_path(struct walk *w, const struct item *it)
{
	if (it->has_root)
		put(w, it->root);
	else if (it->parent)
		put_path(w, it->parent);
	put_location(w, it->location);
	if (it->name.len)
		put_component(w, it->name);
}

/* ---- files ---- */
static bool room(struct walk *w)
{
	struct corim_files *f = w->out;
	size_t n = f->n;

	if (w->p->n_files == COSWID_FILES_MAX) {
		cbor_fail_with(&w->p->c, E_LIMIT, "too many files");
		return false;
	}
	if (n && (n & (n - 1))) /* it doubles at powers of two */
		return true;
	f->at = corim_room(w->p, f->at, n, n ? n : 1, sizeof(*f->at), 2 * COSWID_FILES_MAX);
	if (!f->keys && !w->p->c.r.why && !(f->keys = buf_new(COSWID_PATHS_MAX)))
		cbor_fail_with(&w->p->c, E_MEMORY, "no memory");
	return !w->p->c.r.why;
}

static void add_file(struct walk *w, const struct item *it)
{
	struct corim_files *f = w->out;
	struct corim_file *file;

	w->len = 0;
	put_path(w, it);
	if (w->p->c.r.why || !room(w))
		return;
	file = &f->at[f->n];
	*file = (struct corim_file){ .key_at = f->keys->w.len,
				     .digest = it->digest,
				     .has_size = it->has_size,
				     .size = it->size };
	cbor_put_text(&f->keys->w, (struct bytes){ w->path, w->len });
	file->key_len = f->keys->w.len - file->key_at;
	w->p->path_bytes += file->key_len;
	if (f->keys->w.full || w->p->path_bytes > COSWID_PATHS_MAX) {
		cbor_fail_with(&w->p->c, E_LIMIT, "too many paths, or no memory for them");
		return;
	}
	f->n++;
	w->p->n_files++;
}

/* [ algorithm, value ]; 0 is an algorithm that nobody named */
static void take_hash(struct cbor *c, struct corim_digest *d)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

	if (cbor_array(c, "hash") != 2)
		cbor_fail(c, "hash is not algorithm and value");
	d->alg = cbor_int(c, "hash algorithm");
	d->bytes = cbor_bytes(c, "hash value");
	cbor_end(c);
	if (!c->r.why && (d->alg < 0 || !d->bytes.len))
		cbor_fail(c, "hash");
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (!c->r.why && d->alg == corim_alg_of(algs[i]) &&
		    d->bytes.len != digest_len(algs[i]))
			cbor_fail(c, "hash is not as long as its algorithm's");
}

/* Integers name what is known; a text, or another integer, is an attribute that nobody here reads. */
static long long take_label(struct cbor *c, const char *field)
{
	if (cbor_peek(c) != CBOR_TEXT)
		return cbor_int(c, field);
	cbor_text(c, field);
	return -1;
}

static void take_item(struct corim_place *p, struct item *it, bool is_file)
{
	const char *field = is_file ? "file" : "directory";
	size_t n = cbor_map(&p->c, field);

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		switch (take_label(&p->c, field)) {
		case LOCATION:
			it->location = cbor_text(&p->c, "location");
			break;
		case FS_NAME:
			it->name = cbor_text(&p->c, "fs-name");
			it->has_name = true;
			break;
		case ROOT:
			it->root = cbor_text(&p->c, "root");
			it->has_root = true;
			break;
		case SIZE:
			it->size = cbor_uint(&p->c, "size");
			it->has_size = true;
			break;
		case HASH:
			take_hash(&p->c, &it->digest);
			break;
		case PATH_ELEMENTS:
			it->elements = cbor_item(&p->c, "path-elements");
			break;
		default:
			cbor_item(&p->c, field);
		}
	}
	cbor_end(&p->c);
	if (p->c.r.why)
		return;
	if (is_file && it->elements.len)
		cbor_fail(&p->c, "a file with path-elements");
	else if (has(it->root, 0) || has(it->location, 0) || has(it->name, 0))
		cbor_fail(&p->c, "path with a NUL in it");
	else if (!it->has_name)
		cbor_fail(&p->c, "fs-name is missing");
	else if (!it->name.len || has(it->name, '/') || is(it->name, ".") || is(it->name, ".."))
		cbor_fail(&p->c, "fs-name is not a name");
}

/* ---- the tree ---- */
static void take_collection(struct walk *w, bool payload);

static void take_file(struct walk *w)
{
	struct item it = { .parent = w->around };

	take_item(w->p, &it, true);
	if (!w->p->c.r.why)
		add_file(w, &it);
}

/* Its name and location may stand behind what is in it, so that this is read when the map is over. */
static void take_directory(struct walk *w)
{
	struct item it = { .parent = w->around };
	struct cbor outer;

	if (w->depth == COSWID_DEPTH_MAX)
		cbor_fail_with(&w->p->c, E_LIMIT, "directories are too deep");
	take_item(w->p, &it, false);
	outer = w->p->c;
	if (outer.r.why || !it.elements.len)
		return;
	w->p->c = cbor_on(it.elements, outer.mode);
	w->around = &it;
	w->depth++;
	take_collection(w, false);
	w->depth--;
	w->around = it.parent;
	if (!cbor_done(&w->p->c))
		w->p->c = outer; /* else w->p->c keeps the reason */
}

static void take_other(struct walk *w)
{
	if (cbor_peek(&w->p->c) != CBOR_MAP)
		cbor_fail(&w->p->c, "not a map");
	cbor_item(&w->p->c, "process or resource");
	w->out->n_others++;
}

/* one-or-more: one, or an array of them */
static void take_many(struct walk *w, const char *name, void (*take)(struct walk *w))
{
	size_t n;

	if (cbor_peek(&w->p->c) != CBOR_ARRAY) {
		corim_enter(w->p, name, -1);
		take(w);
		corim_leave(w->p);
		return;
	}
	n = cbor_array(&w->p->c, name);
	if (!w->p->c.r.why && !n)
		cbor_fail(&w->p->c, name);
	for (size_t i = 0; i < n && !w->p->c.r.why; i++) {
		corim_enter(w->p, name, (long long)i);
		take(w);
		corim_leave(w->p);
	}
	cbor_end(&w->p->c);
}

/* A payload, evidence, or what is in a directory: @outermost ones have processes and resources too. */
static void take_collection(struct walk *w, bool outermost)
{
	struct cbor *c = &w->p->c;
	size_t n = cbor_map(c, "files and directories");

	for (size_t i = 0; i < n && !c->r.why; i++) {
		long long key = take_label(c, "files and directories");

		if (key == DIRECTORY)
			take_many(w, "directory", take_directory);
		else if (key == FILE_ENTRY)
			take_many(w, "file", take_file);
		else if (key == PROCESS && outermost)
			take_many(w, "process", take_other);
		else if (key == RESOURCE && outermost)
			take_many(w, "resource", take_other);
		else
			cbor_item(c, "files and directories");
	}
	cbor_end(c);
}

static void take_payload(struct corim_place *p, struct corim_files *out)
{
	struct walk w = { .p = p, .out = out };

	corim_enter(p, "payload", -1);
	take_collection(&w, true);
	corim_leave(p);
}

/* The tag that is told of may have a place, to which what is in it is relative. */
void coswid_take_evidence(struct corim_place *p, struct corim_files *out)
{
	struct cbor ahead = p->c;
	struct item place = { 0 };
	struct walk w = { .p = p, .out = out, .around = &place };
	size_t n = cbor_map(&ahead, "evidence");

	for (size_t i = 0; i < n && !ahead.r.why; i++) {
		if (take_label(&ahead, "evidence") == LOCATION)
			place.location = cbor_text(&ahead, "location");
		else
			cbor_item(&ahead, "evidence");
	}
	if (has(place.location, 0))
		cbor_fail(&ahead, "location");
	if (ahead.r.why) {
		p->c = ahead;
		return;
	}
	take_collection(&w, true);
}

/* ---- the tag ---- */
static void take_member(struct corim_place *p, struct corim_tag *tag, bool *kinds)
{
	long long key = take_label(&p->c, "concise-swid-tag");

	switch (key) {
	case TAG_ID:
		corim_take_id(&p->c, tag->id, sizeof(tag->id), "tag-id");
		break;
	case NAME:
		corim_take_id(&p->c, tag->software, sizeof(tag->software), "software-name");
		break;
	case TAG_VERSION:
		tag->version = (u64)cbor_int(&p->c, "tag-version");
		break;
	case CORPUS:
	case PATCH:
	case SUPPLEMENTAL:
		kinds[key] = cbor_bool(&p->c, "corpus, patch or supplemental");
		break;
	case PAYLOAD:
		tag->has_payload = true;
		take_payload(p, &tag->files);
		break;
	case EVIDENCE:
		tag->has_evidence = true;
		cbor_item(&p->c, "evidence");
		break;
	default:
		cbor_item(&p->c, "concise-swid-tag");
	}
}

void coswid_take(struct corim_place *p)
{
	struct corim_tag *tag = &p->out->tags[p->tag];
	size_t n = cbor_map(&p->c, "concise-swid-tag");
	bool kinds[SUPPLEMENTAL + 1] = { false };

	for (size_t i = 0; i < n && !p->c.r.why; i++)
		take_member(p, tag, kinds);
	cbor_end(&p->c);
	if (!p->c.r.why && !tag->id[0])
		cbor_fail(&p->c, "concise-swid-tag without tag-id");
	else if (!p->c.r.why && kinds[PATCH] && kinds[SUPPLEMENTAL])
		cbor_fail(&p->c, "concise-swid-tag is patch and supplemental");
	else if (!p->c.r.why && tag->has_payload && tag->has_evidence)
		cbor_fail(&p->c, "concise-swid-tag with payload and evidence");
	/* the first of these rules that fits tells what it is */
	tag->swid = kinds[SUPPLEMENTAL] ? CORIM_SUPPLEMENTAL
		    : kinds[CORPUS]	? CORIM_CORPUS
		    : kinds[PATCH]	? CORIM_PATCH
					: CORIM_PRIMARY;
}
