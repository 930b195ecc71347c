/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups as a tree and as a picture: of a host with a switch, groups of one and of several, a
 * second domain, a device in no group and names that try to break out, what is drawn is what
 * golden/groups-* say. Graphviz takes the picture, where it is there.
 *
 * With VFIOPREP_GOLDEN=write in the environment the golden texts are written anew; read the
 * difference before believing it.
 */
#include "run-tool.h"

#define GOLDEN "tests/unit/golden"

static char golden[PATH_MAX];

/* As on a board with a switch whose second port lacks ACS. No name is one that pci.ids has. */
static int set_up_board(void **state)
{
	static const struct fixture_device devices[] = {
		{ .address = "0000:00:00.0", .class = "060000", .group = 0 },
		{ .address = "0000:00:01.0",
		  .class = "060400",
		  .group = 1,
		  .driver = "pcieport",
		  .bus_below = 1 },
		{ .address = "0000:01:00.0",
		  .class = "060400",
		  .group = 2,
		  .driver = "pcieport",
		  .bus_below = 2 },
		{ .address = "0000:02:00.0",
		  .class = "060400",
		  .group = 3,
		  .driver = "pcieport",
		  .bus_below = 3 },
		{ .address = "0000:02:01.0",
		  .class = "060400",
		  .group = 4,
		  .driver = "pcieport",
		  .bus_below = 4 },
		{ .address = "0000:03:00.0", .driver = "e1000e", .group = 5 },
		{ .address = "0000:04:00.0", .driver = "vfio-pci", .group = 4 },
		{ .address = "0000:04:00.1", .driver = "bad\"];\\\033[31m", .group = 4 },
		{ .address = "0000:00:1f.2",
		  .driver = "ahci",
		  .class = "010601",
		  .group = 6 },
		{ .address = "0000:00:1f.6", .driver = "e1000e" },
		{ .address = "10000:00:01.0",
		  .class = "060400",
		  .driver = "pcieport",
		  .group = 8,
		  .bus_below = 0xe0 },
		{ .address = "10000:e0:00.0", .driver = "e1000e", .group = 7 },
	};

	if (!realpath(GOLDEN, golden) ||
	    !realpath(getenv("MODEL_BIN") ?: "build/dev/model/bin", bin))
		return -1;
	(void)state;
	unsetenv("NO_COLOR");
	setenv("LC_ALL", "C.UTF-8", 1);
	host = fixture_new();
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		struct fixture_device device = devices[i];

		device.ids = "f0f0:0001";
		device.reset = true;
		fixture_device(host, &device);
	}
	fixture_disk(host, &(struct fixture_disk){ .address = "0000:00:1f.2",
						   .name = "sda",
						   .dev = "8:0",
						   .partitions = 1 });
	fixture_mount(host, "8:1", "/dev/sda1", "/srv", "ext4");
	return 0;
}

static void write_golden(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void expect_golden(const char *name)
{
	_cleanup_free_ char *path = strf("%s/%s", golden, name);
	const char *how_to = getenv("VFIOPREP_GOLDEN");
	_cleanup_free_ char *expected = NULL;
	int fd;

	if (how_to && streq(how_to, "write"))
		write_golden(path, got.out);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s is missing", path);
	expected = contents(fd);
	if (!streq(got.out, expected))
		fail_msg("%s is not what was printed:\n%s", path, got.out);
}

/* -- as a tree ---------------------------------------------------------------------- */

static void a_tree_shows_what_is_behind_what(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-groups", "--tree", NULL), 0);
	expect_golden("groups-tree.txt");
	expect_no_text(got.out, "\033");
}

static void a_tree_needs_no_more_than_ascii(void **state)
{
	(void)state;
	setenv("LC_ALL", "C", 1);
	assert_int_equal(run("vfioprep-groups", "--tree", NULL), 0);
	setenv("LC_ALL", "C.UTF-8", 1);
	for (const char *c = got.out; *c; c++)
		assert_true((unsigned char)*c < 0x80);
	expect_text(got.out, "`-0000:01:00.0");
}

static void colours_tell_verdicts_apart(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-groups", "--tree", "--color=always", NULL), 0);
	expect_golden("groups-tree-color.txt");
}

/* With the whole group, and the way up; and the exit status is the verdict's. */
static void what_is_named_is_drawn_with_its_way_up(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-groups", "--tree", "04:00.1", NULL), 0);
	expect_golden("groups-tree-one.txt");
	assert_int_equal(run("vfioprep-groups", "--tree", "00:1f.2", NULL), 3);
	expect_no_text(got.out, "0000:00:01.0");
	expect_text(got.out, "0000:00:1f.2");
}

static void json_nests_what_is_behind_what(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-groups", "--tree", "--json", "-o",
			     "address,group,passable", NULL),
			 0);
	expect_golden("groups-tree.json");
}

/* -- as a picture ------------------------------------------------------------------- */

static void a_picture_has_boxes_around_groups(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-groups", "--dot", NULL), 0);
	expect_golden("groups-dot.txt");
}

static void a_picture_can_be_of_a_part(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-groups", "--dot", "04:00.0", NULL), 0);
	expect_text(got.out, "\"0000:00:01.0\" -> \"0000:01:00.0\"");
	expect_no_text(got.out, "0000:03:00.0");
	expect_no_text(got.out, "10000:e0");
}

static void graphviz_takes_the_picture(void **state)
{
	_cleanup_free_ char *picture = fixture_path(host, "/groups.dot");
	_cleanup_free_ char *command =
		strf("dot -Tsvg -o %s.svg %s 2>%s.err && ! test -s %s.err && "
		     "grep -q 'group 4: passable' %s.svg",
		     picture, picture, picture, picture, picture);

	(void)state;
	if (system("command -v dot >/dev/null") != 0)
		skip();
	assert_int_equal(run("vfioprep-groups", "--dot", NULL), 0);
	write_golden(picture, got.out);
	assert_int_equal(system(command), 0);
}

/* -- what makes no sense ------------------------------------------------------------ */

static void only_one_picture_at_a_time(void **state)
{
	(void)state;
	run("vfioprep-groups", "--tree", "--dot", NULL);
	expect_complaint(2, "choose one of --tree, --dot and --explain");
	run("vfioprep-groups", "--explain", "--tree", NULL);
	expect_complaint(2, "choose one of");
	run("vfioprep-groups", "--dot", "--json", NULL);
	expect_complaint(2, "draw columns with --tree");
}

#define TEST(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tree_shows_what_is_behind_what),
		TEST(a_tree_needs_no_more_than_ascii),
		TEST(colours_tell_verdicts_apart),
		TEST(what_is_named_is_drawn_with_its_way_up),
		TEST(json_nests_what_is_behind_what),
		TEST(a_picture_has_boxes_around_groups),
		TEST(a_picture_can_be_of_a_part),
		TEST(graphviz_takes_the_picture),
		TEST(only_one_picture_at_a_time),
	};

	(void)set_up;
	return cmocka_run_group_tests(tests, set_up_board, tear_down);
}
