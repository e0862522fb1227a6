//! What Linux tells of a process.

use std::fs;

/// Resident memory in KiB.
pub fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("its resident memory")
}

/// Open descriptors.
pub fn descriptors(process: u32) -> usize {
    entries(process, "fd")
}

/// Threads.
pub fn threads(process: u32) -> usize {
    entries(process, "task")
}

fn entries(process: u32, of: &str) -> usize {
    let list = fs::read_dir(format!("/proc/{process}/{of}")).expect("the process lives");
    list.count()
}
