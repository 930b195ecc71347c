/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host that is not as hosts are: each line of the input changes the prepared one
 * (edit.h); then everything is listed, judged, explained and planned. The first byte says
 * how it is looked at: bit 0 as a running system rather than a dump, bit 1 with a dump
 * made of it. It must end soon, show nothing from outside and leave nothing there.
 */
#include "edit.h"

#include <time.h>

#define LINE_MAX_HERE 4096
#define SECONDS_MAX   20

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

/* -- mutations that know the host ----------------------------------------------------- */

static const char *const values[] = {
	"=",
	"=0\\n",
	"=1\\n",
	"=-1\\n",
	"=4294967295\\n",
	"=99999999999999999999\\n",
	"=a\\*\\*\\*\\*",
	"=\\0\\0",
	"=\033[31m",
	"=\xff\xfe",
	"=ffffffff:ffffffff",
	">.",
	">..",
	">/",
	">@",
	">@/modalias",
	">../../../..",
	">/proc/1",
	">/sys",
	">0000:01:00.0",
	">x\033[31m",
	">../../../devices/",
	">/devices/..",
	"/",
	"|",
	"-",
	"=8:1\\n",
	"=253:0\\n",
	"=pci:v00008086d000010D3sv00001AF4sd00001100bc06sc04i00\\n",
};

static size_t add_line(char *text, size_t size, size_t max, unsigned int seed)
{
	const char *path = edit_path(seed >> 8),
		   *value = values[seed % ARRAY_SIZE(values)];
	_cleanup_free_ char *line = NULL;

	if (seed & 0x80 && *value == '>')
		line = strf("\n%s>%s", path, edit_path(seed >> 16));
	else if (seed & 0x40)
		line = strf("\n%s/x%u%s", path, seed >> 28, value);
	else
		line = strf("\n%s%s", path, value);
	expect(line, "out of memory");
	if (size + strlen(line) > max)
		return size;
	memcpy(text + size, line, strlen(line));
	return size + strlen(line);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	if (size && seed & 1)
		return add_line((char *)data, size, max, seed / 2 * 2654435761u);
	return LLVMFuzzerMutate(data, size, max);
}

/* -- looking -------------------------------------------------------------------------- */

static void print_plan(struct vfp_ctx *ctx, struct vfp_device **devices, int verb)
{
	struct vfp_finding **findings = NULL;
	_cleanup_free_ char *text = NULL;
	struct vfp_plan *plan;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	expect(out && vfp_plan_new(ctx, &plan) == 0, "no plan");
	for (size_t i = 0; verb < 2 && devices[i] && i < 3; i++) {
		const char *address = vfp_device_get(devices[i], VFP_ADDRESS);

		if (verb == 0)
			vfp_plan_hide(plan, address, NULL);
		else
			vfp_plan_return(plan, address, i ? NULL : "auto");
	}
	if (verb == 2)
		vfp_plan_recover(plan);
	vfp_plan_set(plan, VFP_GROUPS, "1");
	vfp_plan_print(plan, out, &findings);
	expect(fclose(out) == 0, "out of memory");
	expect_harmless(text, true);
	expect_inside(text);
	expect_findings(findings);
	vfp_findings_free(findings);
	vfp_plan_free(plan);
}

static void look(struct vfp_ctx *ctx)
{
	static const char *const names[] = { "eth0", "/dev/sda1", "nvme0n1", "group:11" };
	struct vfp_device **devices = NULL;
	struct vfp_record **records = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *why = NULL;

		if (vfp_select(ctx, names[i], &why, &devices) == 0)
			vfp_devices_free(devices);
		else
			expect_harmless(why, false);
	}
	if (vfp_records(ctx, &records) == 0)
		vfp_records_free(records);
	print_plan(ctx, NULL, 2);
	if (vfp_select(ctx, NULL, NULL, &devices) < 0)
		return;
	look_at_all(ctx, devices);
	print_plan(ctx, devices, 0);
	print_plan(ctx, devices, 1);
	vfp_devices_free(devices);
}

/* -- the target ----------------------------------------------------------------------- */

static void remove_dump(void)
{
	fixture_remove(fuzz_host(), "-dump");
}

static void begin(void)
{
	static bool begun;

	if (begun)
		return;
	begun = true;
	fuzz_any_path = true;
	edit_begin();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	unsigned char how = input_byte(&in);
	_cleanup_free_ char *dump = fixture_path(fuzz_host(), "-dump");
	struct vfp_ctx *ctx;
	time_t start = time(NULL);

	begin();
	while (in.left) {
		_cleanup_free_ char *line = input_until(&in, '\n');

		if (strlen(line) < LINE_MAX_HERE)
			edit(line);
	}
	ctx = fuzz_ctx(!(how & 1));
	if (how & 2)
		expect(vfp_ctx_record_reads(ctx, dump, how & 4) == 0, "no dump");
	look(ctx);
	vfp_ctx_free(ctx);
	if (how & 2)
		remove_dump();
	edit_undo();
	expect(time(NULL) - start < SECONDS_MAX, "it took %d seconds",
	       (int)(time(NULL) - start));
	return 0;
}
