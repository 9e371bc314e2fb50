/* tool: a program of the toolkit, from its command line to its exit status. */
#ifndef TOOL_H
#define TOOL_H

#include "base/options.h"

enum { TOOL_GROUPS = 6 };

struct tool {
    const char *name;                         /* "audit-path" */
    const char *operands;                     /* for the usage line: "[OPTION]... [FILE]..." */
    const char *summary;                      /* what it does: a sentence or two */
    struct option_group options[TOOL_GROUPS]; /* its own first; the last one stays empty */

    /* For a tool that runs a command: where its words are stored, ended by NULL, and a function
     * that recognises a command's name, for the message to users who have left out "--". */
    char *const **command;
    bool (*is_command)(const char *word);

    /* Does the work, after the options were stored; returns the exit status.  operand is ended by
     * NULL. */
    int (*run)(char **operand, size_t operands);
};

/* Runs the tool; returns its exit status.  First makes sure that descriptors 0 to 2 are open, so
 * that no file that is opened later takes the place of standard output, and that a closed pipe or a
 * file-size limit is an error of write(2) and not a signal. */
int tool_main(const struct tool *tool, int argc, char **argv);

#endif
