// SPDX-License-Identifier: Apache-2.0
#include "pci_names.h"

#include <jansson.h>
#include <pci/pci.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Under the lock, of the whole process: the file is read once, and one that cannot be read is not read again. */
static struct pci_access *names;
static bool tried;
static char file[PCI_NAMES_PATH_MAX];
static jmp_buf given_up;

/* The library says what it does to whoever is there: without this it calls nobody, and dies of it. */
static void say_nothing(char *message, ...)
{
	(void)message;
}

/* After this call the library expects to be no more: its own one ends the process, for a line of a file. */
static void give_up(char *message, ...) __attribute__((noreturn));
static void give_up(char *message, ...)
{
	char text[400];
	va_list args;

	va_start(args, message);
	vsnprintf(text, sizeof(text), message, args);
	va_end(args);
	text[strcspn(text, "\n")] = 0;
	log_event(LOG_LEVEL_WARN, "no-pci-names", LOG_T("why", text));
	longjmp(given_up, 1);
}

static void let_go(void)
{
	if (names)
		pci_cleanup(names);
	names = NULL;
}

static void load(void)
{
	static bool registered;

	tried = true;
	if (!registered)
		registered = !atexit(let_go);
	names = pci_alloc();
	if (!names)
		return;
	names->debug = names->warning = say_nothing;
	names->error = give_up;
	if (*file)
		pci_set_name_list_path(names, file, 0);
	if (pci_load_name_list(names))
		return;
	log_event(LOG_LEVEL_WARN, "no-pci-names", LOG_T("why", "cannot be read"),
		  LOG_T("file", names->id_file_name));
	let_go();
}

/* From the file alone: no guesses in digits, no questions to the network or to udev. */
static void look_up(int vendor, int device, char *out, size_t size)
{
	json_t *text;

	if (!names || !pci_lookup_name(names, out, (int)size,
				       PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE |
					       PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB,
				       vendor, device))
		out[0] = 0;
	text = json_string(out); /* in another encoding it would be in no answer */
	if (!text)
		out[0] = 0;
	json_decref(text);
}

const char *pci_model_name(const char *model, char *out, size_t size)
{
	unsigned int vendor, device;

	out[0] = 0;
	if (sscanf(model, "pci:%4x:%4x", &vendor, &device) != 2)
		return out;
	pthread_mutex_lock(&lock);
	if (setjmp(given_up)) {
		let_go();
		out[0] = 0;
	} else {
		if (!tried)
			load();
		look_up((int)vendor, (int)device, out, size);
	}
	pthread_mutex_unlock(&lock);
	return out;
}

void pci_names_from(const char *path)
{
	pthread_mutex_lock(&lock);
	let_go();
	tried = false;
	snprintf(file, sizeof(file), "%s", path ? path : "");
	pthread_mutex_unlock(&lock);
}
