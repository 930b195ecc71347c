# SPDX-License-Identifier: GPL-2.0-or-later
#
# Kernels for the lab. They are Debian's own, fetched as packages and unpacked into the
# build folder, never installed: a user's machine keeps its boot menu. The kernel that a
# metapackage names today is resolved anew only when nothing is cached.

# The metapackage behind each name that -k takes.
declare -A kernel_package=(
	[6.1]=linux-image-amd64
	[6.12]=linux-image-6.12-amd64
)
kernel_names='6.1 6.12'
# Built, not fetched, and only for scenarios that name it; build-kernel.sh.
long_kernel_names='6.12-iommufd'

# The package with the files, which the metapackage depends on.
resolve_kernel()
{
	apt-cache depends "$1" 2>/dev/null |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }'
}

# A bare machine has no package lists: look, fetch the lists, look again.
resolve_kernel_updating()
{
	local package
	package=$(resolve_kernel "$1")
	if [ -z "$package" ]; then
		say "fetching the package lists" >&2
		apt-get update -qq >&2 || true
		package=$(resolve_kernel "$1")
	fi
	[ -n "$package" ] || die "no package behind $1: is this Debian with its sources set?"
	printf '%s\n' "$package"
}

# An old list may name a version that the mirror has already replaced.
download_package()
{
	apt-get download -qq "$1" 2>/dev/null && return
	say "fetching the package lists"
	apt-get update -qq >&2 || true
	apt-get download -qq "$1" || die "cannot download $1"
}

# Emulated processors take two seconds to unpack a kernel; here it is unpacked once, and
# QEMU starts the ELF file by its PVH entry. A compression that is not xz stays as it is.
unpack_image()
{
	local offset
	offset=$(LC_ALL=C grep -obUaP -m 1 '\xFD7zXZ\x00' "$1" | head -n 1 | cut -d : -f 1)
	tail -c "+$((offset + 1))" "$1" | xz -dc --single-stream > image 2>/dev/null || true
	readelf -n image 2>/dev/null | grep -q Xen || cp "$1" image
}

# In the folder of the kernel to be.
unpack_kernel()
{
	local version
	dpkg -x ./*.deb package && rm -f ./*.deb
	mkdir lib && mv package/lib/modules lib/
	version=$(basename lib/modules/*)
	unpack_image "package/boot/vmlinuz-$version"
	rm -rf package
	depmod -b "$PWD" "$version" 2>/dev/null
	printf '%s\n' "$version" > version
}

# Leaves build/lab/kernels/NAME with image, version and lib/modules.
fetch_kernel()
{
	local name=$1 folder=$lab_cache/kernels/$1 package
	[ -e "$folder/version" ] && return
	if [ -n "${kernel_source[$name]:-}" ]; then
		make_kernel "$name"
		return
	fi
	package=$(resolve_kernel_updating "${kernel_package[$name]}")
	say "fetching kernel $name ($package)"
	rm -rf "$folder.new" && mkdir -p "$folder.new"
	(cd "$folder.new" && download_package "$package" && unpack_kernel) ||
		die "cannot unpack $package"
	rm -rf "$folder" && mv "$folder.new" "$folder"
}
