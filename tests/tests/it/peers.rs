//! Software that was not written for this project meets ours: its own libraries, its own rules, its own shapes.

mod channel_client;
mod channel_server;
mod chromium;
mod emacs;
mod lsp_client;
mod neovim;
