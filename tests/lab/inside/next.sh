# SPDX-License-Identifier: GPL-2.0-or-later
#
# Programs of Debian's next release, for scenarios that say "# next: PACKAGE": what the package
# needs lies unpacked beside it, and it starts by its own loader. Nothing of it is installed.

# next_program PACKAGE PROGRAM: from now on PROGRAM is that of the next release.
next_program()
{
	local system=$checkout/build/lab/packages/next-$1 folder=/run/lab/next
	[ -e "$system/usr/bin/$2" ] || fail "there is no $2 of the next release"
	mkdir -p "$folder"
	cat > "$folder/$2" <<-WRAPPER
		#!/bin/sh
		exec "$system/usr/lib64/ld-linux-x86-64.so.2" \\
			--library-path "$system/usr/lib/x86_64-linux-gnu" \\
			"$system/usr/bin/$2" -L "$system/usr/share/qemu" \\
			-L "$system/usr/share/seabios" -L "$system/usr/lib/ipxe/qemu" "\$@"
	WRAPPER
	chmod +x "$folder/$2"
	PATH=$folder:$PATH
}
