//! A clock that jumps under a real process: Debian's `libfaketime` stands between it and the C library, so that the binary
//! is the one that people run.

use std::path::PathBuf;
use std::time::Duration;

use crate::process::Home;

/// Which clocks jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jumps {
    /// The wall clock alone: what a process on Linux sees of a suspended machine, whose monotonic clock stands still.
    Wall,
    /// Both: what a process sees that did not run for a while, and of a suspended machine on other systems.
    Both,
}

/// A clock of one process.
#[derive(Debug)]
pub struct TimeShift {
    library: PathBuf,
    jumps: Jumps,
    home: Home,
    ahead: i64,
}

impl TimeShift {
    /// One that is right at first; `None` where the library is not installed.
    pub fn new(jumps: Jumps) -> Option<Self> {
        let shift = Self {
            library: library()?,
            jumps,
            home: Home::new(),
            ahead: 0,
        };
        shift.write();
        Some(shift)
    }

    /// What the process's environment must hold.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            // Every look at the clock looks at the file.
            ("FAKETIME_NO_CACHE", "1".to_owned()),
        ];
        if self.jumps == Jumps::Wall {
            variables.push(("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()));
        }
        variables
    }

    /// Jumps forward.
    pub fn forward(&mut self, by: Duration) {
        self.ahead += i64::try_from(by.as_secs()).expect("less than an age");
        self.write();
    }

    /// Jumps back.
    pub fn back(&mut self, by: Duration) {
        self.ahead -= i64::try_from(by.as_secs()).expect("less than an age");
        self.write();
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("clock")
    }

    fn write(&self) {
        // By renaming, so that no half of a number is ever read.
        let new = self.home.path().join("next");
        std::fs::write(&new, format!("{:+}\n", self.ahead)).expect("written");
        std::fs::rename(new, self.file()).expect("renamed");
    }
}

fn library() -> Option<PathBuf> {
    let dirs = std::fs::read_dir("/usr/lib").ok()?;
    dirs.filter_map(Result::ok)
        .map(|dir| dir.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.is_file())
}
