# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes a scenario of the examples in a document, markdown or mdoc; the words that it uses are
# in inside/examples.sh. An example is a block of literal text whose first line is a command,
# "# word ..."; what follows a command is what it prints. Comments prepare. What looks like an
# example and would not be run is an error.

BEGIN {
	markdown = document ~ /\.md$/
	print "# usual-kernel: 6.12"
	print "# timeout: 400"
	print ". \"$lab_dir/inside/examples.sh\""
	print "begin_document " quoted(document)
}

function quoted(text) {
	gsub(/'/, "'\\''", text)
	return "'" text "'"
}

function wrong(what) {
	printf "%s:%d: %s\n", document, FNR, what > "/dev/stderr"
	failed = 1
}

function is_command(text) {
	return text ~ /^# [a-z]/
}

# ---- blocks ----------------------------------------------------------------------------

function end_command() {
	if (command == "")
		return
	if (continued)
		wrong("the command goes on, and the example ends")
	printf "example %d %s <<'END OF OUTPUT'\n%sEND OF OUTPUT\n", command_line,
		quoted(command), output
	command = output = blank = ""
}

function end_block() {
	end_command()
	block = ""
}

function begin_block(text) {
	block = is_command(text) ? "example" : "other"
	if (skip != "") {
		printf "not_run %d %s\n", FNR, quoted(skip)
		block = "other"
		skip = ""
		skipping = 1
	} else {
		skipping = 0
	}
}

# Blank lines at the end of an output are not part of it.
function take_output(text) {
	if (text == "") {
		blank = blank "\n"
		return
	}
	output = output blank text "\n"
	blank = ""
}

function take_line(text) {
	if (block == "")
		begin_block(text)
	if (block == "other") {
		if (!skipping)
			stray(text)
	} else if (continued) {
		command = command "\n" text
		continued = text ~ /\\$/
	} else if (is_command(text)) {
		end_command()
		command = substr(text, 3)
		command_line = FNR
		continued = text ~ /\\$/
	} else {
		take_output(text)
	}
}

# ---- comments that prepare -------------------------------------------------------------

function prepare(text) {
	end_block()
	printf "before %d %s\n", FNR, quoted(text)
}

function leave_out(why) {
	end_block()
	if (why == "")
		wrong("not run: say why")
	skip = why
}

function stray(text) {
	if (text ~ /(^|[^`])# (vfioprep|vfio-pci) /)
		wrong("an example that would not be run: " text)
}

# ---- markdown --------------------------------------------------------------------------

markdown && comment != "" {
	comment = comment "\n" $0
}

markdown && /^<!-- (before|not run): / {
	comment = $0
}

markdown && comment != "" {
	if (!/-->$/)
		next
	sub(/^<!-- /, "", comment)
	sub(/ *-->$/, "", comment)
	if (sub(/^before: */, "", comment))
		prepare(comment)
	else if (sub(/^not run: */, "", comment))
		leave_out(comment)
	comment = ""
	next
}

markdown && /^    / {
	take_line(substr($0, 5))
	next
}

markdown && /^$/ {
	if (block == "example" && command != "")
		take_output("")
	next
}

markdown {
	end_block()
	stray($0)
	next
}

# ---- mdoc ------------------------------------------------------------------------------

function unescaped(text,    rest, result) {
	result = ""
	while (match(text, /\\/)) {
		result = result substr(text, 1, RSTART - 1)
		rest = substr(text, RSTART + 1)
		if (rest ~ /^[e-]/)
			result = result (substr(rest, 1, 1) == "e" ? "\\" : "-")
		else if (rest ~ /^\((aq|dq|ga|ti|ha|rs)/) {
			result = result letter[substr(rest, 2, 2)]
			rest = substr(rest, 3)
		} else if (rest !~ /^&/)
			wrong("an escape that examples do not have: \\" substr(rest, 1, 1))
		text = substr(rest, 2)
	}
	return result text
}

BEGIN {
	letter["aq"] = "'"
	letter["dq"] = "\""
	letter["ga"] = "`"
	letter["ti"] = "~"
	letter["ha"] = "^"
	letter["rs"] = "\\"
}

/^\.\\" before: / {
	sub(/^\.\\" before: */, "")
	prepare($0)
	next
}

/^\.\\" not run:/ {
	sub(/^\.\\" not run: */, "")
	leave_out($0)
	next
}

/^\.Bd -literal/ {
	end_block()
	literal = 1
	next
}

/^\.Ed/ {
	end_block()
	literal = 0
	next
}

literal && /^\./ {
	if (block == "example")
		wrong("a macro within an example")
	next
}

literal {
	take_line(unescaped($0))
	next
}

!/^\.\\"/ {
	stray($0)
}

# ---- the end ---------------------------------------------------------------------------

END {
	end_block()
	if (comment != "")
		wrong("a comment without an end")
	if (skip != "")
		wrong("nothing follows that could be left out: " skip)
	print "end_document"
	exit failed
}
