# SPDX-License-Identifier: GPL-2.0-or-later
#
# Kernels that no distribution has, for scenarios that are only run with --long: built from
# Debian's source with one of the configurations in kernel/, once, and kept beside the others.

# What each is made of: the package with the source.
declare -A kernel_source=(
	[6.12-iommufd]=linux-source-6.12
)

# In the folder of the kernel to be. The source takes 1.5 GB while it is built.
build_kernel()
{
	local name=$1 suffix=-${1#*-} version
	dpkg -x ./*.deb package && rm -f ./*.deb
	tar xf package/usr/src/*.tar.xz && rm -rf package
	mv linux-source-* source
	cp "$lab/kernel/${suffix#-}.config" source/lab.config
	(
		cd source
		make -s KCONFIG_ALLCONFIG=lab.config allnoconfig
		scripts/config --set-str LOCALVERSION "$suffix"
		make -s olddefconfig
		nice -n 19 make -s -j "$(nproc)" vmlinux modules
		make -s INSTALL_MOD_PATH=.. INSTALL_MOD_STRIP=1 modules_install
	) > build.log 2>&1 || return 1
	version=$(make -s -C source kernelrelease)
	mv source/vmlinux image
	cp source/.config "lib/modules/$version/config"
	rm -rf source "lib/modules/$version/build"
	printf '%s\n' "$version" > version
}

# Leaves build/lab/kernels/NAME as fetch_kernel does; a quarter of an hour on two cores.
make_kernel()
{
	local name=$1 folder=$lab_cache/kernels/$1
	"$checkout/scripts/deps" ensure-kernel >&2 || die "kernel $name cannot be built here"
	say "building kernel $name, which takes a while (log in ${folder#"$checkout"/}.new)"
	rm -rf "$folder.new" && mkdir -p "$folder.new"
	(cd "$folder.new" && download_package "${kernel_source[$name]}" &&
		build_kernel "$name") ||
		die "cannot build kernel $name; see $folder.new/build.log"
	rm -rf "$folder" && mv "$folder.new" "$folder"
}
