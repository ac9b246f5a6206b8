// SPDX-License-Identifier: Apache-2.0
#include <getopt.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "assay_commit.h"
#include "collector/service.h"

int main(int argc, char **argv)
{
	static const struct option options[] = { { "config", required_argument, NULL, 'c' },
						 { "version", no_argument, NULL, 'V' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	static struct agent_settings s;
	const char *config = "/etc/assay/agent.conf";
	struct err e = { 0 };
	int opt;

	prctl(PR_SET_DUMPABLE, 0); /* what it reads of a host is nobody's who finds a core dump */
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (opt == 'c') {
			config = optarg;
		} else if (opt == 'V') {
			printf("assay-collector %s (%s)\n", ASSAY_VERSION, ASSAY_COMMIT);
			return 0;
		} else {
			fputs("usage: assay-collector [--config FILE]\n",
			      opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 1;
		}
	}
	if (agent_settings_load(config, &s, &e) || collector_serve(&s, &e)) {
		fprintf(stderr, "assay-collector: %s\n", e.text);
		return err_exit_code(&e);
	}
	return 0;
}
