//! Several environments behind one nginx: `cargo run --bin environments`.
//!
//! Prints what went where, and decides the exit status; the story is in [`e2e::tour`].

use std::io::{self, Write as _};
use std::process::ExitCode;

use e2e::tour::{self, Row, Tour};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(tour) = tour::run().await else {
        return ExitCode::FAILURE;
    };
    match print(&tour) {
        Ok(()) if tour.rows.iter().all(|row| row.good) => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("environments: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(tour: &Tour) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "Three environments, each with its own third parties, behind one nginx:\n"
    )?;
    for (name, origin) in &tour.hosts {
        writeln!(out, "  {name:13}  {origin}")?;
    }
    writeln!(out)?;
    let head = ["environment", "what", "through", "to", "what came of it", ""].map(str::to_owned);
    let table: Vec<[String; 6]> = std::iter::once(head).chain(tour.rows.iter().map(cells)).collect();
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..6).filter_map(width).collect();
    for row in &table {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(out, "{}", padded.join("  ").trim_end())?;
    }
    let good = tour.rows.iter().filter(|row| row.good).count();
    writeln!(out, "\n{good} of {} as expected.", tour.rows.len())?;
    out.flush()
}

fn cells(row: &Row) -> [String; 6] {
    let verdict = if row.good { "ok" } else { "NOT AS EXPECTED" };
    [
        row.environment.clone(),
        row.what.clone(),
        row.through.clone(),
        row.to.clone(),
        row.outcome.clone(),
        verdict.to_owned(),
    ]
}
