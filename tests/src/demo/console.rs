//! What the demo prints. The one place of this crate that writes to standard output.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GREEN: &str = "\x1b[32m";
const CYAN: &str = "\x1b[36m";
const PLAIN: &str = "\x1b[0m";

/// Columns of the words of a step.
const WIDTH: usize = 84;
/// Columns of a table's first cell.
const NAME: usize = 17;
/// Columns of every other one.
const CELL: usize = 29;

#[derive(Debug)]
pub(super) struct Console {
    colour: bool,
    /// What is about to be told, for the message of a failure.
    next: Mutex<String>,
}

impl Console {
    pub(super) fn new(colour: bool) -> Self {
        Self {
            colour,
            next: Mutex::new("starting".to_owned()),
        }
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.colour {
            format!("{style}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    }

    fn line(text: &str) {
        let mut out = std::io::stdout().lock();
        // Nobody reads any more: the demo goes on to clean up.
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    /// What a failure from now on is a failure of.
    pub(super) fn about_to(&self, step: &str) {
        step.clone_into(&mut self.next.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn step(&self) -> String {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn title(&self, text: &str) {
        Self::line(&format!("\n{}", self.paint(BOLD, text)));
    }

    /// A line beside the steps.
    pub(super) fn aside(&self, text: &str) {
        Self::line(&format!("     {}", self.paint(DIM, text)));
    }

    /// Something that has happened, with its time since the press; a step of the handshake has a number.
    fn told(&self, number: Option<usize>, words: &str, since: Duration) {
        let words = if number.is_some() {
            words.to_owned()
        } else {
            format!("· {words}")
        };
        let number = number.map_or(" ".to_owned(), |number| number.to_string());
        let filler = ".".repeat(WIDTH.saturating_sub(words.chars().count()).max(2));
        let time = format!("{:>7.1} ms", since.as_secs_f64() * 1000.0);
        Self::line(&format!(
            "  {}  {words} {} {}",
            self.paint(CYAN, &number),
            self.paint(DIM, &filler),
            self.paint(GREEN, &time)
        ));
    }

    /// A line of a table: a name and its cells.
    pub(super) fn row(&self, name: &str, cells: &[String]) {
        let name = format!("{name:<NAME$}");
        let cells: Vec<_> = cells.iter().map(|cell| format!("{cell:<CELL$}")).collect();
        Self::line(&format!(
            "  {}{}",
            self.paint(BOLD, &name),
            cells.concat().trim_end()
        ));
    }

    pub(super) fn answer(&self, what: &str, body: &str) {
        Self::line(&format!("  {}  {what}", self.paint(GREEN, "→")));
        for line in body.lines() {
            Self::line(&format!("     {line}"));
        }
    }

    pub(super) fn done(&self, text: &str) {
        Self::line(&format!("\n{}\n", self.paint(GREEN, text)));
    }
}

/// The steps of one handshake, counted from the press.
#[derive(Debug)]
pub(super) struct Steps<'a> {
    console: &'a Console,
    pressed: Instant,
    number: usize,
}

impl<'a> Steps<'a> {
    pub(super) fn new(console: &'a Console, pressed: Instant) -> Self {
        Self {
            console,
            pressed,
            number: 0,
        }
    }

    /// What comes next, for the message of a failure.
    pub(super) fn expect(&self, words: &str) {
        self.console.about_to(&format!("{}: {words}", self.number + 1));
    }

    /// A step has happened.
    pub(super) fn told(&mut self, words: &str, at: Instant) {
        self.number += 1;
        self.console.told(
            Some(self.number),
            words,
            at.saturating_duration_since(self.pressed),
        );
    }

    /// Something between two steps has happened.
    pub(super) fn detail(&self, words: &str, at: Instant) {
        self.console
            .told(None, words, at.saturating_duration_since(self.pressed));
    }
}
