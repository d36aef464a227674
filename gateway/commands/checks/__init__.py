"""What `chaperone check` looks at: one module for each kind of problem. Most are pure functions over values."""
