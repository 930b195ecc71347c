# SPDX-License-Identifier: GPL-2.0-or-later
#
# The examples of the README and of the manual pages, as scenarios: one for each document that
# has any, made by examples.awk in build/lab/examples. Each so begins on a machine as it was
# after the boot, and has a verdict of its own.

make_examples()
{
	local document name folder=$lab_cache/examples made
	mkdir -p "$folder"
	made=$(mktemp -d "$lab_cache/examples.XXXXXX")
	for document in "$checkout"/README.md "$checkout"/man/*.[1-9]; do
		[ -e "$document" ] || continue
		name=$(basename "$document" .md)
		awk -v "document=${document#"$checkout"/}" -f "$lab/lib/examples.awk" \
			"$document" > "$made/$name.sc" || die "$name: these examples cannot be run"
		! grep -q '^example ' "$made/$name.sc" || mv "$made/$name.sc" "$folder/"
	done
	rm -rf "$made"
}

# Those that there are now; a page may have gone.
example_scenarios()
{
	local file name
	for file in "$lab_cache"/examples/*.sc; do
		name=$(basename "$file" .sc)
		if [ -e "$checkout/man/$name" ] || [ -e "$checkout/$name.md" ]; then
			printf '%s\n' "$file"
		fi
	done
}
