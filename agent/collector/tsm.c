// SPDX-License-Identifier: Apache-2.0
#include "tsm.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"

enum { LINE_SIZE = 256 };

/* The first line of an attribute; "" when it cannot be read. */
static void read_line(const char *folder, const char *name, char out[LINE_SIZE])
{
	OWNED(buf) b = NULL;
	struct err ignored = { 0 };
	char path[PATH_MAX];

	out[0] = 0;
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path) ||
	    file_read(path, LINE_SIZE - 1, &b, &ignored))
		return;
	memcpy(out, b->w.at, b->w.len);
	out[b->w.len] = 0;
	out[strcspn(out, "\n")] = 0;
}

static int keep_name(char to[KERNEL_NAME_MAX + 1], const char *name, const char *what,
		     struct err *e)
{
	if (strlen(name) > KERNEL_NAME_MAX)
		return err_set(e, E_LIMIT, "%s: a name of more than %d characters", what,
			       KERNEL_NAME_MAX);
	strcpy(to, name);
	return 0;
}

/* The same file name has two meanings; the folder beside it tells which. */
static int read_authenticated(const char *folder, struct tsm_look *out, struct err *e)
{
	char path[PATH_MAX], line[LINE_SIZE];

	read_line(folder, "authenticated", line);
	if (snprintf(path, sizeof(path), "%s/tsm", folder) < (int)sizeof(path) &&
	    access(path, F_OK) == 0)
		return keep_name(out->authenticated_by, line, "authenticated", e);
	out->has_authenticated = !strcmp(line, "0") || !strcmp(line, "1");
	out->authenticated = !strcmp(line, "1");
	return 0;
}

/* Cuts @path down to the host bridge above it, /sys/devices/pciDDDD:BB. */
static bool to_host_bridge(char *path)
{
	for (char *last; (last = strrchr(path, '/')); *last = 0)
		if (!strncmp(last, "/pci", 4) && strchr(last, ':'))
			return true;
	return false;
}

static int is_stream(const struct dirent *d)
{
	unsigned int host, root_port, endpoint;
	char more;

	return sscanf(d->d_name, "stream%u.%u.%u%c", &host, &root_port, &endpoint, &more) == 3;
}

static int take_stream(const char *bridge, const char *name, const char *function,
		       struct tsm_look *out, struct err *e)
{
	char link[PATH_MAX + 300], target[PATH_MAX];

	snprintf(link, sizeof(link), "%s/%s", bridge, name);
	if (!realpath(link, target) || strcmp(target, function))
		return 0;
	if (out->n_streams == IDE_STREAMS_MAX)
		return err_set(e, E_LIMIT, "more than %d IDE streams", IDE_STREAMS_MAX);
	return keep_name(out->streams[out->n_streams++], name, "IDE stream", e);
}

static int read_streams(const char *folder, struct tsm_look *out, struct err *e)
{
	char function[PATH_MAX], bridge[PATH_MAX];
	struct dirent **names = NULL;
	int n, rc = 0;

	if (!realpath(folder, function))
		return 0;
	strcpy(bridge, function);
	if (!to_host_bridge(bridge))
		return 0;
	n = scandir(bridge, &names, is_stream, alphasort);
	for (int i = 0; i < n; i++) {
		if (!rc)
			rc = take_stream(bridge, names[i]->d_name, function, out, e);
		free(names[i]);
	}
	free(names);
	return rc;
}

int tsm_look(const char *folder, struct tsm_look *out, struct err *e)
{
	char line[LINE_SIZE];

	*out = (struct tsm_look){ 0 };
	read_line(folder, "tsm/connect", line);
	if (keep_name(out->connected, line, "tsm/connect", e) ||
	    read_authenticated(folder, out, e) || read_streams(folder, out, e))
		return (int)e->code;
	return 0;
}
