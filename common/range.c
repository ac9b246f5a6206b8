// SPDX-License-Identifier: Apache-2.0
#include "range.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW = 128 * 1024 }; /* large enough that calls cost nothing beside hashing */

struct range_file {
	int fd;
	size_t len;
	void (*watch)(void *user, size_t n); /* or NULL */
	void *watcher;
	char path[]; /* for messages */
};

void range_file_drop(struct range_file **f)
{
	if (!f || !*f)
		return;
	close((*f)->fd);
	free(*f);
	*f = NULL;
}

/* Without O_NONBLOCK a pipe that somebody put there would be waited for. */
int range_open(const char *path, size_t max, struct range_file **out, struct err *e)
{
	struct range_file *f;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_set(e, errno == ENOENT ? E_NOTFOUND : E_IO, "open %s: %s", path,
			       strerror(errno));
	if (fstat(fd, &st))
		err_set(e, E_IO, "stat %s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err_set(e, E_USAGE, "%s is no regular file", path);
	else if ((unsigned long long)st.st_size > max)
		err_set(e, E_LIMIT, "%s is larger than %zu bytes", path, max);
	else if (!(f = malloc(sizeof(*f) + strlen(path) + 1)))
		err_set(e, E_MEMORY, "no memory to read %s", path);
	else {
		f->fd = fd;
		f->len = (size_t)st.st_size;
		f->watch = NULL;
		strcpy(f->path, path);
		*out = f;
		return 0;
	}
	close(fd);
	return (int)e->code;
}

void range_watch(struct range_file *f, void (*fn)(void *user, size_t n), void *user)
{
	if (!f)
		return;
	f->watch = fn;
	f->watcher = user;
}

struct range range_whole(const struct range_file *f)
{
	return (struct range){ .file = f, .len = f ? f->len : 0 };
}

struct range range_slice(struct range r, size_t from, size_t n)
{
	/* a caller that did not look gets nothing, and not what is behind it */
	if (from > r.len || n > r.len - from)
		return (struct range){ 0 };
	if (r.file)
		r.from += from;
	else if (from)
		r.at += from;
	r.len = n;
	return r;
}

int range_read(struct range r, void *out, size_t n, struct err *e)
{
	u8 *to = out;

	if (n > r.len)
		return err_set(e, E_INTERNAL, "%zu bytes of a range of %zu", n, r.len);
	if (!r.file) {
		if (n)
			memcpy(to, r.at, n);
		return 0;
	}
	for (size_t done = 0; done < n;) {
		ssize_t got = pread(r.file->fd, to + done, n - done, (off_t)(r.from + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(e, E_IO, "read %s: %s", r.file->path, strerror(errno));
		if (!got)
			return err_set(e, E_IO, "%s became shorter while it was read",
				       r.file->path);
		done += (size_t)got;
		if (r.file->watch)
			r.file->watch(r.file->watcher, (size_t)got);
	}
	return 0;
}

int range_bytes(struct range r, size_t max, struct buf **out, struct err *e)
{
	OWNED(buf) b = NULL;
	u8 *to;

	if (r.len > max)
		return err_set(e, E_LIMIT, "%zu bytes where at most %zu are read", r.len, max);
	b = buf_new(r.len);
	to = b && r.len ? write_space(&b->w, r.len) : NULL;
	if (!b || (r.len && !to))
		return err_set(e, E_MEMORY, "no memory for %zu bytes of a file", r.len);
	if (range_read(r, to, r.len, e))
		return (int)e->code;
	*out = TAKE(b);
	return 0;
}

/* ---- digests ---- */
static void add_all(struct hasher *const *h, size_t n, struct bytes b)
{
	for (size_t i = 0; i < n; i++)
		hasher_add(h[i], b);
}

static int add_piece(struct hasher *const *h, size_t n_algs, struct range piece, u8 *window,
		     struct err *e)
{
	if (!piece.file) {
		add_all(h, n_algs, (struct bytes){ piece.at, piece.len });
		return 0;
	}
	for (size_t done = 0; done < piece.len;) {
		size_t n = piece.len - done < WINDOW ? piece.len - done : WINDOW;

		if (range_read(range_slice(piece, done, n), window, n, e))
			return (int)e->code;
		add_all(h, n_algs, (struct bytes){ window, n });
		done += n;
	}
	return 0;
}

static int digest_pieces(struct hasher *const *h, size_t n_algs, const struct range *pieces,
			 size_t n, struct err *e)
{
	u8 *window = malloc(WINDOW);
	int rc = 0;

	for (size_t i = 0; window && i < n && !rc; i++)
		rc = add_piece(h, n_algs, pieces[i], window, e);
	if (!window)
		rc = err_set(e, E_MEMORY, "no memory to digest a file");
	free(window);
	return rc;
}

int range_digests(const enum digest_alg *algs, size_t n_algs, const struct range *pieces, size_t n,
		  struct digest *out, struct err *e)
{
	struct hasher *h[RANGE_ALGS_MAX] = { 0 };
	int rc = 0;

	if (n_algs > RANGE_ALGS_MAX)
		return err_set(e, E_INTERNAL, "%zu algorithms for one digest", n_algs);
	for (size_t i = 0; i < n_algs && !rc; i++)
		if (!(h[i] = hasher_new(algs[i])))
			rc = err_set(e, E_MEMORY, "no memory to digest a file");
	if (!rc)
		rc = digest_pieces(h, n_algs, pieces, n, e);
	for (size_t i = 0; i < n_algs; i++) {
		if (!rc)
			out[i] = hasher_end(h[i]);
		hasher_drop(&h[i]);
	}
	return rc;
}
