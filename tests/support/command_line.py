"""The command line, to be run in a process of its own."""

import sys

# A job in the background, or under nohup, hands down a SIGINT that is ignored: this process hears it all the same.
_HEAR_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
PROGRAM = [
    sys.executable,
    "-c",
    _HEAR_INTERRUPTS + "from bayes_irl.cli import main; main(prog_name='bayes-irl')",
]
