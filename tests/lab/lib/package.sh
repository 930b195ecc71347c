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

# Debian's next release, for programs that this one has too old.
next_release=trixie

# The mirror that this machine takes its packages from.
mirror()
{
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1
}

# Leaves build/lab/packages/next-NAME: the package of the next release, with all that it needs,
# unpacked side by side. Nothing of it is run while that is done.
fetch_next()
{
	local folder=$lab_cache/packages/next-$1 file
	[ ! -e "$folder" ] || return 0
	say "fetching $1 of $next_release and what it needs"
	"$checkout/scripts/deps" ensure-kernel >&2 || return 1
	rm -rf "$folder.new" "$folder.debs" && mkdir -p "$folder.new"
	debootstrap --download-only --variant=minbase "--include=$1" "$next_release" \
		"$folder.debs" "$(mirror)" > "$folder.log" 2>&1 || return 1
	for file in "$folder.debs"/var/cache/apt/archives/*.deb; do
		dpkg -x "$file" "$folder.new" || return 1
	done
	rm -rf "$folder.debs" && mv "$folder.new" "$folder"
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
		for package in $(header "$file" next ''); do
			fetch_next "$package" ||
				say "there is no newer $package; $(basename "$file" .sc) will fail"
		done
	done
}
