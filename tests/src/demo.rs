//! The demo: both handshakes, live.
