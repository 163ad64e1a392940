//! The README's table is generated from the rows: this rewrites it and fails if it was stale.

use std::fs;
use std::path::Path;

use e2e::services::markdown;

const BEGIN: &str = "<!-- services:begin -->\n";
const END: &str = "<!-- services:end -->";

#[test]
fn the_readmes_table_says_what_is_expected() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let before = fs::read_to_string(&path).expect("the README");
    let (head, rest) = before.split_once(BEGIN).expect("the table's first marker");
    let (_, tail) = rest.split_once(END).expect("the table's last marker");
    let after = format!("{head}{BEGIN}\n{}\n{END}{tail}", markdown());
    if before != after {
        fs::write(&path, after).expect("a writable README");
        panic!("the table of services in README.md was stale and has been rewritten: commit it");
    }
}
