//! The broker at its routes: the real router, the real store in memory, and a third party on a socket of its own.

mod bench;
mod confirming;
mod connecting;
mod keeping;
mod refreshing;
mod refusing;
mod routes;
mod signing_in;
mod taking_back;
mod trello;
