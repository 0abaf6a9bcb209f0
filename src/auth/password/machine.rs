//! How many hashes this machine bears at once: as many as it has cores, and as 64 MiB fit into the
//! memory that the process may use.

use std::fs;

/// What a hash may need at the high cost profile.
const PER_HASH: u64 = 64 << 20;

/// The number for this machine, at least one.
pub(super) fn permits() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let text = |path| fs::read_to_string(path).unwrap_or_default();
    let memory = [
        total(&text("/proc/meminfo")),
        limit(&text("/sys/fs/cgroup/memory.max")),
    ];
    fitting(cores, memory.into_iter().flatten().min())
}

/// The smaller of cores and memory; the cores alone where the memory is not known.
fn fitting(cores: usize, memory: Option<u64>) -> usize {
    let by_memory = memory.map_or(usize::MAX, |bytes| {
        usize::try_from(bytes / PER_HASH).unwrap_or(usize::MAX)
    });
    cores.min(by_memory).max(1)
}

/// `MemTotal:  24605420 kB`.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1_024)
}

/// The container's limit: a number of bytes, or `max`.
fn limit(cgroup: &str) -> Option<u64> {
    cgroup.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r02_permits_follow_cores_and_memory() {
        const MIB: u64 = 1 << 20;
        for (cores, memory, expected) in [
            (8, Some(16_384 * MIB), 8),
            (8, Some(256 * MIB), 4),
            (8, Some(32 * MIB), 1),
            (8, None, 8),
            (0, Some(0), 1),
        ] {
            assert_eq!(fitting(cores, memory), expected, "{cores} {memory:?}");
        }
        assert!(permits() >= 1);
    }

    #[test]
    fn the_memory_is_read_as_the_kernel_writes_it() {
        assert_eq!(
            total("MemTotal:       1024 kB\nMemFree: 1 kB\n"),
            Some(1_048_576)
        );
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert_eq!(limit("536870912\n"), Some(536_870_912));
        assert_eq!(limit("max\n"), None);
    }
}
