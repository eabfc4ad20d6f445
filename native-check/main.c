// SPDX-License-Identifier: MIT
/* The command line. Decides nothing about results. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "harness.h"

struct options options = { .port = 1, .gid_index = -1, .timeout = 30, .budget = 120 };

static const char usage[] =
	"Usage: native-check [OPTION]...\n"
	"Tests RDMA verbs, on-demand paging above all, on a device of this machine. Prints KTAP version 1.\n"
	"\n"
	"  --list             print the names of the tests and end\n"
	"  --filter PATTERN   only tests whose name matches (a shell pattern; may be repeated)\n"
	"  --device NAME      the RDMA device (default: the first one)\n"
	"  --port N           its port (default: 1)\n"
	"  --gid-index N      its GID (default: the first RoCE v2 one that is an IPv4 address, else 0)\n"
	"  --timeout SECONDS  for each test (default: 30)\n"
	"  --budget SECONDS   for all; a test that would begin later fails unrun (default: 120)\n"
	"  --require-device   no device is a failure, not a skip\n"
	"  --self-test        test the harness instead; needs no device, and some of its tests fail on purpose\n"
	"  --help             this text\n"
	"\n"
	"Exit status: 0 all passed or skipped, 1 something failed, 2 wrong usage, 4 nothing ran.\n";

static int number_in(const char *option, const char *text, long low, long high)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (!*text || *end || value < low || value > high) {
		fprintf(stderr, "native-check: --%s wants a number from %ld to %ld, not '%s'\n", option, low, high, text);
		exit(EXIT_USAGE);
	}
	return (int)value;
}

enum { OPT_LIST = 256, OPT_FILTER, OPT_DEVICE, OPT_PORT, OPT_GID, OPT_TIMEOUT, OPT_BUDGET, OPT_REQUIRE, OPT_SELF, OPT_HELP };

static const struct option long_options[] = {
	{ "list", no_argument, NULL, OPT_LIST },
	{ "filter", required_argument, NULL, OPT_FILTER },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "gid-index", required_argument, NULL, OPT_GID },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "budget", required_argument, NULL, OPT_BUDGET },
	{ "require-device", no_argument, NULL, OPT_REQUIRE },
	{ "self-test", no_argument, NULL, OPT_SELF },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

int main(int argc, char **argv)
{
	struct run_wish wish = { .usable = device_usable };
	int option, status, filters = 0;
	bool list = false;

	wish.filters = calloc(argc + 1, sizeof(*wish.filters));
	if (!wish.filters)
		return EXIT_FAIL;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case OPT_LIST: list = true; break;
		case OPT_FILTER: wish.filters[filters++] = optarg; break;
		case OPT_DEVICE: options.device = optarg; break;
		case OPT_PORT: options.port = number_in("port", optarg, 1, 255); break;
		case OPT_GID: options.gid_index = number_in("gid-index", optarg, 0, 255); break;
		case OPT_TIMEOUT: options.timeout = number_in("timeout", optarg, 1, 3600); break;
		case OPT_BUDGET: options.budget = number_in("budget", optarg, 1, 86400); break;
		case OPT_REQUIRE: wish.require_device = true; break;
		case OPT_SELF: wish.selftest = true; break;
		case OPT_HELP: fputs(usage, stdout); free(wish.filters); return EXIT_PASS;
		default: fputs("Try --help.\n", stderr); free(wish.filters); return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "native-check: unexpected argument '%s'\nTry --help.\n", argv[optind]);
		status = EXIT_USAGE;
	} else if (list) {
		status = tests_list(&wish);
	} else {
		status = tests_run(&wish);
	}
	if (status == EXIT_USAGE && optind >= argc)
		fputs("native-check: no test matches the filter\n", stderr);
	free(wish.filters);
	return status;
}
