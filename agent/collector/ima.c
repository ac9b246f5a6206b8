// SPDX-License-Identifier: Apache-2.0
#include "ima.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/ima_log.h"

enum { PORTION = 65536 }; /* larger than any entry */
_Static_assert(PORTION > 2 * (IMA_DATA_MAX + IMA_NAME_MAX + 64), "an entry fits twice");

/* A list on its way through: what was read and not yet taken stands at the start of @room. */
struct stream {
	int fd;
	u64 entry; /* number of the next one */
	u64 first;
	size_t len;
	u8 room[PORTION];
	struct buf *out;
	size_t max;
	bool cut;
};

/* Every whole entry in the room; the rest moves to its start. */
static int take_entries(struct stream *s, struct err *e)
{
	struct bytes left = { s->room, s->len };
	size_t n;
	int rc;

	while (!s->cut && (rc = ima_entry_len(left, &n, e))) {
		if (rc < 0)
			return err_while(e, "entry %llu", (unsigned long long)s->entry);
		if (s->entry >= s->first) {
			s->cut = s->out->w.len + n > s->max + 1; /* the first byte is the extent */
			if (s->cut)
				break;
			write_bytes(&s->out->w, bytes_slice(left, 0, n));
		}
		left = bytes_slice(left, n, left.len - n);
		s->entry++;
	}
	if (left.len)
		memmove(s->room, left.at, left.len);
	s->len = left.len;
	return s->out->w.full ? err_set(e, E_MEMORY, "no memory for an IMA list") : 0;
}

static int read_all(struct stream *s, struct err *e)
{
	for (;;) {
		ssize_t n = read(s->fd, s->room + s->len, sizeof(s->room) - s->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, E_IO, "read: %s", strerror(errno));
		if (!n && s->len)
			return err_set(e, E_FORMAT, "it ends inside of entry %llu",
				       (unsigned long long)s->entry);
		if (!n)
			break;
		s->len += (size_t)n;
		if (take_entries(s, e))
			return (int)e->code;
		if (s->cut)
			return 0;
	}
	return s->entry >= s->first
		       ? 0
		       : err_set(e, E_NOTFOUND, "it has %llu entries, and entry %llu is asked for",
				 (unsigned long long)s->entry, (unsigned long long)s->first);
}

int ima_collect(const char *path, u64 first, size_t max, struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(max + 1);
	struct stream *s;
	int fd = path[0] ? open(path, O_RDONLY | O_CLOEXEC) : -1, rc = 0;

	if (fd < 0 && path[0] && errno != ENOENT)
		return err_set(e, E_IO, "%s: %s", path, strerror(errno));
	s = fd >= 0 ? calloc(1, sizeof(*s)) : NULL;
	if (!b || (fd >= 0 && !s)) {
		if (fd >= 0)
			close(fd);
		return err_set(e, E_MEMORY, "no memory for an IMA list");
	}
	write_u8(&b->w, fd < 0 ? IMA_NONE : IMA_ALL);
	if (s) {
		s->fd = fd;
		s->first = first;
		s->out = b;
		s->max = max;
		rc = read_all(s, e) ? err_while(e, "%s", path) : 0;
		if (!rc && s->cut)
			b->w.at[0] = IMA_CUT;
		close(fd);
		free(s);
	}
	if (!rc)
		*out = TAKE(b);
	return rc;
}
