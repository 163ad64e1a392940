//! The agent's own commands.
