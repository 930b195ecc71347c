/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records and the format that configuration shares with them. The first byte says what
 * the rest is: "f" a file of that format, "r" a record as it lies in the folder, "v"
 * values, ended by zero bytes, of a record that is saved and must come back as it was.
 */
#include "fuzz.h"

#define FILE_OF_HIDDEN RECORD_DIR "/" HIDDEN

static const char *const keys[] = {
	"device",
	"identity",
	"boot",
	"phase",
	"since",
	"by",
	"for",
	"pid",
	"orig.driver",
	"orig.module",
	"orig.driver_override",
	"goal.driver",
	"goal.driver_override",
	"back",
	"problem",
};

static void parse_file(struct input *in)
{
	_cleanup_free_ char *text = input_until(in, '\0');
	struct pair *pairs = NULL;
	size_t n = 0;
	int line = 0, r = keyfile_parse(text, &pairs, &n, &line);

	expect(r == 0 || (r == -EINVAL && line > 0), "error %d in line %d", r, line);
	for (size_t i = 0; i < n; i++) {
		/* A section is there also without a line below it. */
		expect(*pairs[i].key || !*pairs[i].value, "a value without a key");
		expect(!strpbrk(pairs[i].key, " \t\n#["), "key '%s'", pairs[i].key);
		for (const char *c = pairs[i].value; *c; c++)
			expect((unsigned char)*c >= ' ' || *c == '\t', "value '%s'",
			       pairs[i].value);
		expect(pairs_get(pairs, n, pairs[i].section, pairs[i].key), "lost: %s",
		       pairs[i].key);
	}
	pairs_free(pairs, n);
}

static void check_loaded(const struct record *record)
{
	expect(record->device, "a record without a device");
	if (record->problem) {
		expect_harmless(record->problem, false);
		return;
	}
	expect(streq(record->device, HIDDEN), "taken for another: %s", record->device);
	expect(record->identity && record->boot && record->phase && record->orig_driver &&
		       record->orig[OVERRIDE] && record->goal_driver &&
		       record->goal[OVERRIDE],
	       "a record with holes is believed");
}

/* As status and recover see it. */
static void list_records(struct vfp_ctx *ctx)
{
	struct vfp_record **records = NULL;
	struct vfp_finding **findings = NULL;
	_cleanup_free_ char *text = NULL;
	struct vfp_plan *plan = NULL;
	size_t size;
	FILE *out;

	expect(vfp_records(ctx, &records) == 0 && records[0] && !records[1],
	       "there is one record");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		vfp_record_get(records[0], keys[i]);
	vfp_records_free(records);
	expect(vfp_plan_new(ctx, &plan) == 0 && vfp_plan_recover(plan) == 0, "no plan");
	out = open_memstream(&text, &size);
	expect(out, "out of memory");
	if (vfp_plan_print(plan, out, &findings) == 0)
		expect(fflush(out) == 0, "out of memory");
	fclose(out);
	expect_harmless(text, true);
	expect_findings(findings);
	vfp_findings_free(findings);
	vfp_plan_free(plan);
}

static void load_record(struct vfp_ctx *ctx, const struct input *in)
{
	_cleanup_record_ struct record record = { 0 };
	int r;

	fuzz_write(FILE_OF_HIDDEN, in->at, in->left);
	r = record_load(ctx, HIDDEN, &record);
	expect(r == 0, "error %d", r);
	check_loaded(&record);
	list_records(ctx);
}

static int no_write(struct vfp_ctx *ctx, const char *path, const char *value,
		    const char *device, uint64_t inode)
{
	(void)ctx, (void)value, (void)device, (void)inode;
	expect(false, "a write to %s", path);
	return -EROFS;
}

static int no_load(struct vfp_ctx *ctx, const char *module)
{
	return no_write(ctx, module, "", NULL, 0);
}

static int no_chown(struct vfp_ctx *ctx, const char *path, uid_t uid, gid_t gid)
{
	(void)uid, (void)gid;
	return no_write(ctx, path, "", NULL, 0);
}

/* As the library has it from a link in sysfs: one part of a path. */
static void make_name(char *s)
{
	for (char *c = s; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '/')
			*c = '_';
	if (streq(s, ".") || streq(s, ".."))
		*s = '_';
}

static void save_record(struct vfp_ctx *ctx, struct input *in)
{
	_cleanup_record_ struct record record = { 0 }, again = { 0 };
	char **fields[] = { &record.since,          &record.by,
			    &record.for_,           &record.pid,
			    &record.orig_driver,    &record.orig_module,
			    &record.orig[OVERRIDE], &record.goal_driver,
			    &record.goal[OVERRIDE], &record.back,
			    &record.phase };
	char **back[] = { &again.since,          &again.by,
			  &again.for_,           &again.pid,
			  &again.orig_driver,    &again.orig_module,
			  &again.orig[OVERRIDE], &again.goal_driver,
			  &again.goal[OVERRIDE], &again.back,
			  &again.phase };
	size_t total = 0;

	record.device = strdup(HIDDEN);
	record.boot = strdup(ctx_boot_id(ctx));
	expect(root_attr(ctx, &record.identity, PCI_DEVICES "/" HIDDEN "/modalias") == 0,
	       "no modalias");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		*fields[i] = input_until(in, '\0');
		total += strlen(*fields[i]);
	}
	if (total > 8192)
		return;
	make_name(record.orig_driver);
	make_name(record.orig_module);
	make_name(record.goal_driver);
	expect(record_save(ctx, &record) == 0, "not saved");
	expect(record_load(ctx, HIDDEN, &again) == 0 && !again.problem,
	       "not believed: %s", nonnull(again.problem));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		expect(streq(*fields[i], nonnull(*back[i])), "'%s' came back as '%s'",
		       *fields[i], nonnull(*back[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct seam none = { no_write, no_load, no_chown };
	static struct vfp_ctx *reader, *writer;
	struct input in = { (const char *)data, size };

	if (!reader) {
		reader = fuzz_ctx(false);
		fuzz_seam = &none;
		writer = fuzz_ctx(false);
		fuzz_seam = NULL;
	}
	switch (input_byte(&in)) {
	case 'f':
		parse_file(&in);
		break;
	case 'r':
		load_record(reader, &in);
		break;
	case 'v':
		save_record(writer, &in);
		break;
	}
	return 0;
}
