//! What the operating system says about this process. On systems without `/proc` it says nothing.

use std::fs;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProcessNumbers {
    pub resident_bytes: u64,
    pub open_fds: usize,
}

pub fn numbers() -> Option<ProcessNumbers> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let open_fds = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(ProcessNumbers { resident_bytes: resident_bytes(&status)?, open_fds })
}

/// `VmRSS:     12345 kB`
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_in_bytes() {
        let status = "Name:\tvneid\nVmHWM:\t  99 kB\nVmRSS:\t   1234 kB\nThreads:\t2\n";
        assert_eq!(resident_bytes(status), Some(1_263_616));
        assert_eq!(resident_bytes("Name:\tvneid\n"), None);
    }
}
