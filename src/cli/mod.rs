//! The command line, the same for the standard binary and for every project that uses the library:
//! [`Project`] says what is registered, [`run`] does the rest.

mod arguments;
mod audit;
mod backup;
mod database;
mod export;
mod import;
mod inspect;
mod people;
mod serve;

#[cfg(feature = "demo")]
pub(crate) use people::{NewUser, create_user};

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser as _;
use tokio::runtime::Runtime;

use crate::app::{App, AppBuilder, StartError};
use crate::config::{Config, Options};
use crate::error::{Error, Kind};
use arguments::{Arguments, Command};

/// The longest that the end waits for what cannot be broken off.
const LEFTOVERS: Duration = Duration::from_secs(2);

type Configure = Box<dyn Fn(AppBuilder) -> AppBuilder + Send + Sync>;
type Fill = Box<
    dyn Fn(App) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<String>, Failure>> + Send>>
        + Send
        + Sync,
>;

/// A project: its name and what it registers.
pub struct Project {
    name: &'static str,
    configure: Configure,
    demo: Option<(Configure, Fill)>,
}

impl std::fmt::Debug for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Project")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Project {
    /// A project of that name, which is also its binary's.
    #[must_use]
    pub fn new(
        name: &'static str,
        configure: impl Fn(AppBuilder) -> AppBuilder + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            configure: Box::new(configure),
            demo: None,
        }
    }

    /// Adds what `serve --demo` registers and how it fills an empty database; the filler returns
    /// the lines to print.
    #[must_use]
    pub fn demo(
        mut self,
        configure: impl Fn(AppBuilder) -> AppBuilder + Send + Sync + 'static,
        fill: Fill,
    ) -> Self {
        self.demo = Some((Box::new(configure), fill));
        self
    }

    fn builder(&self, config: Config, demo: bool) -> AppBuilder {
        let app = App::builder(config);
        // The demo's models stand before those of the plugins.
        let app = match (&self.demo, demo) {
            (Some((configure, _)), true) => configure(app),
            _ => app,
        };
        (self.configure)(app)
    }
}

/// Why a command failed: what to print.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut text = error.detail.to_string();
        if error.faults.len() > 1 {
            for fault in &error.faults {
                text.push_str("\n  ");
                text.push_str(&fault.detail);
            }
        }
        // What the database said of a fault of the caller's own adds nothing to it.
        let is_ours = matches!(error.kind, Kind::Internal | Kind::Unavailable);
        if let Some(source) = error.source.as_ref().filter(|_| is_ours) {
            text.push_str(&format!(" ({source})"));
        }
        Self(text)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self(error.to_string())
    }
}

/// Runs the command of this process's arguments: exit status 0, 1 for a failure, 2 for misuse.
#[must_use]
pub fn run(project: Project) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()) * 2);
        }
    };
    keep_pages_small();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure(e.to_string()))
        .and_then(|runtime| {
            let outcome = runtime.block_on(execute(project, arguments));
            end(runtime);
            outcome
        });
    crate::telemetry::flush();
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            for line in failure.0.lines() {
                eprintln!("{line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Ends what the command has left behind. A password's hash, say, cannot be broken off, but nobody waits for it.
fn end(runtime: Runtime) {
    let begun = Instant::now();
    runtime.shutdown_timeout(LEFTOVERS);
    if begun.elapsed() >= LEFTOVERS {
        tracing::warn!("work that nobody waits for was still going on at the end");
    }
}

/// Has the system give memory by its usual pages. By huge ones, which the allocator asks for, a server that has
/// nothing to do takes two thirds more memory, and what it does is no faster.
fn keep_pages_small() {
    // A kernel that refuses has none.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

async fn execute(project: Project, arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut options = Options {
        config: arguments.config.clone(),
        ..Options::default()
    };
    options.database_url.clone_from(&arguments.database_url);
    if let Command::Serve(serve) = &arguments.command {
        options.bind.clone_from(&serve.bind);
        options.no_migrate = serve.no_migrate;
    }
    let config = Config::load(&options).map_err(|e| Failure(e.to_string()))?;
    crate::telemetry::start(&config.log);
    match arguments.command {
        Command::Serve(command) => serve::serve(project, config, command).await,
        Command::Migrate { action, demo } => {
            database::migrate(project.builder(config, demo), action).await
        }
        Command::User(command) => people::user(project, config, command).await,
        Command::Token(command) => people::token(project, config, command).await,
        Command::Audit(command) => audit::audit(&project.builder(config, false), command).await,
        Command::Backup { file } => backup::backup(&project.builder(config, false), &file).await,
        Command::Check { demo } => Ok(inspect::check(&project.builder(config, demo))),
        Command::Doctor { demo } => inspect::doctor(project.builder(config, demo)).await,
        Command::Export(command) => {
            export::export(project.builder(config, command.demo), command).await
        }
        Command::Import(command) => {
            import::import(project.builder(config, command.demo), command).await
        }
        Command::Config => {
            inspect::config(&config);
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi { user, demo } => {
            inspect::openapi(project.builder(config, demo), user).await
        }
    }
}

/// Builds the application for a command that needs the database but not the web: it must not
/// migrate behind the operator's back, except where there is nothing yet.
async fn open(project: &Project, config: Config) -> Result<App, Failure> {
    Ok(project.builder(config, false).build().await?)
}
