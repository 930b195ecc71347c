/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes to the prepared host, one per line of the input, and back. A path may go
 * through links that earlier lines made: it is looked up in the host as in a jail, so
 * that no line reaches this machine.
 *
 *	PATH=TEXT	a file; \n in TEXT is a newline, \0 a zero byte, \* ten times more
 *	PATH>TARGET	a link; @ in it, or in PATH, is the folder outside
 *	PATH/		an empty folder
 *	PATH|		a FIFO
 *	PATH-		nothing: it is removed
 */
#ifndef VFIOPREP_FUZZ_EDIT_H
#define VFIOPREP_FUZZ_EDIT_H

#include "fuzz.h"

/* Note the host as it is now, and make the folder outside. */
void edit_begin(void);

/* One line. What cannot be done is not done. */
void edit(const char *line);

/* The host as it was noted; fails when something came or went outside. */
void edit_undo(void);

/* A path of the host as it was noted, by number (modulo how many there are). */
const char *edit_path(size_t n);

#endif
