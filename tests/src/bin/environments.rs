//! Several environments behind one nginx: `cargo run --bin environments`.
//!
//! Prints what went where, and decides the exit status; the story is in [`e2e::tour`].

use std::io::{self, Write as _};
use std::process::ExitCode;

use e2e::tour::{self, Row};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(rows) = tour::run().await else {
        return ExitCode::FAILURE;
    };
    match print(&rows) {
        Ok(()) if rows.iter().all(|row| row.good) => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("environments: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(rows: &[Row]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let head = ["environment", "what", "through", "to", "outcome", ""].map(str::to_owned);
    let cells = |row: &Row| {
        let good = if row.good {
            "as expected"
        } else {
            "NOT AS EXPECTED"
        };
        [
            row.environment.clone(),
            row.what.clone(),
            row.through.clone(),
            row.to.clone(),
            row.outcome.clone(),
            good.to_owned(),
        ]
    };
    let table: Vec<[String; 6]> = std::iter::once(head).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| {
        table
            .iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    for row in &table {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(out, "{}", padded.join("  ").trim_end())?;
    }
    out.flush()
}
