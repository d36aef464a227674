"""The commands, one module each: `run(options)` executes the command and returns its exit code."""
