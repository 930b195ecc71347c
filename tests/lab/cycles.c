/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cycles: a program that runs for long and uses the library: it hides and returns the devices
 * on its command line again and again, and tells ten times on the way what that has cost it.
 *
 *	cycles COUNT DEVICE...
 *	cycles --stuck DEVICE COUNT DEVICE...	first hide one that hangs, and go on when told so
 */
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vfioprep.h"

static size_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static long resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long size = 0, resident = 0;

	if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2)
		resident = -1;
	if (file)
		fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Children of any kind, the dead included. */
static int count_children(void)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	int pid, n = 0;

	while (file && fscanf(file, "%d", &pid) == 1)
		n++;
	if (file)
		fclose(file);
	return n;
}

static double now_msec(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1000000;
}

static int carry_out(struct vfp_ctx *ctx, char **devices, int back, const char *timeout)
{
	struct vfp_finding **findings = NULL;
	struct vfp_plan *plan;
	int r = vfp_plan_new(ctx, &plan);

	if (r < 0)
		return r;
	r = timeout ? vfp_plan_set(plan, VFP_TIMEOUT, timeout) : 0;
	for (; *devices && r == 0; devices++)
		r = back ? vfp_plan_return(plan, *devices, NULL)
			 : vfp_plan_hide(plan, *devices, NULL);
	r = r == 0 ? vfp_plan_run(plan, &findings) : r;
	for (size_t i = 0; r < 0 && findings && findings[i]; i++)
		fprintf(stderr, "%s: %s\n", findings[i]->device, findings[i]->text);
	vfp_findings_free(findings);
	vfp_plan_free(plan);
	return r;
}

/* The context is the program's, or a new one every other time: neither may leave anything. */
static int cycle(struct vfp_ctx *ctx, char **devices, int number)
{
	struct vfp_ctx *own = NULL;
	int r = number % 2 ? vfp_ctx_new(&own) : 0;

	r = r == 0 ? carry_out(own ? own : ctx, devices, 0, NULL) : r;
	r = r == 0 ? carry_out(own ? own : ctx, devices, 1, NULL) : r;
	vfp_ctx_free(own);
	return r;
}

static int leave_stuck(char *device)
{
	char *devices[] = { device, NULL };
	struct vfp_ctx *ctx;
	int r = vfp_ctx_new(&ctx);

	if (r == 0)
		r = carry_out(ctx, devices, 0, "1");
	vfp_ctx_free(ctx);
	printf("stuck %d children %d\n", r == -EINPROGRESS, count_children());
	fflush(stdout);
	return r == -EINPROGRESS && getchar() != EOF ? 0 : -EIO;
}

int main(int argc, char **argv)
{
	struct vfp_ctx *ctx;
	double began;
	int r = 0, count, tenth;

	if (argc > 3 && strcmp(argv[1], "--stuck") == 0) {
		r = leave_stuck(argv[2]);
		argv += 2;
		argc -= 2;
	}
	if (argc < 3 || r < 0 || vfp_ctx_new(&ctx) < 0)
		return 1;
	count = atoi(argv[1]);
	tenth = count < 10 ? 1 : count / 10;
	began = now_msec();
	for (int i = 1; i <= count && r == 0; i++) {
		r = cycle(ctx, argv + 2, i);
		if (i % tenth)
			continue;
		printf("cycles %d fds %zu kib %ld heap %zu children %d msec %.0f\n", i,
		       count_entries("/proc/self/fd"), resident_kib(),
		       mallinfo2().uordblks, count_children(),
		       (now_msec() - began) / tenth);
		fflush(stdout);
		began = now_msec();
	}
	vfp_ctx_free(ctx);
	if (r < 0)
		fprintf(stderr, "cycles: %s\n", strerror(-r));
	return r < 0;
}
