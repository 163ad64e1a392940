//! LSP over standard streams.
mod framer;
mod front;
mod message;
