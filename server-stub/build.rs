//! Makes cargo notice a new migration: the macro that embeds them cannot.

#[expect(clippy::print_stdout, reason = "how a build script speaks to cargo")]
fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
