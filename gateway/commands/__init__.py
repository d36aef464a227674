"""The commands, one module each: `run(given) -> exit code`, from parsed arguments to what is printed."""
