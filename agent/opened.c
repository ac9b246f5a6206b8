// SPDX-License-Identifier: Apache-2.0
#include "opened.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"
#include "common/text.h"

int opened_write(const char *folder, const struct cap_volume *v, struct err *e)
{
	char path[600], uuid[UUID_TEXT_LEN + 1], hex[2 * CAP_PROOF_LEN + 1];

	if (snprintf(path, sizeof(path), "%s/%s", folder, uuid_write(v->uuid, uuid)) >=
	    (int)sizeof(path))
		return err_set(e, E_LIMIT, "path of %s is too long", folder);
	hex_write(BYTES(v->proof), hex);
	return folder_make(folder, 0700, e) || file_write(path, bytes_text(hex), 0600, e)
		       ? (int)e->code
		       : 0;
}

/* No UUID has this name. */
static const char lease_name[] = "lease";

int opened_by_lease(const char *folder, struct err *e)
{
	char path[600];

	if (snprintf(path, sizeof(path), "%s/%s", folder, lease_name) >= (int)sizeof(path))
		return err_set(e, E_LIMIT, "path of %s is too long", folder);
	return folder_make(folder, 0700, e) || file_write(path, BYTES_NONE, 0600, e) ? (int)e->code
										     : 0;
}

static int read_one(const char *folder, const char *name, struct cap_volume *out, struct err *e)
{
	OWNED(buf) b = NULL;
	char path[600], hex[2 * CAP_PROOF_LEN + 1] = "";

	if (!uuid_read(name, out->uuid))
		return err_set(e, E_FORMAT, "%s: %.60s is not the UUID of a volume", folder, name);
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return err_set(e, E_LIMIT, "path of %s is too long", folder);
	if (file_read(path, sizeof(hex) - 1, &b, e))
		return (int)e->code;
	if (b->w.len)
		memcpy(hex, b->w.at, b->w.len);
	return hex_read(hex, out->proof, sizeof(out->proof))
		       ? 0
		       : err_set(e, E_FORMAT, "%s does not hold %d hex digits", path,
				 2 * CAP_PROOF_LEN);
}

static int by_uuid(const void *a, const void *b)
{
	return memcmp(((const struct cap_volume *)a)->uuid, ((const struct cap_volume *)b)->uuid,
		      16);
}

int opened_read(const char *folder, struct cap_volume out[VOLUMES_MAX], size_t *n, bool *leased,
		struct err *e)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	int rc = 0;

	*n = 0;
	*leased = false;
	if (!d)
		return errno == ENOENT ? 0
				       : err_set(e, E_IO, "open %s: %s", folder, strerror(errno));
	while (!rc && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (!strcmp(entry->d_name, lease_name))
			*leased = true;
		else if (*n == VOLUMES_MAX)
			rc = err_set(e, E_LIMIT, "%s: more than %d volumes", folder, VOLUMES_MAX);
		else
			rc = read_one(folder, entry->d_name, &out[(*n)++], e);
	}
	closedir(d);
	qsort(out, *n, sizeof(out[0]), by_uuid);
	return rc;
}
