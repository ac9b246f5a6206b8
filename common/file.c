// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int file_read(const char *path, size_t max, struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(max + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = 0;

	if (fd < 0)
		return err_set(e, errno == ENOENT ? E_NOTFOUND : E_IO, "open %s: %s", path,
			       strerror(errno));
	while (b && !b->w.full) {
		u8 part[16384];

		n = read(fd, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		write_bytes(&b->w, (struct bytes){ part, (size_t)n });
	}
	close(fd);
	if (!b)
		return err_set(e, E_MEMORY, "no memory to read %s", path);
	if (n < 0)
		return err_set(e, E_IO, "read %s: %s", path, strerror(errno));
	if (b->w.full || b->w.len > max)
		return err_set(e, E_LIMIT, "%s is larger than %zu bytes", path, max);
	*out = TAKE(b);
	return 0;
}

struct bytes file_line(const char *path, size_t max, struct buf **kept)
{
	struct err ignored = { 0 };
	struct bytes text;

	if (file_read(path, max, kept, &ignored))
		return BYTES_NONE;
	text = buf_bytes(*kept);
	if (text.len && text.at[text.len - 1] == '\n')
		text.len--;
	return text;
}

static int write_all(int fd, struct bytes b)
{
	while (b.len) {
		ssize_t n = write(fd, b.at, b.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		b = (struct bytes){ b.at + n, b.len - (size_t)n };
	}
	return 0;
}

static int sync_folder_of(const char *path)
{
	char copy[4096];
	int fd, rc;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return -1;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

static int replace(const char *path, struct bytes b, mode_t mode, bool fresh, struct err *e)
{
	char beside[4096];
	int fd;
	bool ok;

	if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside))
		return err_set(e, E_IO, "path too long: %s", path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return err_set(e, E_IO, "create %s: %s", path, strerror(errno));
	ok = !fchmod(fd, mode) && !write_all(fd, b) && !fsync(fd);
	ok = !close(fd) && ok;
	if (ok && fresh)
		ok = !link(beside, path) && !unlink(beside);
	else if (ok)
		ok = !rename(beside, path);
	if (!ok) {
		int no = errno;

		unlink(beside);
		return err_set(e, no == EEXIST ? E_CONFLICT : E_IO, "write %s: %s", path,
			       strerror(no));
	}
	return sync_folder_of(path)
		       ? err_set(e, E_IO, "sync the folder of %s: %s", path, strerror(errno))
		       : 0;
}

int file_write(const char *path, struct bytes b, mode_t mode, struct err *e)
{
	return replace(path, b, mode, false, e);
}

int file_create(const char *path, struct bytes b, mode_t mode, struct err *e)
{
	return replace(path, b, mode, true, e);
}

int file_rename(const char *from, const char *to, struct err *e)
{
	if (rename(from, to) || sync_folder_of(to))
		return err_set(e, E_IO, "rename %s to %s: %s", from, to, strerror(errno));
	return 0;
}

int file_remove(const char *path, struct err *e)
{
	if (unlink(path))
		return errno == ENOENT ? 0
				       : err_set(e, E_IO, "remove %s: %s", path, strerror(errno));
	return sync_folder_of(path)
		       ? err_set(e, E_IO, "sync the folder of %s: %s", path, strerror(errno))
		       : 0;
}

int folder_make(const char *path, mode_t mode, struct err *e)
{
	char part[4096];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return err_set(e, E_IO, "path empty or too long");
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != 0)
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (mkdir(part, i == len ? mode : 0755) && errno != EEXIST)
			return err_set(e, E_IO, "make folder %s: %s", part, strerror(errno));
	}
	return 0;
}

static int take_name(const char *folder, const char *name,
		     int (*take)(void *user, const char *path, struct err *e), void *user,
		     struct err *e)
{
	char path[4096];

	if (name[0] == '.')
		return 0;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
		return err_set(e, E_CONFIG, "name too long in %.200s", folder);
	return take(user, path, e);
}

int folder_each(const char *folder, const char *what,
		int (*take)(void *user, const char *path, struct err *e), void *user, struct err *e)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, NULL, alphasort), rc = 0;

	if (n < 0)
		return err_set(e, E_CONFIG, "folder of %s %s: %s", what, folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (!rc)
			rc = take_name(folder, names[i]->d_name, take, user, e);
		free(names[i]);
	}
	free(names);
	return rc;
}

int memfd_from(const char *name, struct bytes b, struct err *e)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write_all(fd, b) || lseek(fd, 0, SEEK_SET) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)) {
		err_set(e, E_IO, "memory file: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}
