/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tools/hook-xml.c and tools/hook-conf.c: the devices of a domain, wherever libvirt puts them and
 * nowhere else, XML that means harm, and what hook.conf says about a guest.
 */
#include "model.h"
#include "fixture.h"

#include "hook.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define UUID    "11111111-2222-3333-4444-555555555555"
#define DEVICES "<domain type='kvm'><uuid>" UUID "</uuid><devices>"
#define END     "</devices></domain>"
#define ADDRESS "<address domain='0x0000' bus='0x01' slot='0x02' function='0x3'/>"
#define PCI     "<address type='pci' domain='0x0000' bus='0x01' slot='0x02' function='0x3'/>"
#define HOSTDEV \
	"<hostdev mode='subsystem' type='pci'><source>" ADDRESS "</source></hostdev>"

/* "0000:01:02.3 yes mlx5": managed, driver. */
static char *devices_of(const char *xml)
{
	_cleanup_hook_domain_ struct hook_domain domain = { 0 };
	_cleanup_free_ char *why = NULL;
	_cleanup_str_ struct str text = { 0 };
	int r = hook_xml_parse(xml, strlen(xml), &domain, &why);

	if (r < 0) {
		assert_int_equal(r, -EINVAL);
		return strf("refused: %s", why);
	}
	assert_string_equal(domain.uuid, UUID);
	for (size_t i = 0; i < domain.n; i++)
		str_add(&text, "%s%s %s %s", i ? ", " : "", domain.device[i].address,
			domain.device[i].managed ? "yes" : "no",
			domain.device[i].driver ? domain.device[i].driver : "-");
	return text.s ? take(text.s) : strdup("");
}

struct row {
	const char *xml, *expected;
};

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *got = devices_of(rows[i].xml);

		if (!startswith(got, rows[i].expected) ||
		    (!startswith(got, "refused") && !streq(got, rows[i].expected)))
			fail_msg("%s\nis %s, expected %s", rows[i].xml, got,
				 rows[i].expected);
	}
}

static void devices_in_every_shape(void **state)
{
	static const struct row rows[] = {
		{ DEVICES END, "" },
		{ "<domain><uuid>" UUID "</uuid></domain>", "" },
		{ DEVICES HOSTDEV END, "0000:01:02.3 no -" },
		{ DEVICES "<hostdev mode='subsystem' type='pci' managed='yes'>"
			  "<driver name='vfio' model='mlx5_vfio_pci'/><source>" ADDRESS
			  "</source></hostdev>" END,
		  "0000:01:02.3 yes mlx5_vfio_pci" },
		/* Decimal, octal, and a domain of its own. */
		{ DEVICES "<hostdev type='pci' managed='no'><source><address "
			  "domain='65536' bus='16' slot='010' function='0'/>"
			  "</source></hostdev>" END,
		  "10000:10:08.0 no -" },
		{ DEVICES "<hostdev type='pci'><source><address bus='0xff' slot='31' "
			  "function='7'/></source></hostdev>" END,
		  "0000:ff:1f.7 no -" },
		{ DEVICES "<interface type='hostdev' managed='yes'><source>" PCI
			  "</source></interface>" END,
		  "0000:01:02.3 yes -" },
		{ DEVICES "<disk type='nvme' device='disk'><source type='pci' "
			  "managed='yes' namespace='1'>" PCI "</source></disk>" END,
		  "0000:01:02.3 yes -" },
		{ DEVICES "<disk type='file'><source file='/x'/><backingStore "
			  "type='file'><backingStore type='nvme'><source type='pci' "
			  "managed='no' namespace='1'>" PCI
			  "</source></backingStore></backingStore></disk>" END,
		  "0000:01:02.3 no -" },
		/* Twice: ours, if it is ours in one place. */
		{ DEVICES "<disk type='nvme'><source managed='yes'>" PCI
			  "</source></disk><disk type='nvme'><source managed='no'>" PCI
			  "</source></disk>" HOSTDEV END,
		  "0000:01:02.3 no -" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void what_is_none_of_ours(void **state)
{
	static const struct row rows[] = {
		{ DEVICES "<hostdev mode='subsystem' type='usb'><source><address "
			  "bus='1' device='5'/></source></hostdev>" END,
		  "" },
		{ DEVICES "<hostdev mode='subsystem' type='mdev'><source><address "
			  "uuid='x'/></source></hostdev>" END,
		  "" },
		{ DEVICES "<interface type='hostdev'><source><address type='usb' bus='1' "
			  "device='2'/></source></interface>" END,
		  "" },
		{ DEVICES "<interface type='network'><source network='n'/>" PCI
			  "</interface>" END,
		  "" },
		{ DEVICES "<controller type='pci'>" PCI "</controller>" END, "" },
		{ "<domain><uuid>" UUID "</uuid><metadata><devices>" HOSTDEV
		  "</devices></metadata>" HOSTDEV "</domain>",
		  "" },
		{ "<domain xmlns:a='b'><uuid>" UUID
		  "</uuid><devices><a:hostdev type='pci'><source>" ADDRESS
		  "</source></a:hostdev></devices></domain>",
		  "" },
		{ DEVICES "<!-- " HOSTDEV " --><![CDATA[" HOSTDEV "]]>" END, "" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void what_is_wrong_is_refused(void **state)
{
	static const struct row rows[] = {
		{ "", "refused: no XML on standard input" },
		{ "text", "refused: line 1: " },
		{ DEVICES HOSTDEV, "refused: line 1: " },
		{ "<domstatus/>", "refused: not the XML of a domain" },
		{ "<domain xmlns='x'/>", "refused: not the XML of a domain" },
		{ "<domain/>", "refused: no <uuid> of a domain" },
		{ "<domain><uuid>../../etc/passwd</uuid></domain>",
		  "refused: no <uuid>" },
		{ "<domain><uuid>11111111-2222-3333-4444+555555555555</uuid></domain>",
		  "refused: no <uuid>" },
		{ DEVICES "<hostdev type='pci'/>" END, "refused: line 1: no address" },
		{ DEVICES "\n<hostdev type='pci'><source><address bus='256' slot='0' "
			  "function='0'/></source></hostdev>" END,
		  "refused: line 2: no address" },
		{ DEVICES "<hostdev type='pci'><source><address bus='1' slot='32' "
			  "function='0'/></source></hostdev>" END,
		  "refused: line 1: no address" },
		{ DEVICES "<hostdev type='pci'><source><address bus='1' slot='0' "
			  "function='8'/></source></hostdev>" END,
		  "refused: line 1: no address" },
		{ DEVICES "<hostdev type='pci'><source><address bus='-1' slot='0' "
			  "function='0'/></source></hostdev>" END,
		  "refused: line 1: no address" },
		{ DEVICES "<hostdev type='pci'><source><address bus='1 ' slot='0' "
			  "function='0'/></source></hostdev>" END,
		  "refused: line 1: no address" },
		{ DEVICES "\n<interface type='hostdev'/>" END,
		  "refused: line 2: no address" },
		{ "<domain>\xe4</domain>",
		  "refused: line 1: Input is not proper UTF-8, indicate encoding ! Bytes: "
		  "0xE4" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

/* Nothing is expanded, nothing is opened: a document type is the end. */
static void entities_are_never_read(void **state)
{
	static const struct row rows[] = {
		{ "<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>" DEVICES
		  "&x;" END,
		  "refused: a document type" },
		{ "<!DOCTYPE d SYSTEM 'http://localhost/x.dtd'>" DEVICES END,
		  "refused: a document type" },
		{ "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaaaaaaaaaaaa'>"
		  "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
		  "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
		  "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>"
		  "<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>"
		  "<!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'>]>" DEVICES "&f;&f;" END,
		  "refused: a document type" },
		{ DEVICES "&x;" END, "refused: line 1: " },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void too_much_is_refused(void **state)
{
	_cleanup_str_ struct str text = { 0 };
	_cleanup_free_ char *got = NULL, *flat = NULL, *why = NULL;
	struct hook_domain domain;

	(void)state;
	/* Deeper than libxml2 goes. */
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(str_add(&text, "<backingStore type='file'>"), 0);
	got = strf(DEVICES "<disk type='file'>%s", text.s);
	flat = devices_of(got);
	assert_true(startswith(flat, "refused: line 1: "));
	str_done(&text);
	while (text.len <= HOOK_XML_MAX)
		assert_int_equal(str_add(&text, "%*s", 1 << 20, ""), 0);
	assert_int_equal(hook_xml_parse(text.s, text.len, &domain, &why), -EINVAL);
	assert_string_equal(why, "more than 16 MiB of XML");
}

/* -- hook.conf ---------------------------------------------------------------------- */

static void later_lines_win(void **state)
{
	_cleanup_hook_config_ struct hook_config config;
	_cleanup_free_ char *why = NULL;

	(void)state;
	hook_config_init(&config);
	assert_true(config.enabled);
	assert_int_equal(config.timeout, 120000);
	assert_int_equal(config.wait, 30000);
	assert_int_equal(
		hook_config_parse("driver = a\ngroup=yes\nforce= net  disk:/\nwait=0\n"
				  "[" UUID "]\ndriver=c\nforce=\n"
				  "[web1]\ndriver=b\npower=on\nnode-owner=x:y\n"
				  "[WEB1]\nenabled=no\n"
				  "[web2]\nnonsense=1\nnothing\npower=on\r\n",
				  "web1", UUID, &config, &why),
		0);
	assert_true(config.enabled);
	assert_true(config.group);
	assert_string_equal(config.driver, "c");
	assert_string_equal(config.power, "on");
	assert_string_equal(config.node_owner, "x:y");
	assert_true(!config.force || !*config.force);
	assert_int_equal(config.wait, 0);
	assert_int_equal(
		hook_config_parse("force=net  disk:/ ", "web1", UUID, &config, &why), 0);
	assert_int_equal(list_length(config.force), 2);
	assert_string_equal(config.force[1], "disk:/");
}

static void wrong_lines_are_named(void **state)
{
	static const struct row rows[] = {
		{ "\nenable=yes", "2: there is no key enable" },
		{ "enabled=1", "1: enabled=1: give yes or no" },
		{ "# x\n[web1]\ngroup=", "3: group=: give yes or no" },
		{ "power=off", "1: power=off: give on" },
		{ "wait=soon",
		  "1: wait=soon: give seconds, as 30 or 0.5, up to 31622400" },
		{ "timeout=3.9", "1: timeout=3.9: give seconds, from 4 to 31622400" },
		{ "timeout=4294967296",
		  "1: timeout=4294967296: give seconds, from 4 to 31622400" },
		{ "[" UUID "]\nx=y", "2: there is no key x" },
		{ "[web1]\nnothing",
		  "2: it is none of KEY=VALUE, [SECTION] and # COMMENT" },
		/* It may have been meant for this guest. */
		{ "[web2]\ngroup=yes\n[web1\nenabled=no\n",
		  "3: it is none of KEY=VALUE, [SECTION] and # COMMENT" },
		{ "[web2]\n[web1]\r\nenabled=no\r\n",
		  "2: it ends in a carriage return; save the file with the line ends of "
		  "Unix" },
		{ "[web1]\ngroup=yes\x01", "2: there is a control character in it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_hook_config_ struct hook_config config;
		_cleanup_free_ char *why = NULL;

		hook_config_init(&config);
		assert_int_equal(
			hook_config_parse(rows[i].xml, "web1", UUID, &config, &why),
			-EINVAL);
		assert_string_equal(why, rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_in_every_shape),
		cmocka_unit_test(what_is_none_of_ours),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(entities_are_never_read),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(later_lines_win),
		cmocka_unit_test(wrong_lines_are_named),
	};

	return cmocka_run_group_tests_name("hook", tests, NULL, NULL);
}
