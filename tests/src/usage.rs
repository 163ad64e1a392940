//! What a process holds of the machine, as Linux tells it.

use std::path::PathBuf;

/// Memory and descriptors at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory in KiB.
    pub resident_kib: u64,
    /// Open descriptors.
    pub descriptors: usize,
}

impl Usage {
    /// Of a running process; `None` where the system does not tell.
    pub fn of(process: u32) -> Option<Self> {
        let proc = PathBuf::from(format!("/proc/{process}"));
        let status = std::fs::read_to_string(proc.join("status")).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let resident_kib = resident.trim().trim_end_matches(" kB").parse().ok()?;
        let descriptors = std::fs::read_dir(proc.join("fd")).ok()?.count();
        Some(Self {
            resident_kib,
            descriptors,
        })
    }
}
