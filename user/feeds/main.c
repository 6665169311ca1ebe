// SPDX-License-Identifier: Apache-2.0
/* floodwall-feed: the worker that fetches and reads one feed (feeds/job.h), and one attempt by hand. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "feeds/sandbox.h"
#include "feeds/try.h"
#include "feeds/update.h"
#include "lib/cleanup.h"
#include "lib/fd_text.h"
#include "lib/grow.h"

#define EXIT_USAGE 64

static const char usage[] = "usage: floodwall-feed                      a worker: job on 0, status on 1, "
			    "result on 3, secret on 4\n"
			    "       floodwall-feed --try DIR [options]  one update by hand: job as JSON on "
			    "stdin, last good copy in DIR\n"
			    "  --name NAME      of the copy in DIR (default: feed)\n"
			    "  --secret FILE    holds the credential\n"
			    "  --protect CIDR   may never be listed; may be repeated\n"
			    "  --allow-bogons   private ranges may be listed\n"
			    "  --force          growth and shrink hold nothing\n"
			    "  --full           crowdsec: ask for everything\n"
			    "  --list FILE      write what would be in force\n";

/* 0, or why there is nothing to say a status about. */
static int serve(struct fw_feed_status *status, struct fw_err *err)
{
	FW_FREE char *text = NULL;
	FW_FREE char *secret = NULL;
	struct fw_feed_job job = {0};
	int r = fw_feed_sandbox(err);

	if (r)
		return r;
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return fw_err_set(err, -EIO, "cannot prepare libcurl");
	text = fw_fd_text(FW_FEED_JOB_FD, FW_FEED_JOB_MAX);
	if (!text)
		return fw_err_set(err, -EINVAL, "no job on standard input");
	r = fw_feed_job_decode(text, &job, err);
	if (!r && job.has_secret)
		r = fw_fd_credential(FW_FEED_SECRET_FD, &secret, err);
	if (!r)
		fw_feed_work(&job, secret, FW_FEED_RESULT_FD, status);
	fw_feed_job_done(&job);
	return err->code;
}

static int worker(void)
{
	struct fw_feed_status status = {0};
	struct fw_err err = {0};
	FW_FREE char *text = NULL;

	if (serve(&status, &err)) {
		status = (struct fw_feed_status){0};
		snprintf(status.error, sizeof(status.error), "%s", err.text);
	}
	curl_global_cleanup();
	if (fw_feed_status_encode(&status, &text, &err) || dprintf(FW_FEED_STATUS_FD, "%s\n", text) < 0) {
		fprintf(stderr, "floodwall-feed: cannot say what happened: %s\n", err.text);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int protect(struct fw_feed_try *settings, const char *text)
{
	struct fw_err err = {0};
	struct fw_prefix prefix;

	if (fw_prefix_parse(text, &prefix, &err)) {
		fprintf(stderr, "floodwall-feed: --protect: %s\n", err.text);
		return -EINVAL;
	}
	return FW_APPEND(settings->protected, settings->protected_count,
			 (struct fw_protected){prefix, FW_GUARD_OWN});
}

static int parse_options(int argc, char **argv, struct fw_feed_try *settings)
{
	static const struct option options[] = {
		{"try", required_argument, NULL, 't'},	  {"name", required_argument, NULL, 'n'},
		{"secret", required_argument, NULL, 's'}, {"protect", required_argument, NULL, 'p'},
		{"allow-bogons", no_argument, NULL, 'b'}, {"force", no_argument, NULL, 'f'},
		{"full", no_argument, NULL, 'e'},	  {"list", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},	  {0}};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 't':
			settings->dir = optarg;
			break;
		case 'n':
			settings->name = optarg;
			break;
		case 's':
			settings->secret_file = optarg;
			break;
		case 'p':
			if (protect(settings, optarg))
				return -EINVAL;
			break;
		case 'b':
			settings->guard.allow_bogons = true;
			break;
		case 'f':
			settings->guard.force = true;
			break;
		case 'e':
			settings->everything = true;
			break;
		case 'l':
			settings->list_file = optarg;
			break;
		default:
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? 0 : -EINVAL;
		}
	}
	if (settings->dir && optind == argc)
		return 1;
	fputs(usage, stderr);
	return -EINVAL;
}

int main(int argc, char **argv)
{
	struct fw_feed_try settings = {.worker = "/proc/self/exe", .name = "feed"};
	struct fw_err err = {0};
	int r;

	if (argc < 2)
		return worker();
	r = parse_options(argc, argv, &settings);
	if (r <= 0) {
		free(settings.protected);
		return r ? EXIT_USAGE : EXIT_SUCCESS;
	}
	r = fw_feed_try(&settings, &err);
	free(settings.protected);
	if (r < 0)
		fprintf(stderr, "floodwall-feed: %s\n", err.text);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
