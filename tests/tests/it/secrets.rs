//! Secrets never show.
