# SPDX-License-Identifier: GPL-2.0-or-later
#
# What single scenarios need and nobody wants on his machine for it, such as a server that
# would be started: fetched as packages and unpacked below build/lab, never installed.

# Leaves build/lab/packages/NAME.
fetch_package()
{
	local folder=$lab_cache/packages/$1
	[ ! -e "$folder" ] || return 0
	say "fetching $1"
	rm -rf "$folder.new" && mkdir -p "$folder.new"
	(cd "$folder.new" && download_package "$1" && dpkg -x ./*.deb . && rm -f ./*.deb) &&
		mv "$folder.new" "$folder"
}

# lab_packages FILES: those that these scenarios name in their heads. Without one only the
# scenarios fail that need it.
lab_packages()
{
	local file package
	for file in $1; do
		for package in $(header "$file" package ''); do
			fetch_package "$package" ||
				say "there is no $package; $(basename "$file" .sc) will fail"
		done
	done
}
