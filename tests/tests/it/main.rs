//! End-to-end tests: the real agent, the real server stub, and what stands between them.

mod fault_proxy;
