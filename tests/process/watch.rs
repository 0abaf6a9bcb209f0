//! Says what a test waits for that takes very long: nextest kills it in the end, and then nobody knows.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Once;
use std::time::Duration;

/// Several times as long as the longest test takes.
const LONG: Duration = Duration::from_secs(600);

/// From now on: once for each process, and so for each test.
pub(super) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        std::thread::spawn(|| {
            std::thread::sleep(LONG);
            for line in family() {
                println!("after {LONG:?}: {line}");
            }
        });
    });
}

/// The threads of this process and of its children: what each is in, as far as the system tells.
fn family() -> Vec<String> {
    let own = std::process::id();
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let ours = numbers.filter(|&n| n == own || parent(n) == Some(own));
    ours.flat_map(threads).collect()
}

fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // After the name, which is in parentheses: the state, the parent.
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(1)?.parse().ok()
}

fn threads(process: u32) -> Vec<String> {
    let told = |folder: &Path, name: &str| {
        let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
        text.replace('\0', " ").trim().to_owned()
    };
    let folder = format!("/proc/{process}");
    let command = told(Path::new(&folder), "cmdline");
    let tasks = fs::read_dir(format!("{folder}/task")).into_iter().flatten();
    let line = |task: fs::DirEntry| {
        let says = |name| told(&task.path(), name);
        format!(
            "{command}: {} in {} ({})",
            says("comm"),
            says("wchan"),
            says("syscall")
        )
    };
    tasks.flatten().map(line).collect()
}

#[test]
fn what_a_process_and_its_children_are_in_can_be_told() {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cat");
    // Until it answers it may still be on its way to be another program.
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    input.write_all(b"1").expect("written");
    output.read_exact(&mut [0]).expect("an answer");
    let family = family().join("\n");
    drop(input);
    child.wait().expect("its end");
    if !Path::new("/proc/self/task").exists() {
        println!("SKIPPED what_a_process_and_its_children_are_in_can_be_told: no /proc");
        return;
    }
    assert!(family.contains("cat: cat in "), "{family}");
    let own = std::env::args().next().expect("its name");
    assert!(family.contains(&own), "{family}");
}
