# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion: `vfioprep --complete` knows all that can be completed, and prints a candidate
# and its description per line. Here only bash's ways are dealt with: it splits words at ':'
# and '=' too, and then replaces only what comes after.
_vfioprep() {
	local words candidate line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]}
	read -a words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	[[ $word == [:=] ]] && word=
	local keep=${words[-1]%"$word"}
	COMPREPLY=()
	while IFS=$'\t' read -r candidate _; do
		[[ $candidate == */ ]] && compopt -o nospace
		COMPREPLY+=("$(printf %q "${candidate#"$keep"}")")
	done < <("${words[0]}" --complete "${words[@]:1}" 2>/dev/null)
}
complete -F _vfioprep vfioprep
