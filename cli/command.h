/* SPDX-License-Identifier: MIT */
/* command.h - the commands of the program gyre, and how they end. */
#ifndef GYRE_CLI_COMMAND_H
#define GYRE_CLI_COMMAND_H

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_REFUSED = 22, /* --fail, and the answer's status says so */
    EXIT_SIGNAL = 128  /* and the signal's number */
};

int fetch_main(int argc, char **argv);

#endif
