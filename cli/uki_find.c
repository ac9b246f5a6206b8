// SPDX-License-Identifier: Apache-2.0
#include "uki_find.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/limits.h"
#include "proto/pe_image.h"

/* What is looked for, and what was found so far. */
struct finding {
	const char *release;
	struct range_file *found;
	char path[512];
	struct stat st;
	size_t n_looked;
};

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n > k && !strcmp(name + n - k, end);
}

/* A section's text ends where the image says, or with a NUL or line break before that. */
static bool is_of(struct range file, const char *release)
{
	OWNED(buf) content = NULL;
	struct pe_sections sections;
	const struct pe_section *s;
	struct err e = { 0 };
	struct bytes name;

	if (pe_image_sections(file, &sections, &e))
		return false;
	s = pe_section_find(&sections, ".uname");
	if (!s || range_bytes(s->content, UKI_TEXT_MAX, &content, &e))
		return false;
	name = buf_bytes(content);
	while (name.len && (!name.at[name.len - 1] || name.at[name.len - 1] == '\n'))
		name.len--;
	return bytes_equal(name, bytes_text(release));
}

static int look_at(struct finding *f, const char *path, struct err *e)
{
	OWNED(range_file) file = NULL;
	struct stat st;

	if (f->n_looked++ == UKI_FILES_MAX)
		return err_set(e, E_LIMIT, "more than %d images in the ESP: say which (--uki FILE)",
			       UKI_FILES_MAX);
	/* an ESP that is mounted at two of the places has one file twice */
	if (stat(path, &st) || (f->found && st.st_dev == f->st.st_dev && st.st_ino == f->st.st_ino))
		return 0;
	if (range_open(path, UKI_FILE_MAX, &file, e))
		return (int)e->code;
	if (!is_of(range_whole(file), f->release))
		return 0;
	if (f->found)
		return err_set(e, E_CONFLICT,
			       "%s and %s are both of %s: say which boots (--uki FILE)", f->path,
			       path, f->release);
	f->found = TAKE(file);
	f->st = st;
	snprintf(f->path, sizeof(f->path), "%s", path);
	return 0;
}

static int look_in(struct finding *f, const char *esp, struct err *e)
{
	char path[512];
	struct dirent *entry;
	DIR *folder;
	int rc = 0;

	snprintf(path, sizeof(path), "%.200s/EFI/Linux", esp);
	folder = opendir(path);
	while (folder && !rc && (entry = readdir(folder))) {
		if (!ends_with(entry->d_name, ".efi"))
			continue;
		snprintf(path, sizeof(path), "%.200s/EFI/Linux/%s", esp, entry->d_name);
		rc = look_at(f, path, e);
	}
	if (folder)
		closedir(folder);
	return rc;
}

int uki_find(const char *esp, const char *release, struct range_file **out, struct err *e)
{
	static const char *const places[] = { "/efi", "/boot/efi", "/boot" };
	struct finding f = { .release = release };
	int rc = esp ? look_in(&f, esp, e) : 0;

	for (size_t i = 0; !esp && i < ARRAY_LEN(places) && !rc; i++)
		rc = look_in(&f, places[i], e);
	if (!rc && !f.found)
		rc = err_set(e, E_NOTFOUND,
			     "this boot is a unified kernel image, and no image in EFI/Linux of %s "
			     "says that it is of %s: say which boots next (--uki FILE)",
			     esp ? esp : "the ESP", release);
	if (rc)
		range_file_drop(&f.found);
	*out = f.found;
	return rc;
}
