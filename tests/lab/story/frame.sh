# SPDX-License-Identifier: GPL-2.0-or-later
#
# How the story is told: chapters, commands that are shown before they run, steps that
# hold or do not, and the sum of them at the end. A step that fails does not end the
# story: what was taken has to be given back, and the reader wants to see all of it.

bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
[ -z "${NO_COLOR:-}" ] || bold='' green='' red='' dim='' plain=''

story_begin=$SECONDS
story_words=()
story_steps=()
story_failed=0
story_chapter=

clock()
{
	printf '%3d s' $((SECONDS - story_begin))
}

chapter()
{
	story_chapter=$1
	printf '\n%s== %s ==%s\n' "$bold" "$2" "$plain"
}

tell()
{
	printf '\n%s%s  %s%s\n' "$dim" "$(clock)" "$*" "$plain"
}

indent()
{
	sed -u 's/^/    /'
}

# host COMMAND: shown, then run as it was shown.
host()
{
	local status=0
	printf '%shost#%s %s\n' "$bold" "$plain" "$1"
	bash -c "set -o pipefail; $1" 2>&1 | indent || status=${PIPESTATUS[0]}
	return "$status"
}

# step TEXT COMMAND...: runs it and keeps account of how it ended.
step()
{
	local text=$1 word=ok colour=$green
	shift
	if ! "$@"; then
		word=FAILED colour=$red
		story_failed=$((story_failed + 1))
	fi
	word=$colour$(printf '%-6s' "$word")$plain
	story_words+=("$word")
	story_steps+=("${story_chapter:+$story_chapter: }$text")
	printf '%s  %s  %s\n' "$(clock)" "$word" "$text"
}

# until_true SECONDS COMMAND...
until_true()
{
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.2
	done
}

summary()
{
	local index
	printf '\n%s== What held ==%s\n' "$bold" "$plain"
	for index in "${!story_steps[@]}"; do
		printf '  %s  %s\n' "${story_words[index]}" "${story_steps[index]}"
	done
	printf '\n%d of %d steps held, in %d s.\n' $((${#story_steps[@]} - story_failed)) \
		"${#story_steps[@]}" $((SECONDS - story_begin))
	[ "$story_failed" = 0 ]
}
