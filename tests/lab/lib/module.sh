# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab's own kernel module, for the scenarios that say "# module:". It is built against
# the headers of each kernel, which come the way the kernels come: fetched as packages,
# unpacked below build/lab, never installed.

# The packages with the headers of a kernel: its own, those common to its flavours, and the
# tools that build modules.
header_packages()
{
	local own=linux-headers-$1
	printf '%s\n' "$own"
	apt-cache depends "$own" |
		awk '$1 == "Depends:" && $2 ~ /^linux-(headers|kbuild)-/ { print $2 }'
}

# In the folder of the headers to be. Their makefile has the path of an installed one in it;
# with the kernel itself beside it the build would want debugging data made, by more tools.
unpack_headers()
{
	local version=$1 folder=$2 package packages file
	[ -n "$(apt-cache show "linux-headers-$version" 2>/dev/null)" ] ||
		apt-get update -qq >&2 || true
	packages=$(header_packages "$version")
	for package in $packages; do
		download_package "$package"
	done
	for file in ./*.deb; do
		dpkg -x "$file" . && rm -f "$file"
	done
	rm -f "usr/src/linux-headers-$version/vmlinux"
	sed -i "s|/usr/src/|$folder/usr/src/|" "usr/src/linux-headers-$version/Makefile"
}

# Leaves build/lab/headers/VERSION.
fetch_headers()
{
	local version=$1 folder=$lab_cache/headers/$1
	[ ! -e "$folder" ] || return 0
	say "fetching the headers of kernel $version"
	rm -rf "$folder.new" && mkdir -p "$folder.new"
	(cd "$folder.new" && unpack_headers "$version" "$folder") && mv "$folder.new" "$folder"
}

# The build writes beside the source, so that is a copy.
build_module()
{
	local version=$1 folder=$lab_cache/modules/$1
	rm -rf "$folder.new" && mkdir -p "$folder.new"
	cp "$lab/module/Makefile" "$lab"/module/*.c "$folder.new/"
	make -s -C "$lab_cache/headers/$version/usr/src/linux-headers-$version" \
		"M=$folder.new" modules > "$folder.log" 2>&1 || {
		cat "$folder.log" >&2
		return 1
	}
	rm -rf "$folder" && mv "$folder.new" "$folder"
}

module_is_fresh()
{
	local file
	for file in "$lab"/module/*; do
		[ "$lab_cache/modules/$1/lab_stuck.ko" -nt "$file" ] || return 1
	done
}

# lab_module KERNEL FILES: when one of these scenarios wants it. Without it only those
# fail that do.
lab_module()
{
	local version file wanted=
	version=$(<"$lab_cache/kernels/$1/version")
	for file in $2; do
		[ -z "$(header "$file" module '')" ] || wanted=yes
	done
	[ -n "$wanted" ] && ! module_is_fresh "$version" || return 0
	fetch_headers "$version" && build_module "$version" ||
		say "there is no module for $version; scenarios that need it will fail"
}
