//! The real binary: how it starts, answers on the command line, ends, and dies.

mod audit;
mod backup;
mod cells;
mod clock;
mod commands;
mod crash;
mod full;
mod import;
mod life;
mod memory;
mod power;
mod steps;
mod storage;
mod traces;
mod watch;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;

use tempfile::TempDir;

/// A folder with a database of its own, and no settings from outside.
pub(super) struct Place {
    folder: TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        watch::start();
        Self {
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path().join("desk.sqlite")
    }

    /// The binary with these arguments, cheap passwords and this place's database.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        let ours =
            |name: &str| name.starts_with("QUARTERDECK_") || name.starts_with("INTERNAL_API");
        for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .current_dir(self.path())
            .env(
                "QUARTERDECK_DATABASE_URL",
                format!("sqlite://{}", self.database().display()),
            )
            .env("QUARTERDECK_PASSWORD_MEMORY_KIB", "64")
            .env("QUARTERDECK_PASSWORD_ITERATIONS", "1")
            .env("QUARTERDECK_RATE_LIMIT_PER_PRINCIPAL", "1000000")
            .env("QUARTERDECK_DATABASE_STATEMENT_TIMEOUT_MS", "60000")
            .env("QUARTERDECK_DATABASE_ACQUIRE_TIMEOUT_MS", "60000")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub(super) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments)
            .output()
            .expect("the binary runs")
            .into()
    }

    /// Runs a command that reads `input`.
    pub(super) fn feed(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .expect("the binary");
        let mut stdin = child.stdin.take().expect("its input");
        stdin.write_all(input.as_bytes()).expect("written");
        drop(stdin);
        child.wait_with_output().expect("its end").into()
    }

    /// Makes a superuser and a token of it.
    pub(super) fn token(&self) -> String {
        let made = self.feed(
            &["user", "create", "root", "--superuser", "--password-stdin"],
            "a good password",
        );
        assert_eq!(made.code, 0, "{made:?}");
        let made = self.run(&["token", "create", "--user", "root"]);
        assert_eq!(made.code, 0, "{made:?}");
        made.out.trim().to_owned()
    }

    /// Starts `serve` and waits until it says that it is ready.
    pub(super) fn serve(&self, settings: &[(&str, &str)], arguments: &[&str]) -> Served {
        let mut all = vec!["serve", "--bind", "127.0.0.1:0"];
        all.extend(arguments);
        let mut command = self.command(&all);
        command.envs(settings.iter().copied());
        Served::start(command)
    }
}

/// What a command did.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("an exit status"),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

/// A running server; killed when dropped.
pub(super) struct Served {
    child: Child,
    pub(super) address: SocketAddr,
    /// What it printed before it was ready.
    pub(super) printed: Vec<String>,
    log: Option<JoinHandle<String>>,
}

impl Served {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the binary");
        // A test may have sent it elsewhere.
        let stderr = child.stderr.take();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            if let Some(mut stderr) = stderr {
                stderr.read_to_string(&mut text).ok();
            }
            text
        });
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut printed = Vec::new();
        let address = loop {
            let mut line = String::new();
            let read = out.read_line(&mut line).expect("its output");
            if read == 0 {
                panic!(
                    "it did not start: {printed:?} {}",
                    log.join().expect("its log")
                );
            }
            let line = line.trim_end().to_owned();
            if let Some((_, at)) = line.split_once(" is ready at http://") {
                break at.parse().expect("an address");
            }
            printed.push(line);
        };
        Self {
            child,
            address,
            printed,
            log: Some(log),
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The most memory it ever had, in KiB; `None` where the system does not tell.
    pub(super) fn peak(&self) -> Option<u64> {
        self.status("VmHWM:")?.strip_suffix(" kB")?.parse().ok()
    }

    /// What the system says of it under this name.
    pub(super) fn status(&self, name: &str) -> Option<String> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let said = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(said.trim().to_owned())
    }

    /// Its number.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has taken notice of `-STOP`, with every thread.
    pub(super) fn wait_until_stopped(&self) {
        let tasks = format!("/proc/{}/task", self.child.id());
        let is_stopped = |task: std::fs::DirEntry| {
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            // After the name, which is in parentheses.
            stat.rsplit_once(") ")
                .is_none_or(|(_, rest)| rest.starts_with('T'))
        };
        while !std::fs::read_dir(&tasks)
            .expect("its threads")
            .flatten()
            .all(is_stopped)
        {
            std::thread::yield_now();
        }
    }

    /// Sends a signal by its name.
    pub(super) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for its end: the exit status, if it was not a signal, and what it logged.
    pub(super) fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().expect("its end");
        let log = self.log.take().expect("the log").join().expect("its log");
        (status.code(), log)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
