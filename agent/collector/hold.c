// SPDX-License-Identifier: Apache-2.0
#include "hold.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netlink_message.h"

#define HOLD_NAME "assay-hold" /* a driver that does not exist; the module's name for it too */

static void path_of(char out[HOLD_PATH_TEXT], const char *folder, const char *address,
		    const char *name)
{
	snprintf(out, HOLD_PATH_TEXT, "%s/%s/%s", folder, address, name);
}

static int write_file(const char *path, const char *text, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int error = errno;

	if (fd >= 0)
		close(fd);
	return n < 0 ? err_set(e, E_IO, "write %s: %s", path, strerror(error)) : 0;
}

/* Of one line, without its end; "" when it cannot be read. */
static void read_line(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);

	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = 0;
	out[strcspn(out, "\n")] = 0;
}

bool hold_is_bound(const char *folder, const char *address)
{
	char path[HOLD_PATH_TEXT];

	path_of(path, folder, address, "driver");
	return !access(path, F_OK);
}

bool hold_is_set(const char *folder, const char *address)
{
	char path[HOLD_PATH_TEXT], override[64];

	path_of(path, folder, address, "driver_override");
	read_line(path, override, sizeof(override));
	return !strcmp(override, HOLD_NAME);
}

int hold_set(const char *folder, const char *address, struct err *e)
{
	char path[HOLD_PATH_TEXT];
	int rc = 0;

	path_of(path, folder, address, "driver_override");
	if (!hold_is_set(folder, address))
		rc = write_file(path, HOLD_NAME, e);
	if (!hold_is_bound(folder, address))
		return rc;
	/* also when it cannot be held: better for a moment than not at all */
	path_of(path, folder, address, "driver/unbind");
	if (!rc)
		return write_file(path, address, e);
	write_file(path, address, &(struct err){ 0 });
	return rc;
}

int hold_let(const char *folder, const char *address, struct err *e)
{
	char path[HOLD_PATH_TEXT];

	if (hold_is_bound(folder, address) || !hold_is_set(folder, address))
		return 0;
	path_of(path, folder, address, "driver_override");
	if (write_file(path, "\n", e))
		return (int)e->code;
	snprintf(path, sizeof(path), "%s/../drivers_probe", folder);
	return write_file(path, address, e);
}

static bool same_slot(const char *a, const char *b)
{
	size_t len = strcspn(a, ".");

	return len == strcspn(b, ".") && !memcmp(a, b, len);
}

const char *hold_gap(const char *folder, const char *address)
{
	char path[HOLD_PATH_TEXT], type[32];
	const char *gap = NULL;
	struct dirent *entry;
	DIR *group;

	path_of(path, folder, address, "iommu_group");
	if (access(path, F_OK))
		return "no IOMMU translates its DMA";
	path_of(path, folder, address, "iommu_group/type");
	read_line(path, type, sizeof(type));
	if (!strcmp(type, "identity"))
		return "the IOMMU passes its DMA through";
	path_of(path, folder, address, "iommu_group/devices");
	group = opendir(path);
	while (group && !gap && (entry = readdir(group)))
		if (pci_address_valid(entry->d_name) && !same_slot(entry->d_name, address))
			gap = "no ACS keeps it apart from others of its IOMMU group";
	if (group)
		closedir(group);
	return gap;
}

char hold_option(const char *folder)
{
	char path[HOLD_PATH_TEXT], value[4];

	snprintf(path, sizeof(path), "%s/assay_spdm/parameters/hold", folder);
	read_line(path, value, sizeof(value));
	return value[0];
}
