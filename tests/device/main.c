// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"

static int usage(void)
{
	fputs("usage: spdm-device init FOLDER\n"
	      "       spdm-device identity ROOTFOLDER FOLDER SLOT ASYM PCINAME [FLAW]\n"
	      "       spdm-device serve [--control PATH] --device KEY=VALUE,... [--device ...]\n"
	      "       spdm-device tell CONTROLSOCKET WORD...\n"
	      "       spdm-device modes\n"
	      "see tests/device/README.md\n",
	      stderr);
	return 1;
}

static int take(struct device *d, const char *key, const char *value)
{
	if (!strcmp(key, "name"))
		return snprintf(d->name, sizeof(d->name), "%s", value) < (int)sizeof(d->name) ? 0
											      : -1;
	if (!strcmp(key, "port"))
		d->port = (uint16_t)atoi(value);
	else if (!strcmp(key, "versions"))
		return versions_set(d, value) ? 0 : -1;
	else if (!strcmp(key, "asym"))
		return (d->asym = asym_bit(value)) ? 0 : -1;
	else if (!strcmp(key, "hash"))
		return (d->hash = hash_bit(value)) ? 0 : -1;
	else if (!strcmp(key, "meas"))
		return (d->meas_hash = hash_bit(value) << 1) ? 0 : -1;
	else if (!strcmp(key, "flags"))
		d->flags = (uint32_t)strtoul(value, NULL, 0);
	else if (!strcmp(key, "portion"))
		d->portion_max = (uint16_t)atoi(value);
	else if (!strcmp(key, "identity"))
		snprintf(d->identity, sizeof(d->identity), "%s", value);
	else if (!strcmp(key, "measurements"))
		snprintf(d->measurements, sizeof(d->measurements), "%s", value);
	else if (!strcmp(key, "hostile"))
		return (d->mode = hostile_find(value)) ? 0 : -1;
	else
		return -1;
	return 0;
}

static int take_device(struct device *d, char *text)
{
	*d = (struct device){ .flags = 0x16, /* certificates, challenge, signed measurements */
			      .asym = 1u << 7,
			      .hash = 2,
			      .meas_hash = 4,
			      .portion_max = 1024 };
	versions_set(d, "1.0-1.3");
	for (char *p = strtok(text, ","); p; p = strtok(NULL, ",")) {
		char *value = strchr(p, '=');

		if (!value)
			return -1;
		*value++ = 0;
		if (take(d, p, value)) {
			fprintf(stderr, "spdm-device: %s=%s is not understood\n", p, value);
			return -1;
		}
	}
	if (!d->name[0] || !d->identity[0] || !d->measurements[0])
		return -1;
	if (identity_load(d)) {
		fprintf(stderr, "spdm-device: no identity in %s\n", d->identity);
		return -1;
	}
	return 0;
}

static int run_serve(int argc, char **argv)
{
	static struct device devices[DEVICES];
	const char *control = NULL;
	size_t n = 0;

	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "--control") && i + 1 < argc) {
			control = argv[++i];
		} else if (!strcmp(argv[i], "--device") && i + 1 < argc && n < DEVICES) {
			if (take_device(&devices[n++], argv[++i]))
				return usage();
		} else {
			return usage();
		}
	}
	return n ? serve(devices, n, control, true) : usage();
}

/* One line to a running one; its answer on stdout. */
static int run_tell(int argc, char **argv)
{
	char line[1024] = "", answer[512];
	int fd = control_connect(argv[2]);
	ssize_t n;

	for (int i = 3; i < argc; i++) {
		size_t used = strlen(line);

		if (snprintf(line + used, sizeof(line) - used, "%s%s", used ? " " : "", argv[i]) >=
		    (int)(sizeof(line) - used))
			return usage();
	}
	if (fd < 0 || send(fd, line, strlen(line), MSG_NOSIGNAL) < 0) {
		perror(argv[2]);
		return 1;
	}
	n = recv(fd, answer, sizeof(answer), 0);
	close(fd);
	if (n <= 0)
		return 1;
	fwrite(answer, 1, (size_t)n, stdout);
	return !memcmp(answer, "error", n < 5 ? (size_t)n : 5);
}

static int run_modes(void)
{
	for (size_t i = 0; i < n_hostile_modes; i++) {
		const struct hostile_mode *m = &hostile_modes[i];

		if (!m->alter == !m->flaw)
			return 1; /* a row alters a message or flaws an identity, one of the two */
		printf("%s\t%d\t0x%02x\t%s\t%s\n", m->name, m->number, m->response,
		       m->flaw ? m->flaw : "-", m->answer);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "tell"))
		return run_tell(argc, argv);
	if (argc == 3 && !strcmp(argv[1], "init"))
		return identity_make_root(argv[2], "p384") ? 1 : 0;
	if ((argc == 7 || argc == 8) && !strcmp(argv[1], "identity")) {
		struct identity_options o = { argv[5], argv[6], argc == 8 ? argv[7] : NULL };

		return identity_make(argv[2], argv[3], atoi(argv[4]), &o) ? 1 : 0;
	}
	if (argc >= 4 && !strcmp(argv[1], "serve"))
		return run_serve(argc, argv);
	if (argc == 2 && !strcmp(argv[1], "modes"))
		return run_modes();
	return usage();
}
