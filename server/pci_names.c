// SPDX-License-Identifier: Apache-2.0
#include "pci_names.h"

#include <pci/pci.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pci_access *names; /* of the whole process: its file is read once */

/* The library says what it does to whoever is there: without this it calls nobody, and dies of it. */
static void say_nothing(char *message, ...)
{
	(void)message;
}

static void let_go(void)
{
	if (names)
		pci_cleanup(names);
	names = NULL;
}

const char *pci_model_name(const char *model, char *out, size_t size)
{
	unsigned int vendor, device;

	out[0] = 0;
	if (sscanf(model, "pci:%4x:%4x", &vendor, &device) != 2)
		return out;
	pthread_mutex_lock(&lock);
	if (!names && (names = pci_alloc())) {
		names->debug = names->warning = say_nothing;
		atexit(let_go);
	}
	/* from the file alone: no guesses in digits, no questions to the network or to udev */
	if (names && !pci_lookup_name(names, out, (int)size,
				      PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE |
					      PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB,
				      (int)vendor, (int)device))
		out[0] = 0;
	pthread_mutex_unlock(&lock);
	return out;
}
