//! The binary `codestream-server-stub`.

fn main() {}
