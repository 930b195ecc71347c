# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion: `vfioprep --complete` knows all that can be completed, and prints a candidate
# and its description per line; of files only the name. Here only bash's ways are dealt with: it
# gives the words as they were typed, splits them at ':' and '=' too, and then replaces only what
# comes after that.

# The words of the line up to the cursor, without their quotes: in the caller's `words`. The
# caller's `quote` is the one that is still open, and `keep` how much of the last word stays.
_vfioprep_words() {
	local line=${COMP_LINE:0:COMP_POINT} word='' begun='' char i
	for ((i = 0; i < ${#line}; i++)); do
		char=${line:i:1}
		if [[ $quote && $char == "$quote" ]]; then
			quote=
		elif [[ $char == \\ && $quote != "'" ]]; then
			i=$((i + 1)) begun=1 word+=${line:i:1}
		elif [[ $quote ]]; then
			word+=$char
		elif [[ $char == [\'\"] ]]; then
			quote=$char begun=1 keep=${#word}
		elif [[ $char == [[:space:]] ]]; then
			[[ ! $begun ]] || words+=("$word")
			word='' begun='' keep=0
		else
			word+=$char begun=1
			[[ $COMP_WORDBREAKS != *"$char"* ]] || keep=${#word}
		fi
	done
	words+=("$word")
}

# Where candidates are listed, each gets its description; bash has no place of its own for it.
_vfioprep_describe() {
	local i width=0 text
	for text in "${COMPREPLY[@]}"; do
		((${#text} <= width)) || width=${#text}
	done
	for i in "${!COMPREPLY[@]}"; do
		[[ ${descriptions[i]} ]] || continue
		printf -v text '%-*s  (%s)' "$width" "${COMPREPLY[i]}" "${descriptions[i]}"
		COMPREPLY[i]=${text:0:${COLUMNS:-80}-1}
	done
}

_vfioprep() {
	local words=() descriptions=() quote='' keep=0 line candidate
	_vfioprep_words
	COMPREPLY=()
	while IFS= read -r line; do
		candidate=${line%%$'\t'*}
		candidate=${candidate:keep}
		if [[ $line != *$'\t'* ]]; then
			# readline quotes files, and adds the slash of a folder.
			compopt -o filenames 2>/dev/null
			candidate=${candidate%/}
		elif [[ ! $quote && $candidate == *[!A-Za-z0-9_./:=,@%+-]* ]]; then
			printf -v candidate %q "$candidate"
		fi
		COMPREPLY+=("$candidate")
		descriptions+=("${line#*$'\t'}")
		[[ $line != *=$'\t'* ]] || compopt -o nospace 2>/dev/null
	done < <("${words[0]/#~\//$HOME/}" --complete "${words[@]:1}" 2>/dev/null)
	if ((${#COMPREPLY[@]} > 1)) && [[ ${COMP_TYPE-} == 63 && $line != "$candidate" ]]; then
		_vfioprep_describe
	fi
}
complete -F _vfioprep vfioprep vfio-pci
