// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"

struct buf *file_bytes(const char *path)
{
	struct buf *b = buf_new(64 * 1024 * 1024);
	FILE *f = fopen(path, "rb");
	u8 part[8192];
	size_t n;

	if (!f) {
		buf_drop(&b);
		return NULL;
	}
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		write_bytes(&b->w, (struct bytes){ part, n });
	fclose(f);
	return b;
}

const char *third_party_path(const char *path, char *out, size_t size)
{
	const char *folder = getenv("ASSAY_VECTORS");

	if (!folder || !*folder) {
		if (getenv("CI"))
			fail_msg("ASSAY_VECTORS is not set, and on CI nothing may be skipped");
		print_message("SKIP: set ASSAY_VECTORS to the folder with third-party vectors "
			      "(origins: docs/TESTING.md)\n");
		skip();
	}
	if (snprintf(out, size, "%s/%s", folder, path) >= (int)size)
		fail_msg("path too long");
	return out;
}

struct buf *third_party(const char *path)
{
	char full[4096];
	struct buf *b = file_bytes(third_party_path(path, full, sizeof(full)));

	if (!b)
		fail_msg("cannot read %s", full);
	return b;
}

struct buf *own_vector(const char *path)
{
	char full[4096];
	struct buf *b;

	snprintf(full, sizeof(full), "%s/%s", OWN_VECTORS, path);
	b = file_bytes(full);
	if (!b)
		fail_msg("cannot read %s", full);
	return b;
}

struct range_file *range_file_of(struct bytes b)
{
	struct range_file *f = NULL;
	struct err e = { 0 };
	char path[32];
	int fd = memfd_from("test", b, &e);

	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_ok(range_open(path, b.len, &f, &e), &e);
	close(fd);
	return f;
}

u8 *heap_copy(struct bytes b)
{
	u8 *copy = malloc(b.len ? b.len : 1);

	if (!copy)
		fail_msg("out of memory");
	if (b.len)
		memcpy(copy, b.at, b.len);
	return copy;
}

struct buf *from_hex(const char *text)
{
	struct buf *b = buf_new(1024 * 1024);

	while (*text) {
		unsigned int v;

		if (*text == ' ' || *text == '\n') {
			text++;
			continue;
		}
		if (sscanf(text, "%2x", &v) != 1 || !text[1])
			fail_msg("not hex: %s", text);
		write_u8(&b->w, (u8)v);
		text += 2;
	}
	return b;
}

struct buf *edited(struct bytes b, const struct edit *edit)
{
	OWNED(buf) find = from_hex(edit->find);
	OWNED(buf) put = from_hex(edit->put);
	struct buf *out = buf_new(16 * 1024 * 1024);
	size_t at = 0, n = 0;

	for (size_t i = 0; i + find->w.len <= b.len; i++)
		if (!memcmp(b.at + i, find->w.at, find->w.len)) {
			at = i;
			n++;
		}
	if (n != 1)
		fail_msg("%s stands %zu times in the bytes to edit", edit->find, n);
	write_bytes(&out->w, bytes_slice(b, 0, at));
	write_bytes(&out->w, buf_bytes(put));
	write_bytes(&out->w, bytes_slice(b, at + find->w.len, b.len - at - find->w.len));
	return out;
}

void assert_own_vector(const char *path, struct bytes got, size_t signature_len)
{
	char full[4096];
	OWNED(buf) want = NULL;

	snprintf(full, sizeof(full), "%s/%s", OWN_VECTORS, path);
	if (getenv("ASSAY_WRITE_VECTORS")) {
		FILE *f = fopen(full, "wb");

		if (!f || fwrite(got.at, 1, got.len, f) != got.len || fclose(f))
			fail_msg("cannot write %s", full);
		fail_msg("%s was written anew: look at the difference, then run again", full);
	}
	want = own_vector(path);
	assert_int_equal(got.len, want->w.len);
	assert_true(got.len > signature_len);
	assert_memory_equal(got.at, want->w.at, got.len - signature_len);
}

char *stdout_of(void (*call)(void *), void *arg, char *out, size_t size)
{
	FILE *f = tmpfile();
	int mine = dup(STDOUT_FILENO);
	size_t n;

	assert_non_null(f);
	assert_true(mine >= 0);
	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	call(arg);
	fflush(stdout);
	dup2(mine, STDOUT_FILENO);
	close(mine);
	rewind(f);
	n = fread(out, 1, size - 1, f);
	fclose(f);
	out[n] = 0;
	return out;
}

void assert_without_locked_memory(int (*call)(void))
{
	const struct rlimit none = { 0, 0 };
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		if (setrlimit(RLIMIT_MEMLOCK, &none) ||
		    (!geteuid() && setresuid(65534, 65534, 65534)))
			_exit(255);
		_exit(call());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}
