// SPDX-License-Identifier: Apache-2.0
#include "swid_load.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static int check(const char *path, const struct swid_module *m, struct err *e)
{
	if (!m)
		return err_set(e, E_CONFIG, "%s is no reader of manifests", path);
	if (m->version != SWID_MODULE_VERSION)
		return err_set(e, E_CONFIG, "%s has version %u, and this program needs %d", path,
			       m->version, SWID_MODULE_VERSION);
	if (strcmp(m->build, SWID_MODULE_BUILD))
		return err_set(e, E_CONFIG, "%s is of build %s, and this program of %s", path,
			       m->build, SWID_MODULE_BUILD);
	return 0;
}

/* Kept once it is loaded: reports of leaks have no names for what was unloaded, and xmlsec is not made to go and come back. */
int swid_load(const char *path, const struct swid_module **out, struct err *e)
{
	const struct swid_module *m;
	void *module;

	if (path[0] != '/') /* dlopen() would look for it */
		return err_set(e, E_INTERNAL, "\"%s\" is no full path of a module", path);
	if (access(path, R_OK))
		return err_set(e, E_CONFIG,
			       "the reader of vendors' manifests, %s, cannot be read: %s", path,
			       strerror(errno));
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!module)
		return err_set(e, E_CONFIG, "load %s: %s", path, dlerror());
	m = dlsym(module, SWID_MODULE_TABLE);
	if (check(path, m, e))
		return (int)e->code;
	*out = m;
	return 0;
}
