//! End-to-end tests: the real agent, the real server stub, and what stands between them.

mod bad_input;
mod cancel;
mod channel;
mod command_line;
mod concurrency;
mod connect;
mod contract;
mod deny;
mod disconnect;
mod expiry;
mod fault_proxy;
mod frames;
mod lifecycle;
mod pages;
mod polling;
mod refresh;
mod reopen;
mod restart;
mod same_site;
mod scene;
mod secrets;
mod sign_in;
mod sign_up;
mod state;
mod supersede;
mod windows;
